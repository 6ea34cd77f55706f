import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePatch } from '../src/merge-patch.js';

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

/* RFC 7396, section 2. */
function apply(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  return result;
}

const pairs: [Json, Json][] = [
  [{ a: 1 }, { a: 2 }],
  [{ a: 1, b: 2 }, { b: 2 }],
  [{ a: { b: 1, c: [1, 2] }, d: 'x' }, { a: { b: 1, c: [1, 3] }, d: 'x' }],
  [{ a: { b: { c: 1 } } }, { a: { b: {} } }],
  [{ a: [1] }, { a: { 0: 1 } }],
  [{}, { new: { deep: true } }],
];

test('the patch leads from one to the other', () => {
  for (const [before, after] of pairs) assert.deepEqual(apply(before, mergePatch(before, after)), after);
});

test('what stayed the same is not in the patch', () => {
  for (const [before] of pairs) assert.deepEqual(mergePatch(before, structuredClone(before)), {});
  assert.deepEqual(mergePatch({ a: 1, b: { c: 1, d: 2 } }, { a: 1, b: { c: 1, d: 3 } }), { b: { d: 3 } });
});
