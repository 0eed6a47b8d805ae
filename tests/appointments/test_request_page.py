"""The page: a request is stored and confirmed, a mistake loses nothing, an outage is told with the phone."""

import logging
import re
import uuid

import pytest
from django.db import OperationalError

from appointments.models import EvaluationRequest
from tests.factories import form_data
from tests.pages import read
from treatments import library

pytestmark = pytest.mark.django_db
URL = "/request-evaluation/"


def send(client, **changes):
    return client.post(URL, form_data(**changes))


def test_it_works(client, page):
    response = send(client)
    assert response.status_code == 302
    request = EvaluationRequest.objects.get()
    shown = page(response.url)
    assert request.spoken_reference in shown.blocks
    assert shown.says("call", re.escape("(555) 010-0100"), "reference")


def test_the_form_is_asked_in_order_and_never_submitted_by_get(page):
    shown = page(URL + "?interest=hbot&name=Sample")
    assert shown.says("not for emergencies")
    assert shown.blocks.index("First: is it safe to wait for an answer?") < shown.blocks.index("Who it is about")
    html = shown.response.content.decode()
    assert 'method="post"' in html
    assert "Sample" not in html
    assert re.search(r'value="hbot"[^>]*checked', html)


def test_the_confirmation_shows_a_stranger_nothing_but_the_reference(client, page):
    response = send(client, message="my secret words", interests=["baclofen-pump"])
    shown = page(response.url)
    html = shown.response.content.decode()
    for private in ("Sample Patient", "010-0142", "0100142", "secret", "shoots down"):
        assert private not in html
    for private in ("Sample", "leg", "baclofen", "5550100142"):
        assert private not in response.url
    assert "no-store" in shown.response.headers["Cache-Control"]
    assert 'content="noindex"' in html


@pytest.mark.parametrize("token", ["x", "CF4HK7PR", "CF4HK7PR:1abc:xyz"])
def test_a_made_up_confirmation_is_not_found(client, token):
    assert client.get(f"{URL}received/{token}/").status_code == 404


def test_a_mistake_keeps_everything_that_was_typed(client):
    typed = form_data(phone="12", message="<b>my words</b>", needs="large print", interests=["hbot"])
    response = client.post(URL, typed)
    assert response.status_code == 422
    html = response.content.decode()
    shown = read(response)
    assert shown.title.startswith("Error: ")
    assert shown.says("There is one thing to fix")
    assert "#id_phone" in shown.links
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in html
    assert "&lt;b&gt;my words&lt;/b&gt;" in html
    for kept in ('value="12"', 'value="Sample Patient"', 'value="large print"', typed["submission_key"]):
        assert kept in html
    assert re.search(r'value="hbot"[^>]*checked', html)
    assert not EvaluationRequest.objects.exists()


def test_every_mistake_is_in_the_summary_and_leads_to_its_control(client):
    response = client.post(URL, {"submission_key": str(uuid.uuid4())})
    shown = read(response)
    html = response.content.decode()
    assert shown.says("There are 6 things to fix")
    for control in ("id_safe", "id_for_whom_0", "id_name", "id_contact_by_0", "id_concerns_0", "id_consent"):
        assert f"#{control}" in shown.links
        assert control in shown.ids
        assert f'href="#{control}"' in html


def test_a_form_without_its_key_is_explained(client):
    response = client.post(URL, form_data(submission_key=None))
    assert response.status_code == 422
    assert read(response).says("This page is incomplete")


def test_the_same_form_sent_again_is_the_same_request(client):
    data = form_data()
    first, second = client.post(URL, data), client.post(URL, data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert EvaluationRequest.objects.count() == 1
    pages = [read(client.get(response.url)).text for response in (first, second)]
    assert EvaluationRequest.objects.get().spoken_reference in pages[0]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("words", ["published", "last_known"])
def test_an_outage_keeps_what_was_typed_and_tells_the_phone(client, monkeypatch, words):
    def away(**answers):
        raise OperationalError("connection failed: secret details")

    data = form_data(message="my words")
    library.published()
    if words == "published":  # the words can still be read, storing fails
        monkeypatch.setattr("appointments.views.submit_evaluation_request", away)
    else:  # nothing can be read
        monkeypatch.setattr(library, "published_and_due", away)
    response = client.post(URL, data)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    shown = read(response)
    html = response.content.decode()
    assert shown.says("Nothing you typed is lost", r"\(555\) 010-0100")
    for kept in ("my words", 'value="Sample Patient"', data["submission_key"]):
        assert kept in html
    assert "secret details" not in html
    monkeypatch.undo()
    assert client.post(URL, data).status_code == 302
    assert EvaluationRequest.objects.count() == 1


def test_nothing_of_a_request_reaches_the_log(client, caplog):
    with caplog.at_level(logging.DEBUG, logger="django"), caplog.at_level(logging.DEBUG):
        send(client, message="my secret words")
        send(client, phone="12", message="my secret words")
        client.post(URL, {"name": "Sample Patient"})
    # Statements of the database log hold ciphertext alone, whatever the level.
    for private in ("Sample Patient", "0100142", "secret"):
        assert private not in caplog.text


def test_extra_fields_change_nothing(client):
    send(client, reference="AAAAAAAA", id="77", received_at="2000-01-01", privacy_version="99")
    request = EvaluationRequest.objects.get()
    assert request.reference != "AAAAAAAA"
    assert request.pk != 77
    assert request.received_at.year > 2000
    assert request.privacy_version != 99


@pytest.mark.parametrize("junk", ["\x00", "a\x00b", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "‮"])
def test_junk_is_an_answer_not_a_fault(client, junk):
    response = send(client, name=junk or "x", message=junk)
    assert response.status_code in (302, 422)


def test_a_form_that_is_far_too_large_is_refused(client):
    response = client.post(URL, form_data(message="x" * (2 * 1024 * 1024)))
    assert response.status_code == 400
    assert read(response).says("call us")
