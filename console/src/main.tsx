import { render } from 'preact';
import { App } from './app.js';
import { get, session } from './api.js';
import type { Session } from './api-types.js';
import { preferredLanguage, setLanguage } from './i18n.js';
import { enter } from './session.js';
import { applyTheme } from './theme.js';

applyTheme();
const [asked] = await Promise.all([
  get<Session>('/session').catch(() => null),  // nobody is logged in, or no server: the login page says which
  setLanguage(preferredLanguage()),
]);
if (asked) await enter(asked);  // after the first words are there: the user's own language has the last say
else session.value = null;
render(<App />, document.getElementById('app')!);
