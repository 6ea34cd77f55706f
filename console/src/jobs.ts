/* Long work of the server (imports, traits that rules write), followed to its end. */
import { useEffect, useRef } from 'preact/hooks';
import { get, post, seg, type ApiError, type List } from './api.js';
import type { Job } from './api-types.js';
import { forget, useAction, useLoad } from './data.js';
import { t } from './i18n.js';
import { announce } from './ui.js';

const POLL_MS = 700;
export const active = (j: Job) => j.state === 'waiting' || j.state === 'running';

/* Those that `wanted` says, newest first; null: not known yet. */
export function useJobs(wanted: (job: Job) => boolean): {
  jobs: Job[] | null; error: ApiError | null; put: (job: Job) => void; reload: () => void;
} {
  const { data, error, set, reload } = useLoad<List<Job>>('/imports');
  const jobs = data?.items.filter(wanted) ?? null;
  const busy = jobs?.filter(active).map((j) => j.id).join(' ') ?? '';
  const latest = useRef(data);
  latest.current = data;
  const put = (job: Job) => {
    const list = latest.current ?? { items: [], next: null };
    const others = list.items.filter((j) => j.id !== job.id);
    const known = others.length < list.items.length;
    const next = { ...list, items: known ? list.items.map((j) => (j.id === job.id ? job : j)) : [job, ...others] };
    latest.current = next;
    set(next);
  };
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(() => {
      for (const id of busy.split(' '))
        get<Job>(`/imports/${seg(id)}`).then((job) => {
          put(job);
          if (active(job)) return;
          forget('/');
          announce(t('imports.ended', { name: job.name, state: t(`job.${job.state}`) }));
        }, () => undefined);  // asked again in a moment
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [busy]);
  return { jobs, error, put, reload };
}

/* A model that is fitted when somebody asks for it at `where`. onDone: there may be another fit. */
export function useFit(kind: Job['kind'], where: string, onDone: () => void) {
  const { jobs, put } = useJobs((j) => j.kind === kind);
  const action = useAction();
  const last = jobs?.[0] ?? null;
  const busy = last !== null && active(last);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !busy) onDone();
    was.current = busy;
  }, [busy]);
  return {
    last, busy, action,
    start: () => void action.run(() => post<Job>(where, {}), put),
    cancel: () => void action.run(() => post<Job>(`/imports/${seg(last!.id)}/cancel`), put),
  };
}
export type Fit = ReturnType<typeof useFit>;
