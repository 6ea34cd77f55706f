/* What a condition gives: the count while one types, tiers, ten people, how it was worked out; why somebody is in. */
import { useEffect, useState } from 'preact/hooks';
import { post, type ApiError } from '../api.js';
import type { AudienceCount, AudienceExplained, AudienceStep, CustomerRow } from '../api-types.js';
import { FindCustomer } from '../customer/find.js';
import { asApiError, useAction } from '../data.js';
import { money, number } from '../format.js';
import { t } from '../i18n.js';
import { personName } from '../pages/people.js';
import { spoken } from '../rules/spoken.js';
import { announce, Chip, ErrorBox, Skeleton, Table, TierChip, Value, When, type Column } from '../ui.js';

/* A flaw in the condition: its line, its column and what is wrong there. */
export const flawWords = (error: ApiError): string => spoken(error.problem.detail.replace(/^\/condition: /, ''));

export type Counting = { count: AudienceCount | null; error: ApiError | null; busy: boolean };
const NOTHING: Counting = { count: null, error: null, busy: false };

/* The newest answer counts; the one before stays until it is there. */
export function useCount(condition: string): Counting {
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    if (!condition) {
      setState(NOTHING);
      return;
    }
    const abort = new AbortController();
    setState((s) => ({ ...s, busy: true }));
    post<AudienceCount>('/audiences/count', { condition }, abort.signal).then(
      (count) => {
        if (abort.signal.aborted) return;
        setState({ count, error: null, busy: false });
        announce(t('audience.found', { n: count.customers, total: count.total }));
      },
      (e: unknown) => {
        if (abort.signal.aborted) return;
        const error = asApiError(e);
        setState((s) => ({ ...s, error, busy: false }));
        if (error.status === 400) announce(flawWords(error));
      });
    return () => abort.abort();
  }, [condition]);
  return state;
}

function Tiers({ count }: { count: AudienceCount }) {
  return (
    <ul class="audience-tiers" aria-label={t('people.tier')}>
      {count.tiers.map((row) => (
        <li key={row.tier}>
          <TierChip tier={row.tier} />
          <span class="audience-bar"><span class={`tier-${row.tier}`} style={{ width: `${count.customers ? (100 * row.customers) / count.customers : 0}%` }} /></span>
          <span class="number">{number(row.customers)}</span>
        </li>
      ))}
    </ul>
  );
}

/* narrow: beside the editor, without what does not fit there. */
export function PeopleTable({ rows, label, narrow }: { rows: CustomerRow[]; label: string; narrow?: boolean }) {
  const columns: Column<CustomerRow>[] = [
    { key: 'name', label: t('people.name'), head: true, cell: (c) => <a class="row-link" href={`/people/${c.id}`}>{personName(c)}</a> },
    { key: 'orders', label: t('people.orders'), number: true, cell: (c) => number(c.orders) },
    { key: 'value', label: t('people.value'), number: true, cell: (c) => money(c.value) },
  ];
  const wide: Column<CustomerRow>[] = [
    { key: 'tier', label: t('people.tier'), cell: (c) => <TierChip tier={c.tier} /> },
    { key: 'last', label: t('people.lastOrder'), cell: (c) => <When at={c.lastOrderAt} /> },
  ];
  return <Table label={label} cards rows={rows} rowKey={(c) => c.id} columns={narrow ? columns : [...columns, ...wide]} />;
}

/* What can only be unknown, so that it is true of nobody: nearly always a slip. */
function Warnings({ count, condition }: { count: AudienceCount; condition: string }) {
  if (!count.warnings.length) return null;
  const many = condition.includes('\n');
  return (
    <ul class="plain-list" aria-label={t('audience.warnings')}>
      {count.warnings.map((w, i) => (
        <li key={i}><Chip tone="warn">{t('audience.only_null')}</Chip>{' '}
          {t(many ? 'audience.warning_line' : 'audience.warning', { line: w.line, column: w.column, text: spoken(w.text) })}</li>
      ))}
    </ul>
  );
}

/* flawElsewhere: beside the text it is about. */
export function Result({ condition, state, flawElsewhere }: {
  condition: string; flawElsewhere: boolean; state: Counting;
}) {
  const { count, error, busy } = state;
  return (
    <section class="sheet" aria-labelledby="result" aria-busy={busy ? 'true' : undefined}>
      <h2 id="result">{t('audience.result')}</h2>
      {!condition && <p class="muted">{t('audience.nothing_asked')}</p>}
      {!(flawElsewhere && error?.status === 400) && <ErrorBox error={error} />}
      {condition && !count && !error && <Skeleton />}
      {condition && count && (
        <div class={busy || error ? 'stale' : ''}>
          <Warnings count={count} condition={condition} />
          <p class="audience-count"><b>{number(count.customers)}</b> {t('audience.of_total', { n: count.total })}</p>
          <Tiers count={count} />
          {count.sample.length > 0 && <PeopleTable rows={count.sample} label={t('audience.sample')} narrow />}
          <details>
            <summary>{t('audience.plan')}</summary>
            <pre class="raw">{count.plan}</pre>
            <p class="muted">{t(count.rowByRow ? 'audience.plan_rows' : 'audience.plan_columns', { ms: Math.round(count.ms * 10) / 10 })}</p>
          </details>
        </div>
      )}
    </section>
  );
}

function Step({ step }: { step: AudienceStep }) {
  const tone = step.is === null ? 'warn' : step.is ? 'good' : 'bad';
  return (
    <li>
      <Chip tone={tone}>{step.is === null ? t('audience.not_known') : step.is ? t('word.yes') : t('word.no')}</Chip>{' '}
      {step.joint === 'none' ? <code>{step.text}</code> : t(`audience_step.${step.joint}`)}
      {step.values.map((v) => <span key={v.name} class="muted"> {v.name}: <Value of={v.value} /></span>)}
      {step.parts.length > 0 && <ul class="audience-why">{step.parts.map((part, i) => <Step key={i} step={part} />)}</ul>}
    </li>
  );
}

export function Why({ condition }: { condition: string }) {
  const [answer, setAnswer] = useState<AudienceExplained | null>(null);
  const action = useAction();
  const ask = (customer: string) =>
    void action.run(() => post<AudienceExplained>('/audiences/explain', { condition, customer }), setAnswer);
  useEffect(() => { if (answer) ask(answer.customer.id); }, [condition]);
  return (
    <section class="sheet" aria-labelledby="why">
      <h2 id="why">{t('audience.why')}</h2>
      <FindCustomer label={t('audience.why_who')} not="" onChoose={(c) => ask(c.id)} />
      <ErrorBox error={action.error} />
      {answer && (
        <div role="status">
          <p><a href={`/people/${answer.customer.id}`}>{personName(answer.customer)}</a>{' '}
            <Chip tone={answer.in ? 'good' : 'bad'}>{t(answer.in ? 'audience.is_in' : 'audience.is_out')}</Chip></p>
          <ul class="audience-why"><Step step={answer.step} /></ul>
        </div>
      )}
    </section>
  );
}
