// What the shop understands of its customers, measured: the models alone (src/engine/*/*_bench.c), then a server that values a
// whole base while it goes on deciding.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const n = value => Math.round(value).toLocaleString('en-GB');
const ms = value => value.toLocaleString('en-GB', { maximumFractionDigits: 1 });
const seconds = value => value.toLocaleString('en-GB', { maximumFractionDigits: 2 });
const DAY = 86_400_000;

/** Invoices of a year: half of the customers buy once, the rest up to 20 times, each at a pace of their own; 300 goods. */
function write_orders(file, customers) {
  const out = fs.openSync(file, 'w'), end = Date.now() - DAY;
  let state = 1, lines = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n'], orders = 0;
  const any = () => {  // Numerical Recipes' generator: it need only be quick, and the same in each run
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  for (let c = 1; c <= customers; c++) {
    const pace = any() < 0.5 ? Infinity : 20 + 300 * any() * any();
    for (let day = 365 * any(), k = 0; day < 364 && k < 20; day += 1 - pace * Math.log(any() + 1e-9), k++, orders++) {
      const at = new Date(end - (364 - day) * DAY).toISOString().slice(0, 19).replace('T', ' ');
      const good = Math.floor(300 * any() * any());
      lines.push(`${orders},P${good},GOOD ${good},${1 + Math.floor(3 * any())},${at},${(2 + good % 40).toFixed(2)},${c},Spain\n`);
    }
    if (lines.length > 50_000 || c === customers) {
      fs.writeSync(out, lines.join(''));
      lines = [];
    }
  }
  fs.closeSync(out);
  return orders;
}

/** A job's end; it is asked for seldom, so that asking costs nothing. */
async function ended(port, headers, job) {
  for (;;) {
    const state = await (await fetch(`http://127.0.0.1:${port}/api/v1/imports/${job.id}`, { headers })).json();
    if (state.endedAt) return state;
    await new Promise(done => setTimeout(done, 200));
  }
}

/** One server: decisions alone, then while every customer's value is worked out anew and written into the columns. */
async function server(tools, customers) {
  const data = path.join(tools.work, 'insight'), file = path.join(tools.work, 'orders.csv'), asks = path.join(tools.work, 'asks');
  const orders = write_orders(file, customers);
  tools.say(`insight: ${n(orders)} orders of ${n(customers)} customers`);
  const server = await tools.serve(data);
  tools.run(tools.bin, ['import', file, '--as', 'online-retail', '--data', data]);
  fs.rmSync(file);
  const admin = tools.key(data, 'admin'), headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
  const post = async (where, body) => (await fetch(`http://127.0.0.1:${server.port}/api/v1${where}`, { method: 'POST', headers, body: JSON.stringify(body ?? {}) })).json();
  const count = async condition => (await post('/audiences/count', { condition })).customers;
  const first = await ended(server.port, headers, await post('/value/fits'));
  if (first.state !== 'done') throw new Error(`the models of value were not fitted: ${first.error}`);
  const filled = performance.now();
  const valued = await count('lifetime value >= 0');
  const fill_s = (performance.now() - filled) / 1000;
  if (valued < customers * 0.99) throw new Error(`${valued} of ${customers} customers have a value`);
  tools.write_requests(asks, 2000, i => tools.http('POST', '/api/v1/decide', admin, JSON.stringify({ customer: `c${1 + (i * 7919) % valued}`, log: false })));
  const alone = tools.load(server.port, asks, 1, { seconds: 4, warmup: 1 }).latency_us;
  const job = await post('/value/fits');
  const work = (async () => { const end = await ended(server.port, headers, job); await count('lifetime value > 0'); return end; })();
  const busy = await tools.load_meanwhile(server.port, asks, 1, work);
  const end = await work;
  const report = (await (await fetch(`http://127.0.0.1:${server.port}/api/v1/value`, { headers })).json()).report;
  const figures = { customers, orders, fit_s: report.tookMs / 1000, job_s: (Date.parse(end.endedAt) - Date.parse(end.startedAt)) / 1000,
                    fill_s, alone, busy, rss_mb: server.rss_mb() };
  await server.stop('SIGTERM');
  fs.rmSync(data, { recursive: true });
  return figures;
}

// ---- the Python packages that do the same, where PyPI is at hand ----
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers');
function python() {
  const bin = path.join(folder, 'venv/bin');
  const quiet = (command, list) => spawnSync(command, list, { stdio: 'ignore' }).status === 0;
  if (!fs.existsSync(path.join(bin, 'python')) && !quiet('python3', ['-m', 'venv', path.join(folder, 'venv')])) return null;
  const ready = quiet(path.join(bin, 'python'), ['-c', 'import implicit, lifetimes'])
    || quiet(path.join(bin, 'pip'), ['install', '-q', 'implicit', 'lifetimes', 'numpy<2', 'scipy']);
  return ready ? path.join(bin, 'python') : null;
}
/** The same purchases for ours and for lifetimes: a file of customer, date, value. */
function write_purchases(file, customers) {
  let state = 7;
  const any = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296, list = ['customer,date,value'];
  for (let c = 0; c < customers; c++) {
    const gap = 10 - 80 * Math.log(any() + 1e-9), leaves = any() ** 2;
    for (let day = 84 * any(), k = 0; day < 273; day += 1 - gap * Math.log(any() + 1e-9), k++) {
      list.push(`${c},${new Date(Date.UTC(2026, 0, 1) + day * DAY).toISOString().slice(0, 10)},${(5 + 40 * any()).toFixed(2)}`);
      if (any() < leaves) break;
    }
  }
  fs.writeFileSync(file, `${list.join('\n')}\n`);
}
function peers(tools, smallest) {
  const program = python(), file = path.join(tools.work, 'purchases.csv');
  if (!program) return null;
  const ask = (...list) => JSON.parse(tools.run(program, [path.join(folder, 'insight.py'), ...list.map(String)]).trim().split('\n').pop());
  write_purchases(file, 2357);
  const began = performance.now();
  tools.run(tools.bin, ['value', 'fit', '--transactions', file, '--calibration-end', '2026-12-31']);
  const ours_ms = performance.now() - began, lifetimes = ask('value', file);
  return { ours_ms, lifetimes, implicit: ask('ials', smallest.buyers, smallest.items, smallest.purchases, smallest.dimensions) };
}

const lines = text => text.trim().split('\n').map(line => JSON.parse(line));

export async function insight(tools) {
  const small = tools.scale === 'small', engine = (name, ...args) => lines(tools.run(path.join(tools.build, name), args.map(String)));
  const figures = {
    clv: [2357, small ? 100_000 : 1_000_000].map(rows => engine('engine_clv-clv_bench', rows)[0]),
    recommend: small ? engine('engine_recommend-recommend_bench', 5000, 2000, 300_000, 1000) : engine('engine_recommend-recommend_bench'),
    allocate: engine('engine_allocate-allocate_bench', ...(small ? [500_000] : [])),
    tiers: engine('engine_tiers-tiers_bench', ...(small ? [500_000] : [])),
    share: engine('engine_share-share_bench', ...(small ? [50_000] : [])),
  };
  figures.peers = peers(tools, figures.recommend.find(l => l.what === 'ials'));
  figures.server = await server(tools, small ? 20_000 : tools.scale === 'full' ? 10_000_000 : 1_000_000);
  return figures;
}

function lifetimes_text(l) {
  if (l.fit_ms === null) return 'lifetimes does not converge';
  return `lifetimes, the fit alone: ${ms(l.fit_ms)}${l.penalizer ? ` (converges with penalizer ${l.penalizer} only)` : ''}`;
}

export function insight_text(f, date) {
  const [cdnow, million] = f.clv, s = f.server;
  const ials = f.recommend.filter(l => l.what === 'ials'), fold = f.recommend.find(l => l.what === 'fold-in'), ease = f.recommend.filter(l => l.what === 'ease');
  const goals = { 64: '1.0', 128: '1.8', 256: '4.5' };
  const rows = [
    [`BG/NBD fitted to ${n(cdnow.customers)} customers, ms`, ms(cdnow.bg_nbd_ms), '', '3'],
    [`BG/NBD, Pareto/NBD fitted to ${n(million.customers)} customers, ms`, `${ms(million.bg_nbd_ms)}, ${ms(million.pareto_nbd_ms)}`, `gathering alike ones first: ${ms(million.gather_ms)}`, '150, 2,000'],
    [`${n(million.customers)} customers scored (alive, purchases, spend, value), ms: BG/NBD, Pareto/NBD`, `${ms(million.score_bg_nbd_ms)}, ${ms(million.score_pareto_nbd_ms)}`, '', '200'],
    ...ials.map(l => [`iALS, ${l.dimensions} dimensions, ${l.steps ? 'conjugate gradients' : l.block ? `blocks of ${l.block}` : 'exactly'}, ${n(l.purchases)} purchases: s an iteration`, seconds(l.epoch_s), `${ms(l.gflops)} GFLOP/s; OpenBLAS's own product of large squares: ${ms(l.sgemm_gflops)}`, goals[l.dimensions] ?? '']),
    ...(f.peers ? [
      ['BG/NBD from a file of 2,357 customers\' purchases, the whole program with intervals, ms', ms(f.peers.ours_ms), lifetimes_text(f.peers.lifetimes), ''],
      [`iALS, ${ials[0].dimensions} dimensions, once more: s an iteration`, seconds(ials[0].epoch_s), `implicit (conjugate gradients), purchases of the same shape: ${seconds(f.peers.implicit.epoch_s)}`, ''],
    ] : []),
    ...ease.map(l => [`EASE over ${n(l.items)} items, s`, seconds(l.fit_s), `${ms(l.gflops)} GFLOP/s; OpenBLAS's own product of large squares: ${ms(ials[0].sgemm_gflops)}`, l.items === 20_000 ? '90' : '']),
    ...(fold ? [[`fold-in of ${fold.events} events and the best ${fold.top} of ${n(fold.items)}, ms`, seconds(fold.fold_and_top_us / 1000), '', '0.5']] : []),
    ...f.allocate.map(l => [`allocation: ${n(l.customers)} customers, ${l.treatments} treatments, s: a budget, five limits`, `${seconds(l.budget_ms / 1000)}, ${seconds(l.five_limits_ms / 1000)}`, `short of the bound by ${l.budget_gap.toExponential(0)}, ${l.five_limits_gap.toExponential(0)} of it`, '3']),
    ...f.tiers.map(l => [`tiers of ${n(l.customers)} customers, s: cuts, customers`, `${seconds(l.fit_ms / 1000)}, ${seconds(l.assign_ms / 1000)}`, '', '']),
    ...f.share.map(l => [`wallets of ${n(l.customers)} customers in ${l.categories} categories, s: fit, customers`, `${seconds(l.fit_ms / 1000)}, ${seconds(l.say_ms / 1000)}`, '', '']),
    [`a server's ${n(s.customers)} customers, ${n(s.orders)} orders: s until the models with their proof are fitted`, seconds(s.job_s), `then until everybody's value is in the columns, from nothing: ${seconds(s.fill_s)}`, ''],
    ['a decision meanwhile, ms: median, p99, the longest of all', `${seconds(s.busy.p50 / 1000)}, ${seconds(s.busy.p99 / 1000)}, ${seconds(s.busy.max / 1000)}`, `alone: ${seconds(s.alone.p50 / 1000)}, ${seconds(s.alone.p99 / 1000)}, ${seconds(s.alone.max / 1000)}`, 'as alone'],
  ];
  return `
## Insight

CPU time of one thread for the models alone, but for iALS, EASE and the allocation: the clock, two threads${date ? `; measured on ${date}` : ''}. The last two
rows are one server over HTTP, with the load generator on the same two cores.

| what | here | beside it in the same run | goal |
|---|---:|---|---:|
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}
`;
}
