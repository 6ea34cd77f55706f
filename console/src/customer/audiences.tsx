/* The audiences that a customer is in, and since when. */
import { useEffect } from 'preact/hooks';
import { seg, type List } from '../api.js';
import type { AudienceOf } from '../api-types.js';
import { useLoad } from '../data.js';
import { t } from '../i18n.js';
import { ErrorBox, Skeleton, When } from '../ui.js';

export function Audiences({ customer, turn }: { customer: string; turn: number }) {
  const { data, error, reload } = useLoad<List<AudienceOf>>(`/customers/${seg(customer)}/audiences`);
  useEffect(() => { if (turn) reload(); }, [turn]);
  return (
    <section class="sheet" aria-labelledby="audiences">
      <h2 id="audiences">{t('nav.audiences')}</h2>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={2} />}
      {data && !data.items.length && <p class="muted">{t('customer.no_audience')}</p>}
      {data && data.items.length > 0 && (
        <ul class="plain-list">
          {data.items.map((a) => (
            <li key={a.id}><a href={`/audiences/${seg(a.id)}`}>{a.name}</a>{' '}
              {a.since && <span class="muted">{t('customer.in_since')} <When at={a.since} /></span>}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
