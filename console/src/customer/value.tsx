/* What a customer will be worth, and how sure it is that they still are one. */
import { useEffect } from 'preact/hooks';
import { seg } from '../api.js';
import type { CustomerValue } from '../api-types.js';
import { LinesChart } from '../chart-lines.js';
import { useLoad } from '../data.js';
import { money, number, percent } from '../format.js';
import { pick, t } from '../i18n.js';
import { ErrorBox, Figure, Skeleton } from '../ui.js';

/* What a purchase is worth, by its day. */
export function byDay(transactions: { day: string; value: number }[]): Map<string, string> {
  return new Map(transactions.map((x) => [x.day, money(x.value)]));
}

function Figures({ of }: { of: CustomerValue }) {
  const range = (low: number | null, high: number | null, write: (n: number) => string) =>
    low === null || high === null ? undefined : t('value.between', { low: write(low), high: write(high) });
  return (
    <dl class="figures small">
      <Figure label="value.lifetime" value={money(of.lifetimeValue!)} note={range(of.lifetimeValueLow, of.lifetimeValueHigh, money)} />
      <Figure label="value.expected" value={number(of.expectedOrders!)} note={range(of.ordersLow, of.ordersHigh, number)} />
      {of.alive !== null && <Figure label="value.alive" value={percent(of.alive)} />}
      {of.expectedOrderValue !== null && <Figure label="value.order_value" value={money(of.expectedOrderValue)} />}
    </dl>
  );
}

export function LifetimeValue({ customer, turn }: { customer: string; turn: number }) {
  const { data, error, reload } = useLoad<CustomerValue>(`/customers/${seg(customer)}/value`);
  useEffect(() => { if (turn) reload(); }, [turn]);
  return (
    <section class="sheet" aria-labelledby="lifetime">
      <div class="sheet-head"><h2 id="lifetime">{t('value.lifetime')}</h2><a href="/value">{t('value.how')}</a></div>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={3} />}
      {data && <p>{pick(data.why)}</p>}
      {data && data.lifetimeValue !== null && (
        <>
          <p class="muted">{t('value.horizon', { n: data.horizonDays })}</p>
          <Figures of={data} />
        </>
      )}
      {data && data.history.length > 1 && (
        <>
          <h3>{t('value.history')}</h3>
          <LinesChart label={t('value.history')} names={[t('value.alive')]} write={percent} top={1}
                      moments={data.history.map((h) => ({ day: h.day, values: [h.alive] }))}
                      spots={{ name: t('value.purchase'), of: byDay(data.transactions) }} />
        </>
      )}
    </section>
  );
}
