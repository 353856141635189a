import { effect, signal } from '@preact/signals';

import * as api from '../api';
import { Failure } from '../api';
import type { Me } from '../wire';
import { language } from '../words';

// Who we are to the server, and how the page is set.

export type Theme = 'system' | 'light' | 'dark';

const kThemeSlot = 'emostage-theme';
const kSeenSlot = 'emostage-disclosure-seen';

export const me = signal<Me | null>(null);
export const startFailure = signal<Failure | null>(null);
export const keyState = signal<'fine' | 'needed' | 'refused'>('fine');
export const theme = signal<Theme>((localStorage.getItem(kThemeSlot) as Theme | null) ?? 'system');
export const disclosure = signal<'first' | 'again' | 'closed'>(
  localStorage.getItem(kSeenSlot) ? 'closed' : 'first',
);
export const settingsOpen = signal(false);
export const drawerOpen = signal(false);

// Read out by screen readers when it changes; not shown.
export const announcement = signal('');
export const announce = (text: string): void => {
  announcement.value = text;
};

export function acknowledgeDisclosure(): void {
  localStorage.setItem(kSeenSlot, '1');
  disclosure.value = 'closed';
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(kThemeSlot, chosen);
}

export async function start(): Promise<void> {
  startFailure.value = null;
  try {
    const answer = await api.me();
    me.value = answer;
    if (answer.keys_needed && !api.storedKey()) keyState.value = 'needed';
  } catch (error) {
    if (!noteKeyTrouble(error)) startFailure.value = error as Failure;
  }
}

// A key that the server does not take is asked for again.
export function noteKeyTrouble(error: unknown): boolean {
  if (!(error instanceof Failure) || error.status !== 401) return false;
  keyState.value = api.storedKey() ? 'refused' : 'needed';
  return true;
}

export async function useKey(key: string): Promise<void> {
  api.storeKey(key.trim());
  keyState.value = 'fine';
  await start();
}

export function dressDocument(): void {
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-Hans' : language.value;
  });
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
}
