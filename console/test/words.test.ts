import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import './browser.js';
import en from '../src/i18n/en.json';
import es from '../src/i18n/es.json';
import { translate, type Messages } from '../src/i18n.js';

const all: Record<string, Messages> = { en, es };
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
const forms = (entry: string | Record<string, string>) => (typeof entry === 'string' ? [entry] : Object.values(entry));

test('both languages have the same keys, in the same order', () => {
  assert.deepEqual(Object.keys(es), Object.keys(en));
});

test('a message has the same holes in both languages and in every plural form', () => {
  for (const key of Object.keys(en)) {
    const wanted = new Set(forms(all['en']![key]!).map((f) => holes(f).join()));
    const got = new Set(forms(all['es']![key]!).map((f) => holes(f).join()));
    assert.deepEqual([...got], [...wanted], key);
  }
});

test('plural messages have the forms "one" and "other", and no message is empty', () => {
  for (const messages of Object.values(all))
    for (const [key, entry] of Object.entries(messages)) {
      if (typeof entry !== 'string') assert.deepEqual(Object.keys(entry), ['one', 'other'], key);
      for (const form of forms(entry)) assert.ok(form.trim(), key);
    }
});

function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true }).map((f) => {
    const path = `${dir}/${f.name}`;
    if (f.isDirectory()) return sources(path);
    return /\.tsx?$/.test(f.name) ? readFileSync(path, 'utf8') : '';
  }).join('\n');
}

test('every message is used somewhere', () => {
  const code = sources(`${CONSOLE_ROOT}/src`);
  const made = [...code.matchAll(/`(\w+)\.\$\{/g)].map((m) => `${m[1]}.`);
  const unused = Object.keys(en).filter((key) =>
    !code.includes(`'${key}'`) && !code.includes(`"${key}"`) && !made.some((p) => key.startsWith(p)));
  assert.deepEqual(unused, []);
});

test('no sentence is written into a page instead of the dictionaries', () => {
  const code = sources(`${CONSOLE_ROOT}/src`);
  const names = /^(Tendero|English|Español|KEY|DIR|Ctrl K|Apache-2\.0)$/;
  const loose = [...code.matchAll(/>([^<>{}=;()]*[A-Za-zÀ-ÿ]{3,}[^<>{}=;()]*)<\//g)]
    .map((m) => m[1]!.replace(/^[\s·:]+|[\s·:]+$/g, '')).filter((text) => text && !names.test(text) && !text.includes('`'));
  assert.deepEqual(loose, []);
});

test('plurals and numbers follow the language', () => {
  const messages: Messages = { n: { one: '{n} pedido de {who}', other: '{n} pedidos de {who}' } };
  assert.equal(translate(messages, 'es', 'n', { n: 1, who: 'Ana' }), '1 pedido de Ana');
  assert.equal(translate(messages, 'es', 'n', { n: 12345, who: 'Ana' }), '12.345 pedidos de Ana');
  assert.equal(translate(messages, 'en', 'n', { n: 12345, who: 'Ann' }), '12,345 pedidos de Ann');
  assert.equal(translate(messages, 'es', 'n', { n: 1_000_000, who: 'Ana' }), '1.000.000 pedidos de Ana');
  assert.equal(translate(messages, 'en', 'missing'), 'missing');
});
