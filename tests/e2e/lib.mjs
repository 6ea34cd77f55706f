// A real program on a data folder of its own: started, killed, asked, looked into.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const ROOT = process.env.TENDERO_ROOT ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
export const BIN = process.env.TENDERO_BIN ?? path.join(ROOT, 'build/tendero')
export const FULL = process.env.TENDERO_E2E_SCALE === 'full'
const WAIT_MS = 120_000 // a sanitized program on a busy machine; nothing is asserted about time

export const sleep = ms => new Promise(done => setTimeout(done, ms))
export const pick = list => list[Math.floor(Math.random() * list.length)]
export const between = (low, high) => low + Math.floor(Math.random() * (high - low + 1))

/** until(what, ask): repeats until ask() is truthy and returns that; fails with `what` after a long time. */
export async function until(what, ask) {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(20)) {
        const answer = await ask()
        if (answer) return answer
    }
    assert.fail(`waited too long: ${what}`)
}

/** A folder that goes away with the test. Its path stays short: the program's socket lies in it. */
export function folder(t) {
    const dir = mkdtempSync(path.join(tmpdir(), 'tendero-'))
    t.after(() => rmSync(dir, { recursive: true, force: true }))
    return dir
}

/** A command to its end, waited for without stopping this process: a server beside it may need answers. */
export function run(args, { dir, env, input, bin = BIN } = {}) {
    const child = spawn(bin, [...args, ...(dir ? ['--data', dir] : [])], { env: { ...process.env, ...env } })
    const out = [], err = []
    child.stdout.on('data', piece => out.push(piece))
    child.stderr.on('data', piece => err.push(piece))
    child.stdin.on('error', () => {}) // a command that needs no input may be gone before it is written
    child.stdin.end(input ?? '')
    const ended = new Promise((done, fail) => {
        child.on('error', fail)
        child.on('close', (code, signal) => done({
            code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(),
        }))
    })
    return Object.assign(ended, { child })
}

/** The same, and it must succeed: its standard output. */
export async function ok(args, options) {
    const end = await run(args, options)
    assert.equal(end.code, 0, `tendero ${args.join(' ')}: code ${end.code} ${end.signal ?? ''}\n${end.stderr}`)
    return end.stdout
}

export const lines = text => text.split('\n').filter(Boolean).map(line => JSON.parse(line))
export const exported = async (what, dir, options) => lines(await ok(['export', what], { dir, ...options }))

/** The facts of a log of any size: their messageIds, and the sum of all that was exported. */
export async function exportedIds(dir, bin = BIN) {
    const child = spawn(bin, ['export', 'facts', '--data', dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise(done => child.on('close', done))
    const sum = createHash('sha256'), ids = []
    for await (const line of createInterface({ input: child.stdout })) {
        sum.update(`${line}\n`)
        ids.push(JSON.parse(line).messageId)
    }
    assert.equal(await ended, 0)
    return { ids, sum: sum.digest('hex') }
}

export async function key(dir, scope, options) {
    const out = await ok(['key', 'create', '--scope', scope], { dir, ...options })
    return out.trim().split('\n').at(-1)
}

/** What the SQLite command line thinks of the database; a copy, so that the original is not touched. */
export function integrity(dir) {
    const copy = mkdtempSync(path.join(tmpdir(), 'tendero-look-'))
    try {
        for (const name of readdirSync(dir))
            if (/^tendero\.db/.test(name)) cpSync(path.join(dir, name), path.join(copy, name))
        const look = spawnSync('sqlite3', [path.join(copy, 'tendero.db'), 'PRAGMA integrity_check; PRAGMA foreign_key_check'])
        if (look.error) throw look.error
        return (look.stdout.toString() + look.stderr.toString()).trim()
    } finally {
        rmSync(copy, { recursive: true, force: true })
    }
}

/** Each of `acknowledged` exactly once among the facts' ids; none of these twice. Ends a durability test. */
export function exactlyOnce(ids, acknowledged) {
    const seen = new Map()
    for (const id of ids)
        if (id) seen.set(id, (seen.get(id) ?? 0) + 1)
    const lost = [...acknowledged].filter(id => !seen.has(id))
    const doubled = [...seen].filter(([, n]) => n > 1).map(([id]) => id)
    assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] })
    return seen
}

/** One request. {status, headers, text, json}; rejects when the connection breaks. */
export function ask(port, method, target, { body, headers = {}, agent, json } = {}) {
    const bytes = json === undefined ? body : JSON.stringify(json)
    const type = json === undefined ? {} : { 'Content-Type': 'application/json' }
    return new Promise((done, fail) => {
        const request = http.request({ port, host: '127.0.0.1', method, path: target, agent,
            headers: { ...type, ...(bytes === undefined ? {} : { 'Content-Length': Buffer.byteLength(bytes) }), ...headers } })
        request.on('error', fail)
        request.on('response', response => {
            const pieces = []
            response.on('data', piece => pieces.push(piece))
            response.on('error', fail)
            response.on('aborted', () => fail(new Error('the answer broke off')))
            response.on('end', () => {
                const text = Buffer.concat(pieces).toString()
                const isJson = /json/.test(response.headers['content-type'] ?? '') && !/ndjson/.test(response.headers['content-type'])
                done({ status: response.statusCode, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined })
            })
        })
        request.end(bytes)
    })
}

/** Bytes as they are, and what came back until the other side closed or was silent: for requests no library would send. */
export function raw(port, bytes, { silence = 1500 } = {}) {
    return new Promise(done => {
        const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
        const pieces = []
        const end = () => { socket.destroy(); done(Buffer.concat(pieces).toString('latin1')) }
        socket.setTimeout(silence, end)
        socket.on('data', piece => pieces.push(piece))
        socket.on('error', end)
        socket.on('close', end)
    })
}

export const basic = key => ({ Authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` })
export const bearer = key => ({ Authorization: `Bearer ${key}` })

const free = () => new Promise(done => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address()
        probe.close(() => done(port))
    })
})

let logs = 0

export class Server {
    constructor(dir, options) {
        Object.assign(this, { dir, bin: BIN, env: {}, args: [], port: 0, ...options })
    }

    /** Started and ready; a test's end stops it. options: env, args, bin, port. */
    static async start(t, dir, options = {}) {
        const server = new Server(dir, options)
        t.after(() => server.kill())
        await server.start()
        return server
    }

    log() { return readFileSync(this.logFile, 'utf8') }
    gone() { return this.child.exitCode !== null || this.child.signalCode !== null }

    /** Until it says on which port it is, or ends. */
    async launch() {
        this.clean()
        this.logFile = path.join(tmpdir(), `tendero-${process.pid}-${logs++}.log`) // not on the disk that a test fills
        const fd = openSync(this.logFile, 'w')
        this.child = spawn(this.bin, ['serve', '--data', this.dir, '--listen', `127.0.0.1:${this.port}`,
            '--log-requests', 'false', ...this.args], { env: { ...process.env, ...this.env }, stdio: ['ignore', 'ignore', fd] })
        closeSync(fd)
        this.ended = new Promise(done => this.child.on('exit', (code, signal) => done({ code, signal })))
        await until('the server to start', () => this.gone() || /"event":"started"/.test(this.log()))
        const started = this.log().split('\n').find(line => line.includes('"event":"started"'))
        if (started) this.port = JSON.parse(started).port
        return Boolean(started)
    }

    async start() {
        assert.ok(await this.launch(), `the server ended instead of starting:\n${existsSync(this.logFile) ? this.log() : ''}`)
        await until('/readyz', async () => (await this.ready()) || this.gone())
        assert.ok(!this.gone(), `the server ended:\n${this.log()}`)
    }

    async ready() {
        try {
            return (await ask(this.port, 'GET', '/readyz', { agent: false })).status === 200
        } catch {
            return false
        }
    }

    /** SIGTERM; it must end in order, with no leak or race that a sanitizer would report. */
    async stop() {
        this.child.kill('SIGTERM')
        const end = await this.ended
        assert.deepEqual(end, { code: 0, signal: null }, this.log())
    }

    /** kill -9 */
    async kill() {
        if (!this.child || this.gone()) return this.clean()
        this.child.kill('SIGKILL')
        await this.ended
        this.clean()
    }

    clean() {
        if (this.logFile) rmSync(this.logFile, { force: true })
    }

    ask(method, target, options) { return ask(this.port, method, target, options) }
}

export { free as freePort }
