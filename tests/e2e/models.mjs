// What the tests of decision models begin with.
import assert from 'node:assert/strict'
import { Server, ask, basic, bearer, folder, key } from './lib.mjs'

/** A server with a key for everything: raw answers, answers as JSON, events in. */
export async function shop(t) {
    const dir = folder(t)
    const server = await Server.start(t, dir)
    const headers = bearer(await key(dir, 'admin')), write = basic(await key(dir, 'write'))
    const raw = (method, where, json) => ask(server.port, method, `/api/v1${where}`, { headers, json })
    const call = async (method, where, json) => {
        const answer = await raw(method, where, json)
        return { status: answer.status, body: answer.text ? JSON.parse(answer.text) : null }
    }
    const send = async batch => assert.equal((await ask(server.port, 'POST', '/v1/batch', { headers: write, json: { batch } })).status, 200)
    return { dir, server, headers, raw, call, send }
}
export const rule = (tests, says) => ({ id: '', tests, says, note: '' })
export const GIFT = { name: 'Gift', note: 'begun', inputs: [{ name: 'spend', type: 'number' }, { name: 'orders', type: 'number' }], outputType: 'string' }

/** A model with that table, not saved yet. */
export async function gift({ call }, rules) {
    const made = await call('POST', '/models', GIFT)
    assert.equal(made.status, 201)
    const table = { ...made.body.tables[0], hitPolicy: 'UNIQUE', rules }
    return { id: made.body.model.id, table }
}
