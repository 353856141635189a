import { signal } from '@preact/signals';

// What is being written, by talk. Kept for this tab only, so that neither a reload nor a failure
// loses it.

const slot = (id: string | null): string => `emostage-draft-${id ?? 'new'}`;

export const draft = signal(sessionStorage.getItem(slot(null)) ?? '');
let place: string | null = null;

export function loadDraft(id: string | null): void {
  place = id;
  draft.value = sessionStorage.getItem(slot(id)) ?? '';
}

export function setDraft(text: string): void {
  draft.value = text;
  keep(place, text);
}

export function clearDraft(id: string | null): void {
  keep(id, '');
  if (id === place) draft.value = '';
}

// Puts words back that could not be sent, before whatever has been written since.
export function giveBack(id: string | null, words: string): void {
  const since = sessionStorage.getItem(slot(id)) ?? '';
  const text = since && since !== words ? `${words}\n\n${since}` : words;
  keep(id, text);
  if (id === place) draft.value = text;
}

function keep(id: string | null, text: string): void {
  if (text) sessionStorage.setItem(slot(id), text);
  else sessionStorage.removeItem(slot(id));
}

// A talk that has just got its id keeps the box it was begun in.
export function moveDraft(id: string): void {
  place = id;
}
