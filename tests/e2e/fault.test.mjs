// The real program meets failing writes, syncs, a full disk and failing allocations, at its start and at work.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { FULL, ROOT, Server, ask, basic, exactlyOnce, exportedIds, folder, integrity, key, run } from './lib.mjs'

const PLAIN = process.env.TENDERO_PLAIN ?? ['build-plain', 'build'].map(name => path.join(ROOT, name))
    .find(dir => existsSync(path.join(dir, 'tendero')) && existsSync(path.join(dir, 'tests/fault/liballoc_fault.so')))
const SINGLES = 12, BATCHES = 3

/** Sends a little of everything; notes what was acknowledged. Broken connections are allowed, wrong answers not. */
async function traffic(server, writeKey, tag, acknowledged) {
    const headers = basic(writeKey)
    const send = async (target, json, ids) => {
        let answer
        try {
            answer = await ask(server.port, 'POST', target, { json, headers, agent: false })
        } catch (error) {
            return assert.match(error.code ?? error.message, /ECONNRESET|EPIPE|ECONNREFUSED|broke off|hang up/)
        }
        if (answer.status === 200) return ids.forEach(id => acknowledged.add(id))
        // With no memory even for words, a bare 500 or 503 is what is left.
        assert.ok([429, 500, 503].includes(answer.status), `${answer.status} ${answer.text}`)
    }
    for (let n = 0; n < SINGLES; n++) {
        const messageId = `${tag}-s${n}`
        await send('/v1/identify', { messageId, userId: `u${n}`, traits: { email: `u${n}@example.com`, n } }, [messageId])
    }
    for (let b = 0; b < BATCHES; b++) {
        const batch = Array.from({ length: 20 }, (_, i) => ({ type: 'track', messageId: `${tag}-b${b}-${i}`, event: 'Order Completed',
            userId: `u${i}`, properties: { order_id: `${tag}-${b}-${i}`, products: [{ product_id: `p${i}`, quantity: 1, price: 2 }] } }))
        await send('/v1/batch', { batch }, batch.map(event => event.messageId))
    }
}

/** A life with failures, from start to stop: it may refuse, with words; it may not crash. */
async function life(t, dir, writeKey, tag, acknowledged, options) {
    const server = new Server(dir, options)
    t.after(() => server.kill())
    const started = await server.launch()
    if (started) {
        await traffic(server, writeKey, tag, acknowledged)
        server.child.kill('SIGTERM')
    }
    const end = await server.ended
    // simdjson ends the process when memory fails before main, where nothing can be lost.
    if (!started && end.signal === 'SIGABRT' && /terminate called/.test(server.log())) return started
    assert.equal(end.signal, null, `${tag}: ${server.log()}`)
    assert.ok([0, 1].includes(end.code), `${tag}: code ${end.code}\n${server.log()}`)
    if (end.code === 1) assert.match(server.log(), /\w+ \w+/, `${tag}: refused without a word`)
    await server.kill()
    return started
}

/** Afterwards, without failures: all there, once, sound, and it serves. */
async function healthy(t, dir, writeKey, tag, acknowledged, bin) {
    assert.equal(integrity(dir), 'ok', tag)
    const server = new Server(dir, bin ? { bin } : {})
    t.after(() => server.kill())
    await server.start()
    const messageId = `${tag}-after`
    const answer = await ask(server.port, 'POST', '/v1/track', { json: { messageId, userId: 'u1', event: 'X' }, headers: basic(writeKey), agent: false })
    assert.equal(answer.status, 200, answer.text)
    acknowledged.add(messageId)
    await server.stop()
    await server.kill()
}

async function prepared(t, bin) {
    const dir = folder(t)
    return { dir, writeKey: await key(dir, 'write', bin ? { bin } : {}), acknowledged: new Set() }
}

/** Values of k to try: all where the scale is full, else some, growing. */
function values(last, few) {
    if (FULL) return Array.from({ length: last }, (_, i) => i + 1)
    return Array.from({ length: few }, (_, i) => 1 + Math.floor((last - 1) * (i / Math.max(1, few - 1)) ** 2))
}

const KINDS = [
    { kind: 'write', last: 260, few: 5, spec: k => `write:${k}` },
    { kind: 'write and all behind it', last: 260, few: 4, spec: k => `write:${k}-` },
    { kind: 'sync', last: 24, few: 5, spec: k => `sync:${k}` },
    { kind: 'full disk for a while', last: 240, few: 5, spec: k => `full:${k}-${k + 12}` },
    { kind: 'SQLite\'s allocation', last: 9000, few: 7, spec: k => `alloc:${k}` },
    { kind: 'read', last: 160, few: 3, spec: k => `read:${k}` },
    { kind: 'open', last: 40, few: 3, spec: k => `open:${k}` },
]

for (const { kind, last, few, spec } of KINDS)
    test(`a failing ${kind}: refused cleanly, nothing acknowledged lost`, { timeout: 3_600_000 }, async t => {
        const { dir, writeKey, acknowledged } = await prepared(t)
        let worked = 0
        for (const k of values(last, few)) {
            const tag = spec(k)
            worked += await life(t, dir, writeKey, tag, acknowledged, { env: { TENDERO_FAULT: spec(k) } })
            await healthy(t, dir, writeKey, tag, acknowledged)
        }
        exactlyOnce((await exportedIds(dir)).ids, acknowledged)
        assert.ok(worked > 0, 'no start succeeded: the failures were never met at work')
    })

test('a start on a new folder while writes fail leaves a folder that can be used', { timeout: 3_600_000 }, async t => {
    for (const k of values(80, 5)) {
        const dir = folder(t)
        const end = await run(['key', 'create', '--scope', 'write'], { dir, env: { TENDERO_FAULT: `write:${k}` } })
        assert.equal(end.signal, null, end.stderr)
        assert.ok([0, 1].includes(end.code), `code ${end.code}: ${end.stderr}`)
        const acknowledged = new Set()
        await healthy(t, dir, await key(dir, 'write'), 'first', acknowledged)
        exactlyOnce((await exportedIds(dir)).ids, acknowledged)
    }
})

test('a wrong TENDERO_FAULT is said, not ignored', async t => {
    const end = await run(['serve', '--listen', '127.0.0.1:0'], { dir: folder(t), env: { TENDERO_FAULT: 'wrong:1' } })
    assert.equal(end.code, 1)
    assert.match(end.stderr, /TENDERO_FAULT/)
})

test('failing allocations of the whole process: no crash, nothing acknowledged lost', { timeout: 3_600_000 }, async t => {
    if (!PLAIN) return t.skip('needs build-plain/tendero and its liballoc_fault.so: no sanitizer goes with them')
    const bin = path.join(PLAIN, 'tendero'), preload = path.join(PLAIN, 'tests/fault/liballoc_fault.so')
    const { dir, writeKey, acknowledged } = await prepared(t, bin)
    let worked = 0
    const specs = [...values(30_000, 8).map(String), ...(FULL ? [50, 100, 200, 400, 800, 1600] : [200, 1600]).map(n => `every:${n}:${n}`)]
    for (const spec of specs) {
        worked += await life(t, dir, writeKey, `m${spec}`, acknowledged, { bin, env: { LD_PRELOAD: preload, TENDERO_ALLOC_FAIL: spec } })
        await healthy(t, dir, writeKey, `m${spec}`, acknowledged, bin)
    }
    exactlyOnce((await exportedIds(dir, bin)).ids, acknowledged)
    assert.ok(worked > 0, 'no start succeeded: the failures were never met at work')
})
