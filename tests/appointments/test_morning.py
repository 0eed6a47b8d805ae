"""The morning page: the pictures say what the tables say, everything leads on, and nobody is named."""

import datetime
import re
from html.parser import HTMLParser

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import business_days, services, statistics
from appointments.desk import morning
from appointments.models import Access, EvaluationRequest
from tests.factories import agree, make_request, make_user, sign_in
from treatments.library import published

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/evaluationrequest/"
MORNING = f"{LIST}morning/"


class Sections(HTMLParser):
    """Reads each chart of a page: the words and bars of its picture, and the rows of its table."""

    def __init__(self, html):
        super().__init__()
        self.charts, self.inside = {}, ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "section":
            self.chart = {"texts": [], "bars": [], "rows": []}
            if values.get("class") == "chart":
                self.charts[values["aria-labelledby"]] = self.chart
        elif tag == "rect":
            self.chart["bars"].append({name: values[name] for name in ("class", "x", "y", "width", "height")})
        elif tag == "tr":
            self.chart["rows"].append([])
        if tag in ("text", "td", "th"):
            self.inside = tag
            (self.chart["texts"] if tag == "text" else self.chart["rows"][-1]).append("")

    def handle_endtag(self, tag):
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data):
        if self.inside:
            (self.chart["texts"] if self.inside == "text" else self.chart["rows"][-1])[-1] += data


@pytest.fixture
def busy():
    """A desk with something of everything, of the last weeks."""
    now = timezone.now()
    clinic = published().clinic
    interests = [["hbot"], ["hbot", "regenerative"], [], ["not-sure"], ["interventional"]]
    for number in range(40):
        request = make_request(interests=interests[number % 5], email="a@mail.example", reply_by=None)
        sent = now - datetime.timedelta(days=number * 1.7)
        values = {"received_at": sent, "reply_by": business_days.reply_by(sent, clinic)}
        if number % 3:
            values |= {"answered_at": sent + datetime.timedelta(hours=number), "status": "in hand"}
        if number > 20 and number % 3:
            values |= {"status": "closed", "closed_reason": ["seen", "withdrawn"][number % 2], "closed_at": now}
        EvaluationRequest.objects.filter(pk=request.pk).update(**values)
    for days in (1, 1, 3, 40):
        agree(make_request(), days=days)


def charts(client):
    return Sections(client.get(MORNING).content.decode()).charts


@pytest.mark.usefixtures("busy")
def test_every_picture_says_what_its_table_says(desk_client):
    found = charts(desk_client)
    assert list(found) == ["visits", "ages", "first-contact", "promise", "received", "outcomes", "treatments"]
    said = {name: (chart["texts"], chart["rows"][1:], chart["bars"]) for name, chart in found.items()}

    def ends(texts):
        return dict(zip(texts[::2], texts[1::2], strict=True))

    texts, rows, bars = said["visits"]
    assert ends(texts) == dict(rows)
    assert len(bars) == sum(number != "0" for _, number in rows) == 3

    texts, rows, bars = said["ages"]
    assert ends(texts) == {name: f"{a} ({b} unanswered)" if b != "0" else a for name, a, b in rows}
    assert len(bars) == sum((b != "0") + (a != b) for _, a, b in rows)

    texts, rows, _ = said["first-contact"]
    assert len(rows) == 2
    for name, _, half, most in rows:
        name = name[0].lower() + name[1:]
        assert ends(texts)[f"Half heard within: {name}"] == half
        assert ends(texts)[f"Nine of ten heard within: {name}"] == most

    texts, rows, _ = said["promise"]
    assert ends(texts) == {name: f"{share} ({kept} of {due})" for name, due, kept, share in rows}

    texts, rows, bars = said["received"]
    assert texts[: len(bars)] == [number for _, number, _ in rows if number != "0"]
    assert len(rows) == 12

    for name in ("outcomes", "treatments"):
        texts, rows, bars = said[name]
        expected = [
            [words, total, *(number for number in numbers if number != "0")]
            for words, *numbers, total in rows
            if total != "0"
        ]
        expected = [words for row in expected for words in row]
        assert texts[: len(expected)] == expected
        assert len(bars) == sum(number != "0" for _, *numbers, _ in rows for number in numbers)
        assert all(sum(map(int, numbers)) == int(total) for _, *numbers, total in rows)


@pytest.mark.usefixtures("busy")
def test_bars_are_as_long_as_their_numbers(desk_client):
    chart = charts(desk_client)["received"]
    numbers = [int(number) for number in chart["texts"][: len(chart["bars"])]]
    heights = [int(bar["height"]) for bar in chart["bars"]]
    assert [round(number / max(numbers) * 110) for number in numbers] == heights
    assert [bar["class"] for bar in chart["bars"]] == ["full"] * (len(numbers) - 1) + ["hollow"]
    chart = charts(desk_client)["visits"]
    assert [round(int(bar["width"]) / int(chart["bars"][0]["width"]) * 2) for bar in chart["bars"]] == [2, 1, 1]


@pytest.mark.usefixtures("busy")
def test_each_number_leads_to_as_many_requests(desk_client):
    request = make_request(email="b@mail.example", needs_same_day_call=True, reply_by=datetime.date(2020, 1, 2))
    request.messages.filter(kind="patient received").update(state="bounced")
    services.put_off(make_request(), published().today + datetime.timedelta(days=3), by="dana")
    services.move(make_request(), "waiting", by="dana")
    for page in (MORNING, "/admin/"):
        html = desk_client.get(page).content.decode()
        links = re.findall(rf'<a href="({LIST}\?show=(\w+))">[^<]*?<b>(\d+)</b>', html)
        assert {"now", "call", "overdue", "unassigned"} <= {name for _, name, _ in links}
        for address, name, number in links:
            if name == "mail" and page == MORNING:
                continue  # it counts messages
            assert desk_client.get(address).context["page"].paginator.count == int(number), address
    assert "<b>0</b> refused by the mail server, <b>1</b> came back" in desk_client.get(MORNING).content.decode()


def test_a_day_with_evaluations_leads_to_its_page(desk_client):
    with time_machine.travel("2026-11-25T15:00:00Z"):
        agree(make_request(), days=2)
        html = desk_client.get(MORNING).content.decode()
        assert f'<a href="{LIST}day/?on=2026-11-27">Print Friday, November 27 (1)</a>' in html
        assert desk_client.get(f"{LIST}day/?on=2026-11-27").status_code == 200


def test_a_clinic_without_any_request_reads_plain_words(desk_client):
    html = desk_client.get(MORNING).content.decode()
    assert "Nobody has asked for an evaluation in the last 12 weeks" in html
    assert "<figure" not in html
    assert 'role="img"' not in html
    assert "Everything was delivered" in html


def test_suspected_spam_alone_is_no_request(desk_client):
    make_request(suspicion="flood")
    assert charts(desk_client) == {}


def test_a_single_request(desk_client):
    make_request(interests=["hbot"])
    html = desk_client.get(MORNING).content.decode()
    found = Sections(html).charts
    assert found["received"]["texts"][0] == "1"
    assert found["outcomes"]["texts"][:3] == ["Still open", "1", "1"]
    assert found["treatments"]["texts"][:3] == ["Hyperbaric oxygen therapy (HBOT)", "1", "1"]
    assert found["ages"]["texts"][:2] == ["Since today", "1 (1 unanswered)"]
    for words in ("No evaluation is agreed", "had an answer yet", "No promised day"):
        assert words in html
    # Each picture that there is nothing to draw for has neither picture nor table.
    for name in ("visits", "first-contact", "promise"):
        assert found[name] == {"texts": [], "bars": [], "rows": []}


def test_everything_in_one_week(desk_client):
    for _ in range(5):
        make_request()
    (bar,) = charts(desk_client)["received"]["bars"]
    assert int(bar["height"]) == 110


def test_a_clinic_that_answered_while_it_was_closed(desk_client):
    with time_machine.travel("2026-11-22T15:00:00Z"):  # a Sunday
        request = make_request()
        services.record_contact(request, "reached", by="dana")
    with time_machine.travel("2026-11-23T15:00:00Z"):
        sign_in(desk_client, make_user(role="front desk", username="other"))
        chart = charts(desk_client)["first-contact"]
    assert chart["texts"][1] == "0 minutes"
    assert chart["bars"] == []


@pytest.mark.usefixtures("busy")
def test_it_names_nobody(desk_client):
    before = Access.objects.count()
    html = desk_client.get(MORNING).content.decode()
    assert "Sample Patient" not in html
    assert [
        one for one in EvaluationRequest.objects.all() if one.reference in html or one.spoken_reference in html
    ] == []
    # So there is nothing to put on record.
    assert Access.objects.count() == before


def test_medical_reviews_are_for_those_who_may_see_them(desk_client, manager_client):
    words = "Medical reviews of the website’s words"
    client_of_manager = manager_client
    assert words in client_of_manager.get(MORNING).content.decode()
    assert words not in desk_client.get(MORNING).content.decode()


@pytest.mark.usefixtures("busy")
def test_it_asks_the_database_little(client):
    sign_in(client, make_user(role="manager"))
    client.get(MORNING)
    with CaptureQueriesContext(connection) as queries:
        client.get(MORNING)
    assert len(queries) <= 15, [query["sql"][:100] for query in queries]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 minutes"), (1, "1 minute"), (59, "59 minutes"), (60, "1 hour"), (90, "1.5 hours"), (754, "13 hours")],
)
def test_times_in_words(minutes, words):
    assert morning.spoken(datetime.timedelta(minutes=minutes)) == words


def test_a_share_is_whole_only_when_all_were_answered(desk_client):
    almost = statistics.FirstContact(due=1000, kept=999)
    chart = morning.promise(almost, statistics.FirstContact(due=2, kept=2))
    assert [row[-1] for _, row in chart.rows] == ["99%", "100%"]
