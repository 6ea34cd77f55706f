/* Audiences: saved ones, and the editor that is a builder and text at once. */
import { useLocation, useRoute } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { seg, type List } from '../api.js';
import type { Audience, AudiencePage, AudienceTerms, AudienceVersion, CustomerRow } from '../api-types.js';
import { Builder } from '../audience/builder.js';
import { freshRow, type World } from '../audience/builder-row.js';
import { Changes } from '../audience/changes.js';
import { differences } from '../audience/differences.js';
import { EMPTY, print, read, type Model } from '../audience/model.js';
import { Overlaps } from '../audience/overlaps.js';
import { flawWords, PeopleTable, Result, useCount, Why } from '../audience/result.js';
import { Save } from '../audience/save.js';
import { DaysChart } from '../chart.js';
import { forget, useGrowing, useLoad, useRested } from '../data.js';
import { number } from '../format.js';
import { t } from '../i18n.js';
import { RemoveDialog, useUnsaved, versionColumns } from '../saved.js';
import { Button, Chip, Choice, Empty, ErrorBox, Field, Note, PageHead, Skeleton, Table, When } from '../ui.js';

const REST_MS = 250;
const POLL_MS = 1000;
const EXAMPLES = [
  { words: 'audience.example_often', condition: 'event count("Order Completed", @"P90D") > 2 and spend > 200' },
  { words: 'audience.example_asleep', condition: 'orders > 1 and last order <= today() - @"P60D"' },
] as const;

export function Audiences() {
  const { data, error, reload } = useLoad<List<Audience>>('/audiences');
  return (
    <>
      <PageHead title={t('nav.audiences')} lead={t('audience.lead')}>
        <a class="button main" href="/audiences/new">{t('audience.new')}</a>
      </PageHead>
      <ErrorBox error={error} retry={reload} />
      {!data && !error && <Skeleton lines={6} />}
      {data && data.items.length === 0 && (
        <Empty icon="audience" title={t('audience.none')}>
          <p>{t('audience.none_text')}</p>
          <ul class="plain-list">
            {EXAMPLES.map((x) => (
              <li key={x.words}><a href={`/audiences/new?condition=${seg(x.condition)}`}>{t(x.words)}</a></li>
            ))}
          </ul>
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <Table label={t('nav.audiences')} cards rows={data.items} rowKey={(a) => a.id} columns={[
          { key: 'name', label: t('saved.name'), head: true, cell: (a) => <a class="row-link" href={`/audiences/${seg(a.id)}`}>{a.name}</a> },
          { key: 'customers', label: t('audience.customers'), number: true, cell: (a) => (a.broken ? <Chip tone="warn">{t('audience.is_broken')}</Chip> : a.customers === null ? '—' : number(a.customers)) },
          { key: 'condition', label: t('audience.condition'), cell: (a) => <code class="cond-code">{a.condition}</code> },
          { key: 'version', label: t('saved.version'), number: true, cell: (a) => number(a.version) },
          { key: 'changed', label: t('saved.changed'), cell: (a) => <When at={a.changedAt} relative /> },
        ]} />
      )}
    </>
  );
}

/* The builder's rows and the text are one: rows that are not whole live in the builder alone. */
function useCondition(start: string) {
  const [mode, setMode] = useState<'builder' | 'text'>(read(start) ? 'builder' : 'text');
  const [model, setModel] = useState<Model>(read(start) ?? EMPTY);
  const [words, setWords] = useState(start);
  const [rich, setRich] = useState(read(start) === null);  // written as text, and more than the builder can show
  return {
    mode, model, words, rich, show: setMode,
    build: (next: Model) => { setModel(next); setWords(print(next)); setRich(false); },
    write: (next: string) => {
      const found = read(next);
      setWords(next);
      setRich(found === null);
      if (found) setModel(found);
    },
  };
}
type Condition = ReturnType<typeof useCondition>;

function TextBox({ condition, flaw }: { condition: Condition; flaw: string | null }) {
  return (
    <Field label={t('audience.text')} help={t('audience.text_help')} error={flaw} wide>
      {(ids) => (
        <textarea {...ids} class="code" rows={5} spellcheck={false} value={condition.words}
                  onInput={(e) => condition.write(e.currentTarget.value)} />
      )}
    </Field>
  );
}

function Editor({ world, condition, flaw }: { world: World; condition: Condition; flaw: string | null }) {
  const shown = condition.model.groups.some((g) => g.rows.length) ? condition.model
    : { ...condition.model, groups: [{ joint: 'and' as const, rows: [freshRow(world)] }] };
  return (
    <section class="sheet" aria-labelledby="editor">
      <div class="sheet-head"><h2 id="editor">{t('audience.condition')}</h2>
        <Choice label={t('audience.mode')} value={condition.mode} onChange={condition.show}
                options={[{ value: 'builder', label: t('audience.builder') }, { value: 'text', label: t('audience.as_text') }]} /></div>
      {condition.mode === 'text' && <TextBox condition={condition} flaw={flaw} />}
      {condition.mode === 'builder' && condition.rich && <Note tone="warn">{t('audience.too_rich')}</Note>}
      {condition.mode === 'builder' && !condition.rich && (
        <>
          <Builder world={world} model={shown} onChange={condition.build} />
          {condition.words && <p class="muted"><code class="cond-code">{condition.words}</code></p>}
        </>
      )}
    </section>
  );
}

/* Against the version before it. */
function Differences({ version, before }: { version: AudienceVersion; before: AudienceVersion | undefined }) {
  if (!before || before.condition === version.condition) return <>—</>;
  return (
    <code class="cond-code">
      {differences(before.condition, version.condition).map((piece, i) => (
        piece.is === 'same' ? piece.text
          : piece.is === 'gone' ? <del key={i}><span class="spoken">{t('audience.gone')}: </span>{piece.text}</del>
            : <ins key={i}><span class="spoken">{t('audience.come')}: </span>{piece.text}</ins>
      ))}
    </code>
  );
}

function Versions({ page, onUse }: { page: AudiencePage; onUse: (condition: string) => void }) {
  return (
    <section class="sheet" aria-labelledby="versions">
      <h2 id="versions">{t('saved.versions')}</h2>
      <Table label={t('saved.versions')} cards rows={page.versions} rowKey={(v) => v.version} columns={versionColumns<AudienceVersion>([
        { key: 'condition', label: t('audience.condition'), cell: (v) => <code class="cond-code">{v.condition}</code> },
        { key: 'differs', label: t('audience.differs'), cell: (v) => (
          <Differences version={v} before={page.versions.find((b) => b.version === v.version - 1)} />) },
      ], (v) => <Button onClick={() => onUse(v.condition)}
                        aria-label={`${t('audience.use_version')}: ${v.version}`}>{t('audience.use_version')}</Button>)} />
      {page.sizes.length > 1 && (
        <DaysChart label={t('audience.customers')} write={number}
                   points={page.sizes.map((s) => ({ day: s.day, value: s.customers }))} />
      )}
    </section>
  );
}

function Members({ id }: { id: string }) {
  const { items, error, loading, more, reload } = useGrowing<CustomerRow>(`/audiences/${seg(id)}/customers?limit=50`);
  return (
    <section class="sheet" aria-labelledby="members">
      <h2 id="members">{t('audience.members')}</h2>
      <ErrorBox error={error} retry={reload} />
      {items.length > 0 && <PeopleTable rows={items} label={t('audience.members')} />}
      {!loading && !error && !items.length && <p class="muted">{t('audience.nobody')}</p>}
      {loading && <Skeleton />}
      {more && !loading && <Button onClick={more}>{t('audience.more')}</Button>}
    </section>
  );
}

function Workshop({ world, page, start, reload }: { world: World; page: AudiencePage | null; start: string; reload: () => void }) {
  const { route } = useLocation();
  const condition = useCondition(start);
  const rested = useRested(condition.words.trim(), REST_MS);
  const state = useCount(rested);
  const [open, setOpen] = useState<'save' | 'remove' | null>(null);
  const flaw = state.error?.status === 400 ? flawWords(state.error) : null;
  const words = condition.words.trim();
  const audience = page?.audience ?? null;
  useUnsaved(words !== start.trim());
  return (
    <>
      <PageHead title={audience?.name ?? t('audience.new')} back={{ href: '/audiences', label: t('nav.audiences') }}>
        {audience && <Button onClick={() => setOpen('remove')}>{t('audience.remove')}</Button>}
        <Button look="main" aria-disabled={!words || flaw ? 'true' : undefined}
                onClick={() => { if (words && !flaw) setOpen('save'); }}>{t('audience.save')}</Button>
      </PageHead>
      {audience?.broken && <Note tone="warn">{t('audience.broken')} <span lang="en">{audience.broken}</span></Note>}
      <div class="two wide-left">
        <Editor world={world} condition={condition} flaw={flaw} />
        <Result condition={rested} state={state} flawElsewhere={condition.mode === 'text'} />
      </div>
      {rested && !flaw && <Why condition={rested} />}
      {page && <Versions page={page} onUse={(words) => { condition.write(words); scrollTo({ top: 0 }); }} />}
      {audience && <Members key={`members ${audience.version}`} id={audience.id} />}
      {audience && <Changes key={`changes ${audience.version}`} id={audience.id} audiences={world.audiences} />}
      {audience && audience.customers !== null && <Overlaps key={`overlaps ${audience.version}`} id={audience.id} customers={audience.customers} />}
      {open === 'save' && (
        <Save audience={audience} condition={words} count={words === rested && !state.busy ? state.count?.customers ?? null : null} onClose={() => setOpen(null)}
              onDone={(saved) => { setOpen(null); forget('/audiences'); if (audience) reload(); else route(`/audiences/${seg(saved.id)}`); }} />
      )}
      {open === 'remove' && audience && (
        <RemoveDialog title={t('audience.remove')} text={t('audience.remove_text', { name: audience.name })} said={t('audience.removed')}
                      path={`/audiences/${seg(audience.id)}`} list="/audiences" page="/audiences" onClose={() => setOpen(null)} />
      )}
    </>
  );
}

/* Until every customer has been read into columns once, how far it is. */
function usePolledTerms() {
  const terms = useLoad<AudienceTerms>('/audience-terms');
  const waiting = terms.data && !terms.data.ready;
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(terms.reload, POLL_MS);
    return () => clearTimeout(timer);
  }, [terms.data]);
  return terms;
}

export function AudienceEditor() {
  const { params } = useRoute();
  const { query } = useLocation();
  const id = params['id'] ?? 'new';
  const terms = usePolledTerms();
  const audiences = useLoad<List<Audience>>('/audiences');
  const page = useLoad<AudiencePage>(id === 'new' ? null : `/audiences/${seg(id)}`);
  const error = terms.error ?? audiences.error ?? page.error;
  const ready = terms.data?.ready && audiences.data && (id === 'new' || page.data);
  const start = page.data?.audience.condition ?? query['condition'] ?? '';
  return (
    <>
      {!ready && <PageHead title={t('nav.audiences')} back={{ href: '/audiences', label: t('nav.audiences') }} />}
      <ErrorBox error={error} retry={() => { terms.reload(); audiences.reload(); page.reload(); }} />
      {!error && terms.data && !terms.data.ready && (
        <Note>{t('audience.preparing', { n: terms.data.progress })} <progress max={100} value={terms.data.progress} /></Note>
      )}
      {!error && !ready && !(terms.data && !terms.data.ready) && <Skeleton lines={8} />}
      {ready && (
        <Workshop key={`${id} ${page.data?.audience.version ?? 0}`} start={start} page={page.data ?? null} reload={page.reload}
                  world={{ terms: terms.data!, audiences: audiences.data!.items.filter((a) => a.id !== id) }} />
      )}
    </>
  );
}
