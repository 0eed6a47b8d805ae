"""Reading pages as a test does: fetching a page checks what every page owes its reader."""

import dataclasses
import re
from html.parser import HTMLParser

BLOCKS = {"p", "li", "dd", "dt", "h1", "h2", "h3", "h4", "td", "th", "legend", "label", "figcaption", "div", "title"}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.blocks, self.ids, self.links, self.headings, self.title = [], [], [], [], ""
        self._path, self._text, self._main = [], "", False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if tag in BLOCKS or tag == "main":
            self._flush()
        if tag in BLOCKS:
            self._path.append(tag)
        self._main = self._main or tag == "main"

    def handle_endtag(self, tag):
        if tag in BLOCKS or tag == "main":
            self._flush()
        if self._path and tag == self._path[-1]:
            self._path.pop()
        if tag == "main":
            self._main = False

    def handle_data(self, data):
        self._text += data

    def _flush(self):
        text = " ".join(self._text.split())
        self._text = ""
        if not text:
            return
        tag = self._path[-1] if self._path else ""
        if tag == "title":
            self.title = text
        elif self._main:
            self.blocks.append(text)
            if tag == "h1":
                self.headings.append(text)


@dataclasses.dataclass
class Page:
    """A page as a reader meets it."""

    response: object
    title: str
    headings: list[str]
    blocks: list[str]
    ids: list[str]
    links: list[str]

    @property
    def text(self):
        return "\n".join(self.blocks)

    def says(self, *patterns: str) -> bool:
        """Whether one block (a paragraph, an item, a heading) says all of these, in whatever order."""
        return any(all(re.search(p, block.replace("’", "'"), re.I) for p in patterns) for block in self.blocks)


def read(response) -> Page:
    reader = _Reader()
    reader.feed(response.content.decode())
    return Page(response, reader.title, reader.headings, reader.blocks, reader.ids, reader.links)


class PageClient:
    def __init__(self, client):
        self.client = client

    def __call__(self, url, *, status=200) -> Page:
        response = self.client.get(url)
        assert response.status_code == status, f"{url} answered {response.status_code}"
        page = read(response)
        assert len(page.headings) == 1, f"{url} has {len(page.headings)} main headings: {page.headings}"
        assert page.title.endswith("| Medici Orthopaedics & Spine")
        assert len(page.ids) == len(set(page.ids)), f"{url} repeats ids: {page.ids}"
        for anchor in (link for link in page.links if link.startswith("#")):
            assert anchor[1:] in page.ids, f"{url} links to {anchor}, which is not on the page"
        return page
