// What the shop understands of its customers, from outside: what they will be worth.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ended, fill, orders } from './insight.mjs'
import { shop } from './models.mjs'

test('models of value are fitted on the shop\'s own orders, proved, and asked for in conditions', async t => {
    const s = await shop(t)
    assert.deepEqual((await s.call('GET', '/value')).body, { id: null, report: null })
    const nothing = await ended(s, await s.call('POST', '/value/fits'))
    assert.equal(nothing.state, 'failed')
    assert.match(nothing.error, /no orders yet/)

    const events = orders(400)
    await fill(s, events)
    await s.send([{ type: 'track', userId: 'looks', event: 'Product Viewed', messageId: 'l', properties: { product_id: 'cup' } }])
    const job = await ended(s, await s.call('POST', '/value/fits'))
    assert.deepEqual([job.kind, job.state, job.error], ['value', 'done', null])

    const { id, report } = (await s.call('GET', '/value')).body
    assert.ok(id > 0)
    assert.equal(report.customers, new Set(events.map(e => e.userId)).size)
    assert.equal(report.people, report.customers + 1)
    assert.deepEqual(report.models.map(m => m.name), ['bg-nbd', 'mbg-nbd', 'pareto-nbd', 'ggompertz-nbd', 'gamma-gamma'])
    assert.deepEqual(report.models.filter(m => m.parameters.some(p => !(p.value > 0)) || !m.diagnosis), [])
    assert.ok(report.models.find(m => m.name === report.model).converged)
    const { proof } = report
    const actual = events.filter(e => Date.parse(e.timestamp) >= Date.parse(proof.from)).length
    assert.ok(Math.abs(proof.actual - actual) <= actual * .05, `${proof.actual} days of ${actual} orders`)
    const row = name => proof.rows.find(r => r.name === name)
    assert.ok(Math.abs(row(proof.best).total / proof.actual - 1) < .25)
    assert.ok(proof.rows.slice(0, 4).every(r => r.rmse >= row(proof.best).rmse))
    assert.equal(report.model, proof.best)
    assert.ok(row(proof.best).within >= .78)
    assert.equal(proof.byFrequency.reduce((sum, f) => sum + f.customers, 0), proof.customers)
    assert.equal(report.map.reduce((sum, cell) => sum + cell.customers, 0), report.customers)

    const fits = (await s.call('GET', '/value/fits')).body.items
    assert.equal(fits[0].id, id)
    assert.deepEqual([fits[0].converged, fits[0].proofDays, fits[0].rmse], [true, proof.days, row(proof.best).rmse])
    assert.equal(fits[0].diagnosis, report.models.find(m => m.name === report.model).diagnosis)
    assert.equal((await s.call('GET', `/value/fits/${id}`)).body.report.value, report.value)
    assert.equal((await s.call('GET', '/value/fits/4711')).status, 404)

    const one = (await s.call('GET', '/customers/u1/value')).body
    assert.equal(one.transactions.length, new Set(events.filter(e => e.userId === 'u1').map(e => e.timestamp.slice(0, 10))).size)
    assert.ok(one.lifetimeValueLow <= one.lifetimeValue && one.history.length >= 10)
    assert.deepEqual(one.history.map(h => h.day), [...new Set(one.history.map(h => h.day))].sort())
    assert.match(one.why.en, /still a customer/)
    assert.match(one.why.es, /sigue siendo cliente/)
    const looks = (await s.call('GET', '/customers/looks/value')).body
    assert.deepEqual([looks.bought, looks.alive], [false, null])
    assert.ok(looks.lifetimeValue > 0 && looks.history.length === 0)
    assert.equal((await s.call('GET', '/customers/nobody-of-that-name/value')).status, 404)

    const count = async condition => (await s.call('POST', '/audiences/count', { condition })).body.customers
    assert.equal(await count('lifetime value >= 0'), report.people)
    assert.equal(await count('probability alive = null'), 1)
    const at = one.lifetimeValue
    assert.equal(await count(`lifetime value > ${at + .01}`) + await count(`lifetime value <= ${at + .01}`), report.people)
    assert.ok(await count('lifetime value low <= lifetime value and lifetime value low <= lifetime value high') === report.people)
})
