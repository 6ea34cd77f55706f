// Raw load: connections that send singles and batches, send again what was not acknowledged, and note what was.
import http from 'node:http'
import { ask, basic, between, sleep } from './lib.mjs'

export class Load {
    /** server: anything with a port. Unanswered requests are sent again unless `abandon` says otherwise. */
    constructor(server, key, { connections = 6, batchMax = 120, tag = 'm' } = {}) {
        Object.assign(this, { server, batchMax, tag })
        this.headers = { ...basic(key), 'Content-Type': 'application/json' }
        this.acknowledged = new Set()
        this.sent = 0
        this.answers = new Map() // status -> how often
        this.flaws = []          // answers that are neither a success nor a proper error
        this.going = true
        this.loops = Array.from({ length: connections }, (_, i) => this.loop(i))
    }

    event() {
        const messageId = `${this.tag}-${this.sent++}`
        return { type: 'track', messageId, userId: `u${this.sent % 97}`, event: 'Product Added',
            properties: { product_id: `p${this.sent % 31}`, text: 'é'.repeat(this.sent % 40) } }
    }

    note(answer, ids) {
        this.answers.set(answer.status, (this.answers.get(answer.status) ?? 0) + 1)
        if (answer.status === 200 && answer.json?.success === true) ids.forEach(id => this.acknowledged.add(id))
        else if (![429, 500, 503].includes(answer.status) || answer.json?.success !== false || !answer.json.message)
            this.flaws.push(`${answer.status} ${answer.text}`)
        return answer.status === 200
    }

    async loop(i) {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
        while (this.going) {
            const single = i % 2 === 0
            const events = Array.from({ length: single ? 1 : between(1, this.batchMax) }, () => this.event())
            const target = single ? '/v1/track' : '/v1/batch'
            const json = single ? events[0] : { batch: events, sentAt: new Date().toISOString() }
            for (let done = false; !done && this.going;) {
                try {
                    const answer = await ask(this.server.port, 'POST', target, { json, headers: this.headers, agent })
                    done = this.note(answer, events.map(event => event.messageId))
                } catch {
                    done = Math.random() < 0.2 // a client that gives up: may be there or not, never twice
                }
                if (!done) await sleep(between(5, 40))
            }
        }
        agent.destroy()
    }

    async stop() {
        this.going = false
        await Promise.all(this.loops)
    }
}
