import { readEvents } from './sse';
import type {
  Comparison,
  Me,
  Method,
  Model,
  NewTurn,
  Scheme,
  Session,
  SessionChange,
  SessionPage,
  SessionWithMessages,
  TurnEvent,
  Vocabulary,
  WireError,
} from './wire';

// One function a route. All throw Failure, and nothing else.

// What went wrong: `lost` where no (whole) answer came, else the server's status and words.
export class Failure extends Error {
  constructor(
    readonly kind: 'lost' | 'server',
    readonly status: number,
    message: string,
    readonly code = '',
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }

  get aborted(): boolean {
    return this.code === 'aborted';
  }
}

const kKeySlot = 'emostage-key';
export const storedKey = (): string => sessionStorage.getItem(kKeySlot) ?? '';
export const storeKey = (key: string): void => sessionStorage.setItem(kKeySlot, key);

async function request(
  method: string,
  path: string,
  options: { body?: unknown; signal?: AbortSignal; accept?: string } = {},
): Promise<Response> {
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' };
  if (storedKey()) headers.Authorization = `Bearer ${storedKey()}`;
  const init: RequestInit = { method, headers, signal: options.signal, cache: 'no-store' };
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    throw lost(error);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

function lost(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const aborted = error instanceof DOMException && error.name === 'AbortError';
  return new Failure('lost', 0, String(error), aborted ? 'aborted' : '');
}

async function refusal(response: Response): Promise<Failure> {
  let error: Partial<WireError> = {};
  try {
    error = ((await response.json()) as { error?: Partial<WireError> }).error ?? {};
  } catch {
    // Not our words: something between us and the server answered.
  }
  const wait = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const message = error.message ?? `${response.status} ${response.statusText}`;
  const seconds = Number.isFinite(wait) ? wait : null;
  return new Failure('server', response.status, message, error.code ?? '', seconds);
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await request(method, path, { body });
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw lost(error);
  }
}

async function* events(
  method: string,
  path: string,
  options: { body?: unknown; signal?: AbortSignal; onOpen?: () => void },
): AsyncGenerator<TurnEvent> {
  const response = await request(method, path, { ...options, accept: 'text/event-stream' });
  options.onOpen?.();
  if (!response.body) throw new Failure('lost', 0, 'the answer has no body');
  try {
    for await (const { event, data } of readEvents(response.body)) {
      yield { ...(JSON.parse(data) as object), event } as TurnEvent;
    }
  } catch (error) {
    throw lost(error);
  }
}

const at = (id: string): string => `/api/sessions/${encodeURIComponent(id)}`;

export const me = (): Promise<Me> => json('GET', '/api/me');
export const createSession = (): Promise<Session> => json('POST', '/api/sessions', {});
export const getSession = (id: string): Promise<SessionWithMessages> => json('GET', at(id));
export const changeSession = (id: string, change: SessionChange): Promise<Session> =>
  json('PATCH', at(id), change);
export const stopTurn = (id: string): Promise<{ stopped: boolean }> =>
  json('POST', `${at(id)}/stop`);
export const listMethods = (): Promise<{ methods: Method[] }> => json('GET', '/api/methods');
export const listModels = (): Promise<{ models: Model[] }> => json('GET', '/api/models');
export const listSchemes = (language: string): Promise<{ schemes: Scheme[] }> =>
  json('GET', `/api/schemes?language=${language}`);
export const vocabulary = (language: string): Promise<Vocabulary> =>
  json('GET', `/api/vocabulary?language=${language}`);

export function listSessions(query: string, before: string | null): Promise<SessionPage> {
  const parameters = new URLSearchParams({ limit: '50' });
  if (query) parameters.set('query', query);
  if (before) parameters.set('before', before);
  return json('GET', `/api/sessions?${parameters}`);
}

export async function deleteSession(id: string): Promise<void> {
  await request('DELETE', at(id));
}

export async function exportSession(id: string): Promise<Blob> {
  const response = await request('GET', `${at(id)}/export`);
  return response.blob();
}

export const takeTurn = (id: string, turn: NewTurn, signal: AbortSignal) =>
  events('POST', `${at(id)}/turns`, { body: turn, signal });
export const watchSession = (id: string, signal: AbortSignal, onOpen: () => void) =>
  events('GET', `${at(id)}/events`, { signal, onOpen });
export const compare = (comparison: Comparison, signal: AbortSignal) =>
  events('POST', '/api/compare', { body: comparison, signal });
