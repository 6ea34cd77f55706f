import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generate, typeOf } from '../scripts/schema-types.mjs';

test('schemas become types', () => {
  assert.equal(typeOf({ type: ['string', 'null'] }), 'string | null');
  assert.equal(typeOf({ enum: ['a', 'b'] }), '"a" | "b"');
  assert.equal(typeOf({ type: 'array', items: { type: ['integer', 'null'] } }), '(number | null)[]');
  assert.equal(typeOf({ type: 'object', properties: { a: { $ref: '#/components/schemas/Text' }, 'b-c': {} }, required: ['a'] }),
    '{\n  a: Text;\n  "b-c"?: unknown;\n}');
  assert.equal(typeOf({ allOf: [{ $ref: '#/X' }], properties: { a: { type: 'boolean' } } }), 'X & {\n  a: boolean;\n}');
});

test('api-types.ts is what the server’s schemas say', () => {
  const schemas = JSON.parse(readFileSync(`${CONSOLE_ROOT}/../src/api/schemas.json`, 'utf8'));
  assert.equal(readFileSync(`${CONSOLE_ROOT}/src/api-types.ts`, 'utf8'), generate(schemas),
    'run `npm run types` in console/');
});
