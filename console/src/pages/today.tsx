/* What happened in the shop today, and how it grows. */
import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import { post, query, session } from '../api.js';
import type { KeyMade, Today as TodayShape } from '../api-types.js';
import { DaysChart } from '../chart.js';
import { useAction, useLoad } from '../data.js';
import { day, money, number, percent } from '../format.js';
import { pick, t, type MessageKey } from '../i18n.js';
import { Button, Choice, Copyable, ErrorBox, Figure, Note, PageHead, Skeleton, Table, TierChip, When } from '../ui.js';

const RANGES = [30, 90, 365] as const;
const SHOWN = ['revenue', 'orders', 'newCustomers', 'received'] as const;
type Shown = (typeof SHOWN)[number];
const SHOWN_NAME: Record<Shown, MessageKey> = {
  revenue: 'today.revenue', orders: 'today.orders', newCustomers: 'today.new_customers', received: 'today.received',
};

function curl(key: string): string {
  const event = '{"type":"track","userId":"ann","event":"Product Viewed","properties":{"product_id":"85123A"}}';
  return `curl -u ${key}: -H 'content-type: application/json' \\\n  -d '{"batch":[${event}]}' \\\n  ${location.origin}/v1/batch`;
}

/* The first minutes of a shop: nothing has come in yet. */
export function FirstSteps() {
  const action = useAction();
  const [key, setKey] = useState<string | null>(null);
  const make = () => void action.run(
    () => post<KeyMade>('/keys', { scope: 'write', name: t('first.key_name') }), (k) => setKey(k.key));
  return (
    <section class="sheet first" aria-labelledby="first">
      <h2 id="first">{t('first.title')}</h2>
      <p>{t('first.lead')}</p>
      <ol class="steps">
        <li>
          <h3>{t('first.key')}</h3>
          <p>{t('first.key_text')}</p>
          {key ? <><Note tone="good">{t('keys.once')}</Note><Copyable text={key} label={t('keys.key')} /></>
            : <Button look="main" icon="plus" busy={action.busy} onClick={make}>{t('first.key_make')}</Button>}
          <ErrorBox error={action.error} />
        </li>
        <li>
          <h3>{t('first.event')}</h3>
          <p>{t('first.event_text')}</p>
          <Copyable block text={curl(key ?? 'KEY')} label={t('first.event')} />
        </li>
        <li>
          <h3>{t('first.file')}</h3>
          <p>{t('first.file_text')} <a href="/data/imports">{t('first.file_link')}</a></p>
          <Copyable block text="tendero import orders.csv --as online-retail --data DIR" label={t('first.file')} />
        </li>
      </ol>
    </section>
  );
}

function Figures({ today }: { today: TodayShape }) {
  const rejected = today.rejected > 0
    ? <a href="/data/rejections">{t('today.rejected_n', { n: today.rejected })}</a>
    : t('today.rejected_n', { n: 0 });
  return (
    <dl class="figures ledger">
      <Figure label="today.received" value={number(today.received)}
              note={<>{t('today.duplicates_n', { n: today.duplicates })} · {rejected}</>} />
      <Figure label="today.new_customers" value={number(today.newCustomers)} href="/people?sort=first_seen"
              note={t('today.of_customers', { n: today.customers })} />
      <Figure label="today.orders" value={number(today.orders)} />
      <Figure label="today.revenue" value={money(today.revenue)} />
    </dl>
  );
}

function Growth({ today, shown, days, go }: {
  today: TodayShape; shown: Shown; days: number; go: (days: number, shown: Shown) => void;
}) {
  const points = today.days.map((d) => ({ day: d.day, value: d[shown] }));
  return (
    <section class="sheet" aria-labelledby="growth">
      <div class="sheet-head">
        <h2 id="growth">{t('today.growth')}</h2>
        <Choice label={t('today.range')} value={days} onChange={(n) => go(n, shown)}
                options={RANGES.map((n) => ({ value: n as number, label: t('today.days', { n }) }))} />
      </div>
      <Choice wrap label={t('today.figure')} value={shown} onChange={(s) => go(days, s)}
              options={SHOWN.map((s) => ({ value: s, label: t(SHOWN_NAME[s]) }))} />
      <DaysChart points={points} label={t(SHOWN_NAME[shown])} write={shown === 'revenue' ? money : number} />
    </section>
  );
}

function Tiers({ today }: { today: TodayShape }) {
  const all = today.tiers.reduce((n, r) => n + r.customers, 0) || 1;
  return (
    <section class="sheet" aria-labelledby="tiers">
      <h2 id="tiers">{t('today.tiers')}</h2>
      <Table label={t('today.tiers')} rows={today.tiers} rowKey={(r) => r.tier} columns={[
        { key: 'tier', label: t('people.tier'), head: true,
          cell: (r) => <a class="row-link" href={`/people${query({ tier: r.tier })}`}><TierChip tier={r.tier} /></a> },
        { key: 'n', label: t('today.customers'), number: true, cell: (r) => number(r.customers) },
        { key: 'share', label: t('today.share'), cell: (r) => (
          <span class="meter"><span class={`fill tier-${r.tier}`} style={{ width: `${(100 * r.customers) / all}%` }} />
            <span>{percent(r.customers / all)}</span></span>) },
        { key: 'value', label: t('people.value'), number: true, cell: (r) => money(r.value) },
      ]} />
    </section>
  );
}

function Sources({ today }: { today: TodayShape }) {
  if (!today.sources.length) return null;
  return (
    <section class="sheet" aria-labelledby="sources">
      <h2 id="sources">{t('today.sources')}</h2>
      <Table label={t('today.sources')} rows={today.sources} rowKey={(r) => r.name} columns={[
        { key: 'name', label: t('word.source'), head: true, cell: (r) => r.name },
        { key: 'today', label: t('today.facts_today'), number: true, cell: (r) => number(r.today) },
        { key: 'seen', label: t('people.lastSeen'), cell: (r) => <When at={r.lastSeenAt} relative /> },
      ]} />
    </section>
  );
}

export function Today() {
  const { query: words, route } = useLocation();
  const days = RANGES.find((n) => String(n) === words['days']) ?? 30;
  const shown = SHOWN.find((s) => s === words['show']) ?? 'revenue';
  const { data: today, error, reload } = useLoad<TodayShape>(`/today?days=${days}`);
  const go = (n: number, s: Shown) =>
    route(`/${query({ days: n === 30 ? '' : n, show: s === 'revenue' ? '' : s })}`, true);
  const name = session.value?.user.name;
  return (
    <>
      <PageHead title={t('nav.today')}
                lead={today && t('today.hello', { name: name ?? '', day: day(today.day, 'long') })} />
      <ErrorBox error={error} retry={reload} />
      {!today && !error && <Skeleton lines={8} />}
      {today && today.facts === 0 && <FirstSteps />}
      {today && today.facts > 0 && (
        <>
          <Figures today={today} />
          {today.tips.map((tip) => <Note key={tip.en}>{pick(tip)}</Note>)}
          <Growth today={today} shown={shown} days={days} go={go} />
          <div class="two">
            <Tiers today={today} />
            <div>
              <Sources today={today} />
              <section class="sheet" aria-labelledby="whole">
                <h2 id="whole">{t('today.whole')}</h2>
                <dl class="figures small">
                  <Figure label="today.customers" value={number(today.customers)} href="/people"
                          note={t('today.known_n', { n: today.known })} />
                  <Figure label="today.facts" value={number(today.facts)} />
                  <Figure label="today.products" value={number(today.products)} href="/catalogue" />
                </dl>
              </section>
            </div>
          </div>
        </>
      )}
    </>
  );
}
