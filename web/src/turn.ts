import type { Answer, Message, RiskEvent, Step, TurnEvent } from './wire';

// A turn that is being answered, put together from its events. Pure: no clock, no network.

export interface LiveStep {
  name: string;
  startMs: number; // since the turn began, by this page's clock
  endMs: number | null;
  step: Step | null;
}

export interface LiveTurn {
  own: boolean; // asked for by this page, not looked on at
  from: number; // messages from this index on are being replaced
  clientText: string | null; // null: the client's words are in the talk already, or not known here
  beganMs: number;
  method: string;
  steps: LiveStep[];
  risk: RiskEvent | null;
  disclosure: string | null;
  text: string;
  answer: Answer | null;
  stopping: boolean;
}

export function beginTurn(
  from: number,
  clientText: string | null,
  nowMs: number,
  own = true,
): LiveTurn {
  return {
    own,
    from,
    clientText,
    beganMs: nowMs,
    method: '',
    steps: [],
    risk: null,
    disclosure: null,
    text: '',
    answer: null,
    stopping: false,
  };
}

export function applyEvent(turn: LiveTurn, event: TurnEvent, nowMs: number): LiveTurn {
  const since = Math.max(0, nowMs - turn.beganMs);
  switch (event.event) {
    case 'turn':
      return { ...turn, method: event.method };
    case 'step_started': {
      const started = { name: event.name, startMs: since, endMs: null, step: null };
      return { ...turn, steps: [...turn.steps, started] };
    }
    case 'step_done':
      return { ...turn, steps: finishStep(turn.steps, event, since) };
    case 'risk': {
      return { ...turn, risk: event };
    }
    case 'disclosure':
      return { ...turn, disclosure: event.text };
    case 'token':
      return { ...turn, text: turn.text + event.text };
    case 'reply':
      return { ...turn, text: event.reply, answer: event };
    default:
      return turn;
  }
}

// Steps of one name end in the order they began. One that was never said to begin began as long
// ago as it took.
function finishStep(steps: LiveStep[], step: Step, since: number): LiveStep[] {
  const open = steps.findIndex((each) => each.name === step.name && each.step === null);
  if (open < 0) {
    const startMs = Math.max(0, since - step.ms);
    return [...steps, { name: step.name, startMs, endMs: since, step }];
  }
  return steps.map((each, i) => (i === open ? { ...each, endMs: since, step } : each));
}

// The talk after a turn: what was written replaces everything from its first message on.
export function mergeMessages(old: Message[], written: Message[]): Message[] {
  if (written.length === 0) return old;
  const first = Math.min(...written.map((message) => message.index));
  return [...old.filter((message) => message.index < first), ...written];
}

export interface Bar {
  step: Step;
  startMs: number;
  endMs: number;
}

// Where the steps of a kept answer lay in time. The trace says how long each took, not when it
// began. Where they fit one after another, they are drawn so. Otherwise some ran side by side: the
// reply ended last, `situation` was asked beside it, and the others began together with the turn.
export function layOutSteps(steps: Step[], totalMs: number): Bar[] {
  const sum = steps.reduce((all, step) => all + step.ms, 0);
  if (sum <= totalMs * 1.02) {
    let at = 0;
    return steps.map((step) => ({ step, startMs: at, endMs: (at += step.ms) }));
  }
  const reply = steps.find((step) => step.name === 'reply');
  const replyStart = Math.max(0, totalMs - (reply?.ms ?? totalMs));
  return steps.map((step) => {
    const startMs = step === reply || step.name === 'situation' ? replyStart : 0;
    return { step, startMs, endMs: startMs + step.ms };
  });
}

export interface BeliefPoint {
  index: number; // of the reply's message
  turn: number; // from 1
  scheme: string;
  label: string;
  shares: { id: string; share: number }[]; // in the scheme's order
}

// The belief over phases after each reply that has one.
export function beliefs(messages: Message[]): BeliefPoint[] {
  const points: BeliefPoint[] = [];
  let turn = 0;
  for (const message of messages) {
    if (message.role !== 'counsellor') continue;
    turn += 1;
    const phase = message.answer?.phase;
    const shares = Object.entries(phase?.probabilities ?? {});
    if (!phase || shares.length === 0) continue;
    points.push({
      index: message.index,
      turn,
      scheme: phase.scheme,
      label: phase.label,
      shares: shares.map(([id, share]) => ({ id, share })),
    });
  }
  return points;
}

// Points that may be joined by one band: turn after turn in the same scheme.
export function runsOfBeliefs(points: BeliefPoint[]): BeliefPoint[][] {
  const runs: BeliefPoint[][] = [];
  for (const point of points) {
    const last = runs.at(-1)?.at(-1);
    if (last && last.scheme === point.scheme && last.turn + 1 === point.turn) {
      runs.at(-1)!.push(point);
    } else {
      runs.push([point]);
    }
  }
  return runs;
}
