"""Take the pictures of the editor guide anew: python -m tests.guide_pictures ADDRESS PASSWORD EDITOR REVIEWER COLLEAGUE

ADDRESS is a running site without drafts, and with these three sample people (the colleague may edit too), who share
PASSWORD and an authenticator app with the key of tests.factories. The walk is the one that the guide tells: an editor
rewrites a treatment, a reviewer signs it, the editor publishes it and undoes that. At its end patients read what they
read before; the history keeps all of it.
"""

import io
import os
import re
import sys
from pathlib import Path

import django
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.chromium import find

FOLDER = Path("static/staff/guide")
GUIDE = Path("templates/admin/treatments/guide.html")
WIDTH = 700  # pixels on the page of the guide
DESK, WIDE_DESK = {"width": 800, "height": 900}, {"width": 1180, "height": 900}
TITLE, END = "#content > h1", "#content-main .submit-row"


def take(page: Page, name: str, first: str, last: str = "", *, height: float = 4000) -> None:
    """Save the part of the screen from one element to another, and write its size down in the guide."""
    start, end = (page.locator(one).first for one in (first, last or first))
    end.wait_for()
    start.evaluate("one => one.scrollIntoView()")  # away from the bar that stays at the bottom
    top, box = start.bounding_box()["y"] - 8, end.bounding_box()
    height = min(box["y"] + box["height"] + 8 - top, height)
    clip = {"x": 8, "y": top + page.evaluate("scrollY"), "width": page.viewport_size["width"] - 16, "height": height}
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip))).convert("RGB")
    shot.quantize(64).convert("RGB").save(FOLDER / f"{name}.webp", lossless=True, quality=100, method=6)
    size = f'name="{name}" width={WIDTH} height={round(shot.height * WIDTH / shot.width)}'
    GUIDE.write_text(re.sub(rf'name="{name}" width=\d+ height=\d+', size, GUIDE.read_text()))


def sign_in(browser, address: str, username: str, password: str) -> Page:
    page = browser.new_page(base_url=address, viewport=DESK, device_scale_factor=1.5)
    page.goto("/admin/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")
    from tests.factories import code_now  # its models can be imported only after the setup below

    page.get_by_label("Code from your authenticator app").fill(code_now())
    press(page, "Sign in")
    return page


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()


def open_form(page: Page, kind: str = "treatment", name: str = "Platelet-rich plasma (PRP)") -> None:
    page.goto(f"/admin/treatments/{kind}/")
    press(page, name)


def write(page: Page, end: str) -> None:
    summary = page.locator("#id_summary_editor")
    summary.fill(re.sub(r"(?<=It may help some people).*$", end, summary.inner_text().strip()))
    press(page, "Save draft")


def walk(editor: Page, reviewer: Page, colleague: Page) -> None:
    open_form(editor)
    take(editor, "form", TITLE, ".field-name")
    take(editor, "editor", ".field-how_it_works")
    open_form(editor, "glossaryterm", "Ablation")
    editor.locator("#id_meaning_editor").fill("A doctor uses heat to stop a small nerve. This can cure your pain.")
    editor.get_by_text("Nothing is promised").wait_for()
    take(editor, "checklist", "#reading", "#checklist")
    open_form(editor)
    open_form(colleague)
    write(colleague, ". Research on it is still young.")
    write(editor, ". Nobody knows yet how well it works.")
    take(editor, "two-texts", ".errornote", ".conflict")
    editor.get_by_label("What did you change?").fill("Shorter sentences")
    press(editor, "Save and preview")
    editor.set_viewport_size(WIDE_DESK)
    editor.wait_for_load_state("networkidle")
    take(editor, "preview", "#content-main .row", ".frames", height=430)
    editor.set_viewport_size(DESK)
    for step in ("Back to the form", "Send for review", "Send for review"):
        press(editor, step)
    reviewer.goto("/admin/treatments/version/reviews/")
    reviewer.get_by_label("Platelet-rich plasma").first.check()
    press(reviewer, "Read the ticked ones")
    reviewer.get_by_label("I have read all of these words").check()
    take(reviewer, "sign", "[aria-labelledby=signature]")
    press(reviewer, "Sign this page")
    editor.goto("/admin/")
    take(editor, "first-page", TITLE, ".model-treatment")
    open_form(editor)
    publish(editor, "Shorter sentences", "publish")
    press(editor, "History")
    take(editor, "history", "#content-main form", height=430)
    editor.get_by_role("row").filter(has_text="Replaced").first.get_by_role("link").click()
    press(editor, "Put these words back into the form")
    publish(editor, "The words from before")
    editor.goto("/admin/treatments/version/order/?list=family-interventional")
    take(editor, "order", TITLE, END)


def publish(page: Page, reason: str, picture: str = "") -> None:
    press(page, "Publish…")
    page.get_by_label("Why do you publish these words?").fill(reason)
    if picture:
        take(page, picture, "[aria-labelledby=changes]", END)
    press(page, "Go on")
    press(page, "Publish now")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medici_site.settings")
    django.setup()
    address, password, *people = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        walk(*(sign_in(browser, address, person, password) for person in people))
        browser.close()
