// Value tiers and whom to invest in, from outside.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ended, fill, orders } from './insight.mjs'
import { ok, run, until } from './lib.mjs'
import { shop } from './models.mjs'

const TIERS = ['most_valuable', 'most_growable', 'migrator', 'below_zero', 'partner', 'newcomer']
const sum = (list, of) => list.reduce((total, one) => total + of(one), 0)

/** A shop of 300 buyers, one who only looked and one who is served through a partner, with its tiers. */
async function tiered(t) {
    const s = await shop(t)
    await fill(s, orders(300))
    await s.send([{ type: 'track', userId: 'looks', event: 'Product Viewed', messageId: 'l', properties: { product_id: 'cup' } },
                  { type: 'identify', userId: 'u9', messageId: 'p', traits: { 'served through': 'Depot Ltd' } }])
    assert.equal((await ended(s, await s.call('POST', '/value/fits'))).state, 'done')
    const job = await ended(s, await s.call('POST', '/tiers/fits'))
    assert.deepEqual([job.kind, job.state, job.error], ['tiers', 'done', null])
    return s
}

async function pages(s, where) {
    const items = []
    for (let next = ''; next !== null;) {
        const query = `limit=40${next && `&after=${encodeURIComponent(next)}`}`
        const page = await s.call('GET', `${where}${where.includes('?') ? '&' : '?'}${query}`)
        assert.equal(page.status, 200, JSON.stringify(page.body))
        items.push(...page.body.items)
        next = page.body.next
    }
    return items
}

test('customers have value tiers that conditions, lists and their own page tell', async t => {
    const s = await shop(t)
    const none = (await s.call('GET', '/tiers')).body
    assert.equal(none.fit, null)
    assert.deepEqual(none.tiers.map(row => [row.tier, row.customers]), TIERS.map(name => [name, 0]))
    assert.equal((await s.call('GET', '/customers?limit=1')).status, 200)
    const early = await ended(s, await s.call('POST', '/tiers/fits'))
    assert.equal(early.state, 'failed')
    assert.match(early.error, /value\/fits/)
})

test('everybody is in a tier, and each tier lists its people by lifetime value', async t => {
    const s = await tiered(t)
    const { fit, tiers } = (await s.call('GET', '/tiers')).body
    const of = name => tiers.find(row => row.tier === name)
    assert.equal(sum(tiers, row => row.customers), 301)
    assert.ok(sum(fit.movement, move => move.customers) === 301)
    assert.deepEqual([of('partner').customers, of('newcomer').customers, of('below_zero').customers], [1, 1, 0])
    assert.ok(of('most_valuable').customers >= 10 && of('most_valuable').customers <= 40, of('most_valuable').customers)
    const mean = row => row.actualValue / row.customers
    assert.ok(mean(of('most_valuable')) > mean(of('migrator')))
    assert.equal(of('most_valuable').label.es, 'más valioso')

    const count = async condition => (await s.call('POST', '/audiences/count', { condition })).body.customers
    for (const name of TIERS) {
        const people = await pages(s, `/tiers/${name}/customers`)
        assert.equal(people.length, of(name).customers, name)
        assert.equal(await count(`value tier = "${name}"`), people.length)
        assert.equal(new Set(people.map(p => p.customer.id)).size, people.length)
        assert.ok(people.every((p, i) => !i || p.lifetimeValue <= people[i - 1].lifetimeValue))
        assert.ok(people.every(p => p.since === fit.asOf))
    }
    assert.equal((await s.call('GET', '/tiers/golden/customers')).status, 404)
    assert.equal((await s.call('GET', '/tiers/migrator/customers?after=x')).status, 400)
    assert.equal(await count('value tier since = today() and spend last year >= 0'), 301)
    const terms = (await s.call('GET', '/audience-terms')).body.terms
    assert.deepEqual(terms.find(term => term.name === 'value tier').label, { en: 'Value tier', es: 'Nivel de valor' })

    const [best] = await pages(s, '/tiers/most_valuable/customers')
    const { valueTier } = (await s.call('GET', `/customers/${best.customer.id}/value`)).body
    assert.deepEqual([valueTier.tier, valueTier.since, valueTier.plan.service], ['most_valuable', fit.asOf, 'personal'])
    assert.ok(valueTier.brings >= fit.cuts.valuable)
    assert.match(valueTier.why.en, /^In the tier “most valuable” since .* Brought [0-9.]+ in the last year/)
    assert.match(valueTier.why.es, /^Nivel «más valioso» desde .* Aportó [0-9,]+ en el último año/)
    const partner = (await s.call('GET', '/customers/u9/value')).body.valueTier
    assert.match(partner.why.en, /through a partner/)
})

test('what is done for a tier is edited and kept', async t => {
    const s = await tiered(t)
    const put = (tier, plan) => s.call('PUT', `/tiers/${tier}/plan`, plan)
    for (const [plan, flaw] of [[{ contactsPerMonth: 32 }, /^\/contactsPerMonth: /], [{ service: 'royal' }, /^\/service: /],
                                [{ service: 'self', manager: true }, /^\/manager: /], [{ discountMost: 2 }, /^\/discountMost: /],
                                [{ discount: 1 }, /^\/discount: is not known here/]]) {
        const refused = await put('migrator', plan)
        assert.equal(refused.status, 400)
        assert.match(refused.body.detail, flaw)
    }
    assert.equal((await put('golden', {})).status, 404)
    const kept = await put('migrator', { contactsPerMonth: 3, discountMost: .125 })
    assert.equal(kept.status, 200)
    const plan = kept.body.tiers.find(row => row.tier === 'migrator').plan
    assert.deepEqual([plan.contactsPerMonth, plan.service, plan.manager, plan.discountMost], [3, 'standard', false, .125])
    assert.ok(Date.parse(plan.changedAt) > Date.now() - 600_000 && plan.by)
    const before = (await s.call('GET', '/tiers')).body
    await s.server.stop()
    await s.server.start()
    assert.deepEqual((await s.call('GET', '/tiers')).body, before)
})

test('a budget goes to whom it is worth most for', async t => {
    const s = await tiered(t)
    const ask = {
        budget: 100, contacts: 120, channels: [{ name: 'phone', capacity: 20 }, { name: 'e-mail' }],
        treatments: [{ name: 'call', channel: 'phone', cost: 4, effect: { most_growable: .3, most_valuable: .1 } },
                     { name: 'letter', channel: 'e-mail', cost: .125, effect: .01, condition: 'lifetime value > 20' }],
    }
    const answer = await s.call('POST', '/allocations', ask)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    const a = answer.body, [call, letter] = a.treatments
    assert.ok(a.cost <= 100 && a.contacts <= 120 && call.customers <= 20)
    assert.equal(a.channels[0].used, call.customers)
    assert.equal(call.customers + letter.customers, a.contacts)
    assert.ok(Math.abs(call.cost - 4 * call.customers) < 1e-9)
    assert.ok(a.value > 0 && a.value <= a.bound + 1e-6 && a.gap >= 0)
    assert.ok(a.moneyWorth >= 0 && a.contactWorth >= 0 && a.channels[1].worth === 0)
    assert.ok(a.channels[0].worth > 0 || a.moneyWorth > 0 || a.contactWorth > 0)
    assert.ok(call.tiers.every(row => !row.customers || ask.treatments[0].effect[row.tier]))
    assert.equal(sum(a.tiers, row => row.customers), a.contacts)
    assert.equal(a.people, 301)
    assert.ok(call.sample.length > 0 && call.sample.every(one => one.treatment === 'call' && one.value > 0))

    const called = await pages(s, `/allocations/${a.id}/customers?treatment=call`)
    assert.equal(called.length, call.customers)
    assert.ok(Math.abs(sum(called, one => one.value) - call.value) < .01)
    assert.equal((await pages(s, `/allocations/${a.id}/customers`)).length, a.contacts)
    assert.equal((await s.call('GET', `/allocations/${a.id}/customers?treatment=fax`)).status, 400)
    const csv = (await s.raw('GET', `/allocations/${a.id}/export?treatment=call`)).text.trim().split('\r\n')
    assert.equal(csv[0], 'customer,userId,email,treatment,tier,value,cost')
    assert.equal(csv.length, call.customers + 1)
    assert.deepEqual(csv.slice(1).map(line => line.split(',')[0]), called.map(one => one.customer.id))
    assert.deepEqual((await s.call('GET', `/allocations/${a.id}`)).body, a)
    assert.deepEqual((await s.call('GET', '/allocations')).body.items.map(one => one.id), [a.id])
    assert.equal((await s.call('GET', '/allocations/4711')).status, 404)

    const more = (await s.call('POST', '/allocations', { ...ask, budget: 101 })).body
    assert.ok(more.bound >= a.bound - 1e-6 && more.bound - a.bound <= a.moneyWorth + .01)
    const silent = await s.call('PUT', '/tiers/most_growable/plan', { contactsPerMonth: 0 })
    assert.equal(silent.status, 200)
    const without = (await s.call('POST', '/allocations', ask)).body
    assert.equal(without.tiers.find(row => row.tier === 'most_growable').customers, 0)
})

test('what is wrong with what is asked is told where it is', async t => {
    const s = await tiered(t)
    const treatment = { name: 'call', cost: 4, effect: .1 }
    const flaws = [
        [{}, /^\/treatments: must be a list/], [{ treatments: [] }, /^\/treatments: /],
        [{ treatments: [treatment], budget: -1 }, /^\/budget: /], [{ treatments: [treatment], money: 1 }, /^\/money: /],
        [{ treatments: [treatment, treatment] }, /^\/treatments\/1\/name: another/],
        [{ treatments: ['call'] }, /^\/treatments\/0: must be an object/],
        [{ treatments: [{ ...treatment, cost: 'four' }] }, /^\/treatments\/0\/cost: /],
        [{ treatments: [{ ...treatment, effect: { golden: 1 } }] }, /^\/treatments\/0\/effect\/golden: is no tier/],
        [{ treatments: [{ ...treatment, effect: { migrator: -1 } }] }, /^\/treatments\/0\/effect\/migrator: /],
        [{ treatments: [{ ...treatment, channel: 'fax' }] }, /^\/treatments\/0\/channel: is none/],
        [{ treatments: [treatment], channels: [{ name: 'fax' }] }, /^\/treatments\/0\/channel: is missing/],
        [{ treatments: [treatment], channels: [{ name: 'fax', capacity: -1 }] }, /^\/channels\/0\/capacity: /],
        [{ treatments: [{ ...treatment, condition: 'spend >' }] }, /^\/treatments\/0\/condition: line 1/],
        [{ treatments: [{ ...treatment, condition: 'nothing of that name = 1' }] }, /^\/treatments\/0\/condition: /],
    ]
    for (const [ask, flaw] of flaws) {
        const refused = await s.call('POST', '/allocations', ask)
        assert.equal(refused.status, 400, JSON.stringify([ask, refused.body]))
        assert.match(refused.body.detail, flaw)
    }
})

test('the command line shows tiers and allocates', async t => {
    const s = await tiered(t)
    assert.match(await ok(['tiers'], { dir: s.dir }), /^tier +customers +last year +lifetime\nmost_valuable +\d+ /)
    assert.match(await ok(['tiers', 'fit'], { dir: s.dir }), /\nnewcomer +1 /)
    assert.match(await ok(['tiers', 'plan'], { dir: s.dir }), /\nbelow_zero +1 self +no +0 %/)
    assert.match((await run(['tiers', 'fly'], { dir: s.dir })).stderr, /say fit, plan or nothing/)
    const file = path.join(s.dir, 'ask.json')
    writeFileSync(file, JSON.stringify({ budget: 20, treatments: [{ name: 'call', cost: 4, effect: .1 }] }))
    const answer = await run(['allocate', file], { dir: s.dir })
    assert.equal(answer.code, 0, answer.stderr)
    assert.equal(answer.stdout.trim().split('\r\n').length, 6)
    assert.match(answer.stderr, /5 of 301 customers get something/)
    writeFileSync(file, '{"treatments": []}')
    assert.match((await run(['allocate', file], { dir: s.dir })).stderr, /\/treatments: /)
    await until('the list has them', async () => (await s.call('GET', '/allocations')).body.items.length === 1)
})
