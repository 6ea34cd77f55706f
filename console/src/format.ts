/* Numbers, money, days and spans as a person writes them, in the chosen language. */
import { signal } from '@preact/signals';
import { language } from './i18n.js';

export const currency = signal('EUR');

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();
function cached<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  kind: string, options: object, make: (lang: string) => T): T {
  const key = `${language.value}|${kind}|${JSON.stringify(options)}`;
  let found = made.get(key);
  if (!found) {
    found = make(language.value);
    made.set(key, found);
  }
  return found as T;
}

function decimal(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return cached('number', options, (l) => new Intl.NumberFormat(l, options));
}

function moment(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return cached('date', options, (l) => new Intl.DateTimeFormat(l, options));
}

export function number(n: number): string {
  return decimal({ maximumFractionDigits: 2, useGrouping: 'always' as never }).format(n);
}

/* Parameters and errors, large or small. */
export function precise(n: number): string {
  return decimal({ maximumSignificantDigits: 4, useGrouping: 'always' as never }).format(n);
}

/* With its sign, as a change; what is written as nothing has none. */
export function signed(n: number, write: (n: number) => string): string {
  const size = write(Math.abs(n));
  if (size === write(0)) return size;
  return `${n > 0 ? '+' : '\u2212'}${size}`;
}

/* For the marks of a chart: 1.2K, 3 M. */
export function shortNumber(n: number): string {
  return decimal({ notation: 'compact', maximumFractionDigits: 1 }).format(n);
}

export function percent(share: number): string {
  return decimal({ style: 'percent', maximumFractionDigits: 1 }).format(share);
}

export function money(amount: number): string {
  const options = { style: 'currency', currency: currency.value, currencyDisplay: 'narrowSymbol', useGrouping: 'always' } as const;
  try {
    return decimal(options as never).format(amount);
  } catch {
    return `${number(amount)} ${currency.value}`;  // a currency the browser does not know
  }
}

/* "2026-11-22" is a day of the shop's calendar, not an instant: never moved by a time zone. */
export function day(iso: string, style: 'short' | 'long' = 'short'): string {
  const options: Intl.DateTimeFormatOptions = style === 'long'
    ? { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }
    : { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' };
  const at = new Date(iso);
  return isNaN(+at) ? iso : moment(options).format(at);
}

export function date(iso: string): string {
  const at = new Date(iso);
  return isNaN(+at) ? iso : moment({ day: 'numeric', month: 'short', year: 'numeric' }).format(at);
}

export function dateTime(iso: string): string {
  const at = new Date(iso);
  return isNaN(+at) ? iso : moment({ dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

export function clock(iso: string): string {
  const at = new Date(iso);
  return isNaN(+at) ? iso : moment({ hour: '2-digit', minute: '2-digit' }).format(at);
}

const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400], ['hour', 3_600],
  ['minute', 60],
];

/* "3 days ago". */
export function ago(iso: string, now: number = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  if (isNaN(seconds)) return iso;
  const words = cached('ago', {}, (l) => new Intl.RelativeTimeFormat(l, { numeric: 'auto' }));
  for (const [unit, size] of SPANS)
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  return words.format(0, 'second');
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

export function bytes(n: number): string {
  let step = 0;
  let size = n;
  for (; size >= 1000 && step < BYTE_UNITS.length - 1; step++) size /= 1000;
  return decimal({ style: 'unit', unit: BYTE_UNITS[step]!, unitDisplay: step ? 'short' : 'long',
    maximumFractionDigits: size < 10 && step ? 1 : 0 }).format(size);
}

/* The two largest units: "1 h 5 min". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'], [Math.floor(whole / 60) % 60, 'minute'], [whole % 60, 'second'],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  const shown = first < 0 ? [parts[2]!] : parts.slice(first, first + 2).filter(([n]) => n > 0);
  return shown.map(([n, unit]) =>
    decimal({ style: 'unit', unit, unitDisplay: 'short' }).format(n)).join(' ');
}
