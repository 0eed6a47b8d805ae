"""The record of who looked cannot be changed without somebody noticing."""

import threading
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from appointments import access, services
from appointments.models import Access
from tests.factories import make_request

pytestmark = pytest.mark.django_db


def write(*details):
    """Write a line for each of these details, one of them about two requests."""
    for detail in details:
        Access.objects.create(by="sam", kind=Access.Kind.VIEWED, references=["CF4HK7PR", "JR4HK7PR"], detail=detail)


def verify(*arguments):
    out = StringIO()
    call_command("verify_record", *arguments, stdout=out)
    return out.getvalue()


@contextmanager
def as_somebody_who_owns_the_database():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE appointments_access DISABLE TRIGGER ALL")
        yield cursor
        cursor.execute("ALTER TABLE appointments_access ENABLE TRIGGER ALL")


@pytest.fixture
def first():
    """The number of the line that the next one gets: other tests may have left some, which nobody can delete."""
    last = Access.objects.order_by("pk").last()
    return last.pk + 1 if last else 1


def test_an_untouched_record_is_whole():
    write("one", 'quotes " and \\ and é and \t and \x01 and \u2028 and 😀', "three")
    said = verify()
    assert "as they were written" in said
    last = Access.objects.order_by("pk").last().fingerprint
    assert len(last) == 64
    assert last in said
    write("four")
    assert "as they were written" in verify("--expect", last)


def test_an_empty_record_is_whole():
    with as_somebody_who_owns_the_database() as cursor:
        cursor.execute("DELETE FROM appointments_access")
    assert verify() == "All 0 lines of the record are as they were written.\n"


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "by = 'kim'",
        "address = '192.0.2.1'",
        "kind = 'listed'",
        "\"references\" = '{CF4HK7PR}'",
        "detail = 'other'",
        "fingerprint = repeat('0', 64)",
    ],
)
def test_a_changed_line_is_named(first, change):
    write("one", "two", "three")
    with as_somebody_who_owns_the_database() as cursor:
        cursor.execute(f"UPDATE appointments_access SET {change} WHERE id = %s", [first + 1])  # noqa: S608
    with pytest.raises(CommandError, match=rf"Line {first + 1} of the record is not as it was written"):
        verify()


def test_a_line_that_was_taken_away_is_noticed(first):
    write("one", "two", "three")
    with as_somebody_who_owns_the_database() as cursor:
        cursor.execute("DELETE FROM appointments_access WHERE id = %s", [first + 1])
    with pytest.raises(CommandError, match=rf"Line {first + 2} of the record"):
        verify()


def test_a_line_that_was_slipped_in_is_noticed(first):
    write("one", "two")
    with as_somebody_who_owns_the_database() as cursor:
        cursor.execute(
            'INSERT INTO appointments_access SELECT %s, at, by, address, kind, "references", detail, fingerprint '
            "FROM appointments_access WHERE id = %s",
            [first + 2, first],
        )
    with pytest.raises(CommandError, match=rf"Line {first + 2} of the record"):
        verify()


def test_lines_missing_at_the_end_are_noticed_by_who_kept_a_fingerprint(first):
    write("one", "two")
    kept = Access.objects.get(pk=first + 1).fingerprint
    with as_somebody_who_owns_the_database() as cursor:
        cursor.execute("DELETE FROM appointments_access WHERE id = %s", [first + 1])
    write("another")
    assert "as they were written" in verify()
    with pytest.raises(CommandError, match="none has the fingerprint that you expect"):
        verify("--expect", kept)


def test_the_check_reads_in_batches(monkeypatch, first):
    monkeypatch.setattr(access, "BATCH", 2)
    write(*"abcde")
    chain = access.verify()
    assert (chain.broken, chain.lines) == (None, Access.objects.count())


def test_nobody_chooses_the_number_or_the_fingerprint_of_a_line(first):
    Access.objects.bulk_create(
        Access(pk=pk, by="sam", kind=Access.Kind.VIEWED, fingerprint="f" * 64) for pk in (10**9, first, first)
    )
    assert list(Access.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True)) == [
        first, first + 1, first + 2,
    ]  # fmt: skip
    assert "as they were written" in verify()


@pytest.mark.parametrize("table", ["access", "requestevent", "requestnote"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET by = 'nobody'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_what_is_on_record(table, statement):
    request = make_request()
    services.write_note(request, "A note", by="sam")
    write("one")
    connection.check_constraints()  # what waits for them would be what keeps a table from being emptied
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        connection.cursor().execute(statement.format(f"appointments_{table}"))


def test_lines_written_at_the_same_moment_follow_each_other(stored):
    threads, each = 8, 10
    together = threading.Barrier(threads)
    before = Access.objects.count()

    def write_some():
        together.wait(20)
        write(*map(str, range(each)))
        connection.close()

    running = [threading.Thread(target=write_some) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert Access.objects.count() == before + threads * each
    assert "as they were written" in verify()
