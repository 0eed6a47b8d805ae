"""The small text format: what it allows, and that nothing else comes alive."""

import pytest

from treatments import prose


def test_it_works():
    html = prose.render("One **bold** word and [a link](/treatments/).\n\n- first\n- second\n\n> A note.")
    assert "<strong>bold</strong>" in html
    assert '<a href="/treatments/">a link</a>' in html
    assert html.count("<li>") == 2
    assert '<div class="note flow">' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](data:text/html,<script>)",
        "![image](/x.png)",
        "[x](/a 'b\" onclick=\"alert(1)')",
        "&lt;script&gt;",
        "```\n<b>\n```",
        "<a href='javascript:x'>x</a>",
    ],
)
def test_nothing_else_comes_alive(text):
    html = prose.render(text)
    for sign in ("<script", "<img", 'href="javascript', 'href="data', ' onclick="', "<b>", "<pre"):
        assert sign not in html


def test_a_link_can_call():
    assert '<a href="tel:911">911</a>' in prose.render_inline("Call [911](tel:911).")


def test_sections_have_headings_and_anchors():
    first, second = prose.sections("Words before.\n\n## When it *can* & may help\n\nWords.")
    assert first["heading"] == ""
    assert (second["heading"], second["anchor"]) == ("When it *can* &amp; may help", "when-it-can-may-help")


def test_plain_words():
    assert prose.plain("## A\n\n- **b** [c](/d/)") == "A\n\nb c"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* _b_ __c__ **d**", "<p>*a* _b_ __c__ <strong>d</strong></p>"),
        ("a **b.**c", "<p>a <strong>b.</strong>c</p>"),
        ("a ** b ** c", "<p>a ** b ** c</p>"),
        ("**a [b** c](/d/)", '<p>**a <a href="/d/">b** c</a></p>'),
        ("\\*\\*a\\*\\* \\[b](/c/)", "<p>**a** [b](/c/)</p>"),
        ("# a\n\n#### b", "<h2>a</h2>\n<h3>b</h3>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("- a\n\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("##\n\n-\n\n>\n\na", "<p>a</p>"),
        ("&nbsp;", "<p>&amp;nbsp;</p>"),
        ('[a](/b/ "c")', '<p><a href="/b/">a</a></p>'),
        ("[a](//evil.example) [b](http://old.example)", "<p>[a](//evil.example) [b](http://old.example)</p>"),
    ],
)
def test_the_format_has_no_more_than_it_says(text, html):
    assert prose.render(text).strip() == html


def test_links_are_found_for_checking_however_they_are_written():
    assert prose.links('[a](/b/) [c]( </d/> "e") [f](x)') == ["/b/", "/d/", "x"]
    assert prose.links("\\[a\\](b)") == []


def test_headings_of_sections_are_words_only():
    (section,) = prose.sections("## A **b** \\[c\\](d) [e](/f/)")
    assert section["heading"] == "A b [c](d) e"
