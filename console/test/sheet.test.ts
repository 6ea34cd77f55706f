/* The sheet of a decision table: edits keep its shape, a spreadsheet's cells come and go without loss. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sheet } from '../src/api-types.js';
import { addInput, addRule, cellOf, moveRule, paste, readCells, removeInput, removeRule, ruleForGap, setCell, writeCells } from '../src/rules/sheet.js';

const rule = (tests: string[], says: string[], note = '') => ({ id: '', tests, says, note });
const input = (expression: string) => ({ id: '', label: expression, expression, type: 'number', values: '' });
const SHEET: Sheet = {
  decisionId: 'd', decision: 'Gift', hitPolicy: 'UNIQUE', aggregation: '', inputs: [input('spend'), input('orders')],
  outputs: [{ id: '', name: '', label: 'Gift', type: 'string', values: '', otherwise: '' }],
  rules: [rule(['< 100', '-'], ['"none"']), rule(['>= 100', '> 2'], ['"card"'], 'often')],
};

test('cells are tests, then what is said, then the note', () => {
  assert.deepEqual([0, 1, 2, 3].map((c) => cellOf(SHEET, 1, c)), ['>= 100', '> 2', '"card"', 'often']);
  const edited = [0, 1, 2, 3].reduce((s, c) => setCell(s, 0, c, `x${c}`), SHEET);
  assert.deepEqual(edited.rules[0], rule(['x0', 'x1'], ['x2'], 'x3'));
  assert.deepEqual(edited.rules[1], SHEET.rules[1]);
});

test('rules and inputs come, go and move', () => {
  assert.deepEqual(moveRule(SHEET, 1, 0).rules.map((r) => r.says[0]), ['"card"', '"none"']);
  assert.equal(moveRule(SHEET, 0, -1), SHEET);
  assert.deepEqual(removeRule(addRule(SHEET, 1), 1), SHEET);
  const wider = addInput(SHEET, 'tier', 'string');
  assert.deepEqual(wider.rules.map((r) => r.tests.length), [3, 3]);
  assert.deepEqual(removeInput(wider, 2), SHEET);
});

test('cells of a spreadsheet', () => {
  assert.deepEqual(readCells('a\tb\r\nc\t"d\ne"\n'), [['a', 'b'], ['c', 'd\ne']]);
  assert.deepEqual(readCells('"""gold"""\t"x" or "y"'), [['"gold"', '"x" or "y"']]);
  assert.deepEqual(readCells('"card"\n"cake"'), [['"card"'], ['"cake"']]);
  assert.deepEqual(readCells('a\t'), [['a', '']]);
  assert.deepEqual(readCells(''), [['']]);
  const empty = { ...SHEET, rules: [] };
  assert.deepEqual(paste(empty, 0, 0, readCells(writeCells(SHEET))), SHEET);
  const over = paste(SHEET, 1, 2, [['"a"', 'b', 'beyond'], ['"c"', 'd']]);
  assert.deepEqual(over.rules.map((r) => [...r.says, r.note]), [['"none"', ''], ['"a"', 'b'], ['"c"', 'd']]);
});

test('a gap becomes a rule', () => {
  assert.deepEqual(ruleForGap(SHEET, ['[100 .. 500)', '<= 2']), rule(['[100 .. 500)', '<= 2'], ['']));
  assert.deepEqual(ruleForGap(SHEET, ['< 5']).tests, ['< 5', '-']);
});
