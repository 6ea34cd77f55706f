/* The shapes of docs/API.md. Written by `npm run types -- OPENAPI.json`; do not edit by hand. */
export type Text = { en: string; es: string };
export type Session = {
  user: { id: string; email: string; name: string; language: 'en' | 'es' };
  csrf: string;
  shop: { name: string; currency: string; demo: boolean; notice: Text | null };
};
export type Key = {
  id: string; name: string; scope: 'write' | 'read' | 'admin'; source: string; hint: string;
  createdAt: string; lastUsedAt: string | null;
};
export type NewKey = Key & { key: string };
export type Tier = 'champion' | 'loyal' | 'promising' | 'new' | 'at_risk' | 'asleep' | 'prospect';
export type CustomerKind = 'person' | 'company' | 'household' | 'partner';
export type CustomerRow = {
  id: string; kind: CustomerKind; name: string | null; email: string | null; userId: string | null;
  country: string | null; anonymous: boolean; tier: Tier; orders: number; value: number;
  lastOrderAt: string | null; firstSeenAt: string; lastSeenAt: string;
};
export type Rule = 'latest' | 'strongest' | 'all';
export type Provenance = 'declared' | 'observed' | 'inferred';
export type Trait = {
  name: string; label: Text; type: TraitType; value: unknown; time: string; source: string;
  provenance: Provenance; purpose: string; rule: Rule;
  others: { value: unknown; time: string; source: string; provenance: Provenance }[];
};
export type TraitHistoryRow = {
  value: unknown; time: string; source: string; provenance: Provenance; fact: number;
};
export type Identifier = {
  kind: string; value: string; since: string; source: string; shared: boolean; history: string;
};
export type Membership = {
  id: string; customer: string; name: string | null; kind: CustomerKind; role: string; since: string;
};
export type Rfm = {
  recencyDays: number | null; frequency: number; value: number;
  scores: { r: number; f: number; m: number } | null; tier: Tier; why: Text;
};
export type Customer = CustomerRow & {
  rfm: Rfm; traits: Trait[]; identifiers: Identifier[]; accounts: Membership[]; members: Membership[];
  merges: Merge[]; histories: number;
};
export type MergeReason = 'by_hand' | 'identify' | 'alias' | 'email';
export type Merge = {
  id: string; winner: string; loser: string; reason: MergeReason; by: string; note: string;
  at: string; undoneAt: string | null;
};
export type MergePreview = {
  allowed: boolean; warnings: Text[]; winner: CustomerRow; loser: CustomerRow; result: CustomerRow;
  traits: { name: string; winner: unknown; loser: unknown; result: unknown }[];
  identifiers: Identifier[];
};
export type MergeSuggestion = { id: string; a: CustomerRow; b: CustomerRow; reason: Text; at: string };
export type FactType =
  | 'track' | 'identify' | 'page' | 'screen' | 'group' | 'alias' | 'decision' | 'merge' | 'unmerge'
  | 'correction' | 'deletion' | 'trait' | 'membership' | 'catalogue';
export type Fact = {
  seq: number; type: FactType; event: string | null; customer: string | null; messageId: string | null;
  source: string; timestamp: string; originalTimestamp: string | null; sentAt: string | null;
  receivedAt: string; body: Record<string, unknown>; corrected: boolean; deleted: boolean; story: Text;
};
export type LiveEvent = {
  at: string; source: string; type: string; event: string | null; messageId: string | null;
  customer: string | null; outcome: 'accepted' | 'duplicate' | 'rejected'; reason: Text | null;
};
export type Rejection = {
  id: string; at: string; source: string; reason: Text; code: string; body: string;
};
export type TraitType = 'text' | 'number' | 'boolean' | 'date' | 'list' | 'object' | 'mixed';
export type TraitSchema = {
  name: string; label: Text; type: TraitType; rule: Rule; purpose: string; firstSeenAt: string;
  customers: number;
};
export type ProductKind = 'goods' | 'service' | 'fee' | 'voucher';
export type ProductRow = {
  id: string; title: string; category: string | null; price: number | null; stock: number | null;
  kind: ProductKind; active: boolean; imageUrl: string | null; url: string | null;
};
export type Variant = {
  id: string; title: string; price: number | null; stock: number | null;
  attributes: Record<string, unknown>;
};
export type Product = ProductRow & {
  description: string | null; variants: Variant[]; sold: number;
  neighbours: { product: ProductRow; similarity: number; together: number }[];
};
export type Category = { id: string; name: Text; parent: string | null; products: number };
export type ReasonCode = 'bought_together' | 'popular_in_category' | 'popular' | 'declared' | 'viewed';
export type Reason = {
  code: ReasonCode; product: string | null; count: number | null; month: string | null; text: Text;
};
export type Proposal = { product: ProductRow; score: number; reasons: Reason[] };
export type Decision = {
  id: string | null; customer: string | null; at: string; model: string; proposals: Proposal[];
};
export type Message = {
  language: string; subject: string; html: string; text: string; product: ProductRow; notice: Text;
};
export type Hit = { name: string; hitRateAt10: number; low: number; high: number };
export type Evaluation = {
  at: string; cutoff: string; heldBackDays: number; customers: number; model: Hit; baseline: Hit;
  byOrders: { orders: string; customers: number; model: number; baseline: number }[];
  protocol: Text;
};
export type Job = {
  id: string; kind: 'import' | 'evaluation'; name: string;
  state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'; format: string; dryRun: boolean;
  startedAt: string; endedAt: string | null; bytesDone: number; bytesTotal: number; rows: number;
  imported: number; duplicates: number; rejected: number; facts: number; amount: number;
  rowsPerSecond: number; secondsLeft: number | null; error: string | null;
};
export type Today = {
  day: string; received: number; duplicates: number; rejected: number; newCustomers: number;
  orders: number; revenue: number; customers: number; known: number; facts: number; products: number;
  tiers: { tier: Tier; customers: number; value: number }[];
  days: {
    day: string; received: number; rejected: number; newCustomers: number; orders: number;
    revenue: number;
  }[];
  sources: { name: string; lastSeenAt: string; today: number }[]; tips: Text[];
};
export type Setting = { name: string; value: string; from: string; help: Text };
export type Problem = {
  type: string; title: string; status: number; detail: string; pointer?: string; remedy?: string;
};
