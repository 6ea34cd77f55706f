/* What the engine says is said in Spanish where the console is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import './browser.js';
import { language } from '../src/i18n.js';
import { spoken, spokenPlace } from '../src/rules/spoken.js';

const SAID: [string, string][] = [
  ["'+' has no meaning between a date and time and a years and months duration", "'+' no tiene sentido entre una fecha con hora y una duración en años y meses"],
  ["'=' has no meaning between a string and a number", "'=' no tiene sentido entre un texto y un número"],
  ["line 2, column 8: nothing is called 'ordres'; 'orders' is", "línea 2, columna 8: nada se llama 'ordres'; 'orders', sí"],
  ["a context has no 'street'", "un objeto no tiene 'street'"],
  ['a condition is true or false, not a string', 'una condición es verdadera o falsa, no un texto'],
  ['rule 3, input 2: "x" is not of its type', 'entrada 2: "x" no es de su tipo'],
  ['upper case() wants a string', 'upper case() pide un texto'],
  ["there is no audience 'Loyal'", "no hay ningún público 'Loyal'"],
];

test('sentences of the engine in both languages', () => {
  for (const [en, es] of SAID) {
    language.value = 'en';
    assert.equal(spoken(en), en);
    language.value = 'es';
    assert.equal(spoken(en), es);
  }
  assert.equal(spoken('something new'), 'something new');
  assert.equal(spokenPlace("decision 'Rule 3, or so', rule 3, input 2"), "decisión 'Rule 3, or so', regla 3, entrada 2");
  language.value = 'en';
  assert.equal(spokenPlace("decision 'A', rule 3"), "decision 'A', rule 3");
});
