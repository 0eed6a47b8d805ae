"""Asking for an evaluation, page by page: safe first, nothing lost, nothing twice."""

import logging
import re

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from django.utils.html import strip_tags

from appointments.forms import STEPS
from appointments.models import EvaluationRequest, RequestDraft
from appointments.views import flow
from tests.flow import (
    ANSWERS,
    EVERYTHING,
    NEEDS,
    URL,
    answer,
    fill_in,
    hidden,
    levels_of,
    pass_safety,
    press_send,
    send,
)  # fmt: skip
from tests.pages import read
from treatments import library
from treatments.models import WarningSign

pytestmark = pytest.mark.django_db
Level, Clock = WarningSign.Level, WarningSign.Clock
SLUGS = [step.slug for step in STEPS]


@pytest.fixture
def shown(client):
    """Follow an answer to the page it leads to."""
    return lambda response: read(client.get(response.url) if response.status_code == 302 else response)


# -- The first page ---------------------------------------------------------------------------


def test_the_first_page_says_what_to_expect_and_sets_no_cookie(page):
    start = page(URL)
    assert start.says(f"A short form in {flow.TOTAL} steps; about 5 minutes", "no account")
    assert start.says("mostly about the low back")
    assert start.says("answer by", r"\w+day, \w+ \d+, \d{4}")
    assert start.says("own staff reads each request")
    assert "tel:+15550100100" in start.links
    assert start.says("Nobody watches this form around the clock")
    assert start.response.cookies == {}


def test_every_page_of_the_flow_is_private(client):
    pass_safety(client)
    for address in ("", "safety/", "who/", "check/", "find/"):
        response = client.get(URL + address)
        assert response.headers["Cache-Control"] == "no-store", address
        assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.fixture
def clinic(monkeypatch):
    """Let the clinic have other settings: `clinic(requests_paused=True)`."""

    def change(**values):
        words = library.published()
        for name, value in values.items():
            monkeypatch.setattr(words.clinic, name, value)

    return change


def test_requests_can_be_paused(client, page, clinic):
    clinic(
        requests_paused=True, pause_message="We are moving house.", paused_until=timezone.localdate().replace(year=2099)
    )
    start = page(URL)
    assert start.says("take no new requests")
    assert start.says("We are moving house")
    assert start.says("again from", "2099")
    assert f"{URL}safety/" not in start.links
    assert pass_safety(client).url == URL
    assert not RequestDraft.objects.exists()


def test_a_pause_ends_by_itself_on_its_day(page, clinic):
    clinic(requests_paused=True, paused_until=timezone.localdate().replace(year=2020))
    assert f"{URL}safety/" in page(URL).links


def test_who_has_begun_before_a_pause_can_still_send(client, clinic):
    fill_in(client)
    clinic(requests_paused=True)
    assert read(client.get(URL)).says("unfinished request")
    press_send(client)
    assert EvaluationRequest.objects.count() == 1


# -- Warning signs ---------------------------------------------------------------------------


def signs_at(*levels):
    return [sign for sign in library.published().warning_signs if sign.level in levels]


def test_every_sign_is_asked_for_in_its_group(page):
    asked = page(f"{URL}safety/")
    for sign in library.published().warning_signs:
        assert sign.question.split("?")[0] in asked.text
    html = asked.response.content.decode().partition("</main>")[0]
    now, _, ever = html.partition("Or at any time")
    legends = [strip_tags(one) for one in re.findall("<legend>(.*?)</legend>", html)]
    assert legends[0] == "New or getting worse in the last few days"
    assert legends[-1] == "Or at any time"
    groups = {sign.get_group_display() for sign in signs_at(*WarningSign.Level) if sign.clock == Clock.DAYS}
    assert set(legends[1:-1]) == groups
    for sign in library.published().warning_signs:
        assert f'value="{sign.slug}"' in (now if sign.clock == Clock.DAYS else ever), sign.slug
    assert re.findall('name="signs" value="([^"]+)"', html)[-1] == "none"


@pytest.mark.parametrize("sign", ["bladder-or-bowel", "leg-weakness", "injury", "stroke", "bleeding"])
def test_an_emergency_stops_here(client, sign):
    response = pass_safety(client, sign)
    stop = read(response)
    assert response.status_code == 200
    assert "tel:911" in stop.links
    assert stop.says("We have stored nothing of what you chose")
    assert stop.says("When you are safe, you can still ask us for an evaluation")
    assert stop.says("I have read this and I am safe; go back")
    assert f"{URL}safety/" in stop.links
    assert not RequestDraft.objects.exists()
    assert client.get(f"{URL}who/").url == f"{URL}?ended"


def test_every_emergency_sign_stops_and_every_other_goes_on(client):
    for sign in library.published().warning_signs:
        stopped = read(pass_safety(client, sign.slug)).says("Please get help now")
        assert stopped == (sign.level in ("911", "er")), sign.slug


@pytest.mark.parametrize("signs", [("leg-weakness",), ("fever-with-back-pain",), ("wound",), ("cancer-history",)])
def test_a_sign_beside_none_of_these_counts(client, signs):
    alone, both = pass_safety(client, *signs), pass_safety(client, "none", *signs)
    assert both.status_code == 200
    assert read(both).blocks == read(alone).blocks


@pytest.mark.parametrize("level", Level)
def test_every_sign_says_what_it_needs_itself(client, level):
    for sign in signs_at(level):
        response = pass_safety(client, sign.slug)
        assert levels_of(response) == dict([NEEDS[level]]), sign.slug
        assert read(response).says(re.escape(sign.sign.replace("’", "'"))), sign.slug
    if level == Level.ER:
        assert read(response).says("Have someone drive you")
        assert read(response).says("Call 911 if you cannot get there")
        assert not re.search(">Call 911<", response.content.decode())


def test_signs_of_all_levels_stand_together_the_most_urgent_first(client):
    one_of_each = [signs_at(level)[0] for level in reversed(Level)]
    response = pass_safety(client, *(sign.slug for sign in one_of_each))
    assert list(levels_of(response).items()) == list(NEEDS.values())
    shown = response.content.decode()
    at = [shown.index(sign.sign[:20]) for sign in reversed(one_of_each)]
    assert at == sorted(at)


@pytest.mark.parametrize(
    ("moment", "said", "not_said"),
    [
        ("2026-11-23T15:00Z", "We are open now, until 5:00 PM Eastern.", "closed"),
        ("2026-11-28T15:00Z", "We are closed now. We open on Monday, November 30, at 9:00 AM Eastern.", "open now"),
        ("2026-12-25T15:00Z", "We are closed now. We open on Monday, December 28, at 9:00 AM Eastern.", "open now"),
    ],
)
def test_a_call_for_today_says_whether_anybody_is_there(client, moment, said, not_said):
    with time_machine.travel(moment, tick=False):
        advice = read(pass_safety(client, "wound"))
    assert advice.says(re.escape(said), "if it gets worse, or if you cannot wait, go to the ER or call 911")
    assert not_said not in advice.text


def test_without_hours_it_says_only_to_call_and_where_to_go_otherwise(client, clinic):
    clinic(opening_hours=[])
    advice = read(pass_safety(client, "wound"))
    assert advice.says("If nobody answers", "go to the ER or call 911")
    assert not advice.says("We are (open|closed) now|We open")


def test_no_page_says_911_twice_in_its_footer(client):
    footer = client.get("/").content.decode().partition("<footer")[2].partition("</footer>")[0]
    assert strip_tags(footer).count("911") == 1


def test_in_a_crisis_911_is_said_once(client):
    main = pass_safety(client, "self-harm").content.decode().partition("<main")[2].partition("</main>")[0]
    main = main.partition("<aside")[0]
    assert strip_tags(main).count("911") == 1


def test_an_emergency_is_answered_while_the_database_is_away(client, monkeypatch):
    signs = {level: signs_at(level)[0].slug for level in NEEDS}

    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(library, "published_and_due", away)
    for level, needed in NEEDS.items():
        assert levels_of(pass_safety(client, signs[level])) == dict([needed])
    response = pass_safety(client)
    assert response.status_code == 503
    assert read(response).says("could not store")


@pytest.mark.parametrize("why", ["away", "paused", "busy"])
@pytest.mark.parametrize(("sign", "number"), [("self-harm", "tel:988"), ("wound", "tel:+15550100100")])
def test_a_sign_is_answered_even_when_there_is_no_going_on(client, monkeypatch, sign, number, why):
    library.published()

    def away(*args, **kwargs):
        raise OperationalError

    if why == "away":
        monkeypatch.setattr("appointments.drafts.begin", away)
    elif why == "busy":
        monkeypatch.setattr("appointments.gate.wait_to_begin", lambda request: 600)
    else:
        monkeypatch.setattr("treatments.models.ClinicSettings.is_paused", True)
    shown = read(pass_safety(client, sign))
    assert [link for link in shown.links if link.startswith("tel:")][2] == number, "first after the header"
    assert shown.says("have stored nothing")
    assert shown.says("We cannot take a request here just now")
    assert not any(link.endswith("/who/") for link in shown.links)


def test_two_signs_are_both_answered_and_the_crisis_line_stands_beside_911(client):
    stop = read(pass_safety(client, "self-harm", "leg-weakness"))
    assert {"tel:911", "tel:988"} <= set(stop.links)
    assert stop.says("Thoughts of harming yourself")
    assert stop.says("weakness in a leg")


@pytest.mark.parametrize(
    ("sign", "heading", "link", "same_day"),
    [
        ("wound", "Please act on this today.", "tel:+15550100100", True),
        ("self-harm", "You are not alone.", "tel:988", True),
        ("cancer-history", "Before you go on", "tel:+15550100100", False),
    ],
)
def test_what_can_wait_for_a_call_is_told_first_and_then_goes_on(client, sign, heading, link, same_day):
    advice = read(pass_safety(client, sign))
    assert advice.headings == [heading]
    assert link in advice.links
    assert f"{URL}who/" in advice.links
    send(client, signs=[sign])
    assert EvaluationRequest.objects.get().needs_same_day_call is same_day


def test_which_sign_it_was_is_stored_nowhere(client):
    send(client, signs=["wound"])
    stored = EvaluationRequest.objects.get()
    values = " ".join(str(getattr(stored, field.name)) for field in stored._meta.fields)
    assert "wound" not in values


def test_nothing_chosen_is_explained(client):
    response = client.post(f"{URL}safety/", {})
    assert response.status_code == 422
    assert read(response).says("Choose what is happening, or choose “None of these”")


def test_the_safety_check_can_be_done_again_without_losing_answers(client):
    fill_in(client)
    assert pass_safety(client, "none").url == f"{URL}check/"
    assert read(client.get(f"{URL}check/")).says("Sample Patient")


# -- Step by step ---------------------------------------------------------------------------


def test_it_works(client, shown):
    response = send(client, answers=EVERYTHING)
    confirmation = shown(response)
    request = EvaluationRequest.objects.get()
    assert request.spoken_reference in confirmation.text
    assert confirmation.says("You will hear from us by", f"{request.reply_by:%A, %B} {request.reply_by.day}")
    expected = {
        "for_whom": "other", "name": "Sample Patient", "helper_name": "Sample Helper", "helper_relation": "aunt",
        "contact_by": "text", "phone": "+15550100142", "email": "sample@mail.example", "may_text": True,
        "may_leave_message": True, "who_may_answer": "trusted", "trusted_person": "Sample Friend",
        "best_times": ["morning", "any"], "times_to_avoid": "never at noon", "access_needs": ["interpreter", "sitting"],
        "language": "Spanish", "needs": "a quiet room", "fusions": "several", "fusion_areas": ["low-back"],
        "fusion_year": "2019", "fusion_levels": "L4-L5", "concerns": ["leg", "burning"],
        "tried": ["shots", "medicine"], "interests": ["hbot", "not-sure"], "insurance": "insured",
        "insurer": "Sample Insurance", "message": "My own words.\nOn two lines.", "suspicion": "", "status": "new",
    }  # fmt: skip
    assert {name: getattr(request, name) for name in expected} == expected
    assert not RequestDraft.objects.exists()


def test_every_step_says_where_it_stands_and_leads_back(client):
    pass_safety(client)
    before = f"{URL}safety/"
    for number, slug in enumerate(SLUGS, start=2):
        step = read(client.get(f"{URL}{slug}/"))
        assert step.says(f"Step {number} of {len(SLUGS) + 2}")
        assert before in step.links
        assert len(step.headings) == 1
        assert answer(client, slug).status_code == 302
        before = f"{URL}{slug}/"
    assert read(client.get(f"{URL}check/")).says(f"Step {len(SLUGS) + 2} of {len(SLUGS) + 2}")


def test_no_step_can_be_skipped(client):
    pass_safety(client)
    for slug in SLUGS[1:]:
        assert client.get(f"{URL}{slug}/").url == f"{URL}who/"
    assert client.get(f"{URL}check/").url == f"{URL}who/"
    assert client.post(f"{URL}check/", {"consent": "on"}).url == f"{URL}who/"
    assert answer(client, "who").url == f"{URL}reach/"
    assert answer(client, "words").url == f"{URL}reach/"
    assert not EvaluationRequest.objects.exists()


def test_a_step_shows_what_was_answered_before(client):
    fill_in(client, answers=EVERYTHING)
    assert 'value="(555) 010-0142"' in client.get(f"{URL}reach/").content.decode()
    assert re.search(r'value="hbot"[^>]*checked', client.get(f"{URL}interests/").content.decode())
    assert re.search(r'value="2019" selected', client.get(f"{URL}fusion/").content.decode())


def test_a_change_leads_back_to_the_answers(client):
    fill_in(client)
    assert f"{URL}words/change/" in read(client.get(f"{URL}check/")).links
    assert f"{URL}check/" in read(client.get(f"{URL}words/change/")).links
    assert answer(client, "words", message="Changed", changing=True).url == f"{URL}check/"
    assert read(client.get(f"{URL}check/")).says("Changed")


def test_all_answers_are_shown_before_sending(client):
    fill_in(client, answers=EVERYTHING)
    check = read(client.get(f"{URL}check/"))
    for shown in (
        "Sample Helper", "aunt", r"\(555\) 010-0142", "sample@mail.example", "A text message", "Sample Friend",
        "Morning", "never at noon", "Trouble sitting for long", "Spanish", "a quiet room",
        "Yes, more than one", "Low back",
        "2019", "L4-L5", "Burning or tingling", "Injections and nerve blocks",
        "Hyperbaric oxygen", "Yes, with insurance",
        "Sample Insurance", "On two lines",
    ):  # fmt: skip
        assert check.says(shown), shown


def test_who_asks_for_somebody_else_is_not_asked_about_themselves(client):
    """From the second step on, and on the page of all answers."""
    helper = {"for_whom": "other", "helper_name": "Sample Helper"}
    pass_safety(client)
    answer(client, "who", **helper)
    told = []
    for slug in SLUGS[1:]:
        told.append(read(client.get(f"{URL}{slug}/")).text)
        assert answer(client, slug).status_code == 302
    told.append(read(client.get(f"{URL}check/")).text)
    about_you = (
        "bothers you",
        "your (?:spinal |last )?fusion",
        "have you (?:had|tried)",
        "will you use",
        "easier for you",
    )
    about_you = rf"\b(?:{'|'.join(about_you)}|your pain)\b"
    for text in told:
        assert not re.search(about_you, text, re.I), text
    assert "What bothers them most?" in told[-1]
    assert "Have they had a spinal fusion?" in told[-1]
    # Choices are the person's own words for neither.
    assert not re.search(r"^I (?!do not know|am not sure)\w+", "\n".join(told), re.M)
    answer(client, "who", **helper | {"for_whom": "self"}, changing=True)
    assert read(client.get(f"{URL}check/")).says("What bothers you most?"), "and who changes it back is asked as before"


def test_what_is_needed_because_of_another_answer_is_not_called_optional(client):
    pass_safety(client)

    def of(slug, field, **data):
        html = client.post(f"{URL}{slug}/", data).content.decode()
        return re.search(rf'<label for="id_{field}">(.*?)</label>', html, re.DOTALL)[1]

    assert "optional" in of("who", "helper_name", for_whom="self")
    assert "optional" not in of("who", "helper_name", for_whom="other", name="Sample Patient")
    answer(client, "who")
    assert "optional" in of("reach", "phone", contact_by="email")
    assert "optional" not in of("reach", "email", contact_by="email")
    assert "optional" not in of("reach", "phone", contact_by="text")
    # A slip in what nobody has to give does not make it needed.
    assert "optional" in of("reach", "phone", contact_by="email", email="a@mail.example", phone="12")


def test_what_was_not_answered_is_said(client):
    fill_in(client)
    assert read(client.get(f"{URL}check/")).text.count("Not answered") > 10


def test_the_treatment_somebody_read_about_is_carried_over_and_can_be_cleared(client, page):
    assert f"{URL}safety/?interest=hbot" in page(f"{URL}?interest=hbot").links
    assert page(f"{URL}?interest=nonsense<b>").says("about 5 minutes")
    pass_safety(client, interest="hbot")
    for slug in SLUGS[: SLUGS.index("interests")]:
        answer(client, slug)
    assert re.search(r'value="hbot"[^>]*checked', client.get(f"{URL}interests/").content.decode())
    assert answer(client, "interests").status_code == 302
    assert not re.search(r'value="hbot"[^>]*checked', client.get(f"{URL}interests/").content.decode())


def test_the_carried_interest_is_no_answer_yet(client):
    pass_safety(client, interest="hbot")
    for slug in SLUGS[: SLUGS.index("interests")]:
        response = answer(client, slug)
    assert response.url == f"{URL}interests/"


def test_a_slip_in_an_e_mail_address_is_a_hint_and_no_obstacle(client):
    fill_in(client, reach={"email": "sam@gmial.com"})
    assert read(client.get(f"{URL}check/")).says("Did you mean sam@gmail.com")
    press_send(client)
    assert EvaluationRequest.objects.get().email == "sam@gmial.com"


def test_a_mistake_keeps_everything_that_was_typed(client):
    pass_safety(client)
    answer(client, "who")
    response = answer(client, "reach", phone="12", email="<b>me</b>")
    assert response.status_code == 422
    html, shown = response.content.decode(), read(response)
    assert shown.title.startswith("Error: ")
    assert shown.says("There are 2 things to fix")
    assert {"#id_phone", "#id_email"} <= set(shown.links)
    assert {"id_phone", "id_email"} <= set(shown.ids)
    assert 'aria-invalid="true"' in html
    assert 'value="12"' in html
    assert "&lt;b&gt;me&lt;/b&gt;" in html
    assert re.search(r'value="phone"[^>]*checked', html)


# -- Nothing lost ---------------------------------------------------------------------------


def test_answers_survive_a_closed_tab_for_24_hours(client):
    with time_machine.travel("2026-11-24T10:00:00Z", tick=False) as clock:
        pass_safety(client)
        response = answer(client, "who")
        cookie = response.cookies["request_draft"]
        assert (cookie["path"], cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (URL, 86400, True, "Lax")
        clock.move_to("2026-11-25T09:00:00Z")
        assert read(client.get(URL)).says("unfinished request")
        assert client.get(f"{URL}check/").url == f"{URL}reach/"
        clock.move_to("2026-11-25T10:00:01Z")
        assert not read(client.get(URL)).says("unfinished request")
        assert client.get(f"{URL}reach/").url == f"{URL}?ended"
        assert answer(client, "reach").url == f"{URL}?ended"
        assert read(client.get(f"{URL}?ended")).says("Answers are kept for 24 hours")


def test_a_draft_says_nothing_to_who_reads_the_database(client):
    pass_safety(client, interest="hbot")
    response = answer(client, "who", name="Canary Name")
    draft = RequestDraft.objects.get()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text FROM appointments_requestdraft d")
        row = cursor.fetchone()[0]
    for private in ("Canary", "hbot", client.cookies["request_draft"].value):
        assert private not in row
    assert draft.answers["who"]["name"] == "Canary Name"
    assert response.cookies["request_draft"].value not in str(draft.pk)


def test_a_stranger_cannot_guess_a_draft(client):
    fill_in(client)
    key = RequestDraft.objects.get().pk
    client.cookies["request_draft"] = str(key)
    assert client.get(f"{URL}check/").url == f"{URL}?ended"


def test_answers_can_be_deleted(client):
    fill_in(client)
    assert client.post(f"{URL}start-over/").url == URL
    assert not RequestDraft.objects.exists()
    assert not read(client.get(URL)).says("unfinished request")


def test_two_tabs_lose_nothing_of_each_other(client):
    fill_in(client)
    key = RequestDraft.objects.get().pk
    from appointments import drafts

    drafts.save_step(key, "words", {"message": "first tab"})
    drafts.save_step(key, "needs", {"access_needs": [], "language": "", "needs": "second tab"})
    check = read(client.get(f"{URL}check/"))
    assert check.says("first tab")
    assert check.says("second tab")


@pytest.mark.parametrize("what", ["reading", "storing"])
def test_an_outage_keeps_what_was_typed_on_a_step(client, monkeypatch, what):
    pass_safety(client)
    answer(client, "who")

    def away(*args, **kwargs):
        raise OperationalError("connection failed: secret details")

    if what == "reading":
        monkeypatch.setattr(library, "published_and_due", away)
    else:
        monkeypatch.setattr("appointments.drafts.save_step", away)
    response = answer(client, "reach", email="typed@mail.example")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    html = response.content.decode()
    assert read(response).says("Nothing you typed is lost", r"\(555\) 010-0100")
    assert "typed@mail.example" in html
    assert "secret details" not in html
    monkeypatch.undo()
    assert answer(client, "reach").status_code == 302


@pytest.mark.parametrize("what", ["words", "draft", "request"])
def test_an_outage_keeps_the_answers_on_the_last_page(client, monkeypatch, what):
    fill_in(client, answers=EVERYTHING)
    data = hidden(client) | {"consent": "on"}

    def away(*args, **kwargs):
        raise OperationalError("connection failed: secret details")

    target = {
        "words": (library, "published_and_due"),
        "draft": (flow.drafts, "sent"),
        "request": (flow, "submit_evaluation_request"),
    }[what]
    monkeypatch.setattr(*target, away)
    response = client.post(f"{URL}check/", data)
    assert response.status_code == 503
    shown = read(response)
    assert shown.says("Nothing you typed is lost", r"\(555\) 010-0100")
    assert shown.says("My own words")
    assert shown.says("Sample Patient")
    assert re.search(r'name="consent"[^>]*checked', response.content.decode())
    monkeypatch.undo()
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=5)):
        assert client.post(f"{URL}check/", data).status_code == 302
    assert EvaluationRequest.objects.count() == 1


def test_the_answers_in_the_page_are_sealed_and_made_up_ones_are_ignored(client, monkeypatch):
    fill_in(client, answers=EVERYTHING)
    data = hidden(client)
    assert data["kept"].startswith("v1:")

    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(flow.drafts, "sent", away)
    for junk in ("", "v1:x:y", data["kept"][:-4] + "AAAA", "\x00"):
        response = client.post(f"{URL}check/", data | {"kept": junk, "consent": "on"})
        assert response.status_code == 503
        assert read(response).says("Nothing you typed is lost")


# -- Nothing twice ---------------------------------------------------------------------------


def test_sending_again_leads_to_the_same_confirmation(client, shown):
    fill_in(client)
    data = hidden(client) | {"consent": "on"}
    first, second = client.post(f"{URL}check/", data), client.post(f"{URL}check/", data)
    assert first.url == second.url
    assert EvaluationRequest.objects.count() == 1
    assert shown(first).text == shown(second).text


def test_back_after_a_lost_answer_leads_to_the_same_confirmation(client):
    sent = send(client).url
    for address in ("check/", "words/", "who/"):
        assert client.get(URL + address).url == sent
    assert answer(client, "words").url == sent
    assert EvaluationRequest.objects.count() == 1


def test_another_request_can_follow(client):
    first = send(client).url
    assert f"{URL}safety/" in read(client.get(first)).links
    second = send(client).url
    assert first != second
    assert EvaluationRequest.objects.count() == 2


def test_nobody_else_meets_the_confirmation_on_a_shared_device_for_long(client):
    assert send(client).cookies["request_draft"]["max-age"] == 3600


# -- Consent ---------------------------------------------------------------------------


def test_consent_is_needed_and_names_the_version_of_the_notice(client):
    fill_in(client)
    response = press_send(client, consent=None)
    assert response.status_code == 422
    assert read(response).says("Tick the box so that we may store")
    press_send(client)
    assert EvaluationRequest.objects.get().privacy_version == library.published().page("privacy").linked.version


def test_a_notice_that_changed_meanwhile_is_consented_to_anew(client, monkeypatch):
    fill_in(client)
    data = hidden(client) | {"consent": "on"}
    monkeypatch.setattr(library.published().page("privacy").linked, "version", 99)
    response = client.post(f"{URL}check/", data)
    assert response.status_code == 422
    assert read(response).says("privacy notice has just changed")
    shown = response.content.decode()
    assert "checked" not in re.search(r'<input type="checkbox" name="consent"[^>]*>', shown)[0]
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown)) | {"consent": "on"}
    assert client.post(f"{URL}check/", again).status_code == 302
    assert EvaluationRequest.objects.get().privacy_version == 99


# -- What strangers send ---------------------------------------------------------------------------


def test_extra_fields_change_nothing(client):
    fill_in(client, who={"reference": "AAAAAAAA", "status": "closed", "id": "77"})
    press_send(client, reference="AAAAAAAA", suspicion="staff", received_at="2000-01-01", tracking_hash="x", status="x")
    request = EvaluationRequest.objects.get()
    assert request.reference != "AAAAAAAA"
    assert request.status == "new"
    assert request.received_at.year > 2000


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("junk", ["\x00", "a\x00b", "‮", "\r\nBcc: evil@mail.example", "=1+1", "x" * 5000])
def test_junk_is_an_answer_not_a_fault(client, slug, junk):
    pass_safety(client)
    for before in SLUGS[: SLUGS.index(slug)]:
        answer(client, before)
    names = list(next(step for step in STEPS if step.slug == slug).base_fields)
    response = client.post(f"{URL}{slug}/", dict.fromkeys(names, junk))
    assert response.status_code in (302, 422)


@pytest.mark.parametrize("token", ["x", "\x00", "é" * 200, "a;b", "=" * 5000])
def test_junk_in_the_cookie_is_no_draft(client, token):
    client.cookies["request_draft"] = token
    assert client.get(f"{URL}check/").status_code == 302
    assert client.get(URL).status_code == 200


def test_a_page_that_does_not_exist(client):
    assert client.get(f"{URL}no-such-step/").status_code == 404


def test_a_form_that_is_far_too_large_is_refused(client):
    pass_safety(client)
    response = answer(client, "who", name="x" * (2 * 1024 * 1024))
    assert response.status_code == 400
    assert read(response).says("call us")


def test_nothing_of_a_request_reaches_the_log(client, caplog):
    with caplog.at_level(logging.DEBUG, logger="django"), caplog.at_level(logging.DEBUG):
        send(client, words={"message": "my secret words"})
        answer(client, "who", name="Secret Name")
    for private in ("Sample Patient", "0100142", "secret", "Secret"):
        assert private not in caplog.text


@pytest.mark.parametrize("slug", ANSWERS)
def test_every_question_says_why_it_is_asked(client, slug):
    step = next(step for step in STEPS if step.slug == slug)
    for name, field in step.base_fields.items():
        assert "Why we ask:" in field.help_text, name
