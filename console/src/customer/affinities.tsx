/* What a customer likes: each attribute's best, beside the shop, and why. */
import { useEffect } from 'preact/hooks';
import { seg } from '../api.js';
import type { CustomerAffinities, CustomerAffinity } from '../api-types.js';
import { useLoad } from '../data.js';
import { number, percent } from '../format.js';
import { pick, t } from '../i18n.js';
import { Chip, ErrorBox, Skeleton } from '../ui.js';

function Liked({ of }: { of: CustomerAffinity }) {
  const [first, ...others] = of.values;
  if (!first) return null;
  const best = of.mean !== null ? number(Math.round(of.mean * 10) / 10) : pick(first.label);
  return (
    <div class="liking">
      <dt>{pick(of.label)}</dt>
      <dd>
        <b>{best}</b>{' '}
        {of.known && of.mean === null && <>{percent(first.share)} <span class="muted">({t('affinities.shop', { share: percent(first.shopShare) })})</span></>}
        {!of.known && <Chip tone="warn">{t('affinities.not_sure')}</Chip>}
        <p class="muted">{pick(of.why)}</p>
        {of.known && others.length > 0 && (
          <details>
            <summary>{t('affinities.more', { n: others.length })}</summary>
            <ul class="plain-list">
              {others.map((v) => (
                <li key={v.value}>{pick(v.label)} {percent(v.share)} <span class="muted">({t('affinities.shop', { share: percent(v.shopShare) })})</span></li>
              ))}
            </ul>
          </details>
        )}
      </dd>
    </div>
  );
}

export function Affinities({ customer, turn }: { customer: string; turn: number }) {
  const { data, error, reload } = useLoad<CustomerAffinities>(`/customers/${seg(customer)}/affinities`);
  useEffect(() => { if (turn) reload(); }, [turn]);
  const some = data?.attributes.some((a) => a.values.length > 0);
  return (
    <section class="sheet" aria-labelledby="likes">
      <h2 id="likes">{t('affinities.title')}</h2>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={4} />}
      {data && !some && <p class="muted">{t('affinities.unknown')}</p>}
      {data && some && <dl class="likings-of">{data.attributes.map((a) => <Liked key={a.name} of={a} />)}</dl>}
    </section>
  );
}
