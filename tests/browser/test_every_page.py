"""Every page of the sitemap in a real browser, on a phone and on a desk."""

import re
from collections import Counter

import pytest
from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
COMPARED = "/compare/radiofrequency-ablation/spinal-cord-stimulation/"
OTHER_PAGES = [
    COMPARED,
    "/visit/?t=radiofrequency-ablation&t=spinal-cord-stimulation",
    "/find/questions/",
    "/request-evaluation/",
    "/request-evaluation/safety/",
    "/request-evaluation/find/",
]
BUDGET_BYTES, BUDGET_REQUESTS = 90 * 1024, 8


@pytest.fixture(scope="module")
def urls(site):
    sitemap = site.get("/sitemap.xml").read().decode()
    found = [address.removeprefix(site.address) for address in re.findall("<loc>(.*?)</loc>", sitemap)]
    assert len(found) > 30
    return found


def violations(page, *, only: str = "") -> list[str]:
    """What axe finds; `only` one of its rules, where nothing else can differ from a page that was looked at."""
    which = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": RULES}
    results = Axe().run(page, options={"runOnly": which})
    return [
        f"{page.url} {rule['id']}: {rule['help']}: {node['html'][:160]}"
        for rule in results.response["violations"]
        for node in rule["nodes"]
    ]


def scrolls_sideways(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible_and_alone(open_page, urls, width):
    page = open_page("/", width=width)
    titles, faults = Counter(), []
    for url in [*urls, *OTHER_PAGES]:
        page.goto(url)
        faults += violations(page)
        titles[page.title()] += 1
        assert page.locator("h1").count() == 1, url
        assert not scrolls_sideways(page), url
        if url in urls:
            assert page.context.cookies() == [], url
    assert faults == []
    assert [title for title, count in titles.items() if count > 1] == []


def test_every_page_keeps_its_contrast_in_the_dark(open_page, urls):
    page = open_page("/", width=390, color_scheme="dark")
    faults = []
    for url in [*urls, *OTHER_PAGES]:
        page.goto(url)
        faults += violations(page, only="color-contrast")
    assert faults == []


def test_error_pages_are_accessible(open_page, chromium, site):
    # A page of its own: Chromium reports the 404 itself as an error.
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()
    page.goto("/no-such-page/")
    assert violations(page) == []
    context.close()


def test_no_link_is_dead(open_page, urls, site):
    page = open_page("/")
    seen = {}
    for url in [*urls, *OTHER_PAGES]:
        page.goto(url)
        for link in page.eval_on_selector_all(
            "a[href]", "all => all.map(one => new URL(one.getAttribute('href'), document.baseURI).href)"
        ):
            seen.setdefault(link, url)
    ids = {}
    for link, found_on in seen.items():
        if not link.startswith(site.address):
            assert link.startswith(("https://", "tel:", "sms:", "mailto:")), f"{link} on {found_on}"
            continue
        path, _, anchor = link.removeprefix(site.address).partition("#")
        if path not in ids:
            response = site.get(path)
            assert response.status == 200, f"{link} on {found_on}"
            ids[path] = set(re.findall(r'\sid="([^"]+)"', response.read().decode()))
        assert not anchor or anchor in ids[path], f"{link} on {found_on}"


def test_first_view_stays_in_its_budget(chromium, site, urls, record_property):
    heaviest = (0, "")
    for url in urls:
        context = chromium.new_context(base_url=site.address, viewport={"width": 390, "height": 900})
        page = context.new_page()
        requests = []
        page.on("requestfinished", lambda request, requests=requests: requests.append(request))
        page.goto(url)
        page.wait_for_load_state("networkidle")
        size = sum(r.sizes()["responseBodySize"] + r.sizes()["responseHeadersSize"] for r in requests)
        heaviest = max(heaviest, (size, url))
        assert size <= BUDGET_BYTES, f"{url} takes {size} bytes"
        assert len(requests) <= BUDGET_REQUESTS, f"{url}: {[r.url for r in requests]}"
        assert not [r.url for r in requests if r.resource_type == "script"], url
        context.close()
    record_property("heaviest first view", f"{heaviest[0] / 1024:.1f} KB ({heaviest[1]})")


@pytest.mark.parametrize(("width", "size"), [(320, "1"), (390, "3")])
def test_nothing_is_cut_off_when_narrow_or_enlarged(open_page, urls, width, size):
    page = open_page("/", width=width)
    for url in [*urls, *OTHER_PAGES]:
        page.goto(url)
        page.evaluate(f"document.getElementById('size-{size}').checked = true")
        assert not scrolls_sideways(page), url


def test_the_signs_print_with_what_each_level_needs(open_page):
    page = open_page("/urgent/")
    page.emulate_media(media="print")
    assert page.locator(".level").count() == 5
    for level in page.locator(".level").all():
        assert level.locator(".row a").first.is_visible()
    for now in ("We are closed now", "We are open now"):
        assert not any(one.is_visible() for one in page.get_by_text(now).all())


def test_pages_print_with_letterhead_and_without_menus(open_page, urls):
    page = open_page("/treatments/interventional/radiofrequency-ablation/")
    page.emulate_media(media="print")
    assert page.locator(".printonly").get_by_text("Call (555) 010-0100").is_visible()
    for hidden in (".strip", ".crumbs", ".cta", "#menu"):
        assert not page.locator(hidden).first.is_visible(), hidden
    assert page.get_by_role("heading", name="Serious harm").is_visible()
