/* A decision table as a sheet of texts: the cells of a rule are its tests, what it says, its note. */
import type { Sheet, SheetRule } from '../api-types.js';

export const HIT_POLICIES: readonly Sheet['hitPolicy'][] =
  ['UNIQUE', 'FIRST', 'ANY', 'PRIORITY', 'COLLECT', 'RULE ORDER', 'OUTPUT ORDER'];
export const AGGREGATIONS = ['', 'SUM', 'MIN', 'MAX', 'COUNT'] as const;
const ANYTHING = '-';

export const width = (sheet: Sheet): number => sheet.inputs.length + sheet.outputs.length + 1;

export function freshRule(sheet: Sheet): SheetRule {
  return { id: '', tests: sheet.inputs.map(() => ANYTHING), says: sheet.outputs.map(() => ''), note: '' };
}

export function cellOf(sheet: Sheet, rule: number, column: number): string {
  const { tests, says, note } = sheet.rules[rule]!;
  return [...tests, ...says, note][column] ?? '';
}

function withCell(rule: SheetRule, column: number, text: string): SheetRule {
  const put = (list: string[], at: number) => list.map((old, i) => (i === at ? text : old));
  const says = column - rule.tests.length;
  if (says < 0) return { ...rule, tests: put(rule.tests, column) };
  if (says < rule.says.length) return { ...rule, says: put(rule.says, says) };
  return { ...rule, note: text };
}

export function setCell(sheet: Sheet, rule: number, column: number, text: string): Sheet {
  return { ...sheet, rules: sheet.rules.map((old, i) => (i === rule ? withCell(old, column, text) : old)) };
}

export function addRule(sheet: Sheet, at: number, rule = freshRule(sheet)): Sheet {
  return { ...sheet, rules: [...sheet.rules.slice(0, at), rule, ...sheet.rules.slice(at)] };
}

export function removeRule(sheet: Sheet, at: number): Sheet {
  return { ...sheet, rules: sheet.rules.filter((_, i) => i !== at) };
}

export function moveRule(sheet: Sheet, from: number, to: number): Sheet {
  const rule = sheet.rules[from];
  return rule && to >= 0 && to < sheet.rules.length ? addRule(removeRule(sheet, from), to, rule) : sheet;
}

export function addInput(sheet: Sheet, expression: string, type: string): Sheet {
  return {
    ...sheet, inputs: [...sheet.inputs, { id: '', label: expression, expression, type, values: '' }],
    rules: sheet.rules.map((r) => ({ ...r, tests: [...r.tests, ANYTHING] })),
  };
}

export function removeInput(sheet: Sheet, at: number): Sheet {
  const without = <T>(list: T[]) => list.filter((_, i) => i !== at);
  return { ...sheet, inputs: without(sheet.inputs), rules: sheet.rules.map((r) => ({ ...r, tests: without(r.tests) })) };
}

/* ---- spreadsheets: cells between tabs, rows between line ends, quotes around what has either ----
 * FEEL's texts have quotes too: "card" is a cell as it stands, """card""" is that cell from a program that quotes it. */
const unquoted = (inner: string): string => (/[\t\r\n]|""/.test(inner) ? inner.replace(/""/g, '"') : `"${inner}"`);

export function readCells(text: string): string[][] {
  const rows: string[][] = [[]];
  const piece = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r?\n|\r|$)/gy;
  for (let m = piece.exec(text); m; m = piece.exec(text)) {
    rows[rows.length - 1]!.push((m[1] === undefined ? m[2] ?? '' : unquoted(m[1])).trim());
    if (m[3] === '' || (m[3] !== '\t' && piece.lastIndex >= text.length)) break;  // a line end at the end begins no row
    if (m[3] !== '\t') rows.push([]);
  }
  return rows;
}

const quoted = (cell: string): string => (/[\t\r\n]|^"[^]*""[^]*"$/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell);

export function writeCells(sheet: Sheet): string {
  return sheet.rules.map((r) => [...r.tests, ...r.says, r.note].map(quoted).join('\t')).join('\n');
}

/* Rows that are not there yet come to be; what is wider than the sheet falls off. */
export function paste(sheet: Sheet, rule: number, column: number, cells: string[][]): Sheet {
  const fits = width(sheet) - column;
  const pasted = (old: SheetRule, row: string[]) =>
    row.slice(0, fits).reduce((r, text, c) => withCell(r, column + c, text), old);
  const there = sheet.rules.map((old, i) => pasted(old, cells[i - rule] ?? []));
  const fresh = cells.slice(sheet.rules.length - rule).map((row) => pasted(freshRule(sheet), row));
  return { ...sheet, rules: [...there, ...fresh] };
}

/* A rule for what no rule hits, from the tests of the finding. */
export function ruleForGap(sheet: Sheet, tests: string[]): SheetRule {
  return { ...freshRule(sheet), tests: sheet.inputs.map((_, i) => tests[i] ?? ANYTHING) };
}
