/* Everything that happened, told by day; each fact opens to its body and its four times. */
import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { del, post, query, seg } from '../api.js';
import type { Fact, FactType } from '../api-types.js';
import { useAction, useGrowing, useRested } from '../data.js';
import { clock, dateTime, day } from '../format.js';
import { pick, t } from '../i18n.js';
import { mergePatch } from '../merge-patch.js';
import { announce, Button, Chip, Confirm, Dialog, Empty, ErrorBox, Field, FormEnd, Icon, Input, Select, Skeleton, type IconName } from '../ui.js';

const TYPES: FactType[] = ['track', 'identify', 'page', 'screen', 'group', 'alias', 'decision', 'merge', 'unmerge',
  'correction', 'deletion', 'trait', 'membership', 'catalogue', 'permission', 'audience'];
const TYPE_ICON: Record<FactType, IconName> = {
  track: 'bag', identify: 'person', page: 'eye', screen: 'eye', group: 'people', alias: 'join', decision: 'star',
  merge: 'join', unmerge: 'join', correction: 'pen', deletion: 'bin', trait: 'pen', membership: 'people', catalogue: 'catalogue',
  permission: 'letter', audience: 'audience',
};
const EDITABLE: ReadonlySet<FactType> = new Set(['track', 'identify', 'page', 'screen', 'group', 'permission']);

/* The day a fact belongs to, where the reader is. */
function localDay(iso: string): string {
  const d = new Date(iso);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

export function byDay(facts: Fact[]): { day: string; facts: Fact[] }[] {
  const days: { day: string; facts: Fact[] }[] = [];
  for (const fact of facts) {
    const d = localDay(fact.timestamp);
    const last = days[days.length - 1];
    if (last && last.day === d) last.facts.push(fact);
    else days.push({ day: d, facts: [fact] });
  }
  return days;
}

function Correct({ fact, onDone, onClose }: { fact: Fact; onDone: () => void; onClose: () => void }) {
  const [text, setText] = useState(JSON.stringify(fact.body, null, 2));
  const [note, setNote] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  const action = useAction();
  const submit = (e: Event) => {
    e.preventDefault();
    let after: unknown;
    try {
      after = JSON.parse(text);
    } catch (error) {
      setWrong(t('fact.not_json', { why: (error as Error).message }));
      return;
    }
    if (typeof after !== 'object' || after === null || Array.isArray(after)) {
      setWrong(t('fact.not_object'));
      return;
    }
    const body = mergePatch(fact.body, after as Record<string, unknown>);
    if (!Object.keys(body).length) {
      setWrong(t('fact.unchanged'));
      return;
    }
    setWrong(null);
    void action.run(() => post(`/facts/${fact.seq}/corrections`, { body, note: note.trim() }), onDone);
  };
  return (
    <Dialog wide title={t('fact.correct')} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{t('fact.correct_text')}</p>
        <Field label={t('fact.body')} error={wrong}>
          {(ids) => <textarea {...ids} class="code" rows={14} spellcheck={false} value={text} onInput={(e) => setText(e.currentTarget.value)} />}
        </Field>
        <Input label={t('fact.note')} value={note} required onInput={(e) => setNote(e.currentTarget.value)} />
        <FormEnd action={action} yes={t('fact.correct')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function Delete({ fact, onDone, onClose }: { fact: Fact; onDone: () => void; onClose: () => void }) {
  const [note, setNote] = useState('');
  const action = useAction();
  return (
    <Confirm danger title={t('fact.delete')} yes={t('fact.delete')} busy={action.busy} error={action.error} onClose={onClose}
             onYes={() => void action.run(() => del(`/facts/${fact.seq}${query({ note: note.trim() })}`), onDone)}>
      <p>{pick(fact.story)}</p>
      <p>{t('fact.delete_text')}</p>
      <Input label={t('fact.note')} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
    </Confirm>
  );
}

function Times({ fact }: { fact: Fact }) {
  const rows: [string, string | null][] = [
    [t('fact.timestamp'), fact.timestamp], [t('fact.original'), fact.originalTimestamp],
    [t('fact.sent'), fact.sentAt], [t('fact.received'), fact.receivedAt],
  ];
  return (
    <dl class="times">
      {rows.map(([name, at]) => <div key={name}><dt>{name}</dt><dd>{at ? dateTime(at) : <span class="muted">{t('word.none')}</span>}</dd></div>)}
      <div><dt>{t('word.source')}</dt><dd>{fact.source}</dd></div>
      <div><dt>{t('fact.message_id')}</dt><dd><code>{fact.messageId ?? '—'}</code></dd></div>
    </dl>
  );
}

function Entry({ fact, onChanged }: { fact: Fact; onChanged: () => void }) {
  const [open, setOpen] = useState(false);
  const [act, setAct] = useState<'correct' | 'delete' | null>(null);
  const done = () => {
    setAct(null);
    announce(t('state.saved'));
    onChanged();
  };
  return (
    <li class={fact.deleted ? 'entry gone' : 'entry'}>
      <span class={`entry-icon type-${fact.type}`}><Icon name={TYPE_ICON[fact.type] ?? 'info'} /></span>
      <div>
        <p class="story">{pick(fact.story)}
          {fact.corrected && <Chip tone="warn">{t('fact.corrected')}</Chip>}
          {fact.deleted && <Chip tone="bad">{t('fact.deleted')}</Chip>}</p>
        <details open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
          <summary><time dateTime={fact.timestamp}>{clock(fact.timestamp)}</time> · {t(`fact_type.${fact.type}`)}{fact.event ? ` · ${fact.event}` : ''}</summary>
          {open && (
            <div class="raw">
              <Times fact={fact} />
              <pre tabIndex={0} aria-label={t('fact.body')}><code>{JSON.stringify(fact.body, null, 2)}</code></pre>
              {EDITABLE.has(fact.type) && !fact.deleted && (
                <div class="actions">
                  <Button icon="pen" onClick={() => setAct('correct')}>{t('fact.correct')}</Button>
                  <Button icon="bin" onClick={() => setAct('delete')}>{t('fact.delete')}</Button>
                </div>
              )}
            </div>
          )}
        </details>
      </div>
      {act === 'correct' && <Correct fact={fact} onDone={done} onClose={() => setAct(null)} />}
      {act === 'delete' && <Delete fact={fact} onDone={done} onClose={() => setAct(null)} />}
    </li>
  );
}

type Words = { type: string; event: string; since: string; until: string };

function Filters({ words, go }: { words: Words; go: (change: Partial<Words>) => void }) {
  const [event, setEvent] = useState(words.event);
  const rested = useRested(event, 300);
  useEffect(() => { if (rested !== words.event) go({ event: rested }); }, [rested]);
  return (
    <details class="filters" open={Object.values(words).some(Boolean)}>
      <summary>{t('timeline.filter')}</summary>
      <div class="toolbar">
        <Select label={t('timeline.type')} value={words.type} onChange={(type) => go({ type })}
                options={[{ value: '', label: t('word.all') }, ...TYPES.map((v) => ({ value: v as string, label: t(`fact_type.${v}`) }))]} />
        <Input label={t('timeline.event')} value={event} onInput={(e) => setEvent(e.currentTarget.value)} />
        <Input label={t('timeline.since')} type="date" value={words.since} onChange={(e) => go({ since: e.currentTarget.value })} />
        <Input label={t('timeline.until')} type="date" value={words.until} onChange={(e) => go({ until: e.currentTarget.value })} />
      </div>
    </details>
  );
}

/* A day typed by the reader, as the instants it begins and ends where they are. */
function instant(dayWord: string, end: boolean): string {
  if (!dayWord) return '';
  const at = new Date(`${dayWord}T${end ? '23:59:59.999' : '00:00:00'}`);
  return isNaN(+at) ? '' : at.toISOString();
}

export function Timeline({ customer, turn, onChanged }: { customer: string; turn: number; onChanged: () => void }) {
  const { path, query: all, route } = useLocation();
  const words: Words = { type: all['type'] ?? '', event: all['event'] ?? '', since: all['since'] ?? '', until: all['until'] ?? '' };
  const go = (change: Partial<Words>) => route(`${path}${query({ ...words, ...change })}`, true);
  const { items, error, loading, more, reload } = useGrowing<Fact>(`/customers/${seg(customer)}/timeline${query({
    type: words.type, event: words.event, since: instant(words.since, false), until: instant(words.until, true), limit: 50 })}`);
  useEffect(() => { if (turn) reload(); }, [turn]);
  const narrowed = Object.values(words).some(Boolean);
  return (
    <section class="sheet" aria-labelledby="timeline">
      <h2 id="timeline">{t('timeline.title')}</h2>
      <Filters words={words} go={go} />
      <ErrorBox error={error} retry={reload} />
      {!loading && !error && !items.length && <Empty icon="today" title={narrowed ? t('timeline.none_fit') : t('timeline.none')} />}
      {byDay(items).map((d) => (
        <section key={d.day} class="day">
          <h3>{day(d.day, 'long')}</h3>
          <ol class="entries">
            {d.facts.map((f) => <Entry key={f.seq} fact={f} onChanged={() => { reload(); onChanged(); }} />)}
          </ol>
        </section>
      ))}
      {loading && <Skeleton lines={5} />}
      {more && !loading && <Button onClick={more}>{t('timeline.older')}</Button>}
    </section>
  );
}
