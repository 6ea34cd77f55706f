/* Who bought how often and how long ago: how many, still customers with what chance, expected to buy how often. */
import { useState } from 'preact/hooks';
import { seg } from '../api.js';
import type { ValueCell, ValueReport } from '../api-types.js';
import { number, percent } from '../format.js';
import { t } from '../i18n.js';
import { Choice } from '../ui.js';
import { cellCondition, mapWeeks, nobodyLeaves, weeksUntil } from './figures.js';
import { boughtTimes } from './proof.js';

const SHOWN = ['alive', 'customers', 'expected'] as const;
type Shown = (typeof SHOWN)[number];
const DARKEST = 40;  // percent of ink: text stays readable on it in both themes

const write = (shown: Shown, cell: ValueCell): string => (shown === 'alive' ? percent(Math.round(cell.alive * 100) / 100) : number(cell[shown]));
/* Counts differ by orders of magnitude. */
const strength = (shown: Shown, value: number): number => (shown === 'alive' ? value : Math.log1p(value));

function weeksWords(quietWeeks: number): string {
  const until = weeksUntil(quietWeeks);
  return until === null ? t('value.weeks_more', { n: quietWeeks }) : t('value.weeks', { from: quietWeeks, to: until });
}

function Place({ cell, shown, most, asOf }: { cell: ValueCell | undefined; shown: Shown; most: number; asOf: string }) {
  if (!cell) return <td class="heat none"><span class="spoken">{t('value.nobody')}</span></td>;
  const share = Math.round((DARKEST * strength(shown, cell[shown])) / most);
  return (
    <td class="heat" style={{ '--heat': `${share}%` }}>
      <a href={`/audiences/new?condition=${seg(cellCondition(cell, asOf))}`} title={t('value.cell', {
        n: cell.customers, alive: percent(cell.alive), expected: number(cell.expected) })}>
        {write(shown, cell)}<span class="spoken">, {boughtTimes(cell.repeats)}, {weeksWords(cell.quietWeeks)}</span></a>
    </td>
  );
}

export function HeatMap({ r }: { r: ValueReport }) {
  const [shown, setShown] = useState<Shown>(nobodyLeaves(r.map) ? 'expected' : 'alive');
  if (!r.map.length) return null;
  const columns = mapWeeks(r.map);
  const rows = [...new Set(r.map.map((c) => c.repeats))].sort((a, b) => b - a);
  const most = shown === 'alive' ? 1 : Math.max(...r.map.map((c) => strength(shown, c[shown]))) || 1;
  return (
    <section class="sheet" aria-labelledby="map">
      <div class="sheet-head">
        <h2 id="map">{t('value.map')}</h2>
        <Choice wrap label={t('value.map_how')} value={shown} onChange={setShown}
                options={SHOWN.map((s) => ({ value: s, label: t(`value_map.${s}`) }))} />
      </div>
      <p class="muted">{t('value.map_text')}</p>
      <div class="table" role="group" tabIndex={0} aria-label={t('value.map')}>
        <table class="heat-map">
          <caption class="spoken">{t(`value_map.${shown}`)}</caption>
          <thead>
            <tr><th scope="col">{t('value.bought')}</th>{columns.map((w) => <th key={w} scope="col">{weeksWords(w)}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((repeats) => (
              <tr key={repeats}>
                <th scope="row">{boughtTimes(repeats)}</th>
                {columns.map((w) => (
                  <Place key={w} cell={r.map.find((c) => c.repeats === repeats && c.quietWeeks === w)} shown={shown} most={most} asOf={r.asOf} />))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
