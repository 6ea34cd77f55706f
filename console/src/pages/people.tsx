/* Search as you type over everybody; the state of the table is its address. */
import { useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CustomerRow } from '../api-types.js';
import type { List } from '../api.js';
import { useLoad, useRested } from '../data.js';
import { money, number } from '../format.js';
import { t } from '../i18n.js';
import {
  COLUMNS, KINDS, PAGE, TIERS, parseColumns, parsePeople, peopleHref, peopleQuestion, sortBy,
  type PeopleColumn, type PeopleState, type Sort,
} from '../table-state.js';
import { announce, Chip, Empty, ErrorBox, Icon, PageHead, Select, Skeleton, Table, TierChip, When, type Column } from '../ui.js';

type Customers = List<CustomerRow> & { total: number };
const REST_MS = 150;
const STORED = 'tendero.people.columns';

export function personName(c: { id: string; name: string | null; email?: string | null; userId?: string | null }): string {
  return c.name || c.email || c.userId || t('people.nameless', { id: c.id });
}

const CELLS: Record<PeopleColumn, Omit<Column<CustomerRow>, 'key' | 'label'>> = {
  name: { sort: 'name', head: true, cell: (c) => (
    <a class="row-link" href={`/people/${c.id}`}>{personName(c)}
      {c.anonymous && <Chip>{t('people.anonymous')}</Chip>}</a>) },
  email: { cell: (c) => c.email ?? <span class="muted">—</span> },
  userId: { cell: (c) => c.userId ?? <span class="muted">—</span> },
  tier: { cell: (c) => <TierChip tier={c.tier} /> },
  orders: { sort: 'orders', number: true, cell: (c) => number(c.orders) },
  value: { sort: 'value', number: true, cell: (c) => money(c.value) },
  lastOrder: { sort: 'last_order', cell: (c) => <When at={c.lastOrderAt} /> },
  lastSeen: { sort: 'last_seen', cell: (c) => <When at={c.lastSeenAt} relative /> },
  firstSeen: { sort: 'first_seen', cell: (c) => <When at={c.firstSeenAt} /> },
  country: { cell: (c) => c.country ?? <span class="muted">—</span> },
  kind: { cell: (c) => t(`kind.${c.kind}`) },
};

function ColumnChoice({ columns, choose }: { columns: PeopleColumn[]; choose: (c: PeopleColumn[]) => void }) {
  return (
    <details class="drop">
      <summary class="button plain">{t('people.columns')}</summary>
      <fieldset class="drop-body">
        <legend class="spoken">{t('people.columns')}</legend>
        {COLUMNS.filter((c) => c !== 'name').map((c) => (
          <label key={c} class="tick">
            <input type="checkbox" checked={columns.includes(c)}
                   onChange={() => choose(COLUMNS.filter((x) => (x === c ? !columns.includes(c) : columns.includes(x))))} />
            {t(`people.${c}`)}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

function Filters({ state, go }: { state: PeopleState; go: (s: Partial<PeopleState>) => void }) {
  return (
    <>
      <Select label={t('people.tier')} value={state.tier} onChange={(tier) => go({ tier })}
              options={[{ value: '', label: t('word.all') }, ...TIERS.map((v) => ({ value: v, label: t(`tier.${v}`) }))]} />
      <Select label={t('people.kind')} value={state.kind} onChange={(kind) => go({ kind })}
              options={[{ value: '', label: t('word.all') }, ...KINDS.map((v) => ({ value: v, label: t(`kind.${v}`) }))]} />
      <Select label={t('people.known')} value={state.known} onChange={(known) => go({ known })}
              options={[{ value: '', label: t('word.all') }, { value: 'true', label: t('people.known_yes') },
                { value: 'false', label: t('people.known_no') }]} />
    </>
  );
}

/* The server only knows what comes after a page; the way back is what we walked. */
const cameFrom = new Map<string, PeopleState>();

function Pager({ state, page }: { state: PeopleState; page: Customers }) {
  const back = cameFrom.get(peopleHref(state));
  const first = { ...state, after: '', page: 1 };
  const from = (state.page - 1) * PAGE + 1;
  const next = page.next === null ? null : { ...state, after: page.next, page: state.page + 1 };
  if (next) cameFrom.set(peopleHref(next), state);
  return (
    <nav class="pager" aria-label={t('people.pages')}>
      <span>{t('people.rows', { from, to: from + page.items.length - 1, total: page.total })}</span>
      {state.page > 1 && <a class="button plain" href={peopleHref(first)}>{t('people.first')}</a>}
      {back && <a class="button plain" rel="prev" href={peopleHref(back)}><Icon name="left" />{t('people.previous')}</a>}
      {next && <a class="button plain" rel="next" href={peopleHref(next)}>{t('people.next')}<Icon name="right" /></a>}
    </nav>
  );
}

/* "/" goes to the search, arrow down from there to the first row. */
function useSearchKeys(input: { current: HTMLInputElement | null }) {
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const where = e.target as HTMLElement;
      if (e.key !== '/' || e.ctrlKey || e.metaKey || where.matches('input,select,textarea') ||
          document.querySelector('dialog[open]')) return;
      e.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function SearchBox({ state, go }: { state: PeopleState; go: (s: Partial<PeopleState>, replace?: boolean) => void }) {
  const [typed, setTyped] = useState(state.q);
  const input = useRef<HTMLInputElement>(null);
  const rested = useRested(typed, REST_MS);
  const asked = useRef(state.q);
  useSearchKeys(input);
  useEffect(() => {  // typed here
    if (rested === asked.current) return;
    asked.current = rested;
    go({ q: rested }, true);
  }, [rested]);
  useEffect(() => {  // changed elsewhere: back, forward, a link
    if (state.q === asked.current) return;
    asked.current = state.q;
    setTyped(state.q);
  }, [state.q]);
  return (
    <div class="field search" role="search">
      <label for="people-search">{t('people.search')}</label>
      <div class="search-box">
        <Icon name="search" />
        <input id="people-search" ref={input} type="search" value={typed} autocomplete="off" spellcheck={false}
               placeholder={t('people.search_hint')} onInput={(e) => setTyped(e.currentTarget.value)}
               onKeyDown={(e) => {
                 if (e.key !== 'ArrowDown') return;
                 e.preventDefault();
                 document.querySelector<HTMLElement>('main a.row-link')?.focus();
               }} />
        <kbd aria-hidden="true">/</kbd>
      </div>
    </div>
  );
}

export function People() {
  const { query: words, route } = useLocation();
  const state = parsePeople(words);
  const [columns, setColumns] = useState(() => parseColumns(localStorage.getItem(STORED)));
  const { data, error, loading, reload } = useLoad<Customers>(peopleQuestion(state));
  const last = useRef<Customers | undefined>(undefined);
  if (data) last.current = data;
  const page = data ?? (loading ? last.current : undefined);  // the old rows stay, dimmed, until the new come
  const go = (change: Partial<PeopleState>, replace = false) =>
    route(peopleHref({ ...state, after: '', page: 1, ...change }), replace);
  useEffect(() => {
    if (data) announce(t('people.found', { n: data.total }));
  }, [data]);
  const choose = (next: PeopleColumn[]) => {
    localStorage.setItem(STORED, next.join(','));
    setColumns(next.length > 1 ? next : ['name', ...next]);
  };
  const narrowed = state.q || state.tier || state.kind || state.known;
  return (
    <>
      <PageHead title={t('nav.people')} lead={page && <>{t('people.found', { n: page.total })}</>} />
      <div class="toolbar">
        <SearchBox state={state} go={go} />
        <Filters state={state} go={go} />
        <ColumnChoice columns={columns} choose={choose} />
      </div>
      <ErrorBox error={error} retry={reload} />
      {!page && !error && <Skeleton lines={12} />}
      {page && page.items.length === 0 && (
        <Empty icon="people" title={narrowed ? t('people.none_fit') : t('people.none')}>
          {narrowed ? <a class="button main" href="/people">{t('people.show_all')}</a>
            : <a class="button main" href="/">{t('first.title')}</a>}
        </Empty>
      )}
      {page && page.items.length > 0 && (
        <div class={loading && !data ? 'stale' : ''}>
          <Table label={t('nav.people')} cards rows={page.items} rowKey={(c) => c.id} busy={loading}
                 columns={columns.map((c) => ({ key: c, label: t(`people.${c}`), ...CELLS[c] }))}
                 sort={state.sort} order={state.order}
                 onSort={(s) => route(peopleHref(sortBy(state, s as Sort)))} />
          {data && <Pager state={state} page={data} />}
        </div>
      )}
      <p class="muted keys">{t('people.keys')}</p>
    </>
  );
}

