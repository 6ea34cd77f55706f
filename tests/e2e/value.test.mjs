// Value models from the command line: the CDNOW sample gives the printed estimates; what is wrong with a file has its line.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ROOT, folder, ok, run } from './lib.mjs'

const SAMPLE = path.join(process.env.TENDERO_DATA ?? path.join(ROOT, '../shared/data'), 'cdnow/CDNOW_sample.txt')
const skip = existsSync(SAMPLE) ? false : `no ${SAMPLE}`

function cdnow(t) {
    const file = path.join(folder(t), 'cdnow.csv')
    const lines = readFileSync(SAMPLE, 'utf8').trim().split(/\r?\n/).map(line => line.trim().split(/\s+/))
    writeFileSync(file, 'customer,date,value\n' + lines.map(([, id, d, , spent]) => `${id},${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)},${spent}\n`).join(''))
    return file
}
const near = (is, want, by) => assert.ok(Math.abs(is - want) <= by, `${is}, not ${want}`)

test('the sample gives the printed estimates, errors and likelihoods', { skip }, async t => {
    const file = cdnow(t)
    const fit = async (...more) => JSON.parse(await ok(['value', 'fit', '--transactions', file, '--calibration-end', '1997-09-30', ...more]))
    const bg = await fit()
    assert.deepEqual([bg.model, bg.customers, bg.repeat_purchases, bg.converged], ['bg-nbd', 2357, 2457, true])
    for (const [name, want] of Object.entries({ r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4259 })) near(bg.parameters[name], want, 5e-5)
    near(bg.log_likelihood, -9582.4292, 5e-5)
    near((await fit('--model', 'mbg-nbd')).log_likelihood, -9582.1357, 5e-5)
    const pareto = await fit('--model', 'pareto-nbd')
    near(pareto.log_likelihood, -9594.9762, 5e-5)
    for (const [name, want] of Object.entries({ r: 0.0476, alpha: 0.843, s: 0.187, beta: 6.21 })) near(pareto.standard_errors[name], want, want / 100)
    near((await fit('--model', 'gamma-gamma')).parameters.gamma, 15.4435, 5e-4)
    near((await fit('--unit', 'day')).parameters.alpha, 7 * bg.parameters.alpha, 1e-3)
})

test('what was foretold stands beside what happened, and beside the plain rate', { skip }, async t => {
    const held = JSON.parse(await ok(['value', 'holdout', '--transactions', cdnow(t), '--calibration-end', '1997-09-30']))
    assert.deepEqual([held.days, held.actual], [273, 1882])
    const [model, rate] = held.models
    near(model.total, 1653.4, 0.05)
    near(model.mae, 0.7855, 5e-5)
    near(rate.total, 2930.1, 0.05)
})

test('each customer has a chance and an expectation', { skip }, async t => {
    const lines = (await ok(['value', 'predict', '--transactions', cdnow(t), '--calibration-end', '1997-09-30', '--days', '273'])).trim().split('\n')
    assert.equal(lines[0], 'customer,alive,purchases')
    assert.equal(lines.length, 2358)
    near(lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[2]), 0), 1653.4, 0.05)
})

test('what is wrong with a file has its line and a remedy', async t => {
    const file = path.join(folder(t), 'f.csv')
    const refused = async (text, why, ...more) => {
        writeFileSync(file, text)
        const end = await run(['value', 'fit', '--transactions', file, '--calibration-end', '1997-09-30', ...more])
        assert.equal(end.code, 1)
        assert.match(end.stderr, why)
    }
    await refused('', /the file is empty/)
    await refused('customer,when\n', /line 1: .* no 'date'/)
    await refused('customer,date\nann,yesterday\n', /line 2, column 'date': is no day/)
    await refused('customer,date,value\nann,1997-01-01,much\n', /line 2, column 'value': is no number/)
    await refused('customer,date\n,1997-01-01\n', /line 2, column 'customer': is empty/)
    await refused('customer,date\nann,1998-01-01\n', /nobody bought until the end of the calibration/)
    await refused('customer,date\nann,1997-01-01\nbob,1997-02-01\n', /nobody bought a second time/)
    await refused('customer,date\nann,1997-01-01\nann,1997-02-01\n', /no column 'value'/, '--model', 'gamma-gamma')
    await refused('customer,date\nann,1997-01-01\n', /--model is bg-nbd/, '--model', 'crystal')
})

test('contracts: two bases as printed, and what cannot be', async () => {
    const of = async (...more) => JSON.parse(await ok(['value', 'contracts', ...more]))
    const high = await of('--survivors', '1000,869,743,653,593,551,517,491'), regular = await of('--survivors', '1000, 631, 468, 382, 326, 289, 262, 241')
    near(high.parameters.alpha, 0.668088, 1e-5)
    near(high.log_likelihood, -1611.158, 5e-4)
    near(regular.parameters.beta, 1.182043, 1e-5)
    assert.deepEqual(regular.renewals.slice(7, 12).map(r => r.survival.toFixed(4)), ['0.2201', '0.2044', '0.1912', '0.1799', '0.1700'])
    assert.deepEqual([regular.renewals[0].actual, regular.renewals[7].actual], [0.631, null])
    assert.ok((await of('--survivors', '1000,869,743,653,593,551,517,491', '--model', 'bdw')).log_likelihood >= high.log_likelihood - 1e-9)
    for (const [list, why] of [['10,8,9', /after renewal 2 there are more/], ['10,ten', /number 2: 'ten' is no whole number/], ['10', /nobody has left/]])
        assert.match((await run(['value', 'contracts', '--survivors', list])).stderr, why)
    assert.match((await run(['value', 'contracts'])).stderr, /--survivors LIST is missing/)
})
