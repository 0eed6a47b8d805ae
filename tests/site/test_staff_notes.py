"""Notes for staff stay with staff: whatever anybody can fetch without an account says no word of them."""

import datetime
import re

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from appointments import outbox
from appointments.forms import STEPS
from tests.factories import make_user
from tests.flow import URL, answer, pass_safety, press_send
from treatments import library, open_graph, publishing, sharing, tools
from treatments.models import CONTENT_MODELS, FaqItem, GlossaryTerm, InfoPage, Treatment, WarningSign

pytestmark = pytest.mark.django_db

WORD, NEXT = "quibblefrost", "wobbleshire"
"""What a note says, and what stands beside it: a page may repeat what was typed, but nothing that stands beside it."""
NOTE = f"Clinician: Is the {WORD} of a {NEXT} so?"
OTHERS = {
    Treatment: ["prp", "hbot", "interventional"],
    InfoPage: ["home", "faq", "evaluation", "privacy"],
    WarningSign: ["leg-weakness", "wound"],
}
"""Records beside the first of each kind: those that more than one kind of page shows."""


@pytest.fixture
def noted(db):
    """One record of every kind, and those that many pages show, with a note that was published with them."""
    found = []
    for model in CONTENT_MODELS:
        found += {*model.objects.filter(slug__in=OTHERS.get(model, ())), model.objects.first()}
    for content in found:
        content.staff_notes = [NOTE]
        content.save()
        assert NOTE in publishing.publish(content, reason="test").record["staff_notes"]
    assert {type(content) for content in found} == set(CONTENT_MODELS)
    return found


def says(response, word=WORD) -> bool:
    return word in response.content.decode(errors="replace").casefold()


def addresses(client) -> list[str]:
    listed = re.findall(r"<loc>http://testserver(.*?)</loc>", client.get("/sitemap.xml").content.decode())
    assert len(listed) > 35
    others = ["/robots.txt", "/sitemap.xml", "/llms.txt", "/changes/feed/", "/site-map/", "/changes/", "/healthz"]
    chosen = ["/visit/?t=prp&t=hbot", "/compare/prp/hbot/", "/compare/interventional/prp/hbot/"]
    return [*listed, *others, *chosen, URL, f"{URL}?interest=hbot", f"{URL}safety/", f"{URL}find/", "/nothing-here/"]


def test_no_page_says_a_note(client, noted):
    leaks = [address for address in addresses(client) if says(client.get(address))]
    assert leaks == []


def test_no_search_finds_or_quotes_a_note(client, noted):
    for typed in (WORD, NEXT, NOTE, WORD[:-1], "clinician", "staff notes", "PRP", "oxygen", "glossary"):
        response = client.post("/search/", {"q": typed})
        others = [word for word in (WORD, NEXT) if word not in typed]
        assert [word for word in others if says(response, word)] == [], typed
        found = response.context["found"]
        assert (found.did_you_mean + found.words).replace(typed, "") == "", typed
    for typed in (WORD, NEXT, f"{WORD} {NEXT}"):
        found = client.post("/search/", {"q": typed}).context["found"]
        assert found.results == []
        assert found.missing == typed.split()


def test_no_extract_of_a_search_is_a_note(client, noted):
    """The words of the first sentence that speaks of it stand under each result."""
    for content in noted:
        if isinstance(content, Treatment | InfoPage | FaqItem | GlossaryTerm):
            response = client.post("/search/", {"q": f"{content} so"})
            assert response.context["found"].results
            assert not says(response), content


def test_no_page_of_the_finder_says_a_note(client, noted):
    first = {"asked": "bothers", "bothers": ["leg-pain"], "show": "result"}
    asked = [
        {},
        {"asked": "safety", "signs": ["none"], "show": "bothers"},
        first,
        first | {"unwanted": ["no-steroids"]},
    ]
    asked += [{"asked": "safety", "signs": [sign], "show": "bothers"} for sign in OTHERS[WarningSign]]
    seen = set()
    for data in asked:
        response = client.post("/find/questions/", data)
        seen |= {template.name for template in response.templates if template.name.startswith("treatments/finder/")}
        assert not says(response), data
    assert {f"treatments/finder/{name}.html" for name in ("safety", "question", "result", "stop", "advice")} <= seen


def test_no_page_of_a_request_and_no_message_says_a_note(client, noted, settings):
    settings.NOTIFY_EMAILS = ["desk@mail.example"]
    with time_machine.travel(timezone.now() - datetime.timedelta(minutes=5)):  # no person is faster
        for sign in (*OTHERS[WarningSign], "none"):
            assert not says(pass_safety(client, sign)), sign
        for step in STEPS:
            assert not says(client.get(f"{URL}{step.slug}/")), step.slug
            changes = {"email": "sample@mail.example"} if step.slug == "reach" else {}
            answer(client, step.slug, **changes)
    assert not says(client.get(f"{URL}check/"))
    sent = press_send(client)
    for part in ("", "contact/", "times/", "withdraw/", "reply-by.ics"):
        response = client.get(f"{sent.url}{part}")
        assert response.status_code == 200, part
        assert not says(response), part
    while outbox.send_one():
        pass
    assert len(mail.outbox) > 1
    assert not [one for one in mail.outbox if WORD in str(one.message())]


def test_no_shared_draft_says_a_note(noted):
    author = make_user(role="editor")
    for content in noted:
        content.staff_notes = [NOTE, "To check: newer"]
        content.save()
        version = publishing.keep(content, by=author)
        try:
            link = sharing.address(sharing.share(version, by=author))
        except publishing.RefusedError:
            continue  # no page shows it
        response = Client().get(link)
        assert response.status_code == 200, link
        assert "draft-note" in response.content.decode()
        assert not says(response), content


def test_no_picture_of_a_link_says_a_note(client, noted):
    words = library.published()
    for subject in (*words.pages, *words.treatments, *tools.TOOLS):
        assert WORD not in repr(open_graph.card(subject, words)).casefold()


def test_no_error_page_says_a_note(client, noted, monkeypatch):
    def away():
        raise OperationalError

    client.raise_request_exception = False
    library.published()  # as in a process that has answered before
    assert not says(client.get("/nothing-here/"))
    assert not says(Client(enforce_csrf_checks=True).post(f"{URL}safety/", {"signs": ["none"]}))
    monkeypatch.setattr(library, "published_and_due", away)
    for address, status in (("/", 503), (f"{URL}safety/", 200), ("/healthz", 200)):
        response = client.get(address)
        assert response.status_code == status, address
        assert not says(response), address


def test_the_library_that_needs_no_database_has_no_note(noted, tmp_path):
    call_command("export_content", tmp_path, verbosity=0)
    assert any(NOTE in path.read_text() for path in tmp_path.rglob("*.md")), "the working copies have them"
    words = library.from_files(tmp_path)
    assert [one for one in words.everything if one.staff_notes] == []


def test_what_patients_read_as_files_has_no_note(noted, tmp_path):
    call_command("export_content", tmp_path, published=True, verbosity=0)
    files = list(tmp_path.rglob("*.md"))
    assert len(files) > 20
    assert [path.name for path in files if WORD in path.read_text().casefold()] == []
