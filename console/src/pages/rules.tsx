/* Rules: decision models as files, and their tables as sheets that are checked and tried while they are edited. */
import { useRoute, useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, put, seg, type ApiError, type List } from '../api.js';
import type { Model, ModelBase, ModelPage, ModelVersion, Sheet, TableCheck } from '../api-types.js';
import { asApiError, forget, useAction, useLoad, useRested } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { NewModel, RemoveModel, SaveModel } from '../rules/dialogs.js';
import { Everybody } from '../rules/everybody.js';
import { Findings, flawedRules } from '../rules/findings.js';
import { Grid } from '../rules/grid.js';
import { addRule } from '../rules/sheet.js';
import { Try, type Tried } from '../rules/try.js';
import { spoken, spokenPlace } from '../rules/spoken.js';
import { useUnsaved, versionColumns } from '../saved.js';
import { announce, Button, Empty, ErrorBox, Note, PageHead, Skeleton, Table, When } from '../ui.js';

const REST_MS = 300;
const UNDO_MAX = 200;
const NOT_CHECKED: TableCheck = { findings: [], leftOut: 0, cut: true };

function ImportModel() {
  const { route } = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const action = useAction();
  const take = async (file: File | undefined) => {
    if (!file) return;
    const body = { name: file.name.replace(/\.(dmn|xml)$/i, ''), xml: await file.text() };
    await action.run(() => post<ModelPage>('/models', body), (page) => {
      forget('/models');
      route(`/rules/${seg(page.model.id)}`);
    });
  };
  return (
    <>
      <input ref={input} id="model-file" class="spoken" type="file" accept=".dmn,.xml" aria-label={t('rules.import')} tabIndex={-1}
             onChange={(e) => { void take(e.currentTarget.files?.[0]); e.currentTarget.value = ''; }} />
      <Button icon="file" busy={action.busy} onClick={() => input.current?.click()}>{t('rules.import')}</Button>
      <ErrorBox error={action.error} />
    </>
  );
}

export function Rules() {
  const { data, error, reload } = useLoad<List<Model>>('/models');
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title={t('nav.rules')} lead={t('rules.lead')}>
        <ImportModel />
        <Button look="main" onClick={() => setMaking(true)}>{t('rules.new')}</Button>
      </PageHead>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={6} />}
      {data && data.items.length === 0 && <Empty icon="rules" title={t('rules.none')}><p>{t('rules.none_text')}</p></Empty>}
      {data && data.items.length > 0 && (
        <Table label={t('nav.rules')} cards rows={data.items} rowKey={(m) => m.id} columns={[
          { key: 'name', label: t('saved.name'), head: true, cell: (m) => <a class="row-link" href={`/rules/${seg(m.id)}`}>{m.name}</a> },
          { key: 'version', label: t('saved.version'), number: true, cell: (m) => number(m.version) },
          { key: 'note', label: t('saved.note'), cell: (m) => m.note || '—' },
          { key: 'by', label: t('saved.by'), cell: (m) => m.by },
          { key: 'changed', label: t('saved.changed'), cell: (m) => <When at={m.changedAt} relative /> },
        ]} />
      )}
      {making && <NewModel onClose={() => setMaking(false)} />}
    </>
  );
}

type Edited = { past: Sheet[]; sheet: Sheet; cell: string | null };

/* The sheet with what it was before each edit; what is typed into one cell, one letter after another, is one edit. */
function useUndo(start: Sheet) {
  const [{ past, sheet, cell }, set] = useState<Edited>({ past: [], sheet: start, cell: null });
  return {
    sheet, changed: sheet !== start, canUndo: past.length > 0,
    edit: (next: Sheet, where?: string) => set({
      past: where !== undefined && where === cell ? past : [...past, sheet].slice(-UNDO_MAX), sheet: next, cell: where ?? null,
    }),
    undo: () => set({ past: past.slice(0, -1), sheet: past[past.length - 1] ?? sheet, cell: null }),
  };
}

/* The page as it would be with the sheet; what was known before stays until the answer is there. */
function useChecked(page: ModelPage, sheet: Sheet, changed: boolean) {
  const rested = useRested(sheet, REST_MS);
  const [found, setFound] = useState<{ page: ModelPage; sheet: Sheet }>({ page, sheet });
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    if (!changed) {
      setFound({ page, sheet: rested });
      setError(null);
      return;
    }
    const abort = new AbortController();
    post<ModelPage>(`/models/${seg(page.model.id)}/check`, { table: rested }, abort.signal).then(
      (answer) => { setFound({ page: answer, sheet: rested }); setError(null); },
      (e: unknown) => { if (!abort.signal.aborted) setError(asApiError(e)); });
    return () => abort.abort();
  }, [rested, page]);
  return { page: found.page, stale: found.sheet !== sheet, error };
}

function Versions({ model, onDone }: { model: Model; onDone: () => void }) {
  const { data, error, reload } = useLoad<List<ModelVersion>>(`/models/${seg(model.id)}/versions`);
  const action = useAction();
  const restore = (v: ModelVersion) => void action.run(
    () => put(`/models/${seg(model.id)}`, { version: v.version, note: t('rules.restored', { n: v.version }) }),
    () => { announce(t('rules.saved')); onDone(); });
  return (
    <section class="sheet" aria-labelledby="versions">
      <h2 id="versions">{t('saved.versions')}</h2>
      <ErrorBox error={error ?? action.error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data && (
        <Table label={t('saved.versions')} cards rows={data.items} rowKey={(v) => v.version} columns={versionColumns([], (v) => (
          v.version === model.version ? '—'
            : <Button busy={action.busy} onClick={() => restore(v)} aria-label={`${t('rules.restore')}: ${v.version}`}>{t('rules.restore')}</Button>))} />
      )}
    </section>
  );
}

/* What can be done with every model, and between them what can be done with this one. */
function Head({ model, children }: { model: Model; children?: preact.ComponentChildren }) {
  const [removing, setRemoving] = useState(false);
  return (
    <>
      <PageHead title={model.name} back={{ href: '/rules', label: t('nav.rules') }}>
        <a class="button" href={`/api/v1/models/${seg(model.id)}/file`} download={`${model.name}.dmn`}>{t('rules.export')}</a>
        <Button onClick={() => setRemoving(true)}>{t('rules.remove')}</Button>
        {children}
      </PageHead>
      {removing && <RemoveModel model={model} onClose={() => setRemoving(false)} />}
    </>
  );
}

function Workshop({ page, index, children, reload }: {
  page: ModelPage; index: number; children: preact.ComponentChildren; reload: () => void;
}) {
  const { sheet, changed, canUndo, ...undo } = useUndo(page.tables[index]!);
  const checked = useChecked(page, sheet, changed);
  const [tried, setTried] = useState<Tried | null>(null);
  const [base, setBase] = useState<ModelBase | null>(null);
  const [saving, setSaving] = useState(false);
  const edit = (next: Sheet, cell?: string) => { undo.edit(next, cell); setTried(null); setBase(null); };
  const id = page.model.id;
  const check = checked.page.checks[index] ?? NOT_CHECKED;
  const { flaws, warnings } = checked.page;
  useUnsaved(changed);
  return (
    <>
      <Head model={page.model}>
        <Button aria-disabled={canUndo ? undefined : 'true'} onClick={() => { if (canUndo) undo.undo(); }}>{t('rules.undo')}</Button>
        <Button look="main" aria-disabled={changed ? undefined : 'true'} onClick={() => { if (changed) setSaving(true); }}>{t('rules.save')}</Button>
      </Head>
      {children}
      <section class="sheet" aria-labelledby="table">
        <h2 id="table">{sheet.decision}</h2>
        <Grid sheet={sheet} elements={page.elements} onEdit={edit}
              marks={{ hits: tried?.answer.hits ?? [], counts: base?.rules ?? null, flawed: flawedRules(check) }} />
        <ErrorBox error={checked.error} />
      </section>
      <Findings check={check} flaws={flaws} warnings={warnings} sheet={sheet} stale={checked.stale} onRule={(rule) => edit(addRule(sheet, sheet.rules.length, rule))} />
      <div class="two">
        <Try id={id} sheet={sheet} elements={page.elements} tried={tried} onTried={setTried} />
        <Everybody model={page.model} sheet={sheet} changed={changed} flawed={page.flaws.length > 0} base={base} onBase={setBase} />
      </div>
      <Versions model={page.model} onDone={reload} />
      {saving && <SaveModel model={page.model} sheet={sheet} warned={flaws.length + warnings.length + check.findings.length}
                            onClose={() => setSaving(false)} onDone={() => { setSaving(false); forget('/models'); reload(); }} />}
    </>
  );
}

function NoTable({ page, reload }: { page: ModelPage; reload: () => void }) {
  return (
    <>
      <Head model={page.model} />
      <Note>{t('rules.no_table')}</Note>
      {[...page.flaws, ...page.warnings].map((f, i) => <Note key={i} tone="warn">{spokenPlace(f.element)}: {spoken(f.text)}</Note>)}
      <Versions model={page.model} onDone={reload} />
    </>
  );
}

export function RulesEditor() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const { data, error, reload } = useLoad<ModelPage>(`/models/${seg(id)}`);
  const [chosen, setChosen] = useState(0);
  if (!data || error)
    return (
      <>
        <PageHead title={t('nav.rules')} back={{ href: '/rules', label: t('nav.rules') }} />
        <ErrorBox error={error} retry={reload} />
        {!error && <Skeleton lines={8} />}
      </>
    );
  if (!data.tables.length) return <NoTable page={data} reload={reload} />;
  const index = chosen < data.tables.length ? chosen : 0;
  return (
    <Workshop key={`${id} ${index} ${data.model.version}`} page={data} index={index} reload={reload}>
      {data.tables.length > 1 && (
        <p class="rules-policy"><label>{t('rules.table')}{' '}
          <select value={String(index)} onChange={(e) => setChosen(Number(e.currentTarget.value))}>
            {data.tables.map((x, i) => <option key={x.decisionId} value={String(i)}>{x.decision}</option>)}
          </select></label></p>
      )}
    </Workshop>
  );
}
