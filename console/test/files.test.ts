import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleCsv, sampleNdjson, separatorOf } from '../src/csv-preview.js';

test('separators', () => {
  assert.equal(separatorOf('a;b;c'), ';');
  assert.equal(separatorOf('a\tb'), '\t');
  assert.equal(separatorOf('alone'), ',');
});

test('CSV: quotes, doubled quotes, line ends inside a cell, a byte order mark', () => {
  assert.deepEqual(sampleCsv('\uFEFFid,name\r\n1,"A ""big"" one"\r\n2,"two\nlines"\n', 5),
    { header: ['id', 'name'], rows: [['1', 'A "big" one'], ['2', 'two\nlines']] });
});

test('CSV: no more rows than asked for, the last line may lack its end', () => {
  assert.deepEqual(sampleCsv('a,b\n1,2\n3,4\n5,6', 2).rows, [['1', '2'], ['3', '4']]);
  assert.deepEqual(sampleCsv('a,b\n1,2', 5).rows, [['1', '2']]);
  assert.deepEqual(sampleCsv('', 5), { header: [], rows: [] });
});

test('NDJSON: members of members with a dot; a cut-off line is left out', () => {
  assert.deepEqual(sampleNdjson('{"id":1,"at":{"day":"x"}}\n{"id":2,"tags":["a"]}\n{"id":', 5),
    { header: ['id', 'at.day', 'tags'], rows: [['1', 'x', ''], ['2', '', '["a"]']] });
});
