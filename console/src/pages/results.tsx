/* Do the proposals beat popularity, and that of the last weeks? The figure with its doubt, and how it was made. */
import { useEffect } from 'preact/hooks';
import { post, type List } from '../api.js';
import type { Evaluation, Hit, Job } from '../api-types.js';
import { useAction, useJob, useLoad } from '../data.js';
import { date, dateTime, number, percent } from '../format.js';
import { pick, t } from '../i18n.js';
import { announce, Button, Empty, ErrorBox, Note, PageHead, Skeleton, Table } from '../ui.js';

const FEW = 200;  // with fewer customers the interval says little

export function HitBar({ hit, top, name, main }: { hit: Hit; top: number; name: string; main?: boolean }) {
  const at = (share: number) => `${Math.min(100, (100 * share) / top)}%`;
  return (
    <div class={main ? 'hit main' : 'hit'}>
      <p><b>{name}</b> <span class="hit-rate">{percent(hit.hitRateAt10)}</span>
        <span class="muted">{hit.name} {t('results.interval', { low: percent(hit.low), high: percent(hit.high) })}</span></p>
      <div class="hit-bar" aria-hidden="true">
        <span class="hit-fill" style={{ width: at(hit.hitRateAt10) }} />
        <span class="hit-range" style={{ left: at(hit.low), width: at(hit.high - hit.low) }} />
      </div>
    </div>
  );
}

function verdict(e: Evaluation): { tone: 'good' | 'warn'; words: string } {
  if (e.customers < FEW) return { tone: 'warn', words: t('results.few', { n: e.customers }) };
  const rival = e[e.lead.over];
  if (e.lead.low > 0) {
    const times = rival.hitRateAt10 > 0 ? e.model.hitRateAt10 / rival.hitRateAt10 : 0;
    return { tone: 'good', words: times ? t('results.better_times', { times: number(Math.round(times * 10) / 10) }) : t('results.better') };
  }
  if (e.lead.high < 0) return { tone: 'warn', words: t('results.worse') };
  return { tone: 'warn', words: t('results.same') };
}

function Shown({ e }: { e: Evaluation }) {
  const top = Math.max(e.model.high, e.baseline.high, e.recent.high, 0.01) * 1.1;
  const says = verdict(e);
  return (
    <>
      <Note tone={says.tone}><strong>{says.words}</strong></Note>
      <section class="sheet" aria-labelledby="hits">
        <h2 id="hits">{t('results.hit_rate')}</h2>
        <p>{t('results.hit_text', { n: e.customers })}</p>
        <HitBar hit={e.model} top={top} name={t('results.model')} main />
        <HitBar hit={e.baseline} top={top} name={t('results.baseline')} />
        <HitBar hit={e.recent} top={top} name={t('results.recent')} />
      </section>
      <div class="two">
        <section class="sheet" aria-labelledby="orders">
          <h2 id="orders">{t('results.by_orders')}</h2>
          <Table label={t('results.by_orders')} rows={e.byOrders} rowKey={(r) => r.orders} columns={[
            { key: 'orders', label: t('results.orders_before'), head: true, cell: (r) => r.orders },
            { key: 'n', label: t('today.customers'), number: true, cell: (r) => number(r.customers) },
            { key: 'model', label: t('results.model'), number: true, cell: (r) => <b>{percent(r.model)}</b> },
            { key: 'base', label: t('results.baseline'), number: true, cell: (r) => percent(r.baseline) },
            { key: 'recent', label: t('results.recent'), number: true, cell: (r) => percent(r.recent) },
          ]} />
        </section>
        <section class="sheet" aria-labelledby="protocol">
          <h2 id="protocol">{t('results.protocol')}</h2>
          <p>{pick(e.protocol)}</p>
          <p class="origin">{t('results.made', { at: dateTime(e.at), cutoff: date(e.cutoff), days: e.heldBackDays })}</p>
        </section>
      </div>
    </>
  );
}

export function Results() {
  const { data, error, reload } = useLoad<Evaluation>('/evaluation');
  const running = useLoad<List<Job>>('/imports');
  const action = useAction();
  const { job, follow } = useJob((j) => {
    announce(j.state === 'done' ? t('results.done') : t('results.failed'));
    reload();
  });
  useEffect(() => {
    const busy = running.data?.items.find((j) => j.kind === 'evaluation' && ['waiting', 'running'].includes(j.state));
    if (busy) follow(busy);
  }, [running.data]);
  const busy = job !== null && ['waiting', 'running'].includes(job.state);
  const none = error?.status === 404;
  return (
    <>
      <PageHead title={t('nav.results')} lead={t('results.lead')}>
        <Button look="main" icon="results" busy={busy || action.busy}
                onClick={() => void action.run(() => post<Job>('/evaluation', {}), follow)}>
          {data ? t('results.again') : t('results.run')}</Button>
      </PageHead>
      {busy && (
        <div class="box info" role="status">
          <div><p>{t('results.running')}</p>
            {job.bytesTotal > 0 ? <progress max={job.bytesTotal} value={job.bytesDone} aria-label={t('results.running')} />
              : <progress aria-label={t('results.running')} />}</div>
        </div>
      )}
      {job?.state === 'failed' && <Note tone="warn">{t('results.failed')} {job.error}</Note>}
      <ErrorBox error={action.error ?? (none ? null : error)} retry={reload} />
      {none && !busy && <Empty icon="results" title={t('results.none')}><p>{t('results.none_text')}</p></Empty>}
      {!data && !error && <Skeleton lines={8} />}
      {data && <Shown e={data} />}
    </>
  );
}
