import assert from 'node:assert/strict';
import { test } from 'node:test';
import './browser.js';
import { undress } from '../src/customer/proposals.js';

test('a letter’s styles are taken out of its text and kept', () => {
  const { html, css } = undress('<head><style>p{color:red}</style></head><p class="a" style="margin:0">a style="b"</p><style>b{}</style>');
  assert.equal(html, '<head></head><p class="a" data-style="margin:0">a style="b"</p>');
  assert.equal(css, 'p{color:red}b{}');
});
