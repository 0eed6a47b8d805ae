from django.contrib.sitemaps import Sitemap

from treatments import library, tools


class ContentSitemap(Sitemap):
    """Every page that patients can read, and the day its words were published."""

    def items(self):
        self.library = library.published()
        return [*self.library.pages, *self.library.treatments]

    def lastmod(self, content):
        return self.library.changed_on(content)


class ToolSitemap(Sitemap):
    """The pages that are made of the words of all others."""

    def items(self):
        return tools.TOOLS
