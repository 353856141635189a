import { computed, signal } from '@preact/signals';

import type { Message } from '../wire';
import { messages } from './talk';

// Which turn of the open talk is looked at.

const chosen = signal<number | null>(null); // a reply's index; null: the newest

export const replies = computed(() => messages.value.filter((each) => each.role === 'counsellor'));

export const chosenReply = computed<Message | null>(
  () => replies.value.find((each) => each.index === chosen.value) ?? replies.value.at(-1) ?? null,
);

export const turnNumber = (reply: Message): number => replies.value.indexOf(reply) + 1;

export function choose(index: number | null): void {
  chosen.value = index;
}
