import type { Maybe } from './data';
import { isNumber } from './format';

export interface Output {
  probabilities: [string, Maybe][]; // the likeliest first
  rest: unknown; // what else there is; undefined: nothing
}

// A step's output, with its probabilities apart to be drawn. A lone text is given as that text.
export function splitOutput(output: unknown): Output {
  if (output === null || output === undefined) return { probabilities: [], rest: undefined };
  if (typeof output !== 'object' || Array.isArray(output)) return { probabilities: [], rest: output };
  const { probabilities, ...others } = output as Record<string, unknown>;
  const drawn =
    probabilities !== null && typeof probabilities === 'object' && !Array.isArray(probabilities)
      ? Object.entries(probabilities as Record<string, Maybe>)
          .filter(([, value]) => isNumber(value))
          .sort(([, a], [, b]) => b! - a!)
      : [];
  const keys = Object.keys(others);
  if (keys.length === 0) return { probabilities: drawn, rest: undefined };
  if (keys.length === 1 && typeof others.text === 'string')
    return { probabilities: drawn, rest: others.text };
  // The label is the longest of the bars.
  if (keys.length === 1 && keys[0] === 'label' && drawn.length > 0 && drawn[0]![0] === others.label) {
    return { probabilities: drawn, rest: undefined };
  }
  return { probabilities: drawn, rest: others };
}
