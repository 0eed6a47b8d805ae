"""Marked words in every field, and a search for them everywhere that is not an encrypted column."""

import io
import logging
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError

from appointments import outbox
from appointments.models import EvaluationRequest
from tests.flow import EVERYTHING, URL, answer, fill_in, hidden, pass_safety, send
from tests.stored import rows_of_every_table

pytestmark = pytest.mark.django_db
MARKED = {
    "who": {"name": "Qzxmarkname", "helper_name": "Qzxmarkhelper", "helper_relation": "Qzxmarkrelation"},
    "reach": {"email": "qzxmarkmail@qzxmarkhost.example", "phone": "(555) 010-0177"},
    "safe_contact": {"trusted_person": "Qzxmarkfriend", "times_to_avoid": "Qzxmarktime"},
    "needs": {"language": "Qzxmarklanguage", "needs": "Qzxmarkneed"},
    "fusion": {"fusion_levels": "Qzxmarklevel"},
    "insurance": {"insurer": "Qzxmarkinsurer"},
    "words": {"message": "Qzxmarkwords"},
}
# Long enough that no ciphertext holds it by chance.
MARK = re.compile("qzxmark|0100177|010-0177", re.IGNORECASE)


def test_nothing_of_a_patient_is_anywhere_in_the_clear(client, caplog, monkeypatch, manager_client, settings, tmp_path):
    addresses, pages = [], []
    original = client.request

    def request(**environ):
        addresses.append(environ["PATH_INFO"] + "?" + environ.get("QUERY_STRING", ""))
        response = original(**environ)
        pages.append((environ["PATH_INFO"], response))
        return response

    monkeypatch.setattr(client, "request", request)
    with caplog.at_level(logging.DEBUG, logger="django"), caplog.at_level(logging.DEBUG):
        # Good, wrong, refused, and while something breaks.
        pass_safety(client)
        answer(client, "who", MARKED["who"] | {"for_whom": "x"})
        with monkeypatch.context() as broken:

            def away(*args, **kwargs):
                raise OperationalError("connection failed")

            broken.setattr("appointments.drafts.save_step", away)
            answer(client, "who", EVERYTHING["who"] | MARKED["who"])
        answer(client, "reach", {"email": "qzxmarkmail@", "phone": "qzxmark"})
        fill_in(client, answers=EVERYTHING, **MARKED)
        hidden(client)
        client.cookies.pop("request_draft")
        url = send(client, answers=EVERYTHING, **MARKED).url
        stored = EvaluationRequest.objects.get()
        assert stored.name == "Qzxmarkname"
        confirmation = client.get(url)
        client.post(f"{URL}find/", {"reference": stored.reference, "proof": "qzxmarkmail@qzxmarkhost.example"})
        client.post(f"{URL}find/", {"reference": "Qzxmarkreference", "proof": "qzxmarkwrong"})
        client.post(f"{url}contact/", {"contact_by": "email", "email": "qzxmarknew@qzxmarkhost.example"})
        client.post(f"{url}times/", {"times_to_avoid": "qzxmarkother"})
        while outbox.send_one():
            pass
        manager_client.get(f"/admin/appointments/evaluationrequest/{stored.pk}/change/")
        manager_client.get("/admin/appointments/evaluationrequest/", {"q": stored.reference})
        call_command("purge_requests", dry_run=True, stdout=io.StringIO())
        client.post(f"{url}withdraw/")
    assert not MARK.search(caplog.text)
    assert not MARK.search(confirmation.content.decode())
    assert [address for address in addresses if MARK.search(address)] == []
    assert mail.outbox
    for message in mail.outbox:
        text = message.message().as_string()
        to_the_patient = message.to[0].startswith("qzxmark")
        assert not MARK.search(text.replace(message.to[0], "") if to_the_patient else text)
    for path, response in pages:
        title = re.search("<title>(.*?)</title>", response.content.decode(), re.DOTALL)
        assert not (title and MARK.search(title[1])), path
        assert not MARK.search(str(response.headers)), path
        assert not MARK.search(str(response.cookies)), path
        if response.status_code >= 500 or MARK.search(response.content.decode()):
            assert response.headers["Cache-Control"] == "no-store", path
    assert {table: rows for table, rows in rows_of_every_table().items() if MARK.search(rows)} == {}
    assert not MARK.search(str(getattr(cache, "_cache", "")))
