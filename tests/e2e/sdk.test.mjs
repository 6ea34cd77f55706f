// The official client, unchanged but for its host, while the server is killed under it.
import { Analytics } from '@segment/analytics-node'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL, Server, between, exactlyOnce, exported, folder, freePort, integrity, key, sleep } from './lib.mjs'

const EVENTS = FULL ? 100_000 : 6_000
const KILLS = FULL ? 20 : 4

function client(port, writeKey) {
    const analytics = new Analytics({ writeKey, host: `http://127.0.0.1:${port}`, flushAt: 50, flushInterval: 200,
        maxRetries: 100_000 })
    analytics.failures = []
    analytics.on('error', error => analytics.failures.push(error))
    return analytics
}

/** An event of every kind that a shop's server sends, told apart by n. */
function send(analytics, n) {
    const userId = `u-${n % 700}`
    if (n % 40 === 0) analytics.identify({ userId, traits: { email: `${userId}@example.com`, n } })
    else if (n % 41 === 0) analytics.page({ anonymousId: `a-${n % 90}`, name: 'Start', properties: { n } })
    else analytics.track({ userId, event: 'Product Viewed', properties: { n, product_id: `p${n % 50}` } })
}

test(`@segment/analytics-node delivers ${EVENTS} events over ${KILLS} kills, each exactly once`, { timeout: 3_600_000 }, async t => {
    const dir = folder(t)
    const writeKey = await key(dir, 'write')
    const server = await Server.start(t, dir, { port: await freePort() })
    const analytics = client(server.port, writeKey)

    let n = 0
    const sending = async to => {
        while (n < to) {
            for (let i = 0; i < 50 && n < to; i++) send(analytics, n++)
            await sleep(1) // the client's own queue and its connections get their turn
        }
    }
    for (let kill = 1; kill <= KILLS; kill++) {
        const sent = sending(Math.floor((EVENTS * kill) / (KILLS + 1)))
        await sleep(between(1, 300))
        await server.kill()
        await sleep(between(0, 200))
        await server.start()
        await sent
    }
    await sending(EVENTS)
    await analytics.closeAndFlush({ timeout: 1_800_000 })
    assert.deepEqual(analytics.failures, [])
    await server.stop()

    const facts = await exported('facts', dir)
    exactlyOnce(facts.map(fact => fact.messageId), [])
    const numbers = facts.filter(fact => fact.messageId)
        .map(fact => fact.properties?.n ?? fact.traits?.n).sort((a, b) => a - b)
    assert.equal(numbers.length, EVENTS)
    assert.deepEqual(numbers, Array.from({ length: EVENTS }, (_, i) => i))
    assert.equal(integrity(dir), 'ok')
})
