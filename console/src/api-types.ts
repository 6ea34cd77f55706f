/* The shapes of docs/API.md. Written by `npm run types`; do not edit by hand. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  pointer?: string;
  remedy?: string;
};
export type Text = {
  en: string;
  es: string;
};
export type Tier = "champion" | "loyal" | "promising" | "new" | "at_risk" | "asleep" | "prospect";
export type Kind = "person" | "company" | "household" | "partner";
export type Rule = "latest" | "strongest" | "all";
export type TraitType = "text" | "number" | "boolean" | "date" | "list" | "object" | "mixed";
export type ProductKind = "goods" | "service" | "fee" | "voucher";
export type FactType = "track" | "identify" | "page" | "screen" | "group" | "alias" | "decision" | "merge" | "unmerge" | "correction" | "deletion" | "trait" | "membership" | "catalogue" | "permission" | "audience";
export type CustomerRef = string;
export type Health = {
  status: string;
};
export type Ready = {
  ready: boolean;
  reason: string | null;
};
export type Login = {
  email: string;
  password: string;
};
export type SessionEdit = {
  language: "en" | "es";
};
export type User = {
  id: string;
  email: string;
  name: string;
  language: "en" | "es";
  createdAt: string;
};
export type PasswordNew = {
  password: string;
};
export type PasswordChange = {
  current: string;
  password: string;
};
export type UserNew = {
  email: string;
  name?: string;
  password: string;
  language?: "en" | "es";
};
export type Shop = {
  name: string;
  currency: string;
  demo: boolean;
  notice: Text | null;
};
export type Session = {
  user: User;
  csrf: string;
  shop: Shop;
};
export type Key = {
  id: string;
  name: string;
  scope: "write" | "read" | "admin";
  source: string;
  hint: string;
  createdAt: string;
  lastUsedAt: string | null;
};
export type KeyMade = {
  id: string;
  name: string;
  scope: "write" | "read" | "admin";
  source: string;
  hint: string;
  createdAt: string;
  lastUsedAt: string | null;
  key: string;
};
export type KeyNew = {
  scope: "write" | "read" | "admin";
  name: string;
  source?: string;
};
export type CustomerRow = {
  id: string;
  kind: Kind;
  name: string | null;
  email: string | null;
  userId: string | null;
  country: string | null;
  anonymous: boolean;
  tier: Tier;
  orders: number;
  value: number;
  lastOrderAt: string | null;
  firstSeenAt: string | null;
  lastSeenAt: string | null;
};
export type Scores = {
  r: number;
  f: number;
  m: number;
};
export type Rfm = {
  recencyDays: number | null;
  frequency: number;
  value: number;
  scores: Scores | null;
  tier: Tier;
  why: Text;
};
export type TraitCandidate = {
  value: unknown;
  time: string;
  source: string;
  provenance: "declared" | "observed" | "inferred";
};
export type TraitValue = {
  value: unknown;
  time: string;
  source: string;
  provenance: "declared" | "observed" | "inferred";
  fact: number;
};
export type Trait = {
  name: string;
  label: Text;
  type: TraitType;
  value: unknown;
  time: string;
  source: string;
  provenance: "declared" | "observed" | "inferred";
  fits: boolean;
  purpose: string;
  rule: Rule;
  others: TraitCandidate[];
};
export type Identifier = {
  kind: string;
  value: string;
  since: string;
  source: string;
  shared: boolean;
  history: string;
};
export type Membership = {
  id: string;
  customer: string;
  name: string | null;
  kind: Kind;
  role: string;
  since: string;
};
export type Merge = {
  id: string;
  winner: string;
  loser: string;
  reason: string;
  by: string;
  note: string;
  at: string;
  undoneAt: string | null;
};
export type Customer = {
  id: string;
  kind: Kind;
  name: string | null;
  email: string | null;
  userId: string | null;
  country: string | null;
  anonymous: boolean;
  tier: Tier;
  orders: number;
  value: number;
  lastOrderAt: string | null;
  firstSeenAt: string | null;
  lastSeenAt: string | null;
  rfm: Rfm;
  traits: Trait[];
  identifiers: Identifier[];
  accounts: Membership[];
  members: Membership[];
  merges: Merge[];
  histories: number;
};
export type IdentifierNew = {
  kind: string;
  value: string;
};
export type CustomerNew = {
  kind: Kind;
  identifiers: IdentifierNew[];
  traits?: Traits;
};
export type Traits = Record<string, unknown>;
export type MembershipNew = {
  account: CustomerRef;
  role?: string;
};
export type Channel = "email" | "sms" | "whatsapp" | "push" | "phone" | "post";
export type Permission = {
  channel: Channel;
  topic: string | null;
  given: boolean;
  holds: boolean;
  until: string | null;
  evidence: string | null;
  since: string;
  by: string | null;
  source: string;
  fact: number;
};
export type PermissionSaid = {
  customer: CustomerRef;
  channel: Channel;
  topic?: string;
  given: boolean;
  until?: string;
  evidence?: string;
  at?: string;
};
export type PermissionsSaid = {
  permissions: PermissionSaid[];
};
export type PermissionsKept = {
  kept: number;
};
export type MessageAsk = {
  language: "en" | "es";
  product: string;
  channel: "email";
};
export type Message = {
  language: "en" | "es";
  subject: string;
  html: string;
  text: string;
  product: ProductRow;
  notice: Text;
};
export type MergeAsk = {
  winner: CustomerRef;
  loser: CustomerRef;
  reason?: string;
};
export type TraitPair = {
  name: string;
  winner: unknown;
  loser: unknown;
  result: unknown;
};
export type MergePreview = {
  allowed: boolean;
  warnings: Text[];
  winner: CustomerRow;
  loser: CustomerRow;
  result: CustomerRow;
  traits: TraitPair[];
  identifiers: Identifier[];
};
export type MergeSuggestion = {
  id: string;
  a: CustomerRow;
  b: CustomerRow;
  code: string;
  reason: Text;
  at: string;
};
export type Fact = {
  seq: number;
  type: FactType;
  event: string | null;
  customer: string | null;
  messageId: string | null;
  source: string;
  timestamp: string;
  originalTimestamp: string | null;
  sentAt: string | null;
  receivedAt: string;
  body: Record<string, unknown>;
  corrected: boolean;
  deleted: boolean;
  story: Text;
};
export type Correction = {
  body: Record<string, unknown>;
  note?: string;
};
export type LiveEvent = {
  at: string;
  source: string;
  type: FactType;
  event: string | null;
  messageId: string;
  customer: string | null;
  outcome: "accepted" | "duplicate" | "rejected";
  reason: Text | null;
};
export type Rejection = {
  id: number;
  at: string;
  source: string;
  reason: Text;
  code: string;
  body: string;
};
export type TraitSchema = {
  name: string;
  label: Text;
  type: TraitType;
  rule: Rule;
  purpose: string;
  firstSeenAt: string;
  customers: number;
};
export type TraitSchemaEdit = {
  label: Text;
  type: TraitType;
  rule: Rule;
  purpose: string;
};
export type AudienceValue = {
  text: string;
  customers: number;
};
export type AudienceTerm = {
  name: string;
  label: Text;
  group: "purchases" | "customer" | "value" | "likings" | "trait";
  kind: "number" | "text" | "boolean" | "date" | "other";
  customers: number;
  values: AudienceValue[];
  least: string | null;
  most: string | null;
};
export type AudiencePropertyValue = {
  text: string;
  events: number;
};
export type AudienceProperty = {
  name: string;
  kind: "number" | "text" | "boolean" | "date" | "other";
  events: number;
  values: AudiencePropertyValue[];
};
export type AudienceEvent = {
  name: string;
  events: number;
  properties: AudienceProperty[];
};
export type AudienceTerms = {
  ready: boolean;
  progress: number;
  customers: number;
  bytes: number;
  terms: AudienceTerm[];
  events: AudienceEvent[];
};
export type AudienceCountAsk = {
  condition: string;
};
export type AudienceTier = {
  tier: Tier;
  customers: number;
};
export type AudienceWarning = {
  line: number;
  column: number;
  text: string;
};
export type AudienceCount = {
  customers: number;
  total: number;
  tiers: AudienceTier[];
  sample: CustomerRow[];
  plan: string;
  warnings: AudienceWarning[];
  rowByRow: number;
  ms: number;
};
export type AudienceSqlColumn = {
  name: string;
  type: "boolean" | "numeric" | "jsonb" | "date" | "timestamptz";
};
export type AudienceSql = {
  sql: string;
  exact: boolean;
  plan: string;
  columns: AudienceSqlColumn[];
};
export type AudienceNew = {
  name: string;
  condition: string;
  note?: string;
};
export type AudienceVersion = {
  version: number;
  condition: string;
  note: string;
  by: string;
  at: string;
};
export type AudienceSize = {
  day: string;
  customers: number;
};
export type Audience = {
  id: string;
  name: string;
  condition: string;
  version: number;
  customers: number | null;
  broken: string | null;
  createdAt: string;
  changedAt: string;
  by: string;
  note: string;
};
export type AudiencePage = {
  audience: Audience;
  versions: AudienceVersion[];
  sizes: AudienceSize[];
};
export type AudienceChange = {
  customer: CustomerRow;
  entered: boolean;
  at: string;
  because: "fact" | "time" | "tiers" | "audience" | "recount";
  fact: number | null;
  audience: string | null;
};
export type AudienceOverlap = {
  id: string;
  name: string;
  customers: number;
  both: number;
};
export type AudienceOf = {
  id: string;
  name: string;
  since: string | null;
};
export type AudienceExplainAsk = {
  condition: string;
  customer: CustomerRef;
};
export type AudienceFigure = {
  name: string;
  value: unknown;
};
export type AudienceStep = {
  text: string;
  joint: "and" | "or" | "not" | "none";
  is: boolean | null;
  values: AudienceFigure[];
  parts: AudienceStep[];
};
export type AudienceExplained = {
  customer: CustomerRow;
  in: boolean;
  step: AudienceStep;
};
export type AudienceCompareAsk = {
  before: string;
  after: string;
};
export type AudienceCompared = {
  before: number;
  after: number;
  gains: number;
  loses: number;
  stays: number;
  gained: CustomerRow[];
  lost: CustomerRow[];
};
export type Model = {
  id: string;
  name: string;
  version: number;
  createdAt: string;
  changedAt: string;
  by: string;
  note: string;
};
export type ModelField = {
  name: string;
  type?: string;
};
export type ModelNew = {
  name: string;
  note?: string;
  xml?: string;
  inputs?: ModelField[];
  outputType?: string;
};
export type SheetInput = {
  id: string;
  label: string;
  expression: string;
  type: string;
  values: string;
};
export type SheetOutput = {
  id: string;
  name: string;
  label: string;
  type: string;
  values: string;
  otherwise: string;
};
export type SheetRule = {
  id: string;
  tests: string[];
  says: string[];
  note: string;
};
export type Sheet = {
  decisionId: string;
  decision: string;
  hitPolicy: "UNIQUE" | "FIRST" | "PRIORITY" | "ANY" | "COLLECT" | "RULE ORDER" | "OUTPUT ORDER";
  aggregation: string;
  inputs: SheetInput[];
  outputs: SheetOutput[];
  rules: SheetRule[];
};
export type ModelElement = {
  kind: "input" | "decision" | "knowledge" | "service";
  name: string;
};
export type ModelFlaw = {
  element: string;
  line: number;
  column: number;
  text: string;
};
export type TableFinding = {
  kind: "gap" | "overlap" | "unreachable" | "duplicate" | "type";
  a: number;
  b: number;
  where: string;
  example: string;
  text: string;
  tests: string[];
};
export type TableCheck = {
  findings: TableFinding[];
  leftOut: number;
  cut: boolean;
};
export type ModelPage = {
  model: Model;
  elements: ModelElement[];
  tables: Sheet[];
  flaws: ModelFlaw[];
  warnings: ModelFlaw[];
  checks: TableCheck[];
};
export type ModelEdit = {
  name: string;
  note: string;
  xml: string;
  table: Sheet;
  version: number;
};
export type ModelVersion = {
  version: number;
  note: string;
  by: string;
  at: string;
};
export type ModelCheckAsk = {
  table: Sheet;
};
export type ModelDecideAsk = {
  decision: string;
  input?: Record<string, unknown>;
  customer?: CustomerRef;
  table?: Sheet;
};
export type ModelDecided = {
  notes: string[];
  value: unknown;
  hits: number[];
};
export type ModelBaseAsk = {
  decision: string;
  table?: Sheet;
};
export type ModelTraitAsk = {
  decision: string;
  output?: string;
  trait?: string;
};
export type ModelBase = {
  customers: number;
  rules: number[];
  none: number;
  conflict: number;
};
export type ProductRow = {
  id: string;
  title: string;
  category: string | null;
  price: number | null;
  stock: number | null;
  kind: ProductKind;
  active: boolean;
  imageUrl: string | null;
  url: string | null;
};
export type Variant = {
  id: string;
  title: string;
  price: number | null;
  stock: number | null;
  attributes: Record<string, unknown>;
};
export type Neighbour = {
  product: ProductRow;
  similarity: number;
  together: number;
};
export type Product = {
  id: string;
  title: string;
  category: string | null;
  price: number | null;
  stock: number | null;
  kind: ProductKind;
  active: boolean;
  imageUrl: string | null;
  url: string | null;
  description: string;
  variants: Variant[];
  sold: number;
  neighbours: Neighbour[];
};
export type ProductPut = {
  id?: string;
  title: string;
  category?: string | null;
  price?: number | null;
  stock?: number | null;
  kind?: ProductKind;
  active?: boolean;
  imageUrl?: string | null;
  url?: string | null;
  description?: string;
  variants?: Variant[];
};
export type Category = {
  id: string;
  name: Text;
  parent: string | null;
  products: number;
};
export type CategoryPut = {
  name: Text;
  parent?: string | null;
};
export type DecideAsk = {
  customer: CustomerRef | null;
  customers: (CustomerRef | null)[];
  category: string;
  limit: number;
  log: boolean;
};
export type Reason = {
  code: "bought_together" | "popular_in_category" | "popular" | "declared" | "viewed" | "similar_customers" | "similar_orders" | "bought_again" | "new_like";
  product: string | null;
  count: number | null;
  month: string | null;
  text: Text;
};
export type Proposal = {
  product: ProductRow;
  score: number;
  reasons: Reason[];
};
export type Decision = {
  id: string | null;
  customer: string | null;
  at: string;
  model: string;
  proposals: Proposal[];
};
export type Decisions = {
  items: Decision[];
};
export type DecideAnswer = Decision | Decisions;
export type Hit = {
  name: string;
  hitRateAt10: number;
  low: number;
  high: number;
};
export type HitGroup = {
  orders: string;
  customers: number;
  model: number;
  baseline: number;
  recent: number;
};
export type Lead = {
  over: "baseline" | "recent";
  value: number;
  low: number;
  high: number;
};
export type Evaluation = {
  at: string;
  cutoff: string;
  heldBackDays: number;
  customers: number;
  model: Hit;
  baseline: Hit;
  recent: Hit;
  lead: Lead;
  byOrders: HitGroup[];
  protocol: Text;
};
export type EvaluationAsk = {
  heldBackDays: number;
};
export type JobTrait = {
  model: string;
  version: number;
  decided: number;
  undecided: number;
  conflicts: number;
  changed: number;
};
export type Job = {
  id: string;
  kind: "import" | "evaluation" | "trait" | "value" | "tiers" | "share" | "recommend";
  name: string;
  state: "waiting" | "running" | "done" | "cancelled" | "failed";
  format: string;
  dryRun: boolean;
  startedAt: string;
  endedAt: string | null;
  bytesDone: number;
  bytesTotal: number;
  rows: number;
  imported: number;
  duplicates: number;
  rejected: number;
  facts: number;
  amount: number;
  rowsPerSecond: number;
  secondsLeft: number | null;
  error: string | null;
  trait: JobTrait | null;
};
export type TierRow = {
  tier: Tier;
  customers: number;
  value: number;
};
export type Day = {
  day: string;
  received: number;
  rejected: number;
  newCustomers: number;
  orders: number;
  revenue: number;
};
export type Source = {
  name: string;
  lastSeenAt: string;
  today: number;
};
export type Today = {
  day: string;
  received: number;
  duplicates: number;
  rejected: number;
  newCustomers: number;
  orders: number;
  revenue: number;
  customers: number;
  known: number;
  facts: number;
  products: number;
  tiers: TierRow[];
  days: Day[];
  sources: Source[];
  tips: Text[];
};
export type ValueParameter = {
  name: string;
  value: number;
  error: number | null;
};
export type ValueModel = {
  name: string;
  converged: boolean;
  logLikelihood: number | null;
  diagnosis: string;
  parameters: ValueParameter[];
};
export type ValueProofRow = {
  name: "bg-nbd" | "mbg-nbd" | "pareto-nbd" | "ggompertz-nbd" | "rate" | "hiatus" | "spent" | "frequency" | "recency";
  total: number | null;
  mae: number | null;
  rmse: number | null;
  correlation: number | null;
  active: number | null;
  top: number | null;
  within: number | null;
};
export type ValueFrequency = {
  repeats: number;
  customers: number;
  actual: number;
  expected: number;
};
export type ValueNewCustomers = {
  customers: number;
  actual: number;
  expected: number;
  expectedByCovariates: number;
  rmse: number | null;
  rmseByCovariates: number | null;
  covariates: {
    name: "channel" | "month" | "firstValue";
    used: boolean;
    gain: number;
  }[];
};
export type ValueProof = {
  from: string;
  days: number;
  customers: number;
  actual: number;
  best: "bg-nbd" | "mbg-nbd" | "pareto-nbd" | "ggompertz-nbd";
  rows: ValueProofRow[];
  newCustomers?: ValueNewCustomers;
  byFrequency: ValueFrequency[];
};
export type ValueWeek = {
  from: string;
  actual: number;
  expected: number;
};
export type ValueCell = {
  repeats: number;
  quietWeeks: number;
  customers: number;
  alive: number;
  expected: number;
};
export type ValueReport = {
  fittedAt: string;
  from: string;
  asOf: string;
  tookMs: number;
  people: number;
  customers: number;
  transactions: number;
  horizonDays: number;
  discount: number;
  margin: number;
  model: "bg-nbd" | "mbg-nbd" | "pareto-nbd" | "ggompertz-nbd";
  value: number;
  expected: number;
  meanSpend: number;
  frequencySpend: number | null;
  models: ValueModel[];
  proof: ValueProof | null;
  weeks: ValueWeek[];
  map: ValueCell[];
};
export type Estimate = {
  value: number;
  low: number;
  high: number;
};
export type RecommendModel = {
  kind: "neighbours" | "walk" | "ease" | "content" | "ials" | "sessions" | "trend";
  fitted: boolean;
  weight: number;
  bytes: number;
};
export type RecommendVersion = {
  version: string;
  fittedAt: string;
  tookMs: number;
  learntAt: string | null;
  orders: number;
  lines: number;
  customers: number;
  products: number;
  sessions: number;
  bytes: number;
  models: RecommendModel[];
};
export type RecommendQuality = {
  kind: "neighbours" | "walk" | "ease" | "content" | "ials" | "sessions" | "trend" | "shown" | "popular" | "cooccurrence";
  recallAt20: Estimate;
  ndcgAt10: Estimate;
  hitRateAt10: Estimate;
};
export type RecommendLead = {
  over: "neighbours" | "walk" | "ease" | "content" | "ials" | "sessions" | "trend" | "shown" | "popular" | "cooccurrence";
  value: number;
  low: number;
  high: number;
};
export type RecommendBlend = {
  counts: boolean;
  bestSingle: "neighbours" | "walk" | "ease" | "content" | "ials" | "sessions" | "trend";
  learntOn: number;
  measuredOn: number;
  lead: Estimate;
};
export type RecommendProof = {
  at: string;
  cutoff: string;
  heldBackDays: number;
  customers: number;
  quality: RecommendQuality[];
  lead: RecommendLead;
  blend: RecommendBlend;
};
export type Recommendations = {
  health: "nothing" | "first" | "few" | "blend" | "single";
  why: Text;
  proof: RecommendProof | null;
  versions: RecommendVersion[];
};
export type ModelProposals = {
  kind: "neighbours" | "walk" | "ease" | "content" | "ials" | "sessions" | "trend" | "shown";
  weight: number;
  proposals: Proposal[];
};
export type CustomerRecommendations = {
  customer: string;
  models: ModelProposals[];
};
export type ValuePage = {
  id: number | null;
  report: ValueReport | null;
};
export type ValueFit = {
  id: number;
  fittedAt: string;
  asOf: string;
  model: "bg-nbd" | "mbg-nbd" | "pareto-nbd" | "ggompertz-nbd";
  tookMs: number;
  customers: number;
  transactions: number;
  value: number;
  expected: number;
  meanSpend: number;
  converged: boolean;
  diagnosis: string;
  proofDays: number | null;
  rmse: number | null;
};
export type ValueMoment = {
  day: string;
  alive: number;
};
export type ValueTransaction = {
  day: string;
  value: number;
};
export type AffinityShare = {
  value: string;
  label: Text;
  share: number;
  customers: number;
  condition: string;
};
export type AffinityAttribute = {
  name: "category" | "brand" | "priceLevel" | "hour" | "weekday" | "channel";
  column: string;
  label: Text;
  known: number;
  values: AffinityShare[];
  more: number;
};
export type Affinities = {
  ready: boolean;
  progress: number;
  asOf: string;
  customers: number;
  halfLifeDays: number;
  evidenceNeeded: number;
  sureNeeded: number;
  attributes: AffinityAttribute[];
};
export type CustomerAffinityValue = {
  value: string;
  label: Text;
  share: number;
  shopShare: number;
  bought: number;
  looked: number;
  condition: string;
};
export type CustomerAffinity = {
  name: "category" | "brand" | "priceLevel" | "hour" | "weekday" | "channel";
  column: string;
  label: Text;
  known: boolean;
  mean: number | null;
  evidence: number;
  sure: number;
  bought: number;
  looked: number;
  since: string | null;
  values: CustomerAffinityValue[];
  why: Text;
};
export type CustomerAffinities = {
  customer: string;
  asOf: string;
  halfLifeDays: number;
  attributes: CustomerAffinity[];
};
export type CustomerValue = {
  customer: string;
  bought: boolean;
  asOf: string;
  horizonDays: number;
  alive: number | null;
  expectedOrders: number | null;
  expectedOrderValue: number | null;
  lifetimeValue: number | null;
  ordersLow: number | null;
  ordersHigh: number | null;
  lifetimeValueLow: number | null;
  lifetimeValueHigh: number | null;
  why: Text;
  valueTier: CustomerValueTier | null;
  history: ValueMoment[];
  transactions: ValueTransaction[];
};
export type ValueTierName = "most_valuable" | "most_growable" | "migrator" | "below_zero" | "partner" | "newcomer";
export type TierPlan = {
  contactsPerMonth: number;
  service: "self" | "standard" | "priority" | "personal";
  manager: boolean;
  discountMost: number;
  changedAt: string | null;
  by: string | null;
};
export type TierPlanPut = {
  contactsPerMonth: number;
  service: "self" | "standard" | "priority" | "personal";
  manager: boolean;
  discountMost: number;
};
export type TierCuts = {
  valuable: number | null;
  growable: number | null;
  floor: number;
  aliveLeast: number;
  reachRate: number;
  margin: number;
};
export type TierMove = {
  from: ValueTierName | null;
  to: ValueTierName;
  customers: number;
  value: number;
};
export type TierFit = {
  id: number;
  fittedAt: string;
  asOf: string;
  valueFit: number;
  cuts: TierCuts;
  movement: TierMove[];
};
export type ValueTierRow = {
  tier: ValueTierName;
  label: Text;
  customers: number;
  actualValue: number;
  lifetimeValue: number;
  plan: TierPlan;
};
export type TiersPage = {
  fit: TierFit | null;
  tiers: ValueTierRow[];
};
export type ValueTierCustomer = {
  customer: CustomerRow;
  lifetimeValue: number;
  since: string;
};
export type CustomerValueTier = {
  tier: ValueTierName;
  label: Text;
  since: string;
  leaning: ValueTierName | null;
  brings: number | null;
  couldBring: number | null;
  why: Text;
  plan: TierPlan;
};
export type AllocationChannelAsk = {
  name: string;
  capacity?: number;
};
export type AllocationTreatmentAsk = {
  name: string;
  channel?: string;
  cost: number;
  condition?: string;
  effect: number | Record<string, number>;
};
export type AllocationAsk = {
  budget?: number;
  contacts?: number;
  channels?: AllocationChannelAsk[];
  treatments: AllocationTreatmentAsk[];
};
export type AllocationRow = {
  id: string;
  at: string;
  by: string;
  budget: number | null;
  contactsMost: number | null;
  people: number;
  contacts: number;
  value: number;
  cost: number;
  bound: number;
  gap: number;
  moneyWorth: number;
  contactWorth: number;
};
export type AllocationTier = {
  tier: ValueTierName;
  people?: number;
  customers: number;
  value: number;
};
export type AllocationChannel = {
  name: string;
  capacity: number | null;
  used: number;
  worth: number;
};
export type AllocationChoice = {
  customer: CustomerRow;
  treatment: string;
  tier: ValueTierName;
  value: number;
  cost: number;
};
export type AllocationTreatment = {
  name: string;
  channel: string | null;
  customers: number;
  value: number;
  cost: number;
  tiers: AllocationTier[];
  sample: AllocationChoice[];
};
export type Allocation = {
  id: string;
  at: string;
  by: string;
  budget: number | null;
  contactsMost: number | null;
  people: number;
  contacts: number;
  value: number;
  cost: number;
  bound: number;
  gap: number;
  moneyWorth: number;
  contactWorth: number;
  tiers: AllocationTier[];
  channels: AllocationChannel[];
  treatments: AllocationTreatment[];
};
export type ShareUnknown = {
  why: "few alike" | "too wide";
  customers: number;
};
export type ShareGroup = {
  kind: "person" | "company";
  customers: number;
  declared: number;
  by: "none" | "trees" | "tobit" | "group";
  trees: number;
  shift: number | null;
  spread: number | null;
};
export type ShareNorm = {
  panel: number;
  share: number | null;
  penetration: number | null;
  loyal: number | null;
  categoryPenetration: number | null;
  whyNot: string | null;
};
export type ShareCategory = {
  category: string | null;
  customers: number;
  known: number;
  own: number;
  ownKnown: number;
  wallet: number | null;
  walletLow: number | null;
  walletHigh: number | null;
  share: number | null;
  shareLow: number | null;
  shareHigh: number | null;
  reach: number | null;
  reachLow: number | null;
  reachHigh: number | null;
  unknown: ShareUnknown[];
  groups: ShareGroup[];
  norm: ShareNorm;
};
export type ShareReport = {
  fittedAt: string;
  from: string;
  asOf: string;
  tookMs: number;
  customers: number;
  unlined: number;
  bytes: number;
  categories: ShareCategory[];
};
export type SharePage = {
  id: number | null;
  ready: boolean;
  report: ShareReport | null;
};
export type ShareReach = {
  customer: CustomerRow;
  own: number;
  potential: number | null;
  declared: number | null;
  wallet: number | null;
  walletLow: number | null;
  walletHigh: number | null;
  share: number | null;
  low: number | null;
  high: number | null;
  reach: number | null;
};
export type ShareOfCategory = {
  category: string | null;
  known: "known" | "not fitted" | "not buying" | "few alike" | "too wide";
  own: number;
  potential: number | null;
  declared: number | null;
  wallet: number | null;
  walletLow: number | null;
  walletHigh: number | null;
  share: number | null;
  low: number | null;
  high: number | null;
  reach: number | null;
  why: Text;
};
export type CustomerShare = {
  customer: string;
  days: number;
  categories: ShareOfCategory[];
};
export type Setting = {
  name: string;
  value: string | null;
  from: string;
  help: Text;
};
