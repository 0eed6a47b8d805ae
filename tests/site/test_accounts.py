"""The first staff account and its one-time password."""

import io

import pytest
from django.core.management import call_command

from medici_site.accounts import create_first_account
from medici_site.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_first_account_is_made_once_with_a_random_password():
    username, password = create_first_account()
    assert len(password) >= 16
    assert password not in User.objects.get(username=username).password
    assert create_first_account() is None
    User.objects.all().delete()
    assert create_first_account()[1] != password


def test_an_existing_account_is_enough():
    make_user(username="somebody", is_superuser=False)
    assert create_first_account() is None


def test_one_time_password_opens_nothing_but_its_own_change(client):
    username, password = create_first_account()
    assert client.login(username=username, password=password)
    for url in ("/admin/", "/admin/appointments/evaluationrequest/", "/admin/treatments/treatment/"):
        response = client.get(url)
        assert response.status_code == 302, url
        assert response.url == "/admin/password_change/"
    assert client.get("/admin/password_change/").status_code == 200


def test_choosing_a_password_opens_the_admin(client):
    username, password = create_first_account()
    client.login(username=username, password=password)
    own = "a password of my own"
    response = client.post(
        "/admin/password_change/", {"old_password": password, "new_password1": own, "new_password2": own}
    )
    assert response.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert not User.objects.get(username=username).must_change_password


@pytest.mark.parametrize("chosen", ["short", None])
def test_a_short_password_and_the_same_one_are_refused(client, chosen):
    username, password = create_first_account()
    client.login(username=username, password=password)
    chosen = chosen or password
    response = client.post(
        "/admin/password_change/", {"old_password": password, "new_password1": chosen, "new_password2": chosen}
    )
    assert response.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_mistake_in_a_content_file_does_not_keep_a_published_site_down(monkeypatch, settings, tmp_path):
    monkeypatch.setattr("medici_site.management.commands.prepare.connection.close", lambda: None)
    settings.CONTENT_DIR = tmp_path  # every file is missing
    out, err = io.StringIO(), io.StringIO()
    call_command("prepare", stdout=out, stderr=err)
    assert "faq.md:1: The file: is missing" in err.getvalue()
    assert "goes on with the words it has" in err.getvalue()
    assert "one-time password" in out.getvalue()


def test_prepare_tells_the_password_only_the_first_time(monkeypatch):
    # The command closes its connection to give up its lock; here that would end the test's transaction.
    monkeypatch.setattr("medici_site.management.commands.prepare.connection.close", lambda: None)
    first, second = io.StringIO(), io.StringIO()
    call_command("prepare", stdout=first)
    call_command("prepare", stdout=second)
    assert "one-time password" in first.getvalue()
    assert "one-time password" not in second.getvalue()
    assert "0 created, 0 updated" in second.getvalue()
