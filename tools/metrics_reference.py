#!/usr/bin/env python3
"""Writes tests/metrics-reference.json: what other implementations say of the texts and labels below.

Run by hand, where src/eval/metrics/ is to be held against them anew:

    python3 -m venv reference
    reference/bin/pip install sacrebleu==2.6.0 rouge-score==0.1.2 nltk==3.10.4 regex \\
        scikit-learn==1.9.1 scipy==1.17.1 statsmodels==0.15.0 krippendorff==0.9.0
    reference/bin/python tools/metrics_reference.py

The versions it ran with stand in the file. What no package has (resampling by our own generator,
runs of three said again) is computed here a second time, the plain way.
"""

import collections
import importlib.metadata
import json
import math
import pathlib
import random
import unicodedata
import warnings

import krippendorff
import numpy as np
import regex
import sacrebleu
import scipy.stats
import sklearn.metrics
from nltk.util import ngrams
from rouge_score import rouge_scorer
from sklearn.calibration import calibration_curve
from statsmodels.stats.multitest import multipletests

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "metrics-reference.json"

# (reply, reference)
EN = [
    ("That sounds really hard. What happened then?", "That sounds very hard. What did you do then?"),
    ("I'm here with you.", "I'm here with you."),
    ("You don't have to decide today, and nobody is asking you to decide today.",
     "You don't have to decide anything today."),
    ("", "Take your time."),
    ("Take your time.", ""),
    ("", ""),
    ("Yes", "Yes"),
    ("No.", "Yes."),
    ("...", "…"),
    ("Well... it cost 1,250.50 dollars, on 2024-05-03, at 9:30,right?",
     "Well, it cost 1,250.50 dollars on 2024-05-03 at 9:30."),
    ("He said \"no\" & left; <skipped>she &quot;stayed&quot; &amp;lt; alone.",
     "He said \"no\" and left; she \"stayed\" alone."),
    ("A long-\nwinded line\nover three lines, ends in a dash-\n", "A longwinded line over three lines."),
    ("I feel 😀 today 👩‍👩‍👧 and a bit ☀ too", "I feel 😢 today and a bit too"),
    ("Ｆｕｌｌ　ｗｉｄｔｈ　ｗｏｒｄｓ？", "Full width words?"),
    ("  blanks \t before\u00a0and  after \u2003 ", "blanks before and after"),
    ("It’s café culture, naïve — and “quoted” – isn't it?", "It's cafe culture, naive - and \"quoted\"."),
    ("the the the the the the the", "the cat is on the mat"),
    ("İstanbul at 300 K and a 5-6 score, 'so-called' e.g. .5 or 5.", "istanbul at 300 k"),
    ("It is hard to hear that, and it is hard to hear that again, and it is hard to hear that once more, "
     "because you told me that it is hard to sleep, hard to eat, hard to get up and hard to go to work, and "
     "that nobody at home asks how you are when you come back in the evening with your hands shaking.",
     "You sleep badly, you hardly eat, and getting up for work is hard; it hurts that nobody at home asks "
     "how you are when you come back in the evening, and it is hard to say so even here, because you have "
     "told yourself for so long that others have it worse and that you should simply go to work again."),
]
ZH = [
    ("听起来你最近真的很累。", "听起来你这段时间很累。"),
    ("我在这里陪着你。", "我在这里陪着你。"),
    ("你愿意多说一点吗？后来发生了什么？", "你愿意再说说后来的事吗？"),
    ("", "慢慢来。"),
    ("嗯", "嗯。"),
    ("。。。", "……"),
    ("他考了98.5分，花了1,200元（大约3个月）。", "他考了98.5分，花了1200元，大约三个月。"),
    ("OK，我明白了 you are tired吧", "好，我明白了，你很累吧"),
    ("ＡＢＣ１２３全角，半角abc123", "ABC123全角，半角abc123"),
    ("我很难过😢，真的很难过😢😢", "我真的很难过"),
    ("一直哭一直哭一直哭一直哭", "你一直在哭"),
    ("𠮷野家—“今天”关门了…①", "吉野家今天关门了"),
    ("你说妈妈住在两个小时车程以外的地方，她的腿不好，你答应过冬天之前自己开车去看她，所以这次没有考过，"
     "你觉得让她失望了，而不只是没有拿到驾照这件事本身，你心里其实一直在怪自己，对不对？",
     "所以你最难过的不是没有拿到驾照，而是觉得让妈妈失望了：她的腿不好，住得又远，你答应过冬天之前自己开车去看她，"
     "现在你心里一直在怪自己，觉得什么都做不好，也不敢告诉她，是这样吗？"),
]
JA = [
    ("それはとてもつらかったですね。", "それは本当につらかったですね。"),
    ("今はどんなお気持ちですか。", "今のお気持ちはいかがですか？"),
    ("そばにいます。", "そばにいます。"),
    ("", "ゆっくりでいいですよ。"),
    ("はい", "はい。"),
    ("「大丈夫」と言われても、大丈夫じゃないですよね…", "大丈夫と言われても大丈夫ではないですよね。"),
    ("ﾊﾝｶｸとゼンカク、ガとか\u3099", "ハンカクと全角"),
    ("仕事が9時から21時まで、週6日ですか？", "週に6日、9時から21時まで働いているのですね。"),
    ("眠れない、眠れない、眠れない夜😪", "眠れない夜が続くのですね"),
    ("そうなんだ、また失敗したと思っているのか", "また失敗したと思っているのですね"),
    ("お母さまは二時間も離れたところに住んでいて、腰も悪く、冬までに自分が運転して会いに行くと約束していたから、"
     "今日の試験に落ちたことがこんなに苦しいのですね。だれにいちばん申し訳ないと感じていますか。",
     "お母さまに、冬までには自分で運転して会いに行くと約束していたのですね。だから今日の試験に落ちたことが、"
     "免許そのものよりもずっと苦しいのですね。いま、お母さまに何と伝えたいですか。"),
]
CORPORA = [("en", "13a", "words", EN), ("zh", "zh", "characters", ZH), ("ja", "char", "characters", JA)]


def is_part(c):
    return unicodedata.category(c)[0] in "LMN"


def lower(c):
    return c.lower() if len(c.lower()) == 1 else c if c != "İ" else "i"


def units(text, kind):
    if kind == "characters":
        return [lower(c) for c in text if is_part(c)]
    words = regex.findall(r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{M}\p{N}]+)*", text)
    return ["".join(lower(c) for c in word) for word in words]


class CharacterTokenizer:
    def tokenize(self, text):
        return units(text, "characters")


def rouge(reply, reference, kind):
    tokenizer = CharacterTokenizer() if kind == "characters" else None
    score = rouge_scorer.RougeScorer(["rougeL"], tokenizer=tokenizer).score(reference, reply)["rougeL"]
    return [score.precision, score.recall, score.fmeasure]


def distinct(replies, n, kind):
    runs = [run for reply in replies for run in ngrams(units(reply, kind), n)]
    return len(set(runs)) / len(runs) if runs else None


def bleu_figures(score):
    return {"score": score.score, "precisions": list(score.precisions), "brevity": score.bp,
            "reply_tokens": int(score.sys_len), "reference_tokens": int(score.ref_len)}


def text_figures(language, tokens, kind, pairs):
    replies = [reply for reply, _ in pairs]
    references = [reference for _, reference in pairs]
    bleu = lambda order, effective: sacrebleu.BLEU(
        tokenize=tokens, max_ngram_order=order, effective_order=effective, force=True)
    tokenizers = {name: sacrebleu.BLEU(tokenize=name).tokenizer for name in ("13a", "zh", "char")}
    return {
        "language": language, "tokens": tokens, "units": kind,
        "replies": replies, "references": references,
        "tokenized": {name: [t(text.rstrip()).split() for text in replies + references]
                      for name, t in tokenizers.items()},
        "units_of": {k: [units(reply, k) for reply in replies] for k in ("words", "characters")},
        "bleu": [bleu_figures(bleu(n, False).corpus_score(replies, [references]))
                 for n in (1, 2, 3, 4)],
        "sentence_bleu": [[bleu_figures(bleu(n, True).sentence_score(a, [b])) for n in (1, 2, 3, 4)]
                          for a, b in pairs],
        "chrf": sacrebleu.CHRF().corpus_score(replies, [references]).score,
        "sentence_chrf": [sacrebleu.CHRF().sentence_score(a, [b]).score for a, b in pairs],
        "rouge_l": [rouge(a, b, kind) for a, b in pairs],
        "distinct": [distinct(replies, n, kind) for n in (1, 2, 3)],
        "repetition": [None if (d := distinct([reply], 3, kind)) is None else 1 - d
                       for reply in replies],
    }


def finite(value):
    return None if value is None or not math.isfinite(value) else float(value)


def label_case(name, labels, truth, chosen):
    m = sklearn.metrics
    every = list(range(labels))
    precision, recall, f1, support = m.precision_recall_fscore_support(
        truth, chosen, labels=every, zero_division=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kappa = m.cohen_kappa_score(truth, chosen, labels=every)
        quadratic = m.cohen_kappa_score(truth, chosen, labels=every, weights="quadratic")
    confusion = m.confusion_matrix(truth, chosen, labels=every)
    return {
        "name": name, "labels": labels, "truth": truth, "chosen": chosen,
        "confusion": confusion.tolist(),
        "accuracy": float(m.accuracy_score(truth, chosen)),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
        "support": support.tolist(),
        "macro_f1": float(m.f1_score(truth, chosen, average="macro", zero_division=0)),
        "weighted_f1": float(m.f1_score(truth, chosen, average="weighted", zero_division=0)),
        "kappa": finite(kappa), "quadratic_kappa": finite(quadratic),
        "preferences": preferences(confusion.astype(float)),
    }


def preferences(confusion):
    """Bradley-Terry strengths as Kang et al. define them, with our 1e-6 wins."""
    part = [i for i in range(len(confusion)) if confusion[i].sum() + confusion[:, i].sum() > 0]
    if len(part) < 2:
        return None
    wins = confusion[np.ix_(part, part)].T + 1e-6
    np.fill_diagonal(wins, 0)
    p = np.ones(len(part))
    for _ in range(20):
        for i in range(len(part)):
            p[i] = (wins[i] * p / (p[i] + p)).sum() / (wins[:, i] / (p[i] + p)).sum()
        p /= np.exp(np.log(p).mean())
    p *= len(part) / p.sum()
    found = dict(zip(part, p.tolist()))
    return {"bias": float(np.std(p)), "of": [found.get(i) for i in range(len(confusion))]}


def label_cases(rng):
    def noisy(labels, n, right):
        truth = [rng.randrange(labels) for _ in range(n)]
        return truth, [t if rng.random() < right else rng.randrange(labels) for t in truth]
    yield label_case("eight strategies", 8, *noisy(8, 400, 0.4))
    truth, chosen = noisy(8, 300, 0.3)
    yield label_case("two are never chosen", 8, truth, [c if c < 6 else 0 for c in chosen])
    yield label_case("always one", 8, truth, [3] * len(truth))
    yield label_case("all right", 5, truth := [rng.randrange(5) for _ in range(40)], truth)
    yield label_case("some never occur", 7, *noisy(4, 60, 0.5))
    yield label_case("disjoint", 4, [0, 0, 1, 1], [2, 3, 2, 2])
    yield label_case("one item, right", 3, [1], [1])
    yield label_case("one item, wrong", 3, [1], [2])
    yield label_case("one label", 3, [2, 2, 2], [2, 2, 2])


def calibration_case(labels, n, sharp, rng):
    truth, probabilities = [], []
    for _ in range(n):
        weights = [math.exp(sharp * rng.gauss(0, 1)) for _ in range(labels)]
        given = [w / sum(weights) for w in weights]
        probabilities.append(given)
        truth.append(rng.choices(range(labels), given)[0] if rng.random() < 0.7
                     else rng.randrange(labels))
    given = np.array(probabilities)
    confidence, right = given.max(axis=1), given.argmax(axis=1) == np.array(truth)
    # The last edge is let out a little: rounding may put a confidence of 1 beyond it.
    bins = np.clip(np.ceil(confidence * 15) - 1, 0, 14).astype(int)
    counts = np.bincount(bins, minlength=15)
    accuracy, mean = calibration_curve(right, confidence, n_bins=15, strategy="uniform")
    ece = float((np.abs(accuracy - mean) * counts[counts > 0]).sum() / n)
    every = list(range(labels))
    return {
        "truth": truth, "probabilities": probabilities, "ece": ece,
        "bin_items": counts.tolist(), "bin_accuracy": accuracy.tolist(),
        "bin_confidence": mean.tolist(),
        "brier": float(sklearn.metrics.brier_score_loss(truth, given, labels=every,
                                                        scale_by_half=False)),
        "log_likelihood": -float(sklearn.metrics.log_loss(truth, given, labels=every)),
    }


def multi_label_case(labels, n, rng):
    draw = lambda share: [[e for e in range(labels - 1) if rng.random() < share] for _ in range(n)]
    truth, chosen = draw(0.2), draw(0.25)
    grid = lambda items: np.array([[int(e in item) for e in range(labels)] for item in items])
    t, c = grid(truth), grid(chosen)
    used = [e for e in range(labels) if t[:, e].any() or c[:, e].any()]
    f1 = sklearn.metrics.f1_score
    return {
        "labels": labels, "truth": truth, "chosen": chosen,
        "micro_f1": float(f1(t, c, average="micro", zero_division=0)),
        "macro_f1": float(f1(t[:, used], c[:, used], average="macro", zero_division=0)),
        "f1": f1(t, c, average=None, zero_division=0).tolist(),
    }


def correlation_case(x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"x": x, "y": y,
                "pearson": finite(scipy.stats.pearsonr(x, y)[0]),
                "spearman": finite(scipy.stats.spearmanr(x, y)[0]),
                "kendall": finite(scipy.stats.kendalltau(x, y, variant="b")[0])}


def correlation_cases(rng):
    x = [rng.gauss(0, 1) for _ in range(60)]
    yield correlation_case(x, [v + rng.gauss(0, 1) for v in x])
    yield correlation_case([rng.randint(1, 5) for _ in range(80)], [rng.randint(1, 5) for _ in range(80)])
    ties = [rng.randint(1, 5) for _ in range(80)]
    yield correlation_case(ties, [min(5, max(1, v + rng.randint(-1, 1))) for v in ties])
    yield correlation_case([1, 2, 3], [3, 2, 1])
    yield correlation_case([1, 2], [5, 5])
    yield correlation_case([1e9 + i for i in range(20)], [rng.random() for _ in range(20)])


def alpha_case(rng, raters, items, missing):
    true = [rng.randint(1, 5) for _ in range(items)]
    ratings = [[None if rng.random() < missing else min(5, max(1, t + rng.choice([-1, 0, 0, 0, 1, 2])))
                for t in true] for _ in range(raters)]
    data = np.array([[np.nan if v is None else v for v in rater] for rater in ratings])
    return {"ratings": ratings,
            **{scale: float(krippendorff.alpha(data, level_of_measurement=scale))
               for scale in ("nominal", "ordinal", "interval")}}


class Draws:
    """SplitMix64 and our way to draw below n, once more."""

    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & self.MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & self.MASK
        return z ^ z >> 31

    def below(self, n):
        full = self.MASK - self.MASK % n
        while (draw := self.next()) >= full:
            pass
        return draw % n


def bootstrap(dialogues, statistic, resamples, seed, level=0.95):
    draws, values = Draws(seed), []
    for _ in range(resamples):
        drawn = [dialogues[draws.below(len(dialogues))] for _ in dialogues]
        values.append(statistic([turn for dialogue in drawn for turn in dialogue]))
    return np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()


def all_flips(sums):
    """The exact p of sign flips for sums in steps of 1/4, by counting how many flips give each sum."""
    ways = {0: 1}
    for step in (round(4 * one) for one in sums):
        nxt = collections.Counter()
        for total, n in ways.items():
            nxt[total + step] += n
            nxt[total - step] += n
        ways = nxt
    seen = abs(round(4 * sum(sums)))
    return sum(n for total, n in ways.items() if abs(total) >= seen) / 2 ** len(sums)


def difference_case(rng, dialogues, turns, shift, same_length):
    """Differences in steps of 1/4: sums are exact, so that ties are ties."""
    data = []
    for _ in range(dialogues):
        own = rng.gauss(shift, 0.5)
        n = turns if same_length else rng.randint(1, turns)
        data.append([round(4 * rng.gauss(own, 1)) / 4 for _ in range(n)])
    sums = np.array([sum(one) for one in data])
    means = np.array([sum(one) / len(one) for one in data])
    case = {"dialogues": data, "resamples": 1000, "seed": 7,
            "mean": float(np.mean([turn for one in data for turn in one])),
            "d_z": finite(scipy.stats.ttest_1samp(means, 0).statistic / math.sqrt(len(data))),
            "dialogue_means": means.tolist()}
    if dialogues >= 6:
        case["interval"] = bootstrap(data, np.mean, 1000, 7)
        if same_length:
            case["scipy_interval"] = list(map(float, scipy.stats.bootstrap(
                (means,), np.mean, method="percentile", n_resamples=100000,
                rng=np.random.default_rng(1)).confidence_interval))
    case["sign_flip"] = all_flips(sums)
    if dialogues <= 14:  # scipy tries all flips where that takes no more than n_resamples
        assert math.isclose(case["sign_flip"], scipy.stats.permutation_test(
            (sums,), np.sum, permutation_type="samples", vectorized=True,
            n_resamples=1 << 14).pvalue)
    if dialogues > 14:
        draws, hits = Draws(7), 0
        for _ in range(1000):
            words = [draws.next() for _ in range((dialogues + 63) // 64)]
            signs = np.array([-1 if words[i // 64] >> i % 64 & 1 else 1 for i in range(dialogues)])
            hits += abs((signs * sums).sum()) >= abs(sums.sum()) - 1e-9
        case["sign_flip_own"] = float((hits + 1) / 1001)
    return case


def length_case(rng, dialogues):
    data = []
    for _ in range(dialogues):
        data.append([])
        for _ in range(rng.randint(1, 8)):
            a, b = rng.randint(1, 120), rng.randint(1, 60)
            score = 0.3 + 0.5 * math.log(a / b) + rng.gauss(0, 0.8)
            data[-1].append([score, a, b])
    points = lambda pairs: ([math.log(a / b) for _, a, b in pairs], [s for s, _, _ in pairs])
    line = scipy.stats.linregress(*points([pair for one in data for pair in one]))
    fit = lambda pairs: np.polynomial.polynomial.polyfit(*points(pairs), 1)[0]
    return {"dialogues": data, "resamples": 500, "seed": 11, "intercept": float(line.intercept),
            "slope": float(line.slope), "interval": bootstrap(data, fit, 500, 11)}


def cliff_case(a, b):
    u = scipy.stats.mannwhitneyu(a, b).statistic
    return {"a": a, "b": b, "delta": float(2 * u / (len(a) * len(b)) - 1)}


def main():
    rng = random.Random(20240601)
    packages = ("sacrebleu", "rouge-score", "nltk", "scikit-learn", "scipy", "statsmodels",
                "krippendorff", "numpy", "regex")
    whole = lambda low, high, n: [rng.randint(low, high) for _ in range(n)]
    ps = [[0.01, 0.04, 0.03, 0.005], [0.5, 0.6, 0.9], [0.02], [rng.random() ** 3 for _ in range(12)]]
    draws = Draws(42)
    reference = {
        "written_by": "tools/metrics_reference.py",
        "versions": {package: importlib.metadata.version(package) for package in packages},
        "text": [text_figures(*corpus) for corpus in CORPORA],
        "labels": list(label_cases(rng)),
        "calibration": [calibration_case(5, 200, 1.5, rng), calibration_case(8, 60, 4, rng),
                        calibration_case(2, 3, 1, rng)],
        "multi_label": [multi_label_case(9, 120, rng), multi_label_case(5, 4, rng)],
        "correlation": list(correlation_cases(rng)),
        "alpha": [alpha_case(rng, 3, 40, 0.2), alpha_case(rng, 2, 25, 0), alpha_case(rng, 5, 12, 0.5)],
        "draws": {"seed": 42, "next": [str(draws.next()) for _ in range(5)],
                  "below_ten": [draws.below(10) for _ in range(20)]},
        "differences": [difference_case(rng, *how) for how in (
            (12, 6, 0.3, False), (14, 4, 0.5, True), (6, 3, 1.0, True), (40, 5, 0.15, True),
            (70, 8, 0.1, False), (3, 2, 0.5, False))],
        "length": [length_case(rng, 25), length_case(rng, 8)],
        "cliff": [cliff_case(whole(1, 5, 30), whole(2, 5, 25)), cliff_case([1, 2], [3, 4]),
                  cliff_case([2, 2], [2])],
        "holm": [{"p": p, "corrected": multipletests(p, method="holm")[1].tolist()} for p in ps],
    }
    OUT.write_text(json.dumps(reference, ensure_ascii=False, indent=None, separators=(",", ":"))
                   .replace('},{"', '},\n{"') + "\n", encoding="utf-8")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
