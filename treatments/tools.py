"""The pages that are no content but made of it, in one list for site map, sitemap.xml and llms.txt."""

from typing import NamedTuple

from django.urls import reverse


class Tool(NamedTuple):
    slug: str
    """The name of its URL pattern."""
    title: str
    line: str
    """What it does."""

    def get_absolute_url(self) -> str:
        return reverse(self.slug)


TOOLS = (
    Tool("compare", "Compare treatments", "Two or three treatments side by side."),
    Tool("changes", "What changed on this site", "New words and medical reviews, the newest first."),
    Tool("site_map", "Site map", "Every page of this site in one list."),
)
