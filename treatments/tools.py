"""The pages that are no content but made of it, in one list for site map, sitemap.xml, llms.txt and Open Graph."""

from typing import NamedTuple

from django.urls import reverse


class Tool(NamedTuple):
    slug: str
    """The name of its URL pattern."""
    title: str
    line: str
    """What it does, for the site map and for its picture."""

    @staticmethod
    def kind() -> str:
        return "tool"

    def get_absolute_url(self) -> str:
        return reverse(self.slug)


TOOLS = (
    Tool(
        "finder",
        "Find options to ask about",
        "A few questions, and options with the reason why each is shown.",
    ),
    Tool("finder_rules", "How the finder decides", "Every rule of the finder in plain words."),
    Tool("compare", "Compare, side by side", "Two or three treatments side by side."),
    Tool("visit", "Your visit sheet", "Questions, what to bring, a pain diary and a body outline to print."),
    Tool("search", "Search", "Find a page in your own words."),
    Tool("changes", "What changed on this site", "New words and medical reviews, the newest first."),
    Tool("site_map", "Site map", "Every page of this site in one list."),
)


def named(slug: str) -> Tool | None:
    return next((tool for tool in TOOLS if tool.slug == slug), None)


def at(path: str) -> Tool | None:
    """Return the tool that a web address belongs to, such as one of two treatments compared."""
    found = [tool for tool in TOOLS if path.startswith(tool.get_absolute_url())]
    return max(found, key=lambda tool: len(tool.get_absolute_url()), default=None)
