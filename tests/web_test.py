"""The page in a real browser and the openai library, each against 'emostage serve' on the starter
model, the report of an evaluation, and the pages' own unit tests. Needs Node, npm and Chromium
(tools/setup.sh test); what needs the starter skips where it is absent, unless EMOSTAGE_REQUIRE_MODEL=1.

Pictures of the page at two sizes are left in EMOSTAGE_SHOTS."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from serve_test import BINARY, Case, Server

SOURCE = pathlib.Path(__file__).resolve().parents[1]
# Every step of the page's is there, and each as short as can be.
SERVE = ["--method", "emostage-labels", "--max-tokens", "16"]


def npm(folder, *args, **env):
    """Runs a script of a package.json, after getting what it needs, once."""
    installed = folder / "node_modules" / ".emostage-installed"
    lock = folder / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund",
                        "--loglevel=error"], cwd=folder, check=True)
        installed.touch()
    return subprocess.run(["npm", "run", "--silent", *args], cwd=folder, env={**os.environ, **env},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Browser(Case):
    def test_the_page_in_chromium(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder, *SERVE) as server:
            done = npm(SOURCE / "tests" / "web", "test", EMOSTAGE_URL=server.url)
            self.assertEqual(done.returncode, 0, done.stdout)


class BrowserInTrouble(Case):
    def test_servers_that_refuse_and_die(self):
        done = npm(SOURCE / "tests" / "web", "test:trouble", EMOSTAGE_BINARY=BINARY)
        self.assertEqual(done.returncode, 0, done.stdout)


class OpenAiLibrary(Case):
    def test_the_openai_library(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder, *SERVE) as server:
            done = npm(SOURCE / "tests" / "web", "test:openai", EMOSTAGE_URL=server.url)
            self.assertEqual(done.returncode, 0, done.stdout)


class Report(unittest.TestCase):
    def test_the_report_of_an_evaluation_in_chromium(self):
        with tempfile.TemporaryDirectory() as folder:
            done = npm(SOURCE / "web", "build:report", "--", "--outDir", folder, "--emptyOutDir",
                       "--logLevel", "warn")
            self.assertEqual(done.returncode, 0, done.stdout)
            done = npm(SOURCE / "tests" / "web", "test:report",
                       EMOSTAGE_REPORT=f"{folder}/report.html")
            self.assertEqual(done.returncode, 0, done.stdout)


class Units(unittest.TestCase):
    def test_types_and_pure_functions(self):
        for script in ["check", "test"]:
            done = npm(SOURCE / "web", script)
            self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
