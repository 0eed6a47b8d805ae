"""The real site on a folder of its own: `manage.py serve` with the durable embedded Postgres, as in `make run`."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import django
import psutil

from medici_site.embedded_postgres.server import server
from medici_site.environment import ALSO_NEEDED, PRODUCTION_ONLY

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180.0


class Site:
    """A site that can be started, stopped and struck. What it prints is kept in `log`."""

    def __init__(self, folder: Path):
        self.folder, self.log = folder, folder / "serve.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    @property
    def postgres(self):
        return server(str(self.folder / "postgres"), True)

    def start(self) -> None:
        """Start the site and wait until it answers. Raises RuntimeError, with what it printed, when it does not."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_well():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The site does not start.\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def _is_well(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the site in good order: what is being answered or sent is finished."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def end(self) -> None:
        """Stop the site, and the database whoever else uses it."""
        from django.db import connection

        self.stop()
        connection.close()
        self.postgres.release()
        self.postgres.stop()

    # -- Strikes. A SIGKILL is met by no program: nothing can be finished, flushed or said ---------------------

    def kill_web_workers(self) -> None:
        """Kill the processes that answer visitors; gunicorn starts new ones."""
        for worker in self._child("gunicorn").children():
            worker.kill()

    def kill_message_worker(self) -> None:
        """Kill the process that sends messages; `serve` starts a new one."""
        self._child("run_worker").kill()

    def kill_everything_but_the_database(self) -> None:
        """Kill `serve` and all its children at once, and start the site again."""
        serve = psutil.Process(self.process.pid)
        for process in [*serve.children(recursive=True), serve]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        self.start()

    def kill_database(self) -> None:
        """Kill Postgres. Whoever needs it next starts it, and it recovers from its log."""
        self._signal_database(signal.SIGKILL)

    def stop_database(self) -> None:
        """Let Postgres end all connections and stop in good order. Whoever needs it next starts it."""
        self._signal_database(signal.SIGINT)

    def _signal_database(self, number):
        os.kill(int((self.folder / "postgres/data/postmaster.pid").read_text().split("\n")[0]), number)

    def _child(self, word):
        return next(one for one in psutil.Process(self.process.pid).children() if word in one.cmdline())


@contextlib.contextmanager
def throw_away_site(**environment: str) -> Iterator[Site]:
    """Run a new site, with these variables set, and set Django up in this process to use the same database.

    Afterwards everything is deleted, unless something went wrong: then the folder stays, and is named. It lies beside
    the real data, so that a commit costs here what it costs there.
    """
    base = Path(os.environ.get("VAR_DIR") or ROOT / "var").absolute()
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    folder.chmod(0o755)  # the account that runs Postgres for root has to pass through
    if (base / "static").exists():
        shutil.copytree(base / "static", folder / "static")  # collected by make, as for `make run`
    # Empty, not absent: what is absent would be read from .env, and could lead to a real database or mail server.
    os.environ.update(dict.fromkeys([*PRODUCTION_ONLY, *ALSO_NEEDED, "DEBUG", "HOST"], ""))
    os.environ.update({"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "medici_site.settings", **environment})
    django.setup()
    site = Site(folder)
    broken = False
    try:
        site.start()
        yield site
    except Exception:
        broken = True
        raise
    finally:
        site.end()
        if broken:
            print(f"What is left of it can be looked at in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
