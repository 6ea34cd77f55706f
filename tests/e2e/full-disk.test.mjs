// A disk that fills up: refusals that say why, nothing acknowledged lost, service when there is room again.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Server, ask, basic, exactlyOnce, exportedIds, integrity, key, until } from './lib.mjs'

const MIB = 1 << 20

/** A file system of 24 MiB, or null where this user may not mount one. */
function smallDisk(t) {
    const dir = mkdtempSync(path.join(tmpdir(), 'tendero-disk-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir]).status === 0
    t.after(() => {
        if (mounted) spawnSync('umount', ['-l', dir])
        rmSync(dir, { recursive: true, force: true })
    })
    return mounted ? dir : null
}

function batch(n) {
    return { batch: Array.from({ length: 50 }, (_, i) => ({ type: 'track', messageId: `full-${n}-${i}`, userId: `u${i}`,
        event: 'Product Viewed', properties: { text: 'x'.repeat(1500) } })) }
}

/** What is taken until the first refusal: its messageIds, and the refusal. */
async function fill(server, headers, acknowledged) {
    for (let n = 0; n < 2000; n++) {
        const answer = await ask(server.port, 'POST', '/v1/batch', { json: batch(n), headers })
        if (answer.status !== 200) return answer
        batch(n).batch.forEach(event => acknowledged.add(event.messageId))
    }
    assert.fail('the disk did not fill')
}

test('a full disk is refused cleanly and service resumes', { timeout: 600_000 }, async t => {
    const disk = smallDisk(t)
    if (!disk) return t.skip('no right to mount a small file system here')
    const dir = path.join(disk, 'data'), ballast = path.join(disk, 'ballast')
    mkdirSync(dir)
    const writeKey = await key(dir, 'write')
    writeFileSync(ballast, Buffer.alloc(8 * MIB))
    const server = await Server.start(t, dir, { env: { TMPDIR: '/tmp' } })
    const headers = basic(writeKey), acknowledged = new Set()

    const refusal = await fill(server, headers, acknowledged)
    assert.equal(refusal.status, 503, refusal.text)
    assert.equal(refusal.json.success, false)
    assert.ok(Number(refusal.headers['retry-after']) > 0)
    const ready = await server.ask('GET', '/readyz')
    assert.equal(ready.status, 503)
    assert.match(ready.text, /full|space/i)
    assert.equal((await server.ask('GET', '/healthz')).status, 200)
    const left = statfsSync(disk)
    assert.ok(left.bavail * left.bsize < 4 * MIB, 'it was the disk')

    for (let n = 0; n < 5; n++) { // it goes on refusing, and reads go on
        const again = await server.ask('POST', '/v1/track', { json: { userId: 'u1', event: 'X', messageId: `late-${n}`,
            properties: { text: 'x'.repeat(20_000) } }, headers })
        assert.ok([200, 503].includes(again.status), again.text)
        if (again.status === 200) acknowledged.add(`late-${n}`)
    }

    rmSync(ballast)
    await until('service after room was made', async () => {
        const answer = await server.ask('POST', '/v1/track', { json: { userId: 'u1', event: 'Back', messageId: 'back' }, headers })
        return answer.status === 200
    })
    acknowledged.add('back')
    await until('/readyz', () => server.ready())
    await server.stop()
    exactlyOnce((await exportedIds(dir)).ids, acknowledged)
    assert.equal(integrity(dir), 'ok')
})

test('a start on a full disk says so, and works once there is room', { timeout: 600_000 }, async t => {
    const disk = smallDisk(t)
    if (!disk) return t.skip('no right to mount a small file system here')
    const dir = path.join(disk, 'data'), ballast = path.join(disk, 'ballast')
    mkdirSync(dir)
    const writeKey = await key(dir, 'write'), acknowledged = new Set()
    const first = await Server.start(t, dir)
    await fill(first, basic(writeKey), acknowledged)
    await first.kill()
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 4096)))

    const second = new Server(dir)
    t.after(() => second.kill())
    if (await second.launch()) {
        const answer = await second.ask('POST', '/v1/batch', { json: batch(5000), headers: basic(writeKey) })
        assert.equal(answer.status, 503, answer.text)
        await second.kill()
    } else {
        assert.deepEqual(await second.ended, { code: 1, signal: null }, second.log())
        assert.match(second.log(), /full|space/i)
    }
    rmSync(ballast)
    // The disk is still as full as the first server left it: reading needs no more than this.
    exactlyOnce((await exportedIds(dir)).ids, acknowledged)
    assert.equal(integrity(dir), 'ok')
})
