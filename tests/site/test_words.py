"""One name for each thing, and no number about the product that code does not know."""

import datetime
import re

import pytest
from allauth.mfa import app_settings as mfa
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import apnumber
from django.test import Client
from django.utils.html import strip_tags

from appointments import forms, gate, limits, services
from appointments.models import KeptForm, RequestDraft
from appointments.views import flow
from tests.flow import URL, pass_safety
from tests.pages import read
from treatments import comparison, finder, library, sharing, visit
from treatments.forms import minutes
from treatments.models import Treatment

TEMPLATES = {path: path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.*") if path.suffix != ".svg"}
CODE = [
    path for app in ("appointments", "treatments", "medici_site") for path in (settings.BASE_DIR / app).rglob("*.py")
]
TOOLS = ("/find/", "/find/rules/", "/compare/", "/compare/prp/hbot/", "/visit/", "/site-map/", "/search/", "/changes/")


def every_page(client):
    words = library.published()
    pages = [one.get_absolute_url() for one in (*words.pages, *words.treatments)]
    return [*pages, *TOOLS, URL, f"{URL}safety/", f"{URL}find/"]


# -- Names ---------------------------------------------------------------------------------------------------------

FORMER = (
    "Find your options", "Help me find my options", "Check on a request", "Find your request<", "Find my request",
    ">Honest status", "Good and harm", "To be honest", "How to get ready for your visit", "One page of questions",
    "one short question at a time", "stand on our sources page", "Of more, the first", "no urgent news",
    "Very many tries", "Yours may be another one", "Before, after, undoing", "If you gave us an e-mail",
    "you saw the question",
)  # fmt: skip
"""What stood on pages before; each has one name or one way of saying it now."""


def test_no_former_name_is_left_in_a_template_or_in_code():
    files = TEMPLATES | {path: path.read_text() for path in CODE if "migrations" not in path.parts}
    assert len(files) > 200
    left = [(path.name, one) for path, text in files.items() for one in FORMER if one.casefold() in text.casefold()]
    assert left == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/find/", "Find options to ask about"),
        ("/prepare/", "Prepare for your visit"),
        (f"{URL}find/", "See where my request stands"),
    ],
)
def test_a_page_has_one_name_in_links_and_on_itself(page, address, name):
    if address != "/prepare/":  # the content names it
        assert page(address).headings == [name]
    links = []
    for url in every_page(page.client):
        html = page.client.get(url).content.decode()
        found = re.findall(rf'<a [^>]*href="{address}"[^>]*>(.*?)</a>', html, re.DOTALL)
        links += [(url, " ".join(strip_tags(one).split())) for one in found]
    own_words = {page.get_absolute_url() for page in library.published().pages}  # content links in sentences
    assert {words for url, words in links if url not in own_words} == {name}


# -- Numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_request_says_how_many_steps_it_has(client, monkeypatch):
    assert len(forms.STEPS) + 2 == flow.TOTAL
    assert minutes(flow.TOTAL) == 5
    said = f"A short form in {flow.TOTAL} steps; about {minutes(flow.TOTAL)} minutes."
    for url in (URL, "/treatments/", "/treatments/hbot/", "/find/", "/visit/"):
        assert said in read(client.get(url)).text, url
    pass_safety(client)
    assert read(client.get(f"{URL}who/")).says(f"Step 2 of {flow.TOTAL}")
    monkeypatch.setattr("appointments.templatetags.requests.TOTAL", 24)
    assert "A short form in 24 steps; about 10 minutes." in read(client.get("/treatments/hbot/")).text


@pytest.mark.django_db
def test_the_finder_says_how_many_questions_it_has(client, monkeypatch):
    asked = finder.questions(library.published())
    assert read(client.get("/find/")).says(f"^{apnumber(len(asked))} short questions", "About 2 minutes")
    fewer = dict(list(finder.QUESTIONS.items())[:3])
    monkeypatch.setattr(finder, "QUESTIONS", fewer)
    assert read(client.get("/find/")).says("^three short questions")


@pytest.mark.django_db
def test_answers_are_kept_for_as_long_as_pages_say(client, monkeypatch):
    monkeypatch.setattr(RequestDraft, "KEPT_FOR", datetime.timedelta(hours=30))
    pass_safety(client)
    for url in (f"{URL}who/", URL):
        assert re.search("30 hours", read(client.get(url)).text), url
    assert read(Client().get(f"{URL}?ended")).says("30 hours")


@pytest.mark.django_db
def test_the_ladder_says_how_many_it_compares_and_how_many_bars_there_are(page):
    shown = page("/treatments/")
    most = apnumber(comparison.MOST)
    assert shown.says(f"If you pick more than {most}, we show the first {most}")
    assert shown.says(rf"operation \({max(Treatment.Reach)} bars\)")
    families = apnumber(len(library.published().families))
    assert page("/").says(f"^{families} kinds of treatment")
    assert page("/visit/").says(f"Pain diary for {apnumber(len(visit.DAYS))} days")


IN_WORDS = [
    # Where a text has a number in its own words, this holds it to the code.
    ("appointments/gate.html", "wait half a minute", datetime.timedelta(seconds=30) == gate.WAIT),
    ("appointments/gate.html", "wait ten minutes", limits.SEND.within == datetime.timedelta(minutes=10)),
    ("appointments/busy.html", "up to an hour", limits.LOOK_UP_ONE.within == datetime.timedelta(hours=1)),
    ("treatments/share_link_ended.html", "works for seven days", sharing.LIFE.days == 7),
    ("admin/treatments/version.html", "for seven days", sharing.LIFE.days == 7),
    ("admin/treatments/guide.html", "works for seven days", sharing.LIFE.days == 7),
    ("admin/accounts/invitation.html", "ten recovery codes", mfa.RECOVERY_CODE_COUNT == 10),
    ("admin/appointments/guide.html", "ten recovery codes", mfa.RECOVERY_CODE_COUNT == 10),
    ("admin/accounts/kept.html", "kept for 12 hours", datetime.timedelta(hours=12) == KeptForm.KEPT_FOR),
    ("admin/appointments/guide.html", "for 15 minutes after your click", services.UNDO_WITHIN.seconds == 15 * 60),
    ("admin/appointments/guide.html", "touch nothing for 15 minutes", settings.SESSION_IDLE_AGE == 15 * 60),
    ("admin/accounts/account.html", "after 15 minutes without", settings.SESSION_IDLE_AGE == 15 * 60),
    ("admin/accounts/account.html", "after 12 hours", settings.SESSION_COOKIE_AGE == 12 * 60 * 60),
    ("admin/appointments/guide.html", "We tried three times", services.MOST_TRIES == 3),
]


@pytest.mark.parametrize(("template", "words", "is_so"), IN_WORDS)
def test_a_number_in_words_is_the_one_in_code(template, words, is_so):
    assert words in TEMPLATES[settings.BASE_DIR / "templates" / template]
    assert is_so, words
