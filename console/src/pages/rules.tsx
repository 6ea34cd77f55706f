/* Rules: decision models as files, and their tables as sheets that are checked and tried while they are edited. */
import { useRoute, useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, put, seg, type ApiError, type List } from '../api.js';
import type { Model, ModelBase, ModelPage, ModelVersion, Sheet } from '../api-types.js';
import { asApiError, forget, useAction, useLoad, useRested } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { NewModel, RemoveModel, SaveModel } from '../rules/dialogs.js';
import { Findings, flawedRules } from '../rules/findings.js';
import { Grid } from '../rules/grid.js';
import { addRule, findingsOf } from '../rules/sheet.js';
import { Everybody, Try, type Tried } from '../rules/try.js';
import { announce, Button, Empty, ErrorBox, Note, PageHead, Skeleton, Table, When } from '../ui.js';

const REST_MS = 300;
const UNDO_MAX = 200;

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
          { key: 'name', label: t('audience.name'), head: true, cell: (m) => <a class="row-link" href={`/rules/${seg(m.id)}`}>{m.name}</a> },
          { key: 'version', label: t('audience.version'), number: true, cell: (m) => number(m.version) },
          { key: 'note', label: t('audience.note'), cell: (m) => m.note || '—' },
          { key: 'by', label: t('audience.by'), cell: (m) => m.by },
          { key: 'changed', label: t('audience.changed'), cell: (m) => <When at={m.changedAt} relative /> },
        ]} />
      )}
      {making && <NewModel onClose={() => setMaking(false)} />}
    </>
  );
}

/* The sheet with what it was before each edit; typing in one cell is one edit each letter, as in a text. */
function useUndo(start: Sheet) {
  const [past, setPast] = useState<Sheet[]>([]);
  const [sheet, setSheet] = useState(start);
  return {
    sheet, changed: sheet !== start, canUndo: past.length > 0,
    edit: (next: Sheet) => { setPast([...past.slice(-UNDO_MAX), sheet]); setSheet(next); },
    undo: () => { setSheet(past[past.length - 1] ?? sheet); setPast(past.slice(0, -1)); },
  };
}

/* The page as it would be with the sheet; what was known before stays until the answer is there. */
function useChecked(page: ModelPage, sheet: Sheet, changed: boolean) {
  const rested = useRested(sheet, REST_MS);
  const [found, setFound] = useState<{ page: ModelPage; sheet: Sheet }>({ page, sheet });
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    if (!changed) return setFound({ page, sheet: rested });
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
    () => put(`/models/${seg(model.id)}`, { xml: v.xml, note: t('rules.restored', { n: v.version }) }),
    () => { announce(t('rules.saved')); onDone(); });
  return (
    <section class="sheet" aria-labelledby="versions">
      <h2 id="versions">{t('audience.versions')}</h2>
      <ErrorBox error={error ?? action.error} retry={reload} />
      {!data && !error && <Skeleton />}
      {data && (
        <Table label={t('audience.versions')} cards rows={data.items} rowKey={(v) => v.version} columns={[
          { key: 'version', label: t('audience.version'), head: true, cell: (v) => number(v.version) },
          { key: 'note', label: t('audience.note'), cell: (v) => v.note || '—' },
          { key: 'by', label: t('audience.by'), cell: (v) => v.by },
          { key: 'at', label: t('audience.changed'), cell: (v) => <When at={v.at} /> },
          { key: 'use', label: t('word.actions'), cell: (v) => (v.version === model.version ? '—'
            : <Button busy={action.busy} onClick={() => restore(v)} aria-label={`${t('rules.restore')}: ${v.version}`}>{t('rules.restore')}</Button>) },
        ]} />
      )}
    </section>
  );
}

function Workshop({ page, start, children, reload }: { page: ModelPage; start: Sheet; children: preact.ComponentChildren; reload: () => void }) {
  const undo = useUndo(start);
  const { sheet } = undo;
  const checked = useChecked(page, sheet, undo.changed);
  const [tried, setTried] = useState<Tried | null>(null);
  const [base, setBase] = useState<ModelBase | null>(null);
  const [open, setOpen] = useState<'save' | 'remove' | null>(null);
  const edit = (next: Sheet) => { undo.edit(next); setTried(null); setBase(null); };
  const id = page.model.id;
  const warned = checked.page.flaws.length + findingsOf(checked.page.findings, sheet).length;
  return (
    <>
      <PageHead title={page.model.name} back={{ href: '/rules', label: t('nav.rules') }}>
        <a class="button" href={`/api/v1/models/${seg(id)}/file`} download={`${page.model.name}.dmn`}>{t('rules.export')}</a>
        <Button onClick={() => setOpen('remove')}>{t('rules.remove')}</Button>
        <Button aria-disabled={undo.canUndo ? undefined : 'true'} onClick={() => { if (undo.canUndo) undo.undo(); }}>{t('rules.undo')}</Button>
        <Button look="main" aria-disabled={undo.changed ? undefined : 'true'} onClick={() => { if (undo.changed) setOpen('save'); }}>{t('rules.save')}</Button>
      </PageHead>
      {children}
      <section class="sheet" aria-labelledby="table">
        <h2 id="table">{sheet.decision}</h2>
        <Grid sheet={sheet} elements={page.elements} onEdit={edit}
              marks={{ hits: tried?.answer.hits ?? [], counts: base?.rules ?? null, flawed: flawedRules(checked.page, sheet) }} />
        <ErrorBox error={checked.error} />
      </section>
      <Findings page={checked.page} sheet={sheet} stale={checked.stale} onRule={(rule) => edit(addRule(sheet, sheet.rules.length, rule))} />
      <div class="two">
        <Try id={id} sheet={sheet} elements={page.elements} tried={tried} onTried={setTried} />
        <Everybody id={id} sheet={sheet} base={base} onBase={setBase} />
      </div>
      <Versions model={page.model} onDone={reload} />
      {open === 'save' && <SaveModel model={page.model} sheet={sheet} warned={warned} onClose={() => setOpen(null)} onDone={() => { setOpen(null); forget('/models'); reload(); }} />}
      {open === 'remove' && <RemoveModel model={page.model} onClose={() => setOpen(null)} />}
    </>
  );
}

function NoTable({ page, reload }: { page: ModelPage; reload: () => void }) {
  const [removing, setRemoving] = useState(false);
  return (
    <>
      <PageHead title={page.model.name} back={{ href: '/rules', label: t('nav.rules') }}>
        <a class="button" href={`/api/v1/models/${seg(page.model.id)}/file`} download={`${page.model.name}.dmn`}>{t('rules.export')}</a>
        <Button onClick={() => setRemoving(true)}>{t('rules.remove')}</Button>
      </PageHead>
      <Note>{t('rules.no_table')}</Note>
      {page.flaws.map((f, i) => <Note key={i} tone="warn">{f.element}: {f.text}</Note>)}
      <Versions model={page.model} onDone={reload} />
      {removing && <RemoveModel model={page.model} onClose={() => setRemoving(false)} />}
    </>
  );
}

export function RulesEditor() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const { data, error, reload } = useLoad<ModelPage>(`/models/${seg(id)}`);
  const [chosen, setChosen] = useState(0);
  const table = data?.tables[chosen] ?? data?.tables[0];
  if (!data || error)
    return (
      <>
        <PageHead title={t('nav.rules')} back={{ href: '/rules', label: t('nav.rules') }} />
        <ErrorBox error={error} retry={reload} />
        {!error && <Skeleton lines={8} />}
      </>
    );
  if (!table) return <NoTable page={data} reload={reload} />;
  return (
    <Workshop key={`${id} ${chosen} ${data.model.version}`} page={data} start={table} reload={reload}>
      {data.tables.length > 1 && (
        <p class="rules-policy"><label>{t('rules.table')}{' '}
          <select value={String(chosen)} onChange={(e) => setChosen(Number(e.currentTarget.value))}>
            {data.tables.map((x, i) => <option key={x.decisionId} value={String(i)}>{x.decision}</option>)}
          </select></label></p>
      )}
    </Workshop>
  );
}
