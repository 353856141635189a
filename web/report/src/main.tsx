import { render } from 'preact';

import { readReport, type Report } from './data';
import { Comparisons } from './sections/Comparisons';
import { Compared } from './sections/Compared';
import { Costs } from './sections/Costs';
import { Examples } from './sections/Examples';
import { Head } from './sections/Head';
import { Labels } from './sections/Labels';
import { Metrics } from './sections/Metrics';
import { Overview } from './sections/Overview';
import { Reading } from './sections/Reading';
import { Strategies } from './sections/Strategies';
import '../../src/style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/overview.css';
import './style/examples.css';

const kSections = [
  ['compare', 'Two runs', Compared, (report: Report) => report.compare.length > 0],
  ['overview', 'Overview', Overview, (report: Report) => report.metrics.length > 0],
  ['metrics', 'Metric by metric', Metrics, (report: Report) => report.metrics.length > 0],
  [
    'comparisons',
    'Against the baseline',
    Comparisons,
    (report: Report) => report.metrics.some(({ comparisons }) => comparisons.length > 0),
  ],
  ['labels', 'Labels', Labels, (report: Report) => report.labels.length + report.agreement.length > 0],
  ['strategies', 'Strategies', Strategies, (report: Report) => report.strategies.length > 0],
  ['cost', 'Cost and quality', Costs, (report: Report) => report.cost.length > 0],
  ['examples', 'Examples', Examples, (report: Report) => report.examples.length > 0],
  ['reading', 'How to read this', Reading, () => true],
] as const;

function Page({ report }: { report: Report }) {
  const sections = kSections.filter(([, , , has]) => has(report));
  return (
    <>
      <a class="skip" href="#main">
        Skip to the report
      </a>
      <nav class="contents" aria-label="Contents">
        <a class="contents-top" href="#top">
          EmoStage
        </a>
        <ol>
          {sections.map(([id, title]) => (
            <li>
              <a href={`#${id}`}>{title}</a>
            </li>
          ))}
        </ol>
      </nav>
      <main id="main" tabIndex={-1}>
        <Head report={report} />
        {sections.map(([, , Part]) => (
          <Part report={report} />
        ))}
      </main>
      <footer class="foot">
        Made by emostage eval{report.emostage ? ` ${report.emostage}` : ''}. This file asks nothing of the
        network; its data are inside.
      </footer>
    </>
  );
}

// Paper cannot be clicked: what belongs on it is opened before it is printed, and closed again.
function openForPrint() {
  let opened: HTMLDetailsElement[] = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>('details[data-print]:not([open])')];
    for (const each of opened) each.open = true;
  });
  addEventListener('afterprint', () => {
    for (const each of opened) each.open = false;
  });
}

const report = readReport(document.getElementById('report')?.textContent ?? 'null');
if (report) document.title = `${report.title ?? 'Evaluation'} · EmoStage`;
render(
  report ? <Page report={report} /> : <main class="empty">There is no report in this file.</main>,
  document.getElementById('page')!,
);
openForPrint();
