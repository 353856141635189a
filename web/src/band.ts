import type { BeliefPoint } from './turn';

// The geometry of the phase band, in a box of any size. Pure.

export interface Box {
  width: number;
  height: number;
}

// The middle of a turn's column.
export function columnX(turn: number, turns: number, box: Box): number {
  return ((turn - 0.5) / turns) * box.width;
}

// One area a phase over a run of turns, from the bottom up. Between two turns the borders swing
// over with level ends, all in the same way, so that the shares add up everywhere.
export function bandPaths(run: BeliefPoint[], turns: number, box: Box): string[] {
  const first = run[0];
  if (!first) return [];
  const half = box.width / turns / 2;
  const xs = run.map((point) => columnX(point.turn, turns, box));
  const heights = run.map((point) => borders(point, box.height));

  return first.shares.map((_, phase) => {
    const lower = heights.map((each) => each[phase]!);
    const upper = heights.map((each) => each[phase + 1]!);
    const back = curve([...xs].reverse(), [...lower].reverse(), -half);
    return `M${curve(xs, upper, half)}L${back}Z`;
  });
}

// The y of the borders between phases, from the bottom; one more than there are phases.
function borders(point: BeliefPoint, height: number): number[] {
  const sum = point.shares.reduce((all, { share }) => all + share, 0) || 1;
  let below = 0;
  const ys = [height];
  for (const { share } of point.shares) {
    below += share / sum;
    ys.push(height * (1 - below));
  }
  return ys;
}

// Through the points, and half a column further on either side; a negative half walks leftwards.
function curve(xs: number[], ys: number[], half: number): string {
  let path = `${fix(xs[0]! - half)} ${fix(ys[0]!)}L${fix(xs[0]!)} ${fix(ys[0]!)}`;
  for (let i = 1; i < xs.length; ++i) {
    const middle = fix((xs[i - 1]! + xs[i]!) / 2);
    path += `C${middle} ${fix(ys[i - 1]!)} ${middle} ${fix(ys[i]!)} ${fix(xs[i]!)} ${fix(ys[i]!)}`;
  }
  return `${path}L${fix(xs.at(-1)! + half)} ${fix(ys.at(-1)!)}`;
}

const fix = (value: number): number => Math.round(value * 100) / 100;
