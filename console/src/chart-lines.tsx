/* Figures over time as lines, side by side: each where its day is; the same numbers as a table. */
import { useState } from 'preact/hooks';
import { BOTTOM, ChartTable, dayMark, HEIGHT, LEFT, niceTop, Scale, TOP, useWidth } from './chart.js';
import { day } from './format.js';
import { t } from './i18n.js';

export type Moment = { day: string; values: number[] };
const RIGHT = 6;
const MARK_WIDTH = 110;

/* The moment that is nearest to a time. */
export function nearest(moments: Moment[], at: number): number {
  let best = 0;
  for (const [i, m] of moments.entries())
    if (Math.abs(Date.parse(m.day) - at) < Math.abs(Date.parse(moments[best]!.day) - at)) best = i;
  return best;
}

/* Days to write below: evenly spread, the first among them. */
function daysBelow(first: number, last: number, width: number): string[] {
  const n = Math.max(2, Math.floor((width - LEFT) / MARK_WIDTH));
  return Array.from({ length: n }, (_, i) => new Date(first + ((last - first) * i) / n).toISOString().slice(0, 10));
}

/* What stands between two days may have a mark: from where, and what begins there. */
type Since = { day: string; label: string };

function Lines({ moments, width, top, at, since, spots, write }: {
  moments: Moment[]; width: number; top: number; at: number | null; since: Since | undefined; spots: string[];
  write: (n: number) => string;
}) {
  const first = Date.parse(moments[0]!.day);
  const last = Math.max(Date.parse(moments.at(-1)!.day), first + 1);
  const x = (iso: string) => LEFT + (width - LEFT - RIGHT) * ((Date.parse(iso) - first) / (last - first));
  const y = (v: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.max(0, v) / top);
  const path = (of: number) => moments.map((m, i) => `${i ? 'L' : 'M'}${x(m.day).toFixed(1)} ${y(m.values[of]!).toFixed(1)}`).join('');
  const begun = since && x(since.day);
  return (
    <>
      {begun !== undefined && <rect class="since" x={begun} y={TOP} width={Math.max(0, width - RIGHT - begun)} height={HEIGHT - TOP - BOTTOM} />}
      <Scale width={width} y={y} top={top} write={write} />
      {begun !== undefined && (
        <g>
          <line class="since-line" x1={begun} x2={begun} y1={TOP} y2={HEIGHT - BOTTOM} />
          <text class="mark" x={begun > width * 0.6 ? begun - 6 : begun + 6} y={TOP + 12} text-anchor={begun > width * 0.6 ? 'end' : 'start'}>{since!.label}</text>
        </g>
      )}
      {moments[0]!.values.map((_, of) => <path key={of} class={`line line-${of}`} d={path(of)} />)}
      {spots.map((iso) => <circle key={iso} class="bought" cx={x(iso)} cy={y(0)} r="4" />)}
      {at !== null && moments[at]!.values.map((v, of) => <circle key={of} class="spot" cx={x(moments[at]!.day)} cy={y(v)} r="4" />)}
      {daysBelow(first, last, width).map((iso, i) => (
        <text key={iso} class="mark" x={x(iso)} y={HEIGHT - 8} text-anchor={i === 0 ? 'start' : 'middle'}>{dayMark(iso)}</text>
      ))}
    </>
  );
}

/* names: of the values, in their order. top: of the scale, where it is known. spots: days below, with what they are called and
 * what the table says of them. */
export function LinesChart({ moments, names, label, write, writeMark = write, top, since, spots }: {
  moments: Moment[]; names: string[]; label: string; write: (n: number) => string; writeMark?: (n: number) => string; top?: number;
  since?: Since; spots?: { name: string; of: Map<string, string> };
}) {
  const { ref, width } = useWidth();
  const [at, setAt] = useState<number | null>(null);
  if (!moments.length) return null;
  const most = top ?? niceTop(Math.max(...moments.flatMap((m) => m.values)));
  const shown = moments[at ?? moments.length - 1]!;
  const first = Date.parse(moments[0]!.day);
  const last = Date.parse(moments.at(-1)!.day);
  const hover = (e: PointerEvent & { currentTarget: SVGElement }) => {
    const share = (e.clientX - e.currentTarget.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT);
    setAt(share >= 0 && share <= 1 ? nearest(moments, first + share * (last - first)) : null);
  };
  return (
    <figure class="chart">
      <p class="chart-reading legend" aria-hidden="true">
        {names.map((name, of) => <span key={name}><i class={`key key-${of}`} />{name} <b>{write(shown.values[of]!)}</b></span>)}
        {spots && <span><i class="key key-bought" />{spots.name} {spots.of.get(shown.day) && <b>{spots.of.get(shown.day)}</b>}</span>}
        <span>{day(shown.day)}</span>
      </p>
      <div ref={ref}>
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img"
             aria-label={t('chart.lines', { what: label, from: day(moments[0]!.day), to: day(moments.at(-1)!.day),
               last: names.map((name, of) => `${name} ${write(moments.at(-1)!.values[of]!)}`).join(', ') })}
             onPointerMove={hover as never} onPointerLeave={() => setAt(null)}>
          <Lines moments={moments} width={width} top={most} at={at} since={since} spots={[...(spots?.of.keys() ?? [])]} write={writeMark} />
        </svg>
      </div>
      <ChartTable label={label}>
        {() => (
          <>
            <thead>
              <tr><th scope="col">{t('chart.day')}</th>{names.map((name) => <th key={name} scope="col" class="number">{name}</th>)}
                {spots && <th scope="col" class="number">{spots.name}</th>}</tr>
            </thead>
            <tbody>
              {[...moments].reverse().map((m) => (
                <tr key={m.day}><th scope="row">{day(m.day)}</th>{m.values.map((v, of) => <td key={of} class="number">{write(v)}</td>)}
                  {spots && <td class="number">{spots.of.get(m.day) ?? ''}</td>}</tr>
              ))}
            </tbody>
          </>
        )}
      </ChartTable>
    </figure>
  );
}
