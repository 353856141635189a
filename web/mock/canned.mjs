// What the mock says. All of it made up for looking at; equal words get equal answers.

const name = (id, en, zh, ja) => ({ id, names: { en, zh, ja } });
const named = (list, language) => list.map(({ id, names }) => ({ id, name: names[language] ?? names.en }));

const kPhases = [
  name('rapport', 'rapport', '建立关系', 'ラポール形成'),
  name('problem-identification', 'problem', '明确问题', '主訴の把握'),
  name('exploration', 'exploration', '深入探索', '探索'),
  name('problem-solving', 'solution', '解决问题', '問題解決'),
  name('wrap-up', 'closing', '收尾', '終結'),
];
const kStages = [
  name('exploration', 'exploration', '探索', '探索'),
  name('insight', 'insight', '领悟', '洞察'),
  name('action', 'action', '行动', '行動'),
];
const kEmotions = [
  name('shame', 'shame', '羞愧', '恥'),
  name('exhaustion', 'exhaustion', '疲惫', '疲れ'),
  name('anxiety', 'anxiety', '焦虑', '不安'),
  name('loneliness', 'loneliness', '孤独', '孤独'),
  name('sadness', 'sadness', '悲伤', '悲しみ'),
];
const kNeeds = [
  name('emotional', 'comfort', '安慰', '慰め'),
  name('esteem', 'encouragement', '肯定', '励まし'),
  name('network', 'belonging', '归属', 'つながり'),
];

export const kMethods = [
  { name: 'emostage', summary: "takes the client's perspective, recognises the phase, then replies in step with both", perspective: true, phase: true },
  { name: 'direct', summary: 'control: replies at once, with no steps before', perspective: false, phase: false },
  { name: 'emostage-without-perspective', summary: 'control: recognises the phase only', perspective: false, phase: true },
];
const kSchemeList = { 'five-phase': kPhases, hill: kStages };
export const kSchemes = (language) => [
  { id: 'five-phase', title: { en: 'Five phases of text counselling', zh: '文字咨询五阶段', ja: 'テキスト相談の五段階' }[language], phases: named(kPhases, language) },
  { id: 'hill', title: { en: "Hill's three stages", zh: '希尔助人三阶段', ja: 'ヒルの援助三段階' }[language], phases: named(kStages, language) },
];
export const kVocabulary = (language) => ({ emotions: named(kEmotions, language), needs: named(kNeeds, language) });

export const kCard = {
  title: 'You do not have to carry this alone',
  text: 'What you wrote sounds as if you may be in danger. Please talk to someone who can be with you now.',
  lines: [
    { name: 'Example line (made up)', number: '000 000', hours: 'day and night' },
    { name: 'Example chat (made up)', number: '000 111', hours: '18–23 h' },
  ],
};

const kReplies = {
  en: [
    'Third time, and on the very day you come here and say so. That does not sound silly to me.\n\nWhat is *hardest* about it right now?',
    'You had let yourself be sure, and now each message asks you to say it out loud again. Which one is the hardest to answer?',
    'It seems it was never really about the car. You wanted to be someone she can **lean on**.\n\n- What would you want her to know?\n- And what would you rather keep for yourself tonight?',
  ],
  zh: ['你愿意说出来，就很不容易。现在最让你难受的是哪一点？', '门里是孩子的哭声，门外是你一个人站着，那几分钟一定很难熬。那时候你心里在想什么？'],
  ja: ['話してくださってありがとうございます。今、いちばんつらいのはどんなことですか。', '昼休みに一人で過ごす時間が、だんだん重くなってきたのですね。そのとき、どんな気持ちでいますか。'],
};
const kNotes = {
  en: ['failed the driving test a third time', 'I am just not made for this'],
  zh: ['产假后第三天上班，孩子在哭', '我是不是太狠心了'],
  ja: ['異動した部署で昼休みに孤立している', '自分だけ入れてもらえない'],
};

export function languageOf(text) {
  if (/[\u3040-\u30ff]/.test(text)) return 'ja';
  return /[\u4e00-\u9fff]/.test(text) ? 'zh' : 'en';
}

function hash(text) {
  let value = 2166136261;
  for (const each of text) value = Math.imul(value ^ each.codePointAt(0), 16777619) >>> 0;
  return value;
}

// A belief that wanders through the scheme as the talk goes on.
function belief(phases, turn, seed) {
  const centre = Math.min(phases.length - 1, turn * 0.7 + (seed % 5) * 0.08);
  const weights = phases.map((_, i) => Math.exp(-((i - centre) ** 2) / 0.9) + 0.02);
  const sum = weights.reduce((a, b) => a + b, 0);
  return Object.fromEntries(phases.map(({ id }, i) => [id, weights[i] / sum]));
}

export function answerOf({ method, scheme, model, language }, talk, salt) {
  const words = talk.at(-1).text;
  const turn = talk.filter((each) => each.role === 'client').length - 1;
  const spoken = language === 'auto' ? languageOf(words) : language;
  const seed = hash(words) + salt;
  const pick = (list, more = 0) => list[(seed + more + turn) % list.length];
  const { perspective, phase } = kMethods.find((each) => each.name === method) ?? kMethods[0];
  const phases = kSchemeList[scheme] ?? kPhases;
  const probabilities = belief(phases, turn, seed);
  const label = Object.entries(probabilities).sort((a, b) => b[1] - a[1])[0][0];
  const spokenNames = Object.fromEntries(phases.map(({ id, names }) => [names[spoken], probabilities[id]]));
  const labelName = phases.find(({ id }) => id === label).names[spoken];

  const step = (stepName, ms, output, written = 0) => ({
    name: stepName,
    ms: ms + (seed % 40),
    prompt_tokens: 600 + turn * 90,
    reused_tokens: 540 + turn * 85,
    output_tokens: written,
    output,
  });
  const [situation, thinks] = kNotes[spoken];
  const feels = [{ emotion: pick(kEmotions).id, intensity: 2 + (seed % 4) }];
  if (seed % 2) feels.push({ emotion: pick(kEmotions, 2).id, intensity: 1 + (seed % 3) });
  const steps = [];
  if (perspective) {
    steps.push(step('thinks', 640, { text: thinks }, 14));
    steps.push(step('feels', 180, { label: pick(kEmotions).names[spoken], probabilities: {} }));
    steps.push(step('needs', 190, { label: pick(kNeeds).names[spoken], probabilities: {} }));
  }
  if (phase) steps.push(step('phase', 160, { label: labelName, probabilities: spokenNames }));
  const reply = pick(kReplies[spoken]);
  steps.push(step('reply', 1500, { text: reply }, 42));
  return {
    method,
    scheme,
    answer: {
      reply,
      method,
      model,
      language: spoken,
      risk: /\[card\]/.test(words)
        ? { level: 'high', took_over: true, evidence: [] }
        : { level: 'none', took_over: false, evidence: [] },
      state: perspective ? { feels, situation, thinks, needs: [pick(kNeeds).id] } : null,
      phase: phase ? { label, scheme, probabilities } : null,
      steps,
      total_ms: (perspective ? 660 : 180) + 1520,
    },
  };
}
