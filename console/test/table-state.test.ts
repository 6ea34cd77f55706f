import assert from 'node:assert/strict';
import { test } from 'node:test';
import './browser.js';
import { parseColumns, parsePeople, peopleHref, peopleQuestion, sortBy } from '../src/table-state.js';

const words = (href: string) => Object.fromEntries(new URL(href, 'http://shop').searchParams);

test('a state survives its address', () => {
  const states = [
    parsePeople({}),
    parsePeople({ q: 'ann & co', sort: 'name', order: 'desc', tier: 'at_risk', kind: 'company', known: 'true' }),
    parsePeople({ after: 'b64==/+', page: '7', sort: 'value' }),
  ];
  for (const s of states) assert.deepEqual(parsePeople(words(peopleHref(s))), s);
  assert.equal(peopleHref(states[0]!), '/people');
});

test('words that mean nothing fall back to what is usual', () => {
  assert.deepEqual(parsePeople({ sort: 'drop table', order: 'sideways', tier: 'vip', page: '-3', known: 'maybe' }),
    parsePeople({}));
  assert.equal(parsePeople({ page: '4' }).page, 1, 'a page without its `after` is the first');
});

test('the question to the server', () => {
  assert.equal(peopleQuestion(parsePeople({ q: '  ann ' })), '/customers?q=ann&sort=last_seen&order=desc&limit=50');
});

test('a click on a column: first the usual way round, then the other, always from the first page', () => {
  const start = parsePeople({ after: 'x', page: '3' });
  const byName = sortBy(start, 'name');
  assert.deepEqual([byName.order, byName.after, byName.page], ['asc', '', 1]);
  assert.equal(sortBy(byName, 'name').order, 'desc');
  assert.equal(sortBy(byName, 'value').order, 'desc');
});

test('columns: kept in their order, the name always there', () => {
  assert.deepEqual(parseColumns('value,email'), ['name', 'email', 'value']);
  assert.deepEqual(parseColumns('nonsense'), parseColumns(null));
});
