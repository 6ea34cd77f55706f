/* What the pages of lifetime value work out of reports. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import './browser.js';
import type { ValueCell, ValueProof, ValueProofRow, ValueReport } from '../src/api-types.js';
import { nearest } from '../src/chart-lines.js';
import { precise, signed } from '../src/format.js';
import { language } from '../src/i18n.js';
import { read } from '../src/audience/model.js';
import { bestBy, cellCondition, change, mapWeeks, nobodyLeaves, parametersMoved, rulesAhead, sameTerms, summed } from '../src/value/figures.js';
import { healthOf, said, saidLang, SPANISH } from '../src/value/said.js';

const row = (name: string, of: Partial<ValueProofRow>): ValueProofRow => ({
  name: name as ValueProofRow['name'], total: null, mae: null, rmse: null, correlation: null, active: null, top: null, within: null, ...of });
const proof = (rows: ValueProofRow[]): ValueProof => ({
  from: '2026-09-20', days: 70, customers: 100, actual: 200, best: 'bg-nbd', rows, byFrequency: [] });

test('the best of a column: least error, nearest total, nearest to what the range promises; equal ones together', () => {
  const p = proof([
    row('bg-nbd', { total: 190, rmse: 1.2, mae: 0.9, top: 0.5, within: 0.95 }),
    row('mbg-nbd', { total: 230, rmse: 1.20001, mae: 0.8, top: 0.52, within: 0.75 }),
    row('rate', { total: 260, rmse: 1.5, mae: 0.7 }), row('spent', { top: 0.52 })]);
  assert.deepEqual(bestBy(p, 'total'), ['bg-nbd']);
  assert.deepEqual(bestBy(p, 'rmse'), ['bg-nbd', 'mbg-nbd']);
  assert.deepEqual(bestBy(p, 'within'), ['mbg-nbd']);
  assert.deepEqual(bestBy(p, 'top'), ['mbg-nbd', 'spent']);
  assert.deepEqual(bestBy(p, 'correlation'), []);
  assert.deepEqual(rulesAhead(p), [{ measure: 'mae', rule: 'rate' }]);  // a rule that is only as good is not ahead
});

test('weeks are added up', () => {
  const weeks = [{ from: 'a', actual: 1, expected: 2 }, { from: 'b', actual: 3, expected: 1.5 }];
  assert.deepEqual(summed(weeks), [{ from: 'a', actual: 1, expected: 2 }, { from: 'b', actual: 4, expected: 3.5 }]);
});

const cell = (repeats: number, quietWeeks: number, customers: number, expected: number, alive = 0.5): ValueCell =>
  ({ repeats, quietWeeks, customers, expected, alive });

test('a cell is a condition that the builder can show: each day in one cell alone', () => {
  assert.equal(cellCondition(cell(0, 0, 1, 1), '2026-11-28'), 'orders = 1 and last order between @"2026-11-01" and @"2026-11-28"');
  assert.equal(cellCondition(cell(2, 4, 1, 1), '2026-11-28'), 'orders = 3 and last order between @"2026-10-04" and @"2026-10-31"');
  assert.equal(cellCondition(cell(7, 28, 1, 1), '2026-11-28'), 'orders >= 8 and last order <= @"2026-05-16"');
  assert.equal(read(cellCondition(cell(2, 4, 1, 1), '2026-11-28'))?.groups[0]?.rows.length, 2);
  assert.deepEqual(mapWeeks([cell(0, 8, 1, 1), cell(1, 0, 1, 1)]), [0, 4, 8]);
});

test('whether the models see anybody leave', () => {
  assert.ok(nobodyLeaves([cell(0, 0, 5, 1, 0.999), cell(1, 0, 5, 1, 1)]));
  assert.ok(!nobodyLeaves([cell(0, 0, 5, 1, 0.999), cell(0, 4, 5, 1, 0.9)]));
  assert.ok(!nobodyLeaves([]));
});

const report = (map: ValueCell[], orderValue: number, more: Partial<ValueReport> = {}): ValueReport => {
  const expected = map.reduce((n, c) => n + c.customers * c.expected, 0);
  return { fittedAt: '', from: '', asOf: '', tookMs: 1, people: 9, customers: map.reduce((n, c) => n + c.customers, 0), transactions: 1,
    horizonDays: 365, discount: 0.1, margin: 1, model: 'bg-nbd', value: expected * orderValue, expected, meanSpend: orderValue,
    frequencySpend: null, models: [], proof: null, weeks: [], map, ...more };
};

test('a change of value has its causes, each alone and all together', () => {
  const before = report([cell(0, 0, 10, 1), cell(1, 0, 10, 3)], 20);
  const zero = { customers: 0, history: 0, model: 0, orderValue: 0, whole: 0 };
  assert.deepEqual(change(before, before), zero);
  assert.deepEqual(change(before, report([cell(0, 0, 20, 1), cell(1, 0, 20, 3)], 20)), { ...zero, customers: 800, whole: 800 });
  assert.deepEqual(change(before, report([cell(0, 0, 5, 1), cell(1, 0, 15, 3)], 20)), { ...zero, history: 200, whole: 200 });
  assert.deepEqual(change(before, report([cell(0, 0, 10, 2), cell(1, 0, 10, 3)], 20)), { ...zero, model: 200, whole: 200 });
  assert.deepEqual(change(before, report([cell(0, 0, 10, 1), cell(1, 0, 10, 3)], 25)), { ...zero, orderValue: 200, whole: 200 });
  const all = change(before, report([cell(0, 0, 7, 1.5), cell(2, 4, 30, 2.5)], 22));
  assert.ok(Math.abs(all.customers + all.history + all.model + all.orderValue - all.whole) < 1e-9);
  assert.ok(Number.isFinite(change(report([], 20), before).whole));
});

test('parameters move by standard errors, and have nothing to move from where the model is another', () => {
  const of = (model: ValueReport['model'], value: number) => report([], 1, { model, models: [
    { name: model, converged: true, logLikelihood: -1, diagnosis: '', parameters: [{ name: 'r', value, error: 0.1 }] }] });
  assert.deepEqual(parametersMoved(of('bg-nbd', 1), of('bg-nbd', 1.5)), [{ name: 'r', before: 1, now: 1.5, errors: 5 }]);
  assert.deepEqual(parametersMoved(of('mbg-nbd', 1), of('bg-nbd', 1.5)), [{ name: 'r', before: null, now: 1.5, errors: null }]);
  assert.ok(sameTerms(report([], 1), report([], 2)));
  assert.ok(!sameTerms(report([], 1), report([], 1, { margin: 0.4 })));
});

test('what the models say is said in Spanish, and what is new as it came', () => {
  const peak = 'The likelihood has its peak here.';
  language.value = 'es';
  assert.equal(said(peak), 'La verosimilitud tiene aquí su máximo.');
  assert.deepEqual([saidLang(peak), saidLang('something new'), said('something new')], ['es', 'en', 'something new']);
  language.value = 'en';
  assert.deepEqual([said(peak), saidLang(peak)], [peak, 'en']);
  assert.deepEqual([healthOf(true, peak), healthOf(true, 'flat'), healthOf(false, peak)], ['good', 'warn', 'bad']);
});

test('the models do say what there is Spanish for', () => {
  const code = ['engine/clv/fit.c', 'insight/valuation_fit.c', 'insight/valuation_report.c']
    .map((file) => readFileSync(`${CONSOLE_ROOT}/../src/${file}`, 'utf8').replace(/"\s*\n\s*"/g, '')).join('');
  assert.deepEqual(Object.keys(SPANISH).filter((sentence) => !code.includes(`"${sentence}"`)), []);
});

test('small numbers keep their digits; a change that is written as nothing has no sign', () => {
  assert.deepEqual([precise(0.00123456), precise(55940.58)], ['0.001235', '55,940']);
  const whole = (n: number) => String(Math.round(n));
  assert.deepEqual([signed(3, whole), signed(-3, whole), signed(-0.2, whole)], ['+3', '−3', '0']);
});

test('the nearest moment to a time', () => {
  const moments = ['2026-01-01', '2026-01-08', '2026-02-01'].map((day) => ({ day, values: [] }));
  assert.equal(nearest(moments, Date.parse('2026-01-20')), 1);
  assert.equal(nearest(moments, Date.parse('2027-01-01')), 2);
});
