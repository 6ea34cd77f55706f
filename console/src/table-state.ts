/* What the People table shows, as words in the URL and as a question to the server. */
import { query } from './api.js';
import type { Kind, Tier } from './api-types.js';

export const TIERS: readonly Tier[] =
  ['champion', 'loyal', 'promising', 'new', 'at_risk', 'asleep', 'prospect'];
export const KINDS: readonly Kind[] = ['person', 'company', 'household', 'partner'];
export const SORTS = ['name', 'value', 'orders', 'last_order', 'last_seen', 'first_seen'] as const;
export type Sort = (typeof SORTS)[number];
export const COLUMNS = ['name', 'email', 'userId', 'tier', 'orders', 'value', 'lastOrder', 'lastSeen',
  'firstSeen', 'country', 'kind'] as const;
export type PeopleColumn = (typeof COLUMNS)[number];
const COLUMNS_AT_FIRST: PeopleColumn[] = ['name', 'email', 'tier', 'orders', 'value', 'lastOrder'];
export const PAGE = 50;

export type PeopleState = {
  q: string; sort: Sort; order: 'asc' | 'desc'; tier: Tier | ''; kind: Kind | '';
  known: 'true' | 'false' | ''; after: string; page: number;
};

/* `fallback` for whatever is not one of the words, so that a broken link still shows a page. */
function oneOf<T extends string, F>(words: readonly T[], value: string | undefined, fallback: F): T | F {
  return words.includes(value as T) ? (value as T) : fallback;
}

export function parsePeople(words: Record<string, string>): PeopleState {
  const sort = oneOf(SORTS, words['sort'], 'last_seen' as const);
  const page = Number(words['page'] ?? 1);
  const after = words['after'] ?? '';
  return {
    q: words['q'] ?? '', sort,
    order: oneOf(['asc', 'desc'] as const, words['order'], sort === 'name' ? 'asc' : 'desc'),
    tier: oneOf(TIERS, words['tier'], ''), kind: oneOf(KINDS, words['kind'], ''),
    known: oneOf(['true', 'false'] as const, words['known'], ''),
    after, page: after && Number.isInteger(page) && page > 1 ? page : 1,
  };
}

/* The address of a state; what is usual is left out. */
export function peopleHref(s: PeopleState): string {
  const usualOrder = s.sort === 'name' ? 'asc' : 'desc';
  return `/people${query({
    q: s.q, sort: s.sort === 'last_seen' ? '' : s.sort, order: s.order === usualOrder ? '' : s.order,
    tier: s.tier, kind: s.kind, known: s.known, after: s.after, page: s.after ? s.page : '',
  })}`;
}

export function peopleQuestion(s: PeopleState): string {
  return `/customers${query({
    q: s.q.trim(), sort: s.sort, order: s.order, tier: s.tier, kind: s.kind, known: s.known,
    after: s.after, limit: PAGE,
  })}`;
}

/* A click on the sorted column turns it round; another column starts the way people expect. */
export function sortBy(s: PeopleState, sort: Sort): PeopleState {
  const usual = sort === 'name' ? 'asc' : 'desc';
  const order = s.sort !== sort ? usual : s.order === 'asc' ? 'desc' : 'asc';
  return { ...s, sort, order, after: '', page: 1 };
}

export function parseColumns(stored: string | null): PeopleColumn[] {
  if (!stored) return COLUMNS_AT_FIRST;
  const wanted = stored.split(',');
  const known = COLUMNS.filter((c) => c === 'name' || wanted.includes(c));
  return known.length > 1 ? known : COLUMNS_AT_FIRST;
}
