// Rules from the command line: FEEL expressions, DMN models, the public compatibility kit. No server, no data.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ROOT, folder, ok, run } from './lib.mjs'

const TCK = path.join(process.env.TENDERO_CONFORMANCE ?? path.join(ROOT, '../shared/conformance'), 'dmn-tck')

const MODEL = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="discount" namespace="https://tendero.example/discount" id="d">
  <inputData id="i1" name="Order value"><variable name="Order value" typeRef="number"/></inputData>
  <inputData id="i2" name="Tier"><variable name="Tier" typeRef="string"/></inputData>
  <decision id="d1" name="Discount">
    <variable name="Discount" typeRef="number"/>
    <informationRequirement id="r1"><requiredInput href="#i1"/></informationRequirement>
    <informationRequirement id="r2"><requiredInput href="#i2"/></informationRequirement>
    <decisionTable hitPolicy="FIRST" id="t">
      <input id="c1"><inputExpression typeRef="number"><text>Order value</text></inputExpression></input>
      <input id="c2"><inputExpression typeRef="string"><text>Tier</text></inputExpression></input>
      <output id="o1" typeRef="number"/>
      <rule id="u1"><inputEntry><text>&gt;= 100</text></inputEntry><inputEntry><text>"champion", "loyal"</text></inputEntry><outputEntry><text>0.1</text></outputEntry></rule>
      <rule id="u2"><inputEntry><text>[50 .. 100)</text></inputEntry><inputEntry><text>not("new")</text></inputEntry><outputEntry><text>0.05</text></outputEntry></rule>
      <rule id="u3"><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>0</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
`

const feel = async (text, ...more) => (await ok(['feel', text, ...more])).trim()

test('an expression is worth what the standard says', async () => {
    assert.equal(await feel('0.1 + 0.2 = 0.3'), 'true')
    assert.equal(await feel('1 / 0'), 'null')
    assert.equal(await feel('for x in 1..3 return x ** 2'), '[1,4,9]')
    assert.equal(await feel('order value * 2', '--input', '{"order value": 1.005}'), '2.01')
    assert.equal(await feel('people[age > 30].name', '--input', '{"people": [{"name": "Ann", "age": 41}, {"name": "Bob", "age": 27}]}'), '["Ann"]')
    assert.equal(await feel('date("2024-02-29") + duration("P1Y")'), '"2025-02-28"')
})

test('a flaw has its place and what was expected', async () => {
    const end = await run(['feel', '1 +\n  * 2'])
    assert.notEqual(end.code, 0)
    assert.match(end.stderr, /line 2, column 3/)
})

test('a model is checked, decides one case and many', async t => {
    const dir = folder(t), file = path.join(dir, 'discount.dmn'), many = path.join(dir, 'cases.ndjson')
    writeFileSync(file, MODEL)
    await ok(['dmn', 'check', file])
    const decide = async input => JSON.parse(await ok(['dmn', 'eval', file, '--decision', 'Discount', '--input', JSON.stringify(input)]))
    assert.equal(await decide({ 'Order value': 120, Tier: 'loyal' }), 0.1)
    assert.equal(await decide({ 'Order value': 70, Tier: 'loyal' }), 0.05)
    assert.equal(await decide({ 'Order value': 70, Tier: 'new' }), 0)
    writeFileSync(many, '{"Order value": 100, "Tier": "champion"}\n{"Order value": 1, "Tier": "champion"}\n')
    assert.equal(await ok(['dmn', 'eval', file, '--decision', 'Discount', '--input', many]), '0.1\n0\n')
    writeFileSync(file, MODEL.replace('[50 .. 100)', '[50 .. '))
    const end = await run(['dmn', 'check', file])
    assert.notEqual(end.code, 0)
    assert.match(end.stdout + end.stderr, /rule 2/)
})

test('the compatibility kit passes', { skip: existsSync(TCK) ? false : `no ${TCK}` }, async () => {
    const end = await run(['dmn', 'tck', TCK])
    const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(end.stdout)
    assert.ok(+passed / (+passed + +failed) >= 0.99, end.stdout)
})

test('what can only be null is told with its place', async t => {
    const file = path.join(folder(t), 'slips.dmn')
    writeFileSync(file, MODEL.replace('<outputEntry><text>0.05<', '<outputEntry><text>Tier * 2<').replace('<text>Order value<', '<text>Order value + Tier<'))
    const said = await ok(['dmn', 'check', file])
    assert.match(said, /:10:\d+: decision 'Discount', input 1: '\+' has no meaning between a number and a string/)
    assert.notEqual((await run(['dmn', 'check', file, '--strict'])).code, 0)
})

/** Of the kit's tests of a folder: decisions of which a value is expected, ever. */
function valued(dir) {
    const names = new Set()
    const text = file => readFileSync(path.join(dir, file), 'utf8').replace(/<!--[\s\S]*?-->/g, '')
    for (const file of readdirSync(dir).filter(name => name.endsWith('.xml')))
        for (const [, name, node] of text(file).matchAll(/<resultNode[^>]*\bname="([^"]+)"[^>]*>([\s\S]*?)<\/resultNode>/g))
            if (/<expected>/.test(node) && !/<expected>\s*<value[^>]*nil="true"/.test(node)) names.add(name.replaceAll('&apos;', "'"))
    return names
}

test('nothing of the kit that has a value is said to be null for ever', { skip: existsSync(TCK) ? false : `no ${TCK}` }, async () => {
    const files = readdirSync(TCK, { recursive: true }).map(name => path.join(TCK, name)).filter(name => name.endsWith('.dmn') && !/external/.test(name))
    let found = 0
    for (const file of files) {
        const { stdout } = await run(['dmn', 'check', file])
        const has = valued(path.dirname(file))
        for (const [line, name] of stdout.matchAll(/^.*:\d+:\d+: decision '([^']+)'.*$/gm)) {
            assert.ok(!has.has(name), line)
            found++
        }
    }
    assert.ok(found > 900, `${found} places that the kit means to be null`)
})
