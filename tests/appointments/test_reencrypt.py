"""A new key takes over: all is encrypted anew, whatever interrupts it, and what cannot be read is not lost."""

import subprocess
import sys
import time
import uuid
from io import StringIO
from types import SimpleNamespace

import pytest
from django.conf import settings as site_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from appointments import privacy
from appointments.encryption import encrypt, missing_keys, used_keys
from appointments.models import EvaluationRequest, Message, RequestDraft
from appointments.services import change_by_patient
from medici_site.management.commands import prepare
from tests.factories import make_request, request_answers
from tests.stored import environment_of_another_process

OLD, NEW, OTHER = {"old": b"a" * 32}, {"new": b"b" * 32}, {"other": b"c" * 32}


def run():
    out = StringIO()
    call_command("reencrypt", stdout=out)
    return out.getvalue()


def rows_as_stored(model=EvaluationRequest):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {model._meta.db_table} t")  # noqa: S608
        return [row for (row,) in cursor.fetchall()]


def set_as_stored(request, column, value):
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE appointments_evaluationrequest SET {column} = %s WHERE id = %s",  # noqa: S608
            [value, request.pk],
        )


def someone_waits_for_us():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone()


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def old_key(settings):
    settings.ENCRYPTION_KEYS = OLD
    return settings


@pytest.mark.django_db
def test_it_works(old_key):
    request = make_request(name="Ñuñez", phone="+15550100142", email="sam@mail.example", concerns=["leg"])
    draft = RequestDraft.objects.create(pk=uuid.uuid4(), answers={"who": {"name": "Ñuñez"}})
    saved_at = draft.saved_at
    old_key.ENCRYPTION_KEYS = NEW | OLD
    said = run()
    assert "evaluation requests: 1 encrypted anew" in said
    assert "may leave ENCRYPTION_KEYS: old" in said
    old_key.ENCRYPTION_KEYS = NEW  # the old key is gone for good
    stored = EvaluationRequest.objects.get()
    assert (stored.name, stored.concerns, stored.tracking_token) == ("Ñuñez", ["leg"], request.tracking_token)
    assert stored.insurer == ""
    assert Message.objects.get(kind="patient received").to == "sam@mail.example"
    draft.refresh_from_db()
    assert draft.answers == {"who": {"name": "Ñuñez"}}
    assert draft.saved_at == saved_at, "a draft does not live longer for it"
    for contact in ({"phone": "+15550100142"}, {"email": "Sam@mail.example"}):
        assert EvaluationRequest.objects.from_person(**contact).exists(), "the lookups are under the new key"


@pytest.mark.django_db
def test_what_is_done_is_not_done_again(old_key):
    make_request()
    old_key.ENCRYPTION_KEYS = NEW | OLD
    run()
    before = rows_as_stored()
    assert "evaluation requests: 0 encrypted anew, 1 already were" in run()
    assert rows_as_stored() == before


@pytest.mark.django_db
def test_a_lookup_left_under_an_old_key_is_renewed(old_key):
    request = make_request()
    old_digest = request.phone_lookup
    old_key.ENCRYPTION_KEYS = NEW | OLD
    request.save()
    set_as_stored(request, "phone_lookup", old_digest)
    run()
    old_key.ENCRYPTION_KEYS = NEW
    assert EvaluationRequest.objects.from_person(phone="+15550100142").exists()


@pytest.mark.django_db
def test_only_what_is_encrypted_is_written(old_key, monkeypatch):
    make_request()
    old_key.ENCRYPTION_KEYS = NEW | OLD
    encrypted = privacy.encrypt
    others = []

    def encrypt_while_staff_work(*args):
        if not others:
            others.append(EvaluationRequest.objects.update(may_text=True, status="in hand"))
        return encrypted(*args)

    monkeypatch.setattr(privacy, "encrypt", encrypt_while_staff_work)
    run()
    stored = EvaluationRequest.objects.get()
    assert (stored.may_text, stored.status) == (True, "in hand")


def test_a_row_in_work_is_held(old_key, stored, tmp_path):
    """What a patient changes meanwhile waits for the row, and is what counts in the end."""
    request = make_request()
    old_key.ENCRYPTION_KEYS = NEW | OLD
    environment = environment_of_another_process(tmp_path)
    with transaction.atomic():
        change_by_patient(request, {"phone": "+15550100199"})
        command = [sys.executable, "manage.py", "reencrypt"]
        process = subprocess.Popen(command, cwd=site_settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL)
        wait_until(someone_waits_for_us)
    assert process.wait(60) == 0
    now = stored.get(pk=request.pk)
    assert now.phone == "+15550100199"
    assert stored.from_person(phone="+15550100199").exists()
    assert used_keys() == {"new"}


@pytest.mark.django_db
def test_an_interruption_loses_nothing(old_key, monkeypatch):
    for number in range(7):
        make_request(name=f"Sample {number}")
    old_key.ENCRYPTION_KEYS = NEW | OLD
    monkeypatch.setattr(privacy, "BATCH", 2)
    batch, calls = privacy._reencrypt_batch, []

    def interrupted(renewal, columns, *, after):
        calls.append(renewal.model)
        if calls.count(EvaluationRequest) > 2:
            raise KeyboardInterrupt
        return batch(renewal, columns, after=after)

    with monkeypatch.context() as patch:
        patch.setattr(privacy, "_reencrypt_batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert used_keys() == {"old", "new"}
    assert sorted(request.name for request in EvaluationRequest.objects.all()) == [f"Sample {n}" for n in range(7)]
    assert "evaluation requests: 3 encrypted anew, 4 already were" in run()
    assert used_keys() == {"new"}


def test_a_killed_process_loses_nothing(old_key, stored, tmp_path):
    rows = [
        EvaluationRequest(
            submission_key=uuid.uuid4(), reference=f"K{number:07}", tracking_hash=str(number), tracking_token="t",
            **request_answers(name=f"Sample {number}"),
        )
        for number in range(800)
    ]  # fmt: skip
    stored.bulk_create(rows)
    old_key.ENCRYPTION_KEYS = NEW | OLD
    environment = environment_of_another_process(tmp_path)
    command = [sys.executable, "manage.py", "reencrypt"]
    process = subprocess.Popen(command, cwd=site_settings.BASE_DIR, env=environment)
    wait_until(lambda: "new" in used_keys())
    process.kill()
    process.wait(10)
    assert used_keys() == {"old", "new"}, "it was killed in the middle"
    assert {request.name for request in stored.all()} == {f"Sample {number}" for number in range(800)}
    subprocess.run(command, cwd=site_settings.BASE_DIR, env=environment, check=True, stdout=subprocess.DEVNULL)
    old_key.ENCRYPTION_KEYS = NEW
    assert {request.name for request in stored.all()} == {f"Sample {number}" for number in range(800)}
    assert stored.from_person(phone="+15550100142").count() == 800


# -- What cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_missing_key_is_named_and_its_values_are_left_alone(old_key):
    lost = make_request()
    (before,) = rows_as_stored()
    old_key.ENCRYPTION_KEYS = OTHER
    make_request()
    old_key.ENCRYPTION_KEYS = NEW | OTHER
    with pytest.raises(CommandError) as refused:
        run()
    assert "1 evaluation requests" in str(refused.value)
    assert "missing from ENCRYPTION_KEYS: old." in str(refused.value)
    assert before in rows_as_stored()
    assert used_keys() == {"old", "new"}, "the other request is done"
    old_key.ENCRYPTION_KEYS = NEW | OLD
    run()
    assert EvaluationRequest.objects.get(pk=lost.pk).name == "Sample Patient", "the key was found again"


@pytest.mark.django_db
@pytest.mark.parametrize("key", [OLD, NEW], ids=["under the old key", "under the first key"])
def test_a_changed_value_is_counted_and_left_alone(old_key, key):
    request = make_request(name="Sample Patient", message="my words")
    old_key.ENCRYPTION_KEYS = key
    elsewhere = encrypt("words of another column", "request.message")
    set_as_stored(request, "name", elsewhere)
    old_key.ENCRYPTION_KEYS = NEW | OLD
    with pytest.raises(CommandError, match=r"1 evaluation requests.*No key is missing"):
        run()
    (row,) = rows_as_stored()
    assert elsewhere in row
    assert EvaluationRequest.objects.get().message == "my words"
    old_key.ENCRYPTION_KEYS = NEW
    assert EvaluationRequest.objects.get().message == "my words", "the rest of the row is renewed"


@pytest.mark.django_db
def test_an_old_key_that_is_still_needed_is_not_given_up(old_key):
    request = make_request()
    set_as_stored(request, "name", encrypt("moved here", "request.message"))
    old_key.ENCRYPTION_KEYS = NEW | OLD
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("reencrypt", stdout=out)
    assert "may leave" not in out.getvalue()


@pytest.mark.django_db
def test_words_put_there_by_hand_are_not_told_as_a_key(old_key):
    request = make_request()
    set_as_stored(request, "message", "note: my words: and more")
    assert used_keys() == {"old"}
    with pytest.raises(CommandError, match="No key is missing") as refused:
        run()
    assert "my words" not in str(refused.value)
    assert "my words" not in str(EvaluationRequest.objects.get().message)


@pytest.mark.django_db
def test_keys_in_use_are_known(old_key):
    make_request()
    old_key.ENCRYPTION_KEYS = NEW
    RequestDraft.objects.create(pk=uuid.uuid4(), answers={"who": {}})
    assert used_keys() == {"old", "new"}
    assert missing_keys() == {"old"}
    old_key.ENCRYPTION_KEYS = NEW | OLD
    assert missing_keys() == set()


@pytest.mark.django_db
@pytest.mark.parametrize(("keys", "warned"), [(NEW, True), (NEW | OLD, False)])
def test_the_start_of_the_site_says_that_a_key_is_missing(old_key, monkeypatch, keys, warned):
    make_request()
    old_key.ENCRYPTION_KEYS = keys
    monkeypatch.setattr(prepare, "call_command", lambda *_, **__: None)
    monkeypatch.setattr(prepare, "connection", SimpleNamespace(cursor=connection.cursor, close=lambda: None))
    said = StringIO()
    call_command("prepare", stdout=StringIO(), stderr=said)
    assert ("ENCRYPTION_KEYS LACKS KEYS THAT STORED REQUESTS NEED: old" in said.getvalue()) is warned
