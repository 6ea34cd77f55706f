/* Coming in and going out. */
import { del, patch, session } from './api.js';
import type { Session } from './api-types.js';
import { forgetAll } from './data.js';
import { currency } from './format.js';
import { language, setLanguage, type Language } from './i18n.js';

export async function enter(s: Session): Promise<void> {
  currency.value = s.shop.currency || 'EUR';
  if (s.user.language !== language.value) await setLanguage(s.user.language);
  session.value = s;
}

export async function leave(): Promise<void> {
  await del('/session');
  forgetAll();
  session.value = null;
}

/* Shown at once; kept with the user when somebody is logged in. */
export async function chooseLanguage(next: Language): Promise<void> {
  await setLanguage(next);
  const s = session.value;
  if (!s) return;
  session.value = { ...s, user: { ...s.user, language: next } };
  await patch('/session', { language: next });
}
