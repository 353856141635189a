"""The safety layer from outside: one class, one ctest entry (see cli_test.py)."""

import json
import pathlib
import re
import shutil
import tempfile
import unittest

import cli_test
from cli_test import SOURCE, run

DANGER = {"en": "I want to kill myself tonight", "zh": "我今晚想自杀", "ja": "今夜もう死にたいです"}


class Safety(unittest.TestCase):
    def answer(self, text, *args, **options):
        talk = json.dumps([{"role": "client", "text": text}]).encode()
        result = run("respond", "-", "--json", *args, stdin=talk, **options)
        self.assertEqual(result.code, 0, result)
        return json.loads(result.out)

    def test_the_protocol_answers_in_each_language(self):
        for language, text in DANGER.items():
            with self.subTest(language):
                answer = self.answer(text, "--country", "JP")
                self.assertTrue(answer["risk"]["took_over"], answer)
                self.assertEqual(answer["language"], language)
                self.assertIn(answer["risk"]["level"], ["moderate", "high", "imminent"])
                self.assertTrue(answer["disclosure"])
                rule = answer["risk"]["evidence"][0]
                self.assertEqual(rule["source"], "patterns")
                texts = (SOURCE / f"data/safety/protocol.{language}.toml").read_text("utf-8")
                self.assertIn(re.split(r"\d", answer["reply"])[0][:20], texts)

    def test_without_the_layer_the_method_answers(self):
        answer = self.answer(DANGER["en"], "--no-safety", "--method", "direct", "--max-tokens", "8")
        self.assertIsNone(answer["risk"]["level"])
        self.assertFalse(answer["risk"]["took_over"])

    def test_a_conversation_is_told_what_it_talks_to_and_whom_to_call(self):
        words = "I took all my pills\n"
        result = run("chat", "--method", "direct", "--max-tokens", "8", "--lang", "en",
                     "--country", "JP", stdin=words.encode())
        self.assertEqual(result.code, 0, result)
        out = result.out.decode()
        self.assertIn("program", out)
        self.assertIn("119", out)

    def test_check_names_what_is_old(self):
        self.assertEqual(run("safety", "check").code, 0)
        old = run("safety", "check", "--day", "2031-01-01")
        self.assertEqual(old.code, 1)
        self.assertIn(b"older than a year", old.out)
        self.assertEqual(run("safety", "check", "--day", "tomorrow").code, 2)

    def test_helplines_show_their_sources(self):
        out = run("safety", "helplines", "JP").out.decode()
        self.assertIn("119", out)
        self.assertIn("https://", out)
        unknown = run("safety", "helplines", "XX")
        self.assertEqual(unknown.code, 2)
        self.assertEqual(len(unknown.err.splitlines()), 1)
        self.assertEqual(run("respond", "--demo", "--country", "XX").code, 2)

    def test_eval_counts_and_lists(self):
        cases = SOURCE / "data/safety/cases/held-out.en.jsonl"
        with tempfile.TemporaryDirectory() as folder:
            figures = pathlib.Path(folder) / "figures.json"
            result = run("safety", "eval", "--patterns-only", "--json", figures, cases)
            self.assertEqual(result.code, 0, result)
            out = result.out.decode()
            self.assertIn("By kind", out)
            self.assertIn("labelled (rows)", out)
            found = json.loads(figures.read_text())
            english = found["languages"]["en"]
            missed = english["recall"]["of"] - english["recall"]["hits"]
            self.assertEqual(missed, len(found["missed"]))
            self.assertEqual(english["false_alarms"]["hits"], len(found["false_alarms"]))
            for one in found["missed"]:
                self.assertIn(one["id"], out)
            broken = pathlib.Path(folder) / "broken.jsonl"
            broken.write_text(cases.read_text("utf-8").splitlines()[0] + "\n{}\n", "utf-8")
            result = run("safety", "eval", "--patterns-only", broken)
            self.assertEqual(result.code, 1)
            self.assertIn(b"line 2", result.err)

    def test_a_broken_or_missing_file_stops_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            shutil.copytree(SOURCE / "data", data)
            patterns = data / "safety/patterns.en.toml"
            text = patterns.read_text("utf-8")
            patterns.write_text(text.replace('level = "high"', 'level = "hgih"', 1), "utf-8")
            result = run("respond", "--demo", env={"EMOSTAGE_DATA": data})
            self.assertEqual(result.code, 1)
            self.assertRegex(result.err.decode(), r"patterns\.en\.toml line \d+: .*hgih")
            self.assertEqual(result.out, b"")
            patterns.unlink()
            result = run("respond", "--demo", env={"EMOSTAGE_DATA": data})
            self.assertEqual(result.code, 1)
            self.assertIn(b"patterns.en.toml", result.err)

    def test_numbers_in_texts_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            shutil.copytree(SOURCE / "data", data)
            texts = data / "safety/protocol.ja.toml"
            text = texts.read_text("utf-8")
            texts.write_text(re.sub(r'wordings = \["', 'wordings = ["１１９', text, count=1), "utf-8")
            if texts.read_text("utf-8") == text:  # one wording a line
                texts.write_text(re.sub(r'wordings = \[\s*"', 'wordings = ["１１９', text, count=1),
                                 "utf-8")
            result = run("safety", "check", "--data", data)
            self.assertEqual(result.code, 1)
            self.assertIn(b"digit", result.err)


if __name__ == "__main__":
    assert cli_test.BINARY
    unittest.main(verbosity=2)
