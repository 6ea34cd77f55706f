/* What is saved in versions (audiences, rules): a name and a note each time, who made which, out after a question. */
import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { del } from './api.js';
import { forget, useAction } from './data.js';
import { number } from './format.js';
import { t } from './i18n.js';
import { announce, Confirm, Dialog, FormEnd, Input, When, type Column } from './ui.js';

/* Its complaint waits until somebody has tried to go on. */
export function NameField({ label, help, value, tried, onChange }: {
  label: string; help?: string; value: string; tried: boolean; onChange: (name: string) => void;
}) {
  return <Input label={label} name="name" value={value} autocomplete="off" help={help}
                error={tried && !value.trim() ? t('saved.need_name') : null} onInput={(e) => onChange(e.currentTarget.value)} />;
}

/* A form that goes on when it has a name. */
export function useNamed(start: string): {
  field: { value: string; tried: boolean; onChange: (name: string) => void };
  submit: (go: (name: string) => void) => (e: Event) => void;
} {
  const [value, onChange] = useState(start);
  const [tried, setTried] = useState(false);
  const submit = (go: (name: string) => void) => (e: Event) => {
    e.preventDefault();
    setTried(true);
    if (value.trim()) go(value.trim());
  };
  return { field: { value, tried, onChange }, submit };
}

export function SaveDialog<T>({ title, name: start, before, after, wide, save, onDone, onClose }: {
  title: string; name: string; before?: ComponentChildren; after?: ComponentChildren; wide?: boolean;
  save: (named: { name: string; note: string }) => Promise<T>; onDone: (saved: T) => void; onClose: () => void;
}) {
  const named = useNamed(start);
  const [note, setNote] = useState('');
  const action = useAction();
  const submit = named.submit((name) => void action.run(() => save({ name, note }), onDone));
  return (
    <Dialog title={title} onClose={onClose} wide={wide ?? false}>
      <form onSubmit={submit} noValidate>
        {before}
        <NameField label={t('saved.name')} {...named.field} />
        <Input label={t('saved.note')} name="note" value={note} autocomplete="off" help={t('saved.note_help')}
               onInput={(e) => setNote(e.currentTarget.value)} />
        {after}
        <FormEnd action={action} yes={t('action.save')} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/* The API's path of the thing; where its list is in the API and on which page. */
export function RemoveDialog({ title, text, said, path, list, page, onClose }: {
  title: string; text: string; said: string; path: string; list: string; page: string; onClose: () => void;
}) {
  const { route } = useLocation();
  const action = useAction();
  const remove = () => void action.run(() => del(path), () => {
    forget(list);
    announce(said);
    route(page);
  });
  return (
    <Confirm danger title={title} yes={title} busy={action.busy} error={action.error} onYes={remove} onClose={onClose}>
      <p>{text}</p>
    </Confirm>
  );
}

export function versionColumns<V extends { version: number; note: string; by: string; at: string }>(
  own: Column<V>[], actions: (version: V) => ComponentChildren): Column<V>[] {
  return [
    { key: 'version', label: t('saved.version'), head: true, cell: (v) => number(v.version) },
    ...own,
    { key: 'note', label: t('saved.note'), cell: (v) => v.note || '—' },
    { key: 'by', label: t('saved.by'), cell: (v) => v.by },
    { key: 'at', label: t('saved.changed'), cell: (v) => <When at={v.at} /> },
    { key: 'use', label: t('word.actions'), cell: actions },
  ];
}

/* Asks before a link of the console, a closed tab or a reload throws away what is not saved. */
export function useUnsaved(changed: boolean): void {
  useEffect(() => {
    if (!changed) return;
    const leaving = (e: BeforeUnloadEvent) => e.preventDefault();
    const clicked = (e: MouseEvent) => {
      const link = (e.target as Element).closest<HTMLAnchorElement>('a[href]');
      const stays = !link || link.target || link.hasAttribute('download') || e.ctrlKey || e.metaKey || e.shiftKey;
      if (stays || confirm(t('saved.leave'))) return;
      e.preventDefault();
      e.stopPropagation();
    };
    addEventListener('beforeunload', leaving);
    document.addEventListener('click', clicked, true);
    return () => {
      removeEventListener('beforeunload', leaving);
      document.removeEventListener('click', clicked, true);
    };
  }, [changed]);
}
