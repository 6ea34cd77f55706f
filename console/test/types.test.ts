import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeOf } from '../scripts/schema-types.mjs';

test('schemas become types', () => {
  assert.equal(typeOf({ type: ['string', 'null'] }), 'string | null');
  assert.equal(typeOf({ enum: ['a', 'b'] }), '"a" | "b"');
  assert.equal(typeOf({ type: 'array', items: { type: ['integer', 'null'] } }), '(number | null)[]');
  assert.equal(typeOf({ type: 'object', properties: { a: { $ref: '#/components/schemas/Text' }, 'b-c': {} }, required: ['a'] }),
    '{\n  a: Text;\n  "b-c"?: unknown;\n}');
  assert.equal(typeOf({ allOf: [{ $ref: '#/X' }], properties: { a: { type: 'boolean' } } }), 'X & {\n  a: boolean;\n}');
});
