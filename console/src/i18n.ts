/* Words of the console in the chosen language. Components that call t() redraw when it changes. */
import { signal } from '@preact/signals';
import type { Text } from './api-types.js';
import type english from './i18n/en.json';

export type Language = 'en' | 'es';
export type MessageKey = keyof typeof english;
export type Messages = Record<string, string | Record<string, string>>;
export type Params = Record<string, string | number>;

export const LANGUAGES: readonly Language[] = ['en', 'es'];
export const language = signal<Language>('en');
const messages = signal<Messages>({});

/* Fills {name} from params; numbers are written as the language writes them. */
export function fill(pattern: string, lang: string, params: Params): string {
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(lang, { useGrouping: 'always' as never }).format(value) : value;
  });
}

/* A message with plural forms is chosen by params.n. */
export function translate(all: Messages, lang: string, key: string, params: Params = {}): string {
  const entry = all[key];
  if (entry === undefined) return key;
  if (typeof entry === 'string') return fill(entry, lang, params);
  const form = new Intl.PluralRules(lang).select(Number(params['n'] ?? 0));
  return fill(entry[form] ?? entry['other'] ?? key, lang, params);
}

export function t(key: MessageKey, params?: Params): string {
  return translate(messages.value, language.value, key, params);
}

/* The server's own sentences come in every language. */
export function pick(text: Text | null | undefined): string {
  return text ? text[language.value] || text.en : '';
}

/* What to speak before anybody has logged in: the last choice here, else the browser's wish. */
export function preferredLanguage(): Language {
  const stored = localStorage.getItem('tendero.language');
  const wishes = stored ? [stored] : navigator.languages;
  for (const wish of wishes) {
    const found = LANGUAGES.find((l) => wish.toLowerCase().startsWith(l));
    if (found) return found;
  }
  return 'en';
}

export async function setLanguage(next: Language): Promise<void> {
  const loaded = next === 'es' ? await import('./i18n/es.js') : await import('./i18n/en.js');
  messages.value = loaded.default as Messages;
  language.value = next;
  localStorage.setItem('tendero.language', next);
  document.documentElement.lang = next;
}
