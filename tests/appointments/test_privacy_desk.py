"""Who looked, exports, one person's data, and how long requests are kept: on record before anything is shown."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.utils import timezone

from appointments import access, privacy, services, spreadsheet
from appointments.models import Access, EvaluationRequest, RequestEvent
from medici_site.models import User
from tests.factories import make_request, make_user, sign_in
from tests.stored import tables_with
from treatments import library

pytestmark = pytest.mark.django_db
DESK = "/admin/appointments/evaluationrequest/"
Seen, Event = Access.Kind, RequestEvent.Kind


@pytest.fixture
def seen():
    """Return the lines that were added since the last time it was asked, as (kind, references, detail)."""
    last = [_last()]

    def new():
        lines = list(Access.objects.filter(pk__gt=last[0]).order_by("pk"))
        last[0] = _last()
        return [(line.kind, line.references, line.detail) for line in lines]

    return new


def _last():
    line = Access.objects.order_by("pk").last()
    return line.pk if line else 0


@pytest.fixture
def manager_client(client):
    """A manager, and no superuser: what the role may do is part of what is tested."""
    sign_in(client, make_user(role="manager", first_name="Mia"))
    return client


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def rows_of(response):
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def post(client, where, values=None, **more):
    return client.post(f"{DESK}{where}", values or {}, **more)


# -- Who looked ----------------------------------------------------------------------------------------------------


def test_an_auditor_reads_who_saw_a_request_and_what_was_done(manager_client, seen):
    request, other = make_request(name="Ann Sample"), make_request(name="Bob Other")
    services.record_contact(request, Event.NO_ANSWER, by="manager")
    services.hold(request, library.published().today, reason="audit", by="sam")
    request.refresh_from_db()
    with time_machine.travel("2026-11-25T00:43:00Z"):
        Access.objects.create(by="manager", kind=Seen.PRINTED, references=[request.reference], address="192.0.2.7")
    Access.objects.create(by="dana", kind=Seen.LISTED, references=[request.reference, other.reference], detail="now")
    Access.objects.create(by="kim", kind=Seen.VIEWED, references=[other.reference])
    seen()
    html = text(manager_client.get(f"{DESK}looked/", {"reference": request.spoken_reference}))
    table = html.partition("<tbody>")[2].partition("</tbody>")[0]
    assert table.count("<tr>") == 2
    assert "Opened it for printing" in table
    assert "192.0.2.7" in table
    assert "Nov 24, 2026, 7:43:00 PM" in table, "times are on the clinic's clock"
    assert "with 1 other" in table
    assert other.spoken_reference not in table
    assert 'manager <span class="quiet">(Mia Sample-Manager)</span>' in table
    assert "No answer, by manager (Mia Sample-Manager)" in html
    assert f"Kept beyond its time (through {request.hold_until:%B} {request.hold_until.day}" in html
    assert "Received, by the patient" in html
    assert "Ann" not in html
    assert seen() == [(Seen.VIEWED, [request.reference], "who looked")]


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({}, "abc"),
        ({"by": "sam"}, "ab"),
        ({"kind": "printed"}, "c"),
        ({"since": "2026-11-02"}, "bc"),
        ({"until": "2026-11-01"}, "a"),
        ({"since": "2026-11-02", "until": "2026-11-02", "by": "sam"}, "b"),
        ({"reference": "cf4-hk7-pr"}, "ac"),
        ({"reference": "JR4HK7PR CF4HK7PR"}, "abc"),
    ],
)
def test_lines_are_chosen_by_day_person_kind_and_reference(manager_client, filters, shown):
    one, two = "CF4HK7PR", "JR4HK7PR"
    lines = [
        # The clocks go back that day: the last minute of the first, and the first of the second.
        ("2026-11-02T04:59:59Z", "sam", Seen.VIEWED, one),
        ("2026-11-02T05:00:00Z", "sam", Seen.VIEWED, two),
        ("2026-11-03T15:00:00Z", "kim", Seen.PRINTED, one),
    ]
    for name, (at, by, kind, reference) in zip("abc", lines, strict=True):
        Access.objects.create(at=at, by=by, kind=kind, references=[reference], detail=f"line-{name}")
    html = text(manager_client.get(f"{DESK}looked/", filters))
    assert "".join(re.findall("line-([abc])", html)) == shown[::-1], "the latest first"


def test_the_report_comes_page_by_page(manager_client, django_assert_max_num_queries):
    for number in range(60):
        Access.objects.create(by="sam", kind=Seen.VIEWED, references=["CF4HK7PR"], detail=f"line-{number}.")
    with django_assert_max_num_queries(12):
        first = text(manager_client.get(f"{DESK}looked/", {"by": "sam"}))
    assert "line-59." in first
    assert "line-9." not in first
    (link,) = re.findall(r'href="\?(by=sam[^"]*page=2)"', first)
    assert "line-9." in text(manager_client.get(f"{DESK}looked/?{link.replace('&amp;', '&')}"))


@pytest.mark.parametrize("filters", [{"reference": "Sample Patient"}, {"by": "x"}, {"kind": "x"}, {"since": "x"}])
def test_what_is_no_filter_shows_no_line(manager_client, filters):
    Access.objects.create(by="sam", kind=Seen.VIEWED, references=["CF4HK7PR"], detail="line-a")
    response = manager_client.get(f"{DESK}looked/", filters)
    assert response.status_code == 200
    assert "line-a" not in text(response)
    assert post(manager_client, "looked/download/", query_params=filters).status_code == 302


@pytest.mark.parametrize("typed", ["(555) 010-0142", "a@mail.example", "sampl PATI", "0142", "the reference"])
def test_a_patient_is_found_by_what_is_posted_and_never_repeated(manager_client, seen, typed):
    request = make_request(email="a@mail.example")
    make_request(name="Bob Other", phone="+15550100199", email="b@mail.example")
    typed = request.spoken_reference if typed == "the reference" else typed
    response = post(manager_client, "looked/find/", {"who": typed})
    assert response.url == f"{DESK}looked/?reference={request.reference}"
    assert seen() == [(Seen.FOUND, [request.reference], "who looked")]


def test_one_that_was_erased_is_found_by_its_reference(manager_client):
    request = make_request()
    privacy.erase([request], by="sam")
    response = post(manager_client, "looked/find/", {"who": request.spoken_reference}, follow=True)
    assert "This request is no longer here" in text(response)
    assert "Erased, by sam" in text(response)


def test_a_search_that_finds_nobody_or_too_many_is_on_record(manager_client, seen, monkeypatch):
    monkeypatch.setattr("appointments.desk.looked.MOST", 1)
    for _ in range(2):
        make_request(name="Ann Sample")
    assert "More than 1 requests fit" in text(post(manager_client, "looked/find/", {"who": "sample"}, follow=True))
    assert "No request was found" in text(post(manager_client, "looked/find/", {"who": "Zzz"}, follow=True))
    assert seen() == [(Seen.FOUND, [], "who looked")] * 2


def test_the_report_is_downloaded_as_it_was_chosen(manager_client, seen):
    Access.objects.create(by="=cmd", kind=Seen.VIEWED, references=["CF4HK7PR"], address="192.0.2.7", detail="now")
    Access.objects.create(by="sam", kind=Seen.VIEWED, references=["CF4HK7PR"])
    seen()
    response = post(manager_client, "looked/download/", query_params={"by": "=cmd"})
    (row,) = rows_of(response)
    assert row["user name"] == "'=cmd"
    assert (row["requests"], row["from where"], row["details"]) == ("CF4-HK7-PR", "192.0.2.7", "now")
    assert len(row["fingerprint"]) == 64
    assert response["Cache-Control"] == "no-store"
    assert seen() == [(Seen.EXPORTED, [], "who looked")]
    post(manager_client, "looked/download/", query_params={"reference": "CF4-HK7-PR"})
    assert seen() == [(Seen.EXPORTED, ["CF4HK7PR"], "who looked")]


# -- Exports ---------------------------------------------------------------------------------------------------------


def test_an_export_says_first_what_it_will_hold(manager_client, seen):
    make_request()
    html = text(manager_client.get(f"{DESK}export/"))
    assert "<b>1 request</b> from “To do now”" in html
    assert "Sample" not in html
    assert re.findall(r'value="(\w+)"[^>]* checked', html) == ["standing", "person", "contact"]
    assert "Choose one" in text(post(manager_client, "export/", {"parts": ["person"]}))
    assert seen() == [], "nothing was exported yet"


def test_an_export_holds_what_was_ticked_and_is_on_record(manager_client, seen):
    request = make_request(message="my own words", name="Núñez, Ann", best_times=["morning", "midday"])
    other = make_request(suspicion="flood")
    row, *more = rows_of(post(manager_client, "export/", {"reason": "chart", "parts": ["person", "contact"]}))
    assert more == []
    assert row["Reference"] == request.spoken_reference
    assert row["Name"] == "Núñez, Ann"
    assert row["Phone"] == "(555) 010-0142"
    assert row["Best times"] == "Morning; Midday"
    assert row["May leave message"] == "No"
    assert "my own words" not in str(row)
    assert "Status" not in row
    assert seen() == [(Seen.EXPORTED, [request.reference], "chart: person, contact")]
    assert other.reference not in str(row)
    with_health = {"reason": "audit", "parts": ["health"]}
    (row,) = rows_of(post(manager_client, "export/", with_health))
    assert (row["In their own words"], row["What bothers them most"]) == (
        "my own words",
        "Pain that shoots down the leg",
    )
    assert "Name" not in row
    assert seen() == [(Seen.EXPORTED, [request.reference], "audit: health")]


def test_an_export_takes_what_the_queue_shows(manager_client, seen):
    closed, _ = make_request(), make_request()
    services.move(closed, "closed", reason="seen", by="sam")
    form = {"reason": "report", "parts": ["standing"]}
    (row,) = rows_of(post(manager_client, "export/", form, query_params={"show": "closed"}))
    assert (row["Reference"], row["Closed reason"]) == (closed.spoken_reference, "The evaluation took place")
    assert seen() == [(Seen.EXPORTED, [closed.reference], "report: standing")]
    listed = text(manager_client.get(DESK, {"show": "closed"}))
    assert f"{DESK}export/?show=closed" in listed
    assert "nothing to export" in text(manager_client.get(f"{DESK}export/", {"show": "overdue"}))


def test_every_part_can_be_exported_and_fits_into_its_line_on_record(manager_client, seen):
    from appointments.desk import export

    request = make_request()
    services.give(request, make_user(role="front desk"), by="sam")
    (row,) = rows_of(post(manager_client, "export/", {"reason": "patient", "parts": list(export.PARTS)}))
    assert row["Owner"] == "front-desk"
    names = {name for _, names in export.PARTS.values() for name in names}
    assert len(row) == len(names | set(export.ALWAYS))
    ((_, _, detail),) = seen()
    assert detail == f"patient: {', '.join(export.PARTS)}"


def test_many_are_exported_without_holding_all(manager_client, monkeypatch, django_assert_max_num_queries):
    from appointments.desk import export

    monkeypatch.setattr(export, "BATCH", 4)
    made = [make_request(name=f"Sample {number}") for number in range(10)]
    with django_assert_max_num_queries(20):
        response = post(manager_client, "export/", {"reason": "chart", "parts": ["person"]})
    made[3].delete()  # between the answer and its last row
    with django_assert_max_num_queries(3):
        rows = rows_of(response)
    assert [row["Name"] for row in rows] == [f"Sample {number}" for number in range(10) if number != 3]


@pytest.mark.parametrize("start", spreadsheet.STARTS_FORMULA)
def test_no_cell_is_taken_for_a_formula(manager_client, start):
    hostile = f'{start}cmd|" /C calc"!A0,;\n"x'
    make_request(name=hostile, message=hostile)
    (row,) = rows_of(post(manager_client, "export/", {"reason": "chart", "parts": ["person", "health"]}))
    name = row["Name"]
    assert name == row["In their own words"]
    assert name == (f"'{hostile}" if name != hostile.strip() else name)
    assert not name.startswith(spreadsheet.STARTS_FORMULA)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+15550100142", "(555) 010-0142"),
        ("+15550100142;ext=5", "(555) 010-0142 ext. 5"),
        ("+442079460958", "(+44) 20 7946 0958"),
        ("", ""),
    ],
)
def test_a_phone_number_stays_readable(number, shown):
    assert spreadsheet.safe(spreadsheet.phone_cell(number)) == shown


def test_an_excel_reads_names_with_accents():
    (first, *_) = spreadsheet.download("a.csv", ["é"], []).streaming_content
    assert first == b'\xef\xbb\xbf"\xc3\xa9"\r\n'


# -- One person's data -------------------------------------------------------------------------------------------------


@pytest.fixture
def people():
    """Ann with two requests, and Bob, who shares her phone."""
    ann = [
        make_request(name="Mark-A Ann", email="mark-a@mail.example", message="mark-a words"),
        make_request(name="mark-a ann", email="mark-a@mail.example", phone="+15550100177"),
    ]
    services.write_note(ann[0], "mark-a note", by="sam")
    return *ann, make_request(name="Mark-B Bob", message="mark-b words")


def ticked(html):
    return re.findall(r'name="reference" value="(\w+)" checked', html)


def test_all_requests_of_one_person_are_found_and_ticked(manager_client, seen, people):
    one, two, _ = people
    html = text(post(manager_client, "person/", {"contact": " MARK-A@mail.example"}))
    assert ticked(html) == [one.reference, two.reference]
    assert "All give the same name" in html
    assert seen() == [(Seen.FOUND, [one.reference, two.reference], "one person's data")]


def test_two_people_who_share_a_phone_are_told_apart(manager_client, people):
    one, _, bob = people
    html = text(post(manager_client, "person/", {"contact": "(555) 010-0142"}))
    assert "They do not all give the same name" in html
    assert ticked(html) == [], "nobody is taken for somebody else"
    html = text(manager_client.get(f"{DESK}person/", {"reference": bob.reference}))
    assert ticked(html) == [bob.reference]
    assert one.spoken_reference in html


@pytest.mark.parametrize("typed", ["Sample", "", "12"])
def test_what_is_no_contact_is_refused(manager_client, seen, typed):
    assert "found</h2>" not in text(post(manager_client, "person/", {"contact": typed}))
    assert seen() == []


def test_a_person_without_requests_is_said_to_have_none(manager_client, seen):
    assert "No request was found" in text(post(manager_client, "person/", {"contact": "x@mail.example"}))
    assert seen() == [(Seen.FOUND, [], "one person's data")]


def test_where_a_key_is_missing_nobody_is_told_that_this_is_all(manager_client, people, settings):
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    sign_in(manager_client, User.objects.get(first_name="Mia"))  # sessions went with the key
    assert "This may not be all" in text(post(manager_client, "person/", {"contact": "mark-a@mail.example"}))


def test_the_report_holds_everything_in_words(manager_client, seen, people):
    one, two, _ = people
    services.give(one, make_user(role="front desk"), by="sam")
    response = post(manager_client, "person/report/", {"reference": [one.reference, two.reference]})
    html = text(response)
    for shown in ("Mark-A Ann", "mark-a words", "mark-a note", "+15550100177", "Pain that shoots down the leg"):
        assert shown in html
    assert "Notes of staff (read them before you hand this over)" in html
    assert "Exported for the person" in html
    for hidden in ("mark-b", "Mark-B", one.tracking_token, one.phone_lookup, str(one.submission_key)):
        assert hidden not in html
    assert "mark-a" not in html.partition("</title>")[0].casefold()
    assert seen() == [(Seen.EXPORTED, [one.reference, two.reference], "one person's data: report")]
    assert RequestEvent.objects.filter(kind=Event.EXPORTED, by="manager").count() == 2


def test_the_file_holds_everything_in_the_clear(manager_client, seen, people):
    one, two, bob = people
    response = post(manager_client, "person/download/", {"reference": [one.reference]})
    (exported,) = json.loads(response.content)["requests"]
    assert exported["in their own words"] == "mark-a words"
    assert response["Cache-Control"] == "no-store"
    assert "mark-a" not in response["Content-Disposition"].casefold()
    assert seen() == [(Seen.EXPORTED, [one.reference], "one person's data: file")]
    exported = RequestEvent.objects.filter(kind=Event.EXPORTED)
    assert list(exported.values_list("reference", flat=True)) == [one.reference]
    assert two.reference not in response.content.decode()
    assert bob.reference not in response.content.decode()


@pytest.mark.parametrize("where", ["report", "download", "erase"])
def test_nothing_ticked_leads_back_to_the_same_list(manager_client, people, where):
    one, two, _ = people
    html = text(post(manager_client, f"person/{where}/", {"found": [one.reference, two.reference]}))
    assert "Tick at least one request" in html
    assert ticked(html) == [one.reference, two.reference]
    assert EvaluationRequest.objects.count() == 3


def test_an_erasure_says_what_goes_and_asks_for_the_reference(manager_client, seen, people):
    one, two, bob = people
    both = {"reference": [one.reference, two.reference]}
    for typed in ({}, {"typed": ""}, {"typed": two.reference}, {"typed": "yes"}):
        html = text(post(manager_client, "person/erase/", both | typed))
        assert f"type {one.spoken_reference}" in html
        assert bob.spoken_reference not in html
        assert ("Nothing was deleted" in html) == bool(typed)
    assert EvaluationRequest.objects.count() == 3
    assert seen() == [(Seen.VIEWED, both["reference"], "one person's data: erase?")] * 4
    response = post(manager_client, "person/erase/", both | {"typed": one.spoken_reference.lower()}, follow=True)
    assert f"Erased, and put on record: {one.spoken_reference}, {two.spoken_reference}." in text(response)
    assert seen() == [(Seen.ERASED, both["reference"], "one person's data")]
    assert tables_with("mark-a", "Mark-A", "0100177", one.tracking_token, one.email_lookup, two.phone_lookup) == []
    stored = EvaluationRequest.objects.get()
    assert (stored.pk, stored.name, stored.message) == (bob.pk, "Mark-B Bob", "mark-b words")
    assert RequestEvent.objects.filter(kind=Event.ERASED, by="manager").count() == 2


def test_an_erasure_spares_what_has_to_be_kept_and_says_so(manager_client, seen, people):
    one, two, _ = people
    services.hold(one, library.published().today + timedelta(days=3), reason="legal", by="sam")
    both = {"reference": [one.reference, two.reference]}
    html = text(post(manager_client, "person/erase/", both))
    assert "What has to be kept for now" in html
    assert f"type {two.spoken_reference}" in html
    post(manager_client, "person/erase/", both | {"typed": two.reference})
    assert set(EvaluationRequest.objects.filter(name="").values_list("pk", flat=True)) == set()
    assert EvaluationRequest.objects.filter(pk=one.pk).exists()
    assert not EvaluationRequest.objects.filter(pk=two.pk).exists()
    assert (Seen.ERASED, [two.reference], "one person's data") in seen()
    html = text(post(manager_client, "person/erase/", {"reference": [one.reference], "typed": one.reference}))
    assert 'name="typed"' not in html
    assert EvaluationRequest.objects.filter(pk=one.pk).exists()


# -- How long requests are kept ----------------------------------------------------------------------------------------


def closed(days_ago, **changes):
    with time_machine.travel(timezone.now() - timedelta(days=days_ago)):
        request = make_request(**changes)
        services.move(request, "closed", reason="seen", by="sam")
    return request


@time_machine.travel("2027-07-14T16:00:00Z")  # noon at the clinic, and no change of clocks near
def test_what_is_going_to_be_deleted_is_what_the_purge_deletes(monkeypatch):
    monkeypatch.setattr(library.published().clinic, "keep_requests_days", 40)
    requests = {"open": make_request(), "closed": closed(39), "older": closed(41), "held": closed(41)}
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        requests |= {"spam": make_request(suspicion="flood"), "shelved": make_request()}
        requests["closed spam"] = make_request(suspicion="too fast")
        services.move(requests["closed spam"], "closed", reason="not reached", by="sam")
    services.shelve(requests["shelved"], by="sam")
    services.hold(requests["held"], library.published().today + timedelta(days=5), reason="audit", by="sam")
    today = library.published().today
    goes = {one.pk: (one.goes_on - today).days for one in privacy.leaving()}
    names = {request.pk: name for name, request in requests.items()}
    assert {names[pk]: days for pk, days in goes.items()} == {
        "closed": 1, "older": -1, "held": 6, "spam": -1, "shelved": 30, "closed spam": -1,
    }  # fmt: skip
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        dry = privacy.purge(by="sam", dry_run=True)
    gone = {names[request.pk] for request in requests.values() if request.reference in [*dry.closed, *dry.spam]}
    assert gone == {"older", "spam", "closed spam"}
    assert dry.held == [requests["held"].reference]


def test_the_page_tells_rules_weeks_and_the_next(desk_client, seen, monkeypatch):
    monkeypatch.setattr(library.published().clinic, "keep_requests_days", 40)
    next_week, older, far, held = closed(33), closed(41), closed(1, name="Ann Sample"), closed(2)
    services.hold(held, library.published().today + timedelta(days=200), reason="complaint", by="sam")
    with time_machine.travel(timezone.now() - timedelta(days=20)):
        RequestEvent.objects.create(reference="CF4HK7PR", kind=Event.PURGED, by="website")
        RequestEvent.objects.create(reference="CF4HK7PR", kind=Event.ERASED, by="website")
    with time_machine.travel(timezone.now() - timedelta(days=91)):
        RequestEvent.objects.create(reference="CF4HK7PR", kind=Event.PURGED, by="website")
    seen()
    html = text(desk_client.get(f"{DESK}retention/"))
    assert "deleted 40 days after they were closed" in html
    numbers = [int(number) for number in re.findall(r"<td>(\d+)</td>", html)]
    weeks, past = numbers[:12], numbers[12:]
    assert weeks[0] >= 1
    assert sum(weeks[:3]) == 2, "what is over due counts for this week"
    assert sum(weeks) == 3, "the one that is held goes later"
    assert past == [1, 1]
    assert f"through {held.hold_until or library.published().today + timedelta(days=200):%B}" in html
    assert "a complaint that we look into" in html
    assert "Ann" not in html
    assert f"{DESK}{held.pk}/hold/" not in html, "that is for managers"
    order = [older.reference, next_week.reference, far.reference, held.reference]
    assert seen() == [(Seen.LISTED, [*order, held.reference], "what is deleted when")]


def test_an_empty_desk_has_nothing_to_delete(manager_client):
    assert "There is nothing to delete" in text(manager_client.get(f"{DESK}retention/"))


def test_weeks_ahead_begin_on_the_monday_of_the_clinic(manager_client, monkeypatch):
    monkeypatch.setattr(library.published().clinic, "keep_requests_days", 40)
    # 4:59 in the morning in Greenwich is the evening before at the clinic: a Sunday.
    for at in ("2026-11-02T04:59:00Z", "2026-11-02T05:01:00Z"):
        with time_machine.travel(at):
            request = make_request()
            services.move(request, "closed", reason="seen", by="sam")
    days = [str(one.goes_on) for one in privacy.leaving()]
    assert days == ["2026-12-11", "2026-12-12"]


def test_a_request_is_kept_beyond_its_time_and_let_go_again(manager_client, seen):
    request = closed(400)
    day = library.published().today + timedelta(days=10)
    page = f"{request.pk}/hold/"
    assert "is required" in text(post(manager_client, page, {"day": day.isoformat()}))
    assert "Choose a day from today on" in text(post(manager_client, page, {"day": "2020-01-01", "reason": "legal"}))
    post(manager_client, page, {"day": day.isoformat(), "reason": "legal"})
    request.refresh_from_db()
    assert (request.hold_until, request.hold_reason) == (day, "legal")
    assert privacy.purge(by="sam").held == [request.reference]
    assert privacy.erase([request], by="sam") == []
    held = RequestEvent.objects.get(reference=request.reference, kind=Event.HELD)
    assert (held.by, held.detail) == ("manager", f"legal, until {day}")
    with time_machine.travel(timezone.now() + timedelta(days=11)):
        assert privacy.purge(by="sam", dry_run=True).closed == [request.reference], "the day has passed"
    assert f"kept through <b>{day:%B} {day.day}" in text(manager_client.get(f"{DESK}{page}"))
    post(manager_client, page, {"release": "1"})
    post(manager_client, page, {"release": "1"})
    assert RequestEvent.objects.filter(reference=request.reference, kind=Event.RELEASED).count() == 1
    assert privacy.purge(by="sam").closed == [request.reference]


def test_holding_does_not_stand_in_the_way_of_undoing():
    request = make_request()
    services.record_contact(request, Event.NO_ANSWER, by="sam")
    services.hold(request, library.published().today, reason="audit", by="kim")
    request.refresh_from_db()
    services.undo(request, by="sam")
    request.refresh_from_db()
    assert request.status == "new"
    assert request.hold_until


# -- On record, or not at all --------------------------------------------------------------------------------------


ACTS = [
    ("get", "looked/", {"reference": "REF"}),
    ("post", "looked/find/", {"who": "sample"}),
    ("post", "looked/download/", {}),
    ("post", "export/", {"reason": "chart", "parts": ["person"]}),
    ("post", "person/", {"contact": "(555) 010-0142"}),
    ("get", "person/", {"reference": "REF"}),
    ("post", "person/report/", {"reference": "REF"}),
    ("post", "person/download/", {"reference": "REF"}),
    ("post", "person/erase/", {"reference": "REF"}),
    ("post", "person/erase/", {"reference": "REF", "typed": "REF"}),
    ("get", "retention/", {}),
    ("get", "PK/hold/", {}),
]


@pytest.mark.parametrize(("method", "where", "values"), ACTS)
def test_what_cannot_be_put_on_record_does_not_happen(manager_client, method, where, values):
    request = make_request(name="Ann Sample")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON appointments_access FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    manager_client.raise_request_exception = False
    values = {key: request.reference if value == "REF" else value for key, value in values.items()}
    response = getattr(manager_client, method)(f"{DESK}{where.replace('PK', str(request.pk))}", values)
    assert response.status_code == 503
    assert "Ann" not in response.content.decode()
    assert request.spoken_reference not in response.content.decode()


@pytest.mark.parametrize(("method", "where", "values"), ACTS)
def test_each_act_leaves_one_line_and_its_address(manager_client, seen, method, where, values):
    request = make_request(name="Ann Sample")
    seen()
    values = {key: request.reference if value == "REF" else value for key, value in values.items()}
    response = getattr(manager_client, method)(f"{DESK}{where.replace('PK', str(request.pk))}", values)
    assert response.status_code in (200, 302)
    assert len(seen()) == 1
    line = Access.objects.order_by("pk").last()
    assert (line.by, line.address) == ("manager", "127.0.0.1")
    assert "sample" not in line.detail.casefold()


def test_nothing_is_erased_that_is_not_on_record(manager_client, monkeypatch):
    request = make_request()

    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(access, "record", fail)
    manager_client.raise_request_exception = False
    answer = post(manager_client, "person/erase/", {"reference": request.reference, "typed": request.reference})
    assert answer.status_code == 503
    assert EvaluationRequest.objects.filter(pk=request.pk).exists()
    assert not RequestEvent.objects.filter(kind=Event.ERASED, reference=request.reference).exists()


@pytest.mark.parametrize(
    ("where", "page"),
    [
        ("", "changelist"),
        ("PK/change/", "change"),
        ("looked/", "looked"),
        ("PK/hold/", "hold"),
        ("9999/change/", "change"),
    ],
)
def test_who_was_refused_is_on_record(editor_client, seen, where, page):
    request = make_request()
    assert editor_client.get(f"{DESK}{where.replace('PK', str(request.pk))}").status_code == 403
    assert seen() == [(Seen.REFUSED, [request.reference] if "PK" in where else [], page)]
    assert Access.objects.order_by("pk").last().by == "editor"


def test_refusals_elsewhere_and_of_strangers_are_not_the_desks(client, desk_client, seen):
    assert desk_client.get("/admin/treatments/treatment/").status_code == 403
    assert client.get(DESK).status_code == 302
    assert seen() == []
