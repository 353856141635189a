import { signal } from '@preact/signals';

import * as api from '../api';
import { Failure } from '../api';
import { applyEvent, beginTurn, type LiveTurn } from '../turn';
import type { Lane } from '../wire';
import { noteKeyTrouble } from './app';

// One turn answered in several ways. Nothing of it is kept, here or on the server.

export interface LaneState {
  lane: Lane;
  turn: LiveTurn;
  failure: Failure | null;
}

export const lanes = signal<LaneState[]>([]);
export const comparing = signal(false);
export const compareFailure = signal<Failure | null>(null);

let abort: AbortController | null = null;

export async function startCompare(session: string, upto: number, wanted: Lane[]): Promise<void> {
  abort?.abort();
  const mine = new AbortController();
  abort = mine;
  comparing.value = true;
  compareFailure.value = null;
  const turn = beginTurn(0, null, performance.now());
  lanes.value = wanted.map((lane) => ({ lane, turn, failure: null }));
  try {
    for await (const event of api.compare({ session, upto, lanes: wanted }, mine.signal)) {
      if (mine !== abort) return;
      if (event.event === 'done' && event.lane === undefined) break;
      if (event.event === 'error') noteError(event.lane, event.error);
      else changeLane(event.lane ?? 0, (each) => ({ ...each, turn: applyEvent(each.turn, event, performance.now()) }));
    }
  } catch (error) {
    const failure = error as Failure;
    if (mine === abort && !failure.aborted && !noteKeyTrouble(failure)) compareFailure.value = failure;
  }
  if (mine === abort) comparing.value = false;
}

function noteError(lane: number | undefined, { message, code }: { message: string; code: string }) {
  const failure = new Failure('server', 200, message, code);
  if (lane === undefined) compareFailure.value = failure;
  else changeLane(lane, (each) => ({ ...each, failure }));
}

function changeLane(lane: number, change: (each: LaneState) => LaneState): void {
  lanes.value = lanes.value.map((each, i) => (i === lane ? change(each) : each));
}

export function endCompare(): void {
  abort?.abort();
  abort = null;
  comparing.value = false;
}

export function clearCompare(): void {
  endCompare();
  lanes.value = [];
  compareFailure.value = null;
}
