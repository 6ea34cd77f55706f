#!/usr/bin/env node
// bench/run.mjs --build DIR --write FILE [--scale small|default|full] [--only rules|insight]: measures a server as its users meet it, beside the
// least that could be done instead, in one run, and writes the report. small: seconds, to see that it works.
// default: 2 M events, 200,000 customers. full: 20 M events, 1 M customers; the reads are measured at 10 M. Rules are always
// measured over 10 M customers (small: 1 M). --only keeps the other figures of the last run in DIR.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { insight, insight_text } from './insight.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const option = (name, usual) => { const at = args.indexOf(`--${name}`); return at < 0 ? usual : args[at + 1]; };
const build = path.resolve(option('build', path.join(root, 'build-bench')));
const report = option('write', '');
const scale = option('scale', 'default');
const sizes = {
  small: { events: 200_000, reads_at: 200_000, customers: 20_000, seconds: 2 },
  default: { events: 2_000_000, reads_at: 2_000_000, customers: 200_000, seconds: 8 },
  full: { events: 20_000_000, reads_at: 10_000_000, customers: 1_000_000, seconds: 8 },
}[scale];
if (!sizes) throw new Error(`--scale ${scale}: small, default or full`);
const work = fs.mkdtempSync(path.join(option('folder', os.tmpdir()), 'tendero-bench-'));
const bin = path.join(build, 'tendero');
const httpload = path.join(build, 'bench', 'httpload');
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }));
const say = text => process.stderr.write(`bench: ${text}\n`);
const sleep = ms => new Promise(done => setTimeout(done, ms));

// ---- a server ----
async function serve(data, { pin } = {}) {
  const command = pin === undefined ? [bin] : ['taskset', '-c', String(pin), bin];
  const began = performance.now();
  const child = spawn(command[0], [...command.slice(1), 'serve', '--data', data, '--listen', '127.0.0.1:0',
    '--log-requests', 'false'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  const port = await new Promise((done, fail) => {
    child.stderr.on('data', piece => {
      text += piece;
      const line = text.split('\n').find(l => l.includes('"started"'));
      if (line) done(JSON.parse(line).port);
    });
    child.on('exit', code => fail(new Error(`the server ended with ${code}: ${text}`)));
  });
  const server = { child, port, data, start_ms: performance.now() - began };
  server.stop = signal => new Promise(done => { child.removeAllListeners('exit'); child.on('exit', done); child.kill(signal); });
  server.rss_mb = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
  return server;
}
const key = (data, scope) => run(bin, ['key', 'create', '--scope', scope, '--data', data]).trim().split('\n').pop();
function run(command, list, options = {}) {
  const done = spawnSync(command, list, { encoding: 'utf8', maxBuffer: 1 << 30, ...options });
  if (done.status !== 0) throw new Error(`${command} ${list.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
function load(port, file, connections, { count, seconds = sizes.seconds, warmup = 0, first = 0 } = {}) {
  const list = ['--port', String(port), '--connections', String(connections), '--requests', file,
    '--warmup', String(warmup), '--first', String(first), ...(count ? ['--count', String(count)] : ['--seconds', String(seconds)])];
  const result = JSON.parse(run(httpload, list));
  if (result.errors || Object.keys(result.statuses).some(s => s !== '200'))
    throw new Error(`load failed: ${JSON.stringify(result)}`);
  return result;
}

/** The same in slices until the work has ended: the slice with the highest p99, and the longest wait of all. */
async function load_meanwhile(port, file, connections, work) {
  let going = true, slowest = null, longest = 0;
  work.finally(() => { going = false; });
  while (going) {
    const child = spawn(httpload, ['--port', String(port), '--connections', String(connections), '--requests', file, '--seconds', '2', '--warmup', '0']);
    let out = '';
    child.stdout.on('data', piece => { out += piece; });
    await new Promise(done => child.on('exit', done));
    const slice = JSON.parse(out).latency_us;
    longest = Math.max(longest, slice.max);
    if (!slowest || slice.p99 > slowest.p99) slowest = slice;
  }
  return { ...slowest, max: longest };
}

// ---- requests ----
const http = (method, url, bearer, body = '') => Buffer.from(`${method} ${url} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${bearer}\r\n`
  + `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
const names = ['Product Viewed', 'Page Read', 'Cart Viewed', 'Search Made', 'Video Played'];
function event(n) {  // some 430 bytes, as client libraries send; one in twenty is an order of three lines
  const user = (n * 7919) % sizes.customers, order = n % 20 === 0;
  const product = k => ({ product_id: `p${(n * 31 + k * 977) % 20000}`, price: (100 + (n + k) % 9900) / 100, quantity: 1 });
  return { type: 'track', event: order ? 'Order Completed' : names[n % names.length], userId: `u${user}`,
    messageId: `m-${n}-@@@@@@@@@@@@`, timestamp: '2026-11-23T10:00:00.000Z',
    context: { library: { name: 'bench', version: '1.0.0' }, locale: 'en-GB',
      page: { url: `https://shop.example/p/${n % 9999}`, title: 'A product page of the shop' } },
    properties: order ? { order_id: `o-${n}-@@@@@@@@@@@@`, currency: 'EUR', products: [product(1), product(2), product(3)] }
      : { ...product(0), category: `c${n % 50}`, note: 'a text of some length, as shops like to send along' } };
}
function write_requests(file, count, make) {
  const out = fs.openSync(file, 'w');
  for (let i = 0; i < count; i++) fs.writeSync(out, make(i));
  fs.closeSync(out);
}

// ---- limits of the machine ----
function limits() {
  const file = path.join(work, 'sync'), fd = fs.openSync(file, 'w');
  const began = performance.now(), page = Buffer.alloc(4096, 1);
  let n = 0;
  for (; performance.now() - began < 1500; n++) { fs.writeSync(fd, page, 0, 4096, 0); fs.fdatasyncSync(fd); }
  const syncs = n / ((performance.now() - began) / 1000);
  fs.closeSync(fd);
  const a = Buffer.alloc(64 << 20, 1), b = Buffer.alloc(64 << 20);
  const from = performance.now();
  for (let i = 0; i < 20; i++) a.copy(b);
  return { fdatasyncs_per_s: Math.round(syncs), memcpy_gb_per_s: 20 * 64 / 1024 / ((performance.now() - from) / 1000) };
}

// ---- the measurements ----
async function ingest(result) {
  const data = path.join(work, 'ingest'), file = path.join(work, 'batches');
  let server = await serve(data);
  const write = key(data, 'write'), admin = key(data, 'admin'), per = 500;
  write_requests(file, Math.ceil(sizes.customers / per), r =>
    http('POST', '/v1/batch', write, JSON.stringify({ batch: Array.from({ length: per }, (_, i) => event(r * per + i)) })));
  const step = Math.min(1_000_000, sizes.events);
  result.ingest = { events: sizes.events, per_million: [], straight_seconds: 0 };
  let seconds = 0;
  for (let done = 0; done < sizes.events; done += step) {
    const part = load(server.port, file, 16, { count: step / per, first: 2 * done });  // an order takes two numbers
    seconds += part.seconds;
    result.ingest.straight_seconds += straight(data, 'straight.db', 500, step).seconds;
    result.ingest.per_million.push(Math.round(step / part.seconds));
    say(`${(done + step) / 1e6} M events, ${Math.round(step / part.seconds)}/s`);
    if (done + step === sizes.reads_at) {
      result.rss_mb = server.rss_mb();
      reads(server, admin, result);
      await server.stop('SIGTERM');
      server = await serve(data);
      result.start_ms = server.start_ms;
      await server.stop('SIGKILL');
      server = await serve(data);
      result.start_after_kill_ms = server.start_ms;
    }
  }
  result.ingest.per_second = Math.round(sizes.events / seconds);
  const metrics = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  const kept = Number(/^tendero_facts (\d+)/m.exec(metrics)[1]);
  if (kept < sizes.events) throw new Error(`${kept} facts are there of ${sizes.events} events: the rate means nothing`);
  single(server, write, result);
  await server.stop('SIGTERM');
  result.ingest.straight_500 = Math.round(sizes.events / result.ingest.straight_seconds);
  result.ingest.straight_10000 = straight(data, 'straight-10000.db', 10000, step).per_second;
  fs.rmSync(data, { recursive: true });
}
/* The same rows once more into a file of the baseline's own: in turns with the server, since a disk and a virtual
 * machine's memory are not the same at the first and at the twentieth million. */
const straight = (data, file, group, rows) => JSON.parse(run(path.join(build, 'bench', 'straight'),
  [path.join(data, 'tendero.db'), path.join(work, file), String(group), String(rows)]));
function reads(server, admin, result) {
  const file = path.join(work, 'pages');
  for (const [name, tail] of [['page', ''], ['timeline', '/timeline'], ['proposals', '/proposals']]) {
    write_requests(file, 2000, i => http('GET', `/api/v1/customers/c${1 + (i * 7919) % sizes.customers}${tail}`, admin));
    result[name] = load(server.port, file, 1, { seconds: sizes.seconds / 2, warmup: 1 }).latency_us;
  }
  write_requests(file, 1, () => http('GET', '/api/v1/customers?sort=value&order=desc', admin));
  result.list = load(server.port, file, 1, { seconds: 2 }).latency_us;
}
function single(server, write, result) {
  const file = path.join(work, 'singles'), bare_port = 18000 + process.pid % 4000;
  write_requests(file, 2000, i => http('POST', '/v1/track', write, JSON.stringify(event(i))));
  const bare = spawn(path.join(build, 'bench', 'bare_http'), [String(bare_port)], { stdio: 'ignore' });
  spawnSync('sleep', ['0.5']);
  const baseline = load(bare_port, file, 64, { warmup: 1 });
  bare.kill();
  const ours = load(server.port, file, 64, { warmup: 1 });
  result.single = { per_second: ours.per_second, latency_us: ours.latency_us, bare_per_second: baseline.per_second,
    bare_latency_us: baseline.latency_us };
}
async function shop(result) {
  const data = path.join(work, 'shop');
  const orders = path.join(root, 'data/online-retail/online_retail_2010-12_2011-05.csv.gz');
  let server = await serve(data);
  run(bin, ['import', orders, '--as', 'online-retail', '--data', data]);
  const admin = key(data, 'admin');
  const jobs = await (await fetch(`http://127.0.0.1:${server.port}/api/v1/imports`, { headers: { authorization: `Bearer ${admin}` } })).json();
  result.import = { rows: jobs.items[0].rows, per_second: jobs.items[0].rowsPerSecond };
  await server.stop('SIGTERM');
  server = await serve(data, { pin: 0 });
  await sleep(3000);  // the model is fitted at start
  const file = path.join(work, 'decide');
  const ask = body => http('POST', '/api/v1/decide', admin, JSON.stringify(body));
  const customer = i => `c${1 + (i * 131) % 2700}`;
  for (const [name, log] of [['decide', true], ['decide_unlogged', false]]) {
    write_requests(file, 2000, i => ask({ customer: customer(i), log }));
    const got = load(server.port, file, 64, { warmup: 1 });
    result[name] = { per_second: got.per_second, latency_us: got.latency_us };
  }
  write_requests(file, 100, r => ask({ customers: Array.from({ length: 100 }, (_, i) => customer(r * 100 + i)) }));
  result.decide_batch = { per_second: load(server.port, file, 4, { warmup: 1 }).per_second * 100 };
  await server.stop('SIGTERM');
}

// ---- rules: columns against reading the bytes once, the interpreter, SQLite, and DuckDB where npm can fetch it ----
function duckdb(file, threads) {
  const peers = path.join(root, 'bench/peers');
  if (!fs.existsSync(path.join(peers, 'node_modules')))
    if (spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: peers, stdio: 'ignore' }).status !== 0) return null;
  return JSON.parse(run(process.execPath, [path.join(peers, 'rules.mjs'), file, String(threads)], { cwd: peers }));
}
function rules() {
  const rows = scale === 'small' ? 1_000_000 : 10_000_000;
  const file = path.join(work, 'base.csv');
  const out = run(path.join(build, 'engine_columns-rules_bench'), [String(rows), file]);
  const figures = Object.fromEntries(out.trim().split('\n').map(line => JSON.parse(line)).map(f => [f.what, f]));
  figures.sqlite = JSON.parse(run(path.join(build, 'bench', 'rules_sqlite'), [file]));
  figures.duckdb = duckdb(file, 1);
  for (const peer of ['sqlite', 'duckdb'])
    if (figures[peer] && figures[peer].customers !== figures.audience.customers)
      throw new Error(`${peer} finds ${figures[peer].customers} customers, the columns ${figures.audience.customers}`);
  fs.rmSync(file);
  return figures;
}

// ---- the roster: a thousand audiences kept over a million customers, and over as many as the rules are measured over ----
function roster() {
  const measure = (customers, audiences) => {
    const data = path.join(work, 'roster');
    fs.mkdirSync(data);
    const figures = JSON.parse(run(path.join(build, 'insight-roster_bench'), [data, String(customers), String(audiences)]));
    fs.rmSync(data, { recursive: true });
    return figures;
  };
  return scale === 'small' ? [measure(50_000, 100)] : [measure(1_000_000, 1000), measure(10_000_000, 1000)];
}

// ---- the report ----
const n = value => Math.round(value).toLocaleString('en-GB');
const us = value => (value / 1000).toLocaleString('en-GB', { maximumFractionDigits: 2 });
const percent = (a, b) => `${Math.round(100 * a / b)} %`;
function text(r) {
  const rows = [
    ['events/s, durable, batches of 500 over HTTP', n(r.ingest.per_second), 'same rows straight into SQLite, 500 a transaction: ' + n(r.ingest.straight_500), percent(r.ingest.per_second, r.ingest.straight_500), '>= 60 %'],
    ['the same', n(r.ingest.per_second), '10,000 a transaction: ' + n(r.ingest.straight_10000), percent(r.ingest.per_second, r.ingest.straight_10000), ''],
    ['single events/s, 64 connections', n(r.single.per_second), 'bare evhttp that does no work: ' + n(r.single.bare_per_second), percent(r.single.per_second, r.single.bare_per_second), '>= 35 %'],
    ['their latency, ms: median, p99', `${us(r.single.latency_us.p50)}, ${us(r.single.latency_us.p99)}`, `${us(r.single.bare_latency_us.p50)}, ${us(r.single.bare_latency_us.p99)}`, '', 'p99 < 25'],
    ['order lines imported/s', n(r.import.per_second), '', '', '150,000'],
    ["one customer's page, ms: median, p99", `${us(r.page.p50)}, ${us(r.page.p99)}`, '', '', 'p99 < 3'],
    ['their timeline, ms: median, p99', `${us(r.timeline.p50)}, ${us(r.timeline.p99)}`, '', '', 'p99 < 3'],
    ['their proposals, ms: median, p99', `${us(r.proposals.p50)}, ${us(r.proposals.p99)}`, '', '', ''],
    ['first page of all customers by value, ms: median', us(r.list.p50), '', '', ''],
    ['decisions/s over HTTP, logged, server on one core', n(r.decide.per_second), '', '', '20,000'],
    ['decisions/s over HTTP, not logged, one core', n(r.decide_unlogged.per_second), '', '', ''],
    ['decisions/s, 100 customers a request, logged, one core', n(r.decide_batch.per_second), '', '', '20,000'],
    ['resident memory, MB', n(r.rss_mb), '', '', '< 400'],
    ['start, s: after a stop, after kill -9', `${(r.start_ms / 1000).toFixed(2)}, ${(r.start_after_kill_ms / 1000).toFixed(2)}`, '', '', '< 5'],
  ];
  const f = r.rules;
  const ms = value => value.toLocaleString('en-GB', { maximumFractionDigits: 1 });
  const times = (a, b) => `${(b / a).toLocaleString('en-GB', { maximumFractionDigits: 1 })} times`;
  const rule_rows = [
    [`five-condition audience over ${n(f.audience.rows)} customers, ms`, ms(f.audience.ms), `reading the same ${n(f.audience.bytes / 1e6)} MB once: ${ms(f.audience.read_once_ms)}`, `${(f.audience.ms / f.audience.read_once_ms).toFixed(1)} times as long`, 'within 3 times'],
    ...(f.duckdb ? [['the same', ms(f.audience.ms), `DuckDB, one thread: ${ms(f.duckdb.ms)}`, times(f.audience.ms, f.duckdb.ms) + ' as fast', 'faster']] : []),
    ['the same', ms(f.audience.ms), `SQLite, in memory: ${ms(f.sqlite.ms)}`, times(f.audience.ms, f.sqlite.ms) + ' as fast', ''],
    [`at least 2 of one event in 30 days, ${n(f.window.events)} events, ms`, ms(f.window.ms), '', `${f.window.bytes_per_event} bytes an event`, '< 40'],
    [`decision table, ${f.table.rules} rules, ${f.table.inputs} inputs, rows/s`, n(f.table.rows_per_s), `interpreter: ${n(f.table.interpreter_rows_per_s)}`, times(f.table.interpreter_rows_per_s, f.table.rows_per_s) + ' as fast', '50,000,000'],
    ...f.roster.flatMap(k => [
      [`events/s that ${n(k.audiences)} audiences over ${n(k.customers)} customers are kept through`, n(k.events_per_s), `writing who comes and leaves (${(k.changes / k.events).toFixed(1)} an event) to the disk, too: ${n(k.wall_events_per_s)}`, '', '300,000'],
      [`questions over everybody, ms: an event's properties, their sum, different products bought, one event after another`, `${k.where_ms.toFixed(1)}, ${k.sum_ms.toFixed(1)}, ${k.distinct_ms.toFixed(1)}, ${k.sequence_ms.toFixed(1)}`, 'seven events a customer, twenty names', '', ''],
      ['start after a stop: s until questions are answered, until the members of every audience are those of now', `${k.start_s.toFixed(1)}, ${k.start_whole_s.toFixed(1)}`, `bytes a customer in columns and tallies: ${n(k.bytes_per_customer)}`, '', 'seconds'],
    ]),
    [`single decisions, table of ${f.single.rules} rules, a second`, n(f.single.per_s), `interpreter: ${n(f.single.interpreter_per_s)}`, times(f.single.interpreter_per_s, f.single.per_s) + ' as fast', '3,000,000'],
  ];
  return `# Performance

Written by \`script/bench\` (bench/run.mjs, scale ${r.scale}) on ${r.date}. ${r.cpu}, ${r.cores} cores shared with the load
generator, ${r.memory_gb} GB; load average before the run ${r.load_before}. The disk synced ${n(r.limits.fdatasyncs_per_s)} single pages a second;
memory copied ${r.limits.memcpy_gb_per_s.toFixed(1)} GB/s. bench/README.md says how to read this; the goals are those of the issue, which
names 1 M customers and 10 M events for the pages, the memory and the start: \`--scale full\`.

${n(sizes.events)} events of some 430 bytes about ${n(sizes.customers)} customers, one in twenty an order of three lines; 16 connections.
Pages, memory and start are measured at ${n(sizes.reads_at)} events, with one connection, as the client sees them.

| what | here | baseline in the same run | ratio | goal |
|---|---:|---|---:|---|
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}

Events/s by million: ${r.ingest.per_million.map(n).join(', ')}.

## Rules

One thread, CPU time, the best of three turns${r.rules.date && r.rules.date !== r.date ? `, measured on ${r.rules.date}` : ''}; columns in memory (engine/columns/rules_bench.c).

| what | here | beside it in the same run | ratio | goal |
|---|---:|---|---:|---|
${rule_rows.map(row => `| ${row.join(' | ')} |`).join('\n')}
${r.insight ? insight_text(r.insight, r.insight.date !== r.date ? r.insight.date : '') : ''}`;
}

const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
const kept = path.join(build, 'bench.json');
let result = { scale, date, cpu: os.cpus()[0].model, cores: os.cpus().length,
  memory_gb: Math.round(os.totalmem() / 2 ** 30), load_before: os.loadavg()[0].toFixed(2) };
const only = option('only', ''), wanted = part => !only || only === part;
if (only) {
  result = JSON.parse(fs.readFileSync(kept, 'utf8'));
} else {
  result.limits = limits();
  await shop(result);
  say(`decisions/s ${Math.round(result.decide.per_second)}, import ${result.import.per_second} rows/s`);
  await ingest(result);
}
if (wanted('rules')) {
  result.rules = { date, ...rules(), roster: roster() };
  say(`audience ${result.rules.audience.ms} ms, table ${Math.round(result.rules.table.rows_per_s / 1e6)} M rows/s`);
}
if (wanted('insight'))
  result.insight = { date, ...await insight({ build, bin, work, scale, say, serve, key, run, load, load_meanwhile, write_requests, http }) };
fs.writeFileSync(kept, JSON.stringify(result, null, 2));
if (report) fs.writeFileSync(report, text(result));
process.stdout.write(text(result));
