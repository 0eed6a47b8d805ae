"""Every fact of the clinic's article stands on the page it belongs to, as patients see that page."""

import tomllib
from pathlib import Path

import pytest

FACTS = tomllib.loads((Path(__file__).parent / "coverage.toml").read_text())
PAGES = sorted({fact["page"] for fact in FACTS.values()})


def test_the_list_is_whole():
    assert list(FACTS) == [f"C{number:03}" for number in range(1, 200)]


@pytest.mark.django_db
@pytest.mark.parametrize("url", PAGES)
def test_page_says_its_facts(page, url):
    shown = page(url)
    missing = [
        f"{key}: {fact['fact']}"
        for key, fact in FACTS.items()
        if fact["page"] == url and not shown.says(*fact["needs"])
    ]
    assert missing == []
