/* The builder's model and FEEL: each turns into the other without loss. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  channels, kinds, measures, ofProperty, print, read, type EventSubject, type Joint, type Model, type Op, type Row, type Sequence, type Subject,
} from '../src/audience/model.js';

let seed = 5;
const any = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
};
const of = <T>(list: readonly T[]): T => list[any(list.length)]!;

const NUMBERS = ['0', '200', '-3', '12.5'];
const TEXTS = ['"ES"', '"a \\"b\\" c"', '"and (or) in"', '""'];
const DAYS = ['@"2026-11-27"', '@"0999-01-01"'];

function randomEvent(): EventSubject {
  const measure = of(measures);
  return {
    of: measure, event: of(['Order Completed', 'Said "no"', 'x']), window: of(['', 'P90D', 'P3M']),
    property: ofProperty(measure) ? of(['total', 'line total']) : '',
    where: Array.from({ length: any(3) }, () => randomRow(true)),
  };
}

function randomSequence(): Sequence {
  const steps = Array.from({ length: 1 + any(3) }, () => of(['A', 'B "b"', 'c, d']));
  const alone = steps.length === 1;
  return { of: 'sequence', steps, gap: alone ? 'P3D' : of(['', 'P7D', 'PT2H']), without: alone ? 'C' : of(['', 'C']), window: of(['', 'P90D']) };
}

function randomRow(ofProperties = false): Row {
  const kind = ofProperties ? 4 : any(8);
  if (kind === 0) return { subject: { of: 'audience', name: of(['Loyal', 'A "B"']) }, op: of(['member', 'not_member'] as const), values: [] };
  if (kind === 1) return { subject: randomSequence(), op: of(['member', 'not_member'] as const), values: [] };
  if (kind === 6) return { subject: { of: 'related', kind: of(kinds), where: [randomRow(true)] }, op: of(['member', 'not_member'] as const), values: [] };
  if (kind === 7) return { subject: { of: 'permission', channel: of(channels), topic: of(['', 'news', 'a "b"']) }, op: of(['member', 'not_member'] as const), values: [] };
  const subject: Subject = kind < 4 ? randomEvent()
    : { of: 'term', name: of(['spend', 'last order', 'address.country', 'Größe']) };
  if (subject.of === 'term' && any(9) === 0) return { subject, op: of(['declared', 'not_declared'] as const), values: [] };
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
  const rows = (n: number) => Array.from({ length: n }, () => randomRow());
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

test('arguments of events by their order and by their names', () => {
  const same = (feel: string, printed: string) => assert.equal(print(read(feel)!), printed);
  same('event count(event: "A", where: price > 5 and kind = "x") > 2', 'event count("A", price > 5 and kind = "x") > 2');
  same('event sum("A", "total", @"P9D", not(kind in ("x", "y"))) > 2', 'event sum("A", total, @"P9D", not(kind in ("x", "y"))) > 2');
  same('event sequence("A", @"P3D", "B")', 'event sequence(steps: ["A"], gap: @"P3D", without: "B")');
  same('related(kind: "person", where: orders>1 and not(declared(plan)))', 'related("person", orders > 1 and not(declared(plan)))');
  same('permission(topic: "news", channel: "sms")', 'permission("sms", "news")');
  same('not(event sequence(["A", "B"]))', 'not(event sequence(steps: ["A", "B"]))');
  for (const feel of ['event count("A", a = 1 or b = 2) > 1', 'event sum("A") > 1', 'event count("A", [@"2026-01-01"..@"2026-02-01"]) > 1',
    'event sequence(["A"])', 'event sequence(["A", "B"], @"P1D", ["C", "D"])', 'event count("A", within: @"P1D") > 1',
    'permission("fax")', 'permission(topic: "news")', 'event count(event: "A", event: "B") > 1', 'event sum("A", total, @"P9D", a = 1, b = 2) > 1', 'related("friend", orders > 1)', 'related("account", a = 1 or b = 2)'])
    assert.equal(read(feel), null, feel);
});

test('a row that is not whole is not printed', () => {
  const row: Row = { subject: { of: 'term', name: 'spend' }, op: '>', values: [''] };
  assert.equal(print({ joint: 'and', groups: [{ joint: 'and', rows: [row, { ...row, values: ['3'] }] }] }), 'spend > 3');
  const looked: Subject = { of: 'sum', event: 'A', property: '', window: '', where: [row] };
  const one = (subject: Subject) => print({ joint: 'and', groups: [{ joint: 'and', rows: [{ subject, op: '>', values: ['3'] }] }] });
  assert.equal(one(looked), '', 'of which property?');
  assert.equal(one({ ...looked, property: 'total' }), 'event sum("A", total) > 3');
});
