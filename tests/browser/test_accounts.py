"""A manager looks after staff accounts, in a real browser, with the keyboard alone."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from medici_site.models import User
from tests.browser.test_every_page import RULES, scrolls_sideways


@pytest.fixture
def newcomer(site, django_db_blocker):
    """Whoever a test makes under this name goes again."""
    with django_db_blocker.unblock():
        yield
        User.objects.filter(username="newcomer").delete()


@pytest.mark.usefixtures("newcomer")
def test_a_new_account_by_keyboard(open_desk, open_page):
    page = open_desk("manager")
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
    link = page.get_by_label("The link, which is shown only now").input_value()

    own = open_page(urlsplit(link).path)
    expect(own.get_by_text("as newcomer")).to_be_visible()


def faults_of(page):
    """What is wrong with the part of a page that is ours; the frame around it is Django's."""
    assert not scrolls_sideways(page), page.url
    # Without preloading, which would add a style to the page to read what a style sheet imports.
    options = {"runOnly": {"type": "tag", "values": RULES}, "preload": False}
    found = Axe().run(page, context="#content", options=options).response["violations"]
    return [f"{page.url} {rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(("width", "color_scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.usefixtures("newcomer")
def test_the_pages_of_accounts_are_accessible(open_desk, staff, width, color_scheme):
    superuser = staff(None, username="first")
    page = open_desk("manager", width=width, color_scheme=color_scheme)
    manager = User.objects.get(username="manager")
    faults = []
    for path in ("", f"{manager.pk}/change/", f"{superuser.pk}/change/", "add/"):
        page.goto(f"/admin/medici_site/user/{path}")
        faults += faults_of(page)
    save = page.get_by_role("button", name="Save and show the link")
    reviewer = page.get_by_role("checkbox", name="Medical reviewer")
    page.get_by_label("User name").fill("newcomer")
    reviewer.check()
    save.click()
    expect(page.get_by_text("Please correct the errors")).to_be_visible()
    faults += faults_of(page)
    reviewer.uncheck()
    save.click()
    expect(page.get_by_label("The link, which is shown only now")).to_be_visible()
    faults += faults_of(page)
    page.get_by_role("link", name="newcomer").click()
    page.get_by_role("link", name="New link to sign in").click()
    expect(page.get_by_role("button", name="Make a link")).to_be_visible()
    faults += faults_of(page)
    assert faults == []
