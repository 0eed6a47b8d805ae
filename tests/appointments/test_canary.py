"""Marked words in every field, and a search for them everywhere that is not an encrypted column."""

import io
import logging
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection

from appointments import outbox
from appointments.models import EvaluationRequest
from tests.flow import EVERYTHING, URL, answer, fill_in, hidden, pass_safety, send

pytestmark = pytest.mark.django_db
MARKED = {
    "who": {"name": "Qzxname", "helper_name": "Qzxhelper", "helper_relation": "Qzxrelation"},
    "reach": {"email": "qzxmail@qzxhost.example", "phone": "(555) 010-0177"},
    "safe_contact": {"trusted_person": "Qzxfriend", "times_to_avoid": "Qzxtime"},
    "needs": {"language": "Qzxlanguage", "needs": "Qzxneed"},
    "fusion": {"fusion_levels": "Qzxlevel"},
    "insurance": {"insurer": "Qzxinsurer"},
    "words": {"message": "Qzxwords"},
}
MARK = re.compile("qzx|0100177|010-0177", re.IGNORECASE)


def everything_in_the_database() -> dict[str, str]:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = {}
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608
            rows[table] = "\n".join(row for (row,) in cursor.fetchall())
    return rows


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
        answer(client, "reach", {"email": "qzxmail@", "phone": "qzx"})
        fill_in(client, answers=EVERYTHING, **MARKED)
        hidden(client)
        client.cookies.pop("request_draft")
        url = send(client, answers=EVERYTHING, **MARKED).url
        stored = EvaluationRequest.objects.get()
        assert stored.name == "Qzxname"
        confirmation = client.get(url)
        client.post(f"{URL}find/", {"reference": stored.reference, "proof": "qzxmail@qzxhost.example"})
        client.post(f"{URL}find/", {"reference": "Qzxreference", "proof": "qzxwrong"})
        client.post(f"{url}contact/", {"contact_by": "email", "email": "qzxnew@qzxhost.example"})
        client.post(f"{url}times/", {"times_to_avoid": "qzxother"})
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
        to_the_patient = message.to[0].startswith("qzx")
        assert not MARK.search(text.replace(message.to[0], "") if to_the_patient else text)
    for path, response in pages:
        title = re.search("<title>(.*?)</title>", response.content.decode(), re.DOTALL)
        assert not (title and MARK.search(title[1])), path
        assert not MARK.search(str(response.headers)), path
        assert not MARK.search(str(response.cookies)), path
        if response.status_code >= 500 or MARK.search(response.content.decode()):
            assert response.headers["Cache-Control"] == "no-store", path
    assert {table: rows for table, rows in everything_in_the_database().items() if MARK.search(rows)} == {}
    assert not MARK.search(str(getattr(cache, "_cache", "")))
