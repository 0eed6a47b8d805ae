"""The embedded Postgres: it starts, survives, stops with its last user, and says what is wrong."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time

import psycopg
import pytest

from medici_site.embedded_postgres.server import ROLE, EmbeddedPostgresError, Server


@pytest.fixture
def postgres(tmp_path):
    server = Server(tmp_path / "postgres")
    yield server
    server.release()
    server.stop()


def connect(server):
    return psycopg.connect(
        host=str(server.socket_folder), user=ROLE, dbname="postgres", password=server.password, autocommit=True
    )


def postmaster(server) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n")[0])


def test_it_starts_and_is_private(postgres):
    postgres.ensure_running()
    with connect(postgres) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW log_min_error_statement").fetchone() == ("panic",)
        for durable in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {durable}").fetchone() == ("on",)
    assert stat.S_IMODE(postgres.root.stat().st_mode) == 0o700
    assert stat.S_IMODE((postgres.root / "password").stat().st_mode) == 0o600


def test_a_wrong_password_is_refused(postgres):
    postgres.ensure_running()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=str(postgres.socket_folder), user=ROLE, dbname="postgres", password="wrong")


def test_the_last_user_stops_it(postgres):
    postgres.ensure_running()
    other = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                from pathlib import Path
                from medici_site.embedded_postgres.server import Server
                Server(Path({str(postgres.root)!r})).ensure_running()
                print("running", flush=True)
                input()
            """),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "running\n"
    postgres.release()
    assert postgres._answers(), "another process still uses it"
    other.communicate("\n")
    assert not postgres._answers()


def test_what_was_committed_survives_a_kill(postgres):
    postgres.ensure_running()
    with connect(postgres) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    os.kill(postmaster(postgres), signal.SIGKILL)
    time.sleep(0.2)
    postgres.ensure_running()
    with connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_stale_process_number_does_not_keep_it_from_starting(postgres):
    postgres.ensure_running()
    pid_file = postgres.data / "postmaster.pid"
    left_behind = pid_file.read_text()
    postgres.stop()
    # As after a crash and a restart of the machine: the number now belongs to a program that is not Postgres.
    pid_file.write_text(left_behind.replace(left_behind.split("\n")[0], str(os.getpid()), 1))
    postgres.ensure_running()
    assert postgres._answers()


def test_an_interrupted_creation_is_done_again(postgres):
    (postgres.root / "data.new").mkdir(parents=True)
    (postgres.root / "data.new" / "half").write_text("")
    postgres.root.chmod(0o700)
    postgres.ensure_running()
    assert postgres._answers()


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path):
    server = Server(tmp_path / ("long" * 20) / "postgres")
    try:
        server.ensure_running()
        assert server.socket_folder != server.root
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
    finally:
        server.release()


def test_a_damaged_folder_says_what_to_do(postgres):
    postgres.data.mkdir(parents=True)
    (postgres.data / "something").write_text("")
    with pytest.raises(EmbeddedPostgresError, match=r"not a complete PostgreSQL folder.*\(mv "):
        postgres.ensure_running()
    assert (postgres.data / "something").exists()


def test_a_cluster_of_another_version_says_what_to_do(postgres):
    postgres.data.mkdir(parents=True)
    postgres.root.chmod(0o700)
    (postgres.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 9.*Install version 9"):
        postgres.ensure_running()


def test_a_broken_cluster_says_what_to_do_and_shows_the_log(postgres, monkeypatch):
    monkeypatch.setattr("medici_site.embedded_postgres.server.START_DEADLINE", 0)
    postgres.ensure_running()
    postgres.stop()
    (postgres.data / "global" / "pg_control").unlink()
    postgres.release()
    with pytest.raises(EmbeddedPostgresError, match=r"did not start[\s\S]*pg_control[\s\S]*restore a backup"):
        postgres.ensure_running()
