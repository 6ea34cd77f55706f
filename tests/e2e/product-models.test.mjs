// Product models from the command line: exact numbers of variants, what is wrong with a model, why a choice cannot be.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { FULL, ROOT, folder, ok, run } from './lib.mjs'

const SUITE = path.join(process.env.TENDERO_CONFORMANCE ?? path.join(ROOT, '../shared/conformance'), 'feature-models')
const skip = existsSync(SUITE) ? false : `no ${SUITE}`

const BIKE = `// A bicycle with a price list.
features
    Bike {abstract}
        mandatory
            Frame {abstract}
                alternative
                    Steel {Price 120.50}
                    Carbon {Price 900}
            Brakes {abstract}
                alternative
                    Rim {Price 20}
                    Disc {Price 80}
        optional
            Dynamo {Price 35}
            Lights {Price 25}
constraints
    Carbon => Disc
    Lights => Dynamo
`

function model(t, text, name = 'model.uvl') {
    const file = path.join(folder(t), name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
}
const last = text => text.trim().split('\n').at(-1)

test('a model is checked, counted and priced', async t => {
    const file = model(t, BIKE)
    assert.equal(last(await ok(['model', 'count', file])), '9')
    const out = await ok(['model', 'check', file])
    assert.match(out, /^variants: 9$/m)
    assert.match(out, /^cheapest: 140\.5: Steel Rim$/m)
    assert.match(out, /^dearest: 1040: Carbon Disc Dynamo Lights$/m)
    assert.match(out, /features: 9, constraints: 2, dead: 0, in every design: 3, optional in name only: 0, redundant constraints: 0/)
})

test('what contradicts itself is explained by the fewest choices and rules, with what to give up', async t => {
    const file = model(t, BIKE)
    const out = await ok(['model', 'explain', file, '--choose', 'Steel,Lights,Rim,!Dynamo'])
    assert.match(out, /^impossible together: Lights, !Dynamo$/m)
    assert.match(out, /:18:\d+: Lights => Dynamo$/m)
    assert.deepEqual(out.match(/possible without: .*/g), ['possible without: Lights', 'possible without: !Dynamo'])
    assert.equal((await ok(['model', 'explain', file, '--choose', 'Steel, Rim'])).trim(), 'possible')
    const unknown = await run(['model', 'explain', file, '--choose', 'Steel,Bell'])
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /number 2: the model has no feature 'Bell'/)
})

test('void models, dead features and rules that say nothing are named with their lines', async t => {
    const none = await run(['model', 'check', model(t, `${BIKE}    Carbon & Rim\n`)])
    assert.equal(none.code, 1)
    assert.match(none.stdout, /:17:\d+: Carbon => Disc/)
    assert.match(none.stdout, /:19:\d+: Carbon & Rim/)
    assert.match(none.stderr, /void/)
    const dead = await run(['model', 'check', model(t, `${BIKE}    !Carbon\n    Disc => Dynamo\n    Dynamo => Steel\n`)])
    assert.equal(dead.code, 1)
    assert.match(dead.stdout, /:8:\d+: 'Carbon' is dead/)
    assert.match(dead.stdout, /:21:\d+: 'Dynamo => Steel' follows from the other rules/)
    const false_optional = await ok(['model', 'check', model(t, `${BIKE}    Bike => Dynamo\n`)])
    assert.match(false_optional, /:14:\d+: 'Dynamo' is optional in name only/)
    assert.equal(last(await ok(['model', 'count', model(t, `${BIKE}    Carbon & Rim\n`)])), '0')
})

test('faults of the text have file, line, column and a remedy', async t => {
    const wrong = await run(['model', 'check', model(t, BIKE.replace('=> Disc', '=> Disk'))])
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /model\.uvl:17:15: .*Disk.*Disc/)
    const missing = await run(['model', 'count', '/nowhere/model.uvl'])
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /nowhere/)
})

test('imports are read beside the model', async t => {
    const dir = folder(t)
    mkdirSync(path.join(dir, 'parts'))
    writeFileSync(path.join(dir, 'parts/wheel.uvl'), 'features\n    Wheel\n        alternative\n            Small\n            Large\n')
    writeFileSync(path.join(dir, 'bike.uvl'), 'imports\n    parts.wheel as w\nfeatures\n    Bike\n        mandatory\n            w.Wheel\n        optional\n            Bell\nconstraints\n    Bell => w.Large\n')
    assert.equal(last(await ok(['model', 'count', path.join(dir, 'bike.uvl')])), '3')
})

test('the public models have their exact numbers of configurations', { skip }, async () => {
    const rows = readFileSync(path.join(SUITE, 'counts.tsv'), 'utf8').trim().split('\n').slice(1).map(line => line.split('\t'))
    const wrong = []
    for (const [at, [name, , , , configurations]] of rows.entries()) {
        if (!FULL && at % 20) continue
        const { code, stdout, stderr } = await run(['model', 'count', path.join(SUITE, 'uvl', `${name}.uvl`)])
        if (code !== 0 || last(stdout) !== configurations) wrong.push(`${name}: ${last(stdout)} ${stderr}`)
    }
    assert.deepEqual(wrong, [])
})
