"""The morning page as the front desk sees it: at every width, in the dark, on paper, and by keyboard alone."""

import pytest

from appointments.models import EvaluationRequest
from tests.browser.test_every_page import scrolls_sideways, violations
from tests.factories import agree, make_request

MORNING = "/admin/appointments/evaluationrequest/morning/"


@pytest.fixture
def busy(stored):
    for number in range(4):
        request = make_request(needs_same_day_call=number == 0, email="a@mail.example")
        if number % 2:
            agree(request, days=number)
    EvaluationRequest.objects.filter(pk=request.pk).update(answered_at=request.received_at)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1366, 1440])
def test_it_is_accessible_at_every_width(open_desk, width, scheme):
    page = open_desk("manager", MORNING, width=width, color_scheme=scheme)
    assert page.locator("svg[role=img]").count() > 4
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert violations(page) == []
    assert not scrolls_sideways(page)


def test_it_is_accessible_when_there_is_nothing_to_show(open_desk, stored):
    page = open_desk("front desk", MORNING, width=390)
    assert page.get_by_text("Nobody has asked for an evaluation").is_visible()
    assert violations(page) == []


@pytest.mark.usefixtures("busy")
def test_a_picture_has_its_title_for_a_name_and_its_note(open_desk):
    page = open_desk("front desk", MORNING)
    picture = page.get_by_role("img", name="Requests received each week 4 in the last 12 weeks.")
    assert picture.is_visible()


@pytest.mark.usefixtures("busy")
def test_words_of_pictures_are_large_enough_and_stay_inside(open_desk):
    page = open_desk("front desk", MORNING, width=390)
    sizes = page.eval_on_selector_all(
        ".chart svg",
        """all => all.map(svg => {
            const outer = svg.getBoundingClientRect();
            const scale = outer.width / svg.viewBox.baseVal.width;
            const inside = [...svg.querySelectorAll('text')].every(text => {
                const box = text.getBoundingClientRect();
                return box.left >= outer.left - 1 && box.right <= outer.right + 1 && box.bottom <= outer.bottom + 1;
            });
            return {size: 13 * scale, inside};
        })""",
    )
    assert all(one["inside"] for one in sizes), sizes
    assert min(one["size"] for one in sizes) >= 11


@pytest.mark.usefixtures("busy")
def test_the_tables_open_by_keyboard_and_are_printed_in_any_case(open_desk):
    page = open_desk("front desk", MORNING)
    table = page.get_by_role("table").first
    assert not table.is_visible()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    last = page.locator(".chart table").last
    assert not last.is_visible()
    page.emulate_media(media="print")
    assert last.is_visible()
    assert not page.locator(".breadcrumbs").is_visible()


@pytest.mark.usefixtures("busy")
def test_from_the_first_page_to_a_day_on_paper(open_desk):
    page = open_desk("front desk", "/admin/")
    page.get_by_role("link", name="1 to call today, because of a warning sign").wait_for()
    page.get_by_role("link", name="This morning, in numbers and pictures").click()
    page.get_by_role("link", name="Print ").first.click()
    assert page.get_by_text("Sample Patient").first.is_visible()
