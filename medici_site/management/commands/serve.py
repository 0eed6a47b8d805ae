"""`manage.py serve`: the whole site in the foreground, on one machine."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

WORKERS, THREADS = 2, 8
GRACE = 20  # seconds that requests in flight, and a message being sent, get to finish
WORKER_PAUSE = 3  # seconds before a worker that failed is started again
PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def _end_with_parent():
    """Ask Linux to end this child when its parent dies, even by kill -9, so that no orphan holds the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Command(BaseCommand):
    help = "Prepare the database, then run the web server and the background worker until Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000")

    def handle(self, *, host, port, **options):
        # Also where a shell started us in the background, which turns Ctrl-C off for its children.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.default_int_handler)
        self._require_free_port(host, port)
        os.environ["PORT"] = str(port)  # for the children: messages that they send carry links
        try:
            call_command("prepare", stdout=self.stdout, stderr=self.stderr)
            self._run(host, port)
        except OperationalError as error:
            raise CommandError(f"The database cannot be used.\n{error}") from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _run(self, host, port):
        web = self._child(
            "-m", "gunicorn", "medici_site.wsgi", f"--bind={self._address(host, port)}", f"--workers={WORKERS}",
            f"--threads={THREADS}", f"--graceful-timeout={GRACE}", "--log-level=warning",
            # The control socket would be made in the home folder, which a container may not have.
            "--no-control-socket",
        )  # fmt: skip
        worker = self._child("manage.py", "run_worker")
        try:
            self._wait_until_it_answers(host, port, web)
            shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - what a browser can open
            address = settings.SITE_URL or f"http://{self._address(shown, port)}"
            self.stdout.write(f"\nThe site is at {address}/   (staff: {address}/admin/)   Ctrl-C stops it.")
            self.stdout.flush()
            while web.poll() is None:
                if worker.poll() is not None:
                    # Patients come first: the pages and the form go on while messages wait.
                    self.stderr.write("The worker ended by itself; its message is above. It is started again.")
                    time.sleep(WORKER_PAUSE)
                    worker = self._child("manage.py", "run_worker")
                time.sleep(0.3)
            raise CommandError("The web server ended by itself; its message is above. The rest is being stopped.")
        finally:
            self._stop([web, worker])
            connection.close()

    @staticmethod
    def _address(host, port):
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @staticmethod
    def _require_free_port(host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            # As gunicorn does: a port that only waits out its last connections is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                reason = getattr(error, "strerror", None) or error
                raise CommandError(
                    f"Cannot use {host}:{port}: {reason}. Stop what runs there, or choose another port: "
                    f"PORT={port + 1} make run"
                ) from error

    @staticmethod
    def _child(*arguments):
        # In a session of its own a child does not get the terminal's Ctrl-C, so that it can end in good order.
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=settings.BASE_DIR, start_new_session=True, preexec_fn=_end_with_parent
        )

    @staticmethod
    def _wait_until_it_answers(host, port, web):
        while web.poll() is None:
            try:
                socket.create_connection((host, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)

    @staticmethod
    def _stop(children):
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(GRACE + 5)
            except subprocess.TimeoutExpired:
                child.kill()
