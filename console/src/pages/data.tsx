/* What comes in and goes out; each tab has its own address. */
import type { ComponentType } from 'preact';
import { useRoute } from 'preact-iso';
import { t, type MessageKey } from '../i18n.js';
import { Exports } from '../intake/exports.js';
import { Imports } from '../intake/imports.js';
import { Keys } from '../intake/keys.js';
import { Live } from '../intake/live.js';
import { Rejections } from '../intake/rejections.js';
import { Schema } from '../intake/schema.js';
import { Suggestions } from '../intake/suggestions.js';
import { PageHead, TabLinks } from '../ui.js';

const TABS: { id: string; name: MessageKey; show: ComponentType }[] = [
  { id: 'live', name: 'data.live', show: Live },
  { id: 'rejections', name: 'data.rejections', show: Rejections },
  { id: 'imports', name: 'data.imports', show: Imports },
  { id: 'keys', name: 'data.keys', show: Keys },
  { id: 'schema', name: 'data.schema', show: Schema },
  { id: 'suggestions', name: 'data.suggestions', show: Suggestions },
  { id: 'exports', name: 'data.exports', show: Exports },
];

export function Data() {
  const { params } = useRoute();
  const tab = TABS.find((x) => x.id === params['tab']) ?? TABS[0]!;
  const Shown = tab.show;
  return (
    <>
      <PageHead title={`${t('nav.data')}: ${t(tab.name)}`} />
      <TabLinks label={t('nav.data')} tabs={TABS.map((x) => ({ href: `/data/${x.id}`, label: t(x.name), on: x === tab }))} />
      <Shown />
    </>
  );
}
