"""The work that a browser does in a flood: right for every ticket, short, and not begun anew by impatience."""

import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from appointments import gate, limits
from appointments.models import Tally
from tests.browser.test_request import heading, open_filled_in  # noqa: F401 - a fixture

FORM = """
<form action="/healthz"><p id="by-hand"></p><p id="working" hidden></p>
<input name="ticket" value="{ticket}"><input name="proof" data-bits="{bits}"></form>
<script src="/static/js/proof-of-work.js"></script>
"""


def solve(page, ticket, bits, *, milliseconds=8000):
    """Let the script that patients get solve a ticket, and return its answer."""
    page.goto("/healthz")
    page.set_content(FORM.format(ticket=ticket, bits=bits), wait_until="commit")
    page.wait_for_url("**/healthz?**", timeout=milliseconds)
    sent = parse_qs(urlsplit(page.url).query, keep_blank_values=True)
    assert sent["ticket"] == [ticket]
    return sent["proof"][0]


# Where the digits begin within a block of SHA-256, and whether they and the padding reach into the next one.
@pytest.mark.parametrize("length", [0, 47, 48, 55, 56, 63, 64, 103, 119, 120, 200])
def test_the_server_accepts_what_the_script_finds(open_page, length):
    ticket = ("0123456789abcdef:._-" * 10)[:length]
    proof = solve(open_page("/healthz"), ticket, 11)
    assert int.from_bytes(hashlib.sha256(f"{ticket}:{proof}".encode()).digest()) < 2 ** (256 - 11)


def test_the_work_is_short_on_a_slow_phone(open_page, record_property):
    page = open_page("/healthz")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 5})
    tries = 0
    began = page.evaluate("Date.now()")
    for number in range(4):
        tries += int(solve(page, f"{number}" * 103, gate.EASY, milliseconds=60_000)) + 1
    seconds = (page.evaluate("Date.now()") - began) / 1000
    expected = seconds / tries * 2**gate.EASY
    record_property("seconds of work on a slow phone", f"{expected:.1f}")
    assert expected < 5


@pytest.fixture
def flooded(stored):
    """More has come from the address of the tests than may, in whatever stretch of time the test will meet."""

    def flood():
        assert not limits.is_over(limits.SEND, "127.0.0.1")
        counted = Tally.objects.get()
        counted.count = 1_000_000
        counted.save()
        Tally.objects.create(bucket=counted.bucket, window=counted.window + limits.SEND.within, count=1_000_000)

    Tally.objects.all().delete()
    yield flood
    Tally.objects.all().delete()


# The work is a matter of luck: some are done before they have begun to wait. Here it goes on when the test says so.
HELD = """
const later = window.setTimeout, submit = HTMLFormElement.prototype.submit;
let held = [];
window.setTimeout = (task, wait) => held ? held.push(task) : later(task, wait);
HTMLFormElement.prototype.submit = function () { held ? held.push(() => submit.call(this)) : submit.call(this); };
window.goOn = () => { const tasks = held; held = null; tasks.forEach((task) => task()); };
"""


def test_pressing_again_does_not_begin_the_work_anew(open_filled_in, stored, flooded):  # noqa: F811
    page = open_filled_in(width=390)
    Tally.objects.all().delete()
    flooded()
    page.get_by_label("You may store this request").check()
    page.add_init_script(HELD)
    answers = []
    page.on("response", lambda one: answers.append(one.status) if one.request.method == "POST" else None)
    send = page.get_by_role("button", name="Send my request")
    send.click()
    expect(page.get_by_text("Then it sends your request by itself")).to_be_visible()
    expect(page.locator("#by-hand")).to_be_hidden()
    expect(page.locator("#busy")).to_be_focused()
    send.evaluate("button => { button.click(); button.click(); goOn(); }")
    expect(heading(page)).to_have_text("We have your request.", timeout=60_000)
    assert answers == [429, 302]
    assert stored.get().suspicion in ("", "too fast")  # the browser of a test fills in faster than a person


def test_the_field_for_programs_is_met_by_nobody(open_filled_in):  # noqa: F811
    page = open_filled_in(width=390)
    trap = page.locator("[name=website]")
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(trap).to_have_js_property("tabIndex", -1)
    assert (
        trap.evaluate("one => { const box = one.parentElement.getBoundingClientRect(); return box.width * box.height }")
        <= 1
    )
