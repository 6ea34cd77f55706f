// Decision models over the API: kept with versions, their tables edited and checked, tried on a case, a customer, everybody.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ok } from './lib.mjs'
import { GIFT, gift, rule, shop } from './models.mjs'

test('a table is begun, edited, checked while it is edited, saved, read elsewhere', async t => {
    const s = await shop(t)
    assert.deepEqual((await s.call('GET', '/models')).body.items, [])
    const { id, table } = await gift(s, [rule(['< 100', '-'], ['"none"']), rule(['[100 .. 500]', '> 2'], ['"card"']), rule(['>= 500', '-'], ['"cake"'])])
    const checked = (await s.call('POST', `/models/${id}/check`, { table })).body
    assert.deepEqual(checked.flaws, [])
    const [{ findings }] = checked.checks
    assert.deepEqual(findings.map(f => [f.kind, f.a, f.b]).sort(), [['gap', 0, 0], ['overlap', 2, 3]])
    const gap = findings.find(f => f.kind === 'gap')
    assert.equal(gap.where, 'spend in [100 .. 500); orders in <= 2')
    assert.deepEqual(gap.tests, ['[100 .. 500)', '<= 2'])
    assert.equal((await s.call('GET', `/models/${id}`)).body.tables[0].rules.length, 0, 'checking saves nothing')

    table.rules[1].tests[0] = '[100 .. 500)'
    table.rules.push(rule(['[100 .. 500)', '<= 2'], ['"none"']))
    const saved = await s.call('PUT', `/models/${id}`, { note: 'whole', table })
    assert.equal(saved.status, 200)
    assert.deepEqual([saved.body.model.version, saved.body.model.note, saved.body.checks], [2, 'whole', [{ findings: [], leftOut: 0, cut: false }]])
    const { items } = (await s.call('GET', `/models/${id}/versions`)).body
    assert.deepEqual(items.map(v => [v.version, v.note]), [[2, 'whole'], [1, 'begun']])

    const file = path.join(s.dir, 'gift.dmn')
    writeFileSync(file, (await s.raw('GET', `/models/${id}/file`)).text)
    await ok(['dmn', 'check', '--strict', file])
    assert.equal(await ok(['dmn', 'eval', file, '--decision', 'Gift', '--input', '{"spend": 120, "orders": 3}']), '"card"\n')
    const again = await s.call('POST', '/models', { name: 'Gift, copied', xml: readFileSync(file, 'utf8') })
    assert.deepEqual(again.body.tables[0].rules.map(r => r.tests), table.rules.map(r => r.tests))
    const undone = await s.call('PUT', `/models/${id}`, { note: 'undone', version: 1 })
    assert.deepEqual([undone.body.model.version, undone.body.tables[0].rules.length], [3, 0])
    assert.equal((await s.raw('GET', `/models/${id}/file?version=2`)).text, readFileSync(file, 'utf8'))
    assert.equal((await s.call('PUT', `/models/${id}`, { version: 9 })).status, 404)
    assert.equal((await s.call('DELETE', `/models/${id}`)).status, 204)
    assert.equal((await s.call('GET', `/models/${id}`)).status, 404)
})

test('it decides a case, a customer, everybody, and says by which rule', async t => {
    const s = await shop(t)
    const order = (user, n, revenue) => ({ type: 'track', userId: user, event: 'Order Completed', messageId: `o${n}`,
                                           timestamp: '2026-01-05T10:00:00Z', properties: { order_id: `o${n}`, revenue } })
    await s.send([order('ann', 1, 300), order('ann', 2, 300), order('bob', 3, 20), order('cid', 4, 30)])
    const { id, table } = await gift(s, [rule(['< 100', '-'], ['"none"']), rule(['>= 500', '-'], ['"cake"'])])
    const decide = async ask => (await s.call('POST', `/models/${id}/decide`, { decision: 'Gift', table, ...ask })).body
    assert.deepEqual(await decide({ input: { spend: 99.99, orders: 1 } }), { notes: [], value: 'none', hits: [1] })
    const between = await decide({ input: { spend: 100, orders: 1 } })
    assert.deepEqual([between.value, between.hits], [null, []])
    await s.call('POST', '/audiences/count', { condition: 'spend > 0' })  // the columns have what was sent
    const ann = await decide({ customer: 'ann' })
    assert.deepEqual([ann.value, ann.hits], ['cake', [2]])
    const base = await s.call('POST', `/models/${id}/base`, { decision: 'Gift', table })
    assert.deepEqual(base.body, { customers: 3, rules: [2, 1], none: 0, conflict: 0 })
    const collect = await s.call('POST', `/models/${id}/base`, { decision: 'Gift', table: { ...table, hitPolicy: 'COLLECT' } })
    assert.match(collect.body.detail, /not over everybody at once: .*hit policy/)
})

const TWO = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="two" namespace="two">
  <inputData id="i" name="Price"><variable name="Price" typeRef="number"/></inputData>
  <decision id="d" name="Doubled"><variable name="Doubled" typeRef="number"/>
    <informationRequirement><requiredInput href="#i"/></informationRequirement>
    <literalExpression><text>2 * Price</text></literalExpression></decision>
  <decision id="e" name="Size"><variable name="Size"/>
    <informationRequirement><requiredDecision href="#d"/></informationRequirement>
    <decisionTable><input><inputExpression typeRef="number"><text>Doubled</text></inputExpression></input><output/>
      <rule><inputEntry><text>&lt; 10</text></inputEntry><outputEntry><text>"small"</text></outputEntry></rule>
      <rule><inputEntry><text>&gt;= 10</text></inputEntry><outputEntry><text>"large"</text></outputEntry></rule>
    </decisionTable></decision></definitions>`

test('a table that stands on another decision says which of its rules hit', async t => {
    const s = await shop(t)
    const { body } = await s.call('POST', '/models', { name: 'Two', xml: TWO })
    assert.deepEqual(body.elements.map(e => e.name), ['Price', 'Doubled', 'Size'])
    const decided = await s.call('POST', `/models/${body.model.id}/decide`, { decision: 'Size', input: { Price: 5 } })
    assert.deepEqual(decided.body, { notes: [], value: 'large', hits: [2] })
})

test('what is no model is refused with its place, and nothing is kept', async t => {
    const s = await shop(t)
    const bad = await s.call('POST', '/models', { name: 'Broken', xml: '<definitions>\n  <decision>\n</definitions>' })
    assert.equal(bad.status, 400)
    assert.match(bad.body.detail, /line 3/)
    assert.deepEqual((await s.call('GET', '/models')).body.items, [])
    const { id, table } = await gift(s, [rule(['< 100', '-', '-'], ['"none"'])])
    const uneven = await s.call('PUT', `/models/${id}`, { table })
    assert.deepEqual([uneven.status, uneven.body.detail], [400, '/table/rules/0/tests: must be 2 texts'])
    const refused = async (change, why) => assert.match((await s.call('PUT', `/models/${id}`, change)).body.detail, why)
    await refused({ table: { ...table, rules: [] }, xml: '<a/>' }, /one of/)
    await refused({ table: { ...table, rules: [], hitPolicy: 5 } }, /^\/table\/hitPolicy: must be a text/)
    await refused({ table: { ...table, rules: [], inputs: ['spend'] } }, /^\/table\/inputs\/0: must be an object/)
    await refused({ table: 'spend' }, /^\/table: must be an object/)
    table.rules = [rule(['< ', '-'], ['"none"'])]
    const flawed = (await s.call('POST', `/models/${id}/check`, { table })).body
    assert.equal(flawed.flaws.length, 1)
    assert.match(flawed.flaws[0].element, /rule 1/)
    assert.equal((await s.call('POST', `/models/${id}/decide`, { decision: 'Cake', input: {} })).status, 404)
    assert.equal((await s.call('POST', `/models/${id}/decide`, { decision: 'Gift' })).status, 400)
    assert.equal((await s.call('POST', '/models', { ...GIFT })).status, 409)
})
