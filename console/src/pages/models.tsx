/* The models that the shop has learnt, in all their versions. */
import type { List } from '../api.js';
import type { ValueFit } from '../api-types.js';
import { useLoad } from '../data.js';
import { date, day, money, number, precise, span } from '../format.js';
import { t } from '../i18n.js';
import { Chip, Empty, ErrorBox, PageHead, Skeleton, Table } from '../ui.js';
import { nameOf } from '../value/head.js';
import { Diagnosis } from '../value/models.js';

const lasted = (ms: number): string => (ms < 1000 ? `${number(ms)} ms` : span(ms / 1000));

/* How well it foretold days that it had not seen. */
function Proved({ fit }: { fit: ValueFit }) {
  if (fit.proofDays === null || fit.rmse === null) return <span class="muted">{t('models.unproved')}</span>;
  return <>{precise(fit.rmse)} <small class="muted">{t('models.proof_days', { n: fit.proofDays })}</small></>;
}

function ValueFits({ fits }: { fits: ValueFit[] }) {
  return (
    <Table label={t('models.value')} cards rows={fits} rowKey={(f) => f.id} columns={[
      { key: 'id', label: t('saved.version'), head: true, cell: (f) => (
        <a class="row-link" href={`/value?fit=${f.id}`}>{number(f.id)}</a>) },
      { key: 'fitted', label: t('models.fitted'), cell: (f) => <>{date(f.fittedAt)} {f === fits[0] && <Chip tone="good">{t('value.counts')}</Chip>}</> },
      { key: 'model', label: t('value.model'), cell: (f) => nameOf(f.model) },
      { key: 'data', label: t('models.data'), cell: (f) => t('models.data_used', { customers: number(f.customers), n: f.transactions, to: day(f.asOf) }) },
      { key: 'value', label: t('value.base'), number: true, cell: (f) => money(f.value) },
      { key: 'took', label: t('models.took'), number: true, cell: (f) => lasted(f.tookMs) },
      { key: 'proof', label: t('models.rmse'), number: true, cell: (f) => <Proved fit={f} /> },
      { key: 'health', label: t('models.health'), cell: (f) => <Diagnosis of={f} /> },
    ]} />
  );
}

export function ModelsPage() {
  const { data, error, reload } = useLoad<List<ValueFit>>('/value/fits?limit=50');
  return (
    <>
      <PageHead title={t('models.title')} lead={t('models.lead')} />
      <section class="sheet wraps" aria-labelledby="value">
        <div class="sheet-head"><h2 id="value">{t('models.value')}</h2><a href="/value">{t('models.open_value')}</a></div>
        <p class="muted">{t('models.value_text')}</p>
        <ErrorBox error={error} retry={reload} />
        {!data && !error && <Skeleton />}
        {data && !data.items.length && <Empty icon="value" title={t('models.none')}><p>{t('models.none_text')}</p></Empty>}
        {data && data.items.length > 0 && <ValueFits fits={data.items} />}
      </section>
    </>
  );
}
