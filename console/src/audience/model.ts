/* A condition as the builder has it: rows in groups, printed as FEEL and read back. What cannot be read back is text that
 * says more than the builder can show. */
export type Joint = 'and' | 'or';
export type Subject =
  | { of: 'term'; name: string }
  | { of: 'count'; event: string; window: string }   // window: "P90D", or empty for ever
  | { of: 'first' | 'last'; event: string }
  | { of: 'audience'; name: string };
export type Op =
  | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'between' | 'in' | 'not_in' | 'starts' | 'not_starts' | 'contains' | 'not_contains'
  | 'within' | 'before' | 'ago_most' | 'ago_over' | 'unknown' | 'known' | 'member' | 'not_member';
/* Values are texts of FEEL: 200, "ES", true, @"2026-11-27"; of what is so many days ago their number. */
export type Row = { subject: Subject; op: Op; values: string[] };
export type Group = { joint: Joint; rows: Row[] };
export type Model = { joint: Joint; groups: Group[] };

const AGO: Partial<Record<Op, string>> = { within: '>', before: '<=', ago_most: '>=', ago_over: '<' };
const NEGATED: Partial<Record<Op, Op>> = { in: 'not_in', member: 'not_member', starts: 'not_starts', contains: 'not_contains' };
export const isAgo = (op: Op): boolean => op in AGO;
export const isList = (op: Op): boolean => op === 'in' || op === 'not_in';

/* How many values an operator takes; a list at least one. */
export function takes(op: Op): number {
  if (op === 'between') return 2;
  return ['unknown', 'known', 'member', 'not_member'].includes(op) ? 0 : 1;
}

/* Another operator keeps the values that mean the same under it. */
export function withOp(row: Row, op: Op): Row {
  const kept = isAgo(op) === isAgo(row.op) ? row.values : [];
  if (isList(op) && kept.length) return { ...row, op, values: kept };
  return { ...row, op, values: Array.from({ length: takes(op) }, (_, i) => kept[i] ?? '') };
}

export const text = (words: string): string => `"${words.replace(/[\\"]/g, (c) => `\\${c}`)}"`;

/* ---- to FEEL ---- */
function printSubject(s: Subject): string {
  switch (s.of) {
    case 'term': return s.name;
    case 'count': return s.window ? `event count(${text(s.event)}, @"${s.window}")` : `event count(${text(s.event)})`;
    case 'first': return `first event(${text(s.event)})`;
    case 'last': return `last event(${text(s.event)})`;
    case 'audience': return `audience(${text(s.name)})`;
  }
}

const isGiven = (value: string): boolean => value.trim() !== '';

export function isWhole(row: Row): boolean {
  const named = row.subject.of === 'term' || row.subject.of === 'audience' ? row.subject.name : row.subject.event;
  if (named === '') return false;
  if (isList(row.op)) return row.values.some(isGiven);
  if (isAgo(row.op)) return /^\d+$/.test(row.values[0] ?? '');
  const wanted = takes(row.op);
  return row.values.slice(0, wanted).filter(isGiven).length === wanted;
}

export function printRow(row: Row): string {
  const name = printSubject(row.subject);
  const [a = '', b = ''] = row.values;
  const list = row.values.filter(isGiven).join(', ');
  switch (row.op) {
    case 'between': return `${name} between ${a} and ${b}`;
    case 'in': return `${name} in (${list})`;
    case 'not_in': return `not(${name} in (${list}))`;
    case 'starts': return `starts with(${name}, ${a})`;
    case 'not_starts': return `not(starts with(${name}, ${a}))`;
    case 'contains': return `contains(${name}, ${a})`;
    case 'not_contains': return `not(contains(${name}, ${a}))`;
    case 'within': case 'before': case 'ago_most': case 'ago_over': return `${name} ${AGO[row.op]} today() - @"P${a}D"`;
    case 'unknown': return `${name} = null`;
    case 'known': return `${name} != null`;
    case 'member': return name;
    case 'not_member': return `not(${name})`;
    default: return `${name} ${row.op} ${a}`;
  }
}

/* Rows that are not whole are left out: they are being written. */
export function print(model: Model): string {
  const groups = model.groups
    .map((g) => ({ joint: g.joint, rows: g.rows.filter(isWhole).map(printRow) }))
    .filter((g) => g.rows.length > 0);
  if (groups.length === 1) return groups[0]!.rows.join(` ${groups[0]!.joint} `);
  return groups.map((g) => (g.rows.length > 1 ? `(${g.rows.join(` ${g.joint} `)})` : g.rows[0]!)).join(` ${model.joint} `);
}

/* ---- from FEEL ---- */
type Token = { kind: 'word' | 'string' | 'number' | 'at' | 'sign'; text: string };
/* A text with an escape the builder would not write, "\n", stays text. */
const TOKEN = /\s*(?:("(?:[^"\\]|\\["\\])*")|(@"[^"]*")|(-?\d+(?:\.\d+)?|-?\.\d+)|([\p{L}_][\p{L}\p{N}_.]*)|(!=|<=|>=|[=<>(),-]))/uy;

function tokens(feel: string): Token[] | null {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < feel.trimEnd().length) {
    const m = TOKEN.exec(feel);
    if (!m) return null;
    const kind = m[1] ? 'string' : m[2] ? 'at' : m[3] ? 'number' : m[4] ? 'word' : 'sign';
    found.push({ kind, text: (m[1] ?? m[2] ?? m[3] ?? m[4] ?? m[5])! });
  }
  return found;
}

class Unreadable extends Error {}

class Reader {
  private at = 0;
  constructor(private readonly all: Token[]) {}

  done(): boolean { return this.at >= this.all.length; }
  peek(words: string): boolean { return this.all[this.at]?.text === words && this.all[this.at]?.kind !== 'string'; }
  accept(words: string): boolean {
    if (!this.peek(words)) return false;
    this.at++;
    return true;
  }
  expect(words: string): void { if (!this.accept(words)) throw new Unreadable(); }
  take(kind: Token['kind']): string {
    const token = this.all[this.at];
    if (token?.kind !== kind) throw new Unreadable();
    this.at++;
    return token.text;
  }
  mark(): number { return this.at; }
  back(to: number): void { this.at = to; }

  /* Words up to what cannot be of a name. */
  name(): string {
    const words: string[] = [];
    while (this.all[this.at]?.kind === 'word' && !['and', 'or', 'in', 'between'].includes(this.all[this.at]!.text))
      words.push(this.all[this.at++]!.text);
    if (!words.length) throw new Unreadable();
    return words.join(' ');
  }

  value(): string {
    const token = this.all[this.at++];
    if (!token) throw new Unreadable();
    if (token.kind === 'string' || token.kind === 'number' || token.kind === 'at') return token.text;
    if (['true', 'false'].includes(token.text)) return token.text;
    if (token.text === 'date' && this.accept('(')) {
      const day = this.take('string');
      this.expect(')');
      return `@${day}`;
    }
    throw new Unreadable();
  }
}

const unquote = (quoted: string): string => quoted.slice(1, -1).replace(/\\(.)/g, '$1');

function readSubject(r: Reader): Subject {
  const name = r.name();
  if (!r.accept('(')) return { of: 'term', name };
  const event = unquote(r.take('string'));
  let subject: Subject;
  if (name === 'event count') {
    const window = r.accept(',') ? r.take('at').slice(2, -1) : '';
    subject = { of: 'count', event, window };
  } else if (name === 'first event' || name === 'last event') subject = { of: name === 'first event' ? 'first' : 'last', event };
  else if (name === 'audience') subject = { of: 'audience', name: event };
  else throw new Unreadable();
  r.expect(')');
  return subject;
}

function readList(r: Reader): string[] {
  const values: string[] = [];
  r.expect('(');
  do values.push(r.value()); while (r.accept(','));
  r.expect(')');
  return values;
}

/* starts with(name, "x") */
function readCalled(r: Reader): Row | null {
  const from = r.mark();
  for (const [name, op] of [['starts with', 'starts'], ['contains', 'contains']] as const) {
    r.back(from);
    if (name.split(' ').every((word) => r.accept(word)) && r.accept('(')) {
      const subject = readSubject(r);
      r.expect(',');
      const values = [r.take('string')];
      r.expect(')');
      return { subject, op, values };
    }
  }
  r.back(from);
  return null;
}

/* today() - @"P90D", behind one of the four */
function readAgo(r: Reader, op: string): { op: Op; days: string } | null {
  const from = r.mark();
  if (r.accept('today') && r.accept('(') && r.accept(')') && r.accept('-')) {
    const days = /^@"P(\d+)D"$/.exec(r.take('at'));
    const found = (Object.keys(AGO) as Op[]).find((o) => AGO[o] === op);
    if (days && found) return { op: found, days: days[1]! };
    throw new Unreadable();
  }
  r.back(from);
  return null;
}

function readRow(r: Reader): Row {
  if (r.accept('not')) {
    r.expect('(');
    const row = readRow(r);
    r.expect(')');
    const op = NEGATED[row.op];
    if (!op) throw new Unreadable();
    return { ...row, op };
  }
  const called = readCalled(r);
  if (called) return called;
  const subject = readSubject(r);
  if (subject.of === 'audience') return { subject, op: 'member', values: [] };
  if (r.accept('between')) {
    const low = r.value();
    r.expect('and');
    return { subject, op: 'between', values: [low, r.value()] };
  }
  if (r.accept('in')) return { subject, op: 'in', values: readList(r) };
  const op = (['=', '!=', '<=', '>=', '<', '>'] as const).find((sign) => r.accept(sign));
  if (!op) throw new Unreadable();
  if (r.accept('null')) {
    if (op !== '=' && op !== '!=') throw new Unreadable();
    return { subject, op: op === '=' ? 'unknown' : 'known', values: [] };
  }
  const ago = readAgo(r, op);
  return ago ? { subject, op: ago.op, values: [ago.days] } : { subject, op, values: [r.value()] };
}

/* Rows joined by one word only: "a and b or c" says more than a group does. */
function readRows(r: Reader): Group {
  const rows = [readRow(r)];
  const joint: Joint = r.peek('or') ? 'or' : 'and';
  while (r.accept(joint)) rows.push(readRow(r));
  return { joint, rows };
}

function readGroup(r: Reader): Group {
  if (!r.accept('(')) return { joint: 'and', rows: [readRow(r)] };
  const group = readRows(r);
  r.expect(')');
  return group;
}

function readModel(r: Reader): Model {
  const groups = [readGroup(r)];
  const joint: Joint = r.peek('or') ? 'or' : 'and';
  while (r.accept(joint)) groups.push(readGroup(r));
  if (!r.done()) throw new Unreadable();
  /* Without brackets all rows are of one group. */
  if (groups.every((g) => g.rows.length === 1))
    return { joint: 'and', groups: [{ joint, rows: groups.map((g) => g.rows[0]!) }] };
  return { joint, groups };
}

export const EMPTY: Model = { joint: 'and', groups: [{ joint: 'and', rows: [] }] };

/* null: the builder cannot show it. */
export function read(feel: string): Model | null {
  if (!feel.trim()) return EMPTY;
  const all = tokens(feel);
  if (!all) return null;
  try {
    return readModel(new Reader(all));
  } catch (e) {
    if (e instanceof Unreadable) return null;
    throw e;
  }
}
