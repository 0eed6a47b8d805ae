"""What staff write texts with: a rich-text editor, so that nobody has to know the small text format.

Without JavaScript each widget is a text area that holds the small format. The script static/admin/editor.js puts an
editor in its place; once somebody has changed something there, the text area sends HTML, marked as such, and the
widget turns it back. A field nobody touched comes back as it went out, character for character.
"""

from django import forms
from django.forms import Media, Script
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join, html_safe, json_script

from treatments import prose

MARK = "<!--rich text-->"


class PlainWidget(forms.Textarea):
    """A text area for words that pages show as they are, such as a street address."""

    def __init__(self, attrs=None):
        super().__init__({"class": "vLargeTextField", "rows": 4} | (attrs or {}))

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        # Browsers send line ends of their own, which are no change of the text.
        return value and value.replace("\r\n", "\n")


class ProseWidget(PlainWidget):
    """An editor for paragraphs, headings, lists and notes."""

    look = "full"

    @property
    def media(self):
        return Media(css={"all": ["admin/editor.css"]}, js=[EditorSetup(), Script("admin/editor.js", type="module")])

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        # Safe as it is inside a page, but not inside an attribute.
        html = escape(self.to_html(context["widget"]["value"] or ""))
        context["widget"]["attrs"] |= {"data-look": self.look, "data-html": html}
        return context

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return self.from_html(value.removeprefix(MARK)) if value and value.startswith(MARK) else value

    def to_html(self, text):
        return prose.render(text)

    def from_html(self, html):
        return prose.from_html(html)


class InlineWidget(ProseWidget):
    """An editor for one short text with bold and links, such as a summary."""

    look = "inline"

    def to_html(self, text):
        return format_html("<p>{}</p>", prose.render_inline(" ".join(text.split())))

    def from_html(self, html):
        return " ".join(prose.lines_from_html(html))


class ItemsWidget(ProseWidget):
    """An editor for a list of short texts. In the text area every line is one item."""

    look = "items"

    def to_html(self, text):
        return format_html_join("", "<p>{}</p>", ((prose.render_inline(line),) for line in text.splitlines()))

    def from_html(self, html):
        return "\n".join(prose.lines_from_html(html))


@html_safe
class EditorSetup:
    """What the script has to know, as JSON. Being one of the form's media, it is there once for all editors."""

    def __eq__(self, other):
        return isinstance(other, EditorSetup)

    def __hash__(self):
        return hash(EditorSetup)

    def __str__(self):
        # A module could not import the library by its name alone: collected files have other names.
        library = static("django_prose_editor/editor.js")
        return json_script({"library": library, "mark": MARK, "links": prose.LINKS} | internal_pages(), "editor-setup")


def internal_pages() -> dict[str, list[dict]]:
    """Return what a text can link to inside this site: "pages" and, apart from them, the "terms" of the glossary."""
    # Here, because the library is made of models and models know their widgets.
    from treatments.library import NothingPublishedError, published

    try:
        library = published()
    except NothingPublishedError:
        return {"pages": [], "terms": []}
    pages = [(page.short_title, page.get_absolute_url()) for page in library.pages]
    pages += [("Request an evaluation", reverse("request_evaluation"))]
    pages += [(treatment.name, treatment.get_absolute_url()) for treatment in library.treatments]
    glossary = reverse("page", args=["glossary"])
    terms = [(term.term, f"{glossary}#{term.slug}") for term in library.glossary]
    return {
        name: [{"title": title, "address": address} for title, address in entries]
        for name, entries in (("pages", pages), ("terms", terms))
    }
