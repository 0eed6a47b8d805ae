"""What a link to a page shows elsewhere: its words, and a picture that is drawn once and never old."""

import io
import re

import pytest
from django.test import Client
from PIL import Image, ImageStat

from treatments import library, open_graph, tools
from treatments.models import InfoPage, Treatment
from treatments.open_graph import Card
from treatments.publishing import publish

pytestmark = pytest.mark.django_db

PRP = "/treatments/regenerative/prp/"
LONGEST = "Percutaneous intradiscal electrothermal annuloplasty and endoscopic neurolysis t"
META = re.compile(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">')


def meta_of(path) -> dict:
    return dict(META.findall(Client().get(path).content.decode()))


def picture_of(path) -> str:
    return meta_of(path)["og:image"].removeprefix("http://testserver")


def card(**changes) -> Card:
    return Card("Title", "A line", "Medici", "Orthopaedics & Spine", 8, 4)._replace(**changes)


def all_pages():
    words = library.published()
    return [page.get_absolute_url() for page in (*words.pages, *words.treatments, *tools.TOOLS)]


def test_every_page_tells_its_own_words_and_a_picture_that_is_there(client):
    seen = set()
    for path in all_pages():
        meta = meta_of(path)
        html = client.get(path).content.decode()
        assert meta["og:url"] == f"http://testserver{path}"
        assert f'<meta name="description" content="{meta["og:description"]}">' in html
        assert meta["og:title"] in html.partition("<h1")[2]
        assert meta["og:image:alt"].startswith(meta["og:title"].rstrip("."))
        assert meta["twitter:card"] == "summary_large_image"
        response = client.get(meta["og:image"].removeprefix("http://testserver"))
        assert (response.status_code, response.headers["Content-Type"]) == (200, "image/png"), path
        picture = Image.open(io.BytesIO(response.content))
        assert picture.size == (int(meta["og:image:width"]), int(meta["og:image:height"])) == (1200, 630)
        assert len(response.content) < 60_000
        seen.add(response.content)
    assert len(seen) == len(all_pages())


def test_a_comparison_shows_that_of_its_tool():
    assert picture_of("/compare/hbot/prp/") == picture_of("/compare/")


def test_pictures_are_kept_for_ever_and_may_be_shown_elsewhere(client):
    headers = client.get(picture_of(PRP)).headers
    assert "immutable" in headers["Cache-Control"]
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_new_words_have_a_new_picture_and_the_old_name_leads_to_it(client):
    before = picture_of(PRP)
    treatment = Treatment.objects.get(slug="prp")
    treatment.name = "Another name (PRP)"
    treatment.save()
    publish(treatment, reason="test")
    after = picture_of(PRP)
    assert after != before
    response = client.get(before)
    assert (response.status_code, response.url) == (302, after)
    assert "immutable" not in response.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "path",
    [
        "/og/treatment/no-such-page-0123456789ab.png",
        "/og/glossaryterm/fusion-0123456789ab.png",
        "/og/clinicsettings/clinic-0123456789ab.png",
        "/og/tool/admin-0123456789ab.png",
        "/og/treatment/prp.png",
        "/og/treatment/-.png",
        "/og/nothing/prp-0123456789ab.png",
        "/og/treatment/pr%00p-0123456789ab.png",
        "/og/treatment/..%2f..%2fsecrets.png",
        f"/og/treatment/{'a' * 5000}-1.png",
        "/og/treatment/%F0%9F%98%80-1.png",
    ],
)
def test_what_patients_cannot_read_has_no_picture(client, path):
    assert client.get(path).status_code == 404


def test_a_flood_finds_nothing_to_draw(client):
    path = picture_of(PRP)
    client.get(path)
    before = open_graph.draw.cache_info().misses
    for number in range(50):
        client.get(path)
        client.get(f"/og/treatment/prp-{number:012x}.png")
        client.get(f"/og/treatment/none-{number:012x}.png")
    assert open_graph.draw.cache_info().misses == before
    assert open_graph.draw.cache_info().maxsize <= 256


def longest_of(model, field):
    return model._meta.get_field(field).max_length


@pytest.mark.parametrize("text", [LONGEST, "W" * 80, "I " * 40, "Short"])
def test_the_longest_title_fits(text):
    assert longest_of(Treatment, "name") == longest_of(InfoPage, "title") == 80
    for width, height, sizes in ((748, 320, range(92, 35, -4)), (748, 110, range(34, 25, -2))):
        font, lines = open_graph.fit(text, width, height, sizes)
        assert all(font.getlength(line) <= width for line in lines)
        assert font.size * open_graph.LEADING * (len(lines) + 0.25) <= height
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "words",
    [
        {"title": LONGEST, "line": f"Step 4 of 8 · {LONGEST}"},
        {"title": "W" * 80, "line": "W" * 95, "brand": "W" * 30, "brand_line": "W" * 40},
        {"line": "", "brand_line": "", "step": None},
        {"title": "😀 عنوان طويل", "steps": 30, "step": 30},
        {"steps": 1, "step": 1},
    ],
)
def test_words_stay_in_their_places(words):
    """Nothing is written into the margins, whatever staff write."""
    picture = Image.open(io.BytesIO(open_graph.draw(card(**words)))).convert("RGB")
    left, top, right, bottom = open_graph.PANEL
    margins = [(0, 0, 1200, top), (0, bottom, 1200, 630), (left - 36, top, left, bottom), (right + 1, 0, 1200, 630)]
    margins.append((0, 0, open_graph.MARGIN - 12, 630))
    for margin in margins:
        darkest = min(low for low, high in ImageStat.Stat(picture.crop(margin)).extrema)
        assert darkest > 230, margin


def test_short_words_are_large_and_lines_even():
    sizes = range(92, 35, -4)
    font, lines = open_graph.fit("When to get help now", 748, 320, sizes)
    assert (font.size, lines) == (92, ["When to get", "help now"])
    assert open_graph.fit("", 748, 320, sizes)[1] == []
