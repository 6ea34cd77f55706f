/* A condition as a row of what, how and how much; real values with their counts to choose from. */
import { useId, useState } from 'preact/hooks';
import type { Audience, AudienceTerm, AudienceTerms } from '../api-types.js';
import { number } from '../format.js';
import { pick, t, type MessageKey } from '../i18n.js';
import { Button, IconButton } from '../ui.js';
import {
  eventLabel, EventName, MeasureSelect, PermissionFields, PropertySelect, propertiesOf, RelatedSelect, SequenceFields,
  WindowSelect,
} from './builder-event.js';
import { isAgo, isEvent, isList, isWhole, takes, text, withOp, type Op, type Row, type Subject } from './model.js';

type Kind = AudienceTerm['kind'] | 'audience' | 'sequence' | 'related' | 'permission';
const OPS: Record<Kind, Op[]> = {
  number: ['>', '>=', '<', '<=', '=', '!=', 'between', 'known', 'unknown'],
  text: ['=', '!=', 'in', 'not_in', 'starts', 'not_starts', 'contains', 'not_contains', 'known', 'unknown'],
  boolean: ['=', '!=', 'known', 'unknown'],
  date: ['within', 'before', '>=', '<', 'between', 'known', 'unknown'],
  other: ['known', 'unknown'],
  audience: ['member', 'not_member'],
  sequence: ['member', 'not_member'],
  related: ['member', 'not_member'],
  permission: ['member', 'not_member'],
};
const SAID: Op[] = ['declared', 'not_declared'];
const GROUPS: { group: AudienceTerm['group']; label: MessageKey }[] = [
  { group: 'purchases', label: 'audience.group_purchases' }, { group: 'customer', label: 'audience.group_customer' },
  { group: 'value', label: 'audience.group_value' },
  { group: 'likings', label: 'audience.group_likings' },
  { group: 'trait', label: 'audience.group_trait' },
];

/* of: whose terms they are, if not the customer's own: an event's properties, or those of somebody who belongs to them. */
export type World = { terms: AudienceTerms; audiences: Audience[]; of?: 'event' | 'related' };

const key = (s: Subject): string => {
  if (s.of === 'term' || s.of === 'audience') return `${s.of}:${s.name}`;
  return isEvent(s) ? `count:${s.event}` : `${s.of}:`;
};

function subjectOf(word: string): Subject {
  const cut = word.indexOf(':');
  const [of, name] = [word.slice(0, cut), word.slice(cut + 1)];
  if (of === 'count') return { of, event: name, property: '', window: 'P90D', where: [] };
  if (of === 'sequence') return { of, steps: ['', ''], gap: 'P7D', without: '', window: '' };
  if (of === 'related') return { of, kind: 'account', where: [] };
  if (of === 'permission') return { of, channel: 'email', topic: '' };
  return of === 'audience' ? { of, name } : { of: 'term', name };
}

function termOf(world: World, s: Subject): AudienceTerm | undefined {
  return s.of === 'term' ? world.terms.terms.find((term) => term.name === s.name) : undefined;
}

function kindOf(world: World, s: Subject): Kind {
  if (s.of === 'audience' || s.of === 'sequence' || s.of === 'related' || s.of === 'permission') return s.of;
  if (s.of === 'term') return termOf(world, s)?.kind ?? 'text';
  return s.of === 'first' || s.of === 'last' ? 'date' : 'number';
}

/* Of traits it is known who said them; of a trait's members it is not. */
const isTrait = (world: World, s: Subject): boolean =>
  s.of === 'term' && world.of !== 'event' && termOf(world, s)?.group === 'trait' && !s.name.includes('.');

export function freshRow(world: World, subject?: Subject): Row {
  const first = world.terms.terms[0];
  const s: Subject = subject ?? { of: 'term', name: first?.name ?? 'orders' };
  const kind = kindOf(world, s);
  return { subject: s, op: OPS[kind][0]!, values: kind === 'boolean' ? ['true'] : [''] };
}

function TermOptions({ world }: { world: World }) {
  const options = (of: AudienceTerm[]) =>
    of.map((term) => <option key={term.name} value={`term:${term.name}`}>{pick(term.label)}</option>);
  if (world.of === 'event') return <>{options(world.terms.terms)}</>;
  return (
    <>
      {GROUPS.map(({ group, label }) => (
        <optgroup key={group} label={t(label)}>{options(world.terms.terms.filter((term) => term.group === group))}</optgroup>
      ))}
    </>
  );
}

/* What is meant; one that no longer exists is still shown. */
function SubjectSelect({ world, row, onChange }: { world: World; row: Row; onChange: (row: Row) => void }) {
  const here = key(row.subject);
  const events = world.terms.events.map((e) => e.name);
  const known = world.terms.terms.some((term) => `term:${term.name}` === here)
    || events.some((e) => here === `count:${e}`) || ['sequence:', 'related:', 'permission:'].includes(here)
    || world.audiences.some((a) => `audience:${a.name}` === here);
  return (
    <select aria-label={t('audience.what')} value={here}
            onChange={(e) => onChange(freshRow(world, subjectOf(e.currentTarget.value)))}>
      {!known && !here.endsWith(':') && <option value={here}>{here.slice(here.indexOf(':') + 1)}</option>}
      <TermOptions world={world} />
      {world.of !== 'event' && (
        <optgroup label={t('audience.group_events')}>
          {events.map((e) => <option key={e} value={`count:${e}`}>{eventLabel(e)}</option>)}
          <option value="count:">{t('audience.event_other')}</option>
          <option value="sequence:">{t('audience.sequence')}</option>
        </optgroup>
      )}
      {world.of !== 'event' && (
        <optgroup label={t('permissions.title')}><option value="permission:">{t('audience.permission')}</option></optgroup>
      )}
      {!world.of && (
        <optgroup label={t('audience.group_related')}><option value="related:">{t('audience.related')}</option></optgroup>
      )}
      {world.audiences.length > 0 && (
        <optgroup label={t('nav.audiences')}>
          {world.audiences.map((a) => <option key={a.id} value={`audience:${a.name}`}>{a.name}</option>)}
        </optgroup>
      )}
    </select>
  );
}

/* Of days "at least" is "on or after". */
function opWords(kind: Kind, op: Op): string {
  if (kind === 'date' && (op === '>=' || op === '<')) return t(`audience_op.date${op}`);
  if (kind === 'sequence') return t(op === 'member' ? 'audience_op.did' : 'audience_op.never');
  if (kind === 'related') return t(op === 'member' ? 'audience_op.one' : 'audience_op.none');
  if (kind === 'permission') return t(op === 'member' ? 'audience_op.permitted' : 'audience_op.not_permitted');
  return t(`audience_op.${op}`);
}

const isZero = (row: Row): boolean => row.subject.of === 'count' && row.op === '=' && row.values[0] === '0';

/* never: an event that did not happen, which FEEL counts as 0. */
function OpSelect({ world, row, never, onChange }: {
  world: World; row: Row; never: boolean; onChange: (row: Row, never: boolean) => void;
}) {
  const kind = kindOf(world, row.subject);
  const fit = [...OPS[kind], ...(isTrait(world, row.subject) ? SAID : [])];
  const ops = fit.includes(row.op) ? fit : [...fit, row.op];
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

/* What holds of an event's properties, or of somebody who belongs to them: each a row like any other. */
function WhereRows({ own, where, onChange }: { own: World; where: Row[]; onChange: (where: Row[]) => void }) {
  const set = (i: number, row: Row | null) => onChange(where.flatMap((old, k) => (k !== i ? [old] : row ? [row] : [])));
  if (!own.terms.terms.length && !where.length) return null;
  return (
    <div class="cond-where">
      {where.length > 0 && (
        <ul class="cond-rows" aria-label={t('audience.where')}>
          {where.map((row, i) => <RowLine key={i} world={own} row={row} onChange={(r) => set(i, r)} onRemove={() => set(i, null)} />)}
        </ul>
      )}
      <Button look="quiet" icon="plus" onClick={() => onChange([...where, freshRow(own)])}>{t('audience.add_where')}</Button>
    </div>
  );
}

function Where({ world, row, onChange }: { world: World; row: Row; onChange: (row: Row) => void }) {
  const s = row.subject;
  if (s.of !== 'related' && !isEvent(s)) return null;
  const own: World = s.of === 'related' ? { terms: world.terms, audiences: [], of: 'related' }
    : { terms: { ...world.terms, terms: propertiesOf(world.terms, s.event), events: [] }, audiences: [], of: 'event' };
  return <WhereRows own={own} where={s.where} onChange={(where) => onChange({ ...row, subject: { ...s, where } })} />;
}

/* Another measure may be compared otherwise. */
function withSubject(world: World, row: Row, subject: Subject): Row {
  return kindOf(world, subject) === kindOf(world, row.subject) ? { ...row, subject } : freshRow(world, subject);
}

function SubjectFields({ world, row, onChange }: { world: World; row: Row; onChange: (row: Row) => void }) {
  const s = row.subject;
  const set = (subject: Subject) => onChange(withSubject(world, row, subject));
  if (s.of === 'sequence') return <SequenceFields terms={world.terms} subject={s} onChange={set} />;
  if (s.of === 'related') return <RelatedSelect subject={s} onChange={set} />;
  if (s.of === 'permission') return <PermissionFields terms={world.terms} subject={s} onChange={set} />;
  if (!isEvent(s)) return null;
  return (
    <>
      <EventName terms={world.terms} subject={s} onChange={set} />
      <MeasureSelect subject={s} onChange={set} />
      <PropertySelect terms={world.terms} subject={s} onChange={set} />
      <WindowSelect window={s.window} onChange={(window) => set({ ...s, window })} />
    </>
  );
}

export function RowLine({ world, row, onChange, onRemove }: {
  world: World; row: Row; onChange: (row: Row) => void; onRemove: () => void;
}) {
  const [never, setNever] = useState(isZero(row));  // a 0 that is typed keeps its field
  const did = !never || !isZero(row);
  return (
    <li class="cond-row">
      <SubjectSelect world={world} row={row} onChange={onChange} />
      <SubjectFields world={world} row={row} onChange={onChange} />
      <OpSelect world={world} row={row} never={!did} onChange={(next, not) => { setNever(not); onChange(next); }} />
      {did && <Values world={world} row={row} onChange={onChange} />}
      {!isWhole(row) && <span class="help">{t('audience.row_open')}</span>}
      <IconButton icon="bin" label={t('audience.remove_row')} onClick={onRemove} />
      <Where world={world} row={row} onChange={onChange} />
    </li>
  );
}
