/* What proposals are made with: which model counts and why, what each is worth on the shop's own past, and what they say to one
 * customer. */
import { useEffect, useState } from 'preact/hooks';
import { post, seg, type List } from '../api.js';
import type { CustomerRecommendations, Estimate, Job, RecommendProof, RecommendVersion, Recommendations as Page } from '../api-types.js';
import { useAction, useJob, useLoad } from '../data.js';
import { bytes, date, dateTime, number, percent, span } from '../format.js';
import { pick, t, type MessageKey } from '../i18n.js';
import { announce, Button, Empty, ErrorBox, Input, Note, PageHead, Skeleton, Table } from '../ui.js';
import { HitBar } from './results.js';

const name = (kind: string): string => t(`rec_kind.${kind}` as MessageKey);
const inHundred = (share: number): string => number(Math.round(share * 1000) / 10);
const isBusy = (job: Job | null | undefined): job is Job => !!job && ['waiting', 'running'].includes(job.state);

function Verdict({ proof }: { proof: RecommendProof }) {
  const { lead } = proof;
  const tone = lead.low > 0 ? 'good' : 'warn';
  const words: MessageKey = lead.low > 0 ? 'rec.better' : lead.high < 0 ? 'rec.worse' : 'rec.same';
  return <Note tone={tone}><strong>{t(words, { rival: name(lead.over), lead: inHundred(Math.abs(lead.value)),
    low: inHundred(lead.low), high: inHundred(lead.high) })}</strong></Note>;
}

function Measured({ of }: { of: Estimate }) {
  return <>{percent(of.value)} <small class="muted">{t('results.interval', { low: percent(of.low), high: percent(of.high) })}</small></>;
}

function Quality({ proof }: { proof: RecommendProof }) {
  const bars = ['shown', 'popular', 'trend', 'cooccurrence'].flatMap((kind) => proof.quality.filter((q) => q.kind === kind));
  const top = Math.max(0.01, ...bars.map((q) => q.hitRateAt10.high)) * 1.1;
  const order = [...proof.quality].sort((a, b) => b.ndcgAt10.value - a.ndcgAt10.value);
  return (
    <section class="sheet" aria-labelledby="quality">
      <h2 id="quality">{t('rec.quality')}</h2>
      <p>{t('rec.quality_text', { n: number(proof.customers), cutoff: date(proof.cutoff), days: proof.heldBackDays })}</p>
      {bars.map((q) => <HitBar key={q.kind} hit={{ ...q.hitRateAt10, name: '', hitRateAt10: q.hitRateAt10.value }} top={top}
                               name={name(q.kind)} main={q.kind === 'shown'} />)}
      <Table label={t('rec.quality')} rows={order} rowKey={(q) => q.kind} columns={[
        { key: 'model', label: t('rec.model'), head: true, cell: (q) => q.kind === 'shown' ? <b>{name(q.kind)}</b> : name(q.kind) },
        { key: 'hits', label: t('rec.hits'), number: true, cell: (q) => <Measured of={q.hitRateAt10} /> },
        { key: 'recall', label: t('rec.recall'), number: true, cell: (q) => <Measured of={q.recallAt20} /> },
        { key: 'ndcg', label: t('rec.ndcg'), number: true, cell: (q) => <Measured of={q.ndcgAt10} /> },
      ]} />
    </section>
  );
}

function Versions({ versions }: { versions: RecommendVersion[] }) {
  const now = versions[0]!;
  return (
    <>
      <section class="sheet" aria-labelledby="models">
        <h2 id="models">{t('rec.now')}</h2>
        <Table label={t('rec.now')} rows={now.models.filter((m) => m.fitted)} rowKey={(m) => m.kind} columns={[
          { key: 'model', label: t('rec.model'), head: true, cell: (m) => name(m.kind) },
          { key: 'weight', label: t('rec.weight'), number: true, cell: (m) => m.weight > 0 ? <b>{percent(m.weight)}</b> : '–' },
          { key: 'memory', label: t('rec.memory'), number: true, cell: (m) => bytes(m.bytes) },
        ]} />
      </section>
      <section class="sheet" aria-labelledby="versions">
        <h2 id="versions">{t('rec.versions')}</h2>
        <Table label={t('rec.versions')} rows={versions} rowKey={(v) => `${v.version} ${v.fittedAt}`} columns={[
          { key: 'version', label: t('rec.version'), head: true, cell: (v) => v.version.replace('recommend-', '') },
          { key: 'fitted', label: t('rec.fitted'), cell: (v) => dateTime(v.fittedAt) },
          { key: 'took', label: t('rec.took'), number: true, cell: (v) => span(v.tookMs / 1000) },
          { key: 'learnt', label: t('rec.learnt'), cell: (v) => v.learntAt ? dateTime(v.learntAt) : '–' },
          { key: 'orders', label: t('rec.orders'), number: true, cell: (v) => number(v.orders) },
          { key: 'memory', label: t('rec.memory'), number: true, cell: (v) => bytes(v.bytes) },
        ]} />
      </section>
    </>
  );
}

function Person() {
  const [typed, setTyped] = useState('');
  const [who, setWho] = useState('');
  const { data, error, reload } = useLoad<CustomerRecommendations>(who ? `/customers/${seg(who)}/recommendations` : null);
  return (
    <section class="sheet" aria-labelledby="person">
      <h2 id="person">{t('rec.person')}</h2>
      <form class="filters" onSubmit={(event) => { event.preventDefault(); setWho(typed.trim()); }}>
        <Input label={t('rec.person_label')} help={t('rec.person_help')} value={typed} required
               onInput={(event) => setTyped(event.currentTarget.value)} />
        <Button type="submit" icon="search">{t('rec.show')}</Button>
      </form>
      <ErrorBox error={error} retry={reload} />
      {who && !data && !error && <Skeleton lines={5} />}
      {data && (
        <div class="two rec-person">
          {data.models.filter((m) => m.kind === 'shown' || m.proposals.length > 0).map((m) => (
            <section key={m.kind} aria-label={name(m.kind)}>
              <h3>{name(m.kind)} {m.kind !== 'shown' && m.weight > 0 && <small class="muted">{percent(m.weight)}</small>}</h3>
              {m.proposals.length === 0 && <p class="muted">{t('rec.nothing_to_say')}</p>}
              <ol>
                {m.proposals.map((p) => (
                  <li key={p.product.id}><a href={`/catalogue/${seg(p.product.id)}`}>{p.product.title || p.product.id}</a>
                    <br /><small class="muted">{p.reasons.map((r) => pick(r.text)).join('; ')}</small></li>
                ))}
              </ol>
            </section>
          ))}
        </div>
      )}
    </section>
  );
}

export function Recommendations() {
  const { data, error, reload } = useLoad<Page>('/recommendations');
  const jobs = useLoad<List<Job>>('/imports');
  const action = useAction();
  const { job, follow } = useJob((j) => {
    announce(t(j.state === 'done' ? 'rec.done' : j.state === 'cancelled' ? 'rec.stopped' : 'rec.failed'));
    reload();
  });
  useEffect(() => {
    const running = jobs.data?.items.find((j) => j.kind === 'recommend' && isBusy(j));
    if (running) follow(running);
  }, [jobs.data]);
  const busy = isBusy(job);
  return (
    <>
      <PageHead title={t('nav.recommendations')} lead={t('rec.lead')}>
        <Button look="main" icon="recommendations" busy={busy || action.busy}
                onClick={() => void action.run(() => post<Job>('/recommendations/fits', {}), follow)}>{t('rec.train')}</Button>
      </PageHead>
      {busy && (
        <div class="box info" role="status">
          <div><p>{t('rec.training')}</p>
            {job.bytesTotal > 0 ? <progress max={job.bytesTotal} value={job.bytesDone} aria-label={t('rec.training')} />
              : <progress aria-label={t('rec.training')} />}
            <Button onClick={() => void action.run(() => post<Job>(`/imports/${job.id}/cancel`, {}), follow)}>{t('rec.stop')}</Button></div>
        </div>
      )}
      {job?.state === 'cancelled' && <Note>{t('rec.stopped')}</Note>}
      {job?.state === 'failed' && <Note tone="warn">{t('rec.failed')} {job.error}</Note>}
      <ErrorBox error={action.error ?? error} retry={reload} />
      {!data && !error && <Skeleton lines={8} />}
      {data && data.versions.length === 0 && <Empty icon="recommendations" title={t('rec.none')}><p>{t('rec.none_text')}</p></Empty>}
      {data && data.versions.length > 0 && (
        <>
          <section class="sheet" aria-labelledby="counts">
            <h2 id="counts">{t('rec.counts')}</h2>
            <p>{pick(data.why)}</p>
            {data.proof && <Verdict proof={data.proof} />}
          </section>
          {data.proof && <Quality proof={data.proof} />}
          <Versions versions={data.versions} />
          <Person />
        </>
      )}
    </>
  );
}
