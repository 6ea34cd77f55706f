/* Events as they arrive, each with what became of it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../api-types.js';
import { dateTime, number } from '../format.js';
import { pick, t } from '../i18n.js';
import { Button, Chip, Empty, Input, Note, Select } from '../ui.js';

const KEPT = 200;
type Outcome = LiveEvent['outcome'];
type Row = LiveEvent & { n: number };
const OUTCOMES: Outcome[] = ['accepted', 'duplicate', 'rejected'];
const TONE: Record<Outcome, 'good' | 'warn' | 'bad'> = { accepted: 'good', duplicate: 'warn', rejected: 'bad' };

/* Listens while mounted. What comes during a pause is kept aside and counted. The screen is drawn at most
 * five times a second, however much comes in. */
function useLive(paused: boolean) {
  const [rows, setRows] = useState<Row[]>([]);
  const [waiting, setWaiting] = useState(0);
  const [state, setState] = useState<'connecting' | 'open' | 'lost'>('connecting');
  const buffer = useRef<Row[]>([]);
  const held = useRef(paused);
  held.current = paused;
  useEffect(() => {
    let n = 0;
    const source = new EventSource('/api/v1/live');
    source.onopen = () => setState('open');
    source.onerror = () => setState(source.readyState === EventSource.CLOSED ? 'lost' : 'connecting');
    source.onmessage = (e: MessageEvent<string>) => {
      buffer.current.unshift({ ...(JSON.parse(e.data) as LiveEvent), n: n++ });
      buffer.current.length = Math.min(buffer.current.length, KEPT);
    };
    const drawing = setInterval(() => {
      if (held.current) {
        setWaiting(buffer.current.length);
        return;
      }
      const fresh = buffer.current;
      if (!fresh.length) return;
      buffer.current = [];
      setWaiting(0);
      setRows((old) => [...fresh, ...old].slice(0, KEPT));
    }, 200);
    return () => {
      source.close();
      clearInterval(drawing);
    };
  }, []);
  return { rows, waiting, state };
}

function LiveRow({ e }: { e: Row }) {
  return (
    <li class={`live ${e.outcome}`}>
      <time dateTime={e.at}>{dateTime(e.at)}</time>
      <Chip tone={TONE[e.outcome]}>{t(`outcome.${e.outcome}`)}</Chip>
      <span><b>{e.event ?? e.type}</b> <span class="muted">{e.event ? `${e.type} · ` : ''}{e.source}</span>{' '}
        {e.customer && <a href={`/people/${e.customer}`}>{e.customer}</a>}</span>
      {e.reason && <p class="reason">{pick(e.reason)}</p>}
    </li>
  );
}

export function Live() {
  const [paused, setPaused] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | ''>('');
  const [text, setText] = useState('');
  const { rows, waiting, state } = useLive(paused);
  const word = text.trim().toLowerCase();
  const shown = rows.filter((e) => (!outcome || e.outcome === outcome) &&
    (!word || [e.event, e.type, e.source, e.customer, e.messageId].some((v) => v?.toLowerCase().includes(word))));
  return (
    <section aria-labelledby="live">
      <h2 id="live" class="spoken">{t('data.live')}</h2>
      <div class="toolbar">
        <Input label={t('live.filter')} value={text} type="search" onInput={(e) => setText(e.currentTarget.value)} />
        <Select label={t('live.outcome')} value={outcome} onChange={setOutcome}
                options={[{ value: '', label: t('word.all') }, ...OUTCOMES.map((v) => ({ value: v, label: t(`outcome.${v}`) }))]} />
        <Button icon={paused ? 'play' : 'pause'} aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? t('live.resume') : t('live.pause')}</Button>
        <p class="live-state" role="status">
          <span class={`lamp ${state}`} aria-hidden="true" />
          {paused ? t('live.waiting', { n: waiting }) : t(`live.${state}`)}
        </p>
      </div>
      {state === 'lost' && <Note tone="warn">{t('live.lost_text')}</Note>}
      {!shown.length && <Empty icon="data" title={rows.length ? t('live.none_fit') : t('live.none')}><p>{t('live.none_text')}</p></Empty>}
      <ol class="lives">{shown.map((e) => <LiveRow key={e.n} e={e} />)}</ol>
      {rows.length >= KEPT && <p class="muted">{t('live.kept', { n: KEPT, shown: number(shown.length) })}</p>}
    </section>
  );
}
