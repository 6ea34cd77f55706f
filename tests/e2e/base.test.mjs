// A decision over everybody: as CSV it is what deciding for each customer says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exported, ok, run, until } from './lib.mjs'
import { gift, rule, shop } from './models.mjs'

const byId = customers => customers.sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))

/** RFC 4180, as a spreadsheet reads it. */
function rows(csv) {
    const cells = [...csv.matchAll(/("(?:[^"]|"")*"|[^,\r]*)(,|\r\n)/g)], list = [[]]
    for (const [, cell, end] of cells) {
        list.at(-1).push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
        if (end !== ',') list.push([])
    }
    return list.slice(0, -1)
}

const order = (user, n, revenue) => ({ type: 'track', userId: user, event: 'Order Completed', messageId: `o${n}`,
                                       timestamp: '2026-01-05T10:00:00Z', properties: { order_id: `o${n}`, revenue } })
const known = (user, traits) => ({ type: 'identify', userId: user, messageId: `i-${user}`, timestamp: '2026-01-02T10:00:00Z', traits })

/** Customers whom the tables below decide in every way. */
async function people(s) {
    const spend = [0, 20, 99.99, 100, 250, 499.5, 500, 740, 900]
    await s.send(spend.flatMap((revenue, i) => [
        known(`u${i}`, { email: `u${i}@example.com`, ...(i % 3 ? { color: ['red', 'blue'][i % 2] } : {}), size: i === 4 ? 'XL' : i }),
        ...(revenue ? [order(`u${i}`, `${i}a`, revenue)] : []), ...(i % 2 ? [order(`u${i}`, `${i}b`, 1)] : [])]))
    await s.send([known('=1+1', { email: '"quoted, and long"@example.com' }),
                  { type: 'track', anonymousId: 'nobody', event: 'Looked', messageId: 'n' },
                  { type: 'alias', userId: 'u8', previousId: 'u7', messageId: 'm' }])
    return (await s.call('GET', '/customers?limit=100')).body.items
}

const text = value => value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
const safe = cell => /^[=+@\-\t\r]/.test(cell) && Number.isNaN(Number(cell)) ? `'${cell}` : cell

/** The CSV that deciding one by one gives. */
async function oneByOne(s, id, customers, names, decision = 'Gift') {
    const lines = []
    for (const c of customers) {
        const { body } = await s.call('POST', `/models/${id}/decide`, { decision, customer: c.id })
        const said = names.map(name => names.length === 1 ? body.value
            : Array.isArray(body.value) ? body.value.map(v => v[name]) : body.value?.[name])
        lines.push([c.id, c.userId ?? '', c.email ?? '', ...said.map(text), body.hits.join(' ')].map(safe))
    }
    return lines
}

const WHOLE = [rule(['< 100', '-'], ['"none"']), rule(['[100 .. 500)', '-'], ['"=cmd(\\"x\\")"']), rule(['>= 500', '> 1'], ['"cake, large"']),
               rule(['>= 700', '-'], ['"two\nlines"'])]
const output = (table, ...names) => names.map((name, i) => ({ ...table.outputs[0], id: `o${i}`, name, type: '' }))
const TABLES = {
    'one output, with a gap and rules that contradict each other': t => ({ ...t, rules: WHOLE }),
    'the first that hits': t => ({ ...t, hitPolicy: 'FIRST', rules: WHOLE }),
    'any, with two that say the same': t => ({ ...t, hitPolicy: 'ANY', rules: [rule(['< 100', '-'], ['"none"']), rule(['-', '0'], ['"none"']), rule(['> 90', '> 0'], ['"card"'])] }),
    'the dearest': t => ({ ...t, hitPolicy: 'PRIORITY', outputs: [{ ...t.outputs[0], values: '"cake", "card"' }],
                           rules: [rule(['> 90', '-'], ['"card"']), rule(['> 400', '-'], ['"cake"'])] }),
    'all of them': t => ({ ...t, hitPolicy: 'COLLECT', rules: WHOLE }),
    'their sum': t => ({ ...t, hitPolicy: 'COLLECT', aggregation: 'SUM', outputs: output(t, 'Gift'), rules: [rule(['> 10', '-'], ['-1.5']), rule(['> 400', '-'], ['spend / 8'])] }),
    'two outputs, one worked out': t => ({ ...t, outputs: output(t, 'what', 'worth'), rules: [rule(['< 500', '-'], ['"card"', 'spend * 0.1']), rule(['>= 500', '-'], ['"cake"', 'null'])] }),
    'two outputs of all': t => ({ ...t, hitPolicy: 'RULE ORDER', outputs: output(t, 'what', 'worth'), rules: [rule(['< 500', '-'], ['"card"', '1']), rule(['> 90', '-'], ['"cake"', '2'])] }),
    'a default': t => ({ ...t, outputs: [{ ...t.outputs[0], otherwise: '"nothing"' }], rules: [rule(['> 400', '-'], ['"cake"'])] }),
}

test('as CSV it says of everybody what deciding says of one', async t => {
    const s = await shop(t)
    const customers = byId(await people(s))
    assert.ok(customers.length >= 10)
    const { id, table } = await gift(s, [])
    for (const [name, of] of Object.entries(TABLES)) {
        const saved = await s.call('PUT', `/models/${id}`, { table: of(table), note: name })
        assert.deepEqual([saved.status, saved.body.flaws], [200, []], name)
        const csv = await s.raw('GET', `/models/${id}/export?decision=Gift`)
        assert.equal(csv.status, 200, csv.text)
        const names = saved.body.tables[0].outputs.map(o => o.name || 'Gift')
        const wanted = await oneByOne(s, id, customers, names)
        assert.deepEqual(rows(csv.text), [['customer', 'userId', 'email', ...names, 'rules'], ...wanted], name)
        const decided = await s.raw('GET', `/models/${id}/export?decision=Gift&undecided=false`)
        assert.deepEqual(rows(decided.text).slice(1), wanted.filter(line => line.slice(3).some(Boolean)), name)
    }
    const { headers } = await s.raw('GET', `/models/${id}/export?decision=Gift`)
    assert.match(headers['content-type'], /^text\/csv/)
    assert.match(headers['content-disposition'], /attachment; filename="model-1-version-\d+\.csv"/)
})

// An input, its declared type, a test of it: texts, days, yes or no, a trait of several kinds; types that do not fit.
const KINDS = [['color', 'string', '"red"'], ['color', 'string', 'not("red")'], ['color', 'number', '> 5'], ['color', 'number', 'null'],
               ['spend', 'string', '"20"'], ['spend', 'string', 'null'], ['size', 'number', '>= 4'], ['size', 'string', '"XL"'],
               ['last order', 'date', '>= date("2026-01-01")'], ['last order', 'number', 'null'], ['known', 'boolean', 'true'],
               ['known', 'string', 'null'], ['tier', 'string', '"prospect", "new"'], ['nothing such', 'number', '1'], ['nothing such', 'number', 'null']]

test('whatever kind an input is, and whatever the model says that it is', async t => {
    const s = await shop(t)
    const customers = byId(await people(s))
    for (const [i, [input, type, is]] of KINDS.entries()) {
        const made = await s.call('POST', '/models', { name: `kind ${i}`, inputs: [{ name: input, type }], outputType: 'string' })
        const { id } = made.body.model, [table] = made.body.tables
        const saved = await s.call('PUT', `/models/${id}`, { table: { ...table, hitPolicy: 'FIRST', rules: [rule([is], ['"yes"']), rule(['-'], ['"no"'])] } })
        assert.deepEqual([saved.status, saved.body.flaws], [200, []], input)
        const { decision } = table
        const csv = async () => (await s.raw('GET', `/models/${id}/export?decision=${encodeURIComponent(decision)}`)).text
        let before, one
        do {  // tiers may be fitted anew meanwhile
            before = await csv()
            one = await oneByOne(s, id, customers, [decision], decision)
        } while (await csv() !== before)
        assert.deepEqual(rows(before).slice(1), one, `${input}: ${type} ${is}`)
    }
})

test('what cannot be exported says why, and what to do', async t => {
    const s = await shop(t)
    await people(s)
    const { id, table } = await gift(s, [])
    const refused = async (query, status, why) => {
        const answer = await s.call('GET', `/models/${id}/export${query}`)
        assert.equal(answer.status, status)
        assert.match(answer.body.detail, why)
    }
    await refused('', 400, /^\/decision: say which/)
    await refused('?decision=Cake', 404, /^\/decision: the model has no table/)
    await refused('?decision=Gift&undecided=no', 400, /^\/undecided: is true or false/)
    await s.call('PUT', `/models/${id}`, { table: { ...table, rules: [rule(['< 100', '-'], ['"none"']), rule(['< ', '-'], ['"card"'])] } })
    await refused('?decision=Gift', 400, /^decision 'Gift', rule 2, input 1, line \d+: .*: mend it and save$/)
    assert.equal((await s.call('GET', '/models/99/export?decision=Gift')).status, 404)
})

test('many customers come in pieces, and a client that goes away in the middle harms nobody', async t => {
    const s = await shop(t)
    for (let from = 0; from < 5000; from += 500)
        await s.send(Array.from({ length: 500 }, (_, i) => known(`many-${from + i}`, { email: `many-${from + i}@example.com`, n: from + i })))
    const made = await s.call('POST', '/models', { name: 'N', inputs: [{ name: 'n', type: 'number' }], outputType: 'number' })
    const { id } = made.body.model, [table] = made.body.tables
    await s.call('PUT', `/models/${id}`, { table: { ...table, rules: [rule(['-'], ['n * 2'])] } })
    const whole = rows((await s.raw('GET', `/models/${id}/export?decision=N`)).text)
    assert.equal(whole.length, 5001)
    for (const [, user, , said, hits] of whole.slice(1))
        assert.deepEqual([said, hits], [String(2 * Number(user.slice(5))), '1'])
    for (let i = 0; i < 3; i++) {
        const response = await fetch(`http://127.0.0.1:${s.server.port}/api/v1/models/${id}/export?decision=N`, { headers: s.headers })
        const reader = response.body.getReader()
        await reader.read()
        await reader.cancel()
    }
    assert.equal((await s.call('GET', '/models')).status, 200)
    await s.server.stop()  // no leak
})

/** The job's end, and how many facts of traits there are for these customers. */
async function written(s, id, ask) {
    const begun = await s.call('POST', `/models/${id}/trait`, ask)
    assert.deepEqual([begun.status, begun.body.kind], [202, 'trait'], JSON.stringify(begun.body))
    return until('the job to end', async () => {
        const { body } = await s.call('GET', `/imports/${begun.body.id}`)
        return /waiting|running/.test(body.state) ? null : body
    })
}
const factsOf = async (s, limit = 500) => (await s.call('GET', `/facts?type=trait&limit=${limit}`)).body.items
const traitOf = async (s, customer, name) => (await s.call('GET', `/customers/${customer}`)).body.traits.find(t => t.name === name)

test('as a trait each answer is one fact; a second run writes none, another table only those that differ', async t => {
    const s = await shop(t)
    const customers = await people(s)
    const { id, table } = await gift(s, [])
    const save = rules => s.call('PUT', `/models/${id}`, { table: { ...table, rules } })
    await save([rule(['< 100', '-'], ['"none"']), rule(['[100 .. 500)', '-'], ['"card"'])])
    const decided = async () => Object.fromEntries(await Promise.all(customers.map(async c =>
        [c.id, (await s.call('POST', `/models/${id}/decide`, { decision: 'Gift', customer: c.id })).body.value])))
    const values = async () => Object.fromEntries(await Promise.all(customers.map(async c =>
        [c.id, (await traitOf(s, c.id, 'Gift'))?.value ?? null])))
    const first = await decided(), some = Object.values(first).filter(Boolean).length
    const job = await written(s, id, { decision: 'Gift' })
    assert.deepEqual(job.trait, { model: id, version: 2, decided: some, undecided: customers.length - some, conflicts: 0, changed: some })
    assert.deepEqual([job.state, job.name, job.rows, job.facts, job.bytesDone, job.bytesTotal, job.error],
                     ['done', 'Gift', customers.length, some, customers.length, customers.length, null])
    assert.deepEqual(await values(), first)
    const facts = await factsOf(s)
    assert.equal(facts.length, some)
    const { body, source, story, customer } = facts[0]
    assert.deepEqual(body, { traits: { Gift: first[customer] }, provenance: 'inferred', decision: 'Gift', model: id, version: 2, by: body.by })
    assert.deepEqual([source, story.en], ['model:Gift v2', 'Decided by Gift: Gift'])
    const trait = await traitOf(s, customer, 'Gift')
    assert.deepEqual([trait.provenance, trait.source], ['inferred', 'model:Gift v2'])

    const second = await written(s, id, { decision: 'Gift' })
    assert.deepEqual([second.trait.changed, second.facts, (await factsOf(s)).length], [0, 0, some])

    await save([rule(['< 100', '-'], ['"none"']), rule(['[300 .. 600)', '-'], ['"cake"']), rule(['> 550', '-'], ['"pie"']), rule(['> 590', '-'], ['"pie"'])])
    const other = await decided(), differ = customers.filter(c => other[c.id] !== first[c.id]).length
    const third = await written(s, id, { decision: 'Gift', trait: 'Gift' })
    assert.ok(differ > 1 && third.trait.conflicts > 0)
    assert.deepEqual([third.trait.changed, third.trait.version], [differ, 3])
    assert.deepEqual(await values(), other, 'who is not decided any more has it no more')
    assert.equal((await written(s, id, { decision: 'Gift' })).trait.changed, 0)
    const taken = customers.find(c => first[c.id] && !other[c.id])
    const { items } = (await s.call('GET', `/customers/${taken.id}/traits/Gift/history`)).body
    assert.deepEqual(items.map(v => [v.value, v.provenance]), [[null, 'inferred'], [first[taken.id], 'inferred']])
})

test('an output of several, row by row, under a name that is given; staff may say otherwise', async t => {
    const s = await shop(t)
    const customers = await people(s)
    const { id, table } = await gift(s, [])
    await s.call('PUT', `/models/${id}`, { table: TABLES['two outputs of all'](table) })
    const job = await written(s, id, { decision: 'Gift', output: 'worth', trait: 'gift worth' })
    assert.equal(job.trait.changed, customers.length)
    for (const c of customers) {
        const { body } = await s.call('POST', `/models/${id}/decide`, { decision: 'Gift', customer: c.id })
        assert.deepEqual((await traitOf(s, c.id, 'gift worth')).value, body.value.map(v => v.worth))
    }
    const [{ id: one }] = customers
    await s.call('PATCH', `/customers/${one}/traits`, { 'gift worth': 7 })
    assert.equal((await written(s, id, { decision: 'Gift', output: 'worth', trait: 'gift worth' })).trait.changed, 0)
    assert.equal((await traitOf(s, one, 'gift worth')).value, 7)
})

test('what is no trait, no output, no whole table is refused before anything begins', async t => {
    const s = await shop(t)
    const { id, table } = await gift(s, [])
    await s.call('PUT', `/models/${id}`, { table: TABLES['two outputs of all'](table) })
    const refused = async (ask, status, why) => {
        const { status: got, body } = await s.call('POST', `/models/${id}/trait`, ask)
        assert.equal(got, status, JSON.stringify(body))
        assert.match(body.detail, why)
    }
    await refused({}, 400, /^\/decision/)
    await refused({ decision: 'Cake' }, 404, /^\/decision: the model has no table/)
    await refused({ decision: 'Gift' }, 400, /^\/output: say which of the table's outputs: what, worth$/)
    await refused({ decision: 'Gift', output: 'price' }, 404, /^\/output: say which .*: what, worth$/)
    const of = trait => ({ decision: 'Gift', output: 'what', trait })
    await refused(of('spend'), 409, /^\/trait: 'spend' is worked out by the shop itself: say another name$/)
    await refused(of('email'), 409, /^\/trait: by 'email' people are called and found/)
    await refused(of('x'.repeat(101)), 400, /^\/trait: a name has 1 to 100 bytes/)
    await refused(of('two\nlines'), 400, /^\/trait: a name has/)
    await refused({ ...of('gift'), table }, 400, /table/)
    await s.send(Array.from({ length: 25 }, (_, i) => known(`f${i}`, Object.fromEntries(Array.from({ length: 200 }, (_, k) => [`t${i}-${k}`, 1])))))
    await refused(of('one more'), 409, /^\/trait: there are 5000 names of traits, and no more are kept: say one of them$/)
    assert.equal((await written(s, id, of('t7-7'))).state, 'done')
    await s.call('PUT', `/models/${id}`, { table: { ...table, rules: [rule(['< ', '-'], ['"card"'])] } })
    await refused({ decision: 'Gift' }, 400, /^decision 'Gift', rule 1, input 1, line \d+: .*: mend it and save$/)
    assert.equal((await s.call('GET', '/imports')).body.items.length, 1)
})

test('the command line does both, with a server or without one', async t => {
    const s = await shop(t)
    const customers = await people(s)
    const { id, table } = await gift(s, [])
    await s.call('PUT', `/models/${id}`, { table: TABLES['two outputs, one worked out'](table) })
    const csv = (await s.raw('GET', `/models/${id}/export?decision=Gift&undecided=false`)).text
    assert.equal(await ok(['dmn', 'base', 'Gift', '--decided'], { dir: s.dir }), csv)
    const first = JSON.parse(await ok(['dmn', 'base', id, '--decision', 'Gift', '--trait', 'gift', '--output', 'what'], { dir: s.dir }))
    assert.deepEqual([first.decided, first.changed], [customers.length, customers.length])
    await s.server.stop()
    assert.equal(JSON.parse(await ok(['dmn', 'base', 'Gift', '--trait', 'gift', '--output', 'what'], { dir: s.dir })).changed, 0)
    assert.equal(rows(await ok(['dmn', 'base', 'Gift'], { dir: s.dir })).length, customers.length + 1)
    const refused = async (words, why) => assert.match((await run(['dmn', 'base', ...words], { dir: s.dir })).stderr, why)
    await refused([], /the MODEL is missing/)
    await refused(['Cake'], /there is no model 'Cake'/)
    await refused(['Gift', '--decision', 'Cake'], /no table of that decision/)
    await refused(['Gift', '--trait', 'tier', '--output', 'what'], /'tier' is worked out by the shop itself/)
    await refused(['Gift', '--output', 'what'], /say --trait NAME/)
})

const MANY = 20_000

test('it is cancelled, killed, run again: what is in stays in, and nothing is written twice', async t => {
    const s = await shop(t)
    for (let from = 0; from < MANY; from += 1000)
        await s.send(Array.from({ length: 1000 }, (_, i) => known(`many-${from + i}`, { n: from + i })))
    const made = await s.call('POST', '/models', { name: 'Twice', inputs: [{ name: 'n', type: 'number' }], outputType: 'number' })
    const { id } = made.body.model, [table] = made.body.tables
    await s.call('PUT', `/models/${id}`, { table: { ...table, rules: [rule(['-'], ['n * 2'])] } })
    const start = async () => (await s.call('POST', `/models/${id}/trait`, { decision: 'Twice' })).body.id
    const look = async job => (await s.call('GET', `/imports/${job}`)).body
    const someWritten = job => until('some facts', async () => (await look(job)).facts > 0)

    const cancelled = await start()
    await someWritten(cancelled)
    await s.call('POST', `/imports/${cancelled}/cancel`)
    const end = await until('its end', async () => { const job = await look(cancelled); return job.endedAt && job })
    assert.deepEqual([end.state, end.trait.changed], ['cancelled', end.facts])
    assert.ok(end.facts > 0 && end.facts < MANY, `${end.facts}`)

    const killed = await start()
    await someWritten(killed)
    await s.server.kill()
    await s.server.start()
    const left = await look(killed)
    assert.equal(left.state, 'failed')
    assert.match(left.error, /ended before it was done\. Run it again: it goes on where it stopped/)
    const last = await written(s, id, { decision: 'Twice' })
    assert.deepEqual([last.state, last.rows, last.trait.decided], ['done', MANY, MANY])
    assert.ok(last.facts <= MANY - end.facts)
    const seen = new Map((await exported('facts', s.dir)).filter(f => f.type === 'trait').map(f => [f.customer, f.traits.Twice]))
    const facts = (await exported('facts', s.dir)).filter(f => f.type === 'trait')
    assert.deepEqual([seen.size, facts.length], [MANY, MANY])
    assert.equal((await written(s, id, { decision: 'Twice' })).facts, 0)
    await s.server.stop()
})
