"""Nothing is kept longer than it should be, and one person can see or take back everything that is held on them."""

import json
import logging
import signal
import stat
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import psycopg
import pytest
import time_machine
from django.conf import settings as site_settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from appointments import limits, privacy, services
from appointments.encryption import EncryptedJSONField, EncryptedTextField
from appointments.management.commands import run_worker
from appointments.models import EvaluationRequest, Message, RequestDraft, RequestEvent, Tally
from tests.factories import agree, make_request
from tests.stored import environment_of_another_process, tables_with
from treatments import library

SECOND = timedelta(seconds=1)
Event = RequestEvent.Kind


def run(name, *arguments, **options):
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def events(request, kind):
    return [event.by for event in RequestEvent.objects.filter(reference=request.reference, kind=kind)]


def exists(request):
    return EvaluationRequest.objects.filter(pk=request.pk).exists()


def make_closed(at=None, **changes):
    """A request that was received the day before it was closed."""
    at = at or timezone.now()
    with time_machine.travel(at - timedelta(days=1), tick=False):
        request = make_request(**changes)
    with time_machine.travel(at, tick=False):
        services.move(request, "closed", reason="seen", by="sam")
    return request


@pytest.fixture
def typed(monkeypatch):
    """Let somebody type lines: `typed("sam@mail.example", "yes")`."""
    return lambda *lines: monkeypatch.setattr("sys.stdin", StringIO("".join(f"{line}\n" for line in lines)))


# -- Deleting what has had its time ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keep", "days", "closed"),
    [
        (None, 365, datetime(2027, 1, 15, 17, tzinfo=UTC)),
        (30, 30, datetime(2027, 6, 15, 17, tzinfo=UTC)),
        (30, 30, datetime(2026, 10, 15, 16, tzinfo=UTC)),  # clocks at the clinic go back meanwhile
        (30, 30, datetime(2027, 2, 20, 17, tzinfo=UTC)),  # and forward
    ],
)
def test_a_closed_request_is_kept_to_the_second(monkeypatch, keep, days, closed):
    monkeypatch.setattr(library.published().clinic, "keep_requests_days", keep)
    request = make_closed(closed)
    with time_machine.travel(closed + timedelta(days=days), tick=False) as clock:
        run("purge_requests")
        assert exists(request), "its time is not over before the last second has passed"
        clock.shift(SECOND)
        run("purge_requests")
        assert not exists(request)
    assert events(request, Event.PURGED) == ["command line"]
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_an_open_request_stays_however_old(monkeypatch):
    for status in ("new", "in hand", "waiting", "scheduled"):
        request = make_request()
        if status == "scheduled":
            agree(request)
        elif status != "new":
            services.move(request, status, by="sam")
    reopened = make_closed()
    services.move(reopened, "in hand", by="sam")
    with time_machine.travel(timezone.now() + timedelta(days=20 * 365)):
        run("purge_requests")
    assert EvaluationRequest.objects.count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize("closed", [False, True])
def test_suspected_spam_is_kept_for_thirty_days(closed):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        request = make_request(suspicion="too fast")
        if closed:
            services.move(request, "closed", reason="not reached", by="sam")
        clock.move_to(start + timedelta(days=30))
        run("purge_requests")
        assert exists(request)
        clock.shift(SECOND)
        run("purge_requests")
        assert not exists(request)
    assert events(request, Event.PURGED) == ["command line"]


@pytest.mark.django_db
def test_an_old_request_put_on_the_shelf_by_mistake_can_be_taken_off_again():
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        request = make_request()
        clock.move_to(start + timedelta(days=100))
        services.shelve(request, by="sam")
        clock.shift(timedelta(days=30))
        run("purge_requests")
        assert exists(request), "the thirty days count from the shelf"
        clock.shift(SECOND)
        run("purge_requests")
        assert not exists(request)


@pytest.mark.django_db
def test_unfinished_requests_and_counts_go_too():
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        RequestDraft.objects.create(pk=uuid.uuid4(), answers={"who": {}})
        Tally.objects.create(bucket="b", window=start, count=1)
        clock.move_to(start + timedelta(hours=24) - SECOND)
        run("purge_requests")
        assert RequestDraft.objects.count() == 1
        clock.shift(SECOND)
        assert "unfinished requests: 1" in run("purge_requests")
        assert not RequestDraft.objects.exists()
        clock.move_to(start + timedelta(days=2))
        run("purge_requests")
        assert Tally.objects.count() == 1
        clock.shift(SECOND)
        assert "counts for limits: 1" in run("purge_requests")
        assert not Tally.objects.exists()


@pytest.mark.django_db
def test_a_dry_run_says_the_same_and_changes_nothing():
    old = timezone.now() - timedelta(days=400)
    closed = make_closed(old)
    with time_machine.travel(old, tick=False):
        spam = make_request(suspicion="flood")
        both = make_closed(old, suspicion="flood")
        RequestDraft.objects.create(pk=uuid.uuid4())
    make_request()
    before, lines = EvaluationRequest.objects.count(), RequestEvent.objects.count()
    dry = run("purge_requests", "--dry-run")
    assert (EvaluationRequest.objects.count(), RequestDraft.objects.count()) == (before, 1)
    assert RequestEvent.objects.count() == lines
    for request in (closed, spam, both):
        assert request.spoken_reference in dry
    assert dry.startswith("Would be deleted:")
    assert run("purge_requests").splitlines()[1:] == dry.splitlines()[1:]
    assert EvaluationRequest.objects.count() == 1


@pytest.fixture
def stubborn(db):
    """The database itself refuses to delete requests with this privacy version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
            "CREATE TRIGGER refuse BEFORE DELETE ON appointments_evaluationrequest"
            " FOR EACH ROW WHEN (OLD.privacy_version = 999) EXECUTE FUNCTION refuse()"
        )
    return 999


def test_one_request_that_cannot_be_deleted_does_not_keep_the_others(stubborn, caplog):
    old = timezone.now() - timedelta(days=400)
    others = [make_closed(old) for _ in range(3)]
    with time_machine.travel(old):
        others.append(make_request(suspicion="flood"))
    stuck = make_closed(old, privacy_version=stubborn, name="Sample Patient")
    with pytest.raises(CommandError, match=stuck.spoken_reference):
        run("purge_requests")
    assert [exists(request) for request in [*others, stuck]] == [False] * 4 + [True]
    assert events(stuck, Event.PURGED) == [], "the line about it was not written either"
    assert stuck.messages.exists()
    assert "Sample" not in caplog.text
    assert f"Request {stuck.spoken_reference} cannot be deleted: ProgrammingError" in caplog.text


@pytest.mark.django_db
def test_many_requests_go_in_batches(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(privacy, "BATCH", 4)
    for _ in range(10):
        make_closed(timezone.now() - timedelta(days=400))
    with django_assert_max_num_queries(49):
        assert "closed requests: 10" in run("purge_requests")
    assert RequestEvent.objects.filter(kind=Event.PURGED).count() == 10


@pytest.mark.django_db
def test_a_request_opened_again_meanwhile_is_spared(monkeypatch):
    request = make_closed(timezone.now() - timedelta(days=400))
    found = privacy._references

    def find_and_let_staff_work(due):
        references = found(due)
        if references and exists(request):
            services.move(request, "in hand", by="sam")
        return references

    monkeypatch.setattr(privacy, "_references", find_and_let_staff_work)
    assert "closed requests: 0" in run("purge_requests")
    assert exists(request)
    assert events(request, Event.PURGED) == []


# -- The worker does it by itself --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_worker_purges_in_the_name_of_the_website(caplog):
    request = make_closed(timezone.now() - timedelta(days=400))
    with caplog.at_level(logging.INFO):
        privacy.keep_house()
    assert events(request, Event.PURGED) == ["website"]
    assert "1 requests" in caplog.text


@pytest.mark.django_db
def test_only_one_worker_does_it_at_a_time():
    request = make_closed(timezone.now() - timedelta(days=400))
    connection.ensure_connection()
    names = ("host", "port", "user", "password", "dbname")
    parameters = {key: value for key, value in connection.get_connection_params().items() if key in names and value}
    with psycopg.connect(**parameters, autocommit=True) as other:

        def ask(function):
            return other.execute(f"SELECT {function}(%s)", [privacy.HOUSEKEEPING_LOCK]).fetchone()[0]

        assert ask("pg_try_advisory_lock")
        privacy.keep_house()
        assert exists(request)
        assert ask("pg_advisory_unlock")
        privacy.keep_house()
        assert not exists(request)
        assert ask("pg_try_advisory_lock"), "the lock was given back"


def test_what_goes_wrong_is_logged_without_its_text_and_tried_again(monkeypatch, caplog):
    calls, stop = [], threading.Event()

    def fail():
        calls.append(1)
        if len(calls) == 2:
            stop.set()
        raise ValueError("Sample Patient")

    monkeypatch.setattr(privacy, "keep_house", fail)
    monkeypatch.setattr(run_worker, "HOUSEKEEPING_SECONDS", 0.01)
    worker = threading.Thread(target=run_worker.keep_house, args=[stop])
    worker.start()
    worker.join(10)
    assert len(calls) == 2
    assert "Housekeeping failed and is tried again in an hour: ValueError" in caplog.text
    assert "Sample" not in caplog.text


def test_a_running_worker_keeps_house(stored, tmp_path):
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        draft = RequestDraft.objects.create(pk=uuid.uuid4(), answers={"who": {"name": "Sample Patient"}})
    command = [sys.executable, "manage.py", "run_worker"]
    environment = environment_of_another_process(tmp_path)
    worker = subprocess.Popen(command, cwd=site_settings.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while RequestDraft.objects.filter(pk=draft.pk).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not RequestDraft.objects.filter(pk=draft.pk).exists()
    finally:
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert "Traceback" not in said
    assert "Sample" not in said


# -- One person ---------------------------------------------------------------------------------------------------


@pytest.fixture
def people(db):
    """Person A with two requests and a mark in every field, and person B."""
    values = {}
    for field in EvaluationRequest._meta.concrete_fields:
        if isinstance(field, EncryptedJSONField):
            values[field.name] = [f"mark-a {field.name}"]
        elif isinstance(field, EncryptedTextField) and field.editable:
            values[field.name] = f"mark-a {field.name}"
    values |= {"phone": "+15550100142", "email": "mark-a@mail.example"}
    first = make_request(**values)
    second = make_request(phone="+15550100177", email="Mark-A@mail.example", name="mark-a name", contact_by="email")
    other = make_request(phone="+15550100199", email="mark-b@mail.example", name="mark-b name", message="mark-b words")
    limits.is_over(limits.MAIL, "mark-a@mail.example")
    return first, second, other


A = ("mark-a", "Mark-A", "0100142", "0100177")


def test_after_an_erasure_nothing_of_the_person_is_left(people):
    first, second, other = people
    assert {"appointments_evaluationrequest", "appointments_message"} <= set(tables_with(*A)), "the search finds it"
    said = run("erase_person", "--reference", first.spoken_reference, "--yes")
    assert {word for word in said.replace(",", "").split() if "-" in word} == {
        first.spoken_reference,
        second.spoken_reference,
    }
    assert tables_with(*A) == []
    assert tables_with(first.tracking_token, first.tracking_hash, str(first.submission_key)) == []
    assert tables_with(first.phone_lookup, first.email_lookup) == []
    for request in (first, second):
        assert events(request, Event.ERASED) == ["command line"]
    stored = EvaluationRequest.objects.get()
    assert (stored.pk, stored.name, stored.message) == (other.pk, "mark-b name", "mark-b words")
    assert stored.messages.count() == 2
    assert events(other, Event.ERASED) == []


def test_erasing_again_changes_nothing_and_says_so(people, typed):
    first, *_ = people
    run("erase_person", "--reference", first.reference, "--yes")
    before = (EvaluationRequest.objects.count(), RequestEvent.objects.count())
    again = run("erase_person", "--reference", first.reference, "--yes")
    assert "Erased on" in again
    assert "Nothing was changed" in again
    typed("mark-a@mail.example")
    assert "No request was found for this person. Nothing was changed" in run("erase_person", "--yes")
    assert privacy.erase([first], by="sam") == []
    assert (EvaluationRequest.objects.count(), RequestEvent.objects.count()) == before


@pytest.mark.parametrize("answer", ["no", "", "y"])
def test_nothing_is_erased_without_a_yes(people, typed, answer):
    first, *_ = people
    typed(answer)
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("erase_person", "--reference", first.reference)
    assert EvaluationRequest.objects.count() == 3


@pytest.mark.parametrize("contact", ["mark-a@mail.example", " MARK-A@mail.example", "(555) 010-0177"])
def test_a_person_is_found_by_what_is_typed(people, typed, contact):
    _, second, other = people
    typed(contact, "yes")
    assert second.spoken_reference in run("erase_person")
    assert exists(other)
    assert not exists(second)


def test_what_is_asked_and_told_holds_nothing_of_the_person(people, typed):
    first, *_ = people
    typed("(555) 010-0142", "no")
    told = StringIO()
    with pytest.raises(CommandError):
        call_command("erase_person", stderr=told)
    assert f"{first.spoken_reference}, received 20" in told.getvalue()
    for private in (*A, "010-0142", "name:"):
        assert private not in told.getvalue()


@pytest.mark.parametrize(("contact", "error"), [("Sample", "neither a phone number"), ("", "Nothing was entered")])
def test_what_is_no_contact_is_refused_and_not_repeated(people, typed, contact, error):
    typed(contact)
    with pytest.raises(CommandError, match=error) as refused:
        run("export_person")
    assert "Sample" not in str(refused.value)


def test_two_people_who_share_a_phone_can_be_told_apart(db):
    one, two = make_request(name="Ann"), make_request(name="Bob")
    told = StringIO()
    call_command("export_person", "--reference", one.reference, stdout=StringIO(), stderr=told)
    assert "do not all name the same person" in told.getvalue()
    run("erase_person", "--reference", one.reference, "--only", "--yes")
    assert not exists(one)
    assert exists(two)


def test_an_export_holds_every_field_in_the_clear(people):
    first, second, other = people
    first.messages.update(state="failed", last_error="SMTPServerDisconnected")
    document = json.loads(run("export_person", "--reference", first.reference))
    exported, also = document["requests"]
    assert (exported["reference"], also["reference"]) == (first.spoken_reference, second.spoken_reference)
    for field in EvaluationRequest._meta.concrete_fields:
        if field.name not in privacy.NOT_EXPORTED:
            assert field.verbose_name in exported, field.name
        if isinstance(field, EncryptedTextField) and field.editable and field.name not in ("phone", "email"):
            assert f"mark-a {field.name}" in json.dumps(exported[field.verbose_name])
    assert (exported["phone"], exported["e-mail"]) == ("+15550100142", "mark-a@mail.example")
    assert exported["for whom"] == "Myself. I am 18 or older"
    to_patient = exported["messages"][1]
    assert to_patient["to"] == "mark-a@mail.example"
    assert (to_patient["state"], to_patient["last error"]) == ("Not sent", "SMTPServerDisconnected")
    assert [event["kind"] for event in exported["record"]] == ["Received", "Exported for the person"]
    text = json.dumps(document)
    assert "mark-b" not in text
    for handle in (first.tracking_token, first.tracking_hash, first.phone_lookup, str(first.submission_key)):
        assert handle not in text
    assert events(first, Event.EXPORTED) == events(second, Event.EXPORTED) == ["command line"]
    assert events(other, Event.EXPORTED) == []


def test_an_export_speaks_in_words(db):
    request = make_request(concerns=["leg"], interests=["hbot", "not-sure"], fusions="unknown", best_times=["morning"])
    (exported,) = privacy.export([request], by="sam")["requests"]
    assert exported["what bothers them most"] == ["Pain that shoots down the leg"]
    assert exported["interested in"] == ["Hyperbaric oxygen therapy (HBOT)", "I am not sure"]
    assert exported["spinal fusion"] == "I do not know"
    assert exported["best times"] == ["Morning"]
    assert events(request, Event.EXPORTED) == ["sam"]


def test_an_export_in_a_file_is_for_its_owner_only(people, tmp_path):
    first, *_ = people
    file = tmp_path / "export.json"
    assert run("export_person", "--reference", first.reference, "--output", str(file)) == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(json.loads(file.read_text())["requests"]) == 2
    with pytest.raises(CommandError, match="File exists"):
        run("export_person", "--reference", first.reference, "--output", str(file))
    assert len(events(first, Event.EXPORTED)) == 1, "what was not written was not exported"


def test_a_person_whose_data_cannot_be_read_can_still_be_found_and_erased(people, settings):
    first, _, other = people
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    document = json.loads(run("export_person", "--reference", first.reference))
    assert "cannot be read" in document["requests"][0]["name"]
    assert len(document["requests"]) == 2, "the stored hashes are the same"
    run("erase_person", "--reference", first.reference, "--yes")
    assert list(EvaluationRequest.objects.values_list("pk", flat=True)) == [other.pk]


def test_where_a_key_is_missing_nobody_is_told_that_this_is_all(people, settings, typed):
    first, *_ = people
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    typed("mark-a@mail.example")
    told, out = StringIO(), StringIO()
    call_command("erase_person", stdout=out, stderr=told)
    assert "This may not be all" in told.getvalue()
    assert "No request was found for this person. Nothing was changed." in out.getvalue()
    assert exists(first)


def test_a_person_is_found_across_a_change_of_keys(db, settings):
    settings.ENCRYPTION_KEYS = {"old": b"a" * 32}
    first = make_request()
    settings.ENCRYPTION_KEYS = {"new": b"b" * 32, "old": b"a" * 32}
    second = make_request()
    assert list(privacy.find_person(reference=second.reference)) == [first, second]
    assert list(privacy.find_person(reference=first.reference)) == [first, second]


def test_an_erasure_is_whole_or_not_at_all(stubborn):
    one, two = make_request(), make_request(privacy_version=stubborn)
    with pytest.raises(DatabaseError), transaction.atomic():
        privacy.erase([one, two], by="sam")
    assert exists(one)
    assert exists(two)
    assert events(one, Event.ERASED) == []


# -- The record -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE appointments_requestevent SET by = 'nobody'",
        "DELETE FROM appointments_requestevent",
        "TRUNCATE appointments_requestevent",
    ],
)
def test_the_record_is_only_ever_added_to(statement):
    request = make_request()
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        connection.cursor().execute(statement)
    assert events(request, Event.RECEIVED) == ["patient"]
