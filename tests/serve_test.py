"""Drives 'emostage serve' from outside: every operation of its OpenAPI file against the file, start
and stop, keys, TLS, and what can go wrong. Needs python3-jsonschema and the starter model; skips
where that is absent, unless EMOSTAGE_REQUIRE_MODEL=1."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import jsonschema

BINARY = os.environ.get("EMOSTAGE_BINARY", "emostage")
STARTER = "smollm2-135m"
PATIENCE = 300  # seconds; machines differ
QUICK = ["--method", "direct", "--max-tokens", "8"]


class Server:
    """The program on a free port, started and stopped as a service manager would."""

    def __init__(self, folder, *args, env=None):
        self.folder = pathlib.Path(folder)
        store = [] if "--store" in args else ["--store", self.folder / "talks.db"]
        self.process = subprocess.Popen(
            [str(a) for a in [BINARY, "serve", "--port", 0, "--model", STARTER, *store, *args]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(env or {})},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        first = self.process.stdout.readline()
        found = re.search(r"(https?)://([^ ]*):(\d+)", first)
        if not found:
            raise AssertionError("did not start: " + first + self.process.stderr.read())
        self.url = found.group(0)
        self.port = int(found.group(3))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def call(self, method, path, body=None, headers=None, context=None):
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers={"Content-Type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()


class Case(unittest.TestCase):
    def setUp(self):
        if subprocess.run([BINARY, "models", "path", STARTER], capture_output=True).returncode:
            why = "no starter model; get it with 'emostage models pull %s'" % STARTER
            if os.environ.get("EMOSTAGE_REQUIRE_MODEL") == "1":
                self.fail(why)
            self.skipTest(why)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fails(self, *args, code=1, **options):
        """One line on standard error, and nothing half-done."""
        done = subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True,
                              timeout=PATIENCE, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("; ", done.stderr)
        return done.stderr


class OpenApi(Case):
    """What the server does is what openapi.json says."""

    def setUp(self):
        super().setUp()
        self.server = Server(self.folder, *QUICK)
        self.addCleanup(self.server.stop)
        _, _, text = self.server.call("GET", "/api/openapi.json")
        self.api = json.loads(text)
        self.seen = set()

    def validate(self, schema, value, what):
        # The file's own references, from wherever the schema stands in it.
        whole = {**schema, "components": self.api["components"]}
        errors = list(jsonschema.Draft202012Validator(whole).iter_errors(value))
        self.assertEqual([e.message for e in errors], [], what)

    def ask(self, method, template, body=None, path=None, headers=None, expect=None):
        operation = self.api["paths"][template][method.lower()]
        if body is not None and expect in (None, 200, 201):
            self.validate(operation["requestBody"]["content"]["application/json"]["schema"], body,
                          "the test's own request")
        status, got, text = self.server.call(method, path or template, body, headers)
        if expect:
            self.assertEqual(status, expect, text)
        described = operation["responses"].get(str(status))
        self.assertIsNotNone(described, "%s %s answers %d: %s" % (method, template, status, text))
        if "$ref" in described:
            described = self.api["components"]["responses"][described["$ref"].split("/")[-1]]
        content = described.get("content", {})
        if content:
            kind = got["Content-Type"].split(";")[0]
            self.assertIn(kind, content)
            value = text if kind == "text/event-stream" else json.loads(text)
            self.validate(content[kind]["schema"], value, "%s %s %d" % (method, template, status))
        self.seen.add((template, method.lower(), status))
        return text if not text or text[0] not in "{[" else json.loads(text)

    def events(self, text):
        found = re.findall(r"^event: (.*)\ndata: (.*)$", text, re.M)
        return [(name, json.loads(data)) for name, data in found]

    def test_every_operation_does_what_the_file_says(self):
        self.assertTrue(self.api["openapi"].startswith("3.1"))
        made = self.ask("POST", "/api/sessions",
                        {"method": "emostage-labels", "language": "en", "client": "c-1"},
                        expect=201)
        one = "/api/sessions/" + made["id"]
        turn = self.ask("POST", "/api/sessions/{id}/turns", {"text": "I failed my exam."},
                        path=one + "/turns", expect=200)
        self.assertEqual([m["role"] for m in turn["messages"]], ["client", "counsellor"])
        stream = self.ask("POST", "/api/sessions/{id}/turns", {"text": "My parents will be angry."},
                          path=one + "/turns", headers={"Accept": "text/event-stream"}, expect=200)
        kinds = {"turn": {"type": "object", "required": ["index", "method", "scheme"]},
                 "step_started": {"type": "object", "required": ["name"]},
                 "step_done": {"$ref": "#/components/schemas/Step"},
                 "risk": {"$ref": "#/components/schemas/Risk"},
                 "token": {"type": "object", "required": ["text"]},
                 "reply": {"$ref": "#/components/schemas/Answer"},
                 "done": {"$ref": "#/components/schemas/TurnDone"}}
        events = self.events(stream)
        self.assertEqual({name for name, _ in events}, set(kinds))
        for name, data in events:
            self.validate(kinds[name], data, name)
        whole = self.ask("GET", "/api/sessions/{id}", path=one, expect=200)
        self.assertEqual(len(whole["messages"]), 4)
        self.ask("GET", "/api/sessions/{id}/export", path=one + "/export", expect=200)
        self.ask("PATCH", "/api/sessions/{id}", {"title": "Exam", "scheme": "hill"}, path=one,
                 expect=200)
        self.ask("POST", "/api/sessions/{id}/stop", path=one + "/stop", expect=200)
        found = self.ask("GET", "/api/sessions", path="/api/sessions?query=PARENTS", expect=200)
        self.assertEqual([s["id"] for s in found["sessions"]], [made["id"]])
        compared = self.ask("POST", "/api/compare",
                            {"session": made["id"], "lanes": [{"method": "direct"},
                                                              {"method": "emostage-labels"}]},
                            expect=200)
        lanes = [data["lane"] for name, data in self.events(compared) if name == "done"]
        self.assertEqual(sorted(lanes), [0, 1])
        # Someone who looks on; the stream has no end of its own.
        watching = urllib.request.urlopen(self.server.url + one + "/events", timeout=PATIENCE)
        self.assertEqual(watching.headers["Content-Type"], "text/event-stream")
        self.seen.add(("/api/sessions/{id}/events", "get", 200))
        watching.close()
        for path in ["/api/methods", "/api/schemes", "/api/vocabulary", "/api/models", "/api/me",
                     "/api/health", "/api/ready"]:
            self.ask("GET", path, expect=200)
        # Refusals are as described too.
        self.ask("POST", "/api/sessions", {"method": "hypnosis"}, expect=400)
        self.ask("POST", "/api/sessions/{id}/turns", {"text": 7}, path=one + "/turns", expect=400)
        self.ask("POST", "/api/sessions/{id}/turns", {"text": "x" * 70000}, path=one + "/turns",
                 expect=413)
        self.ask("GET", "/api/schemes", path="/api/schemes?language=la", expect=400)
        self.ask("POST", "/api/compare", {"lanes": []}, expect=400)
        self.ask("DELETE", "/api/sessions/{id}", path=one, expect=204)
        self.ask("GET", "/api/sessions/{id}", path=one, expect=404)
        self.ask("DELETE", "/api/sessions/{id}", path=one, expect=404)
        untried = {(path, method) for path, item in self.api["paths"].items() for method in item}
        untried -= {(path, method) for path, method, status in self.seen if status < 300}
        self.assertEqual(untried, set(), "operations that were never seen to work")


class StartAndStop(Case):
    def test_a_stream_is_finished_before_the_end(self):
        with Server(self.folder, "--method", "direct", "--max-tokens", "40") as server:
            _, _, text = server.call("POST", "/api/sessions", {})
            path = "/api/sessions/" + json.loads(text)["id"] + "/turns"
            request = urllib.request.Request(
                server.url + path, json.dumps({"text": "Tell me about the sea."}).encode(),
                {"Accept": "text/event-stream", "Content-Type": "application/json"})
            stream = urllib.request.urlopen(request, timeout=PATIENCE)
            first = stream.readline()
            self.assertIn(b"event", first)
            server.process.send_signal(signal.SIGTERM)
            rest = stream.read().decode()
            self.assertIn("event: done", rest)
            _, err = server.process.communicate(timeout=PATIENCE)
            self.assertEqual((server.process.returncode, err), (0, ""))

    def test_what_was_acknowledged_is_there_after_a_kill(self):
        with Server(self.folder, *QUICK) as server:
            _, _, text = server.call("POST", "/api/sessions", {})
            one = "/api/sessions/" + json.loads(text)["id"]
            self.assertEqual(server.call("POST", one + "/turns", {"text": "Hello there."})[0], 200)
            server.process.kill()
        with Server(self.folder, *QUICK) as server:
            talk = json.loads(server.call("GET", one)[2])
            self.assertEqual(talk["messages"][0]["text"], "Hello there.")
            self.assertEqual(len(talk["messages"]), 2)
            # And it goes on from there.
            self.assertEqual(server.call("POST", one + "/turns", {"text": "And you?"})[0], 200)
            code, _, err = server.stop()
            self.assertEqual((code, err), (0, ""))
        files = b"".join(p.read_bytes() for p in self.folder.iterdir())
        self.assertNotIn(b"Hello there", files)

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            line = self.fails("serve", "--port", taken.getsockname()[1], "--store", "memory")
            self.assertIn("in use", line)

    def test_a_damaged_store_is_left_as_it_is(self):
        with Server(self.folder, *QUICK) as server:
            server.call("POST", "/api/sessions", {"title": "a"})
            server.stop()
        store = self.folder / "talks.db"
        damaged = b"not a database at all" * 100
        store.write_bytes(damaged)
        line = self.fails("serve", "--store", store)
        self.assertIn(str(store), line)
        self.assertEqual(store.read_bytes(), damaged)

    def test_a_key_that_is_missing(self):
        with Server(self.folder, *QUICK) as server:
            server.stop()
        (self.folder / "talks.db.key").unlink()
        self.assertIn("key", self.fails("serve", "--store", self.folder / "talks.db"))
        self.assertFalse((self.folder / "talks.db.key").exists())

    def test_other_machines_need_a_key_or_a_word(self):
        line = self.fails("serve", "--host", "0.0.0.0", "--store", "memory", code=2)
        self.assertIn("--no-keys", line)

    def test_nonsense(self):
        self.fails("serve", "--store", "memory", "--cert", "x.pem", code=2)
        self.fails("serve", "--store", "memory", "--cert", self.folder / "no.pem", "--cert-key",
                   self.folder / "no.key")
        self.fails("serve", "--store", self.folder / "no" / "folder" / "talks.db")
        self.fails("serve", "--store", "memory", "--method", "hypnosis", code=2)


class KeysAndTls(Case):
    def test_keys_are_made_used_and_taken_back(self):
        store = self.folder / "talks.db"
        key = subprocess.run([BINARY, "keys", "add", "ann", "--role", "researcher", "--store", store],
                             capture_output=True, text=True, check=True).stdout.strip()
        self.fails("keys", "add", "ann", "--store", store, code=2)
        listed = subprocess.run([BINARY, "keys", "list", "--store", store], capture_output=True,
                                text=True, check=True).stdout
        self.assertIn("ann", listed)
        self.assertNotIn(key, listed)
        with Server(self.folder, *QUICK) as server:
            mine = {"Authorization": "Bearer " + key}
            self.assertEqual(server.call("GET", "/api/sessions")[0], 401)
            self.assertEqual(server.call("GET", "/api/sessions", headers=mine)[0], 200)
            self.assertEqual(server.call("GET", "/v1/models", headers=mine)[0], 200)
            self.assertEqual(server.call("GET", "/api/health")[0], 200)
            self.assertEqual(server.call("GET", "/")[0], 200)
            subprocess.run([BINARY, "keys", "remove", "ann", "--store", store], check=True)
            self.assertEqual(server.call("GET", "/api/sessions", headers=mine)[0], 401)
        self.fails("keys", "remove", "ann", "--store", store, code=2)
        self.assertNotIn(key.encode(), store.read_bytes())

    @unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate with")
    def test_tls(self):
        cert, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        with Server(self.folder, *QUICK, "--cert", cert, "--cert-key", key) as server:
            self.assertTrue(server.url.startswith("https://"))
            context = ssl.create_default_context(cafile=cert)
            self.assertEqual(server.call("GET", "/api/health", context=context)[0], 200)


class Misuse(Case):
    """A socket in bad hands."""

    def test_paths_methods_and_garbage(self):
        with Server(self.folder, *QUICK, "--store", "memory") as server:
            for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../x",
                         "/api/sessions/%00", "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd"]:
                status, _, text = server.call("GET", path)
                self.assertIn(status, (400, 404), path)
                self.assertNotIn("root:", text)
            for garbage in [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                            b"POST /api/sessions HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]:
                with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as raw:
                    raw.sendall(garbage)
                    raw.shutdown(socket.SHUT_WR)
                    with contextlib.suppress(ConnectionResetError):
                        answer = raw.recv(100)
                        self.assertTrue(answer == b"" or b" 400 " in answer or b" 505 " in answer,
                                        answer)
            # Somebody else's page that points its own name here.
            self.assertEqual(server.call("GET", "/api/sessions", headers={"Host": "evil.example"})[0],
                             403)
            self.assertEqual(
                server.call("POST", "/api/sessions", {}, {"Origin": "https://evil.example"})[0], 403)
            self.assertEqual(server.call("GET", "/api/health")[0], 200)

    def test_sql_and_script_are_only_words(self):
        with Server(self.folder, *QUICK) as server:
            words = "'; DROP TABLE sessions; -- <script>alert(1)</script> \u0000 \u202e"
            status, _, text = server.call("POST", "/api/sessions", {"title": words})
            self.assertEqual(status, 201)
            one = "/api/sessions/" + json.loads(text)["id"]
            self.assertEqual(server.call("POST", one + "/turns", {"text": words})[0], 200)
            for query in ["?query=';DROP%20TABLE%20sessions;--", "?before=%27%20OR%201=1", "?limit=1"]:
                self.assertIn(server.call("GET", "/api/sessions" + query)[0], (200, 400), query)
            self.assertEqual(server.call("GET", "/api/sessions/'%20OR%20'1'='1")[0], 404)
            self.assertIn("DROP TABLE", json.loads(server.call("GET", one)[2])["messages"][0]["text"])


if __name__ == "__main__":
    unittest.main()
