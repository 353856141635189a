import { signal } from '@preact/signals';

import * as api from '../api';
import { Failure } from '../api';
import { beginTurn } from '../turn';
import type { TurnDone } from '../wire';
import { noteKeyTrouble } from './app';
import { finish, messages, refresh, setTurn, take, turnOf } from './talk';

// Looking on at a session: its turns are shown as they happen, whoever asks for them.

const kPauseMs = 2000; // between two attempts to connect

export const following = signal<string | null>(null); // the session that is connected

// Until the returned function is called.
export function follow(id: string): () => void {
  const abort = new AbortController();
  void keepFollowing(id, abort.signal);
  return () => abort.abort();
}

async function keepFollowing(id: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await followOnce(id, signal);
    } catch (error) {
      const failure = error as Failure;
      if (signal.aborted || noteKeyTrouble(failure) || gone(failure)) break;
    }
    dropTurn(id);
    if (following.value === id) following.value = null;
    await pause(kPauseMs, signal);
    // What was said meanwhile was missed.
    if (!signal.aborted) await refresh(id).catch(() => {});
  }
  dropTurn(id);
  if (following.value === id) following.value = null;
}

const gone = (failure: Failure) => failure.status === 403 || failure.status === 404;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function followOnce(id: string, signal: AbortSignal): Promise<void> {
  const connected = () => (following.value = id);
  for await (const event of api.watchSession(id, signal, connected)) {
    if (signal.aborted) return;
    if (turnOf(id)?.own) continue; // our own stream tells the same
    if (event.event === 'turn') {
      const from = Math.min(event.index, messages.value.length);
      setTurn(id, beginTurn(from, null, performance.now(), false));
      take(id, event);
    } else if (event.event === 'done') {
      finish(id, event as TurnDone);
    } else if (event.event === 'error') {
      setTurn(id, null); // whoever asked is told what went wrong
    } else {
      take(id, event);
    }
  }
}

function dropTurn(id: string): void {
  const turn = turnOf(id);
  if (turn && !turn.own) setTurn(id, null);
}
