// What to propose, from outside: models learnt on the shop's own orders beat popularity, know the last click and forget no purchase.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from './lib.mjs'
import { chance, ended, fill } from './insight.mjs'
import { shop } from './models.mjs'

const DAY = 86_400_000, START = Date.now() - 180 * DAY
const TASTES = 4, GOODS = 36, FANS = 130

const good = n => `p${n}`
const taste = id => Math.floor(Number(id.slice(1)) / GOODS)

/** Everybody has a taste, which is a quarter of the shop; most purchases are of it, none is made twice. Categories cut across tastes. */
function orders() {
    const any = chance(11), events = [], had = new Set()
    for (let round = 0; round < 12; round++)
        for (let fan = 0; fan < FANS; fan++) {
            if (any() < .35) continue
            const own = () => (fan % TASTES) * GOODS + Math.floor(any() * GOODS)
            const products = [own(), own(), any() < .4 ? Math.floor(any() * TASTES * GOODS) : own()].filter(n => !had.has(`${fan} ${n}`))
            if (!products.length) continue
            for (const n of products) had.add(`${fan} ${n}`)
            events.push({ type: 'track', userId: `u${fan}`, event: 'Order Completed', messageId: `m${round}-${fan}`,
                          timestamp: new Date(START + round * 14 * DAY + fan * 60_000).toISOString(),
                          properties: { order_id: `o${round}-${fan}`, products: [...new Set(products)].map(n => ({ product_id: good(n), price: 5, quantity: 1 })) } })
        }
    return events
}

async function furnish(s) {
    for (let n = 0; n < TASTES * GOODS; n++)
        assert.equal((await s.call('PUT', `/products/${good(n)}`, { title: `Product ${n}`, kind: 'goods', category: `c${n % 8}`, price: 5, active: true })).status, 200)
    await fill(s, orders())
}

const decide = async (s, customer, limit = 10) => (await s.call('POST', '/decide', { customer, limit, log: false })).body
const ids = decision => decision.proposals.map(p => p.product.id)

test('models learnt on the shop\'s own past beat popularity, and what is shown follows each click and purchase', async t => {
    const s = await shop(t)
    const empty = (await s.call('GET', '/recommendations')).body
    assert.deepEqual([empty.health, empty.proof, empty.versions], ['nothing', null, []])
    await furnish(s)

    const job = await ended(s, await s.call('POST', '/recommendations/fits'))
    assert.deepEqual([job.kind, job.state, job.error], ['recommend', 'done', null])
    assert.ok(job.bytesTotal > 0 && job.bytesDone === job.bytesTotal)
    const page = (await s.call('GET', '/recommendations')).body
    assert.ok(['blend', 'single'].includes(page.health), page.health)
    assert.match(page.why.en, /blend|One model/)
    assert.match(page.why.es, /mezcla|solo modelo/)
    const of = kind => page.proof.quality.find(q => q.kind === kind)
    assert.deepEqual(page.proof.quality.map(q => q.kind), ['neighbours', 'walk', 'ease', 'content', 'ials', 'sessions', 'trend', 'shown', 'popular', 'cooccurrence'])
    for (const popular of ['popular', 'trend'])
        for (const figure of ['recallAt20', 'ndcgAt10', 'hitRateAt10'])
            assert.ok(of('shown')[figure].low > of(popular)[figure].high, `${figure} of ${popular}`)
    const [now] = page.versions
    assert.ok(Math.abs(now.models.reduce((sum, m) => sum + m.weight, 0) - 1) < 1e-9)
    assert.ok(now.models.every(m => m.fitted && m.bytes > 0) && now.customers === FANS && now.learntAt)

    let ofTaste = 0, shown = 0
    const first = await decide(s, 'u3')
    for (let fan = 0; fan < 40; fan++) {
        const decision = await decide(s, `u${fan}`)
        const had = new Set(orders().filter(e => e.userId === `u${fan}`).flatMap(e => e.properties.products.map(p => p.product_id)))
        assert.equal(decision.proposals.length, 10)
        assert.deepEqual(ids(decision).filter(id => had.has(id)), [], 'what was bought never comes back')
        const categories = decision.proposals.map(p => p.product.category), perCategory = categories.map(c => categories.filter(other => other === c).length)
        ofTaste += ids(decision).slice(0, 5).filter(id => taste(id) === fan % TASTES).length
        shown += 5
        assert.ok(Math.max(...perCategory) <= 3, `at most three of a category: ${perCategory}`)
        for (const p of decision.proposals)
            for (const lang of ['en', 'es']) assert.ok(p.reasons[0].text[lang].length > 15)
    }
    assert.ok(ofTaste > shown * .6, `${ofTaste} of ${shown} are of the customer's taste`)

    // a purchase: at once
    const bought = ids(first)[0]
    await s.send([{ type: 'track', userId: 'u3', event: 'Order Completed', messageId: 'now', properties: { order_id: 'now', products: [{ product_id: bought, price: 5 }] } }])
    const after = await decide(s, 'u3')
    assert.ok(!ids(after).includes(bought))
    assert.equal(after.model, first.model)

    // a click: somebody new, whose taste is known by one look
    await s.send([{ type: 'track', userId: 'new', event: 'Signed Up', messageId: 'n0', properties: {} }])
    const before = await decide(s, 'new', 5)
    assert.ok(before.proposals.every(p => p.reasons[0].code === 'popular'))
    await s.send([{ type: 'track', userId: 'new', event: 'Product Viewed', messageId: 'n1', properties: { product_id: good(2 * GOODS + 3) } }])
    const looked = await decide(s, 'new', 5)
    assert.ok(ids(looked).filter(id => taste(id) === 2).length >= 3, ids(looked).join())
    assert.ok(looked.proposals.some(p => p.reasons[0].product === good(2 * GOODS + 3)))

    // side by side
    const side = (await s.call('GET', '/customers/u3/recommendations?limit=4')).body
    assert.deepEqual(side.models.map(m => m.kind), ['shown', 'neighbours', 'walk', 'ease', 'content', 'ials', 'sessions', 'trend'])
    assert.deepEqual(side.models[0].proposals.map(p => p.product.id), ids(await decide(s, 'u3', 4)))
    for (const m of side.models) assert.equal(m.proposals.length, 4, m.kind)
    assert.equal((await s.call('GET', '/customers/nobody-of-that-name/recommendations')).status, 404)

    // the older page reads the same code
    const old = await ended(s, await s.call('POST', '/evaluation', { heldBackDays: 28 }))
    assert.equal(old.state, 'done')
    const evaluation = (await s.call('GET', '/evaluation')).body
    assert.ok(evaluation.model.hitRateAt10 > evaluation.baseline.hitRateAt10)

    // what was learnt survives a restart: it is shown at once, and weighs the models that are fitted anew
    const kept = (await s.call('GET', '/recommendations')).body
    await s.server.stop()
    await s.server.start()
    const known = (await s.call('GET', '/recommendations')).body
    assert.deepEqual([known.proof, known.why, known.health], [kept.proof, kept.why, kept.health])
    assert.deepEqual(known.versions.slice(-kept.versions.length), kept.versions)
    await until('the models are fitted anew', async () => (await s.call('GET', '/recommendations')).body.versions.length > kept.versions.length)
    const [fresh] = (await s.call('GET', '/recommendations')).body.versions
    assert.deepEqual(fresh.models.map(m => [m.kind, m.weight]), kept.versions[0].models.map(m => [m.kind, m.weight]))
    assert.equal(fresh.learntAt, kept.versions[0].learntAt)
    assert.equal((await decide(s, 'u3')).proposals.length, 10)
})

test('what is bought again and again is proposed when it is due, and a small shop says so', async t => {
    const s = await shop(t)
    for (const id of ['coffee', 'cup', 'pot', 'tray', 'spoon'])
        await s.call('PUT', `/products/${id}`, { title: id, kind: 'goods', category: id, price: 5, active: true })
    const now = Date.now(), events = []
    for (let c = 0; c < 12; c++)
        for (let k = 0; k < 4; k++)
            events.push({ type: 'track', userId: `u${c}`, event: 'Order Completed', messageId: `m${c}-${k}`, timestamp: new Date(now - (5 + c + k * 30) * DAY).toISOString(),
                          properties: { order_id: `o${c}-${k}`, products: ['coffee', ...(k ? [] : [['cup', 'pot'][c % 2], ['tray', 'spoon'][c % 3 % 2]])].map(id => ({ product_id: id, price: 5 })) } })
    events.push({ type: 'track', userId: 'due', event: 'Order Completed', messageId: 'due', timestamp: new Date(now - 40 * DAY).toISOString(),
                  properties: { order_id: 'due', products: [{ product_id: 'coffee', price: 5 }, { product_id: 'cup', price: 5 }] } })
    await fill(s, events)
    await ended(s, await s.call('POST', '/recommendations/fits'))
    assert.equal((await s.call('GET', '/recommendations')).body.health, 'few')
    const due = await decide(s, 'due', 3)
    const again = due.proposals.find(p => p.product.id === 'coffee')
    assert.equal(again?.reasons[0].code, 'bought_again')
    assert.match(again.reasons[0].text.en, /those who buy it again do so after 30 days/)
    assert.ok(!ids(due).includes('cup'))
    assert.ok(!ids(await decide(s, 'u0', 4)).includes('coffee'), 'bought five days ago')
})

test('training is cancelled, and the models in use stay', async t => {
    const s = await shop(t)
    await furnish(s)
    const started = await s.call('POST', '/recommendations/fits')
    const queued = await s.call('POST', '/recommendations/fits')
    assert.equal((await s.call('POST', `/imports/${queued.body.id}/cancel`)).status, 200)
    const stopped = await ended(s, queued)
    assert.equal(stopped.state, 'cancelled')
    assert.equal((await ended(s, started)).state, 'done')
    await until('a version is in use', async () => (await s.call('GET', '/recommendations')).body.versions.length)
    assert.equal((await decide(s, 'u1')).proposals.length, 10)

    // what the shop has only now, and nobody has bought or looked at, has the tenth place of those who have what is like it
    await s.call('PUT', '/products/fresh', { title: 'Product 5 of this year', kind: 'goods', category: 'c5', price: 5, active: true })
    assert.equal((await ended(s, await s.call('POST', '/recommendations/fits'))).state, 'done')
    const places = []
    for (let fan = 0; fan < 40; fan++) {
        const decision = await decide(s, `u${fan}`), at = ids(decision).indexOf('fresh')
        assert.equal(new Set(ids(decision)).size, 10)
        if (at >= 0) places.push([at, decision.proposals[at].reasons[0]])
    }
    assert.ok(places.length >= 10, `${places.length} of 40 are told of it`)
    for (const [at, reason] of places) {
        assert.deepEqual([at, reason.code], [9, 'new_like'])
        assert.match(reason.text.en, /^new to almost everybody, like /)
        assert.match(reason.text.es, /^(nuevo|novedad)/)
    }
})
