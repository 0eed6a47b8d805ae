"""What tells people, search engines and programs which pages there are, and what is new on them."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from treatments import changes, links, llms, open_graph
from treatments.tools import TOOLS
from treatments.views.pages import found


class SiteMapView(TemplateView):
    """Every page there is, in the order of the ladder and of the menus."""

    template_name = "treatments/site_map.html"

    def get_context_data(self, **kwargs):
        listed = [page for page in self.request.library.pages_in_order if page.slug not in ("home", "treatments")]
        others = [tool for tool in TOOLS if tool.get_absolute_url() != self.request.path]
        return super().get_context_data(info_pages=listed, tools=others, **kwargs)


class ChangesView(TemplateView):
    """What changed on the site, day by day."""

    template_name = "treatments/changes.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(changes=changes.recent(self.request.library), **kwargs)


@require_safe
def llms_txt(request):
    text = llms.text(request.library, partial(links.absolute, request))
    return HttpResponse(text, "text/plain; charset=utf-8")


@require_safe
def open_graph_picture(request, kind, name):
    """Serve the picture that a link to a page shows elsewhere. A name of former words leads on to the present ones."""
    slug, _, proof = name.rpartition("-")
    subject = found(open_graph.subject(kind, slug, request.library))
    card = open_graph.card(subject, request.library)
    if proof != card.proof:
        return redirect(open_graph.picture_address(subject, request.library))
    headers = {
        # Its name tells its content, so it never has to be asked for again.
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",  # it is made for other sites
    }
    return HttpResponse(open_graph.draw(card), "image/png", headers=headers)
