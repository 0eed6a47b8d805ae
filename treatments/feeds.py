"""What changed on the site, for feed readers."""

from django.contrib.syndication.views import Feed
from django.urls import reverse_lazy
from django.utils.feedgenerator import Atom1Feed, get_tag_uri
from django.utils.html import escape

from treatments import changes, links


class ChangesFeed(Feed):
    feed_type = Atom1Feed
    title = "What changed on this site"
    subtitle = "New words and medical reviews, the newest first."
    link = reverse_lazy("changes")

    def get_object(self, request):
        return request

    def author_name(self, request):
        return request.library.clinic.name

    def items(self, request):
        return [
            (change, links.absolute(request, change.page.get_absolute_url()))
            for change in changes.recent(request.library)
        ]

    def item_title(self, item):
        return item[0].name

    def item_description(self, item):
        return escape(item[0].words)  # readers take it for HTML

    def item_link(self, item):
        return item[1]

    def item_guid(self, item):
        # One page on two days is two entries, and the same one for ever.
        return get_tag_uri(item[1], item[0].at)

    def item_pubdate(self, item):
        return item[0].at

    item_updateddate = item_pubdate
