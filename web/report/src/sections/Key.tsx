import type { Report } from '../data';

// What the marks of the charts mean, once a section.
interface Props {
  report: Pick<Report, 'baseline'>;
  second?: boolean; // with the marks of equal length
  alone?: boolean; // differences only: the baseline has no mark
}

export function Key({ report, second = false, alone = second }: Props) {
  const { baseline } = report;
  if (!baseline) return null;
  const entries: [string, string][] = [
    ['better', `clearly better than ${baseline}`],
    ['worse', 'clearly worse'],
    ['differs', 'clearly different, neither better'],
    ['unclear', 'no clear difference'],
    ...(alone ? [] : ([['baseline', `${baseline}, the baseline`]] as [string, string][])),
    ...(second ? ([['length', 'at equal length of reply']] as [string, string][]) : []),
  ];
  return (
    <ul class="key" aria-label="What the marks mean">
      {entries.map(([kind, words]) => (
        <li>
          <svg class={`key-mark key-${kind}`} viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
            <path d={kShapes[kind]} />
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}

const kCircle = 'M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0 -4.5 0Z';
const kShapes: Record<string, string> = {
  better: 'M0 -6L5.4 3.6H-5.4Z',
  worse: 'M0 6L5.4 -3.6H-5.4Z',
  differs: 'M0 -6L4 0L0 6L-4 0Z',
  unclear: kCircle,
  baseline: 'M-4 -4H4V4H-4Z',
  length: 'M-2.5 0A2.5 2.5 0 1 0 2.5 0A2.5 2.5 0 1 0 -2.5 0ZM-8 0H-2.5M2.5 0H8',
};
