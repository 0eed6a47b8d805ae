"""The editor of texts: what it sends, and whatever was pasted there, becomes the small format without losing a word."""

import gc
import random
import time
from html import escape

import pytest
from django.urls import reverse

from tests.treatments.test_admin import form_values
from treatments import prose, schema, widgets
from treatments.library import NothingPublishedError
from treatments.models import CONTENT_MODELS, ClinicSettings, GlossaryTerm, InfoPage, Treatment
from treatments.models.fields import ItemsField, ProseField, validate_prose

WORD_LIST = """
<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><title>A title</title><style>p {color: red}</style>
<xml><o:Zoom>100</o:Zoom></xml></head><body lang=EN-US><!--StartFragment-->
<h1><span style='font-family:"Arial"'>Before<o:p></o:p></span></h1>
<p class=MsoNormal style='margin:0in'><b style='mso-bidi-font-weight:normal'>Eat</b> nothing
   after midnight.<o:p>&nbsp;</o:p></p><p class=MsoNormal>&nbsp;</p>
<!--[if gte mso 9]><xml>junk</xml><![endif]--><!--EndFragment--></body></html>
"""

HTML = [
    ("", ""),
    ("<p></p>", ""),
    ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    ("just words", "just words"),
    (WORD_LIST, "## Before\n\n**Eat** nothing after midnight."),
    # Google Docs wraps everything in a <b> that is not bold.
    ('<b style="font-weight:normal;"><p>a <span style="font-weight:700">b</span></p></b>', "a **b**"),
    ('<b style="font-weight:400">a</b>', "a"),
    ("<h1>a</h1><h2>b</h2><h3>c</h3><h6>d</h6>", "## a\n\n## b\n\n### c\n\n### d"),
    ("<ul><li><p>a</p></li><li>b</li></ul>", "- a\n- b"),
    ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
    ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
    ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
    ("<li>a</li><li>b</li>", "a\n\nb"),
    ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
    ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
    ("<ul><li></li></ul><h2> </h2><blockquote></blockquote><b></b>", ""),
    ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
    ('<div class="note flow"><p>a</p><ul><li>b</li></ul></div>', "> a\n>\n> - b"),
    ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a\n\nb"),
    ("<p>a<br>b</p>", "a\nb"),
    ("<p>a<br><br>b</p>", "a\n\nb"),
    ("<h2>a<br>b</h2>", "## a b"),
    ("<b>a</b>", "**a**"),
    ("<b>a </b>b", "**a** b"),
    ("a<b> b.</b>c", "a **b.**c"),
    ("<strong><b>a</b></strong>", "**a**"),
    ("<b><p>a</p><p>b</p></b>", "**a**\n\n**b**"),
    ("<b>a<i>b</b>c</i>", "**ab**c"),
    ("<b> </b>a", "a"),
    ('<a href="/x/">a</a>', "[a](/x/)"),
    ('<a href="/x/"><b>a</b></a>', "[**a**](/x/)"),
    ('<a href="tel:911" onclick="alert(1)">911</a>', "[911](tel:911)"),
    ('<a href="javascript:alert(1)">a</a>', "a"),
    ('<a href=" java\nscript:alert(1)">a</a>', "a"),
    ('<a href="//evil.example">a</a>', "a"),
    ('<a href="http://old.example">a</a>', "a"),
    ('<a href="data:text/html,x">a</a>', "a"),
    ('<a href="/a(b">a</a>', "[a](/a\\(b)"),
    ('<a href="/a b/">a</a>', "[a](/a%20b/)"),
    ('<a href="/x/"></a>b', "b"),
    ("a<script>alert(1)</script>b<style>p{}</style>", "ab"),
    ("<p onclick=alert(1)>a<img src=x onerror=alert(1)></p>", "a"),
    ("<p>a<!-- b --><u>c</u></p>", "ac"),
    ("2 * 3 * 4", "2 * 3 * 4"),
    ("_x_ and __y__ and *z*", "_x_ and __y__ and *z*"),
    ("**x**", "\\*\\*x\\*\\*"),
    ("[a](b) [a](/b/)", "\\[a\\](b) \\[a\\](/b/)"),
    ("[a](b)", "\\[a\\](b)"),
    ("# x", "\\# x"),
    ("<p>- x</p><p>1. x</p><p>---</p><p>> x</p>", "\\- x\n\n1\\. x\n\n\\---\n\n\\> x"),
    ("<h2>C #</h2>", "## C \\#"),
    ("&lt;b&gt; &amp;amp; C:\\*", "<b> &amp; C:\\\\\\*"),
    ("<p>a < b</p>", "a < b"),
    ("“Don’t” – 5 µg …", "“Don’t” – 5 µg …"),
    ("a&nbsp;b", "a\xa0b"),
    ("<p dir=rtl>שלום <b>עולם</b> 👩‍⚕️</p>", "שלום **עולם** 👩‍⚕️"),
    ("</b></ul></p>a", "a"),
    ("<ul><b><li>a</b></li>", "- **a**"),
]


@pytest.mark.parametrize(("html", "text"), HTML)
def test_html_becomes_the_small_format(html, text):
    assert prose.from_html(html) == text


TYPED = r"""
2 * 3 * 4
_x_
**x**
***x***
[a](/b/)
# x
- x
+ x
12. x
3) x
> x
---
\
\*
a\\
<b>
&amp;
&nbsp;
`x`
![a](/b/)
~~x~~
a\
*
a *b* c
x](/y/)
| a |
<!-- x -->
"""


@pytest.mark.parametrize("words", TYPED.strip().split("\n"))
def test_patients_read_what_was_typed(words):
    for html in (f"<p>{escape(words)}</p>", f"<h2>{escape(words)}</h2>", f"<ul><li>{escape(words)}</li></ul>"):
        assert escape(words) in prose.render(prose.from_html(html))
        validate_prose(prose.from_html(html))
    (line,) = prose.lines_from_html(f"<p>{escape(words)}</p>")
    assert prose.render_inline(line) == escape(words)
    assert prose.plain(prose.from_html(f"<p>{escape(words)}</p>")) == words


def seconds_to_clean(text) -> float:
    """Return the least of three times, in seconds of this process and not of the clock, so that a busy machine, or one
    that clears away what other tests have left, changes little."""
    took = []
    gc.disable()
    for _ in range(3):
        begin = time.process_time()
        prose.from_html(text)
        took.append(time.process_time() - begin)
    gc.enable()
    return min(took)


@pytest.mark.parametrize(
    "soup", ["<div><b>", "<ul><li>", "<p>x</p>", "<!--", "<a ", "[", "**a ", "</", "&", '<a href="']
)
def test_four_times_the_text_takes_no_more_than_about_four_times_as_long(soup):
    """Sixteen times as long would mean that each character looks at all others, and that a paste can stop the site."""
    short, long = (soup * (length // len(soup)) for length in (50_000, 200_000))
    assert seconds_to_clean(long) < 9 * seconds_to_clean(short) + 0.1


def texts(model):
    fields = [field for field in schema.fields(model) if isinstance(field, ProseField | ItemsField)]
    for content in model.objects.all():
        for field in fields:
            if not getattr(field, "item_choices", None):
                yield field.widget(), getattr(content, field.name)


@pytest.mark.django_db
@pytest.mark.parametrize("model", CONTENT_MODELS)
def test_every_text_of_the_site_comes_back_as_it_is(model):
    for widget, value in texts(model):
        for text in value if isinstance(value, list) else [value]:
            assert prose.from_html(prose.render(text)) == text
        if isinstance(widget, widgets.ProseWidget):
            whole = "\n".join(value) if isinstance(value, list) else value
            assert widget.from_html(widget.to_html(whole)) == whole


def test_any_text_comes_back_looking_the_same():
    pieces = [
        "**",
        "*",
        "_",
        "[",
        "](/x/)",
        "](javascript:x)",
        "]",
        "(",
        "\\",
        ">",
        "#",
        "&amp;",
        "<b>",
        "é",
        "[a](/b/)",
    ]
    pieces += ["a", "b c", "\n", "\n\n", "# ", "## ", "- ", "* ", "1. ", "2) ", "> ", " ", "    ", "\xa0", "5"]
    chance = random.Random(5)  # noqa: S311 - the same texts every time
    for _ in range(4000):
        text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 14)))
        html = prose.render(text)
        assert prose.render(prose.from_html(html)) == html, text


# -- Forms -----------------------------------------------------------------------------------------


def test_a_field_sends_either_the_format_or_html():
    for widget, text, html in (
        (widgets.ProseWidget(), "## a\r\n\r\nb", "<h2>a</h2><p>b</p>"),
        (widgets.ItemsWidget(), "a **b**\r\nc", "<p>a <strong>b</strong></p><p>c</p>"),
        (widgets.InlineWidget(), "a **b**", "<p>a <strong>b</strong></p>"),
    ):
        expected = text.replace("\r\n", "\n")
        assert widget.value_from_datadict({"x": text}, {}, "x") == expected
        assert widget.value_from_datadict({"x": widgets.MARK + html}, {}, "x") == expected
    assert widgets.InlineWidget().value_from_datadict({"x": widgets.MARK + "<p>a</p><p>b</p>"}, {}, "x") == "a b"
    assert widgets.ProseWidget().value_from_datadict({}, {}, "x") is None


def test_a_field_knows_whether_it_has_changed():
    meaning = GlossaryTerm._meta.get_field("meaning").formfield()
    assert not meaning.has_changed("a\n\nb", meaning.widget.value_from_datadict({"x": "a\r\n\r\nb"}, {}, "x"))
    html = widgets.MARK + "<p>a</p><p>b</p>"
    assert not meaning.has_changed("a\n\nb", meaning.widget.value_from_datadict({"x": html}, {}, "x"))
    items = Treatment._meta.get_field("questions").formfield()
    assert not items.has_changed(["a", "b"], items.widget.value_from_datadict({"x": html}, {}, "x"))
    assert items.has_changed(["a", "c"], items.widget.value_from_datadict({"x": html}, {}, "x"))


def test_each_field_has_the_editor_that_fits_where_it_is_shown():
    def widget(model, name):
        return type(model._meta.get_field(name).formfield().widget)

    assert widget(InfoPage, "body") is widgets.ProseWidget
    assert widget(InfoPage, "summary") is widgets.InlineWidget
    assert widget(Treatment, "questions") is widgets.ItemsWidget
    assert widget(Treatment, "acts_on") not in (widgets.ItemsWidget, widgets.PlainWidget)
    assert widget(ClinicSettings, "address") is widgets.PlainWidget
    assert widget(ClinicSettings, "opening_hours") is widgets.PlainWidget


@pytest.mark.django_db
def test_the_admin_offers_pages_and_terms_once(manager_client):
    treatment = Treatment.objects.get(slug="prp")
    html = manager_client.get(reverse("admin:treatments_treatment_change", args=[treatment.pk])).content.decode()
    assert html.count('id="editor-setup"') == 1
    assert html.count("data-look=") > 20
    assert '"/treatments/regenerative/prp/"' in html
    assert '"/glossary/#ablation"' in html
    assert "&lt;p&gt;" in html  # the editor's HTML, as an attribute


def test_a_form_can_be_opened_before_the_first_import(monkeypatch):
    def published():
        raise NothingPublishedError

    monkeypatch.setattr("treatments.library.published", published)
    assert widgets.internal_pages() == {"pages": [], "terms": []}


@pytest.mark.django_db
def test_html_is_saved_in_the_small_format_and_shown_again_after_a_mistake(manager_client):
    term = GlossaryTerm.objects.get(slug="ablation")
    url = reverse("admin:treatments_glossaryterm_change", args=[term.pk])
    values = form_values(manager_client.get(url)) | {"meaning": widgets.MARK + "<p>a <b>b</b><script>c</script></p>"}
    response = manager_client.post(url, values | {"term": ""})
    assert response.status_code == 200
    page = response.content.decode()
    assert ">\na **b**</textarea>" in page
    assert 'data-html="&lt;p&gt;a &lt;strong&gt;b&lt;/strong&gt;&lt;/p&gt;' in page
    assert manager_client.post(url, values).status_code == 302
    assert GlossaryTerm.objects.get(pk=term.pk).meaning == "a **b**"


@pytest.mark.django_db
def test_a_text_that_is_only_marks_is_no_text(manager_client):
    term = GlossaryTerm.objects.get(slug="ablation")
    url = reverse("admin:treatments_glossaryterm_change", args=[term.pk])
    empty = {"meaning": widgets.MARK + "<h2></h2><p><b> </b></p>"}
    response = manager_client.post(url, form_values(manager_client.get(url)) | empty)
    assert "meaning" in response.context["adminform"].form.errors
