/* What changed since the fit before, and where the change of value comes from. */
import type { ValuePage, ValueReport } from '../api-types.js';
import { seg } from '../api.js';
import { useLoad } from '../data.js';
import { money, number, precise, signed } from '../format.js';
import { t } from '../i18n.js';
import { ErrorBox, Note, Skeleton, Table, When } from '../ui.js';
import { change, parametersMoved, sameTerms, type Moved } from './figures.js';
import { nameOf } from './head.js';

const PARTS = ['customers', 'history', 'model', 'orderValue'] as const;

function Parts({ before, now }: { before: ValueReport; now: ValueReport }) {
  const of = change(before, now);
  const most = Math.max(0.01, ...PARTS.map((p) => Math.abs(of[p])));
  return (
    <ul class="parts">
      {PARTS.map((part) => (
        <li key={part}>
          <span><b>{t(`value_part.${part}`)}</b><small class="muted">{t(`value_part_help.${part}`)}</small></span>
          <span class="part-bar" aria-hidden="true">
            <span class={of[part] < 0 ? 'less' : 'more'} style={{ width: `${(50 * Math.abs(of[part])) / most}%` }} /></span>
          <span class="number">{signed(of[part], money)}</span>
        </li>
      ))}
      <li class="whole"><span><b>{t('value.change_whole')}</b></span><span /><span class="number"><b>{signed(of.whole, money)}</b></span></li>
    </ul>
  );
}

/* "r 0.71 → 0.73 (+0.5)" */
function movedWords({ name, before, now, errors }: Moved): string {
  const step = errors === null ? '' : ` (${signed(errors, (n) => number(Math.round(n * 10) / 10))})`;
  return `${name} ${precise(before!)} → ${precise(now)}${step}`;
}

function Compared({ before, now }: { before: ValueReport; now: ValueReport }) {
  const figures = [
    { label: t('value.customers'), before: before.customers, now: now.customers, write: number },
    { label: t('value.transactions'), before: before.transactions, now: now.transactions, write: number },
    { label: t('value.expected'), before: Math.round(before.expected), now: Math.round(now.expected), write: number },
    { label: t('value.base'), before: before.value, now: now.value, write: money },
  ];
  const moved = parametersMoved(before, now).filter((m) => m.before !== null);
  return (
    <>
      {!sameTerms(before, now) && <Note tone="warn">{t('value.terms_changed')}</Note>}
      <div class="two">
        <div>
          <h3>{t('value.change_from')}</h3>
          <Parts before={before} now={now} />
        </div>
        <div>
          <h3>{t('value.change_figures')}</h3>
          <Table label={t('value.change_figures')} cards rows={figures} rowKey={(f) => f.label} columns={[
            { key: 'label', label: t('value.figure'), head: true, cell: (f) => f.label },
            { key: 'before', label: t('value.before'), number: true, cell: (f) => f.write(f.before) },
            { key: 'now', label: t('value.now'), number: true, cell: (f) => <b>{f.write(f.now)}</b> },
            { key: 'change', label: t('value.difference'), number: true, cell: (f) => signed(f.now - f.before, f.write) },
          ]} />
          <p class="muted">{before.model === now.model ? t('value.same_model', { model: nameOf(now.model) })
            : t('value.another_model', { before: nameOf(before.model), now: nameOf(now.model) })}{' '}
            {moved.length > 0 && <>{t('value.moved')} {moved.map(movedWords).join('; ')}.</>}</p>
        </div>
      </div>
    </>
  );
}

export function Changes({ now, before }: { now: ValueReport; before: number }) {
  const { data, error, reload } = useLoad<ValuePage>(`/value/fits/${seg(String(before))}`);
  return (
    <section class="sheet" aria-labelledby="changes">
      <h2 id="changes">{t('value.changes')}</h2>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data?.report && (
        <>
          <p class="muted">{t('value.changes_text')} <When at={data.report.fittedAt} />.</p>
          <Compared before={data.report} now={now} />
        </>
      )}
    </section>
  );
}
