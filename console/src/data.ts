/* Reading for components: what was seen before is shown at once, then asked again; an answer that is no
 * longer wanted is aborted. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get, networkError, type List } from './api.js';
import type { Job } from './api-types.js';

const SEEN_MAX = 200;
const POLL_MS = 1000;
const seen = new Map<string, unknown>();

function remember(path: string, data: unknown): void {
  seen.delete(path);
  seen.set(path, data);
  if (seen.size > SEEN_MAX) seen.delete(seen.keys().next().value as string);
}

/* After writing: forget the answers below a path. */
export function forget(prefix: string): void {
  for (const path of seen.keys()) if (path.startsWith(prefix)) seen.delete(path);
}

export function forgetAll(): void {
  seen.clear();
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  console.error(error);
  return networkError();
}

export type Loaded<T> = {
  data: T | undefined; error: ApiError | null; loading: boolean; reload: () => void;
  set: (data: T) => void;
};

/* path null: nothing to read yet. */
export function useLoad<T>(path: string | null): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ path: string | null; data?: T; error?: ApiError }>({ path: null });
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    get<T>(path, abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return;
        remember(path, data);
        setState({ path, data });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setState({ path, error: asApiError(error) });
      });
    return () => abort.abort();
  }, [path, turn]);
  const current = state.path === path ? state : null;
  const known = path === null ? undefined : (seen.get(path) as T | undefined);
  return {
    data: current?.data ?? (current?.error ? undefined : known),
    error: current?.error ?? null,
    loading: path !== null && !current,
    reload: useCallback(() => setTurn((n) => n + 1), []),
    set: useCallback((data: T) => {
      if (path === null) return;
      remember(path, data);
      setState({ path, data });
    }, [path]),
  };
}

/* A list that grows downwards by "load more"; starts again when the path changes. */
export function useGrowing<T>(path: string): {
  items: T[]; error: ApiError | null; loading: boolean; more: (() => void) | null; reload: () => void;
} {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ key: string; items: T[]; next: string | null }>(
    { key: '', items: [], next: null });
  const [error, setError] = useState<ApiError | null>(null);
  const [loading, setLoading] = useState(true);
  const abort = useRef<AbortController | null>(null);
  const key = `${turn} ${path}`;
  const ask = (after: string | null, before: T[]) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setLoading(true);
    setError(null);
    const at = after === null ? path
      : `${path}${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(after)}`;
    get<List<T>>(at, mine.signal).then(
      (list) => {
        if (mine.signal.aborted) return;
        setState({ key, items: [...before, ...list.items], next: list.next });
        setLoading(false);
      },
      (e: unknown) => {
        if (mine.signal.aborted) return;
        setError(asApiError(e));
        setLoading(false);
      });
  };
  useEffect(() => {
    ask(null, []);
    return () => abort.current?.abort();
  }, [key]);
  const fresh = state.key === key;
  return {
    items: fresh ? state.items : [],
    error, loading,
    more: fresh && state.next !== null ? () => ask(state.next, state.items) : null,
    reload: useCallback(() => setTurn((n) => n + 1), []),
  };
}

/* Runs a write once at a time and keeps its error for the form. */
export function useAction(): {
  busy: boolean; error: ApiError | null; clear: () => void;
  run: <T>(work: () => Promise<T>, then?: (result: T) => void) => Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const running = useRef(false);
  return {
    busy, error, clear: () => setError(null),
    run: async (work, then) => {
      if (running.current) return;
      running.current = true;
      setBusy(true);
      setError(null);
      try {
        const result = await work();
        then?.(result);
      } catch (e) {
        if (!(e instanceof DOMException && e.name === 'AbortError')) setError(asApiError(e));
      } finally {
        running.current = false;
        setBusy(false);
      }
    },
  };
}

/* The value as it was until it has rested for `restMs`. */
export function useRested<T>(value: T, restMs: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return rested;
}

/* Follows a job until it ends. */
export function useJob(onEnd: (j: Job) => void): { job: Job | null; follow: (j: Job) => void } {
  const [job, setJob] = useState<Job | null>(null);
  const over = !job || !['waiting', 'running'].includes(job.state);
  useEffect(() => {
    if (over || !job) return;
    const timer = setInterval(() => {
      get<Job>(`/imports/${job.id}`).then((j) => {
        setJob(j);
        if (!['waiting', 'running'].includes(j.state)) onEnd(j);
      }, () => undefined);  // asked again in a moment
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [job?.id, over]);
  return { job, follow: setJob };
}
