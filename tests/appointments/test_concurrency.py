"""One draft makes one request, whoever presses Send how often, at whatever moment a process dies."""

import datetime
import re
import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments import services
from appointments.models import EvaluationRequest, Message, RequestDraft, RequestEvent, Tally
from appointments.views import flow
from tests.flow import URL, answer, fill_in, hidden

CHECK = f"{URL}check/"


@pytest.fixture
def browser(stored):
    """A browser whose owner has filled in everything as slowly as a person does, and has not sent it yet."""
    Tally.objects.all().delete()
    browser = Client(raise_request_exception=False)
    fill_in(browser)
    RequestDraft.objects.update(started_at=timezone.now() - datetime.timedelta(minutes=5))
    yield browser
    RequestDraft.objects.all().delete()
    Tally.objects.all().delete()


def tab_of(browser) -> Client:
    """Another tab of the same browser, which a thread of its own can use."""
    tab = Client(raise_request_exception=False)
    tab.cookies = browser.cookies.copy()
    return tab


def at_once(*acts) -> list:
    """Do all this in threads that start at the same moment; return what each returned."""
    start, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        connection.ensure_connection()
        start.wait(10)
        try:
            results[number] = act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def reference_shown(client, response) -> str:
    """Follow the answer to Send, as a browser does, and return the reference on the page."""
    assert response.status_code == 302, response.content.decode()
    return re.search(r'class="code">([^<]+)<', client.get(response.url).content.decode())[1].replace("-", "")


def assert_it_is_there_once(reference):
    request = EvaluationRequest.objects.get()
    assert request.reference == reference
    assert RequestEvent.objects.filter(reference=reference, kind=RequestEvent.Kind.RECEIVED).count() == 1
    assert Message.objects.filter(request=request, kind=Message.Kind.STAFF_NEW).count() == 1
    assert not RequestDraft.objects.exists()


@pytest.mark.parametrize("round_", range(5))
def test_six_presses_at_once_make_one_request(browser, round_):
    data = hidden(browser) | {"consent": "on"}
    tabs = [tab_of(browser) for _ in range(6)]
    responses = at_once(*(lambda tab=tab: tab.post(CHECK, data) for tab in tabs))
    (reference,) = {reference_shown(*pair) for pair in zip(tabs, responses, strict=True)}
    assert_it_is_there_once(reference)


@pytest.mark.parametrize("round_", range(3))
def test_sending_in_one_tab_while_another_changes_an_answer(browser, round_):
    data = hidden(browser) | {"consent": "on"}
    one, other = tab_of(browser), tab_of(browser)
    sent, changed = at_once(
        lambda: one.post(CHECK, data), lambda: answer(other, "words", message="changed", changing=True)
    )
    assert_it_is_there_once(reference_shown(one, sent))
    # The other tab is led to the same confirmation, at once or by the page of answers it asks for next.
    assert changed.status_code == 302
    assert (other.get(CHECK).url if changed.url == CHECK else changed.url) == sent.url


def test_a_process_that_dies_between_commit_and_answer(browser, monkeypatch):
    data = hidden(browser) | {"consent": "on"}

    def die(*args, **kwargs):
        raise SystemError

    with monkeypatch.context() as patched:
        patched.setattr(flow, "redirect", die)
        assert browser.post(CHECK, data).status_code == 500
    reference = EvaluationRequest.objects.get().reference
    assert reference_shown(browser, browser.post(CHECK, data)) == reference
    assert_it_is_there_once(reference)


def test_a_process_that_dies_before_commit_leaves_the_answers_to_be_sent_again(browser, monkeypatch):
    data = hidden(browser) | {"consent": "on"}

    def die():
        raise SystemError

    with monkeypatch.context() as patched:
        patched.setattr(services, "wake_worker", die)
        assert browser.post(CHECK, data).status_code == 500
    assert not EvaluationRequest.objects.exists()
    assert_it_is_there_once(reference_shown(browser, browser.post(CHECK, data)))
