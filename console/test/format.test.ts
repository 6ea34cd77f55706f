import assert from 'node:assert/strict';
import { test } from 'node:test';
import './browser.js';
import { niceTop } from '../src/chart.js';
import { ago, bytes, currency, day, money, number, span } from '../src/format.js';
import { language } from '../src/i18n.js';

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');
const both = (make: () => string) => (['en', 'es'] as const).map((l) => {
  language.value = l;
  return plain(make());
});

test('money in the shop’s currency', () => {
  currency.value = 'GBP';
  assert.deepEqual(both(() => money(12345.5)), ['£12,345.50', '12.345,50 £']);
  currency.value = 'EUR';
  assert.deepEqual(both(() => money(0)), ['€0.00', '0,00 €']);
});

test('a currency the browser does not know is still shown', () => {
  currency.value = 'not one';
  assert.deepEqual(both(() => money(2.5)), ['2.5 not one', '2,5 not one']);
  currency.value = 'EUR';
});

test('numbers are grouped in both languages', () => {
  assert.deepEqual(both(() => number(32110)), ['32,110', '32.110']);
});

test('a calendar day is not moved by the reader’s time zone', () => {
  assert.deepEqual(both(() => day('2026-11-01')), ['Nov 1, 2026', '1 nov 2026']);
  assert.equal(day('nonsense'), 'nonsense');
});

test('how long ago', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  assert.deepEqual(both(() => ago('2026-11-20T12:00:00Z', now)), ['3 days ago', 'hace 3 días']);
  assert.deepEqual(both(() => ago('2026-11-23T11:59:59Z', now)), ['now', 'ahora']);
});

test('spans show their two largest units', () => {
  assert.deepEqual(both(() => span(3905)), ['1 hr 5 min', '1 h 5 min']);
  assert.deepEqual(both(() => span(0)), ['0 sec', '0 s']);
  assert.deepEqual(both(() => span(95)), ['1 min 35 sec', '1 min 35 s']);
});

test('bytes', () => {
  assert.deepEqual(both(() => bytes(17_000_000)), ['17 MB', '17 MB']);
  assert.deepEqual(both(() => bytes(1_500)), ['1.5 kB', '1,5 kB']);
});

test('a chart’s scale ends at a round number that holds the highest bar', () => {
  for (const n of [0.003, 0.9, 1, 7, 23_500, 99_999, 1_000_001]) {
    assert.ok(niceTop(n) >= n, String(n));
    assert.ok(niceTop(n) <= n * 1.67, String(n));
  }
  assert.equal(niceTop(0), 1);
});
