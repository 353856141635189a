"""Runs 'emostage eval' and 'report' to their ends, and kills one in the middle. Needs the starter
model; skips where it is absent, unless EMOSTAGE_REQUIRE_MODEL=1."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ.get("EMOSTAGE_BINARY", "emostage")
STARTER = "smollm2-135m"

# A labelled set of six short talks, one client turn or two each: enough for an interval.
TALK = [("client", "I failed my exam and cannot sleep.", "problem-identification"),
        ("counsellor", "That sounds exhausting. What goes through your mind at night?", None),
        ("client", "That I let everybody down, number %d times.", "exploration"),
        ("counsellor", "You carry their hopes as well as your own.", None)]


def dialogue(number):
    turns = []
    for role, text, phase in TALK:
        turn = {"role": role, "text": text % number if "%d" in text else text}
        if phase:
            turn.update(phase=phase, emotions=[{"emotion": "shame", "intensity": 3}],
                        needs=["emotional"], risk="none")
        else:
            turn["strategy"] = "reflection"
        turns.append(turn)
    turns[0]["text"] += " It was the %dth." % number
    return {"id": "t%d" % number, "language": "en", "turns": turns}


def items(folder):
    """Every item without its times."""
    found = []
    for line in (folder / "items.jsonl").read_text().splitlines():
        item = json.loads(line)
        if "unit" in item:
            continue
        item.pop("first_token_ms", None)
        item["answer"].pop("total_ms")
        for step in item["answer"]["steps"]:
            step.pop("ms")
        found.append(item)
    return sorted(found, key=lambda item: (item["method"], item["dialogue"], item["turn"]))


class Eval(unittest.TestCase):
    def setUp(self):
        if subprocess.run([BINARY, "models", "path", STARTER], capture_output=True).returncode:
            why = "no starter model; get it with 'emostage models pull %s'" % STARTER
            if os.environ.get("EMOSTAGE_REQUIRE_MODEL") == "1":
                self.fail(why)
            self.skipTest(why)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "set.jsonl"
        self.data.write_text("".join(json.dumps(dialogue(i)) + "\n" for i in range(1, 7)))

    def command(self, out, *more):
        return [BINARY, "eval", "--model", STARTER, "--data", str(self.data), "--out",
                str(self.folder / out), "--max-tokens", "12", "--resamples", "200", *more]

    def run_eval(self, out, *more):
        done = subprocess.run(self.command(out, *more), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_run_that_was_killed_goes_on_to_the_same_items(self):
        self.run_eval("whole", "--method", "direct")
        process = subprocess.Popen(self.command("killed", "--method", "direct"),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        journal = self.folder / "killed" / "items.jsonl"
        end = time.monotonic() + 120
        while time.monotonic() < end and process.poll() is None:
            if journal.exists() and journal.read_text().count('"unit"') >= 2:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        there = journal.read_text().count('"unit"')
        self.assertGreaterEqual(there, 2)
        told = self.run_eval("killed", "--method", "direct")
        self.assertRegex(told, r"6 talks: [2-6] were there already")
        self.assertEqual(items(self.folder / "killed"), items(self.folder / "whole"))

    def test_the_report_tells_what_was_measured(self):
        told = self.run_eval("run", "--method", "emostage,direct")
        self.assertIn("chrF", told)
        self.assertIn("most frequent label", told)
        report = json.loads((self.folder / "run" / "report.json").read_text())
        self.assertEqual(report["baseline"], "direct")
        self.assertEqual({method["id"] for method in report["methods"]},
                         {"emostage", "direct", "copy-last-turn", "random-reply"})
        phase = next(task for task in report["labels"] if task["task"] == "phase")
        rows = {row["method"]: row for row in phase["rows"]}
        self.assertEqual(rows["emostage"]["n"], 12)
        self.assertAlmostEqual(rows["most frequent label"]["accuracy"]["value"], 0.5)
        self.assertIn("emostage, one turn", rows)
        self.assertIn("emostage eval", report["command"])
        with open(self.folder / "run" / "report.csv", newline="") as file:
            table = list(csv.DictReader(file))
        self.assertTrue(any(row["metric"] == "chrf" for row in table))
        page = (self.folder / "run" / "report.html").read_text()
        self.assertIn("</html>", page)
        again = subprocess.run([BINARY, "report", str(self.folder / "run"), "--resamples", "200"],
                               capture_output=True, text=True)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(json.loads((self.folder / "run" / "report.json").read_text()), report)

    def test_shards_are_put_together_and_runs_compared(self):
        for shard in ("1/2", "2/2"):
            self.run_eval("shard" + shard[0], "--method", "direct", "--shard", shard)
        self.run_eval("other", "--method", "direct", "--seed", "9")
        joined = subprocess.run(
            [BINARY, "report", str(self.folder / "shard1"), str(self.folder / "shard2"), "--out",
             str(self.folder / "joined"), "--resamples", "200"], capture_output=True, text=True)
        self.assertEqual(joined.returncode, 0, joined.stderr)
        report = json.loads((self.folder / "joined" / "report.json").read_text())
        self.assertEqual(report["data"]["items"], 12)
        compared = subprocess.run(
            [BINARY, "report", "compare", str(self.folder / "shard1"), str(self.folder / "other"),
             "--resamples", "200"], capture_output=True, text=True)
        self.assertEqual(compared.returncode, 0, compared.stderr)
        self.assertIn("chrF", compared.stdout)

    def test_labels_alone_need_no_reply(self):
        told = self.run_eval("task", "--mode", "task")
        self.assertIn("Strategy of the counsellor's next turn", told)

    def test_a_simulated_client_is_answered(self):
        self.run_eval("session", "--mode", "session", "--method", "direct", "--turns", "2",
                      "--limit", "2")
        said = [item["client"] for item in items(self.folder / "session")]
        self.assertEqual(len(said), 4)
        self.assertTrue(all(said))

    def test_what_is_wrong_is_told_in_one_line(self):
        self.run_eval("seeded", "--method", "direct", "--limit", "1", "--seed", "1")
        for more, words in [
                (["--out", str(self.folder / "seeded"), "--method", "direct", "--limit", "1",
                  "--seed", "2"], "another seed"),
                (["--out", str(self.folder / "x"), "--method", "nonsense"], "no method 'nonsense'"),
                (["--out", str(self.folder / "x"), "--data", "none.json"], "none.json"),
                (["--out", str(self.folder / "x"), "--shard", "3/2"], "no shard"),
                (["--out", str(self.data / "x"), "--method", "direct"], "cannot be made")]:
            command = [BINARY, "eval", "--model", STARTER]
            if "--data" not in more:
                command += ["--data", str(self.data)]
            done = subprocess.run(command + more, capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0, more)
            self.assertIn(words, done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
