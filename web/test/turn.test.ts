import { describe, expect, it } from 'vitest';

import { bandPaths } from '../src/band';
import { applyEvent, beginTurn, beliefs, layOutSteps, mergeMessages, runsOfBeliefs } from '../src/turn';
import type { Message, Step } from '../src/wire';

const step = (name: string, ms: number): Step => ({
  name,
  ms,
  prompt_tokens: 10,
  reused_tokens: 8,
  output_tokens: 1,
  output: null,
});
const client = (index: number, text = 'x'): Message => ({ index, role: 'client', text, at_ms: 0 });
const reply = (index: number, scheme = 's', probabilities?: Record<string, number>): Message => ({
  index,
  role: 'counsellor',
  text: 'y',
  at_ms: 0,
  answer: {
    reply: 'y',
    method: 'm',
    model: 'm',
    language: 'en',
    risk: { level: null, evidence: [] },
    phase: probabilities ? { label: 'a', scheme, probabilities } : null,
  },
});

describe('a turn under way', () => {
  it('collects text, steps and risk from its events', () => {
    let turn = beginTurn(2, 'hello', 1000);
    turn = applyEvent(turn, { event: 'turn', index: 3, method: 'emostage', scheme: 's' }, 1001);
    turn = applyEvent(turn, { event: 'step_started', name: 'phase' }, 1010);
    turn = applyEvent(turn, { event: 'step_done', ...step('phase', 40) }, 1050);
    turn = applyEvent(turn, { event: 'risk', level: null, evidence: [] }, 1050);
    turn = applyEvent(turn, { event: 'token', text: 'You ' }, 1060);
    turn = applyEvent(turn, { event: 'token', text: 'said' }, 1070);
    expect(turn.text).toBe('You said');
    expect(turn.method).toBe('emostage');
    expect(turn.steps).toEqual([{ name: 'phase', startMs: 10, endMs: 50, step: expect.anything() }]);
  });

  it('shows the cleaned reply in place of the streamed one', () => {
    let turn = applyEvent(beginTurn(0, null, 0), { event: 'token', text: '"Hi' }, 1);
    turn = applyEvent(turn, { event: 'reply', ...reply(1).answer!, reply: 'Hi' }, 2);
    expect(turn.text).toBe('Hi');
  });

  it('closes equal steps in the order they began, and takes one that never began', () => {
    let turn = beginTurn(0, null, 0);
    turn = applyEvent(turn, { event: 'step_started', name: 'a' }, 1);
    turn = applyEvent(turn, { event: 'step_started', name: 'a' }, 2);
    turn = applyEvent(turn, { event: 'step_done', ...step('a', 5) }, 6);
    turn = applyEvent(turn, { event: 'step_done', ...step('b', 3) }, 10);
    expect(turn.steps.map(({ name, startMs, endMs }) => [name, startMs, endMs])).toEqual([
      ['a', 1, 6],
      ['a', 2, null],
      ['b', 7, 10],
    ]);
  });
});

describe('the talk after a turn', () => {
  it('has the written messages in place of those from their first on', () => {
    const merged = mergeMessages([client(0), reply(1), client(2), reply(3)], [client(2, 'new'), reply(3)]);
    expect(merged.map((each) => each.text)).toEqual(['x', 'y', 'new', 'y']);
    expect(mergeMessages([client(0), reply(1)], [reply(1)])).toHaveLength(2);
    expect(mergeMessages([client(0), reply(1), client(2), reply(3)], [client(0), reply(1)])).toHaveLength(2);
    expect(mergeMessages([client(0)], [])).toHaveLength(1);
  });
});

describe('the steps of a kept answer', () => {
  it('lie one after another where they fit', () => {
    const bars = layOutSteps([step('phase', 60), step('reply', 100)], 165);
    expect(bars.map((bar) => [bar.startMs, bar.endMs])).toEqual([[0, 60], [60, 160]]);
  });

  it('lie side by side where they do not, the reply last', () => {
    const steps = [step('thinks', 50), step('phase', 40), step('situation', 30), step('reply', 100)];
    const bars = layOutSteps(steps, 155).map((bar) => [bar.startMs, bar.endMs]);
    expect(bars).toEqual([[0, 50], [0, 40], [55, 85], [55, 155]]);
  });

  it('never begin before the turn', () => {
    for (const bar of layOutSteps([step('a', 50), step('reply', 300)], 100)) {
      expect(bar.startMs).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('the belief over the turns', () => {
  const talk = [
    client(0),
    reply(1, 's', { a: 0.7, b: 0.3 }),
    client(2),
    reply(3),
    client(4),
    reply(5, 's', { a: 0.2, b: 0.8 }),
    client(6),
    reply(7, 'other', { c: 1 }),
    client(8),
    reply(9, 'other', { c: 1 }),
  ];

  it('has a point for every reply that has one', () => {
    expect(beliefs(talk).map(({ turn, index }) => [turn, index])).toEqual([[1, 1], [3, 5], [4, 7], [5, 9]]);
  });

  it('is broken where a turn has none and where the scheme changes', () => {
    expect(runsOfBeliefs(beliefs(talk)).map((run) => run.map(({ turn }) => turn))).toEqual([[1], [3], [4, 5]]);
  });

  it('fills the whole height of the band, also with a single turn', () => {
    const [lower, upper] = bandPaths(beliefs(talk).slice(0, 1), 1, { width: 100, height: 10 });
    expect(lower).toBe('M0 3L50 3L100 3L100 10L50 10L0 10Z');
    expect(upper).toBe('M0 0L50 0L100 0L100 3L50 3L0 3Z');
  });
});
