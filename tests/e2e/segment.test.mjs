// The Segment tracking contract as clients meet it: recorded requests of real libraries, and our own cases.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { before, after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ROOT, Server, ask, basic, bearer, exported, folder, key, raw, until } from './lib.mjs'

const CAPTURE = path.join(process.env.TENDERO_CONFORMANCE ?? path.join(ROOT, '../shared/conformance'), 'segment/capture.json')
const OTHER_KEY = 'WKEY123' // what the recording's clients were given

let server, dir, writeKey, readKey
const cleanups = []
before(async () => {
    const t = { after: f => cleanups.push(f) }
    dir = folder(t)
    writeKey = await key(dir, 'write')
    readKey = await key(dir, 'read')
    server = await Server.start(t, dir)
})
after(async () => {
    if (server && !server.gone()) await server.stop()
    for (const cleanup of cleanups.reverse()) await cleanup()
})

const post = (target, json, headers = basic(writeKey)) => ask(server.port, 'POST', target, { json, headers })
const facts = () => exported('facts', dir)
const factOf = async id => (await facts()).find(fact => fact.messageId === id)

function delivered(answer) {
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.text, '{"success":true}')
    assert.match(answer.headers['content-type'], /^application\/json/)
}

function refused(answer, status) {
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.json.success, false)
    assert.equal(typeof answer.json.code, 'string')
    assert.ok(answer.json.message.length > 10)
}

/** The recorded bytes: header lines as they stood, body as it was, only the key is one that this server knows. */
function recorded(request, knownKey) {
    const body = request.body.replaceAll(OTHER_KEY, knownKey)
    const head = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
        const [name, value] = request.rawHeaders.slice(i, i + 2)
        const old = Buffer.from(value.replace(/^Basic /, ''), 'base64').toString()
        if (/^content-length$/i.test(name)) head.push(`${name}: ${Buffer.byteLength(body)}`)
        else if (/^authorization$/i.test(name))
            head.push(`${name}: Basic ${Buffer.from(old.replace(OTHER_KEY, knownKey)).toString('base64')}`)
        else head.push(`${name}: ${/^connection$/i.test(name) ? 'close' : value}`)
    }
    return `${head.join('\r\n')}\r\n\r\n${body}`
}

const split = text => {
    const [head, ...body] = text.split('\r\n\r\n')
    return { status: Number(head.slice(9, 12)), head, body: body.join('\r\n\r\n') }
}

test('recorded requests of real clients get the right answers and become the right facts', { timeout: 600_000 }, async t => {
    if (!existsSync(CAPTURE)) return t.skip(`there is no ${CAPTURE}: set TENDERO_CONFORMANCE`)
    const requests = JSON.parse(readFileSync(CAPTURE)).filter(entry => entry.rawHeaders)
    assert.ok(requests.length > 10)
    const expected = new Map()
    for (const request of requests) {
        const answer = split(await raw(server.port, recorded(request, writeKey)))
        if (!request.url.startsWith('/v1/')) {
            assert.ok([404, 405].includes(answer.status), request.label)
            continue
        }
        assert.equal(answer.status, 200, `${request.label}: ${answer.body}`)
        assert.equal(answer.body, '{"success":true}', request.label)
        const { batch, sentAt } = JSON.parse(request.body)
        for (const event of batch) if (!expected.has(event.messageId)) expected.set(event.messageId, { event, sentAt })
    }
    const kept = new Map()
    for (const fact of await facts()) {
        if (!expected.has(fact.messageId)) continue
        assert.ok(!kept.has(fact.messageId), `${fact.messageId} is there twice`)
        kept.set(fact.messageId, fact)
    }
    for (const [id, { event, sentAt }] of expected) {
        const fact = kept.get(id)
        assert.ok(fact, `${id} is not there`)
        for (const member of ['type', 'event', 'userId', 'anonymousId', 'groupId', 'previousId', 'properties', 'traits', 'integrations'])
            assert.deepEqual(fact[member], event[member], `${id} ${member}`)
        assert.equal(Date.parse(fact.originalTimestamp), Date.parse(event.timestamp))
        assert.equal(Date.parse(fact.sentAt), Date.parse(sentAt))
        assert.ok(Date.parse(fact.timestamp) <= Date.parse(fact.receivedAt))
    }
    const unknown = split(await raw(server.port, recorded(requests[0], OTHER_KEY)))
    assert.equal(unknown.status, 401)
    assert.equal(JSON.parse(unknown.body).success, false)
})

test('every call has its path, its short path, and both with a slash', async () => {
    const calls = { track: { event: 'X' }, identify: { traits: { a: 1 } }, page: { name: 'P' }, screen: { name: 'S' },
        group: { groupId: 'g1' }, alias: { previousId: 'before' } }
    for (const [call, members] of Object.entries(calls))
        for (const target of [`/v1/${call}`, `/v1/${call[0]}`, `/v1/${call}/`]) {
            const messageId = `path-${target}`
            delivered(await post(target, { messageId, userId: `path-${call}`, ...members }))
            assert.equal((await factOf(messageId))?.type, call, target)
        }
    for (const target of ['/v1/batch', '/v1/b', '/v1/import', '/v1/import/']) {
        const messageId = `path-${target}`
        delivered(await post(target, { batch: [{ type: 'track', event: 'X', userId: 'u', messageId }] }))
        assert.ok(await factOf(messageId), target)
    }
    delivered(await post('/v1/m', { series: [] }))
    assert.ok([404, 405].includes((await post('/v1/nothing', {})).status))
})

test('the key comes in a Basic header, with or without colon, as Bearer, or in the body', async () => {
    const event = { userId: 'u', event: 'X' }
    const plain = { Authorization: `Basic ${Buffer.from(writeKey).toString('base64')}` }
    for (const [name, json, headers] of [['colon', event, basic(writeKey)], ['no colon', event, plain], ['bearer', event, bearer(writeKey)],
        ['body', { ...event, writeKey }, {}], ['both', { ...event, writeKey }, basic(writeKey)]]) {
        delivered(await post('/v1/track', { ...json, messageId: `key-${name}` }, headers))
        const fact = await factOf(`key-${name}`)
        assert.ok(fact, name)
        assert.ok(!('writeKey' in fact), 'a key is no part of an event')
    }
    delivered(await post('/v1/batch', { batch: [{ type: 'track', ...event, messageId: 'key-batch' }], writeKey }, {}))
    assert.ok(await factOf('key-batch'))
    refused(await post('/v1/track', event, {}), 401)
    refused(await post('/v1/track', event, basic('nobody')), 401)
    const wrong = await post('/v1/track', event, basic(readKey))
    assert.ok([401, 403].includes(wrong.status))
    assert.ok(!(await server.ask('GET', '/api/v1/customers', { headers: bearer(writeKey) })).json.items, 'a write key reads nothing')
})

test('bodies come as JSON, as text, without a type, compressed, in chunks', async () => {
    const send = (id, headers, body = JSON.stringify({ userId: 'u', event: 'X', messageId: id })) =>
        server.ask('POST', '/v1/track', { body, headers: { ...basic(writeKey), ...headers } })
    delivered(await send('type-text', { 'Content-Type': 'text/plain' }))
    delivered(await send('type-none', {}))
    const zipped = gzipSync(JSON.stringify({ userId: 'u', event: 'X', messageId: 'type-gzip' }))
    delivered(await send('', { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, zipped))
    const body = JSON.stringify({ userId: 'u', event: 'X', messageId: 'type-chunks' })
    const head = `POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(writeKey).Authorization}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
    const chunked = split(await raw(server.port, `${head}${[...body].map(c => `1\r\n${c}\r\n`).join('')}0\r\n\r\n`))
    assert.equal(chunked.status, 200, chunked.body)
    for (const id of ['type-text', 'type-none', 'type-gzip', 'type-chunks']) assert.ok(await factOf(id), id)
})

test('a page of another origin may send: preflight and answer say so', async () => {
    const origin = 'https://shop.example'
    const asked = await server.ask('OPTIONS', '/v1/t', { headers: { Origin: origin, 'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,x-retry-count' } })
    assert.equal(asked.status, 204)
    assert.equal(asked.headers['access-control-allow-origin'], origin)
    assert.equal(asked.headers['access-control-allow-credentials'], 'true')
    for (const name of ['authorization', 'content-type', 'x-retry-count'])
        assert.ok(asked.headers['access-control-allow-headers'].toLowerCase().includes(name))
    const answer = await post('/v1/t', { anonymousId: 'a', event: 'X' }, { ...basic(writeKey), Origin: origin })
    delivered(answer)
    assert.equal(answer.headers['access-control-allow-origin'], origin)
    const unknown = await post('/v1/t', { anonymousId: 'a', event: 'X' }, { Origin: origin })
    assert.equal(unknown.headers['access-control-allow-origin'], origin, 'a page reads why it is refused, too')
})

test('four times are kept, and a wrong clock of the sender is put right', async () => {
    const now = Date.now(), at = ms => new Date(ms).toISOString()
    const hour = 3_600_000
    delivered(await post('/v1/batch', { sentAt: at(now + hour), batch: [ // its clock is an hour ahead
        { type: 'track', event: 'X', userId: 't', messageId: 'time-ahead', timestamp: at(now + hour - 60_000) },
        { type: 'track', event: 'X', userId: 't', messageId: 'time-none' },
        { type: 'track', event: 'X', userId: 't', messageId: 'time-future', timestamp: at(now + 9 * hour) }] }))
    delivered(await post('/v1/track', { userId: 't', event: 'X', messageId: 'time-alone', timestamp: '2020-02-29T12:00:00.5+02:00' }))
    const ahead = await factOf('time-ahead'), none = await factOf('time-none')
    const future = await factOf('time-future'), alone = await factOf('time-alone')
    const received = Date.parse(ahead.receivedAt)
    assert.equal(Date.parse(ahead.timestamp), received - 60_000)
    assert.equal(Date.parse(ahead.originalTimestamp), now + hour - 60_000)
    assert.equal(Date.parse(ahead.sentAt), now + hour)
    assert.equal(none.timestamp, none.receivedAt)
    assert.equal(none.originalTimestamp, null)
    assert.equal(future.timestamp, future.receivedAt, 'never later than it came')
    assert.equal(Date.parse(future.originalTimestamp), now + 9 * hour)
    assert.equal(Date.parse(alone.timestamp), Date.parse('2020-02-29T10:00:00.500Z'))
    assert.equal(alone.sentAt, null)
})

test('the same messageId twice is one fact; from another source it is another', async () => {
    const event = { userId: 'u', event: 'X', messageId: 'same' }
    for (let i = 0; i < 3; i++) delivered(await post('/v1/track', event))
    delivered(await post('/v1/batch', { batch: [{ type: 'track', ...event }, { type: 'track', ...event }] }))
    assert.equal((await facts()).filter(fact => fact.messageId === 'same').length, 1)
    const second = await sourceKey('second shop')
    delivered(await post('/v1/track', event, basic(second)))
    assert.equal((await facts()).filter(fact => fact.messageId === 'same').length, 2)
})

async function sourceKey(source) {
    const admin = await key(dir, 'admin')
    const made = await ask(server.port, 'POST', '/api/v1/keys', { json: { scope: 'write', name: source, source }, headers: bearer(admin) })
    assert.equal(made.status, 201, made.text)
    return made.json.key
}

test('an event without messageId gets one', async () => {
    const before = (await facts()).length
    delivered(await post('/v1/track', { userId: 'made', event: 'Made' }))
    const fact = (await facts()).find(f => f.event === 'Made')
    assert.ok(fact.messageId?.length > 10)
    assert.equal((await facts()).length, before + 1)
})

test('a wrong request is refused with words; a wrong event alone is dropped and its batch succeeds', async () => {
    const send = body => server.ask('POST', '/v1/batch', { body, headers: { ...basic(writeKey), 'Content-Type': 'application/json' } })
    for (const body of ['', '{', '[]', '{"batch":7}', '{"batch":[}', '{"a":"\ud800', `{"batch":[${'['.repeat(2000)}`])
        refused(await send(body), 400)
    const many = JSON.stringify({ batch: Array.from({ length: 2501 }, () => ({ type: 'track', event: 'X', userId: 'u' })) })
    refused(await send(many), 400)
    delivered(await post('/v1/batch', { batch: [
        { type: 'track', event: 'X', messageId: 'drop-no-id' },
        { type: 'track', event: 'X', userId: 'u', messageId: 'drop-large', properties: { text: 'x'.repeat(40_000) } },
        { type: 'dance', userId: 'u', messageId: 'drop-type' },
        { type: 'track', event: 'X', userId: 'u', messageId: 'drop-not' }] }))
    const ids = (await facts()).map(fact => fact.messageId)
    assert.deepEqual(ids.filter(id => id?.startsWith('drop-')), ['drop-not'])
    const admin = await key(dir, 'admin')
    const rejections = await ask(server.port, 'GET', '/api/v1/rejections?limit=10', { headers: bearer(admin) })
    assert.equal(rejections.status, 200)
    const bodies = rejections.json.items.map(item => item.body).join()
    for (const id of ['drop-no-id', 'drop-large', 'drop-type']) assert.ok(bodies.includes(id), id)
    for (const item of rejections.json.items) assert.ok(item.reason.en && item.reason.es)
    const large = await server.ask('POST', '/v1/track', { body: 'x'.repeat((1 << 20) + 1), headers: basic(writeKey) })
    assert.ok([400, 413].includes(large.status), large.text)
})

test('the settings of the browser client, and a pixel that always is a picture', async () => {
    const settings = await server.ask('GET', `/v1/projects/${writeKey}/settings`, { headers: { Origin: 'https://shop.example' } })
    assert.equal(settings.status, 200)
    assert.deepEqual(Object.keys(settings.json.integrations), ['Segment.io'])
    assert.equal(settings.json.integrations['Segment.io'].apiKey, writeKey)
    assert.equal(settings.json.integrations['Segment.io'].apiHost, `127.0.0.1:${server.port}/v1`)
    const event = { anonymousId: 'mail', event: 'Email Opened', messageId: 'pixel', writeKey }
    for (const data of [Buffer.from(JSON.stringify(event)).toString('base64'), JSON.stringify({ ...event, messageId: 'pixel-raw' }), 'rubbish', '']) {
        const answer = await server.ask('GET', `/v1/pixel/track?data=${encodeURIComponent(data)}`)
        assert.equal(answer.status, 200)
        assert.equal(answer.headers['content-type'], 'image/gif')
        assert.ok(answer.text.startsWith('GIF89a'))
    }
    await until('both pixels', async () => (await factOf('pixel')) && factOf('pixel-raw'))
})
