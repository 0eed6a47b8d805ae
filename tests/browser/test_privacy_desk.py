"""The pages about privacy in a browser: by keyboard, on every screen, and without script."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from appointments import services
from appointments.models import EvaluationRequest
from tests.browser.keyboard import tab_to
from tests.browser.test_desk import LIST
from tests.browser.test_publishing import faults_of
from tests.factories import make_request


def test_one_person_is_erased_by_keyboard_and_not_by_one_click(open_desk, stored):
    one, two = make_request(name="Sample Patient"), make_request(name="Sample Other")
    page = open_desk("manager", f"{LIST}{one.pk}/change/")
    tab_to(page, page.get_by_role("link", name="This person’s data…"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("They do not all give the same name.")).to_be_visible()
    expect(page.get_by_role("checkbox", name=one.spoken_reference)).to_be_checked()
    expect(page.get_by_role("checkbox", name=two.spoken_reference)).not_to_be_checked()
    tab_to(page, page.get_by_role("button", name="Erase…"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What stays")).to_be_visible()
    tab_to(page, page.get_by_label(f"To go on, type {one.spoken_reference}"))
    page.keyboard.type("yes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(f"That was not {one.spoken_reference}. Nothing was deleted.")
    tab_to(page, page.get_by_label(f"To go on, type {one.spoken_reference}"))
    page.keyboard.type(one.spoken_reference.lower())
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Erased, and put on record: {one.spoken_reference}.")).to_be_visible()
    assert list(EvaluationRequest.objects.values_list("pk", flat=True)) == [two.pk]


def test_an_auditor_finds_out_who_saw_a_patients_request(open_desk, stored):
    request = make_request(name="Sample Patient")
    page = open_desk("front desk", f"{LIST}{request.pk}/change/")
    page = open_desk("manager", LIST, java_script_enabled=False)
    page.get_by_role("link", name="Who looked").click()
    page.get_by_label("Name, phone number, e-mail or reference").fill("sample pat")
    page.get_by_role("button", name="Find").click()
    assert page.url.endswith(f"?reference={request.reference}")
    expect(page.get_by_role("heading", name=f"What was done with request {request.spoken_reference}")).to_be_visible()
    row = page.get_by_role("row", name="Opened it")
    expect(row).to_contain_text("front-desk")
    expect(row).to_contain_text("127.0.0.1")
    # What is no reference is not sent: it might be a name, and would stand in the address.
    page = open_desk("manager", f"{LIST}looked/")
    page.get_by_label("Reference of a request").fill("Sample Patient")
    page.get_by_role("button", name="Show").click()
    assert page.url.endswith("/looked/")
    page.get_by_label("Reference of a request").fill(request.spoken_reference.lower())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name=f"What was done with request {request.spoken_reference}")).to_be_visible()


def test_a_file_is_downloaded_after_a_reason_was_given(open_desk, stored):
    make_request(name="Sample Patient")
    page = open_desk("manager", LIST)
    page.get_by_role("link", name="Export these requests").click()
    page.get_by_role("button", name="Download 1 request").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_label("Why do you need this file?").select_option("For an audit")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 1 request").click()
    assert download.value.suggested_filename.startswith("requests-")
    assert "Sample Patient" in download.value.path().read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("width", "color_scheme"), [(390, "light"), (820, "dark"), (1366, "light"), (1440, "dark"), (390, "dark")]
)
def test_every_page_is_accessible(open_desk, stored, width, color_scheme):
    page = open_desk("manager", f"{LIST}looked/?reference=x", width=width, color_scheme=color_scheme)
    faults = faults_of(page)
    one, two = make_request(name="Sample Patient"), make_request(name="Sample Other", message="Words")
    services.write_note(two, "Sample note", by="dana")
    services.move(one, "closed", reason="seen", by="dana")
    services.hold(two, timezone.localdate(), reason="legal", by="dana")
    addresses = [
        "looked/",
        f"looked/?reference={one.reference}",
        "export/",
        "export/?show=overdue",
        "person/",
        f"person/?reference={one.reference}",
        "retention/",
        f"{two.pk}/hold/",
    ]

    def look():
        nonlocal faults
        for details in page.locator("details").all():
            details.evaluate("one => (one.open = true)")
        faults += faults_of(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{page.url} scrolls sideways")

    for address in addresses:
        page.goto(f"{LIST}{address}")
        look()
    for button, title in (("Show everything we hold", "Everything we hold"), ("Erase…", "Erase one person")):
        page.goto(f"{LIST}person/?reference={one.reference}")
        for box in page.get_by_role("checkbox", name="received").all():
            box.check()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        look()
    page.get_by_label("To go on, type").fill("x")
    page.get_by_role("button", name="for good").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    assert faults == []
