"""Runs 'emostage bench load' and 'bench methods' to their end. Needs the starter model; skips where it is absent, unless
EMOSTAGE_REQUIRE_MODEL=1."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

BINARY = os.environ.get("EMOSTAGE_BINARY", "emostage")
STARTER = "smollm2-135m"


class Load(unittest.TestCase):
    def setUp(self):
        if subprocess.run([BINARY, "models", "path", STARTER], capture_output=True).returncode:
            why = "no starter model; get it with 'emostage models pull %s'" % STARTER
            if os.environ.get("EMOSTAGE_REQUIRE_MODEL") == "1":
                self.fail(why)
            self.skipTest(why)

    def test_sessions_at_once_are_played_and_drawn(self):
        with tempfile.TemporaryDirectory() as folder:
            chart = pathlib.Path(folder) / "load.svg"
            done = subprocess.run(
                [BINARY, "bench", "load", "--model", STARTER, "--sessions", "2", "--turns", "1",
                 "--reply-tokens", "4", "--json", "--chart", chart],
                capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            figures = json.loads(done.stdout.splitlines()[-1])
            self.assertEqual(figures["turns"], 2)
            self.assertEqual(figures["errors"], {})
            self.assertGreater(figures["reply_tokens_per_second"], 0)
            self.assertLessEqual(figures["first_token_ms"]["p50"], figures["first_token_ms"]["p99"])
            root = xml.etree.ElementTree.parse(chart).getroot()
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")

    def test_methods_are_measured_on_the_same_turns(self):
        done = subprocess.run(
            [BINARY, "bench", "methods", "--model", STARTER, "--method", "direct,emostage-labels",
             "--dialogues", "1", "--reply-tokens", "4", "--json"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        direct, labels = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((direct["method"], labels["method"]), ("direct", "emostage-labels"))
        self.assertEqual(direct["ratio_to_direct"], 1)
        self.assertEqual((direct["questions"], direct["tokens_written"]), (1, 4))
        self.assertGreater(labels["questions"], 4)
        self.assertGreater(labels["tokens_reused"], direct["tokens_reused"])
        self.assertIn("| direct | 1.0 |", done.stdout)
        bad = subprocess.run([BINARY, "bench", "methods", "--model", STARTER, "--method", "psychic"],
                             capture_output=True, text=True)
        self.assertEqual(bad.returncode, 2)
        self.assertIn("'psychic'", bad.stderr)


if __name__ == "__main__":
    unittest.main()
