"""Staff at their desk: a new password, a request found, a word changed and published."""

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import sign_in
from tests.browser.test_publishing import open_form, press, publish, write
from tests.factories import make_request


@pytest.mark.usefixtures("as_before")
def test_a_working_day(open_page, stored, staff):
    request = make_request(message="my words")
    staff("manager", username="new")
    page = open_page("/admin/")
    sign_in(page, "new")
    press(page, "Your account")
    press(page, "Change your password")
    page.get_by_label("The password you have now").fill("a long enough password")
    page.get_by_label("The new password").fill("four walnuts under a bridge")
    page.get_by_label("Type it once more").fill("four walnuts under a bridge")
    press(page, "Change your password")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()

    page.goto("/admin/")
    page.get_by_role("link", name="Evaluation requests", exact=True).last.click()
    press(page, request.spoken_reference)
    expect(page.get_by_text("my words")).to_be_visible()
    expect(page.get_by_text("NO. Leave no message.")).to_be_visible()

    open_form(page, "glossaryterm", "Ablation")
    write(page, "Meaning:", "Words of the day.")
    press(page, "Save draft")
    page.goto("/glossary/#ablation")
    expect(page.get_by_text("Words of the day.")).to_have_count(0)
    page.goto("/admin/treatments/glossaryterm/")
    expect(page.get_by_role("row", name="Ablation").get_by_text("Earlier words, from")).to_be_visible()
    press(page, "Ablation")
    press(page, "Publish…")
    publish(page)
    page.goto("/glossary/#ablation")
    expect(page.get_by_text("Words of the day.")).to_be_visible()
