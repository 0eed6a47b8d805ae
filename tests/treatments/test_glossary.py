"""Words explained in place: the first use of each on a page, and nothing that is no running text."""

import re
from types import SimpleNamespace

import pytest
from django.utils.safestring import SafeString

from tests.factories import make_user
from tests.pages import read
from treatments import library, prose
from treatments.glossary import Explainer, Vocabulary
from treatments.models import FaqItem, GlossaryTerm, Version
from treatments.publishing import keep, publish, published_version, sign

TERMS = [
    GlossaryTerm(
        pk=1, slug="ablation", term="Ablation", also_called=["RFA", "radiofrequency ablation", "nerve burning"]
    ),
    GlossaryTerm(pk=2, slug="fusion", term="Fusion", also_called=["spinal fusion"]),
    GlossaryTerm(pk=3, slug="si", term="Sacroiliac (SI) joint", also_called=["SI joint"]),
    GlossaryTerm(pk=4, slug="ct", term="CT scan"),
    GlossaryTerm(pk=5, slug="lead", term="Lead", also_called=["stimulator wire", "lead"], unexplained=["lead"]),
    GlossaryTerm(pk=6, slug="nerve-pills", term="Gabapentin, pregabalin"),
    GlossaryTerm(pk=7, slug="opioid", term="Opioid"),
    GlossaryTerm(pk=8, slug="amp", term="amp"),
    GlossaryTerm(pk=9, slug="surgery", term="Revision surgery"),
    GlossaryTerm(pk=10, slug="facet", term="Facet", also_called=["facet & joint <x>"]),
]
RFA = "/treatments/interventional/radiofrequency-ablation/"


@pytest.fixture
def explainer():
    return Explainer(SimpleNamespace(vocabulary=Vocabulary(TERMS)))


def marked(html) -> list[str]:
    return re.findall(r'<button class="term"[^>]*>(.*?)</button>', html)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Radiofrequency ablation (RFA) uses heat. So does nerve burning.", ["Radiofrequency ablation"]),
        ("A spinal fusion is a fusion.", ["spinal fusion"]),
        ("Your SI joints, and the sacroiliac (SI) joint", ["SI joints"]),
        ("The sacroiliac (SI) joint and your SI joints", ["sacroiliac (SI) joint"]),
        ("A sacroiliac joint", ["sacroiliac joint"]),
        ("Two CT scans, a Ct scan and a ct scan", ["CT scans"]),
        ("ct scan, rfa, si joint: not in capitals", []),
        ("This can lead to more leads; a stimulator wire may move.", ["stimulator wire"]),
        ("Pregabalin or gabapentin", ["Pregabalin"]),
        ("Non-opioid, opioid-free, opioidal, an opioid.", ["opioid"]),
        ("**Opioids**", ["Opioids"]),
        ("Two revision surgeries", ["revision surgeries"]),
        ("A facet & joint <x> of the back", ["facet &amp; joint &lt;x&gt;"]),
        ("Salt & pepper < 5", []),
        ("[RFA](/treatments/), then RFA", ["RFA"]),
        ("## Fusion\n\nA fusion", ["fusion"]),
        ("- fusion\n- **RFA** and fusion", ["fusion", "RFA"]),
        ("عربي RFA 🦴 fusions", ["RFA", "fusions"]),
        ("RFA\0", ["RFA"]),
    ],
)
def test_the_first_use_of_a_whole_word_is_marked(explainer, text, words):
    html = explainer.mark(prose.render(text))
    assert isinstance(html, SafeString)
    assert marked(html) == words
    # Nothing but the buttons was added, and what keeps a comma or a bracket with its word.
    assert re.sub(r"</?(button|span)\b[^>]*>", "", html) == prose.render(text)


def test_each_term_is_explained_once_on_a_page_in_the_order_of_reading(explainer):
    first, second = explainer.mark("A fusion."), explainer.mark("Fusion, then RFA & <b>.")
    assert (marked(first), marked(second)) == (["fusion"], ["RFA"])
    assert second.endswith("RFA</button> &amp; &lt;b&gt;."), "what is no HTML is escaped"
    assert [term.slug for term in explainer.terms] == ["fusion", "ablation"]
    assert 'popovertarget="word-ablation" data-n="2"' in second


def test_signs_stay_on_the_line_of_their_word(explainer):
    html = explainer.mark("(RFA), fusion/opioid and amp &amp; more")
    kept = [re.sub("<[^>]*>", "", one) for one in re.findall('<span class="nb">(.*?)</span>', html)]
    assert kept == ["(RFA),", "fusion/"]
    assert marked(html) == ["RFA", "fusion", "opioid", "amp"]


@pytest.mark.parametrize("term", ["Discectomy ( )", "Foo,  , bar", "( )", ","])
def test_an_odd_name_of_a_term_stops_no_page(term):
    words = Vocabulary([GlossaryTerm(pk=1, slug="odd", term=term), *TERMS])
    assert [found[2].slug for found in words.found("<p>A fusion</p>")] == ["fusion"]


def test_no_glossary_marks_nothing():
    html = Explainer(SimpleNamespace(vocabulary=Vocabulary([]))).mark("<p>A fusion</p>")
    assert "button" not in html


@pytest.mark.django_db
def test_every_page_explains_each_word_once_and_ends_with_the_meanings(page):
    words = library.published()
    explained = set()
    for one in [*words.pages, *words.treatments]:
        html = page(one.get_absolute_url()).response.content.decode()
        opened = re.findall(r'class="term" type="button" popovertarget="(.*?)"', html)
        meanings = re.findall(r'class="meaning flow" id="(.*?)"', html)
        assert opened == meanings, "the notes stand in the order of the numbers"
        assert len(set(opened)) == len(opened), one
        explained |= set(opened)
        # A page that is full of marks is harder to read.
        assert len(opened) <= 20, one
    assert len(explained) > 40


@pytest.mark.django_db
def test_a_meaning_waits_for_its_own_reviewer(page):
    """A page may be reviewed while a word on it is not: the reviewer of the page did not sign the meaning."""

    def meaning():
        html = page("/treatments/interventional/radiofrequency-ablation/").response.content.decode()
        return html.partition('id="word-facet-joint"')[2].partition("</div>")[0]

    assert "This meaning awaits medical review." in meaning()
    term = GlossaryTerm.objects.get(slug="facet-joint")
    sign(published_version(term), by=make_user(role="medical reviewer"))
    assert "All words explained" in meaning()
    assert "awaits" not in meaning()


@pytest.mark.django_db
def test_on_paper_the_words_of_a_page_say_once_that_they_wait(page):
    def on_paper():
        html = page(RFA).response.content.decode().partition('<div class="wrap meanings">')[2]
        html = re.sub(r'<p class="[^"]*\bnoprint\b.*?</p>', "", html, flags=re.DOTALL)
        html = html.partition("</main>")[0]
        return re.findall(r'<p class="[^"]*printonly[^"]*">(.*?)</p>', html), html.count("review")

    explained = re.findall(r'id="word-([\w-]+)"', page(RFA).response.content.decode())
    assert len(explained) > 5
    assert on_paper() == (["These meanings await medical review."], 1)
    reviewer = make_user(role="medical reviewer")
    *signed, last, one_more = [GlossaryTerm.objects.get(slug=slug) for slug in explained]
    for term in signed:
        sign(published_version(term), by=reviewer)
    assert on_paper() == ([f"Not yet medically reviewed: the meanings of {last}, {one_more}."], 1)
    for term in (last, one_more):
        sign(published_version(term), by=reviewer)
    assert on_paper() == ([], 0)


@pytest.mark.django_db
def test_headings_links_lists_of_signs_and_the_request_have_no_marks(page):
    for one in library.published().treatments:
        html = page(one.get_absolute_url()).response.content.decode()
        for part in re.findall(r"<(h[1-6]|a|nav|title|legend|label)\b(.*?)</\1>", html, re.DOTALL):
            assert 'class="term"' not in part[1], one
        signs = html.partition('class="flow urgent"')[2].partition('id="questions"')[0]
        assert signs
        assert not [words for words in re.findall("<li>(.*?)</li>", signs, re.DOTALL) if "<button" in words], one
    for path in ("/glossary/", "/request-evaluation/", "/request-evaluation/safety/", "/compare/"):
        assert 'class="term"' not in page(path).response.content.decode(), path
    signs = page("/urgent/").response.content.decode().partition('class="signs')[2].partition("If you are not sure")[0]
    assert 'class="term"' not in signs


@pytest.mark.django_db
def test_the_meaning_is_that_of_the_glossary_and_leads_there(page):
    shown = page(RFA)
    facet = GlossaryTerm.objects.get(slug="facet-joint")
    assert facet.meaning in shown.text
    assert "/glossary/#facet-joint" in shown.links
    assert facet.meaning in page("/glossary/").text


@pytest.mark.django_db
def test_words_with_an_everyday_meaning_are_left_alone(page):
    html = page("/treatments/medication/non-opioid-medicines/").response.content.decode()
    assert "can lead to" in html
    assert "cold and pain pills from the store" in html
    # Other implants, and a CD of scans, have nothing to do with screws and discs of the spine.
    prepared = page("/prepare/").response.content.decode()
    assert "Other implants" in prepared
    assert not {"word-hardware", "word-disc"} & set(re.findall('id="(word-.*?)"', prepared))


@pytest.mark.django_db
def test_a_draft_is_shown_with_its_own_words_explained(manager_client):
    answer = FaqItem.objects.get(slug=library.published().faqs[0].slug)
    answer.answer = "Ask about an intrathecal pump, and about an intrathecal dose."
    answer.save()
    keep(answer)
    version = Version.objects.latest("pk")
    assert version.record["answer"] == answer.answer
    frame = manager_client.get(f"/admin/treatments/faqitem/{answer.pk}/preview/page/?version={version.number}")
    assert marked(frame.content.decode()).count("intrathecal") == 1
    assert "Put into the fluid that surrounds the spinal cord." in read(frame).text
    assert "intrathecal" not in marked(manager_client.get("/faq/").content.decode())


@pytest.mark.django_db
def test_a_new_meaning_is_on_every_page_at_once(page):
    term = GlossaryTerm.objects.get(slug="facet-joint")
    term.meaning = "A joint with **two** faces.\n\nMore of it."
    term.save()
    publish(term, reason="test")
    assert page(RFA).says("A joint with two faces.")
