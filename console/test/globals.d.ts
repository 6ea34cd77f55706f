declare const CONSOLE_ROOT: string;
declare module 'node:test' {
  export function test(name: string, run: () => void | Promise<void>): void;
}
declare module 'node:assert/strict' {
  const assert: {
    equal(a: unknown, b: unknown, message?: string): void;
    deepEqual(a: unknown, b: unknown, message?: string): void;
    ok(value: unknown, message?: string): void;
    match(value: string, pattern: RegExp, message?: string): void;
  };
  export default assert;
}
declare module 'node:fs' {
  export function readFileSync(path: string, encoding: 'utf8'): string;
  export function readdirSync(path: string, options: { withFileTypes: true }): {
    name: string; isDirectory(): boolean;
  }[];
}
declare module '*/scripts/schema-types.mjs' {
  export function generate(document: unknown): string;
  export function typeOf(schema: unknown): string;
}
