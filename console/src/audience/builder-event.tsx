/* What a row asks of events, which measure of which event, or which after which; and of whom it asks. */
import { useId } from 'preact/hooks';
import type { AudienceTerm, AudienceTerms, Text } from '../api-types.js';
import { number } from '../format.js';
import { pick, t, type MessageKey } from '../i18n.js';
import { IconButton } from '../ui.js';
import {
  channels, kinds, measures, ofNumber, ofProperty, unquoted,
  type Channel, type EventSubject, type Measure, type Permitted, type Related, type Sequence,
} from './model.js';

const WINDOWS = ['', 'P7D', 'P30D', 'P90D', 'P180D', 'P365D'];
const STEPS_MAX = 8;
/* Names that can stand in a condition as they are: words, none of which is one of FEEL's own. */
const PLAIN = /^[\p{L}_][\p{L}\p{N}_]*( [\p{L}_][\p{L}\p{N}_]*)*$/u;
const KEYWORD = /\b(and|or|not|in|between|if|then|else|for|return|some|every|satisfies|instance|of|function|external|true|false|null)\b/;
const isPlain = (name: string): boolean => PLAIN.test(name) && !KEYWORD.test(name);
/* The shop's own events: the lines of the orders that stand, and what customers said of being written to. */
const CHANGED = 'Permission Changed';
const OWN: Record<string, { label: MessageKey; words: Record<string, Text> }> = {
  'Product Bought': {
    label: 'audience.event_bought',
    words: {
      product: { en: 'product', es: 'producto' }, category: { en: 'category', es: 'categoría' },
      quantity: { en: 'quantity', es: 'cantidad' },
    },
  },
  [CHANGED]: {
    label: 'audience.event_permission',
    words: {
      channel: { en: 'channel', es: 'canal' }, topic: { en: 'topic', es: 'tema' }, given: { en: 'given', es: 'dado' },
      until: { en: 'until', es: 'hasta' },
    },
  },
};

export const eventLabel = (event: string): string => (OWN[event] ? t(OWN[event].label) : event);

/* The properties of an event, as what a condition on them may speak of. */
export function propertiesOf(terms: AudienceTerms, event: string): AudienceTerm[] {
  const properties = terms.events.find((e) => e.name === event)?.properties ?? [];
  return properties.filter((p) => isPlain(p.name)).map((p) => ({
    name: p.name, kind: p.kind, label: OWN[event]?.words[p.name] ?? { en: p.name, es: p.name }, group: 'trait', customers: p.events,
    values: p.values.map((v) => ({ text: v.text, customers: v.events })), least: null, most: null,
  }));
}

/* An event that has not come yet can be named too: "never a cancellation". */
export function EventName({ terms, subject, onChange }: {
  terms: AudienceTerms; subject: EventSubject; onChange: (s: EventSubject) => void;
}) {
  if (terms.events.some((e) => e.name === subject.event)) return null;
  return (
    <input aria-label={t('audience.event')} value={subject.event}
           onInput={(e) => onChange({ ...subject, event: e.currentTarget.value })} />
  );
}

export function MeasureSelect({ subject, onChange }: { subject: EventSubject; onChange: (s: EventSubject) => void }) {
  const choose = (of: Measure) => onChange({ ...subject, of, property: ofProperty(of) ? subject.property : '' });
  return (
    <select aria-label={t('audience.measure')} value={subject.of} onChange={(e) => choose(e.currentTarget.value as Measure)}>
      {measures.map((of) => <option key={of} value={of}>{t(`audience_measure.${of}`)}</option>)}
    </select>
  );
}

export function PropertySelect({ terms, subject, onChange }: {
  terms: AudienceTerms; subject: EventSubject; onChange: (s: EventSubject) => void;
}) {
  if (!ofProperty(subject.of)) return null;
  const fit = propertiesOf(terms, subject.event).filter((p) => !ofNumber(subject.of) || p.kind === 'number');
  const known = !subject.property || fit.some((p) => p.name === subject.property);
  return (
    <select aria-label={t('audience.property')} value={subject.property}
            onChange={(e) => onChange({ ...subject, property: e.currentTarget.value })}>
      <option value="">{t(fit.length ? 'audience.property_choose' : 'audience.property_none')}</option>
      {fit.map((p) => <option key={p.name} value={p.name}>{pick(p.label)}</option>)}
      {!known && <option value={subject.property}>{subject.property}</option>}
    </select>
  );
}

function lastDays(window: string): string {
  const days = /^P(\d+)D$/.exec(window);
  return days ? t('audience.last_days', { n: Number(days[1]) }) : window;
}

export function WindowSelect({ window, onChange }: { window: string; onChange: (window: string) => void }) {
  const all = WINDOWS.includes(window) ? WINDOWS : [...WINDOWS, window];
  return (
    <select aria-label={t('audience.window')} value={window} onChange={(e) => onChange(e.currentTarget.value)}>
      {all.map((w) => <option key={w} value={w}>{w ? lastDays(w) : t('audience.ever')}</option>)}
    </select>
  );
}

/* ---- one after the other ---- */
function EventSelect({ terms, value, label, none, onChange }: {
  terms: AudienceTerms; value: string; label: string; none: string; onChange: (event: string) => void;
}) {
  const known = terms.events.map((e) => e.name);
  return (
    <select aria-label={label} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
      <option value="">{none}</option>
      {(value && !known.includes(value) ? [...known, value] : known).map((e) => <option key={e} value={e}>{eventLabel(e)}</option>)}
    </select>
  );
}

function GapSelect({ gap, onChange }: { gap: string; onChange: (gap: string) => void }) {
  const gaps = ['', 'PT1H', 'P1D', 'P3D', 'P7D', 'P30D', 'P90D'];
  const words = (g: string) => {
    const days = /^P(\d+)D$/.exec(g), hours = /^PT(\d+)H$/.exec(g);
    if (days) return t('audience.gap_days', { n: Number(days[1]) });
    return hours ? t('audience.gap_hours', { n: Number(hours[1]) }) : g || t('audience.gap_any');
  };
  return (
    <select aria-label={t('audience.gap')} value={gap} onChange={(e) => onChange(e.currentTarget.value)}>
      {(gaps.includes(gap) ? gaps : [...gaps, gap]).map((g) => <option key={g} value={g}>{words(g)}</option>)}
    </select>
  );
}

export function SequenceFields({ terms, subject, onChange }: {
  terms: AudienceTerms; subject: Sequence; onChange: (s: Sequence) => void;
}) {
  const { steps } = subject;
  const alone = steps.length === 1;  // it says what did not follow
  const set = (i: number, event: string) => onChange({ ...subject, steps: steps.map((old, k) => (k === i ? event : old)) });
  return (
    <>
      {steps.map((step, i) => (
        <EventSelect key={i} terms={terms} value={step} none={t('audience.step_choose')} label={t('audience.step', { n: i + 1 })}
                     onChange={(event) => set(i, event)} />
      ))}
      {!alone && (
        <IconButton icon="close" label={t('audience.remove_step')} onClick={() => onChange({ ...subject, steps: steps.slice(0, -1) })} />
      )}
      {steps.length < STEPS_MAX && (
        <IconButton icon="plus" label={t('audience.add_step')} onClick={() => onChange({ ...subject, steps: [...steps, ''] })} />
      )}
      <GapSelect gap={subject.gap} onChange={(gap) => onChange({ ...subject, gap })} />
      <EventSelect terms={terms} value={subject.without} label={t(alone ? 'audience.without_after' : 'audience.without')}
                   none={t(alone ? 'audience.without_choose' : 'audience.without_none')}
                   onChange={(without) => onChange({ ...subject, without })} />
      <WindowSelect window={subject.window} onChange={(window) => onChange({ ...subject, window })} />
    </>
  );
}

/* ---- those who belong to them ---- */
export function RelatedSelect({ subject, onChange }: { subject: Related; onChange: (s: Related) => void }) {
  return (
    <select aria-label={t('audience.related_kind')} value={subject.kind}
            onChange={(e) => onChange({ ...subject, kind: e.currentTarget.value as Related['kind'] })}>
      {kinds.map((kind) => <option key={kind} value={kind}>{t(kind === 'account' ? 'audience.any_account' : `kind.${kind}`)}</option>)}
    </select>
  );
}

/* ---- whom we may contact ---- */
/* Topics are those that somebody spoke of, or will. */
export function PermissionFields({ terms, subject, onChange }: {
  terms: AudienceTerms; subject: Permitted; onChange: (s: Permitted) => void;
}) {
  const id = useId();
  const topics = propertiesOf(terms, CHANGED).find((p) => p.name === 'topic')?.values ?? [];
  return (
    <>
      <select aria-label={t('permissions.channel')} value={subject.channel}
              onChange={(e) => onChange({ ...subject, channel: e.currentTarget.value as Channel })}>
        {channels.map((channel) => <option key={channel} value={channel}>{t(`channel.${channel}`)}</option>)}
      </select>
      <input aria-label={t('permissions.topic')} placeholder={t('permissions.any_topic')} list={id} value={subject.topic}
             onInput={(e) => onChange({ ...subject, topic: e.currentTarget.value })} />
      <datalist id={id}>
        {topics.map((v) => <option key={v.text} value={unquoted(v.text)}>{number(v.customers)}</option>)}
      </datalist>
    </>
  );
}
