/* The builder's model and FEEL: each turns into the other without loss. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { print, read, type Joint, type Model, type Op, type Row, type Subject } from '../src/audience/model.js';

let seed = 5;
const any = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
};
const of = <T>(list: readonly T[]): T => list[any(list.length)]!;

const NUMBERS = ['0', '200', '-3', '12.5'];
const TEXTS = ['"ES"', '"a \\"b\\" c"', '"and (or) in"', '""'];
const DAYS = ['@"2026-11-27"', '@"0999-01-01"'];

function randomRow(): Row {
  const event = of(['Order Completed', 'Said "no"', 'x']);
  const kind = any(5);
  if (kind === 0) return { subject: { of: 'audience', name: of(['Loyal', 'A "B"']) }, op: of(['member', 'not_member'] as const), values: [] };
  const subject: Subject = kind === 1 ? { of: 'count', event, window: of(['', 'P90D', 'P3M']) }
    : kind === 2 ? { of: of(['first', 'last'] as const), event }
      : { of: 'term', name: of(['spend', 'last order', 'address.country', 'Größe']) };
  const op = of<Op>(['=', '!=', '<', '<=', '>', '>=', 'between', 'in', 'not_in', 'starts', 'contains', 'within', 'before', 'unknown', 'known']);
  const value = () => of(op === 'starts' || op === 'contains' ? TEXTS : [...NUMBERS, ...TEXTS, ...DAYS, 'true']);
  if (op === 'within' || op === 'before') return { subject, op, values: [String(any(400))] };
  if (op === 'unknown' || op === 'known') return { subject, op, values: [] };
  if (op === 'between') return { subject, op, values: [value(), value()] };
  if (op === 'in' || op === 'not_in') return { subject, op, values: Array.from({ length: 1 + any(3) }, value) };
  return { subject, op, values: [value()] };
}

/* As reading gives them: a group of its own has two rows, or is the only one. */
function randomModel(): Model {
  const joint = of<Joint>(['and', 'or']);
  const rows = (n: number) => Array.from({ length: n }, randomRow);
  if (any(2)) {
    const n = 1 + any(4);
    return { joint: 'and', groups: [{ joint: n === 1 ? 'and' : joint, rows: rows(n) }] };
  }
  const groups = Array.from({ length: 2 + any(2) }, () => {
    const n = 1 + any(3);
    return { joint: n === 1 ? 'and' as const : of<Joint>(['and', 'or']), rows: rows(n) };
  });
  if (groups.every((g) => g.rows.length === 1)) groups[0]!.rows.push(randomRow());
  return { joint, groups };
}

test('what is printed reads back the same', () => {
  for (let i = 0; i < 3000; i++) {
    const model = randomModel();
    const feel = print(model);
    const again = read(feel)!;
    assert.equal(print(again), feel);
    assert.deepEqual(again.groups.map((g) => g.rows), model.groups.map((g) => g.rows), feel);
  }
});

test('text as people write it is shown, and richer text stays text', () => {
  assert.equal(print(read('orders>2 and  spend >=200')!), 'orders > 2 and spend >= 200');
  assert.equal(print(read('last order >= date("2026-01-31")')!), 'last order >= @"2026-01-31"');
  assert.deepEqual(read('')!.groups[0]!.rows, []);
  for (const feel of ['orders + 1 > 2', 'a > 1 and b > 2 or c > 3', 'if a then b else c', '((a = 1))', 'orders >', 'upper case(plan) = "X"'])
    assert.equal(read(feel), null, feel);
});

test('a row that is not whole is not printed', () => {
  const row: Row = { subject: { of: 'term', name: 'spend' }, op: '>', values: [''] };
  assert.equal(print({ joint: 'and', groups: [{ joint: 'and', rows: [row, { ...row, values: ['3'] }] }] }), 'spend > 3');
});
