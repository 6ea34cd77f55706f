/* What part of their spending customers leave with us, what is within reach, and whose. */
import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { query, seg } from '../api.js';
import type { ShareCategory, SharePage, ShareReach, ShareReport } from '../api-types.js';
import { ShareBar, useCategoryNames } from '../customer/share.js';
import { useGrowing, useLoad } from '../data.js';
import { day, money, number, percent } from '../format.js';
import { t } from '../i18n.js';
import { useFit, type Fit } from '../jobs.js';
import { Button, Chip, Empty, ErrorBox, Note, PageHead, Select, Skeleton, Table, TierChip, When } from '../ui.js';
import { personName } from './people.js';

const EVERYTHING = 'everything';
const READY_MS = 3000;
const WALLET = 'wallet';  // the trait

/* Working it out now: how far it is, the way out, and what went wrong. */
function FitState({ fit }: { fit: Fit }) {
  const { last } = fit;
  return (
    <>
      {fit.busy && last && (
        <div class="box info" role="status">
          <div>
            <p>{t('share.fitting')}</p>
            <progress max={Math.max(last.bytesTotal, 1)} value={last.bytesDone} aria-label={t('share.fitting')} />
          </div>
          <Button onClick={fit.cancel}>{t('action.cancel')}</Button>
        </div>
      )}
      {last?.state === 'failed' && <Note tone="warn">{t('share.failed')} <span lang="en">{last.error}</span></Note>}
      {last?.state === 'cancelled' && <Note>{t('share.cancelled')}</Note>}
      <ErrorBox error={fit.action.error} />
    </>
  );
}

function Known({ of }: { of: ShareCategory }) {
  return (
    <div>
      {t('share.known_of', { known: number(of.known), n: of.customers })}
      {of.unknown.map((u) => <small key={u.why} class="muted share-why">{t(`share_why.${u.why}`, { n: u.customers })}</small>)}
    </div>
  );
}

function Reach({ of }: { of: ShareCategory }) {
  if (of.reach === null) return <span class="muted">—</span>;
  return (
    <div><b>{money(of.reach)}</b>
      <small class="muted share-why">{t('share.between', { low: money(of.reachLow ?? 0), high: money(of.reachHigh ?? 0) })}</small></div>
  );
}

/* What share is usual for a shop of our size, where enough customers have said what they spend. */
function Usual({ of }: { of: ShareCategory }) {
  const { norm } = of;
  if (norm.share === null) return <span class="muted">{t('share.unknown')}</span>;
  return (
    <div>{percent(norm.share)} <small class="muted share-why">{t('share.norm_loyal', { loyal: percent(norm.loyal ?? 0) })}</small></div>
  );
}

function Categories({ report, name }: { report: ShareReport; name: (id: string | null) => string }) {
  return (
    <section class="sheet" aria-labelledby="share-categories">
      <h2 id="share-categories">{t('share.by_category')}</h2>
      <p class="muted">{t('share.by_category_text', { from: day(report.from), to: day(report.asOf) })} <When at={report.fittedAt} />.</p>
      <Table label={t('share.by_category')} cards rows={report.categories} rowKey={(c) => c.category ?? ''} columns={[
        { key: 'category', label: t('catalogue.category'), head: true, cell: (c) => (
          <a class="row-link" href={`/share${query({ of: c.category ?? '' })}`}>{name(c.category)}</a>) },
        { key: 'share', label: t('share.share'), cell: (c) => (c.share === null ? <Chip>{t('share.unknown')}</Chip>
          : <ShareBar share={c.share} low={c.shareLow ?? 0} high={c.shareHigh ?? 1} />) },
        { key: 'own', label: t('share.own'), number: true, cell: (c) => money(c.own) },
        { key: 'reach', label: t('share.reach'), number: true, cell: (c) => <Reach of={c} /> },
        { key: 'known', label: t('share.known'), cell: (c) => <Known of={c} /> },
        { key: 'usual', label: t('share.norm'), cell: (c) => <Usual of={c} /> },
      ]} />
      <p class="help">{t('share.known_text')} {t('share.norm_text')}</p>
    </section>
  );
}

function People({ report, of, name }: { report: ShareReport; of: string; name: (id: string | null) => string }) {
  const { route } = useLocation();
  const known = report.categories.some((c) => (c.category ?? '') === of) ? of : '';
  const { items, error, loading, more, reload } = useGrowing<ShareReach>(`/share/${seg(known || EVERYTHING)}/customers${query({ limit: 50 })}`);
  return (
    <section class="sheet" aria-labelledby="share-people">
      <h2 id="share-people">{t('share.people')}</h2>
      <p class="muted">{t('share.people_text')}</p>
      <div class="toolbar">
        <Select label={t('catalogue.category')} value={known} onChange={(id) => route(`/share${query({ of: id })}`, true)}
                options={report.categories.map((c) => ({ value: c.category ?? '', label: name(c.category) }))} />
      </div>
      <ErrorBox error={error} retry={reload} />
      {!loading && !error && !items.length && <Empty icon="people" title={t('share.nobody')}><p>{t('share.nobody_text')}</p></Empty>}
      {items.length > 0 && (
        <Table label={t('share.people')} cards rows={items} rowKey={(r) => r.customer.id} columns={[
          { key: 'name', label: t('people.name'), head: true, cell: (r) => <a class="row-link" href={`/people/${r.customer.id}`}>{personName(r.customer)}</a> },
          { key: 'tier', label: t('people.tier'), cell: (r) => <TierChip tier={r.customer.tier} /> },
          { key: 'share', label: t('share.share'), cell: (r) => <ShareBar share={r.share ?? 0} low={r.low ?? 0} high={r.high ?? 1} /> },
          { key: 'own', label: t('share.own'), number: true, cell: (r) => money(r.own) },
          { key: 'reach', label: t('share.reach'), number: true, cell: (r) => <b>{money(r.reach ?? 0)}</b> },
          { key: 'declared', label: t('share.declared'), number: true, cell: (r) => (r.declared === null ? '—' : money(r.declared)) },
        ]} />
      )}
      {loading && <Skeleton lines={6} />}
      {more && !loading && <Button onClick={more}>{t('share.more')}</Button>}
    </section>
  );
}

export function Share() {
  const { query: words } = useLocation();
  const { data, error, reload } = useLoad<SharePage>('/share');
  const name = useCategoryNames();
  const fit = useFit('share', '/share/fits', reload);
  const waits = data?.report && !data.ready;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(reload, READY_MS);
    return () => clearInterval(timer);
  }, [waits]);
  return (
    <>
      <PageHead title={t('nav.share')} lead={t('share.lead')}>
        <Button look="main" icon="share" busy={fit.busy || fit.action.busy} onClick={fit.start}>{t('share.fit')}</Button>
      </PageHead>
      <FitState fit={fit} />
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={8} />}
      {data && !data.report && !fit.busy && <Empty icon="share" title={t('share.none')}><p>{t('share.none_text')}</p></Empty>}
      {waits && !fit.busy && <Note>{t('share.waits')}</Note>}
      {data?.report && (
        <>
          <Categories report={data.report} name={name} />
          {data.ready && <People key={data.id} report={data.report} of={words['of'] ?? ''} name={name} />}
          <section class="sheet" aria-labelledby="share-declare">
            <h2 id="share-declare">{t('share.declare')}</h2>
            <p>{t('share.declare_text')} <code>{WALLET}</code>, <code>{`${WALLET}(${data.report.categories[1]?.category ?? 'ID'})`}</code>.</p>
          </section>
        </>
      )}
    </>
  );
}
