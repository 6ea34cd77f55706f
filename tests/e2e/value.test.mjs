// Value models from the command line: the CDNOW sample gives the printed estimates; models stand beside plain rules; what is wrong
// with a file has its line.
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
    const spends = await fit('--model', 'gamma-gamma')
    near(spends.parameters.gamma, 15.4435, 5e-4)
    for (const found of [bg, pareto, spends])
        for (const [name, is] of Object.entries(found.parameters)) assert.ok(found.interval_95[name][0] < is && is < found.interval_95[name][1])
    const wears = await fit('--model', 'ggompertz-nbd')
    near(wears.log_likelihood, -9594.98, 5e-3)
    assert.match(wears.diagnosis, /flat/)
    assert.equal(wears.interval_95.b[0], 0)
    assert.equal(wears.interval_95.beta[1], null) // nothing in these data is against it
    near((await fit('--model', 'bg-bb', '--unit', 'month')).repeat_purchases, 1355, 0)
    near((await fit('--unit', 'day')).parameters.alpha, 7 * bg.parameters.alpha, 1e-3)
})

test('what was foretold stands beside what happened, and beside the plain rate', { skip }, async t => {
    const held = JSON.parse(await ok(['value', 'holdout', '--transactions', cdnow(t), '--calibration-end', '1997-09-30']))
    assert.deepEqual([held.days, held.actual], [273, 1882])
    const of = name => held.models.find(m => m.model === name)
    const known = { 'bg-nbd': [1653.4, 0.7855, 1.6080, 0.6256], 'mbg-nbd': [1576.7, 0.7648, 1.6072, 0.6273], 'pareto-nbd': [1665.5, 0.7545, 1.6028, 0.6302] }
    for (const [name, [total, ...rest]] of Object.entries(known)) {
        near(of(name).total, total, 0.05)
        rest.forEach((want, i) => near([of(name).mae, of(name).rmse, of(name).correlation][i], want, 5e-5))
    }
    near(of('rate carried forward').total, 2930.1, 0.05)
    near(of('rate carried forward').mae, 1.0237, 5e-5)
    near(of('nobody comes back').active_accuracy, 0.710, 5e-4)
    near(of('bought in the last 12 weeks').active_accuracy, 0.781, 5e-4)
    near(of('pareto-nbd').top_tenth_of_spend, 0.503, 1e-3)
    near(of('past spend').top_tenth_of_spend, 0.490, 2e-3)
    assert.equal(of('past spend').mae, null)
    assert.match(held.best, /^Here pareto-nbd errs least .* \(by 0\.755\) and says -11\.5 % of their total; .*the rule is as good; .*the model is better\.$/)
    const alone = JSON.parse(await ok(['value', 'holdout', '--transactions', cdnow(t), '--calibration-end', '1997-09-30', '--model', 'bg-bb', '--unit', 'month']))
    assert.deepEqual(alone.models.filter(m => !m.rule).map(m => m.model), ['bg-bb'])
})

test('each customer has a chance and an expectation', { skip }, async t => {
    const lines = (await ok(['value', 'predict', '--transactions', cdnow(t), '--calibration-end', '1997-09-30', '--days', '273'])).trim().split('\n')
    assert.equal(lines[0], 'customer,probability_alive,expected_purchases,purchases_low,purchases_high,expected_spend,value,value_low,value_high')
    assert.equal(lines.length, 2358)
    const rows = lines.slice(1).map(line => line.split(',').map(Number))
    near(rows.reduce((sum, row) => sum + row[2], 0), 1653.4, 0.05)
    for (const [, alive, purchases, low, high, spend, value, ,] of rows) {
        assert.ok(alive >= 0 && alive <= 1 && low <= purchases + 1 && purchases <= high + 1)
        near(value, purchases * spend, 1e-3 * (1 + value))
    }
    const [first] = rows // two repeat purchases, the last in week 30.43 of 38.86, of 22.35 each
    near(first[1], 0.7266, 5e-5)
    near(first[2], 1.2260, 5e-5) // in days; the paper has 1.2259 of weeks with two decimals
    near(first[5], 24.66, 0.01)
    const sum = async (...more) => (await ok(['value', 'predict', '--transactions', cdnow(t), '--calibration-end', '1997-09-30', '--days', '273', ...more]))
        .trim().split('\n').slice(1).reduce((all, line) => all + Number(line.split(',')[6]), 0)
    const plain = await sum(), discounted = await sum('--discount', '0.1')
    assert.ok(discounted < plain && discounted > plain / 1.1)
    const drawn = ['--model', 'pareto-nbd', '--draws', '40', '--seed', '9']
    const draws = await sum(...drawn)
    near(draws, await sum('--model', 'pareto-nbd'), 0.05 * draws)
    assert.equal(await sum(...drawn), draws)
})

test('covariates: a stranger is foretold by them, and a line for each customer is asked for', async t => {
    const dir = folder(t), file = path.join(dir, 'f.csv'), known = path.join(dir, 'c.csv')
    const day = n => new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10)
    let lines = 'customer,date\n', covariates = 'customer,web\n'
    for (let i = 0; i < 600; i++) { // those of the web come every month, the others twice a year; a third stops
        covariates += `c${i},${i % 2}\n`
        for (let at = i % 30; at < (i % 3 ? 365 : 100); at += i % 2 ? 20 + i % 17 : 150 + i % 40) lines += `c${i},${day(at)}\n`
    }
    writeFileSync(file, lines)
    const asked = ['--transactions', file, '--calibration-end', day(364), '--covariates', known]
    writeFileSync(known, covariates + 'web,1\nshop,0\n')
    const fit = JSON.parse(await ok(['value', 'fit', ...asked]))
    assert.equal(fit.covariates[0].name, 'web')
    const { effect, standard_error, interval_95: [low, high] } = fit.covariates[0].rate
    assert.ok(effect > 1 && standard_error < 0.3 && low < effect && effect < high)
    const rows = (await ok(['value', 'predict', ...asked])).trim().split('\n').map(line => line.split(','))
    assert.equal(rows.length, 603)
    const of = name => rows.find(row => row[0] === name)
    assert.equal(of('web')[1], '')
    assert.ok(of('web')[2] > 2 * of('shop')[2])
    for (const [text, why] of [['customer,web\nc0,1\n', /customer 'c1' has no line/], ['customer,web\nc0,much\n', /covariates, line 2, column 'web': is no number/],
        ['who,web\n', /covariates, line 1: the first column is 'customer'/], ['customer,web\nc0,1,2\n', /covariates, line 2: 3 columns, not 2/],
        [covariates.replace(/,1\n/g, ',0\n'), /covariate 1 is the same of everybody/], [covariates + 'c0,1\n', /customer 'c0' has two lines/]]) {
        writeFileSync(known, text)
        const end = await run(['value', 'fit', ...asked])
        assert.equal(end.code, 1)
        assert.match(end.stderr, why)
    }
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
    await refused('customer,date\nann,1997-01-01\n', /--unit is week/, '--unit', 'fortnight')
    writeFileSync(file, 'customer,date\nann,1997-01-01\nann,1997-02-01\n')
    for (const [more, why] of [[['--draws', '10'], /--draws are of --model pareto-nbd/], [['--discount', 'some'], /--discount is what a year takes off/], [['--days', '0'], /--days is a whole number/]])
        assert.match((await run(['value', 'predict', '--transactions', file, '--calibration-end', '1997-09-30', ...more])).stderr, why)
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
