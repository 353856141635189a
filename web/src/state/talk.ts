import { computed, signal } from '@preact/signals';

import * as api from '../api';
import { Failure } from '../api';
import { rename as renameRoute, route } from '../route';
import { applyEvent, beginTurn, mergeMessages, type LiveTurn } from '../turn';
import type { Message, NewTurn, SessionInfo, TurnDone, TurnEvent } from '../wire';
import { t } from '../words';
import { announce, me, noteKeyTrouble } from './app';
import { keepCard } from './cards';
import { clearDraft, draft, giveBack, loadDraft, moveDraft } from './draft';
import { noteWritten } from './sessions';

// The talk that is open: its messages, and the turn that is being answered.

export const session = signal<SessionInfo | null>(null);
export const messages = signal<Message[]>([]);
export const opening = signal(false);
export const openFailure = signal<Failure | null>(null);
export const editing = signal<{ index: number; text: string } | null>(null);

// What went wrong with the last turn, and how to try again.
export const trouble = signal<{ id: string | null; failure: Failure; retry: () => void } | null>(
  null,
);

// Turns under way by session: one that was begun here goes on when another talk is opened.
const turns = signal<Record<string, LiveTurn>>({});
export const live = computed(() => turns.value[session.value?.id ?? ''] ?? null);

export const readOnly = computed(() => {
  const owner = session.value?.owner;
  return owner !== undefined && me.value !== null && owner !== '' && owner !== me.value.name;
});

// Not while a talk is still being fetched, or could not be.
export const mayWrite = computed(
  () => !readOnly.value && (session.value?.id ?? null) === route.value.id,
);

// The messages to show: what a turn under way replaces is left out.
export const shown = computed(() => {
  const turn = live.value;
  return turn ? messages.value.filter((each) => each.index < turn.from) : messages.value;
});

export function setTurn(id: string, turn: LiveTurn | null): void {
  const others = { ...turns.value };
  delete others[id];
  turns.value = turn ? { ...others, [id]: turn } : others;
}

export const turnOf = (id: string): LiveTurn | null => turns.value[id] ?? null;

export async function open(id: string | null): Promise<void> {
  if (id === (session.value?.id ?? null) && !openFailure.value) return;
  session.value = null;
  messages.value = [];
  editing.value = null;
  trouble.value = null;
  openFailure.value = null;
  loadDraft(id);
  if (id === null) return;
  opening.value = true;
  try {
    const found = await api.getSession(id);
    if (route.value.id === id) adopt(found, found.messages);
  } catch (error) {
    if (route.value.id === id && !noteKeyTrouble(error)) openFailure.value = error as Failure;
  } finally {
    opening.value = false;
  }
}

function adopt(found: SessionInfo, all: Message[]): void {
  session.value = found;
  messages.value = all;
}

export async function refresh(id: string): Promise<void> {
  const found = await api.getSession(id);
  if (session.value?.id === id) adopt(found, found.messages);
}

export async function send(text: string): Promise<void> {
  const words = text.trim();
  if (!words || live.value || !mayWrite.value) return;
  trouble.value = null;
  let id = session.value?.id;
  clearDraft(id ?? null);
  if (!id) {
    try {
      const made = await api.createSession();
      id = made.id;
      adopt(made, []);
      moveDraft(id);
      noteWritten(made);
      renameRoute({ view: route.value.view, id });
    } catch (error) {
      giveBack(null, words);
      note(null, error, () => void send(draft.value || words));
      return;
    }
  }
  const from = await placeOf(id, words, messages.value.length);
  await run(id, { text: words, from: from ?? undefined }, from ?? messages.value.length, words);
}

// After a lost connection nobody here knows whether the server has kept the client's words. Saying
// them again then replaces them instead of saying them twice.
const unsure = new Set<string>();
async function placeOf(id: string, words: string, at: number): Promise<number | null> {
  if (!unsure.has(id)) return null;
  try {
    await refresh(id);
  } catch {
    return null; // the turn itself will tell what is wrong
  }
  unsure.delete(id);
  return messages.value.find((each) => each.index >= at && each.text === words)?.index ?? null;
}

export function regenerate(): Promise<void> {
  const id = session.value?.id;
  if (!id || live.value) return Promise.resolve();
  trouble.value = null;
  const last = messages.value.at(-1);
  const from = last?.role === 'counsellor' ? last.index : messages.value.length;
  return run(id, {}, from, null);
}

export function edit(index: number, text: string): Promise<void> {
  const id = session.value?.id;
  if (!id || live.value || !text.trim()) return Promise.resolve();
  trouble.value = null;
  editing.value = null;
  return run(id, { text: text.trim(), from: index }, index, text.trim());
}

export async function stop(): Promise<void> {
  const id = session.value?.id;
  const turn = live.value;
  if (!id || !turn) return;
  setTurn(id, { ...turn, stopping: true });
  try {
    await api.stopTurn(id);
  } catch (error) {
    note(id, error, () => void stop());
  }
}

async function run(id: string, turn: NewTurn, from: number, said: string | null): Promise<void> {
  setTurn(id, beginTurn(from, said, performance.now()));
  try {
    for await (const event of api.takeTurn(id, turn, new AbortController().signal)) {
      if (event.event === 'done') {
        const done = event as TurnDone;
        finish(id, done);
        // Stopped before its first word: nothing is kept, and what was said is the person's again.
        if (done.messages.length === 0 && said !== null && turn.from === undefined) giveBack(id, said);
        return;
      }
      take(id, event);
    }
    throw new Failure('lost', 0, 'the answer ended early');
  } catch (error) {
    setTurn(id, null);
    if ((error as Failure).kind === 'lost') unsure.add(id);
    if (turn.from !== undefined && said !== null && turn.from < messages.value.length) {
      editing.value = { index: turn.from, text: said };
      note(id, error, () => void edit(turn.from!, editing.value?.text ?? said));
    } else if (said !== null) {
      giveBack(id, said);
      note(id, error, () => void send(draft.value || said));
    } else {
      note(id, error, () => void regenerate());
    }
  }
}

// One event of a turn, from our own stream or one looked on at.
export function take(id: string, event: TurnEvent): void {
  if (event.event === 'error') {
    throw new Failure('server', 200, event.error.message, event.error.code);
  }
  const turn = turns.value[id];
  if (!turn) return;
  setTurn(id, applyEvent(turn, event, performance.now()));
  if (event.event === 'risk' && event.card) {
    keepCard(id, turn.clientText === null ? turn.from : turn.from + 1, event.card);
  }
}

export function finish(id: string, done: TurnDone): void {
  setTurn(id, null);
  unsure.delete(id);
  noteWritten(done.session);
  if (session.value?.id !== id) return;
  adopt(done.session, mergeMessages(messages.value, done.messages));
  const reply = done.messages.find((each) => each.role === 'counsellor');
  if (reply) announce(`${t('talk.counsellor')}: ${reply.text}`);
}

function note(id: string | null, error: unknown, retry: () => void): void {
  if (noteKeyTrouble(error)) return;
  trouble.value = { id, failure: error as Failure, retry };
}
