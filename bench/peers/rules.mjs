// node rules.mjs FILE.csv THREADS: the five-condition audience of engine/columns/rules_bench.c as DuckDB answers it, from a
// table in memory; the best of five counts, as JSON.
import { DuckDBInstance } from '@duckdb/node-api';

const [file, threads] = process.argv.slice(2);
const db = await (await DuckDBInstance.create(':memory:', { threads })).connect();
await db.run(`CREATE TABLE t AS SELECT spend::DECIMAL(18,2) AS spend, orders::UTINYINT AS orders, country, last_order::DATE AS
  last_order, subscribed::BOOLEAN AS subscribed FROM read_csv('${file.replaceAll("'", "''")}', header = true)`);
const query = `SELECT count(*) FROM t WHERE spend > 200 AND orders >= 3 AND country IN ('ES', 'PT')
  AND last_order >= DATE '2026-09-01' AND subscribed`;
let best = Infinity;
let customers = 0;
for (let turn = 0; turn < 5; turn++) {
  const begin = performance.now();
  const rows = await (await db.runAndReadAll(query)).getRows();
  best = Math.min(best, performance.now() - begin);
  customers = Number(rows[0][0]);
}
console.log(JSON.stringify({ ms: best, customers }));
