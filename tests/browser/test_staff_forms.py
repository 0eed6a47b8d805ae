"""What the forms of the admin look like to those who write: on a phone, and in a long form."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_every_page import scrolls_sideways
from treatments.models import GlossaryTerm, Treatment


def test_the_reading_grade_stands_beside_the_buttons_and_follows_the_words(staff_page):
    page = staff_page(GlossaryTerm.objects.get(slug="ablation"))
    grade = page.locator(".submit-row:has([name=_save]) .grade")
    expect(grade).to_contain_text("easy enough")
    page.locator("#id_meaning_editor").fill("Considerable responsiveness necessitates interdisciplinary consultation.")
    expect(grade).to_contain_text("too hard")
    expect(page.locator(".grade")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_form_can_be_saved_from_anywhere_and_jumped_through(staff_page, width):
    page = staff_page(Treatment.objects.get(slug="prp"), width=width)
    for part in ("Facts", "Risks", "Points to"):
        page.get_by_role("navigation", name="Parts of this form").get_by_role("link", name=part).click()
        expect(page.get_by_role("heading", name=part, exact=True)).to_be_in_viewport()
        expect(page.get_by_role("button", name="Save draft")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [320, 390])
def test_no_screen_scrolls_sideways_on_a_phone(staff_page, width):
    treatment = Treatment.objects.get(slug="prp")
    page = staff_page(treatment, width=width)
    form = f"/admin/treatments/treatment/{treatment.pk}"
    paths = [f"{form}/{step}/" for step in ("change", "preview", "publish", "retire", "history", "delete")]
    desk = [
        f"/admin/treatments/version/{name}/" for name in ("reviews", "coming", "deleted", "order", "counts", "guide")
    ]
    for path in (*paths, *desk, "/admin/", "/admin/treatments/treatment/", "/admin/treatments/version/"):
        page.goto(path)
        assert not scrolls_sideways(page), path


def test_what_a_treatment_points_to_is_chosen_by_keyboard(staff_page):
    page = staff_page(Treatment.objects.get(slug="prp"))
    box = page.get_by_label("Insurance and cost", exact=True)
    before = box.is_checked()
    box.press("Space")
    expect(box).to_be_checked(checked=not before)
