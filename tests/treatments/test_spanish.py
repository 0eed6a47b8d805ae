"""The one page in Spanish: found from every page, a draft until it is signed, with the clinic's own details."""

import datetime
import json
import re

import pytest
from django.utils.html import strip_tags

from tests.factories import make_user
from treatments import library, publishing, readability, spanish
from treatments.models import ClinicSettings, InfoPage

pytestmark = pytest.mark.django_db
URL = "/en-espanol/"
LINK = re.compile(r'<a\b(?=[^>]*href="/en-espanol/")(?=[^>]*hreflang="es")[^>]*>([^<]+)</a>')
DRAFT = "Borrador: falta la revisión de un traductor calificado."


def article(response) -> str:
    return response.content.decode().partition('<article lang="es">')[2].partition("</article>")[0]


@pytest.mark.parametrize("url", ["/", "/urgent/", "/search/", "/find/questions/", "/request-evaluation/safety/", URL])
def test_every_page_leads_to_it_in_its_own_language(client, url):
    header = client.get(url).content.decode().partition("</header>")[0]
    assert LINK.findall(header) == ["En español"]
    assert 'lang="es"' in LINK.search(header)[0]


def test_the_first_page_of_a_request_leads_to_it(client):
    main = client.get("/request-evaluation/").content.decode().partition("<main")[2]
    assert LINK.findall(main) == ["En español: cómo pedir una cita"]


def test_its_words_and_title_say_their_language_and_the_frame_stays_english(client):
    html = client.get(URL).content.decode()
    assert '<html lang="en">' in html
    assert '<title lang="es">Información en español |' in html
    inside = article(client.get(URL))
    assert "<h1>Información en español</h1>" in inside
    assert "<footer" not in inside
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert json.loads(data)["inLanguage"] == "es"


def test_danger_stands_first_by_level(page):
    shown = page(URL)
    parts = ["Llame al 911 ahora", "Vaya ahora a la sala de emergencias", "Llámenos hoy", "Si piensa en hacerse daño"]
    at = [shown.blocks.index(part) for part in parts]
    assert at == sorted(at)
    assert shown.says("988", "oprima 2", "AYUDA al 988")
    assert shown.says("SAMHSA", "1-800-662-4357", "24 horas")
    assert shown.says("No deje de tomar sus medicinas de golpe")
    assert shown.says("información general", "No reemplaza a su médico")
    assert {"tel:911", "tel:988", "tel:+18006624357", "tel:+15550100100"} <= set(shown.links)


def test_phone_hours_and_address_are_the_clinics_own(client):
    clinic = ClinicSettings.objects.get()
    clinic.phone, clinic.address = "(555) 010-0177", "1 Sample Street"
    clinic.opening_hours = ["Wednesday 08:30-12:00", "Saturday 12:00-16:00"]
    clinic.holidays = ["2099-12-25 Christmas Day"]
    clinic.details_are_samples = False
    clinic.save()
    publishing.publish(clinic, reason="test")
    shown = strip_tags(article(client.get(URL)))
    for words in ("(555) 010-0177", "1 Sample Street", "Cerrado el 25 de diciembre de 2099"):
        assert words in shown
    assert re.search(r"Miércoles\s*8:30 a\.\sm\. a 12:00 p\.\sm\.", shown)
    assert re.search(r"Sábado\s*12:00 p\.\sm\. a 4:00 p\.\sm\.", shown)
    assert "muestra" not in shown
    record = library.published().page(InfoPage.SPANISH)
    assert "555" not in record.body + record.summary, "no details of the clinic are typed into the text"


def test_it_is_a_draft_until_a_reviewer_has_signed_these_words(client):
    assert DRAFT in strip_tags(article(client.get(URL)))
    content = InfoPage.objects.get(slug=InfoPage.SPANISH)
    publishing.sign(publishing.published_version(content), by=make_user(role="medical reviewer"))
    signed = strip_tags(article(client.get(URL)))
    assert DRAFT not in signed
    assert "Revisión médica: Sam Sample-Medical Reviewer, MD" in signed


def test_it_stays_where_every_page_leads_to():
    content = InfoPage.objects.get(slug=InfoPage.SPANISH)
    with pytest.raises(publishing.RefusedError):
        publishing.retire(content, by=make_user(), reason="test")


def test_no_english_reading_grade_is_told_of_it():
    assert readability.grade_of(InfoPage.objects.get(slug=InfoPage.SPANISH)) is None
    assert readability.grade_of(InfoPage.objects.get(slug="urgent")) is not None


def test_days_and_times_in_spanish():
    assert spanish.day(datetime.date(2027, 1, 1)) == "1 de enero de 2027"
    assert [spanish.time(datetime.time(hour)) for hour in (0, 9, 12, 17)] == [
        "12:00 a.\xa0m.", "9:00 a.\xa0m.", "12:00 p.\xa0m.", "5:00 p.\xa0m.",
    ]  # fmt: skip
    assert [spanish.weekday(name) for name in ("Monday", "Sunday")] == ["lunes", "domingo"]
