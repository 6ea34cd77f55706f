// Audiences from the command line and the API: counted, composed, explained, saved with versions, kept up to date.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Server, ask, basic, bearer, folder, key, ok, run } from './lib.mjs'

const order = (user, id, day, value) => ({
    type: 'track', userId: user, event: 'Order Completed', messageId: `m-${id}`, timestamp: day,
    properties: { order_id: id, revenue: value },
})
const days_ago = n => new Date(Date.now() - n * 86_400_000).toISOString()

async function shop(t) {
    const dir = folder(t)
    const server = await Server.start(t, dir)
    const admin = bearer(await key(dir, 'admin')), write = basic(await key(dir, 'write'))
    const call = async (method, path, json) => {
        const answer = await ask(server.port, method, `/api/v1${path}`, { headers: admin, json })
        return { status: answer.status, body: answer.text ? JSON.parse(answer.text) : null }
    }
    const send = async batch => assert.equal((await ask(server.port, 'POST', '/v1/batch', { headers: write, json: { batch } })).status, 200)
    const count = async condition => (await call('POST', '/audiences/count', { condition })).body.customers
    return { dir, call, send, count }
}

test('a condition is counted, explained, saved, and follows what happens', async t => {
    const { dir, call, send, count } = await shop(t)
    assert.equal(await count('orders = 0'), 0)
    await send([
        { type: 'identify', userId: 'ann', messageId: 'i1', context: { locale: 'es-ES' }, traits: { plan: 'gold', age: 41, address: { country: 'ES' }, joined: '2026-07-05T10:00:00Z' } },
        { type: 'identify', userId: 'bob', messageId: 'i2', traits: { plan: 'free', joined: '2026-01-05T10:00:00.000Z' } },
        order('ann', 'o1', days_ago(80), 150), order('ann', 'o2', days_ago(20), 60), order('ann', 'o3', days_ago(1), 40),
        order('bob', 'o4', days_ago(100), 300),
    ])
    const wish = 'event count("Order Completed", @"P90D") > 2 and event count("Order Cancelled") = 0 and spend > 200'
    assert.equal(await count(wish), 1)
    assert.equal(await count('plan = "gold" and address.country = "ES" and age > 40.5'), 1)
    assert.equal(await count('age = null'), 1)
    assert.equal(await count('declared(plan) and plan = "gold"'), 1)
    assert.equal(await count('declared("locale")'), 0, 'seen, not said')
    assert.match(await ok(['audience', 'count', wish], { dir }), /^1\n$/m)

    const slip = (await call('POST', '/audiences/count', { condition: 'spend > 100 and\n  plan = 5' })).body
    assert.deepEqual([slip.customers, slip.warnings], [0, [{ line: 2, column: 8, text: "'=' has no meaning between a string and a number" }]])
    assert.deepEqual((await call('POST', '/audiences/count', { condition: wish })).body.warnings, [])
    const inside = (await call('POST', '/audiences/count', { condition: 'event count("Order Completed", revenue > "60") > 0' })).body.warnings
    assert.deepEqual(inside, [{ line: 1, column: 40, text: "'>' has no meaning between a number and a string" }])
    assert.match((await call('POST', '/audiences/count', { condition: 'spend + 1' })).body.warnings[0].text, /neither true nor false/)
    assert.match((await run(['audience', 'count', 'age > "40"'], { dir })).stderr, /character 5: '>' has no meaning between a number and a string/)

    const made = await call('POST', '/audiences', { name: 'Often', condition: wish, note: 'first try' })
    assert.equal(made.status, 201)
    assert.equal(made.body.customers, 1)
    assert.equal(await count('audience("Often") or plan = "free"'), 2)

    await send([{ type: 'track', userId: 'ann', event: 'Order Cancelled', messageId: 'c1', properties: { order_id: 'o3' } }])
    assert.equal(await count(wish), 0)
    const why = await call('POST', '/audiences/explain', { condition: wish, customer: 'ann' })
    assert.equal(why.body.in, false)
    const failed = why.body.step.parts.filter(part => part.is !== true)
    assert.deepEqual(failed.map(part => part.values[0].value), [1])
    assert.match(await ok(['audience', 'explain', wish, '--customer', 'ann'], { dir }), /no {6}event count\("Order Cancelled"\) = 0/)

    assert.match(await ok(['audience', 'sql', 'spend > 200'], { dir }), /"spend" >= '200.000001'::numeric\)/)
    const joined = (await call('POST', '/audiences/sql', { condition: 'joined < @"2026-06-01T00:00:00Z"' })).body
    assert.deepEqual([joined.exact, joined.sql], [true, `("joined"::jsonb = ANY (ARRAY['"2026-01-05T10:00:00.000Z"']::jsonb[]))`],
        'as the rows spell it')
    const sql = (await call('POST', '/audiences/sql', { condition: 'plan = "gold" and age + 1 > 40' })).body
    assert.deepEqual([sql.exact, sql.columns], [false, [{ name: 'age', type: 'numeric' }, { name: 'plan', type: 'jsonb' }]])
    const changed = await call('PUT', `/audiences/${made.body.id}`, { name: 'Often', condition: 'spend > 200', note: 'wider' })
    assert.deepEqual([changed.body.version, changed.body.customers], [2, 2])
    const page = await call('GET', `/audiences/${made.body.id}`)
    assert.deepEqual(page.body.versions.map(v => [v.version, v.condition, v.note]), [[2, 'spend > 200', 'wider'], [1, wish, 'first try']])
    const change = await call('POST', '/audiences/compare', { before: wish, after: 'spend > 200' })
    assert.deepEqual([change.body.before, change.body.gains, change.body.loses], [0, 2, 0])
    const members = await call('GET', `/audiences/${made.body.id}/customers?limit=1`)
    assert.equal(members.body.items.length, 1)
    const rest = await call('GET', `/audiences/${made.body.id}/customers?limit=1&after=${members.body.next}`)
    assert.equal(rest.body.next, null)
    assert.equal((await ok(['audience', 'list', made.body.id], { dir })).trim().split('\n').length, 2)
    assert.equal((await call('DELETE', `/audiences/${made.body.id}`)).status, 204)
    assert.equal((await call('GET', `/audiences/${made.body.id}`)).status, 404)
})

test('conditions speak of what events say, of what was bought, and of those who belong together', async t => {
    const { dir, call, send, count } = await shop(t)
    const viewed = (user, id, day, properties) =>
        ({ type: 'track', userId: user, event: 'Product Viewed', messageId: `v-${id}`, timestamp: day, properties })
    const bought = (user, id, day, products) =>
        ({ type: 'track', userId: user, event: 'Order Completed', messageId: `b-${id}`, timestamp: day, properties: { order_id: id, products } })
    assert.equal((await call('PUT', '/products/mug', { title: 'Mug', category: 'cups', price: 7 })).status, 200)
    await send([
        viewed('ann', 1, days_ago(9), { category: 'cups', price: 12.5, 'list name': 'front' }),
        viewed('ann', 2, days_ago(8), { category: 'pots', price: 30 }),
        viewed('bob', 3, days_ago(40), { category: 'cups', price: 8 }),
        bought('ann', 'o1', days_ago(7), [{ product_id: 'mug', price: 7, quantity: 2 }]),
        bought('bob', 'o2', days_ago(1), [{ product_id: 'pan', price: 20 }]),
        { type: 'group', userId: 'bob', groupId: 'acme', messageId: 'g1', traits: { plan: 'pro' } },
    ])
    assert.equal(await count('event count("Product Viewed", @"P30D", category = "cups" and price > 10) = 1'), 1)
    assert.equal(await count('event sum("Product Viewed", price) > 40 and event distinct("Product Viewed", category) = 2'), 1)
    assert.equal(await count('event sequence(["Product Viewed", "Order Completed"], @"P5D")'), 1)
    assert.equal(await count('event sequence("Product Viewed", @"P30D", "Order Completed")'), 1, 'bob bought too late')
    assert.equal(await count('event sum("Product Bought", quantity, category = "cups") = 2'), 1)
    assert.equal(await count('related("account", plan = "pro")'), 1)
    assert.equal(await count('kind = "company" and related("person", orders > 0)'), 1)
    assert.match(await ok(['audience', 'count', 'event max("Product Viewed", price) < 10'], { dir }), /^1\n$/m)

    const terms = (await call('GET', '/audience-terms')).body.events.find(e => e.name === 'Product Viewed')
    const kinds = Object.fromEntries(terms.properties.map(p => [p.name, p.kind]))
    assert.deepEqual(kinds, { category: 'text', price: 'number', 'list name': 'text' })
    assert.deepEqual(terms.properties[0].values, [{ text: '"cups"', events: 2 }, { text: '"pots"', events: 1 }])
    const flaw = await call('POST', '/audiences/count', { condition: 'event sum("Product Viewed", prize) > 3' })
    assert.equal(flaw.status, 400)
    assert.match(flaw.body.detail, /column 29: 'Product Viewed' has no property 'prize'; 'price' is one/)

    const { id } = (await call('POST', '/audiences', { name: 'Cups', condition: 'event sum("Product Bought", quantity, category = "cups") >= 1' })).body
    assert.equal((await call('GET', `/audiences/${id}`)).body.audience.customers, 1)
    await send([{ type: 'track', userId: 'ann', event: 'Order Refunded', messageId: 'r1', properties: { order_id: 'o1', products: [{ product_id: 'mug', quantity: 2, price: 7 }] } }])
    assert.equal((await call('GET', `/audiences/${id}`)).body.audience.customers, 0, 'given back')
    assert.equal((await call('PUT', '/products/pan', { title: 'Pan', category: 'cups', price: 20 })).status, 200)
    assert.equal((await call('GET', `/audiences/${id}`)).body.audience.customers, 1, 'of that category now')
})

test('who comes in and who leaves is told with the reason', async t => {
    const { dir, call, send } = await shop(t)
    await send([order('ann', 'o1', days_ago(2), 150), order('bob', 'o2', days_ago(2), 20)])
    const { id } = (await call('POST', '/audiences', { name: 'Big', condition: 'spend > 100' })).body
    const calm = (await call('POST', '/audiences', { name: 'Small', condition: 'not(audience("Big"))' })).body
    assert.equal(calm.customers, 1)
    const changes = async which => (await call('GET', `/audiences/${which}/changes`)).body
    assert.deepEqual((await changes(id)).items, [], 'who is in when it begins does not come in')
    await send([order('bob', 'o3', days_ago(1), 100)])
    assert.deepEqual((await call('GET', '/audiences')).body.items.map(a => [a.name, a.customers]), [['Big', 2], ['Small', 0]])
    const [came] = (await changes(id)).items, [left] = (await changes(calm.id)).items
    assert.deepEqual([came.entered, came.because, came.customer.userId], [true, 'fact', 'bob'])
    assert.deepEqual([left.entered, left.because, left.fact], [false, 'fact', came.fact])
    const bob = came.customer.id
    const about = (await call('GET', `/customers/${bob}/timeline`)).body.items
    assert.equal(about.find(x => x.seq === came.fact).event, 'Order Completed')
    assert.deepEqual(about.filter(x => x.type === 'audience').map(x => x.story.en).sort(), ['Came into the audience Big', 'Left the audience Small'])
    assert.deepEqual((await call('GET', `/customers/${bob}/audiences`)).body.items.map(a => [a.name, a.since]), [['Big', came.at]])
    const all = await call('POST', '/audiences', { name: 'All', condition: 'orders > 0' })
    assert.deepEqual((await call('GET', `/audiences/${id}/overlaps`)).body.items.map(o => [o.name, o.customers, o.both]), [['All', 2, 2], ['Small', 0, 0]])
    assert.equal((await call('GET', '/audiences/999/overlaps')).status, 404)
    await call('DELETE', `/audiences/${all.body.id}`)
    await send([{ type: 'track', userId: 'bob', event: 'Order Cancelled', messageId: 'c1', properties: { order_id: 'o3' } }])
    assert.equal((await call('GET', '/audiences')).body.items[0].customers, 1)
    const page = (await call('GET', `/audiences/${id}/changes?limit=1`)).body
    assert.deepEqual(page.items.map(c => c.entered), [false])
    assert.deepEqual((await call('GET', `/audiences/${id}/changes?limit=1&after=${page.next}`)).body.items.map(c => c.entered), [true])
    assert.deepEqual((await call('GET', `/customers/${bob}/audiences`)).body.items.map(a => a.name), ['Small'])
    const lines = (await ok(['audience', 'changes', id], { dir })).trim().split('\n').map(line => JSON.parse(line))
    assert.deepEqual(lines.map(c => c.entered), [false, true])
    await call('DELETE', `/audiences/${id}`)
    assert.equal((await call('GET', `/audiences/${id}/changes`)).status, 404)
    const broken = (await call('GET', '/audiences')).body.items[0]
    assert.match(broken.broken, /there is no audience 'Big'/)
    assert.equal(broken.customers, null)
    assert.equal((await call('GET', `/audiences/${calm.id}/customers`)).status, 400)
})

test('what is wrong is said with its place, and nothing is saved', async t => {
    const { dir, call } = await shop(t)
    for (const [condition, words] of [
        ['ordres > 2', /line 1, column 1: nothing is called 'ordres'; 'orders' is/],
        ['orders >', /line 1, column 9/],
        ['audience("None")', /there is no audience 'None'/],
        ['', /condition/],
    ]) {
        for (const answer of [await call('POST', '/audiences/count', { condition }),
                              await call('POST', '/audiences', { name: 'x', condition })]) {
            assert.equal(answer.status, 400)
            assert.match(answer.body.detail, words)
            assert.equal(answer.body.pointer, '/condition')
        }
    }
    assert.deepEqual((await call('GET', '/audiences')).body.items, [])
    const end = await run(['audience', 'count', 'ordres > 2'], { dir })
    assert.notEqual(end.code, 0)
    assert.match(end.stderr, /column 1/)
})

test('an audience that names one that is gone has no size, and says why', async t => {
    const { call, send } = await shop(t)
    await send([order('ann', 'o1', days_ago(3), 10)])
    const base = await call('POST', '/audiences', { name: 'Buyers', condition: 'orders > 0' })
    const made = await call('POST', '/audiences', { name: 'Both', condition: 'audience("Buyers") and spend > 5' })
    assert.equal(made.body.customers, 1)
    await call('DELETE', `/audiences/${base.body.id}`)
    assert.deepEqual((await call('GET', '/audiences')).body.items.map(a => [a.name, a.customers]), [['Both', null]])
    const members = await call('GET', `/audiences/${made.body.id}/customers`)
    assert.equal(members.status, 400)
    assert.match(members.body.detail, /there is no audience 'Buyers'/)
})

test('members of traits are terms, whoever has them', async t => {
    const { call, send, count } = await shop(t)
    await send([{ type: 'identify', userId: 'ann', messageId: 'i1', traits: { address: { country: 'ES' } } },
                { type: 'identify', userId: 'bob', messageId: 'i2', traits: { address: { city: 'Faro' } } }])
    assert.equal(await count('address.city = "Faro"'), 1)
    const { terms } = (await call('GET', '/audience-terms')).body
    const names = terms.filter(term => term.name.startsWith('address.')).map(term => [term.name, term.customers])
    assert.deepEqual(names.sort(), [['address.city', 1], ['address.country', 1]])
})
