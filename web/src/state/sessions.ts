import { signal } from '@preact/signals';

import * as api from '../api';
import { Failure } from '../api';
import type { Session } from '../wire';
import { noteKeyTrouble } from './app';
import { forgetCards } from './cards';
import { clearDraft } from './draft';

// The list of earlier talks.

export const sessions = signal<Session[]>([]);
export const query = signal('');
export const next = signal<string | null>(null);
export const listFailure = signal<Failure | null>(null);
export const listLoaded = signal(false);

let asked = 0; // only the newest question's answer counts

export async function load(): Promise<void> {
  await page(null);
}

export async function more(): Promise<void> {
  if (next.value) await page(next.value);
}

async function page(before: string | null): Promise<void> {
  const mine = ++asked;
  try {
    const answer = await api.listSessions(query.value.trim(), before);
    if (mine !== asked) return;
    sessions.value = before ? [...sessions.value, ...answer.sessions] : answer.sessions;
    next.value = answer.next;
    listFailure.value = null;
  } catch (error) {
    if (mine === asked && !noteKeyTrouble(error)) listFailure.value = error as Failure;
  }
  if (mine === asked) listLoaded.value = true;
}

// A talk that was just written to stands first; while searching, the list is left as it was found.
export function noteWritten(session: Session): void {
  const others = sessions.value.filter((each) => each.id !== session.id);
  if (!query.value.trim()) sessions.value = [session, ...others];
  else noteChanged(session);
}

export function noteChanged(session: Session): void {
  sessions.value = sessions.value.map((each) => (each.id === session.id ? session : each));
}

export async function rename(id: string, title: string): Promise<Session> {
  const session = await api.changeSession(id, { title });
  noteChanged(session);
  return session;
}

export async function remove(id: string): Promise<void> {
  await api.deleteSession(id);
  clearDraft(id);
  forgetCards(id);
  sessions.value = sessions.value.filter((each) => each.id !== id);
}

// Hands the talk to the browser as a file.
export async function saveExport(session: { id: string }): Promise<void> {
  const address = URL.createObjectURL(await api.exportSession(session.id));
  const link = document.createElement('a');
  link.href = address;
  link.download = `emostage-${session.id}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
