// A report for trying out and testing, as `emostage eval` would write it. All figures are made up.
//
//   node mock/report.mjs TEMPLATE OUT [plain|nasty|small|compare]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { plain, round } from './report-figures.mjs';

// What no report should hold, and any may.
export function nasty() {
  const report = plain();
  const evil = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">';
  const long = 'unbreakable'.repeat(60);
  const rtl = 'אני מרגיש לבד. \u202eevil\u202c مرحبا بالعالم';
  report.title = `Nasty ${evil}`;
  report.notes = [evil, long, rtl, '<!-- <script>', '$& $1 $` ${x}'];
  report.command = `emostage eval ${evil} ${long}`;
  const rename = (id) =>
    ({ emostage: evil, 'one-call': long.slice(0, 90), direct: '直接回复・そのまま返す方法' })[id] ?? id;
  report.baseline = rename(report.baseline);
  for (const list of [report.methods]) for (const each of list) each.id = rename(each.id);
  for (const metric of report.metrics) {
    for (const each of [...metric.values, ...metric.comparisons]) each.method = rename(each.method);
    for (const each of metric.comparisons) each.against = report.baseline;
  }
  for (const each of [...report.cost, ...report.strategies, ...report.examples])
    each.method = rename(each.method);
  const [chrf, bleu] = report.metrics;
  chrf.title = evil;
  chrf.about = rtl;
  for (const each of [...bleu.values, ...bleu.comparisons]) {
    for (const key of ['mean', 'low', 'high', 'difference', 'p', 'p_holm', 'effect'])
      if (key in each) each[key] = null;
    each.why = 'fewer than 2 dialogues';
  }
  report.labels[0].labels = [evil, long, rtl, '问题识别', 'まとめ'];
  report.labels[1].rows = report.labels[1].rows.map((row) => ({
    ...row,
    accuracy: null,
    macro_f1: null,
    kappa: null,
    confusion: null,
    reliability: null,
    why: 'no label',
  }));
  report.strategies[0].preference = report.strategies[0].preference.map(() => null);
  report.strategies[0].bias = null;
  report.cost[1].ms = null;
  report.examples[0].history = [
    { role: 'client', text: evil },
    { role: 'counsellor', text: long },
    { role: 'client', text: rtl },
  ];
  report.examples[0].reply = `${evil}\n${rtl}`;
  report.examples[0].reference = null;
  report.examples[0].answer.steps[0].name = evil;
  report.examples[0].answer.steps[0].output = {
    [evil]: [evil, null, { a: long }],
    probabilities: { [evil]: 0.5, [rtl]: null },
  };
  report.examples[1].answer = null;
  return report;
}

// One method, one language, hardly anything to say.
export function small() {
  const report = plain();
  return {
    version: 1,
    title: 'One method',
    made: report.made,
    command: 'emostage eval talks.jsonl --out small',
    emostage: '0.1.0',
    model: { name: 'smollm2-135m', id: 'x' },
    judges: [],
    data: { name: 'talks', sha256: 'x', dialogues: 1, items: 2, languages: { en: 2 } },
    mode: 'next',
    seed: 1,
    shard: '1/4',
    notes: [],
    baseline: null,
    methods: [{ id: 'emostage', summary: '', items: 2, failed: 0 }],
    metrics: report.metrics.slice(0, 2).map((metric) => ({
      ...metric,
      comparisons: [],
      values: [
        {
          method: 'emostage',
          language: 'all',
          phase: 'all',
          n: 2,
          dialogues: 1,
          mean: 12.3,
          low: null,
          high: null,
          why: 'one dialogue',
        },
      ],
    })),
    labels: [],
    strategies: [],
    cost: [],
    examples: [],
  };
}

export function compare() {
  const report = plain();
  const run = (title, model) => ({
    title,
    made: report.made,
    command: `emostage eval scenarios --model ${model}`,
    emostage: '0.1.0',
    model: { name: model, id: model },
    data: report.data,
    seed: 7,
  });
  return {
    version: 1,
    title: 'qwen3-4b against qwen3-8b',
    made: report.made,
    command: 'emostage eval compare a b',
    emostage: '0.1.0',
    notes: [],
    runs: [run('The smaller model', 'qwen3-4b'), run('The larger model', 'qwen3-8b')],
    compare: report.metrics.flatMap((metric) =>
      metric.comparisons
        .filter((each) => ['emostage', 'one-call'].includes(each.method))
        .map((each) => {
          const a = metric.values.find(
            (value) => value.method === 'direct' && value.language === each.language && value.phase === 'all',
          ).mean;
          return {
            metric: metric.id,
            title: metric.title,
            group: metric.group,
            method: each.method,
            language: each.language,
            better: metric.better,
            a,
            b: round(a + each.difference),
            difference: each.difference,
            low: each.low,
            high: each.high,
            p: each.p,
            p_holm: each.p_holm,
            effect: each.effect,
            n: each.n,
          };
        }),
    ),
  };
}

export const kReports = { plain, nasty, small, compare };

// As src/eval/report_page.cc does it.
export function pageOf(template, report) {
  const json = JSON.stringify(report).replaceAll('<', '\\u003c');
  const [before, after] = template.split('id="report">null<');
  if (after === undefined) throw new Error('this is no template of a report');
  return `${before}id="report">${json}<${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [template, out, name = 'plain'] = process.argv.slice(2);
  writeFileSync(out, pageOf(readFileSync(template, 'utf8'), kReports[name]()));
}
