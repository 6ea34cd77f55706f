/* Light, dark, or as the system says. */
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const stored = localStorage.getItem('tendero.theme') as Theme | null;
export const theme = signal<Theme>(stored && THEMES.includes(stored) ? stored : 'system');

export function applyTheme(): void {
  const root = document.documentElement;
  if (theme.value === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = theme.value;
}

export function chooseTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem('tendero.theme', next);
  applyTheme();
}
