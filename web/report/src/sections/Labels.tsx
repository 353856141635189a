import { useMemo, useState } from 'preact/hooks';

import { Chart } from '../charts/Chart';
import { drawForest, type Dot } from '../charts/forest';
import { drawConfusion, drawReliability, drawTiming, recalls } from '../charts/labels';
import { distinct, type Agreement, type Estimate, type LabelRow, type LabelTask, type Report } from '../data';
import { count, interval, isNumber, languageName, number, percent, pValue, signed } from '../format';
import { Card, Choice, Figures, Num, Reasons, Section, Wide } from '../parts';

export function Labels({ report }: { report: Report }) {
  const tasks = distinct(report.labels.map(({ task }) => task));
  return (
    <Section
      id="labels"
      title="Labels"
      lead="What the methods recognise, against what was recorded. Rows marked as baselines look at no word of the talk; a reading is worth what it is above them."
    >
      {tasks.map((task) => (
        <Task key={task} tables={report.labels.filter((each) => each.task === task)} />
      ))}
      <People agreement={report.agreement} />
    </Section>
  );
}

function Task({ tables }: { tables: LabelTask[] }) {
  const languages = tables.map(({ language }) => language);
  const [language, setLanguage] = useState(languages[0]!);
  const table = tables.find((each) => each.language === language) ?? tables[0]!;
  return (
    <div class="group">
      <h3 id={`labels-${table.task}`}>{table.title}</h3>
      <Choice
        name={`labels-${table.task}`}
        label="Language"
        options={languages}
        chosen={language}
        onChoose={setLanguage}
      />
      <Quality key={`quality ${table.language}`} table={table} />
      <Closer key={`closer ${table.language}`} table={table} />
      <Timing key={`timing ${table.language}`} table={table} />
    </div>
  );
}

const kMeasures = [
  ['accuracy', 'Accuracy'],
  ['macro_f1', 'Macro F1'],
  ['kappa', 'Cohen’s κ'],
] as const;

const estimate = (row: LabelRow, measure: (typeof kMeasures)[number][0]): Estimate | null | undefined =>
  row[measure];

function finding(table: LabelTask): string {
  const own = table.rows.filter((row) => !row.baseline && isNumber(row.accuracy?.value));
  const bases = table.rows.filter((row) => row.baseline && isNumber(row.accuracy?.value));
  const best = [...own].sort((a, b) => b.accuracy!.value! - a.accuracy!.value!)[0];
  const base = [...bases].sort((a, b) => b.accuracy!.value! - a.accuracy!.value!)[0];
  if (!best) return 'Too few labelled turns for a figure.';
  const right = `${best.method} is right ${percent(best.accuracy!.value)} of the time`;
  if (!base) return `${right}.`;
  const overlap =
    isNumber(best.accuracy!.low) &&
    isNumber(base.accuracy!.high) &&
    best.accuracy!.low <= base.accuracy!.high;
  return `${right}; the best baseline, ${base.method}, ${percent(base.accuracy!.value)}.${overlap ? ' Their intervals overlap.' : ''}`;
}

function Quality({ table }: { table: LabelTask }) {
  const words = finding(table);
  const { draw, summary, known } = useMemo(() => {
    const measures = kMeasures.filter(([id]) => table.rows.some((row) => estimate(row, id)));
    const dots = measures.flatMap(([id, title]) =>
      table.rows.map((row): Dot => {
        const value = estimate(row, id);
        return {
          row: row.method,
          facet: id,
          value: value?.value,
          low: value?.low,
          high: value?.high,
          tone: row.baseline ? 'baseline' : 'reading',
          tip: `${row.method}\n${title} ${number(value?.value, 2)} ${interval(value?.low, value?.high, 2)}\n${count(row.n)} items`,
        };
      }),
    );
    const each = table.rows
      .map((row) => `${row.method} accuracy ${number(row.accuracy?.value, 2)}`)
      .join(', ');
    return {
      known: dots.some(({ value }) => isNumber(value)),
      draw: (width: number) =>
        drawForest(
          dots,
          {
            rows: table.rows.map(({ method }) => method),
            facets: measures.map(([id, title]) => ({ id, title })),
            decimals: 2,
            label: '',
          },
          width,
        ),
      summary: `${words} ${each}.`,
    };
  }, []);
  return (
    <Card title={`How often right · ${languageName(table.language)}`} finding={words}>
      {known && <Chart draw={draw} summary={summary} />}
      <Wide label={`${table.title}: figures`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Reading</th>
              <th scope="col" class="num">
                Items
              </th>
              {kMeasures.map(([, title]) => (
                <th scope="col" class="num">
                  {title}
                </th>
              ))}
              <th scope="col" class="num" title="expected calibration error; lower is better">
                ECE
              </th>
              <th scope="col" class="num" title="lower is better">
                Brier
              </th>
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row) => (
              <tr class={row.baseline ? 'is-baseline' : ''}>
                <th scope="row">
                  {row.method}
                  {row.baseline && <span class="tag">baseline</span>}
                </th>
                <td class="num">{count(row.n)}</td>
                {kMeasures.map(([id]) => (
                  <td class="num">
                    <Num
                      value={estimate(row, id)?.value}
                      low={estimate(row, id)?.low}
                      high={estimate(row, id)?.high}
                      decimals={2}
                    />
                  </td>
                ))}
                <td class="num">{number(row.ece, 3)}</td>
                <td class="num">{number(row.brier, 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <Reasons of={table.rows} />
      <Differences table={table} />
    </Card>
  );
}

// Accuracy against what comes for nothing, turn by turn. The p is of one comparison by itself.
function Differences({ table }: { table: LabelTask }) {
  const comparisons = table.comparisons ?? [];
  if (comparisons.length === 0) return null;
  return (
    <Figures summary="Accuracy, one reading against another">
      <Wide label={`${table.title}: differences of accuracy`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Reading</th>
              <th scope="col">Against</th>
              <th scope="col" class="num">
                Difference
              </th>
              <th scope="col" class="num">
                95 % interval
              </th>
              <th scope="col" class="num">
                p, uncorrected
              </th>
              <th scope="col" class="num">
                Dialogues
              </th>
            </tr>
          </thead>
          <tbody>
            {comparisons.map((each) => (
              <tr>
                <th scope="row">{each.method}</th>
                <td>{each.against}</td>
                <td class="num">{signed(each.difference, 3)}</td>
                <td class="num">{interval(each.low, each.high, 3) || '–'}</td>
                <td class="num">{pValue(each.p)}</td>
                <td class="num">{count(each.n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Figures>
  );
}

// How far two people agree who labelled the same turns: nobody can be more right than that.
function People({ agreement }: { agreement: Agreement[] }) {
  if (agreement.length === 0) return null;
  return (
    <Card
      title="How far people agree"
      about="Two people labelled the same turns. Where they part, no method can be right for both."
    >
      <Wide label="Agreement of people">
        <table>
          <thead>
            <tr>
              <th scope="col">Label</th>
              <th scope="col">Language</th>
              <th scope="col" class="num">
                Turns
              </th>
              <th scope="col" class="num">
                The same
              </th>
              <th scope="col" class="num">
                Cohen’s κ
              </th>
            </tr>
          </thead>
          <tbody>
            {agreement.map((each) => (
              <tr>
                <th scope="row">{each.task}</th>
                <td>{languageName(each.language)}</td>
                <td class="num">{count(each.n)}</td>
                <td class="num">{percent(each.same)}</td>
                <td class="num">{number(each.kappa, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  );
}

// One reading's confusions and how far its probabilities can be believed.
function Closer({ table }: { table: LabelTask }) {
  const rows = table.rows.filter(
    (row) => (row.confusion?.length ?? 0) > 0 || (row.reliability?.length ?? 0) > 0,
  );
  const [chosen, setChosen] = useState(rows.find((row) => !row.baseline)?.method ?? rows[0]?.method ?? '');
  const row = rows.find(({ method }) => method === chosen);
  if (!row) return null;
  return (
    <div class="closer">
      <Choice
        name={`closer-${table.task}-${table.language}`}
        label="Look closer at"
        options={rows.map(({ method }) => method)}
        chosen={chosen}
        title={(method) => method}
        onChoose={setChosen}
      />
      <div class="cards cards-closer" key={chosen}>
        {row.confusion && row.confusion.length > 0 && (
          <Confusion table={table} row={row} confusion={row.confusion} />
        )}
        {row.reliability && row.reliability.length > 0 && <Reliability row={row} />}
      </div>
    </div>
  );
}

function Confusion({ table, row, confusion }: { table: LabelTask; row: LabelRow; confusion: number[][] }) {
  const { draw, words } = useMemo(() => {
    const pairs = table.labels
      .flatMap((of, i) =>
        table.labels.map((as, j) => ({ of, as, n: i === j ? 0 : (confusion[i]?.[j] ?? 0) })),
      )
      .sort((a, b) => b.n - a.n);
    const most = pairs[0];
    return {
      draw: (width: number) => drawConfusion(table.labels, confusion, width),
      words:
        most && most.n > 0
          ? `Mixed up most: ${most.of} found as ${most.as}, ${count(most.n)} times.`
          : 'Nothing is mixed up.',
    };
  }, []);
  return (
    <Card
      title="What is taken for what"
      finding={words}
      about={`${row.method}. Rows: as recorded; columns: as found; the darker, the larger the share of the row.`}
    >
      <div class="wide-chart">
        <Chart draw={draw} summary={`Confusion matrix of ${row.method}. ${words}`} />
      </div>
      <Figures>
        <Wide label="Confusion matrix">
          <table>
            <thead>
              <tr>
                <th scope="col">Recorded</th>
                {table.labels.map((label) => (
                  <th scope="col" class="num">
                    {label}
                  </th>
                ))}
                <th scope="col" class="num">
                  Found right
                </th>
              </tr>
            </thead>
            <tbody>
              {recalls(table.labels, confusion).map(({ label, recall }, i) => (
                <tr>
                  <th scope="row">{label}</th>
                  {table.labels.map((_, j) => (
                    <td class="num">{count(confusion[i]?.[j])}</td>
                  ))}
                  <td class="num">{percent(recall)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </Figures>
    </Card>
  );
}

function Reliability({ row }: { row: LabelRow }) {
  const bins = (row.reliability ?? []).filter(({ n }) => n > 0);
  const draw = useMemo(() => (width: number) => drawReliability(bins, width), []);
  const off = bins.reduce((sum, bin) => sum + bin.n * ((bin.confidence ?? 0) - (bin.accuracy ?? 0)), 0);
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  const lean = n > 0 ? off / n : 0;
  const words =
    Math.abs(lean) < 0.03
      ? 'On the whole it is as sure as it is right.'
      : `On average it claims ${number(Math.abs(lean) * 100, 0)} percentage points ${lean > 0 ? 'more' : 'less'} than holds.`;
  return (
    <Card
      title="How far its probabilities hold"
      finding={words}
      about={`${row.method}. On the dashed line, what is claimed with 70 % is right seven times of ten.`}
    >
      <Chart
        draw={draw}
        summary={`Reliability diagram of ${row.method}. ${words} Expected calibration error ${number(row.ece, 3)}.`}
        max={340}
      />
      <Figures>
        <Wide label="Reliability">
          <table>
            <thead>
              <tr>
                <th scope="col">Claimed</th>
                <th scope="col" class="num">
                  Items
                </th>
                <th scope="col" class="num">
                  Mean claim
                </th>
                <th scope="col" class="num">
                  Right
                </th>
              </tr>
            </thead>
            <tbody>
              {bins.map((bin) => (
                <tr>
                  <th scope="row">
                    {percent(bin.from)} to {percent(bin.to)}
                  </th>
                  <td class="num">{count(bin.n)}</td>
                  <td class="num">{percent(bin.confidence)}</td>
                  <td class="num">{percent(bin.accuracy)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </Figures>
    </Card>
  );
}

function Timing({ table }: { table: LabelTask }) {
  const rows = table.rows.filter((row) => isNumber(row.early) || isNumber(row.late));
  const draw = useMemo(() => (width: number) => drawTiming(rows, width), []);
  if (rows.length === 0) return null;
  const words = rows.map(
    (row) => `${row.method} ${percent(row.early)} too early, ${percent(row.late)} too late`,
  );
  return (
    <Card
      title="Too early or too late"
      about="Of all turns: the share put into an earlier or a later phase than the one recorded."
    >
      <Chart draw={draw} summary={`${words.join('; ')}.`} />
      <Figures>
        <table>
          <thead>
            <tr>
              <th scope="col">Reading</th>
              <th scope="col" class="num">
                Too early
              </th>
              <th scope="col" class="num">
                Too late
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                <th scope="row">{row.method}</th>
                <td class="num">{percent(row.early)}</td>
                <td class="num">{percent(row.late)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Figures>
    </Card>
  );
}
