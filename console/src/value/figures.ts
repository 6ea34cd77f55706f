/* What the pages of lifetime value work out of the server's reports. */
import type { ValueCell, ValueParameter, ValueProof, ValueProofRow, ValueReport, ValueWeek } from '../api-types.js';

export const MODELS = ['bg-nbd', 'mbg-nbd', 'pareto-nbd', 'ggompertz-nbd'] as const;
export const isModel = (name: string): boolean => (MODELS as readonly string[]).includes(name);

/* ---- the proof ---- */
export const MEASURES = ['total', 'mae', 'rmse', 'correlation', 'active', 'top', 'within'] as const;
export type Measure = (typeof MEASURES)[number];
export const RANGE = 0.8;  // what the range promises to hold (engine/clv/worth.h)

/* How far from right, the less the better. */
function miss(measure: Measure, value: number, actual: number): number {
  if (measure === 'total') return Math.abs(value - actual);
  if (measure === 'within') return Math.abs(value - RANGE);
  return measure === 'mae' || measure === 'rmse' ? value : -value;
}

const EQUAL = 1e-4;  // smaller differences than are written

/* The names that are best by a measure: several where they are as good as equal, none where nothing is measured. */
export function bestBy(proof: ValueProof, measure: Measure): string[] {
  const measured = proof.rows.flatMap((row) => {
    const value = row[measure];
    return value === null ? [] : [{ name: row.name as string, miss: miss(measure, value, proof.actual) }];
  });
  const least = Math.min(...measured.map((m) => m.miss));
  const near = EQUAL * (measure === 'total' ? Math.max(1, proof.actual) : 1);
  return measured.filter((m) => m.miss <= least + near).map((m) => m.name);
}

/* By which measures a rule of thumb is ahead of every model, and which. */
export function rulesAhead(proof: ValueProof): { measure: Measure; rule: string }[] {
  return MEASURES.flatMap((measure) => {
    const best = bestBy(proof, measure);
    return best[0] && !best.some(isModel) ? [{ measure, rule: best[0] }] : [];
  });
}

export const rowOf = (proof: ValueProof, name: string): ValueProofRow | undefined => proof.rows.find((r) => r.name === name);

/* Nobody is taken to have left: the chance of still being a customer tells nobody apart. */
const SURELY = 0.99;
export const nobodyLeaves = (map: ValueCell[]): boolean => map.length > 0 && map.every((c) => c.alive > SURELY);

/* ---- weeks ---- */
export function summed(weeks: ValueWeek[]): ValueWeek[] {
  let actual = 0;
  let expected = 0;
  return weeks.map((w) => ({ from: w.from, actual: (actual += w.actual), expected: (expected += w.expected) }));
}

/* ---- the map ---- */
const OPEN_REPEATS = 7;  // repeats and more; as src/insight/valuation_room.h has them
const OPEN_WEEKS = 28;
const STEP_WEEKS = 4;
export const mapWeeks = (map: ValueCell[]): number[] => {
  const last = Math.max(...map.map((c) => c.quietWeeks));
  return Array.from({ length: last / STEP_WEEKS + 1 }, (_, i) => i * STEP_WEEKS);
};
export const isOpenRow = (repeats: number): boolean => repeats >= OPEN_REPEATS;
export const weeksUntil = (quietWeeks: number): number | null => (quietWeeks >= OPEN_WEEKS ? null : quietWeeks + STEP_WEEKS);

function dayBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
}

/* Who is in a cell, as a condition; it counts orders where the map counts days with orders. */
export function cellCondition(cell: { repeats: number; quietWeeks: number }, asOf: string): string {
  const until = weeksUntil(cell.quietWeeks);
  const to = `@"${dayBefore(asOf, cell.quietWeeks * 7)}"`;
  const often = `orders ${isOpenRow(cell.repeats) ? '>=' : '='} ${cell.repeats + 1}`;
  return until === null ? `${often} and last order <= ${to}`
    : `${often} and last order between @"${dayBefore(asOf, until * 7 - 1)}" and ${to}`;
}

/* ---- what changed between two fits ---- */
export type Change = { customers: number; history: number; model: number; orderValue: number; whole: number };
const place = (c: ValueCell): string => `${c.repeats} ${c.quietWeeks}`;

/* The change of the whole value in four parts that add up to it: more or fewer customers, each as those before; how often and how
 * lately they bought, by what the fit before expected of it; what is expected of the same history now; and the value of an order. */
export function change(before: ValueReport, now: ValueReport): Change {
  const then = new Map(before.map.map((c) => [place(c), c]));
  const orderValue = before.expected > 0 ? before.value / before.expected : 0;
  const grown = before.customers > 0 ? (now.customers / before.customers) * before.expected : 0;
  let asBefore = 0;  // orders expected of today's customers as they were before
  for (const c of now.map) asBefore += c.customers * (then.get(place(c)) ?? c).expected;
  return {
    customers: (grown - before.expected) * orderValue,
    history: (asBefore - grown) * orderValue,
    model: (now.expected - asBefore) * orderValue,
    orderValue: now.value - now.expected * orderValue,
    whole: now.value - before.value,
  };
}

export type Moved = { name: string; before: number | null; now: number; errors: number | null };

/* The chosen model's parameters, with how many standard errors they moved; nothing to compare where the model is another. */
export function parametersMoved(before: ValueReport, now: ValueReport): Moved[] {
  const of = (r: ValueReport): ValueParameter[] => r.models.find((m) => m.name === r.model)?.parameters ?? [];
  const old = before.model === now.model ? of(before) : [];
  return of(now).map((p) => {
    const was = old.find((o) => o.name === p.name);
    return { name: p.name, before: was?.value ?? null, now: p.value,
      errors: was && p.error ? (p.value - was.value) / p.error : null };
  });
}
export const sameTerms = (a: ValueReport, b: ValueReport): boolean =>
  a.horizonDays === b.horizonDays && a.discount === b.discount && a.margin === b.margin;
