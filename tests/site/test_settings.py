"""The environment: a whole production configuration starts, half of one does not."""

import os
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from medici_site.database import database
from medici_site.environment import (
    encryption_keys,
    local_secret,
    new_encryption_key,
    own_addresses,
    require_all_or_nothing,
)
from tests.check_deploy import CONFIGURATION


def test_nothing_said_is_this_machine():
    assert require_all_or_nothing({}) is False


def test_everything_said_is_production():
    assert require_all_or_nothing(CONFIGURATION) is True


@pytest.mark.parametrize("name", CONFIGURATION)
def test_half_a_configuration_names_what_is_missing(name):
    half = {key: value for key, value in CONFIGURATION.items() if key != name}
    with pytest.raises(ImproperlyConfigured, match=rf"\n  {name}: "):
        require_all_or_nothing(half)


def test_a_database_alone_is_still_this_machine():
    assert require_all_or_nothing({"DATABASE_URL": "postgres://localhost/x"}) is False


@pytest.mark.parametrize(("name", "value"), [("SITE_URL", "http://spine.clinic.example"), ("SECRET_KEY", "short")])
def test_unsafe_values_are_refused(name, value):
    with pytest.raises(ImproperlyConfigured, match=name):
        require_all_or_nothing(CONFIGURATION | {name: value})


def test_debug_is_refused_in_production():
    run = subprocess.run(
        [sys.executable, "-c", "import medici_site.settings"],
        env=os.environ | CONFIGURATION | {"DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "DEBUG shows patients' data" in run.stderr


def test_an_opened_site_answers_to_this_machines_addresses():
    assert own_addresses("") == []
    assert own_addresses("192.0.2.7") == ["192.0.2.7"]
    assert "127.0.0.1" in own_addresses("0.0.0.0")  # noqa: S104


def test_local_secret_is_made_once_and_for_its_owner_only(tmp_path):
    first = local_secret(tmp_path / "secrets", "key")
    assert local_secret(tmp_path / "secrets", "key") == first
    assert len(first) > 50
    assert stat.S_IMODE((tmp_path / "secrets" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_encryption_keys_are_read_in_order():
    one, two = new_encryption_key(), new_encryption_key()
    assert list(encryption_keys(f"{one}, {two}")) == [one.split(":")[0], two.split(":")[0]]


@pytest.mark.parametrize("text", ["", "nokey", "id:short", ":" + "A" * 44, "id:!!!"])
def test_a_bad_encryption_key_is_refused_without_being_repeated(text):
    with pytest.raises(ImproperlyConfigured) as caught:
        encryption_keys(text)
    assert not text or text not in str(caught.value)


def test_database_url_is_used_with_patience_and_its_own_options(tmp_path):
    entry = database("postgres://u:p@db.example/name?sslmode=require", tmp_path)
    assert entry["HOST"] == "db.example"
    assert entry["OPTIONS"]["connect_timeout"] == 3
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["CONN_HEALTH_CHECKS"]


def test_without_database_url_the_embedded_server_is_used(tmp_path):
    entry = database("", tmp_path)
    assert entry["ENGINE"] == "medici_site.embedded_postgres.postgresql"
    assert not list(tmp_path.iterdir()), "nothing may start before the first connection"


def test_the_env_file_counts_as_said(tmp_path):
    (tmp_path / ".env").write_text("SITE_URL=https://spine.clinic.example\nEMAIL_HOST=mail.clinic.example\n")
    environment = {k: v for k, v in os.environ.items() if k not in CONFIGURATION}
    run = subprocess.run(
        [sys.executable, "-c", "import medici_site.settings"],
        env=environment | {"ENV_FILE": str(tmp_path / ".env")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "This is half a production configuration" in run.stderr
    assert "SECRET_KEY" in run.stderr
    assert "EMAIL_HOST:" not in run.stderr
