/* What the shop's customers like: each attribute's values, each with the audience of those whose favourite it is. */
import { seg } from '../api.js';
import type { Affinities as Shown, AffinityAttribute } from '../api-types.js';
import { useLoad } from '../data.js';
import { day, number, percent } from '../format.js';
import { pick, t } from '../i18n.js';
import { Empty, ErrorBox, Note, PageHead, Skeleton } from '../ui.js';

function Bars({ of, all }: { of: AffinityAttribute; all: number }) {
  const top = Math.max(...of.values.map((v) => v.share), 0.01);
  const known = of.name === 'priceLevel' ? 'affinities.known_level' : 'affinities.known';
  return (
    <section class="sheet" aria-labelledby={`of-${of.name}`}>
      <h2 id={`of-${of.name}`}>{pick(of.label)}</h2>
      <p class="muted">{of.values.length ? t(known, { n: of.known, all: number(all) }) : t('affinities.nothing')}</p>
      {of.values.length > 0 && (
        <ul class="plain-list likings">
          {of.values.map((v) => (
            <li key={v.value}>
              <a href={`/audiences/new?condition=${seg(v.condition)}`}>{pick(v.label)}</a>
              <span class="muted">{t('affinities.share', { share: percent(v.share) })} · {t('affinities.customers', { n: v.customers })}</span>
              <span class="liking-bar" aria-hidden="true"><span style={{ width: `${(100 * v.share) / top}%` }} /></span>
            </li>
          ))}
        </ul>
      )}
      {of.more > 0 && <p class="muted">{t('affinities.more', { n: of.more })}</p>}
    </section>
  );
}

export function Affinities() {
  const { data, error, reload } = useLoad<Shown>('/affinities');
  const none = data?.ready && data.attributes.every((a) => !a.values.length);
  return (
    <>
      <PageHead title={t('nav.affinities')} lead={t('affinities.lead')} />
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={10} />}
      {data && !data.ready && <Note>{t('affinities.reading', { n: data.progress })}</Note>}
      {none && <Empty icon="star" title={t('affinities.none')}><p>{t('affinities.none_text')}</p></Empty>}
      {data?.ready && !none && (
        <>
          <div class="likings-grid">{data.attributes.map((a) => <Bars key={a.name} of={a} all={data.customers} />)}</div>
          <p class="origin">{t('affinities.help', { days: data.halfLifeDays, evidence: number(data.evidenceNeeded), sure: percent(data.sureNeeded) })}{' '}
            {t('affinities.as_of', { day: day(data.asOf, 'long') })}</p>
        </>
      )}
    </>
  );
}
