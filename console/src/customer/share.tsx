/* What part of a customer's spending is ours, by category; and, as honestly, of what nobody can tell. */
import { useEffect } from 'preact/hooks';
import { seg, type List } from '../api.js';
import type { Category, CustomerShare, ShareOfCategory } from '../api-types.js';
import { useLoad } from '../data.js';
import { money, percent } from '../format.js';
import { pick, t } from '../i18n.js';
import { Chip, ErrorBox, Skeleton } from '../ui.js';

const OPEN = 4;  // categories that are shown at once

/* The name of a category's id; null: everything. */
export function useCategoryNames(): (id: string | null) => string {
  const { data } = useLoad<List<Category>>('/categories');
  const names = new Map(data?.items.map((c) => [c.id, pick(c.name)]));
  return (id) => (id === null ? t('share.everything') : names.get(id) || id);
}

/* A share with the bounds that it lies between. */
export function ShareBar({ share, low, high }: { share: number; low: number; high: number }) {
  const at = (part: number) => `${100 * Math.min(1, part)}%`;
  return (
    <div class="hit main share-bar">
      <span><b>{percent(share)}</b> <span class="muted">{t('share.between', { low: percent(low), high: percent(high) })}</span></span>
      <div class="hit-bar" aria-hidden="true">
        <span class="hit-fill" style={{ width: at(share) }} />
        <span class="hit-range" style={{ left: at(low), width: at(high - low) }} />
      </div>
    </div>
  );
}

function One({ of, name }: { of: ShareOfCategory; name: string }) {
  return (
    <li class="share-one">
      <h3>{name}</h3>
      {of.known === 'known' && of.share !== null
        ? (
          <>
            <ShareBar share={of.share} low={of.low ?? 0} high={of.high ?? 1} />
            <p>{t('share.sentence', { own: money(of.own), wallet: money(of.wallet ?? 0), low: money(of.walletLow ?? 0),
                                      high: money(of.walletHigh ?? 0) })}{' '}
              <b>{t('share.sentence_reach', { reach: money(of.reach ?? 0) })}</b></p>
          </>
        )
        : <p><Chip>{t('share.unknown')}</Chip> {of.known !== 'not buying' && t('share.sentence_own', { own: money(of.own) })}</p>}
      {(of.known !== 'known' || of.declared !== null) && (
        <p class="muted">{pick(of.why)}{of.declared !== null && <> {t('share.says', { amount: money(of.declared) })}</>}</p>
      )}
    </li>
  );
}

export function Share({ customer, turn }: { customer: string; turn: number }) {
  const { data, error, reload } = useLoad<CustomerShare>(`/customers/${seg(customer)}/share`);
  const name = useCategoryNames();
  useEffect(() => { if (turn) reload(); }, [turn]);
  const shown = data?.categories.filter((c) => c.category === null || c.known !== 'not buying') ?? [];
  const others = data?.categories.filter((c) => !shown.includes(c)) ?? [];
  const list = (of: ShareOfCategory[]) => (
    <ul class="plain-list">{of.map((c) => <One key={c.category ?? ''} of={c} name={name(c.category)} />)}</ul>
  );
  return (
    <section class="sheet" aria-labelledby="share">
      <h2 id="share">{t('share.title')}</h2>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={3} />}
      {list(shown.slice(0, OPEN))}
      {shown.length > OPEN && (
        <details>
          <summary>{t('share.other_categories', { n: shown.length - OPEN })}</summary>
          {list(shown.slice(OPEN))}
        </details>
      )}
      {shown.some((c) => c.known === 'known') && <p class="help">{t('share.how')}</p>}
      {others.length > 0 && shown[0]?.known !== 'not buying' && (
        <p class="muted">{t('share.not_buying_here', { categories: others.map((c) => name(c.category)).join(', ') })}</p>
      )}
    </section>
  );
}
