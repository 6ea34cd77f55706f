/* One figure per day: bars while they are few, an area when they are many; the same numbers as a table. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { day, shortNumber } from './format.js';
import { t } from './i18n.js';

export type Point = { day: string; value: number };
export const HEIGHT = 220;
export const LEFT = 52;
export const TOP = 12;
export const BOTTOM = 28;
const BARS_MAX = 100;

/* A round number at or above n, for the top of the scale. */
export function niceTop(n: number): number {
  if (n <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((s) => s * power >= n) ?? 10;
  return step * power;
}

export function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const node = ref.current;
    if (!node) return;
    const watcher = new ResizeObserver(([e]) => e && setWidth(Math.max(220, Math.floor(e.contentRect.width))));
    watcher.observe(node);
    return () => watcher.disconnect();
  }, []);
  return { ref, width };
}

/* At most `most` days get a mark; first and last always fit. */
function marks(points: Point[], width: number): number[] {
  const most = Math.max(2, Math.floor((width - LEFT) / 110));
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.map((_, i) => i).filter((i) => i % step === 0);
}

/* The lines of the scale, and what they stand for. */
export function Scale({ width, y, top, write }: { width: number; y: (v: number) => number; top: number; write: (n: number) => string }) {
  return (
    <>
      {[0, 0.5, 1].map((share) => (
        <g key={share}>
          <line class="grid" x1={LEFT} x2={width} y1={y(top * share)} y2={y(top * share)} />
          <text class="mark" x={LEFT - 8} y={y(top * share) + 4} text-anchor="end">{write(top * share)}</text>
        </g>
      ))}
    </>
  );
}

/* A day below the chart, without its year. */
export const dayMark = (iso: string): string => day(iso).replace(/[ ,]+\d{4}$/, '').replace(/ de \d{4}$/, '');

/* The same numbers for those who do not see the chart, made when it is opened. */
export function ChartTable({ label, children }: { label: string; children: () => ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <details open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t('chart.table')}</summary>
      {open && <div class="table short" role="group" tabIndex={0} aria-label={label}><table>{children()}</table></div>}
    </details>
  );
}

function Plot({ points, width, at, top }: { points: Point[]; width: number; at: number | null; top: number }) {
  const inner = width - LEFT - 4;
  const slot = inner / Math.max(1, points.length);
  const y = (v: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.max(0, v) / top);
  const x = (i: number) => LEFT + slot * (i + 0.5);
  const bars = points.length <= BARS_MAX;
  const line = points.map((p, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(p.value).toFixed(1)}`).join('');
  const floor = y(0);
  return (
    <>
      <Scale width={width} y={y} top={top} write={shortNumber} />
      {bars
        ? points.map((p, i) => (
          <rect key={p.day} class={i === at ? 'bar on' : 'bar'} x={x(i) - Math.max(1, slot * 0.36)} y={y(p.value)}
                width={Math.max(2, slot * 0.72)} height={Math.max(0, floor - y(p.value))} rx={Math.min(2, slot / 4)} />
        ))
        : <>
          <path class="area" d={`${line}L${x(points.length - 1).toFixed(1)} ${floor}L${x(0).toFixed(1)} ${floor}Z`} />
          <path class="line" d={line} />
          {at !== null && points[at] && <circle class="spot" cx={x(at)} cy={y(points[at].value)} r="4" />}
        </>}
      {marks(points, width).map((i) => (
        <text key={i} class="mark" x={x(i)} y={HEIGHT - 8} text-anchor={i === 0 ? 'start' : 'middle'}>
          {dayMark(points[i]!.day)}
        </text>
      ))}
    </>
  );
}

export function DaysChart({ points, label, write }: {
  points: Point[]; label: string; write: (n: number) => string;
}) {
  const { ref, width } = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const top = niceTop(Math.max(0, ...points.map((p) => p.value)));
  const sum = points.reduce((total, p) => total + p.value, 0);
  const point = at === null ? undefined : points[at];
  const hover = (e: PointerEvent & { currentTarget: SVGElement }) => {
    const inside = e.clientX - e.currentTarget.getBoundingClientRect().left - LEFT;
    const i = Math.floor(inside / ((width - LEFT - 4) / Math.max(1, points.length)));
    setAt(i >= 0 && i < points.length ? i : null);
  };
  return (
    <figure class="chart">
      <p class="chart-reading" aria-hidden="true">
        {point ? <><b>{write(point.value)}</b> {day(point.day, 'long')}</> : <><b>{write(sum)}</b> {t('chart.sum', { n: points.length })}</>}
      </p>
      <div ref={ref}>
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img"
             aria-label={t('chart.summary', { what: label, sum: write(sum), n: points.length })}
             onPointerMove={hover as never} onPointerLeave={() => setAt(null)}>
          <Plot points={points} width={width} at={at} top={top} />
        </svg>
      </div>
      <ChartTable label={label}>
        {() => (
          <>
            <thead><tr><th scope="col">{t('chart.day')}</th><th scope="col" class="number">{label}</th></tr></thead>
            <tbody>
              {[...points].reverse().map((p) => (
                <tr key={p.day}><th scope="row">{day(p.day)}</th><td class="number">{write(p.value)}</td></tr>
              ))}
            </tbody>
          </>
        )}
      </ChartTable>
    </figure>
  );
}
