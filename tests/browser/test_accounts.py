"""A manager looks after staff accounts, in a real browser, with the keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import global_settings
from playwright.sync_api import expect

from tests.browser.test_every_page import RULES, scrolls_sideways
from tests.factories import make_user

PASSWORD = "a long enough password"


@pytest.fixture
def manager(site, settings, django_db_blocker):
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # the site itself knows no quick ones
    with django_db_blocker.unblock():
        superuser = make_user(username="first")
        yield make_user(role="manager")
        type(superuser).objects.filter(username__in=["first", "manager", "newcomer"]).delete()


@pytest.fixture
def desk(open_page, manager):
    """Open the admin as the manager."""

    def open_desk(**options):
        page = open_page("/admin/", **options)
        page.get_by_label("Username").fill(manager.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Staff accounts")).to_be_visible()
        return page

    return open_desk


def test_a_new_account_by_keyboard(desk, open_page):
    page = desk()
    page.get_by_role("link", name="Staff accounts", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add staff account").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("newcomer")
    for words in ("Robin", "Sample", "robin@clinic.example", ""):
        page.keyboard.press("Tab")
        page.keyboard.type(words)
    roles = ("Editor", "Front desk", "Manager", "Medical reviewer")
    for role in roles:
        page.keyboard.press("Tab")
        expect(page.get_by_label(f"{role}: ")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A medical reviewer needs this")).to_be_visible()
    page.get_by_role("textbox", name="Credentials").fill("MD, pain medicine")
    page.keyboard.press("Enter")
    password = page.get_by_role("code").inner_text()

    own = open_page("/admin/")
    own.get_by_label("Username").fill("newcomer")
    own.get_by_label("Password").fill(password)
    own.keyboard.press("Enter")
    expect(own.get_by_role("heading", name="Password change")).to_be_visible()


def faults_of(page):
    """What is wrong with the part of a page that is ours; the frame around it is Django's."""
    assert not scrolls_sideways(page), page.url
    # Without preloading, which would add a style to the page to read what a style sheet imports.
    options = {"runOnly": {"type": "tag", "values": RULES}, "preload": False}
    found = Axe().run(page, context="#content", options=options).response["violations"]
    return [f"{page.url} {rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(("width", "color_scheme"), [(1280, "light"), (390, "dark")])
def test_the_pages_of_accounts_are_accessible(desk, manager, django_db_blocker, width, color_scheme):
    page = desk(width=width, color_scheme=color_scheme)
    with django_db_blocker.unblock():
        superuser = type(manager).objects.get(username="first")
    faults = []
    for path in ("", f"{manager.pk}/change/", f"{superuser.pk}/change/", "add/"):
        page.goto(f"/admin/medici_site/user/{path}")
        faults += faults_of(page)
    save = page.get_by_role("button", name="Save and show the password")
    reviewer = page.get_by_role("checkbox", name="Medical reviewer")
    page.get_by_label("User name").fill("newcomer")
    reviewer.check()
    save.click()
    expect(page.get_by_text("Please correct the errors")).to_be_visible()
    faults += faults_of(page)
    reviewer.uncheck()
    save.click()
    expect(page.get_by_role("code")).to_be_visible()
    faults += faults_of(page)
    page.get_by_role("link", name="newcomer").click()
    page.get_by_role("link", name="New password").click()
    expect(page.get_by_role("button", name="Make a one-time password")).to_be_visible()
    faults += faults_of(page)
    assert faults == []
