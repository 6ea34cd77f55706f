/* What each column is: the first rows, a choice per column, and the mapping that comes of it. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { sampleCsv, sampleNdjson } from '../csv-preview.js';
import { t } from '../i18n.js';
import { guess, guessType, mappingOf, meaningsOf, type Choice, type FieldType, type Subject } from '../mapping.js';
import { Field, Input, Note, Select, Table } from '../ui.js';

const ROWS = 5;
const SUBJECTS: Subject[] = ['raw', 'event', 'customer', 'product'];
const TYPES: FieldType[] = ['text', 'number', 'boolean', 'date', 'json'];

export function MappingForm({ format, start, onMapping }: {
  format: 'csv' | 'ndjson'; start: string; onMapping: (json: string | null) => void;
}) {
  const sample = useMemo(() => (format === 'csv' ? sampleCsv(start, ROWS) : sampleNdjson(start, ROWS)), [format, start]);
  const [subject, setSubject] = useState<Subject>(format === 'ndjson' ? 'raw' : 'event');
  const [event, setEvent] = useState('Order Completed');
  const [choices, setChoices] = useState<Choice[]>([]);
  const [byHand, setByHand] = useState<string | null>(null);
  useEffect(() => {
    setChoices(sample.header.map((column, i) => (
      { column, meaning: guess(column, subject), type: guessType(sample.rows.map((row) => row[i] ?? '')) })));
    setByHand(null);
  }, [sample, subject]);
  const made = mappingOf(subject, sample.separator, event, choices);
  const text = byHand ?? (made ? JSON.stringify(made, null, 2) : '');
  const change = (column: string, to: Partial<Choice>) => {
    setByHand(null);
    setChoices(choices.map((x) => (x.column === column ? { ...x, ...to } : x)));
  };
  const flaw = useMemo(() => {
    if (!text) return null;
    try {
      JSON.parse(text);
      return null;
    } catch (e) {
      return (e as Error).message;
    }
  }, [text]);
  useEffect(() => onMapping(flaw || !sample.header.length ? null : text), [text, flaw, sample]);
  if (!sample.header.length) return <Note>{t('mapping.choose_first')}</Note>;
  return (
    <fieldset class="mapping">
      <legend>{t('mapping.title')}</legend>
      <p class="help">{t('mapping.help')}</p>
      <div class="toolbar top">
        <Select label={t('mapping.subject')} value={subject} onChange={setSubject}
                options={SUBJECTS.filter((v) => v !== 'raw' || format === 'ndjson').map((v) => ({ value: v, label: t(`subject.${v}`) }))} />
        {subject === 'event' && <Input label={t('mapping.event')} help={t('mapping.event_help')} value={event} onInput={(e) => setEvent(e.currentTarget.value)} />}
      </div>
      {subject === 'raw' ? <p class="help">{t('mapping.raw_help')}</p> : (
        <Table label={t('mapping.title')} rows={choices} rowKey={(c) => c.column} columns={[
          { key: 'column', label: t('mapping.column'), head: true, cell: (c) => <code>{c.column}</code> },
          { key: 'meaning', label: t('mapping.meaning'), cell: (c) => (
            <select aria-label={t('mapping.meaning_of', { column: c.column })} value={c.meaning}
                    onChange={(e) => change(c.column, { meaning: e.currentTarget.value as Choice['meaning'] })}>
              {meaningsOf(subject).map((m) => <option key={m} value={m} selected={m === c.meaning}>{t(`meaning.${m}`)}</option>)}
            </select>) },
          { key: 'type', label: t('schema.type'), cell: (c) => (c.meaning === 'trait' || c.meaning === 'property') && (
            <select aria-label={t('mapping.type_of', { column: c.column })} value={c.type}
                    onChange={(e) => change(c.column, { type: e.currentTarget.value as FieldType })}>
              {TYPES.filter((v) => v !== 'json' || format === 'ndjson').map((v) => (
                <option key={v} value={v} selected={v === c.type}>{t(`field_type.${v}`)}</option>))}
            </select>) },
          ...sample.rows.slice(0, ROWS).map((row, i) => ({
            key: String(i), label: t('mapping.row', { n: i + 1 }),
            cell: (c: Choice) => <span class="sample">{row[sample.header.indexOf(c.column)] ?? ''}</span>,
          })),
        ]} />
      )}
      {subject !== 'raw' && <details>
        <summary>{t('mapping.json')}</summary>
        <Field label={t('mapping.json')} error={flaw ? t('fact.not_json', { why: flaw }) : null}>
          {(ids) => <textarea {...ids} class="code" rows={10} spellcheck={false} value={text} onInput={(e) => setByHand(e.currentTarget.value)} />}
        </Field>
      </details>}
    </fieldset>
  );
}
