// What tests of what the shop understands of its customers begin with.
import assert from 'node:assert/strict'
import { until } from './lib.mjs'

const DAY = 86_400_000, START = Date.now() - 210 * DAY

/** A number between 0 and 1, the same in each run. */
export function chance(seed) {
    let state = seed >>> 0
    return () => {
        state = (state + 0x6D2B79F5) >>> 0
        let t = Math.imul(state ^ (state >>> 15), state | 1)
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296
    }
}

/** Customers who come at any time of the first 100 days, buy every 5 to 60 days, and stay away for good with a chance of 1 in 6. */
export function orders(n, seed = 7) {
    const any = chance(seed), events = []
    for (let i = 0; i < n; i++) {
        const gap = 5 + 55 * any()
        for (let day = 100 * any(), k = 0; day < 209; day += 1 - gap * Math.log(any()), k++) {
            if (k && any() < 1 / 6) break
            events.push({ type: 'track', userId: `u${i}`, event: 'Order Completed', messageId: `m${i}-${k}`,
                          timestamp: new Date(START + day * DAY).toISOString(),
                          properties: { order_id: `o${i}-${k}`, revenue: Math.round(2000 + 4000 * any()) / 100 } })
        }
    }
    return events
}

export async function fill(s, events) {
    for (let i = 0; i < events.length; i += 500) await s.send(events.slice(i, i + 500))
}

/** The job's end. */
export async function ended(s, job) {
    assert.equal(job.status, 202, JSON.stringify(job.body))
    let last
    await until('the job ends', async () => (last = (await s.call('GET', `/imports/${job.body.id}`)).body).endedAt)
    return last
}
