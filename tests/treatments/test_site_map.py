"""Lists of all there is: for people, for search engines, and for programs that read on somebody's behalf."""

import re

import pytest

from tests.factories import make_user
from treatments import library, publishing, tools
from treatments.models import ClinicSettings, Treatment
from treatments.publishing import publish, published_version

pytestmark = pytest.mark.django_db


def all_paths():
    words = library.published()
    return [one.get_absolute_url() for one in (*words.pages, *words.treatments, *tools.TOOLS)]


def main_links(shown) -> list[str]:
    main = re.search(r"<main.*?</main>", shown.response.content.decode(), re.DOTALL)[0]
    return re.findall(r'href="([^"]+)"', main.partition("</nav>")[2])


def test_the_site_map_names_every_page_once(page):
    links = main_links(page("/site-map/"))
    for path in set(all_paths()) - {"/site-map/"}:
        assert links.count(path) == 1, path
    assert "/request-evaluation/" in links
    assert len(links) == len(set(links))


def test_the_site_map_follows_the_ladder(page):
    ladder = [one.get_absolute_url() for one in library.published().treatments]
    links = main_links(page("/site-map/"))
    assert [link for link in links if link in ladder] == ladder


def test_sitemap_xml_has_the_tools_and_the_day_of_every_page(client):
    text = client.get("/sitemap.xml").content.decode()
    for path in all_paths():
        assert text.count(f"<loc>http://testserver{path}</loc>") == 1
    assert "/compare/hbot/" not in text
    words = library.published()
    assert text.count("<lastmod>") == len(words.pages) + len(words.treatments)


def test_the_day_of_a_page_is_that_of_what_it_shows():
    words = library.published()
    faq = words.page("faq")
    for one in (faq, *words.faqs):
        one.linked.published_on = words.today.replace(year=2020)
    words.faqs[0].linked.published_on = words.today.replace(year=2021)
    try:
        assert words.changed_on(faq).year == 2021
    finally:
        library._last = None


def test_llms_txt_is_the_site_in_plain_text(client):
    response = client.get("/llms.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    text = response.content.decode()
    lines = text.split("\n")
    assert lines[0] == "# Medici Orthopaedics & Spine"
    assert lines[2].startswith("> ")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["Treatments, least invasive first", "Pages", "Tools"]
    for path in all_paths():
        (line,) = (line for line in lines if f"](http://testserver{path}): " in line)
        assert re.fullmatch(r" *- \[.+\]\(\S+\): .+\.", line)
    for one in (*library.published().pages, *library.published().treatments):
        assert one.description in text
    assert "call 911" in text
    assert "Medically reviewed by" not in text
    assert "samples" in text
    assert "(555)" not in text


def test_llms_txt_says_who_has_reviewed_what(client):
    treatment = Treatment.objects.get(slug="prp")
    reviewer = make_user(username="reviewer", first_name="Sample", last_name="Reviewer", credentials="MD (sample)")
    for content in (treatment, treatment.picture, *treatment.notices.all()):
        publishing.sign(published_version(content), by=reviewer)
    (line,) = re.findall(".*Medically reviewed by.*", client.get("/llms.txt").content.decode())
    today = library.published().today.isoformat()
    assert "/treatments/regenerative/prp/" in line
    assert line.endswith(f"Medically reviewed by Sample Reviewer, MD (sample) on {today}.")


def test_llms_txt_survives_odd_names(client):
    clinic, treatment = ClinicSettings.objects.get(), Treatment.objects.get(slug="prp")
    clinic.details_are_samples, treatment.name = False, "PRP [new](x) <b>"
    for content in (clinic, treatment):
        content.save()
        publish(content, reason="test")
    text = client.get("/llms.txt").content.decode()
    assert r"- [PRP \[new\](x) <b>](http://testserver/treatments/regenerative/prp/)" in text
    assert "samples" not in text


def test_all_lists_cost_one_query(client, django_assert_max_num_queries):
    library.published()
    for path in ("/site-map/", "/llms.txt"):
        with django_assert_max_num_queries(1):
            client.get(path)
    with django_assert_max_num_queries(2):
        client.get("/sitemap.xml")
