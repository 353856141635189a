import { signal } from '@preact/signals';

import type { Message, RiskCardContent } from '../wire';

// The risk cards that were shown, by talk and reply. The server's own copy in an answer comes
// first; these last as long as the tab, for servers that do not repeat the card.

const kSlot = 'emostage-cards';
type Cards = Record<string, RiskCardContent>;

const cards = signal<Cards>(read());
// The card that stands above the talk until it is put away there; the transcript keeps it.
export const pinned = signal<{ id: string; card: RiskCardContent } | null>(null);

function read(): Cards {
  try {
    return JSON.parse(sessionStorage.getItem(kSlot) ?? '{}') as Cards;
  } catch {
    return {};
  }
}

export function keepCard(id: string, index: number, card: RiskCardContent): void {
  cards.value = { ...cards.value, [`${id}/${index}`]: card };
  sessionStorage.setItem(kSlot, JSON.stringify(cards.value));
  pinned.value = { id, card };
}

export function cardOf(id: string, message: Message): RiskCardContent | null {
  return message.answer?.risk?.card ?? cards.value[`${id}/${message.index}`] ?? null;
}

export function forgetCards(id: string): void {
  const left = Object.entries(cards.value).filter(([place]) => !place.startsWith(`${id}/`));
  cards.value = Object.fromEntries(left);
  sessionStorage.setItem(kSlot, JSON.stringify(cards.value));
  if (pinned.value?.id === id) pinned.value = null;
}
