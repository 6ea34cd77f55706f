/* Repeat purchases of everybody week by week: what the model expects, and what came. */
import { useState } from 'preact/hooks';
import type { ValueReport } from '../api-types.js';
import { LinesChart } from '../chart-lines.js';
import { number, shortNumber } from '../format.js';
import { t } from '../i18n.js';
import { Choice } from '../ui.js';
import { summed } from './figures.js';

const SHOWN = ['sum', 'week'] as const;

export function Track({ r }: { r: ValueReport }) {
  const [shown, setShown] = useState<(typeof SHOWN)[number]>('sum');
  if (r.weeks.length < 2) return null;
  const weeks = shown === 'sum' ? summed(r.weeks) : r.weeks;
  return (
    <section class="sheet" aria-labelledby="track">
      <div class="sheet-head">
        <h2 id="track">{t('value.track')}</h2>
        <Choice wrap label={t('value.track_how')} value={shown} onChange={setShown}
                options={SHOWN.map((s) => ({ value: s, label: t(`value_track.${s}`) }))} />
      </div>
      <p class="muted">{t('value.track_text')} {r.proof && t('value.track_proof')}</p>
      <LinesChart label={t('value.track')} names={[t('value.came'), t('value.foretold')]} writeMark={shortNumber}
                  write={(n) => number(Math.round(n * 10) / 10)} moments={weeks.map((w) => ({ day: w.from, values: [w.actual, w.expected] }))}
                  {...(r.proof ? { since: { day: r.proof.from, label: t('value.proof_from') } } : {})} />
    </section>
  );
}
