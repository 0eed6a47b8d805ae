"""Staff take the site's words through their steps in a real browser: each task as the role that does it."""

import datetime
import re
import time
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.keyboard import sign_in, tab_to
from tests.browser.test_every_page import RULES, scrolls_sideways
from tests.factories import make_photograph
from treatments import publishing, sharing
from treatments.models import GlossaryTerm, Picture, Treatment, Version

pytestmark = pytest.mark.usefixtures("as_before")

PROLOTHERAPY = "/treatments/regenerative/prolotherapy/"
NEW = "A shot near a loose ligament. It may help some people, and nobody knows yet how well."
OLD = "a mild irritant, often sugar water"


def press(page, name):
    """Press a button or a link that leads to another page."""
    exact = {"exact": True} if isinstance(name, str) else {}
    with page.expect_navigation():
        page.get_by_role("button", name=name, **exact).or_(page.get_by_role("link", name=name, **exact)).first.click()


def open_form(page, kind, name):
    page.goto(f"/admin/treatments/{kind}/")
    press(page, name)


def write(page, label, words):
    """Write new words into a rich-text editor, in place of those it holds."""
    # The label belongs to a text area until the script has put an editor in its place.
    page.locator(".ProseMirror").and_(page.get_by_label(label)).click()
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def publish(page, reason="Plainer words"):
    """Publish what the form of a page has saved, from the page that asks why and when."""
    page.get_by_label("Why do you publish these words?").fill(reason)
    press(page, "Go on")
    press(page, re.compile(r"^Publish now, \w+ \d+, \d{4}, \d+:\d\d [AP]M Eastern$"))
    expect(page.get_by_text("Patients now read version")).to_be_visible()


# -- From a draft to patients, and back ---------------------------------------------------------------


def test_from_an_editor_over_a_reviewer_to_patients_and_back(open_desk, open_page):
    patient = open_page(PROLOTHERAPY)
    new, old = patient.get_by_text(NEW), patient.get_by_text(OLD)
    expect(old.first).to_be_visible()

    editor = open_desk("editor")
    press(editor, "Treatments")
    press(editor, "Prolotherapy")
    write(editor, "Summary:", NEW)
    editor.get_by_label("What did you change?").fill("Shorter")
    press(editor, "Save and preview")
    for place in ("phone", "desk"):
        frame = editor.frame_locator(f".{place} iframe")
        expect(frame.get_by_text(NEW).first).to_be_visible()
        expect(frame.get_by_text("For reading only.")).to_be_visible()
    press(editor, "Back to the form")
    press(editor, "Send for review")
    editor.get_by_label("A word to the reviewer").fill("Please look at the summary.")
    press(editor, "Send for review")
    expect(editor.get_by_text("is now in review")).to_be_visible()

    reviewer = open_desk("medical reviewer")
    press(reviewer, "1 waiting for a medical reviewer")
    waiting = reviewer.locator("section").filter(has_text="Waiting for a reviewer")
    waiting.get_by_role("checkbox", name="Prolotherapy").check()
    press(reviewer, "Read the ticked ones")
    expect(reviewer.get_by_text(NEW)).to_be_visible()
    reviewer.get_by_label("I have read all of these words").check()
    press(reviewer, "Sign this page")
    expect(reviewer.get_by_text("You have signed “Prolotherapy”")).to_be_visible()

    editor.goto("/admin/")
    press(editor, "1 approved, ready to publish")
    press(editor, re.compile("^“Prolotherapy”, version"))
    open_form(editor, "treatment", "Prolotherapy")
    patient.reload()
    expect(new).to_have_count(0)
    press(editor, "Publish…")
    publish(editor)
    patient.reload()
    expect(new.first).to_be_visible()

    press(editor, "History")
    press(editor, "Version 1")
    press(editor, "Put these words back into the form")
    expect(editor.get_by_label("Summary:")).to_contain_text(OLD)
    press(editor, "Publish…")
    publish(editor, "The words from before")
    patient.reload()
    expect(new).to_have_count(0)
    expect(old.first).to_be_visible()


def test_a_scheduled_version_comes_at_its_moment(open_desk, open_page):
    patient = open_page("/glossary/")
    editor = open_desk("editor")
    open_form(editor, "glossaryterm", "Baclofen")
    write(editor, "Meaning:", "Words of tomorrow.")
    press(editor, "Save and go on to publish")
    day = timezone.localdate(timezone=ZoneInfo("America/New_York")) + datetime.timedelta(days=1)
    spoken = f"{day:%B} {day.day}, {day.year}, 9:00 AM Eastern"
    later = editor.get_by_role("group", name="Publish later, on")
    later.get_by_label("Day").fill(day.isoformat())
    later.get_by_label("Time").fill("09:00")
    editor.get_by_label("Why do you publish these words?").fill("For tomorrow")
    press(editor, "Go on")
    press(editor, f"Schedule for {spoken}")
    expect(editor.get_by_text(f"is scheduled for {spoken}")).to_be_visible()
    editor.goto("/admin/")
    press(editor, "Under way and coming")
    coming = editor.locator("section").filter(has_text="Coming by itself")
    expect(coming.get_by_role("listitem")).to_have_text(re.compile(rf"{spoken}: “Baclofen”, version \d+ is published"))
    patient.reload()
    expect(patient.get_by_text("Words of tomorrow.")).to_have_count(0)

    # Nobody can wait for tomorrow here, so the moment is moved near.
    at = timezone.now() + datetime.timedelta(seconds=3)
    publishing.publish(GlossaryTerm.objects.get(slug="baclofen"), reason="Sooner", at=at)
    time.sleep(3.1)
    patient.reload()
    expect(patient.get_by_text("Words of tomorrow.")).to_be_visible()
    editor.reload()
    expect(coming.get_by_text("Nothing is scheduled.")).to_be_visible()


def test_going_back_after_publishing_publishes_nothing_twice(open_desk):
    editor = open_desk("editor")
    open_form(editor, "glossaryterm", "Baclofen")
    write(editor, "Meaning:", "Words that are published once.")
    press(editor, "Save and go on to publish")
    publish(editor)
    term = GlossaryTerm.objects.get(slug="baclofen")
    published = publishing.published_version(term)
    assert editor.go_back().status == 200
    press(editor, re.compile("^Publish now, "))
    expect(editor.get_by_role("heading", name="Change glossary term")).to_be_visible()
    assert publishing.published_version(term) == published
    assert published.events.filter(action="published").count() == 1


# -- Two people, and people without an account --------------------------------------------------------


def test_whoever_saves_second_is_shown_both_texts(open_desk):
    first, second = open_desk("editor"), open_desk("manager")
    for page, words in ((first, "The editor wrote this."), (second, "The manager wrote that.")):
        open_form(page, "glossaryterm", "Baclofen")
        write(page, "Meaning:", words)
    expect(second.get_by_text("opened this page at")).to_be_visible()
    press(first, "Save draft")
    press(second, "Save draft")
    expect(second.get_by_text("Sam Sample-Editor saved this page on")).to_be_visible()
    both = second.get_by_role("region", name="Two texts")
    for words in ("The", "editor", "manager", "wrote", "this", "that"):
        expect(both.locator(".diff")).to_contain_text(words)
    expect(second.get_by_label("Meaning:")).to_have_text("The manager wrote that.")
    press(second, "Save draft")
    expect(second.get_by_text("Saved as version")).to_be_visible()
    term = GlossaryTerm.objects.get(slug="baclofen")
    newest = Version.objects.of(term).order_by("-number")[:2]
    assert [one.record["meaning"] for one in newest] == ["The manager wrote that.", "The editor wrote this."]


def test_a_share_link_opens_without_an_account_until_it_is_ended(open_desk, chromium):
    editor = open_desk("editor")
    open_form(editor, "glossaryterm", "Baclofen")
    write(editor, "Meaning:", "Words for a physician.")
    press(editor, "Save draft")
    press(editor, "Share or sign")
    press(editor, "Make a share link")
    address = editor.get_by_label("Link, until").input_value()

    # A context of its own: Chromium reports the 404 of an ended link itself as an error.
    outside = chromium.new_context()
    physician = outside.new_page()
    assert physician.goto(address).status == 200
    expect(physician.get_by_text("Words for a physician.")).to_be_visible()
    press(editor, "End this link")
    assert physician.goto(address).status == 404
    expect(physician.get_by_role("heading", name="This link has ended")).to_be_visible()
    assert faults_of(physician) == []
    assert outside.cookies() == []
    outside.close()
    expect(editor.get_by_text("Share link opened")).to_be_visible()
    expect(editor.get_by_text("Share link ended")).to_be_visible()


# -- Addresses, pictures, order -----------------------------------------------------------------------


def test_a_page_that_moves_leads_on_from_its_old_address(open_desk, open_page, site):
    editor, patient = open_desk("editor"), open_page("/")
    moved = "/treatments/regenerative/proliferation-therapy/"
    for address, left, kept in (("proliferation-therapy", PROLOTHERAPY, moved), ("", moved, PROLOTHERAPY)):
        open_form(editor, "treatment", "Prolotherapy")
        editor.get_by_label("New web address:").fill(address)
        press(editor, "Save and go on to publish")
        publish(editor, "A new address")
        patient.goto(left)
        assert patient.url == site.address + kept
        expect(patient.get_by_role("heading", level=1)).to_have_text("Prolotherapy")


def test_a_photograph_reaches_patients(open_desk, open_page):
    photograph = make_photograph(size=(1600, 1100))
    editor = open_desk("editor", "/admin/treatments/picture/add/")
    editor.get_by_label("Address:").fill("exercise-room")
    file = {"name": photograph.name, "mimeType": photograph.content_type, "buffer": photograph.read()}
    editor.get_by_label("Image:").set_input_files(file)
    editor.get_by_label("Keep in view:").select_option("Top left")
    editor.get_by_label("Alt:").fill("An empty room with a mat.")
    press(editor, "Save draft")
    press(editor, "Publish…")
    publish(editor, "A photograph of our own")
    open_form(editor, "treatment", "Prolotherapy")
    editor.get_by_label("Picture:").select_option("An empty room with a mat.")
    press(editor, "Save and go on to publish")
    publish(editor, "A photograph of our own")

    patient = open_page(PROLOTHERAPY)
    image = patient.get_by_role("img", name="An empty room with a mat.")
    image.scroll_into_view_if_needed()
    patient.wait_for_load_state("networkidle")
    assert image.evaluate("one => one.naturalWidth") > 0
    assert re.search(r"\.(avif|webp)$", image.evaluate("one => one.currentSrc"))
    assert int(image.get_attribute("width")) > int(image.get_attribute("height")) > 0
    expect(patient.locator("picture.focus-top-left")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "family", "on_the_ladder"),
    [
        ("families", None, ".ladder h2 a"),
        ("family-interventional", "interventional", ".rungs h3 a[href^='/treatments/interventional/']"),
    ],
)
def test_a_list_is_put_in_order_by_mouse_by_keyboard_and_without_scripts(
    open_desk, open_page, name, family, on_the_ladder
):
    address = f"/admin/treatments/version/order/?list={name}"
    ids = list(Treatment.objects.filter(family__slug=family).order_by("position").values_list("pk", flat=True))
    patient = open_page("/treatments/")

    def read_by_patients():
        patient.reload()
        return patient.locator(on_the_ladder).evaluate_all("all => all.map(one => one.pathname)")

    one, two, three, *more = at_first = read_by_patients()
    save = "Save: patients see this order now"
    try:
        mouse = open_desk("editor", address)
        rows = mouse.locator(".order li")
        box = rows.nth(2).bounding_box()
        rows.nth(0).locator(".name").hover()
        mouse.mouse.down()
        mouse.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2, steps=8)
        mouse.mouse.move(box["x"] + 200, box["y"] + box["height"] - 4, steps=4)
        mouse.mouse.up()
        press(mouse, save)
        assert read_by_patients() == [two, three, one, *more]

        keyboard = open_desk("editor", address)
        up = keyboard.locator(".order li").nth(2).get_by_role("button", name="Up")
        name = keyboard.locator(".order li").nth(2).locator(".name").inner_text()
        tab_to(keyboard, up)
        keyboard.keyboard.press("Space")
        expect(keyboard.get_by_role("button", name=f"Up : {name}")).to_be_focused()
        tab_to(keyboard, keyboard.get_by_role("button", name=save))
        with keyboard.expect_navigation():
            keyboard.keyboard.press("Enter")
        assert read_by_patients() == [two, one, three, *more]

        bare = open_desk("editor", address, java_script_enabled=False)
        places = bare.get_by_role("spinbutton")
        places.nth(0).fill("2")
        places.nth(1).fill("1")
        press(bare, save)
        assert read_by_patients() == at_first
    finally:
        publishing.reorder(Treatment, ids, by=None)


# -- Without a mouse, without scripts -----------------------------------------------------------------


def test_a_word_is_changed_and_published_by_keyboard_alone(open_page, staff):
    staff("editor", username="erin")
    page = open_page("/admin/")

    def enter(target):
        tab_to(page, target)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    sign_in(page, "erin")
    enter(page.get_by_role("link", name="Glossary terms", exact=True))
    enter(page.get_by_role("link", name="Baclofen", exact=True))
    editor = page.locator(".ProseMirror").and_(page.get_by_label("Meaning:"))
    expect(editor).to_be_visible()
    tab_to(page, editor)
    page.keyboard.type("By keyboard alone. ")
    enter(page.get_by_role("button", name="Save draft"))
    enter(page.get_by_role("link", name="Publish…"))
    tab_to(page, page.get_by_label("Why do you publish these words?"))
    page.keyboard.type("Plainer words")
    enter(page.get_by_role("button", name="Go on"))
    enter(page.get_by_role("button", name=re.compile("^Publish now, ")))
    expect(page.get_by_text("Patients now read version")).to_be_visible()
    page.goto("/glossary/")
    expect(page.get_by_text("By keyboard alone. A medicine that relaxes muscles.")).to_be_visible()


def test_a_word_is_changed_and_published_without_scripts(open_desk):
    page = open_desk("editor", java_script_enabled=False)
    press(page, "Glossary terms")
    press(page, "Baclofen")
    page.get_by_label("Meaning:").fill("Words **without** scripts.")
    press(page, "Save draft")
    press(page, "Publish…")
    publish(page)
    page.goto("/glossary/")
    expect(page.get_by_text("Words without scripts.")).to_be_visible()


# -- Accessible to staff too --------------------------------------------------------------------------


def faults_of(page, *, rules=None):
    """What is wrong with a page for people who do not see it, or only part of it."""
    # Without `preload`, by which axe makes style elements that the page refuses.
    run = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    options = {"runOnly": run, "preload": False, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    nodes = [(rule["id"], node) for rule in found for node in rule["nodes"]]
    return [f"{page.url} {name}: {node['target'][0]} {node['html'][:120]}" for name, node in nodes]


FADED = "Promise.all(document.getAnimations().map(one => one.finished)).then(() => null)"
"""Wait until colors have faded over to those of the other scheme."""


def faults_of_looks(page):
    """The faults of a page on a desk and on a phone, in the light and in the dark."""
    page.set_viewport_size({"width": 1280, "height": 900})
    faults = faults_of(page)
    # The elements stay the same, so only what their place and their colors decide is looked at again.
    page.set_viewport_size({"width": 390, "height": 900})
    faults += [f"390: {one}" for one in faults_of(page, rules=["color-contrast", "region", "target-size"])]
    if scrolls_sideways(page):
        faults.append(f"390: {page.url} scrolls sideways")
    page.emulate_media(color_scheme="dark")
    page.evaluate(FADED)
    faults += [f"dark: {one}" for one in faults_of(page, rules=["color-contrast", "link-in-text-block"])]
    return faults


def test_every_screen_of_staff_is_accessible(open_desk, staff):
    writer = staff("editor", username="writer")
    term, scheduled = (GlossaryTerm.objects.get(slug=slug) for slug in ("baclofen", "ct-scan"))
    picture = Picture.objects.get(slug="prp")
    term.meaning = "A medicine that **relaxes** muscles."
    term.save()
    version = publishing.send_for_review(term, by=writer)
    sharing.share(version, by=writer)
    scheduled.meaning = "Pictures made with X-rays."
    scheduled.save()
    publishing.publish(scheduled, by=writer, reason="Plainer", at=timezone.now() + datetime.timedelta(days=3))
    versions, form = "/admin/treatments/version", f"/admin/treatments/glossaryterm/{term.pk}"
    screens = {
        "front desk": ["/admin/"],
        "manager": ["/admin/"],
        "medical reviewer": [
            "/admin/",
            f"{form}/change/",
            f"{versions}/reviews/",
            f"{versions}/{version.pk}/change/",
            f"{versions}/sign/?version={version.pk}",
        ],
        "editor": [
            "/admin/",
            "/admin/treatments/glossaryterm/",
            "/admin/treatments/glossaryterm/add/",
            f"{form}/change/",
            *(f"{form}/{step}/" for step in ("preview", "preview/page", "review", "retire", "history", "delete")),
            f"{form}/compare/?old=1&new={version.number}",
            f"/admin/treatments/picture/{picture.pk}/change/",
            f"/admin/treatments/picture/{picture.pk}/delete/",
            f"{versions}/",
            f"{versions}/{version.pk}/change/",
            *(f"{versions}/{one}/" for one in ("coming", "deleted", "order", "guide")),
            f"{form}/publish/",
        ],
    }
    faults = []
    for role, addresses in screens.items():
        page = open_desk(role)
        for address in addresses:
            page.emulate_media(color_scheme="light")
            assert page.goto(address).status == 200, address
            faults += faults_of_looks(page)
    page.get_by_label("Why do you publish these words?").fill("Plainer")
    press(page, "Go on")
    expect(page.get_by_role("button", name=re.compile("^Publish now, "))).to_be_visible()
    page.emulate_media(color_scheme="light")
    page.evaluate(FADED)
    faults += faults_of_looks(page)
    assert faults == []
