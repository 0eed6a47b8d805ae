"""The pages to read: each says what it must, in few queries."""

import re

import pytest
from django.utils.formats import date_format

from treatments import library
from treatments.models import ClinicSettings, Treatment
from treatments.publishing import publish

pytestmark = pytest.mark.django_db


def all_urls():
    return [one.get_absolute_url() for one in [*library.published().pages, *library.published().treatments]]


def test_every_page_costs_at_most_three_queries(client, django_assert_max_num_queries):
    for url in all_urls():
        with django_assert_max_num_queries(3):
            assert client.get(url).status_code == 200


def test_every_page_is_itself(page):
    pages = {url: page(url) for url in all_urls()}
    titles = [shown.title for shown in pages.values()]
    headings = [shown.headings[0] for shown in pages.values()]
    assert len(set(titles)) == len(titles)
    assert len(set(headings)) == len(headings)
    for url, shown in pages.items():
        html = shown.response.content.decode()
        assert f'<link rel="canonical" href="http://testserver{url}">' in html
        assert 50 <= len(html.partition('name="description" content="')[2].partition('"')[0]) <= 200, url
        awaiting = "Falta la revisión médica." if url == "/en-espanol/" else "Awaiting medical review."
        assert awaiting in shown.text


def test_a_treatment_says_at_its_top_and_at_its_foot_that_it_waits_for_review(page):
    """And nowhere else: said everywhere, it is read nowhere."""
    for treatment in library.published().treatments:
        html = page(treatment.get_absolute_url()).response.content.decode().partition("<main")[2]
        html = html.partition('<div class="wrap meanings">')[0]
        lines = re.findall(r"<p[^>]*>[^<]*\b(?:await|still reviewing)[^<]*</p>", html, re.IGNORECASE)
        assert [re.sub("<.*?>", "", line) for line in lines] == [
            "Awaiting medical review.",
            "General information. Our clinicians are still reviewing this page.",
            f"Published {date_format(treatment.linked.published_on, 'F j, Y')}. Awaiting medical review.",
        ], treatment
        assert html.index(lines[0]) < html.index('id="status"') < html.index('id="sources"') < html.index(lines[1])


def test_a_treatment_tells_in_one_place_how_well_it_works_and_in_one_what_the_rules_are(page):
    for treatment in library.published().treatments:
        html = page(treatment.get_absolute_url()).response.content.decode()
        works, rules = (
            html.partition(f'id="{anchor}"')[2].partition('<div class="hang"')[0] for anchor in ("status", "cost")
        )
        assert "How well does it work, and what is not known</h2>" in works
        assert "Rules and cover</h2>" in rules
        for level, place in (("evidence_level", works), ("fda_level", rules), ("cover", rules)):
            name = getattr(treatment, f"get_{level}_display")()
            assert f'<b class="tag">{name}</b>' in place, treatment
        assert html.count('<b class="tag">') == 3, "each level once"
        if treatment.honest_note:
            assert '<div class="note flow">' in works


def test_every_link_to_a_part_of_a_page_leads_to_it(page):
    pages = {url: page(url) for url in [*all_urls(), "/find/", "/find/rules/", "/compare/", "/visit/", "/site-map/"]}
    links = {(url, link) for url, shown in pages.items() for link in shown.links if "#" in link and link[0] == "/"}
    assert len(links) > 50
    lost = {(url, link) for url, link in links if link.split("#")[1] not in pages[link.split("#")[0]].ids}
    assert lost == set()
    for treatment in library.published().treatments:
        known = {"status", "what-we-know", "good-and-harm", "cost", "what-happens", "get-help", "questions", "sources"}
        assert known - {"what-happens"} <= set(pages[treatment.get_absolute_url()].ids), "others link to these"


def test_home_shows_the_eight_in_order(page):
    shown = page("/")
    families = [link for link in shown.links if link.startswith("/treatments/") and link.count("/") == 3]
    assert families[:8] == [family.get_absolute_url() for family in library.published().families]


def test_the_ladder_names_every_family_and_procedure(page):
    shown = page("/treatments/")
    for treatment in library.published().treatments:
        assert treatment.get_absolute_url() in shown.links


def test_order_is_data(page):
    one, two = Treatment.objects.get(slug="medication"), Treatment.objects.get(slug="hbot")
    one.position, two.position = two.position, one.position
    for treatment in (one, two):
        treatment.save()
        publish(treatment, reason="test")
    shown = page("/treatments/")
    assert shown.links.index("/treatments/hbot/") < shown.links.index("/treatments/medication/")
    assert page("/treatments/hbot/").says("Step 2 of 8")


def test_every_treatment_page_tells_the_same_in_the_same_order(page):
    for treatment in library.published().treatments:
        shown = page(treatment.get_absolute_url())
        # The last place of each: the list of contents on top names some of them too.
        places = [
            len(shown.blocks) - shown.blocks[::-1].index(heading)
            for heading in (
                "How well does it work, and what is not known", "How it works", "Who it may suit", "What it can do",
                "What it cannot do", "Common effects", "Serious harm", "Rules and cover", "Insurance and cost",
                "If you wait, or choose no treatment", "When to get help", "Questions to bring", "Other options",
            )
        ]  # fmt: skip
        assert places == sorted(places)
        for words in (*treatment.can_do, *treatment.rare_serious, *treatment.questions):
            assert shown.text.count(words.split("[")[0].strip()) >= 1


def test_a_procedure_links_to_its_family_and_neighbours(page):
    shown = page("/treatments/interventional/radiofrequency-ablation/")
    assert "/treatments/interventional/" in shown.links
    assert "/treatments/interventional/facet-medial-branch-block/" in shown.links
    assert "/treatments/interventional/sacroiliac-joint/" in shown.links
    assert "/request-evaluation/?interest=interventional" in shown.links


def test_the_phone_is_a_setting(page):
    clinic = ClinicSettings.objects.get()
    clinic.phone, clinic.details_are_samples = "(212) 555-0187", False
    clinic.save()
    publish(clinic, reason="test")
    html = page("/treatments/prp/", status=404).response.content.decode()
    assert 'href="tel:+12125550187"' in html
    assert "sample" not in html
    assert "(555) 010-0100" not in html


def test_sample_details_look_like_samples(client):
    html = client.get("/").content.decode()
    assert "sample number" in html
    assert "sample hours" in html


def test_a_shared_notice_stands_even_where_the_treatment_says_nothing_itself(page):
    treatment = Treatment.objects.get(slug="prp")
    treatment.before = treatment.during = treatment.after = treatment.later = ""
    treatment.save()
    publish(treatment, reason="test")
    assert page("/treatments/regenerative/prp/").says("Never stop a blood thinner")


def test_sources_of_shared_notices_are_on_the_page(page):
    assert page("/treatments/regenerative/prp/").says("antiplatelet and anticoagulant")


def test_urgent_page_puts_help_first(page):
    shown = page("/urgent/")
    main = shown.response.content.decode().partition("<main")[2]
    summary = library.published().page("urgent").summary
    assert main.index('href="tel:911"') < main.index('href="tel:988"') < main.index(summary[:20])
    for sign in library.published().warning_signs:
        assert sign.sign in shown.text
        assert sign.advice.split("\n")[0].split("[")[0].strip() in shown.text


def test_glossary_and_questions_show_every_record(page):
    glossary, faq = page("/glossary/"), page("/faq/")
    words = library.published()
    assert all(term.slug in glossary.ids for term in words.glossary)
    assert all(item.question in faq.blocks for item in words.faqs)


def test_sources_say_when_they_were_checked(page):
    shown = page("/sources/")
    assert shown.says("Checked November 24, 2026")
    assert shown.says("Not yet checked by us")


def test_other_address_of_a_page_leads_to_its_own(client):
    response = client.get("/home/")
    assert (response.status_code, response.url) == (301, "/")


def test_treatments_are_served_where_only_the_address_differs_by_the_slash(client):
    response = client.get("/treatments/hbot")
    assert (response.status_code, response.url) == (301, "/treatments/hbot/")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_can_only_be_read(client, method):
    assert getattr(client, method)("/").status_code == 405
