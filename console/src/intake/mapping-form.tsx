/* What each column is: the first rows, a choice per column, and the mapping that comes of it. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { sampleCsv, sampleNdjson } from '../csv-preview.js';
import { t } from '../i18n.js';
import { guess, mappingOf, meaningsOf, type Choice, type Subject } from '../mapping.js';
import { Field, Input, Note, Select, Table } from '../ui.js';

const ROWS = 5;
const SUBJECTS: Subject[] = ['events', 'customers', 'products'];

export function MappingForm({ format, start, onMapping }: {
  format: 'csv' | 'ndjson'; start: string; onMapping: (json: string | null) => void;
}) {
  const sample = useMemo(() => (format === 'csv' ? sampleCsv(start, ROWS) : sampleNdjson(start, ROWS)), [format, start]);
  const [subject, setSubject] = useState<Subject>('events');
  const [event, setEvent] = useState('Order Completed');
  const [choices, setChoices] = useState<Choice[]>([]);
  const [byHand, setByHand] = useState<string | null>(null);
  useEffect(() => {
    setChoices(sample.header.map((column) => ({ column, meaning: guess(column, subject) })));
    setByHand(null);
  }, [sample, subject]);
  const made = JSON.stringify(mappingOf(subject, event, choices), null, 2);
  const text = byHand ?? made;
  const flaw = useMemo(() => {
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
                options={SUBJECTS.map((v) => ({ value: v, label: t(`subject.${v}`) }))} />
        {subject === 'events' && <Input label={t('mapping.event')} help={t('mapping.event_help')} value={event} onInput={(e) => setEvent(e.currentTarget.value)} />}
      </div>
      <Table label={t('mapping.title')} rows={choices} rowKey={(c) => c.column} columns={[
        { key: 'column', label: t('mapping.column'), head: true, cell: (c) => <code>{c.column}</code> },
        { key: 'meaning', label: t('mapping.meaning'), cell: (c) => (
          <select aria-label={t('mapping.meaning_of', { column: c.column })} value={c.meaning}
                  onChange={(e) => {
                    const meaning = e.currentTarget.value as Choice['meaning'];
                    setByHand(null);
                    setChoices(choices.map((x) => (x.column === c.column ? { ...x, meaning } : x)));
                  }}>
            {meaningsOf(subject).map((m) => <option key={m} value={m} selected={m === c.meaning}>{t(`meaning.${m}`)}</option>)}
          </select>) },
        ...sample.rows.slice(0, ROWS).map((row, i) => ({
          key: String(i), label: t('mapping.row', { n: i + 1 }),
          cell: (c: Choice) => <span class="sample">{row[sample.header.indexOf(c.column)] ?? ''}</span>,
        })),
      ]} />
      <details>
        <summary>{t('mapping.json')}</summary>
        <Field label={t('mapping.json')} error={flaw ? t('fact.not_json', { why: flaw }) : null}>
          {(ids) => <textarea {...ids} class="code" rows={10} spellcheck={false} value={text} onInput={(e) => setByHand(e.currentTarget.value)} />}
        </Field>
      </details>
    </fieldset>
  );
}
