import { useRef, useState } from 'preact/hooks';

import { bandPaths, columnX, type Box } from '../band';
import { useWidth } from '../media';
import { phaseName } from '../state/knowledge';
import { choose, chosenReply } from '../state/watch';
import { beliefs, runsOfBeliefs, type BeliefPoint } from '../turn';
import type { Message } from '../wire';
import { percent, t } from '../words';

const kHeight = 180;
const kColumn = 26; // pixels, so that each turn can be pointed at; more turns than fit are scrolled
const kFoot = 26; // room for the turns' numbers

// The belief over phases, turn by turn, as a band. The legend tells the numbers of the turn that
// is pointed at, or else of the chosen one.
export function PhaseBand({ messages }: { messages: Message[] }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const seen = useWidth(frame, 480);
  const points = beliefs(messages);
  const turns = messages.filter((each) => each.role === 'counsellor').length;
  const box = { width: Math.max(seen, turns * kColumn), height: kHeight };
  const chosen = chosenReply.value?.index;
  const shown = points.find((each) => each.index === (pointed ?? chosen)) ?? points.at(-1);
  return (
    <section class="panel" aria-labelledby="band-title" data-testid="band">
      <h3 id="band-title">{t('band.title')}</h3>
      <p class={shown ? 'panel-explain' : 'quiet'}>{shown ? t('band.explain') : t('band.none')}</p>
      <div class="band-frame" ref={frame}>
        {shown && (
          <svg
            class="band"
            width={box.width}
            height={kHeight + kFoot}
            role="group"
            aria-label={t('band.title')}
          >
            {runsOfBeliefs(points).map((run) =>
              bandPaths(run, turns, box).map((path, i) => (
                <path class={`band-area band-${i % 7}`} d={path} />
              )),
            )}
            {points.map((point) => (
              <Column
                key={point.index}
                point={point}
                turns={turns}
                box={box}
                chosen={point.index === chosen}
                pointed={point.index === pointed}
                onPoint={(on) => setPointed(on ? point.index : null)}
              />
            ))}
          </svg>
        )}
      </div>
      {shown && <Legend point={shown} />}
      {shown && <Table points={points} />}
    </section>
  );
}

interface ColumnProps {
  point: BeliefPoint;
  turns: number;
  box: Box;
  chosen: boolean;
  pointed: boolean;
  onPoint: (on: boolean) => void;
}

function Column({ point, turns, box, chosen, pointed, onPoint }: ColumnProps) {
  const x = columnX(point.turn, turns, box);
  const width = box.width / turns;
  return (
    <g
      class={`band-point${chosen ? ' band-chosen' : ''}${pointed ? ' band-pointed' : ''}`}
      role="button"
      tabIndex={0}
      aria-pressed={chosen}
      aria-label={t('band.point', { turn: point.turn, values: valuesOf(point) })}
      data-point={point.turn}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
      onFocus={() => onPoint(true)}
      onBlur={() => onPoint(false)}
      onClick={() => choose(point.index)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        choose(point.index);
      }}
    >
      <rect x={x - width / 2} y={0} width={width} height={kHeight + kFoot} />
      <line x1={x} x2={x} y1={0} y2={kHeight} />
      <text x={x} y={kHeight + 19}>
        {point.turn}
      </text>
    </g>
  );
}

const valuesOf = (point: BeliefPoint) =>
  point.shares.map(({ id, share }) => `${phaseName(point.scheme, id)} ${percent(share)}`).join(', ');

function Legend({ point }: { point: BeliefPoint }) {
  return (
    <ul class="legend" aria-hidden="true">
      <li class="legend-turn">{t('watch.turn', { turn: point.turn })}</li>
      {point.shares.map(({ id, share }, i) => (
        <li class={id === point.label ? 'legend-item legend-top' : 'legend-item'}>
          <i class={`swatch band-${i % 7}`} />
          {phaseName(point.scheme, id)} <b>{percent(share)}</b>
        </li>
      ))}
    </ul>
  );
}

// The same numbers for those who do not see the band.
function Table({ points }: { points: BeliefPoint[] }) {
  return (
    <div class="hidden">
      <table>
        <caption>{t('band.explain')}</caption>
        <tbody>
          {points.map((point) => (
            <tr>
              <th scope="row">{t('watch.turn', { turn: point.turn })}</th>
              {point.shares.map(({ id, share }) => (
                <td>
                  {phaseName(point.scheme, id)} {percent(share)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
