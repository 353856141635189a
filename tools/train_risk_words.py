#!/usr/bin/env python3
"""Learns data/safety/weights.LANGUAGE.toml from labelled talks, and prints what cross-validation says.

    python3 -m venv venv && venv/bin/pip install -r tools/train_requirements.txt
    venv/bin/python tools/train_risk_words.py en [--ordinary COMMENTS.tsv] [--write]

Features come from the program itself (`emostage safety features`), so that there is one implementation.
Learned from: train.LANGUAGE.jsonl and tune.LANGUAGE.jsonl, never the held-out half. The patterns were
fitted to the tune half, so what they found there is hidden from learning, and what cross-validation
counts are the turns of train.LANGUAGE.jsonl alone. Nothing is left to chance: the same files give the
same weights.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import tempfile

import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT / "data/safety/cases"
TRACKS = ["self", "others", "abuse", "psychosis", "eating", "medical", "third"]
LEVELS = ["none", "low", "moderate", "high", "imminent"]
TRACK_OF = {"harm-to-others": "others", "abuse": "abuse", "minor": "abuse", "medical": "medical",
            "psychosis": "psychosis", "eating-disorder": "eating"}
MODERATE = 2
FOLDS = 5
LEAST_TURNS = 3  # in which a feature must occur
DANGER_C = 3.0  # inverse strength of L2
TRACK_C = 3.0
ORDINARY = 1500  # comments learned from, of --ordinary
COUNTED = 4500  # and those to count false alarms on
ORDINARY_WEIGHT = 0.25  # of one, against a turn of the cases
ADDED_ALARMS = 0.02  # of the calm turns, by take_over
ADDED_ORDINARY = 0.003  # of the ordinary comments
LOST_DANGER = 0.01  # of the turns in danger, by calm
LARGEST = 240_000  # bytes of a weights file
LETTERS = 37  # weights run from -37 to 37


def read_features(program, files, ordinary=False):
    command = [program, "safety", "features", *(["--ordinary"] if ordinary else []), *map(str, files)]
    output = subprocess.run(command, check=True, capture_output=True).stdout
    rows = []
    for line in output.decode().splitlines():
        row = json.loads(line)
        level = LEVELS.index(row["level"])
        row["danger"] = level >= MODERATE
        row["read"] = LEVELS.index(row["patterns"])
        row["track"] = ("third" if row["form"] == "third-person"
                        else TRACK_OF.get(row["kind"], "self"))
        row["all"] = set().union(*row["sentences"]) if row["sentences"] else set()
        # A level belongs to the talk: a turn that does not raise it may say nothing at all.
        sticky = row["danger"] and LEVELS.index(row["level_before"]) >= level
        if row["all"] and not sticky:
            rows.append(row)
    return rows


def windows(row):
    """As ReadingWindows in src/knowledge/word_features.cc."""
    sentences = [set(one) for one in row["sentences"]]
    yield row["all"]
    if len(sentences) > 1:
        yield from sentences
    if len(sentences) > 2:
        for one, other in zip(sentences, sentences[1:]):
            yield one | other


class Model:
    """Danger (logistic) and, among turns in danger, the track (multinomial)."""

    def __init__(self, rows):
        counts = collections.Counter()
        for row in rows:
            counts.update(row["all"])
            if row["author"]:
                counts.update(set(row["found"]))
        names = sorted(f for f, n in counts.items() if n >= LEAST_TURNS and "''" not in f)
        self.fit(rows, names)
        # What a line of the file takes: letters, a blank, the feature, a line's end.
        lines = sorted(((-abs(w) * counts[f] ** 0.5, f) for f, w in zip(names, self.danger.coef_[0])))
        kept, size = [], 1500
        for _, feature in lines:
            size += len(TRACKS) + 3 + len(feature.encode())
            if size > LARGEST:
                break
            kept.append(feature)
        if len(kept) < len(names):
            self.fit(rows, sorted(kept))

    def fit(self, rows, names):
        self.place = {f: i for i, f in enumerate(names)}
        danger = np.array([row["danger"] for row in rows])
        matrix = self.matrix([row["all"] for row in rows],
                             [row["found"] if row["author"] else [] for row in rows])
        weight = np.array([ORDINARY_WEIGHT if row["form"] == "comment" else 1.0 for row in rows])
        weight[danger] *= weight[~danger].sum() / weight[danger].sum()
        self.danger = LogisticRegression(C=DANGER_C, solver="liblinear", random_state=1, max_iter=1000)
        self.danger.fit(matrix, danger, sample_weight=weight)
        self.track = LogisticRegression(C=TRACK_C, max_iter=100)
        self.track.fit(matrix[danger], [row["track"] for row in rows if row["danger"]])
        # As they will be read: whole letters of a step.
        classes = list(self.track.classes_)
        columns = [self.danger.coef_[0]] + [
            self.track.coef_[classes.index(t)] if t in classes else np.zeros(len(names)) for t in TRACKS]
        self.bias = np.array([self.danger.intercept_[0]] + [
            self.track.intercept_[classes.index(t)] if t in classes else -99.0 for t in TRACKS])
        self.step = np.array([max(np.abs(c).max(), 1e-6) / LETTERS for c in columns])
        self.letters = np.array([np.rint(c / s) for c, s in zip(columns, self.step)]).T
        self.weights = self.letters * self.step

    def matrix(self, words, found):
        at, columns, values = [0], [], []
        for one, patterns in zip(words, found):
            known = sorted(self.place[f] for f in one if f in self.place)
            columns += known
            values += [len(known) ** -0.5] * len(known) if known else []
            extra = sorted({self.place[f] for f in patterns if f in self.place})
            columns += extra
            values += [1.0] * len(extra)
            at.append(len(columns))
        return scipy.sparse.csr_matrix((values, columns, at), shape=(len(words), len(self.place)))

    def read(self, rows, by_sentence=True):
        parts, owner = [], []
        for i, row in enumerate(rows):
            for one in windows(row) if by_sentence else [row["all"]]:
                parts.append(one)
                owner.append(i)
        sums = self.matrix(parts, [rows[i]["found"] for i in owner]) @ self.weights + self.bias
        best = np.full(len(rows), -np.inf)
        track = [""] * len(rows)
        for i, one in zip(owner, sums):
            if one[0] > best[i]:
                best[i] = one[0]
                track[i] = TRACKS[int(np.argmax(one[1:]))]
        return 1 / (1 + np.exp(-best)), track


class Turns:
    """The columns of rows that counting needs."""

    def __init__(self, rows):
        self.danger = np.array([row["danger"] for row in rows])
        self.read = np.array([row["read"] for row in rows])
        self.open = (self.read == MODERATE) & ~np.array([row["explicit"] for row in rows])
        self.form = np.array([row["form"] for row in rows])
        self.track = np.array([row["track"] for row in rows])
        self.author = np.array([row["author"] for row in rows])

    def in_charge(self, chance, take_over, calm):
        return ((self.read >= MODERATE) & ~(self.open & (chance < calm))) | (
            (self.read < MODERATE) & (chance >= take_over))


def thresholds(turns, chance, ordinary):
    """take_over and calm, by what out-of-fold readings may cost."""
    calm_turns = chance[~turns.danger & (turns.read < MODERATE)]
    allowed = int(ADDED_ALARMS * (~turns.danger).sum())
    take_over = np.sort(calm_turns)[::-1][allowed]
    if len(ordinary):
        take_over = max(take_over, np.sort(ordinary)[::-1][int(ADDED_ORDINARY * len(ordinary))])
    weighed = np.sort(chance[turns.danger & turns.open])
    allowed = int(LOST_DANGER * turns.danger.sum())
    calm = weighed[min(allowed, len(weighed) - 1)] if len(weighed) else 0.0
    return round(float(take_over) + 0.0005, 3), round(float(min(calm, take_over)) - 0.0005, 3)


def percent(hits):
    return f"{100 * hits.mean():5.1f} % of {len(hits):4}" if len(hits) else "-"


def report(title, turns, before, after, chosen=None):
    print(title)
    names = [("all", np.ones(len(turns.form), bool))]
    names += [(form, turns.form == form) for form in sorted(set(turns.form))]
    names += [("track " + t, (turns.track == t) & turns.danger) for t in TRACKS]
    for name, rows in names:
        danger, calm = rows & turns.danger, rows & ~turns.danger
        print(f"  {name:16} in charge: patterns {percent(before[danger])}, and words "
              f"{percent(after[danger])};  false alarms: {percent(before[calm])}, {percent(after[calm])}")


def cross_validate(rows, extra, ordinary):
    """Out-of-fold readings of `rows`; `extra` is always learned from. Chances by whether windows are
    read: of `rows`, and of `ordinary` by each of the folds."""
    chance = {False: np.zeros(len(rows)), True: np.zeros(len(rows))}
    track = [""] * len(rows)
    comments = {False: np.zeros(0), True: np.zeros(0)}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
    for learn, read in folds.split(rows, [row["author"] + str(row["danger"]) for row in rows]):
        model = Model([rows[i] for i in learn] + extra)
        for by_sentence in (False, True):
            chance[by_sentence][read], tracks = model.read([rows[i] for i in read], by_sentence)
            if ordinary:
                found = model.read(ordinary, by_sentence)[0]
                comments[by_sentence] = np.append(comments[by_sentence], found)
        for i, one in zip(read, tracks):
            track[i] = one
    return chance, np.array(track), comments


def write(path, language, model, take_over, calm, source):
    columns = ["danger"] + TRACKS
    old = path.read_text("utf-8") if path.exists() else ""
    version = int(old.split("version = ")[1].split()[0]) + 1 if "placeholder" not in old and old else 1
    lines = []
    for feature, place in sorted(model.place.items()):
        letters = "".join(chr(ord("U") + int(n)) for n in model.letters[place])
        if letters.strip("U"):
            lines.append(f"{letters} {feature}")
    table = lambda name, values, digits: f"\n[{name}]\n" + "".join(
        f"{column} = {value:.{digits}f}\n" for column, value in zip(columns, values))
    path.write_text(
        "# Weights of the learned reading, written by tools/train_risk_words.py, not by hand.\n"
        f'version = {version}\nlanguage = "{language}"\nsource = "{source}"\n'
        "# From which probability of danger on the protocol takes over, and below which a danger that\n"
        "# patterns read, but do not say outright, counts as a hint.\n"
        f"take_over = {take_over}\ncalm = {calm}\n"
        f"columns = {json.dumps(columns)}\n"
        "# A line a feature: a letter for each column, from 0 (-37 steps) over U (nothing) to z (37).\n"
        "weights = '''\n" + "\n".join(lines) + "\n'''\n"
        + table("bias", model.bias, 4) + table("step", model.step, 6), "utf-8")
    print(f"{path.name}: {len(lines)} features, {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language", choices=["en", "zh", "ja"])
    parser.add_argument("--program", default=str(ROOT / "build/emostage"))
    parser.add_argument("--ordinary", help="ordinary turns, one a line, up to its first tab")
    parser.add_argument("--ordinary-source", default="", help="what these are, for the file's source line")
    parser.add_argument("--write", action="store_true", help="write the weights file")
    parser.add_argument("--authors", action="store_true", help="also leave out one author at a time")
    arguments = parser.parse_args()

    language = arguments.language
    rows = read_features(arguments.program, [CASES / f"train.{language}.jsonl"])
    tune = read_features(arguments.program, [CASES / f"tune.{language}.jsonl"])
    rows = [row for row in rows if row["language"] == language]
    tune = [row for row in tune if row["language"] == language]
    ordinary = []
    if arguments.ordinary:
        lines = pathlib.Path(arguments.ordinary).read_text("utf-8").splitlines()
        random.Random(1).shuffle(lines)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as some:
            some.write("\n".join(lines[:ORDINARY + COUNTED]))
            some.flush()
            comments = read_features(arguments.program, [some.name], ordinary=True)
        for row in comments:
            row["form"] = "comment"
        # Among them are people who are in danger: not to be learned as calm.
        ordinary = [r for r in comments if r["language"] == language and r["patterns"] == "none"]
    learned, counted = ordinary[:ORDINARY], ordinary[ORDINARY:]
    print(f"{language}: {len(rows)} turns to learn from and count, {len(tune)} of the tune half, "
          f"{len(learned)} ordinary comments")

    turns = Turns(rows)
    below = turns.read < MODERATE
    chances, track, counts = cross_validate(rows, tune + learned, counted)
    for by_sentence in (False, True):
        chance, comments = chances[by_sentence], counts[by_sentence]
        take_over, calm = thresholds(turns, chance, comments)
        before = turns.read >= MODERATE
        after = turns.in_charge(chance, take_over, calm)
        hits = turns.danger & below & (chance >= take_over)
        print(f"{'with' if by_sentence else 'without'} sentence windows: area under the curve where patterns "
              f"read nothing {roc_auc_score(turns.danger[below], chance[below]):.3f}, where they may be "
              f"lowered {roc_auc_score(turns.danger[turns.open], chance[turns.open]):.3f}; take_over "
              f"{take_over}, calm {calm}; right track where words take over "
              f"{percent(track[hits] == turns.track[hits])}; ordinary comments {percent(comments >= take_over)}")
        report(f"{FOLDS}-fold cross-validation", turns, before, after)
    if arguments.authors:
        for author in sorted(set(turns.author)):
            left = [row for row in rows if row["author"] == author]
            model = Model([row for row in rows if row["author"] != author] + tune + learned)
            read = Turns(left)
            chance = model.read(left)[0]
            after = read.in_charge(chance, take_over, calm)
            report(f"left out: {author}", read, read.read >= MODERATE, after)
    if arguments.write:
        source = "ours: learned by tools/train_risk_words.py from data/safety/cases/train and tune"
        if ordinary:
            source += ", and as calm turns from " + (arguments.ordinary_source or "ordinary comments")
        write(ROOT / f"data/safety/weights.{language}.toml", language,
              Model(rows + tune + learned), take_over, calm, source)


if __name__ == "__main__":
    main()
