/* What customers will be worth: the figure, its proof, and what it is made of. */
import { useLocation } from 'preact-iso';
import { query, seg, type List } from '../api.js';
import type { CustomerRow, ValueFit, ValuePage, ValueReport } from '../api-types.js';
import { useLoad } from '../data.js';
import { t } from '../i18n.js';
import { Empty, ErrorBox, Note, PageHead, Skeleton, When } from '../ui.js';
import { Changes } from '../value/change.js';
import { useFit } from '../jobs.js';
import { FitButton, FitState } from '../value/fit.js';
import { Head, Why } from '../value/head.js';
import { HeatMap } from '../value/map.js';
import { Models } from '../value/models.js';
import { Calibration, NewCustomers, Proof } from '../value/proof.js';
import { Track } from '../value/track.js';

/* Nothing was fitted: for want of orders, or not yet. */
function Nothing() {
  const { data } = useLoad<List<CustomerRow>>(`/customers${query({ sort: 'orders', order: 'desc', limit: 1 })}`);
  if (!data) return <Skeleton />;
  return data.items.some((c) => c.orders > 0) ? <Empty icon="value" title={t('value.none')}><p>{t('value.none_text')}</p></Empty> : (
    <Empty icon="value" title={t('value.no_orders')}>
      <p>{t('value.no_orders_text')}</p>
      <a class="button" href="/data/imports">{t('imports.new')}</a>
    </Empty>
  );
}

function Shown({ r, before }: { r: ValueReport; before: number | undefined }) {
  return (
    <>
      <Head r={r} />
      <Why r={r} />
      {r.proof && <Proof r={r} proof={r.proof} />}
      <Track r={r} />
      {r.proof && <Calibration proof={r.proof} />}
      {r.proof?.newCustomers && <NewCustomers of={r.proof.newCustomers} />}
      <HeatMap r={r} />
      {before !== undefined && <Changes now={r} before={before} />}
      <Models r={r} />
    </>
  );
}

export function Value() {
  const wanted = useLocation().query['fit'];
  const { data, error, reload } = useLoad<ValuePage>(wanted ? `/value/fits/${seg(wanted)}` : '/value');
  const fits = useLoad<List<ValueFit>>('/value/fits?limit=50');
  const fit = useFit('value', '/value/fits', () => {
    reload();
    fits.reload();
  });
  const before = fits.data?.items.find((f) => data?.id != null && f.id < data.id)?.id;
  return (
    <>
      <PageHead title={t('nav.value')} lead={t('value.lead')} {...(wanted ? { back: { href: '/models', label: t('models.title') } } : {})}>
        <FitButton fit={fit} />
      </PageHead>
      <FitState fit={fit} />
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={10} />}
      {wanted && data?.report && (
        <Note>{t('value.of_then')} <When at={data.report.fittedAt} />. <a href="/value">{t('value.newest')}</a></Note>
      )}
      {data && !data.report && <Nothing />}
      {data?.report && <Shown r={data.report} before={before} />}
    </>
  );
}
