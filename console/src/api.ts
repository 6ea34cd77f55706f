/* Requests to /api/v1: JSON both ways, the CSRF word on unsafe ones, problem details as ApiError. */
import { signal } from '@preact/signals';
import type { Problem, Session } from './api-types.js';

export type List<T> = { items: T[]; next: string | null };

/* undefined: not asked yet; null: nobody is logged in. */
export const session = signal<Session | null | undefined>(undefined);

export class ApiError extends Error {
  readonly problem: Problem;
  readonly retryAfterS: number | null;
  constructor(problem: Problem, retryAfterS: number | null) {
    super(problem.detail || problem.title);
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
  get status(): number {
    return this.problem.status;
  }
}

/* status 0: the server could not be reached. */
export function networkError(): ApiError {
  return new ApiError({ type: 'about:blank', title: '', status: 0, detail: '' }, null);
}

export function toApiError(status: number, text: string, retryAfter: string | null): ApiError {
  let problem: Problem = { type: 'about:blank', title: '', status, detail: '' };
  try {
    problem = { ...problem, ...(JSON.parse(text) as Problem), status };
  } catch {
    // not problem details, for instance a proxy's page: the status says enough
  }
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  return new ApiError(problem, isNaN(seconds) ? null : seconds);
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

async function request<T>(method: Method, path: string, body?: unknown,
                          abort?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && session.value) headers['x-csrf-token'] = session.value.csrf;
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method, headers, credentials: 'same-origin', signal: abort ?? null,
      body: body === undefined ? null : JSON.stringify(body),
    });
    text = await answer.text();  // the connection may break in the middle, too
  } catch (error) {
    if (abort?.aborted) throw error;
    throw networkError();
  }
  if (!answer.ok) {
    const login = path === '/session' && method === 'POST';
    if (answer.status === 401 && !login) session.value = null;
    throw toApiError(answer.status, text, answer.headers.get('retry-after'));
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(path: string, abort?: AbortSignal) =>
  request<T>('GET', path, undefined, abort);
export const post = <T>(path: string, body: unknown = {}, abort?: AbortSignal) => request<T>('POST', path, body, abort);
export const put = <T>(path: string, body: unknown) => request<T>('PUT', path, body);
export const patch = <T>(path: string, body: unknown) => request<T>('PATCH', path, body);
export const del = <T = void>(path: string) => request<T>('DELETE', path);

/* Leaves out what is empty. */
export function query(params: Record<string, string | number | boolean | null | undefined>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== null && value !== undefined && value !== '') words.set(name, String(value));
  const text = words.toString();
  return text ? `?${text}` : '';
}

export const seg = encodeURIComponent;

/* A file with its progress: fetch cannot tell how much has been sent. */
export function upload<T>(path: string, file: Blob, type: string,
                          onProgress: (sent: number) => void): { done: Promise<T>; stop: () => void } {
  const xhr = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    xhr.open('POST', `/api/v1${path}`);
    xhr.setRequestHeader('content-type', type);
    if (session.value) xhr.setRequestHeader('x-csrf-token', session.value.csrf);
    xhr.upload.onprogress = (e) => onProgress(e.loaded);
    xhr.onerror = () => reject(networkError());
    xhr.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    xhr.onload = () => {
      if (xhr.status === 401) session.value = null;
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText) as T);
      else reject(toApiError(xhr.status, xhr.responseText, xhr.getResponseHeader('retry-after')));
    };
    xhr.send(file);
  });
  return { done, stop: () => xhr.abort() };
}
