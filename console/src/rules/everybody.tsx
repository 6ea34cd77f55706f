/* The table on everybody: counted as it stands, exported and written as a trait as it was saved. */
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { post, query, seg } from '../api.js';
import type { Job, Model, ModelBase, Sheet } from '../api-types.js';
import { useAction } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { active, useJobs } from '../jobs.js';
import { NameField, useNamed } from '../saved.js';
import { announce, Button, Chip, Dialog, ErrorBox, FormEnd, Icon, Note, Select } from '../ui.js';

function WriteTrait({ model, sheet, onJob, onClose }: { model: Model; sheet: Sheet; onJob: (job: Job) => void; onClose: () => void }) {
  const outputs = sheet.outputs.map((o) => o.name || sheet.decision);
  const named = useNamed(sheet.decision);
  const [output, setOutput] = useState(outputs[0] ?? '');
  const action = useAction();
  const submit = named.submit((trait) => void action.run(
    () => post<Job>(`/models/${seg(model.id)}/trait`, { decision: sheet.decision, output, trait }),
    (job) => { announce(t('rules.trait_begun')); onJob(job); }));
  return (
    <Dialog title={t('rules.trait')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p>{t('rules.trait_text')}</p>
        <NameField label={t('rules.trait_name')} help={t('rules.trait_name_help')} {...named.field} />
        {outputs.length > 1 && (
          <Select label={t('rules.trait_output')} value={output} onChange={setOutput} options={outputs.map((o) => ({ value: o, label: o }))} />
        )}
        <FormEnd action={action} yes={t('rules.trait_write')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/* The last time that an output was written: how far it is, or what came of it. */
function Written({ job, onChange }: { job: Job; onChange: (job: Job) => void }) {
  const action = useAction();
  const { trait } = job;
  if (!trait) return null;
  const tone = job.state === 'done' ? 'good' : job.state === 'failed' ? 'bad' : job.state === 'cancelled' ? 'warn' : '';
  return (
    <div class="rules-written">
      <div class="sheet-head">
        <h3>{t('rules.trait_of', { name: job.name, version: trait.version })} <Chip tone={tone}>{t(`job.${job.state}`)}</Chip></h3>
        {active(job) && <Button busy={action.busy} onClick={() => void action.run(() => post<Job>(`/imports/${seg(job.id)}/cancel`), onChange)}>{t('action.cancel')}</Button>}
      </div>
      {active(job) && (
        <progress max={Math.max(job.bytesTotal, 1)} value={job.bytesDone} aria-label={t('imports.progress', { name: job.name })} />
      )}
      {job.error && <Note tone="warn"><span lang="en">{job.error}</span></Note>}
      <ErrorBox error={action.error} />
      <dl class="figures small">
        {([['rules.trait_decided', trait.decided], ['rules.trait_changed', trait.changed], ['rules.trait_undecided', trait.undecided],
          ['rules.trait_conflicts', trait.conflicts]] as const).map(([label, n]) => (
          <div class="figure" key={label}><dt>{t(label)}</dt><dd>{number(n)}</dd></div>))}
      </dl>
    </div>
  );
}

/* A button that says why it cannot be used yet. */
function Later({ why, onClick, children }: { why: string; onClick: () => void; children: ComponentChildren }) {
  return (
    <Button aria-disabled={why ? 'true' : undefined} aria-describedby={why || undefined} onClick={() => { if (!why) onClick(); }}>
      {children}
    </Button>
  );
}

export function Everybody({ model, sheet, changed, flawed, base, onBase }: {
  model: Model; sheet: Sheet; changed: boolean; flawed: boolean; base: ModelBase | null; onBase: (base: ModelBase) => void;
}) {
  const [writing, setWriting] = useState(false);
  const action = useAction();
  const reason = useId();
  const { jobs, error, put, reload } = useJobs((j) => j.trait?.model === model.id);
  const count = () => void action.run(
    () => post<ModelBase>(`/models/${seg(model.id)}/base`, { decision: sheet.decision, table: sheet }), onBase);
  const why = changed || flawed ? reason : '';
  const last = jobs?.[0];
  return (
    <section class="sheet" aria-labelledby="everybody">
      <h2 id="everybody">{t('rules.everybody')}</h2>
      <p class="muted">{t('rules.everybody_text')}</p>
      <div class="toolbar">
        <Button busy={action.busy} onClick={count}>{t('rules.count')}</Button>
        {why ? <Later why={why} onClick={() => undefined}><Icon name="file" />{t('rules.export_csv')}</Later> : (
          <a class="button plain" href={`/api/v1/models/${seg(model.id)}/export${query({ decision: sheet.decision })}`} download>
            <Icon name="file" />{t('rules.export_csv')}</a>
        )}
        <Later why={why} onClick={() => setWriting(true)}>{t('rules.trait_open')}</Later>
      </div>
      {why && <p class="help" id={reason}>{t(changed ? 'rules.save_first' : 'rules.mend_first')}</p>}
      <ErrorBox error={action.error} />
      {base && (
        <p role="status">{t('rules.counted', { n: base.customers, none: base.none, conflict: base.conflict })}</p>
      )}
      <ErrorBox error={error} retry={reload} />
      {last && <Written key={last.id} job={last} onChange={put} />}
      {writing && <WriteTrait model={model} sheet={sheet} onClose={() => setWriting(false)} onJob={(job) => { setWriting(false); put(job); }} />}
    </section>
  );
}
