// kill -9 at any moment: what was acknowledged is there, once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL, Server, between, exactlyOnce, exportedIds, folder, freePort, integrity, key, sleep, until } from './lib.mjs'
import { Load } from './load.mjs'

const KILLS = FULL ? 200 : 8

test(`${KILLS} kills under load lose and double nothing`, { timeout: 3_600_000 }, async t => {
    const dir = folder(t)
    const writeKey = await key(dir, 'write')
    const server = await Server.start(t, dir, { port: await freePort() })
    const load = new Load(server, writeKey)
    t.after(() => load.stop())

    for (let kill = 0; kill < KILLS; kill++) {
        const before = load.acknowledged.size
        // Mostly under full load; now and then while it still starts, or before anything was answered.
        if (kill % 4 !== 3) await until('an acknowledgement', () => load.acknowledged.size > before)
        await sleep(between(0, 250))
        await server.kill()
        if (kill % 10 === 1) assert.equal(integrity(dir), 'ok')
        if (kill % 4 === 2) {
            const second = server.launch() // and killed again in the middle of its recovery
            await sleep(between(0, 60))
            server.child.kill('SIGKILL')
            await second
        }
        await server.start()
    }
    const before = load.acknowledged.size
    await until('service after the last kill', () => load.acknowledged.size > before)
    await load.stop()

    const running = await exportedIds(dir) // through the server
    await server.stop()
    const stopped = await exportedIds(dir) // and without it
    assert.equal(stopped.sum, running.sum)
    exactlyOnce(stopped.ids, load.acknowledged)
    assert.deepEqual(load.flaws, [])
    assert.ok(load.acknowledged.size > KILLS, 'the load was real')
    assert.equal(integrity(dir), 'ok')
})
