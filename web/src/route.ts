import { signal } from '@preact/signals';

// The place in the page, kept behind the address's #, so that a reload or a link finds it again.
export interface Route {
  view: 'talk' | 'watch';
  id: string | null; // null: a talk that has not begun
}

export function parseHash(hash: string): Route {
  const [, view, id] = /^#\/(talk|watch)(?:\/([^/]+))?$/.exec(hash) ?? [];
  if (!view) return { view: 'talk', id: null };
  try {
    return { view: view as Route['view'], id: id ? decodeURIComponent(id) : null };
  } catch {
    return { view: view as Route['view'], id: null };
  }
}

export function toHash({ view, id }: Route): string {
  return id ? `#/${view}/${encodeURIComponent(id)}` : `#/${view}`;
}

export const route = signal<Route>(
  typeof location === 'undefined' ? { view: 'talk', id: null } : parseHash(location.hash),
);

export function followAddress(): void {
  addEventListener('hashchange', () => (route.value = parseHash(location.hash)));
}

export function go(to: Route): void {
  location.hash = toHash(to);
}

// The same place under another address: nothing to go back to.
export function rename(to: Route): void {
  history.replaceState(null, '', toHash(to));
  route.value = to;
}
