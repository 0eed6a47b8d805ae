"""`manage.py serve`, what `make run` does: it starts everything, keeps everything, stops everything."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import psutil
import pytest
from django.conf import settings

from appointments import gate
from medici_site.embedded_postgres.server import Server
from medici_site.environment import PRODUCTION_ONLY
from tests.flow import ANSWERS

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """A running site in a folder of its own."""

    def __init__(self, var, port):
        self.var, self.port = var, port
        # Empty, not absent: what is absent would be read from a developer's .env.
        environment = os.environ | dict.fromkeys([*PRODUCTION_ONLY, "DATABASE_URL", "HOST"], "") | {
            "VAR_DIR": str(var), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "medici_site.settings",
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""

    def wait_until_it_serves(self):
        for line in self.process.stdout:
            self.output += line
            if "Ctrl-C stops it" in line:
                return self
        raise AssertionError(self.output)

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how=signal.SIGINT):
        family = self.family()
        self.process.send_signal(how)
        self.output += self.process.communicate(timeout=40)[0]
        psutil.wait_procs(family, timeout=20)
        return [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]

    def get(self, path):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20)


@pytest.fixture
def start(tmp_path):
    runs = []

    def start_one(port=None):
        # Static files are collected by make; the page itself is what counts here.
        (tmp_path / "static").mkdir(exist_ok=True)
        (tmp_path / "static" / "staticfiles.json").write_bytes(manifest())
        runs.append(Run(tmp_path, port or free_port()))
        return runs[-1]

    yield start_one
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)
    Server(tmp_path / "postgres").stop()


def manifest() -> bytes:
    """A manifest that names every static file by its own name."""
    root = settings.BASE_DIR / "static"
    paths = {str(path.relative_to(root)): str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return json.dumps({"version": "1.1", "paths": paths, "hash": ""}).encode()


def test_it_starts_keeps_and_stops_everything(start, tmp_path, record_property):
    run = start().wait_until_it_serves()
    assert run.get("/").status == 200
    assert re.search(r"content: \d+ created, 0 updated", run.output)
    link = re.search(rf"http://127.0.0.1:{run.port}/admin/account/invitation/\S{{43}}/", run.output)[0]
    assert f"http://127.0.0.1:{run.port}/" in run.output
    assert run.end() == []
    assert run.process.returncode == 0
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists(), "the database is stopped too"

    began = time.monotonic()
    again = start().wait_until_it_serves()
    record_property("second start", f"{time.monotonic() - began:.1f} s")
    assert again.get("/treatments/hbot/").status == 200
    assert link not in again.output
    assert "/admin/account/invitation/" in again.output, "nobody has been in yet"
    assert "0 created, 0 updated" in again.output
    assert again.end(signal.SIGTERM) == []


def test_a_kill_leaves_no_orphan_and_loses_nothing(start, tmp_path):
    run = start().wait_until_it_serves()
    family = run.family()
    run.process.kill()
    run.process.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert [p.name() for p in alive if "postgres" not in p.name()] == []
    again = start(run.port).wait_until_it_serves()
    assert "0 created, 0 updated" in again.output
    assert again.get("/").status == 200


def test_the_site_answers_again_after_its_database_was_killed(start, tmp_path):
    run = start().wait_until_it_serves()
    assert run.get("/").status == 200
    postmaster = int((tmp_path / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while True:
        try:
            assert run.get("/").status == 200
            break
        except urllib.error.HTTPError as error:
            assert error.code == 503
            assert time.monotonic() < deadline
            time.sleep(0.5)
    # The worker has lost its connection too, and comes back by itself.
    assert mail_about(run, send_request(run))
    assert run.process.poll() is None
    assert run.end() == []
    assert "ended by itself" not in run.output


def test_a_port_in_use_says_what_to_do(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = start(taken.getsockname()[1])
        run.output = run.process.communicate(timeout=START_SECONDS)[0]
    assert run.process.returncode == 1
    assert f"Cannot use 127.0.0.1:{run.port}" in run.output
    assert f"PORT={run.port + 1} make run" in run.output
    assert "Traceback" not in run.output


def test_a_broken_database_folder_says_what_to_do(start, tmp_path):
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "something").write_text("")
    run = start()
    run.output = run.process.communicate(timeout=START_SECONDS)[0]
    assert run.process.returncode == 1
    assert "is not a complete PostgreSQL folder" in run.output
    assert "mv " in run.output
    assert "Traceback" not in run.output


def send_request(run) -> str:
    """Send a request as a person does, page after page and not too fast for one, and return its reference."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    answers = ANSWERS | {"words": {"message": "canary words"}}
    answers["who"] = answers["who"] | {"name": "Canary Name"}
    pages = {"safety": {"signs": "none"}} | answers | {"check": {"consent": "on"}}
    for page, data in pages.items():
        url = f"http://127.0.0.1:{run.port}/request-evaluation/{page}/"
        hidden = re.findall('<input type="hidden" name="(\\w+)" value="([^"]*)"', opener.open(url).read().decode())
        body = urllib.parse.urlencode(dict(hidden) | data, doseq=True).encode()
        if page == "check":
            time.sleep(gate.FASTEST.total_seconds())
        shown = opener.open(url, body).read().decode()
    return re.search('class="code">([^<]+)<', shown)[1]


def mail_about(run, reference, seconds=15) -> str:
    """Wait for the message that names this reference, as the worker writes it on this machine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for file in (run.var / "mail").glob("*"):
            if reference in file.read_text():
                return file.read_text()
        time.sleep(0.1)
    raise AssertionError(f"no mail about {reference}")


def test_staff_are_told_of_a_request_by_the_worker(start, tmp_path):
    run = start().wait_until_it_serves()
    mail = mail_about(run, send_request(run))
    run.end()
    # Neither the mail, nor what the site printed, nor the log of Postgres holds a word of the patient.
    for text in (mail, run.output, (tmp_path / "postgres" / "server.log").read_text()):
        assert "anary" not in text
        assert "0100142" not in text


def test_a_worker_that_ends_is_started_again(start):
    run = start().wait_until_it_serves()
    (worker,) = (process for process in run.family() if "run_worker" in process.cmdline())
    worker.kill()
    assert mail_about(run, send_request(run))
    assert run.end() == []
