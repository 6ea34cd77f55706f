import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guess, guessType, mappingOf } from '../src/mapping.js';
import { sampleCsv, sampleNdjson, separatorOf } from '../src/csv-preview.js';

test('separators', () => {
  assert.equal(separatorOf('a;b;c'), ';');
  assert.equal(separatorOf('a\tb'), '\t');
  assert.equal(separatorOf('alone'), ',');
});

test('CSV: quotes, doubled quotes, line ends inside a cell, a byte order mark', () => {
  assert.deepEqual(sampleCsv('\uFEFFid,name\r\n1,"A ""big"" one"\r\n2,"two\nlines"\n', 5),
    { header: ['id', 'name'], rows: [['1', 'A "big" one'], ['2', 'two\nlines']], separator: ',' });
});

test('CSV: no more rows than asked for, the last line may lack its end', () => {
  assert.deepEqual(sampleCsv('a,b\n1,2\n3,4\n5,6', 2).rows, [['1', '2'], ['3', '4']]);
  assert.deepEqual(sampleCsv('a,b\n1,2', 5).rows, [['1', '2']]);
  assert.deepEqual(sampleCsv('', 5), { header: [], rows: [], separator: ',' });
});

test('NDJSON: members of members by their pointer; a cut-off line is left out', () => {
  assert.deepEqual(sampleNdjson('{"id":1,"at":{"a/b":"x"}}\n{"id":2,"tags":["a"]}\n{"id":', 5),
    { header: ['id', '/at/a~1b', 'tags'], rows: [['1', 'x', ''], ['2', '', '["a"]']], separator: '' });
});

test('a mapping says where each thing is, in the words of the importer', () => {
  assert.deepEqual(mappingOf('event', ';', 'Order Completed', [
    { column: 'date', meaning: 'timestamp', type: 'date' }, { column: 'customer', meaning: 'userId', type: 'number' },
    { column: '/cart/total', meaning: 'property', type: 'number' }, { column: 'junk', meaning: 'skip', type: 'text' },
  ]), {
    as: 'event', separator: ';', event: 'Order Completed', timestamp: { from: 'date' }, userId: { from: 'customer' },
    properties: { total: { from: '/cart/total', type: 'number' } },
  });
  assert.deepEqual(mappingOf('product', ',', 'unused', [{ column: 'sku', meaning: 'id', type: 'text' }]),
    { as: 'product', product: { id: { from: 'sku' } } });
  assert.equal(mappingOf('raw', '', '', []), null);
});

test('guesses from names and from values', () => {
  assert.equal(guess('customer_id', 'event'), 'userId');
  assert.equal(guess('order_id', 'event'), 'messageId');
  assert.equal(guess('order_id', 'customer'), 'trait');
  assert.equal(guess('plan', 'customer'), 'trait');
  assert.equal(guess('/item/sku', 'product'), 'id');
  assert.equal(guessType(['1', '', '2.5']), 'number');
  assert.equal(guessType(['007']), 'text', 'a leading zero is part of a number plate, not of a number');
  assert.equal(guessType(['2026-01-31']), 'date');
  assert.equal(guessType(['']), 'text');
});
