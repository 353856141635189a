// report.json, as `emostage eval` writes it. A number may be null: too few for a statistic, and
// `why` says of what. Later versions may add keys.

export type Maybe = number | null | undefined;
export type Better = 'higher' | 'lower' | 'neither';

export interface Estimate {
  value: Maybe;
  low: Maybe;
  high: Maybe;
}

export interface Value {
  method: string;
  language: string; // 'all', 'en', …
  phase: string; // 'all', or a phase's id
  n: Maybe;
  dialogues?: Maybe;
  mean: Maybe;
  low: Maybe;
  high: Maybe;
  why?: string | null;
}

export interface Comparison {
  method: string;
  against: string;
  language: string;
  difference: Maybe;
  low: Maybe;
  high: Maybe;
  p: Maybe;
  p_holm: Maybe;
  effect: Maybe;
  n: Maybe;
  at_equal_length?: { difference: Maybe; low: Maybe; high: Maybe } | null;
  why?: string | null;
}

export interface Metric {
  id: string;
  title: string;
  group: string;
  better: Better;
  unit?: string;
  about?: string;
  values: Value[];
  comparisons: Comparison[];
}

export interface Bin {
  from: number;
  to: number;
  n: number;
  confidence: Maybe;
  accuracy: Maybe;
}

export interface LabelRow {
  method: string;
  baseline?: boolean;
  n: Maybe;
  accuracy?: Estimate | null;
  macro_f1?: Estimate | null;
  kappa?: Estimate | null;
  ece?: Maybe;
  brier?: Maybe;
  confusion?: number[][] | null; // of the recorded label, then the one found
  reliability?: Bin[] | null;
  early?: Maybe;
  late?: Maybe;
  why?: string | null;
}

// Of one reading's accuracy with another's, turn by turn.
export interface LabelComparison {
  method: string;
  against: string;
  difference: Maybe;
  low: Maybe;
  high: Maybe;
  p: Maybe;
  n: Maybe; // dialogues
}

export interface LabelTask {
  task: string;
  title: string;
  language: string;
  labels: string[];
  rows: LabelRow[];
  comparisons?: LabelComparison[];
}

export interface Strategy {
  method: string;
  language: string;
  labels: string[];
  preference: Maybe[];
  bias: Maybe;
  macro_f1?: Maybe;
  why?: string | null;
}

export interface Cost {
  method: string;
  ms: { mean: Maybe; low: Maybe; high: Maybe } | null;
  first_token_ms?: Maybe;
  calls?: Maybe;
  read?: Maybe;
  reused?: Maybe;
  written?: Maybe;
}

export interface Step {
  name?: string;
  ms?: Maybe;
  prompt_tokens?: Maybe;
  reused_tokens?: Maybe;
  output_tokens?: Maybe;
  output?: unknown;
}

// The parts of the answer object (docs/wire.md) that the report draws.
export interface Answer {
  language?: string;
  steps?: Step[];
  total_ms?: Maybe;
  state?: unknown;
  phase?: { label?: string; probabilities?: Record<string, Maybe> } | null;
  risk?: unknown;
}

export interface Example {
  why: string;
  method: string;
  dialogue: string;
  turn: Maybe;
  language?: string;
  history: { role: string; text: string }[];
  reply: string;
  reference?: string | null;
  scores: Record<string, Maybe>;
  answer?: Answer | null;
}

export interface Run {
  title?: string;
  made?: string;
  command?: string;
  emostage?: string;
  model?: { name?: string; id?: string } | string | null;
  judges?: { name: string; rubrics?: string[]; checked?: boolean }[];
  data?: {
    name?: string;
    sha256?: string;
    dialogues?: Maybe;
    items?: Maybe;
    languages?: Record<string, number>;
  };
  mode?: string;
  seed?: Maybe;
  shard?: string | null;
}

export interface Compared {
  metric: string;
  title?: string;
  method?: string; // that both runs have
  language: string;
  better?: Better;
  a: Maybe;
  b: Maybe;
  difference: Maybe;
  low: Maybe;
  high: Maybe;
  p: Maybe;
  p_holm: Maybe;
  effect: Maybe;
  n: Maybe;
  why?: string | null;
}

// How far two people who labelled the same turns agree.
export interface Agreement {
  task: string;
  language: string;
  n: Maybe;
  same: Maybe;
  kappa: Maybe;
}

export interface Report extends Run {
  version: number;
  notes: string[];
  baseline: string | null;
  methods: { id: string; summary?: string; trivial?: boolean; items?: Maybe; failed?: Maybe }[];
  metrics: Metric[];
  labels: LabelTask[];
  strategies: Strategy[];
  cost: Cost[];
  examples: Example[];
  compare: Compared[];
  runs: { name: string; run: Run | string }[];
  agreement: Agreement[];
  // Figures of all replies together: method, language, replies, and whatever was measured.
  corpus: Record<string, unknown>[];
}

const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

// Two runs in a list are A and B; in an object they have names.
function readRuns(runs: unknown): Report['runs'] {
  if (runs === null || typeof runs !== 'object') return [];
  const named = Array.isArray(runs)
    ? runs.map((run, i): [string, unknown] => [String.fromCharCode(65 + i), run])
    : Object.entries(runs).map(([name, run]): [string, unknown] => [name.toUpperCase(), run]);
  return named.map(([name, run]) => ({ name, run: run as Run | string }));
}

// The report in a JSON text, with what it leaves out as empty. Null where there is none.
export function readReport(json: string): Report | null {
  const raw = JSON.parse(json) as (Partial<Report> & { runs?: unknown }) | null;
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return null;
  return {
    ...raw,
    version: raw.version ?? 1,
    baseline: raw.baseline ?? null,
    notes: list(raw.notes),
    methods: list(raw.methods),
    metrics: list<Metric>(raw.metrics).map((metric) => ({
      ...metric,
      values: list(metric.values),
      comparisons: list(metric.comparisons),
    })),
    labels: list(raw.labels),
    strategies: list(raw.strategies),
    cost: list(raw.cost),
    examples: list(raw.examples),
    compare: list(raw.compare),
    runs: readRuns(raw.runs),
    agreement: list(raw.agreement),
    corpus: list(raw.corpus),
  };
}

// Each once, in the order of their first coming.
export const distinct = <T>(values: T[]): T[] => [...new Set(values)];

// 'all' first, then as they come.
export function languagesOf(values: { language: string }[]): string[] {
  const found = distinct(values.map((each) => each.language));
  const single = found.filter((each) => each !== 'all');
  // Of one language alone, 'all' says the same again.
  if (single.length === 1 && found.includes('all')) return ['all'];
  return found.includes('all') ? ['all', ...single] : single;
}
