/* Files: chosen or dropped, tried or imported, followed to the end. */
import { useRef, useState } from 'preact/hooks';
import { post, query, seg, upload } from '../api.js';
import type { Job } from '../api-types.js';
import { asApiError, useAction } from '../data.js';
import type { ApiError } from '../api.js';
import { bytes, money, number, span } from '../format.js';
import { t } from '../i18n.js';
import { active, useJobs } from '../jobs.js';
import { announce, Button, Chip, Empty, ErrorBox, Icon, Input, Note, Select, Skeleton, When } from '../ui.js';
import { MappingForm } from './mapping-form.js';

const FORMATS = ['online-retail', 'csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];

/* From the name, then from how the file begins. */
export function formatOf(name: string, start: string): Format {
  if (/^\uFEFF?"?InvoiceNo"?[,;]/i.test(start)) return 'online-retail';
  if (/\.(ndjson|jsonl|json)(\.gz)?$/i.test(name) || start.trimStart().startsWith('{')) return 'ndjson';
  return 'csv';
}

function Progress({ job }: { job: Job }) {
  const share = job.bytesTotal > 0 ? job.bytesDone / job.bytesTotal : 0;
  return (
    <div class="job-progress">
      <progress max={1} value={share} aria-label={t('imports.progress', { name: job.name })} />
      <p class="muted">{bytes(job.bytesDone)} / {bytes(job.bytesTotal)}
        {job.rowsPerSecond > 0 && <> · {t('imports.rate', { n: Math.round(job.rowsPerSecond) })}</>}
        {job.secondsLeft !== null && <> · {t('imports.left', { time: span(job.secondsLeft) })}</>}</p>
    </div>
  );
}

function JobCard({ job, onChange }: { job: Job; onChange: (j: Job) => void }) {
  const action = useAction();
  const tone = job.state === 'done' ? 'good' : job.state === 'failed' ? 'bad' : job.state === 'cancelled' ? 'warn' : '';
  return (
    <li class="sheet job">
      <div class="sheet-head">
        <h3>{job.name} <Chip tone={tone}>{t(`job.${job.state}`)}</Chip> {job.dryRun && <Chip>{t('imports.dry')}</Chip>}</h3>
        {active(job) && <Button busy={action.busy} onClick={() => void action.run(() => post<Job>(`/imports/${seg(job.id)}/cancel`), onChange)}>{t('action.cancel')}</Button>}
      </div>
      <p class="origin">{job.format} · <When at={job.startedAt} relative /></p>
      {active(job) && <Progress job={job} />}
      {job.error && <Note tone="warn"><span lang="en">{job.error}</span></Note>}
      <ErrorBox error={action.error} />
      <dl class="figures small">
        {([['imports.rows', job.rows], ['imports.imported', job.imported], ['imports.duplicates', job.duplicates],
          ['imports.rejected', job.rejected], ['imports.facts', job.facts]] as const).map(([name, n]) => (
          <div class="figure" key={name}><dt>{t(name)}</dt><dd>{number(n)}</dd></div>))}
        {job.amount !== 0 && <div class="figure"><dt>{t('imports.amount')}</dt><dd>{money(job.amount)}</dd></div>}
      </dl>
      {job.rejected > 0 && !active(job) && (
        <p><a class="button plain" href={`/api/v1/imports/${seg(job.id)}/rejected`} download={`${job.name}-rejected.csv`}>
          <Icon name="file" />{t('imports.rejected_file')}</a></p>
      )}
    </li>
  );
}

function Drop({ onFile, file }: { onFile: (f: File) => void; file: File | null }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null | undefined) => {
    const first = files?.[0];
    if (first) onFile(first);
  };
  return (
    <div class={over ? 'dropzone over' : 'dropzone'} onDragOver={(e) => { e.preventDefault(); setOver(true); }}
         onDragLeave={() => setOver(false)} onDrop={(e) => { e.preventDefault(); setOver(false); take(e.dataTransfer?.files); }}>
      <Icon name="file" />
      <div>
        <input id="import-file" ref={input} class="spoken" type="file" aria-describedby="import-file-help"
               accept=".csv,.tsv,.txt,.ndjson,.jsonl,.json,.gz" onChange={(e) => take(e.currentTarget.files)} />
        <label for="import-file" class="button plain">{t('imports.file')}</label>
        <p class="help" id="import-file-help">{t('imports.file_help')}</p>
      </div>
      <p role="status">{file && <><b>{file.name}</b> · {bytes(file.size)}</>}</p>
    </div>
  );
}

function Upload({ onJob }: { onJob: (j: Job) => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [start, setStart] = useState('');
  const [format, setFormat] = useState<Format>('online-retail');
  const [dryRun, setDryRun] = useState(true);
  const [name, setName] = useState('');
  const [mapping, setMapping] = useState<string | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const running = useRef<{ stop: () => void } | null>(null);
  const choose = (f: File) => {
    setFile(f);
    setName(f.name.replace(/\.(csv|tsv|txt|ndjson|jsonl|json)?(\.gz)?$/i, ''));
    void f.slice(0, 65_536).text().then((text) => {
      setStart(text);
      setFormat(formatOf(f.name, text));
    });
  };
  const ready = file !== null && (format === 'online-retail' || mapping !== null);
  const send = (e: Event) => {
    e.preventDefault();
    if (!file || !ready || sent !== null) return;
    setError(null);
    setSent(0);
    const words = query({ format, dryRun, name: name.trim() || file.name, mapping: format === 'online-retail' ? '' : mapping });
    const sending = upload<Job>(`/imports${words}`, file, 'application/octet-stream', setSent);
    running.current = sending;
    sending.done.then((job) => {
      setSent(null);
      announce(t('imports.started'));
      onJob(job);
    }, (problem: unknown) => {
      setSent(null);
      if (!(problem instanceof DOMException)) setError(asApiError(problem));
    });
  };
  return (
    <form class="sheet" onSubmit={send} aria-labelledby="upload">
      <h2 id="upload">{t('imports.new')}</h2>
      <Drop onFile={choose} file={file} />
      <div class="toolbar top">
        <Select label={t('imports.format')} value={format} onChange={setFormat}
                options={FORMATS.map((v) => ({ value: v, label: t(`format.${v}`) }))} />
        <Input label={t('imports.name')} help={t('imports.name_help')} value={name} onInput={(e) => setName(e.currentTarget.value)} />
      </div>
      {format === 'online-retail' ? <p class="help">{t('imports.online_retail_help')}</p>
        : <MappingForm format={format} start={start} onMapping={setMapping} />}
      <label class="tick"><input type="checkbox" checked={dryRun} onChange={(e) => setDryRun(e.currentTarget.checked)} />{t('imports.dry_run')}</label>
      <ErrorBox error={error} />
      {sent !== null && file && (
        <div class="job-progress"><progress max={file.size} value={sent} aria-label={t('imports.sending')} />
          <p role="status">{t('imports.sending')} {bytes(sent)} / {bytes(file.size)}</p></div>
      )}
      <div class="actions">
        <Button type="submit" look="main" aria-disabled={!ready} busy={sent !== null}>{dryRun ? t('imports.try') : t('imports.do')}</Button>
        {sent !== null && <Button onClick={() => running.current?.stop()}>{t('action.cancel')}</Button>}
      </div>
    </form>
  );
}

export function Imports() {
  const { jobs, error, put, reload } = useJobs((j) => j.kind === 'import');
  return (
    <section aria-labelledby="imports">
      <h2 id="imports" class="spoken">{t('data.imports')}</h2>
      <Upload onJob={put} />
      <ErrorBox error={error} retry={reload} />
      {!jobs && !error && <Skeleton />}
      {jobs && !jobs.length && <Empty icon="file" title={t('imports.none')} />}
      {jobs && jobs.length > 0 && <h2>{t('imports.list')}</h2>}
      <ul class="jobs">{jobs?.map((j) => <JobCard key={j.id} job={j} onChange={put} />)}</ul>
    </section>
  );
}
