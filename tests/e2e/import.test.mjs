// The real shop's file in, and everything out again: by commands, with and without a server, and over HTTP.
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ROOT, Server, ask, basic, bearer, between, exported, folder, integrity, key, lines, ok, raw, run, sleep } from './lib.mjs'

const DATA = path.join(ROOT, 'data/online-retail')
const FILE = path.join(DATA, readdirSync(DATA).find(name => name.endsWith('.csv.gz')))
const ROWS = 209_029, AMOUNT = '3706827.641'
const importing = (dir, ...more) => ['import', FILE, '--as', 'online-retail', '--rejects', path.join(dir, '..', `${path.basename(dir)}.rejected.csv`), ...more]

/** The numbers of "FILE: 12 rows read, 9 imported, 2 there already, 1 refused; 4 facts; amount 1.5". */
function sums(text) {
    const [, rows, imported, already, refused, facts, amount] =
        /(\d+) rows read, (\d+) imported, (\d+) there already, (\d+) refused; (\d+) facts; amount (\S+)/.exec(text)
    return { rows: +rows, imported: +imported, already: +already, refused: +refused, facts: +facts, amount }
}

let shop, server, admin, readKey, writeKey // one imported shop for all that only reads, or puts back what it changes
const cleanups = []
before(async () => {
    const t = { after: f => cleanups.push(f) }
    shop = path.join(folder(t), 'shop')
    mkdirSync(shop)
    const first = sums(await ok(importing(shop), { dir: shop }))
    assert.equal(first.rows, ROWS)
    assert.equal(first.imported + first.refused, ROWS)
    assert.equal(first.amount, AMOUNT)
    ;[admin, readKey, writeKey] = [await key(shop, 'admin'), await key(shop, 'read'), await key(shop, 'write')]
    server = await Server.start(t, shop)
})
after(async () => {
    if (server && !server.gone()) await server.stop()
    for (const cleanup of cleanups.reverse()) await cleanup()
})
const get = async (target, scope = admin) => ask(server.port, 'GET', target, { headers: bearer(scope) })
const call = (method, target, json) => ask(server.port, method, target, { json, headers: bearer(admin) })

/** A copy of the imported shop, no server on it. */
async function shopCopy(t) {
    const dir = path.join(folder(t), 'shop')
    await server.stop()
    cpSync(shop, dir, { recursive: true, filter: file => !file.endsWith('.sock') })
    await server.start()
    return dir
}

test('people are let in, listed, given a new password and taken out by commands', async () => {
    const users = async () => lines(await ok(['user', 'list'], { dir: shop })).map(u => u.email)
    const login = async password => (await call('POST', '/api/v1/session', { email: 'ann@example.com', password })).status
    await ok(['user', 'add', 'bob@example.com'], { dir: shop, input: 'the password of bob\n' })
    await ok(['user', 'add', 'Ann@example.com', '--name', 'Ann', '--language', 'es'], { dir: shop, input: 'a first password\n' })
    assert.deepEqual(await users(), ['ann@example.com', 'bob@example.com'])
    assert.equal(await login('a first password'), 200)
    await ok(['user', 'password', 'ann@example.com'], { dir: shop, input: 'a second password\n' })
    assert.equal(await login('a first password'), 401)
    assert.equal(await login('a second password'), 200)
    const short = await run(['user', 'password', 'ann@example.com'], { dir: shop, input: 'short\n' })
    assert.notEqual(short.code, 0)
    assert.match(short.stderr, /10 to 1024 characters/)
    assert.match((await run(['user', 'remove', 'nobody@example.com'], { dir: shop })).stderr, /nobody@example\.com/)
    await ok(['user', 'remove', 'ann@example.com'], { dir: shop })
    assert.deepEqual(await users(), ['bob@example.com'])
    assert.notEqual((await run(['user', 'remove', 'bob@example.com'], { dir: shop })).code, 0)
})

test('the file\'s sum is the sum of its orders, computed apart', async () => {
    const rows = gunzipSync(readFileSync(FILE)).toString().trimEnd().split(/\r?\n/).slice(1)
    assert.equal(rows.length, ROWS)
    let thousandths = 0n, lineCount = 0
    for (const fact of await exported('facts', shop))
        for (const line of fact.properties?.products ?? []) {
            thousandths += BigInt(Math.round(line.quantity * line.price * 1000))
            lineCount++
        }
    assert.equal(Number(thousandths) / 1000, Number(AMOUNT))
    assert.equal(lineCount, ROWS)
})

test('an import run twice changes nothing; a dry run writes nothing', { timeout: 600_000 }, async t => {
    const dir = await shopCopy(t)
    const before = await exported('facts', dir)
    const second = sums(await ok(importing(dir), { dir }))
    assert.equal(second.imported, 0)
    assert.equal(second.already + second.refused, ROWS)
    assert.deepEqual(await exported('facts', dir), before)
    const empty = path.join(folder(t), 'shop')
    mkdirSync(empty)
    const dry = sums(await ok(importing(empty, '--dry-run'), { dir: empty }))
    assert.equal(dry.amount, AMOUNT)
    assert.equal((await exported('facts', empty)).length, 0)
    assert.equal((await exported('catalogue', empty)).length, 0)
})

test('an import killed midway goes on where it is run again', { timeout: 600_000 }, async t => {
    const dir = path.join(folder(t), 'shop')
    mkdirSync(dir)
    for (let i = 0; i < 3; i++) {
        const going = run(importing(dir), { dir })
        await sleep(between(50, 500))
        going.child.kill('SIGKILL')
        await going
    }
    const last = sums(await ok(importing(dir), { dir }))
    assert.equal(last.imported + last.already + last.refused, ROWS)
    const facts = await exported('facts', dir), expected = await exported('facts', shop)
    const bare = list => list.filter(fact => fact.messageId).map(({ messageId, event, properties, timestamp }) => ({ messageId, event, properties, timestamp }))
        .sort((a, b) => (a.messageId < b.messageId ? -1 : 1))
    assert.deepEqual(bare(facts).filter(fact => /^Order/.test(fact.event)), bare(expected).filter(fact => /^Order/.test(fact.event)))
    assert.equal(integrity(dir), 'ok')
})

test('an import through a running server ends the same, and the server goes on serving', { timeout: 600_000 }, async t => {
    const dir = path.join(folder(t), 'shop')
    mkdirSync(dir)
    const through = await Server.start(t, dir)
    const going = ok(importing(dir), { dir })
    for (let i = 0; i < 5; i++) {
        assert.equal((await through.ask('GET', '/healthz')).status, 200)
        await sleep(50)
    }
    assert.equal(sums(await going).amount, AMOUNT)
    assert.equal((await exported('customers', dir)).length, (await exported('customers', shop)).length)
    await through.stop()
})

test('rows that cannot be read are refused with line, reason and remedy', async t => {
    const dir = path.join(folder(t), 'shop'), file = path.join(dir, '..', 'wrong.csv'), rejects = `${file}.rejected.csv`
    mkdirSync(dir)
    writeFileSync(file, 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n' +
        '1,A,Thing,2,2011-01-01 10:00:00,1.5,7,Spain\n2,B,Thing,many,2011-01-01 10:00:00,1.5,7,Spain\n3,C,Thing,1,yesterday,1.5,7,Spain\n')
    const got = sums(await ok(['import', file, '--as', 'online-retail'], { dir }))
    assert.deepEqual([got.rows, got.imported, got.refused], [3, 1, 2])
    const text = readFileSync(rejects, 'utf8')
    for (const word of [/^line,reason,remedy/, /many/, /yesterday/]) assert.match(text, word)
    const wrong = await run(['import', file, '--as', 'nothing'], { dir })
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.stderr, /online-retail/)
    assert.notEqual((await run(['import', '/nowhere', '--as', 'csv'], { dir })).code, 0)
})

test('decide answers a line a customer, with proposals, scores and reasons: stopped or running', { timeout: 600_000 }, async t => {
    const dir = await shopCopy(t)
    const customers = await exported('customers', dir)
    const check = decisions => {
        assert.equal(decisions.length, customers.length)
        assert.equal(new Set(decisions.map(d => d.customer)).size, customers.length)
        for (const { proposals } of decisions)
            for (const { product, score, reasons } of proposals) {
                assert.ok(product.id && product.title && product.kind === 'goods')
                assert.equal(typeof score, 'number')
                assert.ok(reasons.length > 0 && reasons[0].code && reasons[0].text.en && reasons[0].text.es)
            }
        assert.ok(decisions.filter(d => d.proposals[0]?.reasons[0].code === 'bought_together').length > customers.length / 2)
        assert.ok(new Set(decisions.map(d => d.proposals.map(p => p.product.id).join())).size > customers.length / 4, 'never the same for all')
    }
    check(lines(await ok(['decide', '--all'], { dir })))
    const kept = new Map() // pieces of a product a customer has after refunds
    for (const fact of await exported('facts', dir))
        for (const line of fact.customer && fact.properties?.products || []) {
            const of = `${fact.customer} ${line.product_id}`
            kept.set(of, (kept.get(of) ?? 0) + line.quantity)
        }
    for (const { customer, proposals } of lines(await ok(['decide', '--all', '--limit', '10'], { dir })))
        for (const { product } of proposals) assert.ok(!(kept.get(`${customer} ${product.id}`) > 0), `${customer} has ${product.id}`)
    const one = lines(await ok(['decide', '--customer', 'user_id:17850', '--limit', '5'], { dir }))
    assert.equal(one.length, 1)
    assert.equal(one[0].proposals.length, 5)
    assert.notEqual((await run(['decide', '--customer', 'user_id:nobody'], { dir })).code, 0)
    assert.equal((await run(['decide'], { dir })).code !== 0, true)
})

test('a purchase that arrives changes the next answer at once', async () => {
    const ask1 = async () => (await call('POST', '/api/v1/decide', { customer: 'user_id:13047', log: false, limit: 5 })).json.proposals
    const [first] = await ask1()
    const answer = await ask(server.port, 'POST', '/v1/track', { headers: basic(writeKey), json: { userId: '13047', event: 'Order Completed',
        properties: { order_id: 'now-1', products: [{ product_id: first.product.id, quantity: 1, price: 2 }] } } })
    assert.equal(answer.status, 200)
    assert.ok(!(await ask1()).some(proposal => proposal.product.id === first.product.id))
})

test('merge, then unmerge, gives the same export as before', async () => {
    const picture = async () => (await exported('customers', shop)).filter(c => ['17850', '13047'].includes(c.userId))
        .map(c => ({ ...c, merges: c.merges.length }))
    const [a, b] = await picture()
    const preview = await call('POST', '/api/v1/merges/preview', { winner: a.id, loser: b.id })
    assert.equal(preview.status, 200, preview.text)
    const merged = await call('POST', '/api/v1/merges', { winner: a.id, loser: b.id })
    assert.ok([200, 201].includes(merged.status), merged.text)
    const joined = await get(`/api/v1/customers/${a.id}`)
    assert.equal(joined.json.orders, a.orders + b.orders)
    assert.equal((await get(`/api/v1/customers/${b.id}`)).json.id, a.id, 'the loser\'s id leads to the winner')
    const undone = await call('DELETE', `/api/v1/merges/${merged.json.id}`)
    assert.equal(undone.status, 200, undone.text)
    const strip = list => list.map(({ merges, ...rest }) => rest)
    assert.deepEqual(strip(await picture()), strip([a, b]))
})

test('errors are problem documents with a status, a sentence and, where there is one, a remedy', async () => {
    for (const [method, target, json, status] of [['GET', '/api/v1/customers/c999999', undefined, 404], ['GET', '/api/v1/nothing', undefined, 404],
        ['GET', '/api/v1/customers?limit=many', undefined, 400], ['GET', '/api/v1/customers?limit=0', undefined, 400],
        ['DELETE', '/api/v1/customers', undefined, 405], ['POST', '/api/v1/decide', { limit: 99, customer: 'c1' }, 400],
        ['POST', '/api/v1/decide', { customer: 'user_id:nobody' }, 404], ['POST', '/api/v1/merges', { winner: 'c1', loser: 'c1' }, [400, 409]], ['GET', '/api/v1/facts/99999999', undefined, 404]]) {
        const answer = await call(method, target, json)
        assert.ok([status].flat().includes(answer.status), `${method} ${target}: ${answer.status} ${answer.text}`)
        assert.match(answer.headers['content-type'], /application\/problem\+json/, target)
        assert.match(answer.json.type, /^\/problems\//)
        assert.equal(answer.json.status, answer.status)
        assert.ok(answer.json.title && answer.json.detail, target)
    }
    assert.equal((await ask(server.port, 'GET', '/api/v1/customers')).status, 401)
    assert.equal((await get('/api/v1/customers', 'tw_wrong')).status, 401)
    const reader = await ask(server.port, 'POST', '/api/v1/keys', { json: { scope: 'read', name: 'x' }, headers: bearer(readKey) })
    assert.equal(reader.status, 403)
})

test('answers are what /openapi.json promises', { timeout: 600_000 }, async () => {
    const document = (await get('/openapi.json')).json
    assert.match(document.openapi, /^3\.1/)
    assert.deepEqual(JSON.parse(await ok(['openapi'], { dir: shop })), document)
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }))
    ajv.addSchema(document, 'api')
    const pointer = text => text.replaceAll('~', '~0').replaceAll('/', '~1')
    const customer = 'user_id:17850'
    const product = (await get('/api/v1/products?limit=1')).json.items[0].id
    const seq = (await get('/api/v1/facts?limit=1')).json.items[0].seq
    const asked = [['/healthz'], ['/readyz'], ['/api/v1/keys'], ['/api/v1/customers'], ['/api/v1/customers', '?q=178&sort=value&order=desc'],
        ['/api/v1/customers/{customer}', '', { customer }], ['/api/v1/customers/{customer}/timeline', '?limit=20', { customer }],
        ['/api/v1/customers/{customer}/proposals', '', { customer }], ['/api/v1/merges'], ['/api/v1/merge-suggestions'], ['/api/v1/facts'],
        ['/api/v1/facts/{seq}', '', { seq }], ['/api/v1/rejections'], ['/api/v1/traits'], ['/api/v1/products'],
        ['/api/v1/products/{product}', '', { product }], ['/api/v1/categories'], ['/api/v1/imports'], ['/api/v1/today'], ['/api/v1/settings']]
    for (const [pattern, query = '', values = {}] of asked) {
        const target = pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name])) + query
        const answer = await get(target)
        assert.equal(answer.status, 200, `${target}: ${answer.text}`)
        const valid = ajv.getSchema(`api#/paths/${pointer(pattern)}/get/responses/2XX/content/${pointer('application/json')}/schema`)
        assert.ok(valid, `${pattern} is in the document`)
        assert.ok(valid(answer.json), `${target}: ${ajv.errorsText(valid.errors)}`)
    }
    const decided = await call('POST', '/api/v1/decide', { customers: [customer, 'c1'], log: false })
    const valid = ajv.getSchema(`api#/paths/${pointer('/api/v1/decide')}/post/responses/2XX/content/${pointer('application/json')}/schema`)
    assert.ok(valid(decided.json), ajv.errorsText(valid.errors))
})

test('pages of a listing hold each customer once, in order', async () => {
    const seen = []
    for (let after = ''; after !== null;) {
        const { json } = await get(`/api/v1/customers?sort=value&order=desc&limit=500${after && `&after=${encodeURIComponent(after)}`}`)
        seen.push(...json.items)
        after = json.next
    }
    assert.equal(new Set(seen.map(customer => customer.id)).size, seen.length)
    assert.equal(seen.length, (await get('/api/v1/customers?limit=1')).json.total)
    seen.reduce((last, customer) => (assert.ok(customer.value <= last.value), customer))
})

test('hostile framing is refused and the server lives on', async () => {
    const auth = `Authorization: ${basic(writeKey).Authorization}\r\n`, body = '{"userId":"u","event":"Smuggled"}', n = body.length
    const post = (headers, text = body) => `POST /v1/track HTTP/1.1\r\n${auth}${headers}\r\n${text}`
    const bad = { 'two lengths': `Host: x\r\nContent-Length: ${n}\r\nContent-Length: 3\r\n`, 'equal lengths': `Host: x\r\nContent-Length: ${n}\r\nContent-Length: ${n}\r\n`,
        'length and chunks': `Host: x\r\nContent-Length: ${n}\r\nTransfer-Encoding: chunked\r\n`, 'signed length': `Host: x\r\nContent-Length: +${n}\r\n`,
        'list of lengths': `Host: x\r\nContent-Length: ${n},3\r\n`, 'hex length': 'Host: x\r\nContent-Length: 0x21\r\n', 'empty length': 'Host: x\r\nContent-Length:\r\n',
        'space before colon': `Host: x\r\nContent-Length : ${n}\r\n`, 'folded line': `Host: x\r\nX-A: b\r\n c\r\nContent-Length: ${n}\r\n`, 'no host': `Content-Length: ${n}\r\n`,
        'two hosts': `Host: x\r\nHost: y\r\nContent-Length: ${n}\r\n`, 'NUL': `Host: x\r\nX-A: \0\r\nContent-Length: ${n}\r\n`,
        'large header': `Host: x\r\nX-A: ${'a'.repeat(100_000)}\r\nContent-Length: ${n}\r\n`, 'many headers': `Host: x\r\n${'X-A: b\r\n'.repeat(10_000)}Content-Length: ${n}\r\n` }
    for (const [name, headers] of Object.entries(bad)) {
        const answer = await raw(server.port, post(headers))
        assert.match(answer, /^(HTTP\/1\.[01] 4\d\d |$)/, name)
        assert.ok(!/ 200 /.test(answer), name)
    }
    const chunk = await raw(server.port, post('Host: x\r\nTransfer-Encoding: chunked\r\n', `0x21\r\n${body}\r\n0\r\n\r\n`))
    assert.match(chunk, /^(HTTP\/1\.[01] 4\d\d |$)/)
    assert.match(await raw(server.port, 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 (4|5)\d\d /)
    assert.match(await raw(server.port, '\x16\x03\x01\0\0 not HTTP at all \r\n\r\n'), /^(HTTP\/1\.[01] 4\d\d |$)/)
    assert.equal((await get('/healthz')).status, 200)
    assert.ok(!(await exported('facts', shop)).some(fact => fact.event === 'Smuggled'))
})

test('metrics, and files of the console, answer', async () => {
    const metrics = await get('/metrics')
    assert.match(metrics.headers['content-type'], /openmetrics-text/)
    assert.ok(metrics.text.endsWith('# EOF\n'))
    assert.match(metrics.text, /^tendero_facts \d+$/m)
    if (existsSync(path.join(ROOT, 'console/dist/index.html'))) assert.equal((await get('/')).status, 200)
    assert.ok([400, 404].includes((await raw(server.port, 'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).slice(9, 12) * 1))
})
