/* Models beside rules of thumb, over days that none of them had seen; and how well that goes by how often people had bought. */
import type { ComponentChildren } from 'preact';
import type { ValueFrequency, ValueNewCustomers, ValueProof, ValueProofRow, ValueReport } from '../api-types.js';
import { day, number, percent, precise, signed } from '../format.js';
import { t } from '../i18n.js';
import { Chip, Table } from '../ui.js';
import { bestBy, isOpenRow, MEASURES, type Measure } from './figures.js';
import { nameOf } from './head.js';

function written(measure: Measure, value: number, actual: number): ComponentChildren {
  if (measure === 'total')
    return <span>{number(Math.round(value))}{actual > 0 && <small class="muted"> {signed(value / actual - 1, percent)}</small>}</span>;
  return ['active', 'top', 'within'].includes(measure) ? percent(value) : precise(value);
}

function Cell({ row, measure, proof, best }: { row: ValueProofRow; measure: Measure; proof: ValueProof; best: string[] }) {
  const value = row[measure];
  if (value === null) return <span class="muted unsaid" title={t('value.says_nothing')}>—</span>;
  if (!best.includes(row.name)) return <>{written(measure, value, proof.actual)}</>;
  return <b class="best"><span aria-hidden="true">★ </span>{written(measure, value, proof.actual)}<span class="spoken"> {t('value.best')}</span></b>;
}

export function Proof({ r, proof }: { r: ValueReport; proof: ValueProof }) {
  return (
    <section class="sheet wraps" aria-labelledby="proof">
      <h2 id="proof">{t('value.proof')}</h2>
      <p>{t('value.proof_text', { n: proof.customers, days: proof.days, from: day(proof.from), actual: number(proof.actual) })}</p>
      <Table label={t('value.proof')} cards rows={proof.rows} rowKey={(row) => row.name} columns={[
        { key: 'name', label: t('value.who_foretells'), head: true, cell: (row) => (
          <>{nameOf(row.name)} {row.name === r.model && <Chip tone="good">{t('value.counts')}</Chip>}</>) },
        ...MEASURES.map((measure) => {
          const best = bestBy(proof, measure);
          return { key: measure, label: t(`value_measure.${measure}`), number: true,
            cell: (row: ValueProofRow) => <Cell row={row} measure={measure} proof={proof} best={best} /> };
        }),
      ]} />
      <p class="muted">{t('value.best_mark')}</p>
      <details>
        <summary>{t('value.measures')}</summary>
        <dl class="explained">
          {MEASURES.map((m) => <div key={m}><dt>{t(`value_measure.${m}`)}</dt><dd>{t(`value_help.${m}`)}</dd></div>)}
          {proof.rows.map((row) => <div key={row.name}><dt>{nameOf(row.name)}</dt><dd>{t(`value_about.${row.name}`)}</dd></div>)}
        </dl>
      </details>
    </section>
  );
}

function Bar({ each, top, look }: { each: number; top: number; look: string }) {
  return (
    <span class="paired">
      <span class="paired-bar" aria-hidden="true"><span class={look} style={{ width: `${(100 * each) / top}%` }} /></span>
      {number(Math.round(each * 100) / 100)}
    </span>
  );
}

/* Of those who had bought as often: what was foretold of each on average, and what came. */
export function Calibration({ proof }: { proof: ValueProof }) {
  const rows = proof.byFrequency.filter((f) => f.customers > 0);
  const each = (f: ValueFrequency, n: number) => n / f.customers;
  const top = Math.max(0.01, ...rows.flatMap((f) => [each(f, f.actual), each(f, f.expected)]));
  return (
    <section class="sheet" aria-labelledby="calibration">
      <h2 id="calibration">{t('value.calibration')}</h2>
      <p>{t('value.calibration_text', { model: nameOf(proof.best) })}</p>
      <Table label={t('value.calibration')} cards rows={rows} rowKey={(f) => f.repeats} columns={[
        { key: 'repeats', label: t('value.bought_before'), head: true, cell: (f) => boughtTimes(f.repeats) },
        { key: 'n', label: t('today.customers'), number: true, cell: (f) => number(f.customers) },
        { key: 'expected', label: t('value.foretold'), cell: (f) => <Bar each={each(f, f.expected)} top={top} look="of-expected" /> },
        { key: 'actual', label: t('value.came'), cell: (f) => <Bar each={each(f, f.actual)} top={top} look="of-actual" /> },
      ]} />
    </section>
  );
}

/* Whether the first order of those who bought once tells how often they come again. */
export function NewCustomers({ of }: { of: ValueNewCustomers }) {
  if (!of.customers || of.rmse === null || of.rmseByCovariates === null) return null;
  const used = of.covariates.some((c) => c.used);
  return (
    <section class="sheet" aria-labelledby="new-customers">
      <h2 id="new-customers">{t('value.once')}</h2>
      <p>{t('value.once_text', { n: of.customers, actual: number(of.actual), plain: number(Math.round(of.expected)) })}{' '}
        {used ? t('value.once_used', { expected: number(Math.round(of.expectedByCovariates)), before: precise(of.rmse), rmse: precise(of.rmseByCovariates) })
          : t('value.once_unused')}</p>
      <Table label={t('value.once')} cards rows={of.covariates} rowKey={(c) => c.name} columns={[
        { key: 'name', label: t('value.once_what'), head: true, cell: (c) => (
          <>{t(`value_new.${c.name}`)} {c.used && <Chip tone="good">{t('value.counts')}</Chip>}</>) },
        { key: 'gain', label: t('value.once_gain'), number: true, cell: (c) => signed(c.gain, precise) },
      ]} />
      <p class="muted">{t('value.once_note')}</p>
    </section>
  );
}

export const boughtTimes = (repeats: number): string =>
  isOpenRow(repeats) ? t('value.times_more', { n: repeats + 1 }) : t('value.times', { n: repeats + 1 });
