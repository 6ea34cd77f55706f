/* A condition as the builder has it: rows in groups, printed as FEEL and read back. What cannot be read back is text that
 * says more than the builder can show. */
export type Joint = 'and' | 'or';
const MEASURES = {
  count: 'event count', sum: 'event sum', mean: 'event mean', min: 'event min', max: 'event max', distinct: 'event distinct',
  first: 'first event', last: 'last event',
} as const;
export type Measure = keyof typeof MEASURES;
/* window: "P90D", or empty for ever; where: of the event's properties, all of which hold. */
export type EventSubject = { of: Measure; event: string; property: string; window: string; where: Row[] };
/* gap: "P7D", or empty for any time. */
export type Sequence = { of: 'sequence'; steps: string[]; gap: string; without: string; window: string };
/* One of those who belong to them, of that kind, of whom all of it holds. */
export const kinds = ['account', 'company', 'household', 'partner', 'person'] as const;
export type Related = { of: 'related'; kind: (typeof kinds)[number]; where: Row[] };
/* What they said last of the channel: of that topic, or, where it is empty, of all of it. */
export const channels = ['email', 'sms', 'whatsapp', 'push', 'phone', 'post'] as const;
export type Channel = (typeof channels)[number];
export type Permitted = { of: 'permission'; channel: Channel; topic: string };
export type Subject =
  { of: 'term'; name: string } | EventSubject | Sequence | Related | Permitted | { of: 'audience'; name: string };
export type Op =
  | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'between' | 'in' | 'not_in' | 'starts' | 'not_starts' | 'contains' | 'not_contains'
  | 'within' | 'before' | 'ago_most' | 'ago_over' | 'unknown' | 'known' | 'member' | 'not_member'
  | 'declared' | 'not_declared';
/* Values are texts of FEEL: 200, "ES", true, @"2026-11-27"; of what is so many days ago their number. */
export type Row = { subject: Subject; op: Op; values: string[] };
export type Group = { joint: Joint; rows: Row[] };
export type Model = { joint: Joint; groups: Group[] };

const AGO: Partial<Record<Op, string>> = { within: '>', before: '<=', ago_most: '>=', ago_over: '<' };
const NEGATED: Partial<Record<Op, Op>> = {
  in: 'not_in', member: 'not_member', declared: 'not_declared', starts: 'not_starts', contains: 'not_contains',
};
/* Is so, or is not, without a value. */
export const isYesOrNo = (s: Subject): boolean => ['audience', 'sequence', 'related', 'permission'].includes(s.of);
export const measures = Object.keys(MEASURES) as Measure[];
export const isEvent = (s: Subject): s is EventSubject => s.of in MEASURES;
/* What is worked out of a property. */
export const ofProperty = (of: Measure): boolean => !['count', 'first', 'last'].includes(of);
export const ofNumber = (of: Measure): boolean => ofProperty(of) && of !== 'distinct';
export const isAgo = (op: Op): boolean => op in AGO;
export const isList = (op: Op): boolean => op === 'in' || op === 'not_in';

/* How many values an operator takes; a list at least one. */
export function takes(op: Op): number {
  if (op === 'between') return 2;
  return ['unknown', 'known', 'member', 'not_member', 'declared', 'not_declared'].includes(op) ? 0 : 1;
}

/* Another operator keeps the values that mean the same under it. */
export function withOp(row: Row, op: Op): Row {
  const kept = isAgo(op) === isAgo(row.op) ? row.values : [];
  if (isList(op) && kept.length) return { ...row, op, values: kept };
  return { ...row, op, values: Array.from({ length: takes(op) }, (_, i) => kept[i] ?? '') };
}

export const text = (words: string): string => `"${words.replace(/[\\"]/g, (c) => `\\${c}`)}"`;

/* ---- to FEEL ---- */
const named = (name: string, value: string): string[] => (value ? [`${name}: ${value}`] : []);
const lasting = (duration: string): string => (duration ? `@"${duration}"` : '');

const printAll = (rows: Row[]): string => rows.filter(isWhole).map(printRow).join(' and ');

function printEvent(s: EventSubject): string {
  const args = [text(s.event), ofProperty(s.of) ? s.property : '', lasting(s.window), printAll(s.where)];
  return `${MEASURES[s.of]}(${args.filter(isGiven).join(', ')})`;
}

function printSequence(s: Sequence): string {
  const args = [...named('steps', `[${s.steps.map(text).join(', ')}]`), ...named('gap', lasting(s.gap)),
    ...named('without', s.without && text(s.without)), ...named('within', lasting(s.window))];
  return `event sequence(${args.join(', ')})`;
}

function printSubject(s: Subject): string {
  switch (s.of) {
    case 'term': return s.name;
    case 'audience': return `audience(${text(s.name)})`;
    case 'sequence': return printSequence(s);
    case 'related': return `related(${text(s.kind)}, ${printAll(s.where)})`;
    case 'permission': return `permission(${[s.channel, s.topic].filter(isGiven).map(text).join(', ')})`;
    default: return printEvent(s);
  }
}

const isGiven = (value: string): boolean => value.trim() !== '';

/* One step alone says what did not follow, and how soon. */
function isNamed(s: Subject): boolean {
  if (s.of === 'sequence')
    return s.steps.length > 0 && s.steps.every(isGiven) && (s.steps.length > 1 || (s.gap !== '' && s.without !== ''));
  if (s.of === 'related') return s.where.some(isWhole);
  if (s.of === 'permission') return true;
  if (isEvent(s)) return s.event !== '' && (!ofProperty(s.of) || s.property !== '');
  return s.name !== '';
}

export function isWhole(row: Row): boolean {
  if (!isNamed(row.subject)) return false;
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
    case 'declared': return `declared(${name})`;
    case 'not_declared': return `not(declared(${name}))`;
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
const TOKEN = /\s*(?:("(?:[^"\\]|\\["\\])*")|(@"[^"]*")|(-?\d+(?:\.\d+)?|-?\.\d+)|([\p{L}_][\p{L}\p{N}_.]*)|(!=|<=|>=|[=<>(),:[\]-]))/uy;

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
  private place = 0;
  constructor(private readonly all: Token[]) {}

  done(): boolean { return this.place >= this.all.length; }
  peek(words: string): boolean { return this.all[this.place]?.text === words && this.all[this.place]?.kind !== 'string'; }
  accept(words: string): boolean {
    if (!this.peek(words)) return false;
    this.place++;
    return true;
  }
  expect(words: string): void { if (!this.accept(words)) throw new Unreadable(); }
  take(kind: Token['kind']): string {
    const token = this.all[this.place];
    if (token?.kind !== kind) throw new Unreadable();
    this.place++;
    return token.text;
  }
  /* The next token is of that kind. */
  at(kind: Token['kind']): boolean { return this.all[this.place]?.kind === kind; }
  /* "name:", which is read where that is asked for; null: there is none. */
  argument(read = false): string | null {
    const [word, colon] = [this.all[this.place], this.all[this.place + 1]];
    if (word?.kind !== 'word' || colon?.kind !== 'sign' || colon.text !== ':') return null;
    if (read) this.place += 2;
    return word.text;
  }
  mark(): number { return this.place; }
  back(to: number): void { this.place = to; }

  /* Words up to what cannot be of a name. */
  name(): string {
    const words: string[] = [];
    while (this.all[this.place]?.kind === 'word' && !['and', 'or', 'in', 'between'].includes(this.all[this.place]!.text))
      words.push(this.all[this.place++]!.text);
    if (!words.length) throw new Unreadable();
    return words.join(' ');
  }

  value(): string {
    const token = this.all[this.place++];
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

export const unquoted = (quoted: string): string => quoted.slice(1, -1).replace(/\\(.)/g, '$1');

/* Of rows all of which hold, without brackets. */
function readAll(r: Reader): Row[] {
  const rows = [readRow(r)];
  while (r.accept('and')) rows.push(readRow(r));
  return rows;
}

const readDuration = (r: Reader): string => {
  const duration = /^@"(P[^"]+)"$/.exec(r.take('at'));
  if (!duration) throw new Unreadable();
  return duration[1]!;
};

const readText = (r: Reader): string => unquoted(r.take('string'));

function readTexts(r: Reader): string[] {
  if (!r.accept('[')) return [readText(r)];
  const texts: string[] = [];
  do texts.push(readText(r)); while (r.accept(','));
  r.expect(']');
  return texts;
}

/* Arguments in the order of their names, or all by their names. What a name stands for is read by its own; a window that
 * is none has been left out. */
function readArguments(r: Reader, readers: Record<string, () => void>): void {
  const names = Object.keys(readers);
  const byName = r.argument() !== null;
  for (let at = 0; !r.accept(')'); at++) {
    if (at > 0) r.expect(',');
    if (!byName && names[at] === 'within' && !r.at('at')) names.splice(at, 1);
    const name = byName ? r.argument(true) : names[at];
    const read = name === undefined || name === null ? undefined : readers[name];
    if (!read) throw new Unreadable();
    delete readers[name!];
    read();
  }
}

function readEvent(r: Reader, of: Measure): EventSubject {
  const s: EventSubject = { of, event: '', property: '', window: '', where: [] };
  readArguments(r, {
    event: () => { s.event = readText(r); },
    ...(ofProperty(of) && { property: () => { s.property = r.at('string') ? readText(r) : r.name(); } }),
    within: () => { s.window = readDuration(r); },
    where: () => { s.where = readAll(r); },
  });
  if (!isNamed(s)) throw new Unreadable();
  return s;
}

function readSequence(r: Reader): Sequence {
  const s: Sequence = { of: 'sequence', steps: [], gap: '', without: '', window: '' };
  readArguments(r, {
    steps: () => { s.steps = readTexts(r); },
    gap: () => { s.gap = readDuration(r); },
    without: () => {
      const without = readTexts(r);
      if (without.length !== 1) throw new Unreadable();
      s.without = without[0]!;
    },
    within: () => { s.window = readDuration(r); },
  });
  if (!isNamed(s)) throw new Unreadable();
  return s;
}

function readRelated(r: Reader): Related {
  const s: Related = { of: 'related', kind: 'account', where: [] };
  readArguments(r, {
    kind: () => {
      const kind = readText(r), known = kinds.find((k) => k === kind);
      if (!known) throw new Unreadable();
      s.kind = known;
    },
    where: () => { s.where = readAll(r); },
  });
  if (!isNamed(s)) throw new Unreadable();
  return s;
}

function readPermission(r: Reader): Permitted {
  const s: Permitted = { of: 'permission', channel: 'email', topic: '' };
  let named = false;
  readArguments(r, {
    channel: () => {
      const name = readText(r), known = channels.find((c) => c === name);
      if (!known) throw new Unreadable();
      s.channel = known;
      named = true;
    },
    topic: () => { s.topic = readText(r); },
  });
  if (!named) throw new Unreadable();
  return s;
}

function readSubject(r: Reader): Subject {
  const name = r.name();
  if (!r.accept('(')) return { of: 'term', name };
  const of = measures.find((measure) => MEASURES[measure] === name);
  if (of) return readEvent(r, of);
  if (name === 'event sequence') return readSequence(r);
  if (name === 'related') return readRelated(r);
  if (name === 'permission') return readPermission(r);
  if (name !== 'audience') throw new Unreadable();
  const audience = readText(r);
  r.expect(')');
  return { of: 'audience', name: audience };
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
  if (r.accept('declared')) {
    r.expect('(');
    const name = r.name();
    r.expect(')');
    return { subject: { of: 'term', name }, op: 'declared', values: [] };
  }
  const subject = readSubject(r);
  if (isYesOrNo(subject)) return { subject, op: 'member', values: [] };
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
