/* What was refused, why, and what it was. */
import type { Rejection } from '../api-types.js';
import { useGrowing } from '../data.js';
import { dateTime } from '../format.js';
import { pick, t } from '../i18n.js';
import { Button, Chip, Empty, ErrorBox, Skeleton } from '../ui.js';

/* JSON is set out in lines; what is not JSON stays as it came. */
function laidOut(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

export function Rejections() {
  const { items, error, loading, more, reload } = useGrowing<Rejection>('/rejections?limit=50');
  return (
    <section aria-labelledby="rejections">
      <h2 id="rejections" class="spoken">{t('data.rejections')}</h2>
      <p class="muted">{t('rejections.text')}</p>
      <ErrorBox error={error} retry={reload} />
      {!loading && !error && !items.length && <Empty icon="check" title={t('rejections.none')} />}
      <ul class="rejections">
        {items.map((r) => (
          <li key={r.id}>
            <p><b>{pick(r.reason)}</b> <Chip>{r.code}</Chip></p>
            <p class="origin">{r.source} · <time dateTime={r.at}>{dateTime(r.at)}</time></p>
            <details><summary>{t('rejections.body')}</summary>
              <pre tabIndex={0} aria-label={t('rejections.body')}><code>{laidOut(r.body)}</code></pre></details>
          </li>
        ))}
      </ul>
      {loading && <Skeleton />}
      {more && !loading && <Button onClick={more}>{t('timeline.older')}</Button>}
    </section>
  );
}
