/* The few browser names that the modules under test touch when they are loaded. */
const kept = new Map<string, string>();
const globals = globalThis as Record<string, unknown>;
globals['localStorage'] ??= {
  getItem: (k: string) => kept.get(k) ?? null,
  setItem: (k: string, v: string) => { kept.set(k, v); },
};
globals['document'] ??= { documentElement: { lang: '', dataset: {} } };
