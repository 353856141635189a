// A stand-in for `emostage serve`: the same routes with canned answers, the same ones for the same
// words. Serves dist/ too. For developing the page and for its tests; it understands nothing.
//
//   node mock/server.mjs [--port 8080] [--speed 1] [--role local|client|counsellor|researcher] [--key KEY]
//
// --speed 10 streams ten times as fast. Words in the client's turn that do something:
//   [card]   a risk event with a card        [break]  the connection is cut in the middle
//   [busy]   429 with Retry-After            [fail]   an error event in the middle
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { answerOf, kCard, kMethods, kSchemes, kVocabulary, languageOf } from './canned.mjs';

const options = { port: '8080', speed: '1', role: 'local', key: '' };
for (let i = 2; i < process.argv.length; i += 2) {
  options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
}
const kDist = fileURLToPath(new URL('../dist/', import.meta.url));
const kTypes = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const kPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; font-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

const sessions = new Map(); // id -> session, its messages under `talk`
const running = new Map(); // id -> {stopped}
const watchers = new Map(); // id -> set of responses

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms / Number(options.speed)));
const view = ({ talk, ...session }) => ({ ...session, messages: talk.length });
const sorted = () => [...sessions.values()].sort((a, b) => b.updated_ms - a.updated_ms);

class Refusal extends Error {
  constructor(status, message, code, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}
const errorBody = (message, code) => ({ error: { message, type: 'request', param: null, code } });

function sendJson(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function beginEvents(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(': hello\n\n');
  response.on('error', () => {});
}
const eventText = (name, data) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const text = Buffer.concat(pieces).toString('utf8');
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    throw new Refusal(400, 'the body is not JSON; send an object', 'bad_json');
  }
}

function sessionOf(id) {
  const session = sessions.get(id);
  if (!session) throw new Refusal(404, 'there is no such session; list them at /api/sessions', 'not_found');
  return session;
}

function create(body) {
  const now = Date.now();
  const session = {
    id: randomBytes(12).toString('hex'),
    title: body.title ?? '',
    owner: options.key ? 'mock' : '',
    client: body.client ?? '',
    method: body.method ?? 'emostage',
    scheme: body.scheme ?? 'five-phase',
    model: body.model ?? 'mock-135m',
    language: body.language ?? 'auto',
    seed: body.seed ?? 0,
    created_ms: now,
    updated_ms: now,
    talk: [],
  };
  sessions.set(session.id, session);
  return session;
}

// What is streamed for one answer: calls emit(name, data), and returns the text there is.
async function play(answer, words, emit, stopped) {
  emit('turn', { index: answer.index, method: answer.method, scheme: answer.scheme });
  if (/\[card\]/.test(words)) emit('risk', { ...answer.answer.risk, card: kCard });
  else emit('risk', answer.answer.risk);
  const before = answer.answer.steps.filter((step) => step.name !== 'reply');
  for (const step of before) emit('step_started', { name: step.name });
  for (const step of before) {
    await pause(120);
    if (stopped()) return '';
    emit('step_done', step);
  }
  emit('step_started', { name: 'reply' });
  let text = '';
  for (const piece of answer.answer.reply.match(/\S+\s*|[^\x00-\x7f]{1,3}/gu) ?? []) {
    await pause(70);
    if (stopped()) return text;
    if (/\[fail\]/.test(words) && text.length > 20) {
      throw new Refusal(500, 'the model gave no answer; try again', 'model');
    }
    if (/\[break\]/.test(words) && text.length > 20) return null;
    text += piece;
    emit('token', { text: piece });
  }
  emit('step_done', answer.answer.steps.at(-1));
  return text;
}

async function takeTurn(request, response, session) {
  const body = await bodyOf(request);
  if (running.has(session.id)) {
    throw new Refusal(409, 'this session is being answered; wait or stop it', 'busy_session');
  }
  let from = body.from ?? session.talk.length;
  let talk = session.talk.slice(0, from);
  if (body.text === undefined) {
    while (talk.length && talk.at(-1).role === 'counsellor') talk.pop();
    from = talk.length;
    if (!talk.length) throw new Refusal(400, 'there is nothing to answer; send a text', 'no_text');
  } else {
    talk.push({ index: from, role: 'client', text: body.text, at_ms: Date.now() });
  }
  const words = talk.at(-1).text;
  if (/\[busy\]/.test(words)) throw new Refusal(429, 'too many requests; wait', 'busy', { 'Retry-After': '3' });

  const state = { stopped: false };
  running.set(session.id, state);
  const made = answerOf(session, talk, body.text === undefined ? Date.now() % 7 : 0);
  const emit = (name, data) => {
    const text = eventText(name, data);
    response.write(text);
    for (const watcher of watchers.get(session.id) ?? []) watcher.write(text);
  };
  beginEvents(response);
  response.on('close', () => (state.stopped = true));
  try {
    const text = await play({ ...made, index: talk.length }, words, emit, () => state.stopped);
    if (text === null) return response.destroy();
    const answer = { ...made.answer, reply: text };
    if (!state.stopped) emit('reply', visible(answer));
    talk.push({
      index: talk.length,
      role: 'counsellor',
      text,
      at_ms: Date.now(),
      cancelled: state.stopped,
      answer: state.stopped && !text ? null : answer,
    });
    session.talk = talk;
    session.title ||= talk[0].text.replace(/\s+/g, ' ').slice(0, 60);
    session.updated_ms = Date.now();
    emit('done', { session: view(session), messages: talk.slice(from).map(visibleMessage) });
  } catch (error) {
    emit('error', errorBody(error.message, error.code ?? 'internal'));
  } finally {
    running.delete(session.id);
    response.end();
  }
}

// Clients do not see what was thought.
function visible(answer) {
  if (options.role !== 'client') return answer;
  const { reply, method, model, language, risk } = answer;
  return { reply, method, model, language, risk };
}
const visibleMessage = (message) =>
  message.answer ? { ...message, answer: visible(message.answer) } : message;

async function compare(request, response) {
  const { session: id, upto, lanes } = await bodyOf(request);
  const session = sessionOf(id);
  const talk = session.talk.slice(0, (upto ?? session.talk.length - 2) + 1);
  beginEvents(response);
  let gone = false;
  response.on('close', () => (gone = true));
  await Promise.all(
    lanes.map(async (lane, i) => {
      const emit = (name, data) => response.write(eventText(name, { ...data, lane: i }));
      const made = answerOf({ ...session, ...lane }, talk, i + 1);
      await play({ ...made, index: talk.length }, talk.at(-1).text, emit, () => gone);
      emit('reply', made.answer);
    }),
  );
  response.end(eventText('done', {}));
}

function watch(response, id) {
  beginEvents(response);
  if (!watchers.has(id)) watchers.set(id, new Set());
  watchers.get(id).add(response);
  const ping = setInterval(() => response.write(': ping\n\n'), 5000);
  response.on('close', () => {
    clearInterval(ping);
    watchers.get(id).delete(response);
  });
}

function list(parameters) {
  const words = (parameters.get('query') ?? '').toLowerCase();
  const limit = Number(parameters.get('limit') ?? 50);
  const has = (session) =>
    [session.title, ...session.talk.map((each) => each.text)].join('\n').toLowerCase().includes(words);
  const all = sorted().filter(has);
  const begin = Number(parameters.get('before') ?? 0);
  const next = begin + limit < all.length ? String(begin + limit) : null;
  return { sessions: all.slice(begin, begin + limit).map(view), next };
}

async function api(request, response, url) {
  const method = request.method;
  const language = url.searchParams.get('language') ?? 'en';
  const traces = options.role !== 'client';
  if (url.pathname === '/api/me') {
    const research = options.role === 'local' || options.role === 'researcher';
    const may = { see_traces: traces, see_all_sessions: research, compare: research };
    return sendJson(response, 200, { name: options.key && 'mock', role: options.role, keys_needed: Boolean(options.key), may });
  }
  if (options.key && request.headers.authorization !== `Bearer ${options.key}`) {
    throw new Refusal(401, 'a key is needed; send it as a bearer token', 'no_key');
  }
  switch (`${method} ${url.pathname}`) {
    case 'GET /api/health':
      return sendJson(response, 200, { status: 'ok', version: 'mock' });
    case 'GET /api/ready':
      return sendJson(response, 200, { ready: true, model: 'ok', store: 'ok' });
    case 'GET /api/methods':
      return sendJson(response, 200, { methods: kMethods });
    case 'GET /api/schemes':
      return sendJson(response, 200, { schemes: kSchemes(language) });
    case 'GET /api/vocabulary':
      return sendJson(response, 200, kVocabulary(language));
    case 'GET /api/models': {
      const model = { name: 'mock-135m', architecture: 'none', context_tokens: 2048, parameters: 1, embeddings: false, log_probabilities: true };
      return sendJson(response, 200, { models: [model] });
    }
    case 'GET /api/sessions':
      return sendJson(response, 200, list(url.searchParams));
    case 'POST /api/sessions':
      return sendJson(response, 201, view(create(await bodyOf(request))));
    case 'POST /api/compare':
      return compare(request, response);
  }
  const [, id, rest] = /^\/api\/sessions\/([^/]+)(\/\w+)?$/.exec(url.pathname) ?? [];
  if (!id) throw new Refusal(404, 'there is no such route; see /api/openapi.json', 'not_found');
  const session = sessionOf(id);
  switch (`${method} ${rest ?? ''}`) {
    case 'GET ':
      return sendJson(response, 200, { ...session, talk: undefined, messages: session.talk.map(visibleMessage) });
    case 'PATCH ':
      Object.assign(session, await bodyOf(request));
      return sendJson(response, 200, view(session));
    case 'DELETE ':
      sessions.delete(id);
      return sendJson(response, 204);
    case 'POST /turns':
      return takeTurn(request, response, session);
    case 'POST /stop': {
      const turn = running.get(id);
      if (turn) turn.stopped = true;
      return sendJson(response, 200, { stopped: Boolean(turn) });
    }
    case 'GET /events':
      return watch(response, id);
    case 'GET /export': {
      const name = `attachment; filename="emostage-${id}.json"`;
      return sendJson(response, 200, { id, dialogue: session.talk }, { 'Content-Disposition': name });
    }
  }
  throw new Refusal(404, 'there is no such route; see /api/openapi.json', 'not_found');
}

async function file(response, path) {
  const name = path === '/' ? 'index.html' : path.slice(1);
  try {
    const content = await readFile(join(kDist, name));
    response.writeHead(200, {
      'Content-Type': kTypes[extname(name)] ?? 'application/octet-stream',
      'Content-Security-Policy': kPolicy,
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(content);
  } catch {
    sendJson(response, 404, errorBody('there is no such page; run npm run build first', 'not_found'));
  }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  try {
    if (url.pathname.startsWith('/api/')) await api(request, response, url);
    else await file(response, url.pathname);
  } catch (error) {
    const status = error.status ?? 500;
    if (!response.headersSent) sendJson(response, status, errorBody(error.message, error.code ?? ''), error.headers);
    else response.destroy();
  }
});
server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
