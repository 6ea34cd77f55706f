/* Value tiers: what they bring, who moved, what is done for each, and whom to spend a budget on. */
import { useRoute } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, seg } from '../api.js';
import type { Job, TierFit, TiersPage, ValueTierCustomer, ValueTierRow } from '../api-types.js';
import { forget, useAction, useGrowing, useLoad } from '../data.js';
import { date, money, number, percent } from '../format.js';
import { pick, t } from '../i18n.js';
import { active, useJobs } from '../jobs.js';
import { personName } from './people.js';
import { Allocate } from '../tiers/allocate.js';
import { PlanDialog } from '../tiers/plan.js';
import { Button, Empty, ErrorBox, IconButton, Note, PageHead, Skeleton, Table, When } from '../ui.js';

function planWords(row: ValueTierRow): string {
  const { plan } = row;
  return [t('tiers.plan_contacts', { n: plan.contactsPerMonth }), t(`tiers_service.${plan.service}`),
    ...(plan.manager ? [t('tiers.plan_manager')] : []),
    plan.discountMost > 0 ? t('tiers.plan_discount', { most: percent(plan.discountMost) }) : t('tiers.plan_no_discount')].join(' · ');
}

function TiersTable({ tiers, onPlan }: { tiers: ValueTierRow[]; onPlan: (row: ValueTierRow) => void }) {
  return (
    <Table label={t('nav.tiers')} cards rows={tiers} rowKey={(r) => r.tier} columns={[
      { key: 'tier', label: t('tiers.tier'), head: true, cell: (r) => <a class="row-link" href={`/tiers/${seg(r.tier)}`}>{pick(r.label)}</a> },
      { key: 'customers', label: t('audience.customers'), number: true, cell: (r) => number(r.customers) },
      { key: 'actual', label: t('tiers.brought'), number: true, cell: (r) => money(r.actualValue) },
      { key: 'lifetime', label: t('tiers.lifetime'), number: true, cell: (r) => money(r.lifetimeValue) },
      { key: 'plan', label: t('tiers.plan'), cell: (r) => (
        <div class="plan-cell"><span>{planWords(r)}</span>
          <IconButton icon="pen" label={t('tiers.plan_of', { tier: pick(r.label) })} onClick={() => onPlan(r)} /></div>) },
    ]} />
  );
}

/* From the rows to the columns; who is where they were before is between bars. */
function Movement({ fit, tiers }: { fit: TierFit; tiers: ValueTierRow[] }) {
  const rows = [...tiers.map((r) => ({ from: r.tier as string | null, label: pick(r.label) })), { from: null, label: t('tiers.first_seen') }];
  const moved = (from: string | null, to: string) => fit.movement.find((m) => m.from === from && m.to === to)?.customers ?? 0;
  const shown = rows.filter((row) => tiers.some((r) => moved(row.from, r.tier)));
  return (
    <section class="sheet" aria-labelledby="movement">
      <h2 id="movement">{t('tiers.movement')}</h2>
      <p>{t('tiers.movement_text', { day: date(fit.asOf) })}</p>
      <Table label={t('tiers.movement')} rows={shown} rowKey={(row) => row.label} columns={[
        { key: 'from', label: t('tiers.from'), head: true, cell: (row) => row.label },
        ...tiers.map((r) => ({ key: r.tier, label: pick(r.label), number: true, cell: (row: { from: string | null }) => {
          const n = moved(row.from, r.tier);
          return n === 0 ? <span class="muted">·</span> : row.from === r.tier ? <span class="muted">{number(n)}</span> : <b>{number(n)}</b>;
        } })),
      ]} />
    </section>
  );
}

function Cuts({ fit }: { fit: TierFit }) {
  const { valuable, growable } = fit.cuts;
  return (
    <p class="muted">
      {valuable !== null && t('tiers.cut_valuable', { amount: money(valuable), alive: percent(fit.cuts.aliveLeast) })}{' '}
      {growable !== null && t('tiers.cut_growable', { amount: money(growable) })}
    </p>
  );
}

/* Whatever ends is read anew. */
function useFits(reload: () => void) {
  const { jobs, put } = useJobs((j) => j.kind === 'tiers');
  const latest = jobs?.[0] ?? null;
  const busy = latest !== null && active(latest);
  const was = useRef(busy);
  useEffect(() => {
    if (was.current && !busy) reload();
    was.current = busy;
  }, [busy]);
  return { latest, busy, put };
}

export function Tiers() {
  const { data, error, reload, set } = useLoad<TiersPage>('/tiers');
  const [editing, setEditing] = useState<ValueTierRow | null>(null);
  const fits = useFits(reload);
  const action = useAction();
  return (
    <>
      <PageHead title={t('nav.tiers')} lead={t('tiers.lead')}>
        <Button icon="star" busy={fits.busy || action.busy}
                onClick={() => void action.run(() => post<Job>('/tiers/fits'), fits.put)}>{t('tiers.fit')}</Button>
      </PageHead>
      <ErrorBox error={action.error ?? error} retry={reload} />
      {fits.latest?.state === 'failed' && !data?.fit && <Note tone="warn"><span lang="en">{fits.latest.error}</span></Note>}
      {!data && !error && <Skeleton lines={8} />}
      {data && !data.fit && <Empty icon="star" title={t('tiers.none')}><p>{t('tiers.none_text')}</p></Empty>}
      {data && <TiersTable tiers={data.tiers} onPlan={setEditing} />}
      {data?.fit && (
        <>
          <Cuts fit={data.fit} />
          <Movement fit={data.fit} tiers={data.tiers} />
          <Allocate tiers={data.tiers} />
        </>
      )}
      {editing && <PlanDialog row={editing} onClose={() => setEditing(null)}
                              onDone={(page) => { setEditing(null); forget('/tiers'); set(page); }} />}
    </>
  );
}

export function TierPeople() {
  const { params } = useRoute();
  const tier = params['tier'] ?? '';
  const { data } = useLoad<TiersPage>('/tiers');
  const row = data?.tiers.find((r) => r.tier === tier);
  const { items, error, loading, more, reload } = useGrowing<ValueTierCustomer>(`/tiers/${seg(tier)}/customers?limit=50`);
  return (
    <>
      <PageHead title={row ? pick(row.label) : t('tiers.tier')} back={{ href: '/tiers', label: t('nav.tiers') }} lead={row && planWords(row)} />
      <ErrorBox error={error} retry={reload} />
      {items.length > 0 && (
        <Table label={t('audience.members')} cards rows={items} rowKey={(c) => c.customer.id} columns={[
          { key: 'name', label: t('people.name'), head: true, cell: (c) => <a class="row-link" href={`/people/${c.customer.id}`}>{personName(c.customer)}</a> },
          { key: 'lifetime', label: t('tiers.lifetime'), number: true, cell: (c) => money(c.lifetimeValue) },
          { key: 'value', label: t('people.value'), number: true, cell: (c) => money(c.customer.value) },
          { key: 'orders', label: t('people.orders'), number: true, cell: (c) => number(c.customer.orders) },
          { key: 'since', label: t('tiers.since'), cell: (c) => <When at={c.since} /> },
        ]} />
      )}
      {!loading && !error && !items.length && <Empty icon="people" title={t('audience.nobody')} />}
      {loading && <Skeleton />}
      {more && !loading && <Button onClick={more}>{t('audience.more')}</Button>}
    </>
  );
}
