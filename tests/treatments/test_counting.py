"""What is read and looked for is counted as totals of a day, and nothing of it leads back to a person."""

import datetime

import pytest
from django.db import DatabaseError
from django.test import Client, RequestFactory

from tests.factories import sign_in
from treatments import counting
from treatments.library import published
from treatments.models import DailyCount

pytestmark = pytest.mark.django_db

COUNTS = "/admin/treatments/version/counts/"
Subject = DailyCount.Subject


@pytest.fixture(autouse=True)
def _nothing_waits(db):
    counting._waiting.clear()
    counting._searched.clear()
    DailyCount.objects.all().delete()  # the site that browser tests run has counted too
    yield
    counting._waiting.clear()
    counting._searched.clear()


@pytest.fixture
def request_of_a_patient():
    request = RequestFactory().get("/")
    request.library = published()
    return request


def counted(subject) -> dict[str, int]:
    counting.write()
    return dict(DailyCount.objects.filter(subject=subject).values_list("name", "count"))


def search_in_vain(request, words, times=1):
    for _ in range(times):
        counting.count_missed(request, words)


def test_a_page_is_counted_by_its_day_alone(client):
    for _ in range(3):
        client.get("/treatments/regenerative/prp/")
    client.head("/treatments/regenerative/prp/")
    assert counted(Subject.PAGE) == {"treatment:prp": 3}
    assert DailyCount.objects.get().day == published().today
    client.get("/treatments/regenerative/prp/")
    assert counted(Subject.PAGE) == {"treatment:prp": 4}  # still one row
    assert {field.name for field in DailyCount._meta.fields} == {"id", "day", "subject", "name", "words", "count"}


def test_a_comparison_is_counted_whatever_led_to_it(client):
    client.get("/compare/?t=prp&t=hbot", follow=True)
    client.get("/compare/hbot/prp/")
    client.get("/compare/")
    assert counted(Subject.COMPARISON) == {"hbot prp": 2}


def test_answers_of_the_finder_are_counted_once(client):
    answers = {"bothers": ["leg-pain", "stiffness"], "wanted": ["none"]}
    client.post("/find/questions/", {**answers, "show": "result"})
    client.post("/find/questions/", {**answers, "show": "result", "changing": "1"})
    assert counted(Subject.ANSWER) == {"finderrule:leg-pain": 1, "finderrule:stiffness": 1}


def test_a_search_is_counted_only_when_it_found_nothing(client):
    client.post("/search/", {"q": "epidural"})
    assert counted(Subject.MISSED) == {}
    client.post("/search/", {"q": "zzyzx quux"})
    assert sum(counted(Subject.MISSED).values()) == 1


def test_staff_who_are_signed_in_are_not_counted(client, manager):
    sign_in(client, manager)
    client.get("/treatments/regenerative/prp/")
    assert counted(Subject.PAGE) == {}


def test_a_visitor_gets_no_cookie_by_being_counted(client):
    assert client.get("/treatments/").cookies == {}


def test_what_was_searched_for_stays_unreadable_until_many_did(request_of_a_patient):
    search_in_vain(request_of_a_patient, "Ozone  Shots", counting.FEWEST - 1)
    (name,) = counted(Subject.MISSED)
    assert "ozone" not in name
    assert DailyCount.objects.get().words == ""
    search_in_vain(request_of_a_patient, "ozone shots")
    assert counted(Subject.MISSED) == {name: counting.FEWEST}
    assert DailyCount.objects.get().words == "ozone shots"


@pytest.mark.parametrize("words", ["call me at 555 0100", "rosa@mail.example", "x" * 61, "my pain (L5)", ""])
def test_what_may_tell_of_a_person_is_counted_without_its_words(request_of_a_patient, words):
    search_in_vain(request_of_a_patient, words, counting.FEWEST + 1)
    assert counted(Subject.MISSED) == {"": counting.FEWEST + 1}
    assert DailyCount.objects.get().words == ""


def test_searches_that_stayed_rare_are_forgotten(request_of_a_patient):
    long_ago = published().today - counting.HASHES_KEPT - datetime.timedelta(days=1)
    DailyCount.objects.create(day=long_ago, subject=Subject.MISSED, name="rare", count=1)
    DailyCount.objects.create(day=long_ago, subject=Subject.MISSED, name="often", words="ozone shots", count=9)
    search_in_vain(request_of_a_patient, "laser")
    counting.write()
    assert set(DailyCount.objects.filter(day=long_ago).values_list("name", flat=True)) == {"often"}


def test_counts_outlive_a_database_that_is_away(client, monkeypatch, caplog):
    client.get("/treatments/")
    with monkeypatch.context() as patch:
        patch.setattr(counting, "_add", raise_away)
        counting.write()
    assert "DatabaseError" in caplog.text
    assert counted(Subject.PAGE) == {"infopage:treatments": 1}


def raise_away(counts):
    raise DatabaseError("row of a patient")


def test_it_writes_by_itself_after_a_while(client, settings, monkeypatch):
    client.get("/treatments/")
    settings.COUNTS_EVERY = 60
    monkeypatch.setattr(counting, "_written", counting.time.monotonic() - 61)
    client.get("/treatments/")
    assert DailyCount.objects.get().count == 2
    client.get("/treatments/")
    assert DailyCount.objects.get().count == 2  # the next one waits for its minute


def test_two_processes_add_to_one_row(client, request_of_a_patient):
    """The row of another process is added to, not replaced."""
    day = published().today
    DailyCount.objects.create(day=day, subject=Subject.PAGE, name="treatment:prp", count=40)
    client.get("/treatments/regenerative/prp/")
    assert counted(Subject.PAGE) == {"treatment:prp": 41}


def test_names_without_end_do_not_fill_the_memory(request_of_a_patient, monkeypatch):
    monkeypatch.setattr(counting, "MOST_WAITING", 10)
    for number in range(50):
        search_in_vain(request_of_a_patient, "word" + "x" * number)
    assert len(counting._waiting) == len(counting._searched) == 10


def test_staff_read_the_totals_and_no_small_number(editor_client):
    today = published().today
    rows = [
        (Subject.PAGE, "treatment:prp", "", 12),
        (Subject.PAGE, "treatment:hbot", "", 4),
        (Subject.COMPARISON, "hbot prp", "", 6),
        (Subject.MISSED, "a1", "ozone shots", 7),
        (Subject.MISSED, "b2", "", 3),
    ]
    for subject, name, words, count in rows:
        DailyCount.objects.create(day=today, subject=subject, name=name, words=words, count=count)
    told = editor_client.get(COUNTS).content.decode()
    assert "ozone shots" in told
    hbot, prp = published().treatment("hbot"), published().treatment("prp")
    assert f'<th scope="row">{hbot} and {prp}</th><td>6</td>' in told
    assert "fewer than 5 each" in told
    assert "b2" not in told
    assert ">4<" not in told
    assert ">10<" in told  # all searches without result this week


def test_a_retired_page_keeps_its_count(editor_client):
    DailyCount.objects.create(day=published().today, subject=Subject.PAGE, name="treatment:gone", count=9)
    assert "gone" in editor_client.get(COUNTS).content.decode()


def test_the_page_is_useful_before_anything_was_counted(editor_client):
    assert "Nothing was counted 5 times or more yet." in editor_client.get(COUNTS).content.decode()


def test_a_page_costs_one_query_although_it_is_counted(django_assert_num_queries):
    client = Client()
    client.get("/treatments/")
    with django_assert_num_queries(1):
        client.get("/treatments/")


def test_a_search_of_staff_stops_no_counting(client, manager):
    sign_in(client, manager)
    client.post("/search/", {"q": "zzyzx quux"})
    assert counting._searched == {}
    Client().get("/treatments/")
    assert counted(Subject.PAGE) == {"infopage:treatments": 1}


def test_a_reader_of_a_draft_is_not_counted(request_of_a_patient):
    request_of_a_patient.shown_version = "Version 2"
    counting.count(request_of_a_patient, Subject.PAGE, "treatment:prp")
    assert counted(Subject.PAGE) == {}
