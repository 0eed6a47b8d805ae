from django.contrib.sitemaps import Sitemap

from treatments import library


class ContentSitemap(Sitemap):
    """Every page that patients can read, and the day its words were published."""

    def items(self):
        words = library.published()
        return [*words.pages, *words.treatments]

    def lastmod(self, content):
        return content.linked.published_on
