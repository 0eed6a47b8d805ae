"""Staff at their desk: the first sign-in, a word changed and published, a request found."""

import pytest
from django.conf import global_settings
from playwright.sync_api import expect

from tests.factories import make_request


@pytest.fixture
def first_account(site, settings, django_db_blocker):
    from medici_site.accounts import create_first_account
    from medici_site.models import User

    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # the site itself knows no quick ones
    with django_db_blocker.unblock():
        yield create_first_account()
        # Versions name who published them and stay for good, so the account stays with them, unused.
        User.objects.update(is_active=False, username="former", is_staff=False)


def sign_in(page, username, password):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_working_day(open_page, stored, first_account, django_db_blocker):
    request = make_request(message="my words")
    page = open_page("/admin/")
    sign_in(page, *first_account)
    expect(page.get_by_role("heading", name="Password change")).to_be_visible()
    page.get_by_label("Old password").fill(first_account[1])
    page.get_by_label("New password:", exact=True).fill("a password of my own")
    page.get_by_label("New password confirmation").fill("a password of my own")
    page.get_by_role("button", name="Change my password").click()

    page.goto("/admin/")
    page.get_by_role("link", name="Evaluation requests", exact=True).last.click()
    page.get_by_role("link", name=request.spoken_reference).click()
    expect(page.get_by_text("my words")).to_be_visible()
    expect(page.get_by_text("NO. Leave no message.")).to_be_visible()

    page.goto("/admin/treatments/glossaryterm/")
    page.get_by_role("link", name="Ablation", exact=True).click()
    words = page.get_by_label("Meaning:")
    before = words.input_value()
    try:
        words.fill("Words of the day.")
        page.get_by_role("button", name="Save", exact=True).first.click()
        page.goto("/glossary/#ablation")
        expect(page.get_by_text("Words of the day.")).not_to_be_visible()
        page.goto("/admin/treatments/glossaryterm/")
        expect(page.get_by_text("Earlier words, from")).to_be_visible()
        page.get_by_role("link", name="Ablation", exact=True).click()
        page.get_by_role("button", name="Save and publish").click()
        expect(page.get_by_text("Patients now see version")).to_be_visible()
        page.goto("/glossary/#ablation")
        expect(page.get_by_text("Words of the day.")).to_be_visible()
    finally:
        page.goto("/admin/treatments/glossaryterm/")
        page.get_by_role("link", name="Ablation", exact=True).click()
        page.get_by_label("Meaning:").fill(before)
        page.get_by_role("button", name="Save and publish").click()
