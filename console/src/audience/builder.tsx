/* Conditions as rows of what, how and how much; real values with their counts to choose from. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Audience, AudienceTerm, AudienceTerms } from '../api-types.js';
import { number } from '../format.js';
import { pick, t, type MessageKey } from '../i18n.js';
import { Button, Choice, IconButton } from '../ui.js';
import { isAgo, isList, isWhole, takes, text, withOp, type Group, type Joint, type Model, type Op, type Row, type Subject } from './model.js';

type Kind = AudienceTerm['kind'] | 'audience';
const OPS: Record<Kind, Op[]> = {
  number: ['>', '>=', '<', '<=', '=', '!=', 'between', 'known', 'unknown'],
  text: ['=', '!=', 'in', 'not_in', 'starts', 'not_starts', 'contains', 'not_contains', 'known', 'unknown'],
  boolean: ['=', '!=', 'known', 'unknown'],
  date: ['within', 'before', '>=', '<', 'between', 'known', 'unknown'],
  other: ['known', 'unknown'],
  audience: ['member', 'not_member'],
};
const WINDOWS = ['', 'P7D', 'P30D', 'P90D', 'P180D', 'P365D'];
const GROUPS: { group: AudienceTerm['group']; label: MessageKey }[] = [
  { group: 'purchases', label: 'audience.group_purchases' }, { group: 'customer', label: 'audience.group_customer' },
  { group: 'trait', label: 'audience.group_trait' },
];

export type World = { terms: AudienceTerms; audiences: Audience[] };

const key = (s: Subject): string => (s.of === 'term' || s.of === 'audience' ? `${s.of}:${s.name}` : `${s.of}:${s.event}`);

function subjectOf(word: string): Subject {
  const cut = word.indexOf(':');
  const [of, name] = [word.slice(0, cut), word.slice(cut + 1)];
  if (of === 'count') return { of, event: name, window: 'P90D' };
  if (of === 'first' || of === 'last') return { of, event: name };
  return of === 'audience' ? { of, name } : { of: 'term', name };
}

function termOf(world: World, s: Subject): AudienceTerm | undefined {
  return s.of === 'term' ? world.terms.terms.find((term) => term.name === s.name) : undefined;
}

function kindOf(world: World, s: Subject): Kind {
  if (s.of === 'count') return 'number';
  if (s.of === 'audience') return 'audience';
  return s.of === 'term' ? termOf(world, s)?.kind ?? 'text' : 'date';
}

export function freshRow(world: World, subject?: Subject): Row {
  const first = world.terms.terms[0];
  const s = subject ?? { of: 'term', name: first?.name ?? 'orders' };
  const kind = kindOf(world, s);
  return { subject: s, op: OPS[kind][0]!, values: kind === 'boolean' ? ['true'] : [''] };
}

/* What is meant; one that no longer exists is still shown. */
function SubjectSelect({ world, row, onChange }: { world: World; row: Row; onChange: (row: Row) => void }) {
  const here = key(row.subject);
  const events = world.terms.events.map((e) => e.name);
  const known = world.terms.terms.some((term) => `term:${term.name}` === here)
    || events.some((e) => [`count:${e}`, `first:${e}`, `last:${e}`].includes(here))
    || world.audiences.some((a) => `audience:${a.name}` === here);
  return (
    <select aria-label={t('audience.what')} value={here}
            onChange={(e) => onChange(freshRow(world, subjectOf(e.currentTarget.value)))}>
      {!known && !here.endsWith(':') && <option value={here}>{here.slice(here.indexOf(':') + 1)}</option>}
      {GROUPS.map(({ group, label }) => (
        <optgroup key={group} label={t(label)}>
          {world.terms.terms.filter((term) => term.group === group).map((term) => (
            <option key={term.name} value={`term:${term.name}`}>{pick(term.label)}</option>
          ))}
        </optgroup>
      ))}
      <optgroup label={t('audience.group_events')}>
        {events.map((e) => <option key={`c${e}`} value={`count:${e}`}>{t('audience.event_count', { event: e })}</option>)}
        {events.map((e) => <option key={`l${e}`} value={`last:${e}`}>{t('audience.event_last', { event: e })}</option>)}
        {events.map((e) => <option key={`f${e}`} value={`first:${e}`}>{t('audience.event_first', { event: e })}</option>)}
        <option value="count:">{t('audience.event_count', { event: t('audience.event_other') })}</option>
        <option value="last:">{t('audience.event_last', { event: t('audience.event_other') })}</option>
      </optgroup>
      {world.audiences.length > 0 && (
        <optgroup label={t('nav.audiences')}>
          {world.audiences.map((a) => <option key={a.id} value={`audience:${a.name}`}>{a.name}</option>)}
        </optgroup>
      )}
    </select>
  );
}

/* An event that has not come yet can be named too: "never a cancellation". */
function EventName({ world, row, onChange }: { world: World; row: Row; onChange: (row: Row) => void }) {
  const s = row.subject;
  if (s.of === 'term' || s.of === 'audience' || world.terms.events.some((e) => e.name === s.event)) return null;
  return (
    <input aria-label={t('audience.event')} value={s.event}
           onInput={(e) => onChange({ ...row, subject: { ...s, event: e.currentTarget.value } })} />
  );
}

function WindowSelect({ row, onChange }: { row: Row; onChange: (row: Row) => void }) {
  const s = row.subject;
  if (s.of !== 'count') return null;
  const all = WINDOWS.includes(s.window) ? WINDOWS : [...WINDOWS, s.window];
  const words = (w: string) => {
    const days = /^P(\d+)D$/.exec(w);
    return w === '' ? t('audience.ever') : days ? t('audience.last_days', { n: Number(days[1]) }) : w;
  };
  return (
    <select aria-label={t('audience.window')} value={s.window}
            onChange={(e) => onChange({ ...row, subject: { ...s, window: e.currentTarget.value } })}>
      {all.map((w) => <option key={w} value={w}>{words(w)}</option>)}
    </select>
  );
}

/* Of days "at least" is "on or after". */
function opWords(kind: Kind, op: Op): string {
  const word = kind === 'date' && (op === '>=' || op === '<') ? `date${op}` as const : op;
  return t(`audience_op.${word}`);
}

const isZero = (row: Row): boolean => row.subject.of === 'count' && row.op === '=' && row.values[0] === '0';

/* never: an event that did not happen, which FEEL counts as 0. */
function OpSelect({ world, row, never, onChange }: {
  world: World; row: Row; never: boolean; onChange: (row: Row, never: boolean) => void;
}) {
  const kind = kindOf(world, row.subject);
  const ops = OPS[kind].includes(row.op) ? OPS[kind] : [...OPS[kind], row.op];
  const choose = (word: string) => {
    if (word === 'never') return onChange({ ...row, op: '=', values: ['0'] }, true);
    const next = withOp(row, word as Op);
    if (kind === 'boolean' && next.values[0] === '') next.values = ['true'];
    onChange(next, false);
  };
  return (
    <select aria-label={t('audience.how')} value={never ? 'never' : row.op} onChange={(e) => choose(e.currentTarget.value)}>
      {row.subject.of === 'count' && <option value="never">{t('audience_op.never')}</option>}
      {ops.map((op) => <option key={op} value={op}>{opWords(kind, op)}</option>)}
    </select>
  );
}

/* What people type, and FEEL: texts lose and get their quotes, days their @. */
const shown = (feel: string): string => (/^@?"/.test(feel) ? feel.replace(/^@?"|"$/g, '').replace(/\\(.)/g, '$1') : feel);
const PLAIN = { useGrouping: false, maximumFractionDigits: 20 };  // FEEL has no 1e5
function written(words: string, kind: Kind, op: Op): string {
  if (words === '') return '';
  if (isAgo(op) || kind === 'boolean') return words.trim();
  if (kind === 'number') return /e/i.test(words) ? Number(words).toLocaleString('en-US', PLAIN) : words.trim();
  return kind === 'date' ? `@${text(words.trim())}` : text(words);
}

function ValueInput({ world, row, at, onChange }: { world: World; row: Row; at: number; onChange: (row: Row) => void }) {
  const id = useId();
  const kind = kindOf(world, row.subject);
  const values = termOf(world, row.subject)?.values ?? [];
  const set = (words: string) => onChange({ ...row, values: Object.assign([...row.values], { [at]: written(words, kind, row.op) }) });
  const value = shown(row.values[at] ?? '');
  if (kind === 'boolean')
    return (
      <select aria-label={t('audience.value')} value={value} onChange={(e) => set(e.currentTarget.value)}>
        <option value="true">{t('word.yes')}</option><option value="false">{t('word.no')}</option>
      </select>
    );
  const days = isAgo(row.op);
  const type = kind === 'number' || days ? 'number' : kind === 'date' ? 'date' : 'text';
  return (
    <span class="cond-value">
      <input aria-label={t(at && row.op === 'between' ? 'audience.value_to' : 'audience.value')} type={type} step={days ? 1 : 'any'} min={days ? 0 : undefined} list={values.length ? id : undefined}
             value={value} onInput={(e) => set(e.currentTarget.value)} />
      {days && <span>{t('audience.days')}</span>}
      {values.length > 0 && (
        <datalist id={id}>{values.map((v) => <option key={v.text} value={shown(v.text)}>{number(v.customers)}</option>)}</datalist>
      )}
    </span>
  );
}

function Values({ world, row, onChange }: { world: World; row: Row; onChange: (row: Row) => void }) {
  const many = isList(row.op);
  const n = many ? row.values.length : takes(row.op);
  if (!n) return null;
  return (
    <span class="cond-values">
      {Array.from({ length: n }, (_, i) => <ValueInput key={i} world={world} row={row} at={i} onChange={onChange} />)}
      {many && n > 1 && <IconButton icon="close" label={t('audience.remove_value')} onClick={() => onChange({ ...row, values: row.values.slice(0, -1) })} />}
      {many && <IconButton icon="plus" label={t('audience.another_value')} onClick={() => onChange({ ...row, values: [...row.values, ''] })} />}
    </span>
  );
}

function RowLine({ world, row, onChange, onRemove }: {
  world: World; row: Row; onChange: (row: Row) => void; onRemove: () => void;
}) {
  const [never, setNever] = useState(isZero(row));  // a 0 that is typed keeps its field
  const did = !never || !isZero(row);
  return (
    <li class="cond-row">
      <SubjectSelect world={world} row={row} onChange={onChange} />
      <EventName world={world} row={row} onChange={onChange} />
      <WindowSelect row={row} onChange={onChange} />
      <OpSelect world={world} row={row} never={!did} onChange={(next, not) => { setNever(not); onChange(next); }} />
      {did && <Values world={world} row={row} onChange={onChange} />}
      {!isWhole(row) && <span class="help">{t('audience.row_open')}</span>}
      <IconButton icon="bin" label={t('audience.remove_row')} onClick={onRemove} />
    </li>
  );
}

const joints = (): { value: Joint; label: string }[] => [
  { value: 'and', label: t('audience.all_of') }, { value: 'or', label: t('audience.any_of') },
];

/* A row that came or went takes the focus with it. */
function useRowFocus(rows: number) {
  const box = useRef<HTMLFieldSetElement>(null);
  const next = useRef('');
  useEffect(() => {
    if (next.current) box.current?.querySelector<HTMLElement>(next.current)?.focus();
    next.current = '';
  }, [rows]);
  return { box, follow: (what: string) => { next.current = what; } };
}

function GroupBox({ world, group, onChange, onRemove }: {
  world: World; group: Group; onChange: (group: Group) => void; onRemove: (() => void) | null;
}) {
  const set = (i: number, row: Row | null) =>
    onChange({ ...group, rows: group.rows.flatMap((old, k) => (k !== i ? [old] : row ? [row] : [])) });
  const { box, follow } = useRowFocus(group.rows.length);
  return (
    <fieldset class="cond-group" ref={box}>
      <legend class="spoken">{t('audience.group')}</legend>
      {group.rows.length > 1 && (
        <Choice label={t('audience.joint')} value={group.joint} options={joints()} onChange={(joint) => onChange({ ...group, joint })} />
      )}
      <ul class="cond-rows">
        {group.rows.map((row, i) => (
          <RowLine key={i} world={world} row={row} onChange={(r) => set(i, r)} onRemove={() => { follow('.actions button'); set(i, null); }} />
        ))}
      </ul>
      <div class="actions">
        <Button icon="plus" onClick={() => {
          follow('.cond-row:last-child select');
          onChange({ ...group, rows: [...group.rows, freshRow(world)] });
        }}>{t('audience.add_row')}</Button>
        {onRemove && <Button look="quiet" onClick={onRemove}>{t('audience.remove_group')}</Button>}
      </div>
    </fieldset>
  );
}

export function Builder({ world, model, onChange }: { world: World; model: Model; onChange: (model: Model) => void }) {
  const set = (i: number, group: Group | null) =>
    onChange({ ...model, groups: model.groups.flatMap((old, k) => (k !== i ? [old] : group ? [group] : [])) });
  const many = model.groups.length > 1;
  return (
    <div class="builder">
      {many && <Choice label={t('audience.joint_groups')} value={model.joint} options={joints()} onChange={(joint) => onChange({ ...model, joint })} />}
      {model.groups.map((group, i) => (
        <GroupBox key={i} world={world} group={group} onChange={(g) => set(i, g)} onRemove={many ? () => set(i, null) : null} />
      ))}
      <Button look="quiet" icon="plus"
              onClick={() => onChange({ ...model, groups: [...model.groups, { joint: 'and', rows: [freshRow(world)] }] })}>
        {t('audience.add_group')}
      </Button>
    </div>
  );
}
