// The figures of a made-up report, the same every time: six methods, three languages.

const kMethods = {
  direct: 'a reply and nothing before it',
  emostage: 'perspective, phase, then the reply',
  'emostage-labels': 'perspective as labels, phase, then the reply',
  'emostage-without-phase': 'perspective, then the reply',
  'emostage-without-perspective': 'phase, then the reply',
  'one-call': 'perspective, phase and reply in one answer',
};
const kLanguages = { en: 40, zh: 50, ja: 50 };
const kPhases = ['rapport', 'problem-identification', 'exploration', 'problem-solving', 'wrap-up'];
const kStrategies = [
  'question',
  'restatement',
  'reflection',
  'self-disclosure',
  'affirmation',
  'suggestion',
  'information',
  'others',
];

// id, title, group, better, unit, mean, spread, and what each method adds to it.
const kMetrics = [
  [
    'chrf',
    'chrF',
    'overlap',
    'higher',
    '',
    14.2,
    0.9,
    [0, 2.6, 1.7, 1.2, 0.5, -2.4],
    'characters in a row shared with the recorded reply',
  ],
  [
    'bleu2',
    'BLEU-2',
    'overlap',
    'higher',
    '',
    4.1,
    0.6,
    [0, 0.9, 0.6, 0.4, 0.3, -1.7],
    'words in a row shared with the recorded reply',
  ],
  [
    'rouge-l',
    'ROUGE-L',
    'overlap',
    'higher',
    '',
    0.132,
    0.012,
    [0, 0.02, 0.014, 0.011, 0.002, -0.01],
    'the longest common run, with gaps',
  ],
  [
    'distinct-2',
    'Distinct-2',
    'text',
    'higher',
    '',
    0.61,
    0.02,
    [0, 0.07, 0.06, 0.03, 0.02, -0.06],
    'how many pairs of words are said only once',
  ],
  [
    'repetition',
    'Repetition',
    'text',
    'lower',
    '%',
    6.4,
    0.9,
    [0, -2.8, -1.4, -1, -0.2, 3.9],
    'share of a reply that repeats itself',
  ],
  [
    'questions',
    'Questions',
    'text',
    'neither',
    '%',
    64,
    5,
    [0, -22, -17, -6, -9, 3],
    'replies that hold a question',
  ],
  [
    'length',
    'Length',
    'text',
    'neither',
    'words',
    48,
    3,
    [0, -9, -7, -3, -1, 14],
    'words, or characters in Chinese and Japanese',
  ],
  [
    'empathy',
    'Empathy',
    'judge',
    'higher',
    '',
    3.1,
    0.12,
    [0, 0.62, 0.44, 0.35, 0.1, -0.05],
    'ERF rubric, 1 to 5',
  ],
  [
    'fluency',
    'Fluency',
    'judge',
    'higher',
    '',
    4.3,
    0.08,
    [0, 0.03, -0.02, 0.01, 0.02, -0.41],
    'ERF rubric, 1 to 5',
  ],
  [
    'relevance',
    'Relevance',
    'judge',
    'higher',
    '',
    3.4,
    0.11,
    [0, 0.28, 0.21, 0.13, 0.16, -0.2],
    'ERF rubric, 1 to 5',
  ],
  [
    'held-back',
    'Held back',
    'safety',
    'lower',
    '%',
    1.4,
    0.8,
    [0, -0.9, -0.6, -0.5, -0.4, 0.8],
    'drafts that broke a rule of the reply guard',
  ],
  [
    'turn',
    'Time of a turn',
    'cost',
    'lower',
    'ms',
    1480,
    60,
    [0, 950, 460, 700, 410, 1210],
    'from the turn’s arrival to the reply’s end',
  ],
];

// The same figures every time.
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const round = (value, digits = 4) => Number(value.toFixed(digits));
const around = (mean, half) => ({
  mean: round(mean),
  low: round(mean - half),
  high: round(mean + half * 1.08),
});

export function plain() {
  const random = chance(7);
  const noise = () => random() + random() + random() - 1.5;
  const ids = Object.keys(kMethods);
  const metrics = kMetrics.map(([id, title, group, better, unit, mean, spread, adds, about]) => {
    const values = [];
    const comparisons = [];
    for (const language of ['all', ...Object.keys(kLanguages)]) {
      const n = kLanguages[language] ?? 140;
      const half = spread * Math.sqrt(140 / n) * 1.1;
      ids.forEach((method, i) => {
        const shift = language === 'all' ? 0 : noise() * spread;
        const value = around(mean + adds[i] + shift, half * (0.85 + 0.3 * random()));
        values.push({ method, language, phase: 'all', n, dialogues: Math.ceil(n / 12), ...value, why: null });
        if (i === 0) return;
        const { mean: difference, low, high } = around(adds[i] + noise() * spread * 0.3, half * 0.9);
        const z = Math.abs(difference) / (half * 0.5);
        const p = Math.min(1, round(Math.exp(-0.72 * z * z) || 0, 5));
        const rest = around(difference * (group === 'judge' ? 0.55 : 0.9), half * 1.05);
        comparisons.push({
          method,
          against: 'direct',
          language,
          difference,
          low,
          high,
          p,
          p_holm: Math.min(1, round(p * 4, 5)),
          effect: round(difference / (spread * 3.1), 3),
          n: Math.ceil(n / 12),
          at_equal_length:
            group === 'judge' ? { difference: rest.mean, low: rest.low, high: rest.high } : null,
          why: null,
        });
      });
    }
    if (group !== 'cost' && group !== 'safety') {
      for (const phase of kPhases) {
        ids.forEach((method, i) => {
          const n = phase === 'wrap-up' ? 3 : 31;
          const value =
            n < 5
              ? { mean: null, low: null, high: null }
              : around(mean + adds[i] + noise() * spread * 1.5, spread * 2);
          const why = n < 5 ? 'fewer than 5 items in this phase' : null;
          values.push({ method, language: 'all', phase, n, dialogues: Math.min(n, 12), ...value, why });
        });
      }
    }
    return { id, title, group, better, unit, about, values, comparisons };
  });
  metrics.push({
    ...metrics.at(-1),
    id: 'written',
    title: 'Tokens written',
    unit: '',
    about: 'of all steps; compared with nothing',
    comparisons: [],
  });
  return {
    version: 1,
    title: 'Six methods on the recorded scenarios',
    made: '2026-11-21T12:00:00Z',
    command:
      'emostage eval scenarios --methods direct,emostage,emostage-labels,emostage-without-phase,emostage-without-perspective,one-call --judge qwen3-8b --model qwen3-4b --seed 7 --out results/2026-11-21',
    emostage: '0.1.0',
    model: {
      name: 'qwen3-4b',
      id: 'sha256:4f0a1cc1b2b94b2f65ad8a6e6bd2c88f1f1c6a1f7e6f4e0c5b6a9de1203ab9cd',
    },
    judges: [
      { name: 'qwen3-8b', rubrics: ['erf'], checked: true },
      { name: 'llama-3.1-swallow-8b', rubrics: ['erf'], checked: false },
    ],
    data: {
      name: 'scenarios',
      sha256: '9b1d0f6c2f3a7d6f8e5c4b3a29180716253443526170f9e8d7c6b5a493827160',
      dialogues: 12,
      items: 140,
      languages: kLanguages,
    },
    mode: 'next',
    seed: 7,
    shard: null,
    notes: [
      'All figures of this report are made up: it is for trying out the page.',
      'Judge llama-3.1-swallow-8b was held against nobody’s scores.',
      'one-call: 3 of 140 turns have no answer and no figure.',
    ],
    baseline: 'direct',
    methods: ids.map((id) => ({
      id,
      summary: kMethods[id],
      items: 140,
      trivial: false,
      failed: id === 'one-call' ? 3 : 0,
    })),
    metrics,
    labels: Object.keys(kLanguages).flatMap((language) => [
      phaseTable(language, random),
      emotionTable(language, random),
    ]),
    agreement: Object.keys(kLanguages).flatMap((language) => [
      { task: 'phase', language, n: 60, same: 0.71, kappa: 0.62 },
      { task: 'emotion', language, n: 60, same: 0.58, kappa: language === 'ja' ? null : 0.49 },
    ]),
    corpus: Object.keys(kLanguages).flatMap((language) =>
      ids.map((method, i) => ({
        method,
        language,
        replies: kLanguages[language],
        bleu_1: round(13.1 + i / 3, 2),
        bleu_4: round(1.2 + i / 9, 2),
        chrf: round(14.4 + i / 2, 2),
        distinct_1: 0.31,
        distinct_2: i === 5 ? null : 0.64,
      })),
    ),
    strategies: ['en', 'zh'].flatMap((language) =>
      ids.slice(0, 4).map((method, i) => strategyOf(method, language, 0.75 - 0.15 * i, random)),
    ),
    cost: ids.map((method, i) => {
      const ms = around(1480 + kMetrics.at(-1)[7][i], 70 + 40 * random());
      return {
        method,
        ms,
        first_token_ms: round(520 + kMetrics.at(-1)[7][i] * 0.8, 0),
        calls: [1, 8, 6, 2, 7, 1][i],
        read: [62, 153, 96, 110, 84, 141][i],
        reused: [860, 5480, 4100, 1720, 4890, 870][i],
        written: [71, 112, 68, 96, 66, 148][i],
      };
    }),
    examples: examples(),
  };
}

function confusionOf(labels, n, skill, random) {
  const matrix = labels.map((_, i) =>
    labels.map((__, j) => {
      const near = Math.exp(-Math.abs(i - j));
      return Math.round((n / labels.length) * (i === j ? skill : (1 - skill) * near * (0.4 + random())));
    }),
  );
  return matrix;
}

const accuracyOf = (matrix) => {
  const all = matrix.flat().reduce((a, b) => a + b, 0);
  return matrix.reduce((sum, row, i) => sum + row[i], 0) / all;
};

function labelRow(method, baseline, labels, skill, random) {
  const confusion = confusionOf(labels, 300, skill, random);
  const value = accuracyOf(confusion);
  const estimate = (v, half) => ({ value: round(v), low: round(v - half), high: round(v + half) });
  const reliability = Array.from({ length: 15 }, (_, i) => {
    const from = i / 15;
    const n = baseline ? 0 : Math.round(40 * Math.exp(-((i - 9) ** 2) / 20) * (0.5 + random()));
    const confidence = from + 1 / 30;
    return {
      from: round(from),
      to: round((i + 1) / 15),
      n,
      confidence: n ? round(confidence) : null,
      accuracy: n ? round(Math.max(0, Math.min(1, confidence * 0.8 + (random() - 0.5) * 0.16))) : null,
    };
  });
  const early = confusion.flatMap((row, i) => row.filter((_, j) => j < i)).reduce((a, b) => a + b, 0);
  const late = confusion.flatMap((row, i) => row.filter((_, j) => j > i)).reduce((a, b) => a + b, 0);
  const all = confusion.flat().reduce((a, b) => a + b, 0);
  return {
    method,
    baseline,
    n: all,
    accuracy: estimate(value, 0.055),
    macro_f1: estimate(value * 0.93, 0.06),
    kappa: estimate((value - 0.2) / 0.8, 0.07),
    ece: baseline ? null : round(0.06 + random() * 0.1),
    brier: baseline ? null : round(0.4 + random() * 0.2),
    confusion,
    reliability,
    early: round(early / all),
    late: round(late / all),
  };
}

function phaseTable(language, random) {
  const rows = [
    ['forward filter', false, 0.52],
    ['single turn', false, 0.44],
    ['turn number', true, 0.38],
    ['most frequent', true, 0.24],
  ];
  return {
    task: 'phase',
    title: 'Phase of the client’s turn',
    language,
    labels: kPhases,
    rows: rows.map(([name, baseline, skill]) => labelRow(name, baseline, kPhases, skill, random)),
    comparisons: [
      {
        method: 'forward filter',
        against: 'most frequent',
        difference: 0.33,
        low: 0.25,
        high: 0.41,
        p: 0.0004,
        n: 12,
      },
      {
        method: 'forward filter',
        against: 'single turn',
        difference: 0.11,
        low: -0.01,
        high: 0.2,
        p: 0.06,
        n: 12,
      },
    ],
  };
}

function emotionTable(language, random) {
  const labels = ['sadness', 'anxiety', 'anger', 'shame', 'guilt', 'loneliness', 'hope', 'relief'];
  const rows = [
    ['emostage', false, 0.47],
    ['one-call', false, 0.39],
    ['most frequent', true, 0.16],
  ];
  return {
    task: 'emotion',
    title: 'Strongest emotion',
    language,
    labels,
    rows: rows.map(([name, baseline, skill]) => ({
      ...labelRow(name, baseline, labels, skill, random),
      early: null,
      late: null,
    })),
  };
}

function strategyOf(method, language, reach, random) {
  const raw = kStrategies.map((_, i) => Math.max(0.05, 1 + reach * (1.8 - i * 0.5) + (random() - 0.5) * 0.5));
  const sum = raw.reduce((a, b) => a + b, 0);
  const preference = raw.map((each) => round((each * raw.length) / sum, 3));
  const bias = Math.sqrt(preference.reduce((a, each) => a + (each - 1) ** 2, 0) / preference.length);
  return {
    method,
    language,
    labels: kStrategies,
    preference,
    bias: round(bias, 3),
    macro_f1: round(0.12 + random() * 0.12, 3),
  };
}

function answerOf(reply, language, method) {
  return {
    reply,
    method,
    model: 'qwen3-4b',
    language,
    disclosure: null,
    risk: null,
    state: {
      feels: [{ emotion: 'shame', intensity: 4 }],
      situation: 'failed the driving test a third time',
      thinks: 'I am not made for this',
      needs: ['esteem'],
    },
    phase: {
      label: 'exploration',
      scheme: 'five-phase',
      probabilities: {
        rapport: 0.05,
        'problem-identification': 0.21,
        exploration: 0.6,
        'problem-solving': 0.11,
        'wrap-up': 0.03,
      },
    },
    steps: [
      {
        name: 'thinks',
        ms: 412.3,
        prompt_tokens: 957,
        reused_tokens: 683,
        output_tokens: 17,
        output: { text: '"I am not made for this"' },
      },
      {
        name: 'feels',
        ms: 398,
        prompt_tokens: 957,
        reused_tokens: 954,
        output_tokens: 0,
        output: { label: 'shame', probabilities: { shame: 0.48, sadness: 0.27, anxiety: 0.19, anger: 0.06 } },
      },
      {
        name: 'phase',
        ms: 397.2,
        prompt_tokens: 956,
        reused_tokens: 954,
        output_tokens: 0,
        output: {
          label: 'exploration',
          probabilities: { exploration: 0.55, problem: 0.26, planning: 0.19 },
          fallback: ['asked again without a schema'],
        },
      },
      {
        name: 'reply',
        ms: 1277.9,
        prompt_tokens: 991,
        reused_tokens: 946,
        output_tokens: 69,
        output: { text: reply },
      },
    ],
    total_ms: 2103.4,
  };
}

function examples() {
  const en = [
    {
      role: 'client',
      text: 'Hi. This is going to sound silly. I failed my driving test again today. Third time.',
    },
    {
      role: 'counsellor',
      text: 'Third time, and on the very day you come here and say so. How are you now?',
    },
    { role: 'client', text: 'Tired, mostly. I had told everyone at work the date. My phone keeps buzzing.' },
    {
      role: 'counsellor',
      text: 'You had let yourself be sure, and now each buzz asks you to say it out loud again.',
    },
    {
      role: 'client',
      text: 'Yes. I drive fine in lessons. The moment someone sits there with a clipboard my hands start shaking.',
    },
  ];
  const zh = [
    {
      role: 'client',
      text: '你好，我也不知道从哪儿说起。今天是我休完产假上班的第三天，早上出门的时候宝宝哭了。',
    },
    { role: 'counsellor', text: '门里是孩子的哭声，门外是你一个人站着，那几分钟一定很难熬。' },
    { role: 'client', text: '我在想我是不是太狠心了。' },
  ];
  const ja = [
    {
      role: 'client',
      text: 'この春に部署を異動しました。昼休みがつらいんです。みんな楽しそうに話していて、私だけ入れなくて。',
    },
  ];
  const good =
    'Your hands know how to drive; it is being watched that shakes them. What goes through you when the clipboard comes out?';
  return [
    {
      why: 'lowest chrF',
      method: 'one-call',
      dialogue: 'en-001',
      turn: 5,
      history: en,
      reply: 'That is a great one. What do you need to know? I am glad you found me.',
      reference: good,
      scores: { chrF: 6.1, Empathy: 1.42, Repetition: 12 },
      answer: answerOf('That is a great one.', 'en', 'one-call'),
    },
    {
      why: 'lowest chrF',
      method: 'direct',
      dialogue: 'ja-004',
      turn: 1,
      history: ja,
      reply: '昼休みは休むための時間です。頑張ってください。',
      reference: '休むための時間が、一番気の張る時間になってしまっているのですね。',
      scores: { chrF: 7.9, Empathy: 1.8 },
      answer: answerOf('…', 'ja', 'direct'),
    },
    {
      why: 'highest chrF',
      method: 'emostage',
      dialogue: 'en-001',
      turn: 5,
      history: en,
      reply: good,
      reference: 'Your hands do know how to drive. What happens in you when the clipboard comes out?',
      scores: { chrF: 41.7, Empathy: 4.6, Repetition: 0 },
      answer: answerOf(good, 'en', 'emostage'),
    },
    {
      why: 'highest chrF',
      method: 'emostage',
      dialogue: 'zh-002',
      turn: 3,
      history: zh,
      reply: '一边是孩子的哭声，一边是你自己的路，走开的那几步让你觉得自己狠心。',
      reference: '那几步走得很难，好像每一步都在责怪自己。',
      scores: { chrF: 38.2, Empathy: 4.4 },
      answer: answerOf('一边是孩子的哭声', 'zh', 'emostage'),
    },
  ];
}
