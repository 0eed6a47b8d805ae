"""What people do, as they do it: with a keyboard, on a phone, without script."""

import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest
from playwright.sync_api import expect

from tests.factories import form_data


def fill_in(page):
    page.get_by_label("None of these is happening to me now").check()
    page.get_by_label("Myself. I am 18 or older").check()
    page.get_by_label("Name of the person in pain").fill("Sample Patient")
    page.get_by_label("A phone call").check()
    page.get_by_label("Phone number").fill("(555) 010-0142")
    page.get_by_label("Pain that shoots down the leg").check()
    page.get_by_label("You may store this request").check()


@pytest.mark.parametrize("script", [True, False])
def test_from_home_to_a_request(open_page, stored, script):
    page = open_page("/", width=390, java_script_enabled=script)
    page.get_by_role("link", name="Injections and nerve blocks").first.click()
    page.get_by_role("link", name=re.compile("Radiofrequency ablation")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Radiofrequency ablation (RFA)")
    page.locator("main").get_by_role("link", name="Request an evaluation").first.click()
    assert page.get_by_label("Injections and nerve blocks").is_checked()
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request.")
    request = stored.get()
    expect(page.locator(".code")).to_have_text(request.spoken_reference)
    assert request.interests == ["interventional"]
    for private in ("Sample", "leg", "5550100142", "interventional"):
        assert private not in page.url


def test_mistakes_are_met_with_a_summary_that_has_the_focus(open_page, stored):
    page = open_page("/request-evaluation/", width=390)
    page.get_by_label("Name of the person in pain").fill("Sample Patient")
    page.get_by_role("button", name="Send my request").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#id_safe")).to_be_focused()
    expect(page.get_by_label("Name of the person in pain")).to_have_value("Sample Patient")
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request.")
    assert stored.count() == 1


def test_double_click_and_reload_make_one_request(open_page, stored):
    page = open_page("/request-evaluation/")
    fill_in(page)
    page.get_by_role("button", name="Send my request").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request.")
    reference = page.locator(".code").inner_text()
    page.reload()
    assert page.locator(".code").inner_text() == reference
    assert stored.count() == 1


def test_many_sends_of_one_form_at_once_make_one_request(site, stored):
    data = form_data()
    answers = []

    def send():
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        form = opener.open(f"{site.address}/request-evaluation/", timeout=20).read().decode()
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
        body = urllib.parse.urlencode(data | {"csrfmiddlewaretoken": token}, doseq=True).encode()
        shown = opener.open(f"{site.address}/request-evaluation/", body, timeout=20).read().decode()
        answers.append(re.search('class="code">([^<]+)<', shown)[1])

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored.count() == 1
    assert answers == [stored.get().spoken_reference] * 6


def test_keyboard_reaches_the_content_first(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    expect(page.locator("main").get_by_role("link", name="Request an evaluation").first).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_menu_opens_on_a_phone(open_page, script):
    page = open_page("/", width=390, java_script_enabled=script)
    approach = page.get_by_role("navigation", name="Main").get_by_role("link", name="Our approach")
    assert not approach.is_visible()
    page.get_by_role("button", name="Menu", exact=True).click()
    approach.click()
    assert page.url.endswith("/approach/")


def test_text_size_and_colors_change_at_once(open_page):
    page = open_page("/", color_scheme="light")
    paragraph = page.locator("main p").first
    before = paragraph.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    page.get_by_role("button", name="Text size and colors").click()
    page.get_by_label("Largest").check()
    page.get_by_label("Dark").check()
    assert paragraph.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") > before * 1.2
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 27, 36)"
    assert page.context.cookies() == []


def test_pointing_at_a_treatment_lights_its_place_alone(open_page):
    page = open_page("/")
    opacity = "one => getComputedStyle(one).opacity"
    facet, cord = page.locator(".z-facet .hot"), page.locator(".z-cord .hot")
    assert (facet.evaluate(opacity), cord.evaluate(opacity)) == ("1", "1")
    page.locator("#act-facet a").first.focus()
    assert (facet.evaluate(opacity), cord.evaluate(opacity)) == ("1", "0.22")


def test_the_form_may_set_its_security_cookie_and_no_other(open_page):
    page = open_page("/request-evaluation/")
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "csrftoken"
    assert cookie["httpOnly"]
    assert cookie["expires"] - time.time() < 25 * 60 * 60
