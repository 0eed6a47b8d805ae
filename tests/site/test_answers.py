"""What every answer carries, and every way of saying no."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from tests.pages import read
from treatments import library

PHONE = "(555) 010-0100"


@pytest.fixture
def database_away(monkeypatch, client):
    def away():
        raise OperationalError("connection failed: secret details")

    client.raise_request_exception = False
    library.published()  # as in a process that has answered before
    monkeypatch.setattr(library, "published_and_due", away)


@pytest.mark.parametrize("url", ["/", "/request-evaluation/", "/nothing-here/", "/admin/login/", "/healthz"])
def test_every_answer_has_its_security_headers(client, db, url):
    headers = client.get(url).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_content_pages_set_no_cookie(client, db):
    assert not client.get("/").cookies
    assert not client.get("/treatments/hbot/").cookies


@pytest.mark.parametrize("url", ["/request-evaluation/", "/admin/login/"])
def test_private_pages_are_not_stored(client, db, url):
    assert "no-store" in client.get(url).headers["Cache-Control"]


def test_health_says_ok(client, db):
    assert client.get("/healthz").json() == {"database": "ok"}


def test_health_says_when_the_database_is_away(client, db, monkeypatch):
    def away():
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("medici_site.views.connection.cursor", away)
        response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"database": "away"}


def test_unknown_address(page, db):
    shown = page("/no-such-page/", status=404)
    assert shown.says("cannot find")
    assert PHONE in shown.text


@pytest.mark.parametrize(
    "url",
    [
        "/treatments/no-such-family/",
        "/treatments/hbot/prp/",
        "/treatments/prp/",
        "/treatments/regenerative/hbot/",
        "/media/pictures/nothing.jpg",
        "/media/pictures/a%00b.jpg",
        "/media/pictures/..%2f..%2fsecrets",
    ],
)
def test_wrong_addresses_are_not_found(client, db, url):
    assert client.get(url).status_code == 404


def test_form_without_its_token_is_refused_in_plain_words(db):
    response = Client(enforce_csrf_checks=True).post("/request-evaluation/", {"name": "Sample"})
    assert response.status_code == 403
    shown = read(response)
    assert shown.headings == ["Please send the form once more"]
    assert PHONE in shown.text


@pytest.mark.parametrize("url", ["/", "/treatments/hbot/", "/request-evaluation/"])
def test_database_away_is_told_with_the_phone(client, db, database_away, url):
    response = client.get(url)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "no-store" in response.headers["Cache-Control"]
    assert PHONE in read(response).text
    assert b"secret details" not in response.content


def test_database_away_before_anything_was_read(client, db, database_away, monkeypatch):
    monkeypatch.setattr(library, "_last", None)
    response = client.get("/")
    assert response.status_code == 503
    assert PHONE in read(response).text


def test_nothing_published_yet_is_told_with_the_phone(client, db, monkeypatch):
    def empty():
        raise library.NothingPublishedError

    client.raise_request_exception = False
    monkeypatch.setattr(library, "published_and_due", empty)
    response = client.get("/")
    assert response.status_code == 503
    assert PHONE in read(response).text


def test_a_fault_of_ours_shows_no_traceback(client, db, monkeypatch):
    def fault():
        raise RuntimeError("secret details")

    client.raise_request_exception = False
    monkeypatch.setattr(library, "published_and_due", fault)
    response = client.get("/")
    assert response.status_code == 500
    assert read(response).headings == ["Something went wrong on our side"]
    assert b"secret details" not in response.content


def test_an_error_page_survives_the_loss_of_everything(client, db, monkeypatch):
    def fault(*args):
        raise RuntimeError

    client.raise_request_exception = False
    monkeypatch.setattr(library, "published_and_due", fault)
    monkeypatch.setattr(library, "last_known", fault)
    response = client.get("/")
    assert response.status_code == 500
    assert b"tel:911" in response.content


def test_robots_names_the_sitemap(client, db):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /admin/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_sitemap_lists_every_page_once(client, db):
    text = client.get("/sitemap.xml").content.decode()
    words = library.published()
    for content in [*words.pages, *words.treatments]:
        assert text.count(f"<loc>http://testserver{content.get_absolute_url()}</loc>") == 1
    assert reverse("admin:index") not in text
