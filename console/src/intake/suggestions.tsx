/* Customers who may be one: a person decides. */
import { useState } from 'preact/hooks';
import { del, seg } from '../api.js';
import type { CustomerRow, MergeSuggestion } from '../api-types.js';
import { MergeDialog } from '../customer/merge.js';
import { forget, useAction, useGrowing } from '../data.js';
import { money } from '../format.js';
import { pick, t } from '../i18n.js';
import { personName } from '../pages/people.js';
import { announce, Button, Empty, ErrorBox, Skeleton, TierChip, When } from '../ui.js';

function Card({ c }: { c: CustomerRow }) {
  return (
    <div class="side">
      <p><a href={`/people/${c.id}`}><b>{personName(c)}</b></a> <span class="muted">{c.id}</span></p>
      <p>{[c.email, c.userId].filter(Boolean).join(' · ')}</p>
      <p><TierChip tier={c.tier} /> {t('suggestions.orders', { n: c.orders })} · {money(c.value)}</p>
    </div>
  );
}

export function Suggestions() {
  const { items, error, loading, more, reload } = useGrowing<MergeSuggestion>('/merge-suggestions?limit=20');
  const [merging, setMerging] = useState<MergeSuggestion | null>(null);
  const action = useAction();
  const apart = (s: MergeSuggestion) => void action.run(() => del(`/merge-suggestions/${seg(s.id)}`), () => {
    announce(t('suggestions.apart_done'));
    reload();
  });
  return (
    <section aria-labelledby="suggestions">
      <h2 id="suggestions" class="spoken">{t('data.suggestions')}</h2>
      <p class="muted">{t('suggestions.text')}</p>
      <ErrorBox error={error ?? action.error} retry={reload} />
      {!loading && !error && !items.length && <Empty icon="check" title={t('suggestions.none')} />}
      <ul class="suggestions">
        {items.map((s) => (
          <li key={s.id} class="sheet">
            <p><b>{pick(s.reason)}</b> <span class="muted"><When at={s.at} relative /></span></p>
            <div class="sides"><Card c={s.a} /><Card c={s.b} /></div>
            <div class="actions">
              <Button look="main" icon="join" onClick={() => setMerging(s)}
                      aria-label={`${t('suggestions.merge')}: ${personName(s.a)}, ${personName(s.b)}`}>{t('suggestions.merge')}</Button>
              <Button busy={action.busy} onClick={() => apart(s)}
                      aria-label={`${t('suggestions.apart')}: ${personName(s.a)}, ${personName(s.b)}`}>{t('suggestions.apart')}</Button>
            </div>
          </li>
        ))}
      </ul>
      {loading && <Skeleton />}
      {more && !loading && <Button onClick={more}>{t('timeline.older')}</Button>}
      {merging && <MergeDialog winner={merging.a.id} loser={merging.b.id} onClose={() => setMerging(null)}
                               onDone={() => { setMerging(null); forget('/customers'); announce(t('merge.done')); reload(); }} />}
    </section>
  );
}
