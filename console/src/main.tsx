import { render } from 'preact';
import { App } from './app.js';
import { get, session } from './api.js';
import type { Session } from './api-types.js';
import { preferredLanguage, setLanguage } from './i18n.js';
import { enter } from './session.js';
import { applyTheme } from './theme.js';

applyTheme();
const words = setLanguage(preferredLanguage());
try {
  await enter(await get<Session>('/session'));
} catch {
  session.value = null;  // not logged in, or not reachable: the login page says which
}
await words;
render(<App />, document.getElementById('app')!);
