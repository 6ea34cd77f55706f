/* The frame around every page: navigation, skip link, routes, what is said aloud. */
import { ErrorBoundary, LocationProvider, Router, Route, lazy, useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { session } from './api.js';
import { pick, t, language, LANGUAGES, type MessageKey } from './i18n.js';
import { chooseLanguage, leave } from './session.js';
import { Empty, Icon, IconButton, Logo, PageHead, spoken, type IconName } from './ui.js';

const Login = lazy(() => import('./pages/login.js').then((m) => m.Login));
const Today = lazy(() => import('./pages/today.js').then((m) => m.Today));
const People = lazy(() => import('./pages/people.js').then((m) => m.People));
const CustomerPage = lazy(() => import('./pages/customer.js').then((m) => m.CustomerPage));
const Audiences = lazy(() => import('./pages/audiences.js').then((m) => m.Audiences));
const AudienceEditor = lazy(() => import('./pages/audiences.js').then((m) => m.AudienceEditor));
const Tiers = lazy(() => import('./pages/tiers.js').then((m) => m.Tiers));
const TierPeople = lazy(() => import('./pages/tiers.js').then((m) => m.TierPeople));
const Rules = lazy(() => import('./pages/rules.js').then((m) => m.Rules));
const RulesEditor = lazy(() => import('./pages/rules.js').then((m) => m.RulesEditor));
const Data = lazy(() => import('./pages/data.js').then((m) => m.Data));
const Affinities = lazy(() => import('./pages/affinities.js').then((m) => m.Affinities));
const Share = lazy(() => import('./pages/share.js').then((m) => m.Share));
const Results = lazy(() => import('./pages/results.js').then((m) => m.Results));
const Value = lazy(() => import('./pages/value.js').then((m) => m.Value));
const ModelsPage = lazy(() => import('./pages/models.js').then((m) => m.ModelsPage));
const Recommendations = lazy(() => import('./pages/recommendations.js').then((m) => m.Recommendations));
const Catalogue = lazy(() => import('./pages/catalogue.js').then((m) => m.Catalogue));
const ProductPage = lazy(() => import('./pages/product.js').then((m) => m.ProductPage));
const Settings = lazy(() => import('./pages/settings.js').then((m) => m.Settings));
const Palette = lazy(() => import('./pages/palette.js').then((m) => m.Palette));

export const PLACES: { href: string; name: MessageKey; icon: IconName }[] = [
  { href: '/', name: 'nav.today', icon: 'today' },
  { href: '/people', name: 'nav.people', icon: 'people' },
  { href: '/audiences', name: 'nav.audiences', icon: 'audience' },
  { href: '/value', name: 'nav.value', icon: 'value' },
  { href: '/tiers', name: 'nav.tiers', icon: 'tiers' },
  { href: '/share', name: 'nav.share', icon: 'share' },
  { href: '/affinities', name: 'nav.affinities', icon: 'heart' },
  { href: '/recommendations', name: 'nav.recommendations', icon: 'recommendations' },
  { href: '/rules', name: 'nav.rules', icon: 'rules' },
  { href: '/results', name: 'nav.results', icon: 'results' },
  { href: '/catalogue', name: 'nav.catalogue', icon: 'catalogue' },
  { href: '/data', name: 'nav.data', icon: 'data' },
  { href: '/settings', name: 'nav.settings', icon: 'settings' },
];

/* What the server answers by itself stays with the browser. */
const OURS = /^(?!\/(api|v1|healthz|readyz|metrics|openapi\.json)(\/|$|\?))/;

export function LanguageSwitch() {
  return (
    <div class="languages" role="group" aria-label={t('nav.language')}>
      {LANGUAGES.map((l) => (
        <button key={l} type="button" lang={l} aria-pressed={language.value === l}
                onClick={() => void chooseLanguage(l)}>{l === 'en' ? 'English' : 'Español'}</button>
      ))}
    </div>
  );
}

function Nav({ path, onPalette }: { path: string; onPalette: () => void }) {
  const [open, setOpen] = useState(false);
  const s = session.value!;
  useEffect(() => setOpen(false), [path]);
  return (
    <header class="shell-head">
      <a class="brand" href="/"><Logo /><span><b>Tendero</b><small>{s.shop.name}</small></span></a>
      <button type="button" class="button menu-button" aria-expanded={open} aria-controls="menu"
              onClick={() => setOpen(!open)}><Icon name={open ? 'close' : 'menu'} />{t('nav.menu')}</button>
      <div id="menu" class={open ? 'menu open' : 'menu'}>
        <nav aria-label={t('nav.main')}>
          <ul>
            {PLACES.map((p) => {
              const on = p.href === '/' ? path === '/' : path === p.href || path.startsWith(`${p.href}/`);
              return (
                <li key={p.href}>
                  <a href={p.href} aria-current={on ? 'page' : undefined}><Icon name={p.icon} />{t(p.name)}</a>
                </li>
              );
            })}
          </ul>
        </nav>
        <div class="shell-foot">
          <button type="button" class="palette-open" onClick={onPalette}>
            <Icon name="search" />{t('palette.open')}<kbd>Ctrl K</kbd>
          </button>
          <LanguageSwitch />
          <div class="who">
            <span title={s.user.email}>{s.user.name || s.user.email}</span>
            <IconButton icon="out" label={t('nav.logout')} onClick={() => void leave()} />
          </div>
        </div>
      </div>
    </header>
  );
}

function NotFound() {
  return (
    <>
      <PageHead title={t('notfound.title')} />
      <Empty title={t('notfound.text')}><a class="button main" href="/">{t('nav.today')}</a></Empty>
    </>
  );
}

/* After a change of page (not of its filters) the heading gets the focus, as a page load would. */
function useHeadingFocus(path: string, main: { current: HTMLElement | null }) {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = setTimeout(() => main.current?.querySelector<HTMLElement>('h1')?.focus(), 60);
    return () => clearTimeout(timer);
  }, [path]);
}

function Shell() {
  const { path } = useLocation();
  const main = useRef<HTMLElement>(null);
  const [palette, setPalette] = useState(false);
  useHeadingFocus(path, main);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault();
        setPalette(true);
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const shop = session.value!.shop;
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>{t('nav.skip')}</a>
      <Nav path={path} onPalette={() => setPalette(true)} />
      <main id="main" ref={main} tabIndex={-1}>
        {shop.notice && (
          <aside class="ribbon" aria-label={t('nav.notice')}><Icon name="info" /><span>{pick(shop.notice)}</span></aside>
        )}
        <Router>
          <Route path="/" component={Today} />
          <Route path="/people" component={People} />
          <Route path="/people/:id" component={CustomerPage} />
          <Route path="/audiences" component={Audiences} />
          <Route path="/audiences/:id" component={AudienceEditor} />
          <Route path="/tiers" component={Tiers} />
          <Route path="/tiers/:tier" component={TierPeople} />
          <Route path="/rules" component={Rules} />
          <Route path="/rules/:id" component={RulesEditor} />
          <Route path="/data" component={Data} />
          <Route path="/data/:tab" component={Data} />
          <Route path="/affinities" component={Affinities} />
          <Route path="/value" component={Value} />
          <Route path="/models" component={ModelsPage} />
          <Route path="/share" component={Share} />
          <Route path="/results" component={Results} />
          <Route path="/recommendations" component={Recommendations} />
          <Route path="/catalogue" component={Catalogue} />
          <Route path="/catalogue/:id" component={ProductPage} />
          <Route path="/settings" component={Settings} />
          <Route default component={NotFound} />
        </Router>
      </main>
      {palette && <ErrorBoundary><Palette onClose={() => setPalette(false)} /></ErrorBoundary>}
    </div>
  );
}

export function App() {
  const s = session.value;
  return (
    <LocationProvider scope={OURS}>
      <ErrorBoundary>{s ? <Shell /> : <Login />}</ErrorBoundary>
      <div class="spoken" role="status" aria-live="polite">{spoken.value}</div>
    </LocationProvider>
  );
}

