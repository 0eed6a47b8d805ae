"""Somebody was told “maybe a stimulator or a nerve burning”, and wants to walk into the visit with good questions."""

import pytest
from playwright.sync_api import expect

from treatments import library


@pytest.mark.parametrize("script", [True, False])
def test_from_half_a_sentence_to_a_sheet_of_questions(open_page, script, django_db_blocker):
    with django_db_blocker.unblock():
        words = library.published()
    ablation, stimulator = (words.treatment(one) for one in ("radiofrequency-ablation", "spinal-cord-stimulation"))
    page = open_page("/", width=390, java_script_enabled=script)

    def search(typed, treatment):
        page.get_by_label("What are you looking for?").fill(typed)
        page.locator("main").get_by_role("button", name="Search").click()
        page.locator(".best").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(treatment.name)

    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Search").click()
    search("stimulater", stimulator)
    page.go_back()
    search("nerve burning", ablation)
    page.get_by_role("link", name="Compare it with another treatment").click()
    page.get_by_label("Second").select_option(stimulator.slug)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare RFA and Spinal cord stimulation")
    for treatment in (ablation, stimulator):
        for risk in (treatment.common_effects[0], treatment.rare_serious[0]):
            expect(page.locator(".cmp").get_by_text(risk, exact=True)).to_be_visible()
    page.get_by_role("link", name="Make a visit sheet with these questions").click()
    for treatment in (ablation, stimulator):
        for question in treatment.questions:
            expect(page.get_by_text(question, exact=True)).to_be_visible()
    assert page.context.cookies() == []
    assert "burning" not in page.url
