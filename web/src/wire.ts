// What the server sends and takes; docs/wire.md says what each field means.

export type Language = 'en' | 'zh' | 'ja';
export type LanguageChoice = 'auto' | Language;
export type RiskLevel = 'none' | 'low' | 'moderate' | 'high' | 'imminent';

export interface RiskEvidence {
  source: 'patterns' | 'words' | 'model';
  level: RiskLevel;
  kind: string | null;
  rule: string | null;
  words: string;
}

// For the role `client`: level, took_over and card only.
export interface Risk {
  level: RiskLevel | null;
  turn_level?: RiskLevel | null;
  took_over?: boolean;
  held_back?: string | null;
  model_failed?: boolean;
  evidence?: RiskEvidence[];
}

export interface HelpLine {
  name: string;
  number: string;
  hours?: string;
}

// What to show to someone who may be in danger. The server's words, already in the talk's language.
export interface RiskCardContent {
  title: string;
  text: string;
  lines: HelpLine[];
}

export interface RiskEvent extends Risk {
  card?: RiskCardContent | null;
}

export interface ClientState {
  feels: { emotion: string; intensity: number }[];
  situation: string;
  thinks: string;
  needs: string[];
}

export interface Phase {
  label: string;
  scheme: string;
  probabilities: Record<string, number>;
}

export interface Step {
  name: string;
  ms: number;
  prompt_tokens: number;
  reused_tokens: number;
  output_tokens: number;
  output: unknown;
}

// For the role `client` the server leaves out what was thought on the way.
export interface Answer {
  reply: string;
  method: string;
  model: string;
  language: Language;
  disclosure?: string | null;
  risk: RiskEvent;
  state?: ClientState | null;
  phase?: Phase | null;
  steps?: Step[];
  total_ms?: number;
}

export interface Message {
  index: number;
  role: 'client' | 'counsellor';
  text: string;
  at_ms: number;
  cancelled?: boolean;
  answer?: Answer | null;
}

export interface SessionInfo {
  id: string;
  title: string;
  owner: string;
  client: string;
  method: string;
  scheme: string;
  model: string;
  language: LanguageChoice;
  seed: number;
  created_ms: number;
  updated_ms: number;
}

export interface Session extends SessionInfo {
  messages: number;
}

export interface SessionWithMessages extends SessionInfo {
  messages: Message[];
}

export interface SessionPage {
  sessions: Session[];
  next: string | null;
}

export interface SessionChange {
  title?: string;
  method?: string;
  scheme?: string;
  model?: string;
  language?: LanguageChoice;
}

export interface NewTurn {
  text?: string; // missing: the client's last turn is answered again
  from?: number; // the message to replace, with all that follow
}

export interface TurnDone {
  session: Session;
  messages: Message[]; // those that were written
}

export interface Lane {
  method: string;
  scheme?: string;
  model?: string;
  seed?: number;
}

export interface Comparison {
  session: string;
  upto?: number;
  language?: LanguageChoice;
  lanes: Lane[];
}

export interface Named {
  id: string;
  name: string;
}

export interface Scheme {
  id: string;
  title: string;
  phases: Named[];
}

export interface Method {
  name: string;
  summary: string;
  perspective: boolean;
  phase: boolean;
}

export interface Model {
  name: string;
}

export interface Vocabulary {
  emotions: Named[];
  needs: Named[];
}

export interface Me {
  name: string;
  role: 'local' | 'client' | 'counsellor' | 'researcher';
  keys_needed: boolean;
  may: { see_traces: boolean; see_all_sessions: boolean; compare: boolean };
}

export interface WireError {
  message: string;
  type: string;
  param: string | null;
  code: string;
}

// The events of a turn, by name. In a comparison each has the lane it belongs to.
export type TurnEvent = { lane?: number } & (
  | { event: 'turn'; index: number; method: string; scheme: string }
  | { event: 'step_started'; name: string }
  | ({ event: 'step_done' } & Step)
  | ({ event: 'risk' } & RiskEvent)
  | { event: 'disclosure'; text: string }
  | { event: 'token'; text: string }
  | ({ event: 'reply' } & Answer)
  | ({ event: 'done' } & Partial<TurnDone>)
  | { event: 'error'; error: WireError }
);
