"""What a clinician struck from the pages stays off them, and what was put in its place stands there.

Each file corrections/*.toml is a table of corrections. One of them looks like this:

    [B3-epidural]                                      # a key of letters, digits, - and _, once in the file
    fact = 'Growing back pain after a needle: ER'      # what was put right, in a few words
    page = '/treatments/interventional/epidural-steroid-injection/'
    needs = ['severe back pain', 'do not wait for weakness']
    never_here = ['not assessed']
    never = ['tighten (the )?hardware']

All patterns are regular expressions without regard to capital letters; ’ is read as '. Write them in single quotes,
so that a backslash stays one. An apostrophe in a pattern asks for double quotes, or for a dot.

- `needs`: all of them are found in one block (a paragraph, an item, a heading) of the page, in whatever order.
  `page` is one address, or a list of addresses that each say it.
- `never_here`: none of them is found in any block of the page.
- `never`: none of them is found on any public page, nor in any line of content/ that patients may read. Such an entry
  needs no page.

An entry has `fact` and at least one of the three lists.
"""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.pages import PageClient

FILES = sorted((Path(__file__).parent / "corrections").glob("*.toml"))
ENTRIES = {
    f"{file.stem}:{key}": entry for file in FILES for key, entry in tomllib.loads(file.read_text()).items()
}  # fmt: skip
NEVER = [(name, pattern) for name, entry in ENTRIES.items() for pattern in entry.get("never", ())]


def addresses(entry):
    page = entry.get("page", [])
    return [page] if isinstance(page, str) else page


ON_A_PAGE = [(name, url) for name, entry in ENTRIES.items() for url in addresses(entry)]


@pytest.fixture(scope="session")
def pages(django_db_setup, django_db_blocker):
    """Every page of the sitemap as patients meet it, fetched once."""
    with django_db_blocker.unblock():
        client = Client()
        found = re.findall("<loc>http://testserver(.*?)</loc>", client.get("/sitemap.xml").content.decode())
        assert found
        return {url: PageClient(client)(url) for url in found}


@pytest.fixture(scope="session")
def lines():
    """Every line of the content files with its place, but for notes that only staff read."""
    found = []
    for file in sorted(settings.CONTENT_DIR.rglob("*.md")):
        if file.name == "README.md":
            continue
        for_staff = False
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.startswith("# ") or line == "---":
                for_staff = line == "# Notes for staff"
            if not for_staff:
                found.append((f"{file.relative_to(settings.CONTENT_DIR)}:{number}", line))
    return found


def shown(pattern, texts):
    """Yield the place and the words of each text in which the pattern is found."""
    for place, text in texts:
        if re.search(pattern, text.replace("’", "'"), re.I):
            yield f"{place}: {text}"


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_is_whole(name):
    entry = ENTRIES[name]
    assert set(entry) <= {"fact", "page", "needs", "never_here", "never"}
    assert entry["fact"]
    assert entry.get("needs") or entry.get("never_here") or entry.get("never")
    assert bool(addresses(entry)) == bool(entry.get("needs") or entry.get("never_here"))


@pytest.mark.parametrize(("name", "url"), ON_A_PAGE)
def test_page_says_what_was_put_right(pages, name, url):
    entry = ENTRIES[name]
    if needs := entry.get("needs"):
        assert pages[url].says(*needs), entry["fact"]
    blocks = [(url, block) for block in pages[url].blocks]
    assert [hit for pattern in entry.get("never_here", ()) for hit in shown(pattern, blocks)] == []


@pytest.mark.parametrize(("name", "pattern"), NEVER)
def test_nothing_public_says_what_was_struck(pages, lines, name, pattern):
    blocks = [(url, block) for url, page in pages.items() for block in (page.title, *page.blocks)]
    assert list(shown(pattern, [*blocks, *lines])) == []
