"""Search: what patients type leads to the page that answers it, spelled right or wrong, and leaves no trace."""

import logging
import tomllib
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.db import ProgrammingError, connection
from django.test import Client

from treatments import library, publishing, search
from treatments.models import FaqItem, GlossaryTerm, Synonym, Version, WarningSign

pytestmark = pytest.mark.django_db

PHRASES = tomllib.loads((Path(__file__).parent / "search_phrases.toml").read_text())
RFA = "/treatments/interventional/radiofrequency-ablation/"


def post(words):
    return Client().post("/search/", {"q": words})


def main_of(response) -> str:
    html = response.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def find(words) -> search.Found:
    return search.search(words, library.published())


def addresses(words) -> list[str]:
    """Where a search leads, in the order of the page."""
    found = find(words)
    return [*(["/urgent/"] if found.signs else []), *(result.address for result in found.results)]


def publish(content, **changes):
    for name, value in changes.items():
        setattr(content, name, value)
    content.full_clean()
    content.save()
    publishing.publish(content, reason="Test")


# -- What is found -----------------------------------------------------------------------------------


def test_the_first_result_is_right_for_95_percent_of_what_patients_type(record_property):
    phrases = [(phrase, right) for group in PHRASES.values() for phrase, right in group.items()]
    assert len(phrases) >= 120
    wrong = [phrase for phrase, right in phrases if not addresses(phrase) or addresses(phrase)[0] not in right]
    record_property("first result right", f"{len(phrases) - len(wrong)} of {len(phrases)}")
    assert len(wrong) <= 0.05 * len(phrases), wrong


def test_the_phrases_ask_for_every_treatment_and_for_pages_that_are_there():
    wanted = {
        one
        for group in PHRASES.values()
        for right in group.values()
        for one in ([right] if isinstance(right, str) else right)
    }
    assert {one.get_absolute_url() for one in library.published().treatments} <= wanted
    client = Client()
    for address in wanted:
        path, _, anchor = address.partition("#")
        html = client.get(path).content.decode()
        assert not anchor or f'id="{anchor}"' in html, address


@pytest.mark.parametrize(
    ("words", "kind", "leads_to"),
    [
        ("interventional spine care", "Treatment", "/treatments/interventional/"),
        ("RFA", "Procedure", RFA),
        ("referral", "Question", "/faq/#referral"),
        ("FBSS", "Word", "/glossary/#fbss"),
        ("screen reader", "Page", "/accessibility/"),
    ],
)
def test_each_result_says_what_it_is_and_leads_there(words, kind, leads_to):
    first = find(words).results[0]
    assert (first.kind, first.address) == (kind, leads_to)
    shown = main_of(post(words))
    assert f'href="{leads_to}"' in shown
    assert f'<span class="tag">{kind}</span>' in shown


def test_found_words_are_marked_in_a_whole_sentence():
    (extract,) = [one.extract for one in find("numbing shot").results if one.address.endswith("medial-branch-block/")]
    assert "<mark>" in extract
    assert extract.rstrip().endswith((".", "?"))


def test_words_that_mean_the_same_find_the_same():
    assert addresses("physio")[0] == addresses("physical therapy")[0] == "/treatments/physical-therapy/"
    publish(Synonym(slug="boop", word="prolotherapy", also_called=["boop", "magic beans"]))
    assert addresses("boop")[0] == addresses("the magic beans")[0] == "/treatments/regenerative/prolotherapy/"


def test_other_words_of_a_page_weigh_as_much_as_its_name():
    publish(FaqItem.objects.get(slug="referral"), also_called=["golden ticket"])
    assert addresses("golden tickets") == ["/faq/#referral"]


def test_weak_results_are_left_out():
    assert len(find("nerve burning").results) < len(find("pain").results) == search.MOST


# -- It says what patients read, and nothing else ------------------------------------------------------


def test_words_are_found_from_the_moment_they_are_public_until_they_are_not():
    term = GlossaryTerm.objects.get(slug="fascia")
    term.meaning = "Thin sheets, like a zeppelin."
    term.save()
    publishing.keep(term, reason="Draft")
    assert find("zeppelin").is_nothing
    publishing.publish(term, reason="Test")
    assert addresses("zeppelin") == ["/glossary/#fascia"]
    publishing.retire(term, by=None, reason="Test")
    assert find("zeppelin").is_nothing


def test_a_procedure_waits_for_its_family():
    assert "/treatments/regenerative/prp/" in addresses("prp")
    Version.objects.published().filter(kind="treatment", record__slug="regenerative").update(state="retired")
    assert not [one for one in addresses("prp") if "regenerative" in one]


def test_only_public_words_are_kept_for_the_search():
    term = GlossaryTerm.objects.get(slug="fascia")
    publish(term, meaning="Another meaning.")
    kept = dict(Version.objects.of(term).values_list("state", "search"))
    assert kept["replaced"] == ""
    assert "'anoth':" in kept["published"]


def test_nobody_can_write_what_the_search_looks_at():
    with pytest.raises(ProgrammingError, match="generated"), connection.cursor() as cursor:
        cursor.execute("UPDATE treatments_version SET search_names = 'spam'")


def test_what_is_not_for_reading_is_not_found():
    for words in ("infopage", "menu", "R01", "synonym", "depuydt"):
        assert find(words).is_nothing, words


# -- Typing mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "meant"), [("epidral shot", "epidural shot"), ("nurve burning", "nerve burning")])
def test_a_typing_mistake_is_put_right_and_told(typed, meant):
    found = find(typed)
    assert (found.words, found.is_corrected) == (meant, True)
    assert addresses(typed) == addresses(meant)
    shown = main_of(post(typed))
    assert f"Showing results for <b>{meant}</b>. You typed “{typed}”." in shown
    assert f'value="{typed}"' in shown


def test_a_guess_is_offered_and_not_made():
    found = find("opiyds for pain")
    assert (found.is_corrected, found.did_you_mean) == (False, "opioids for pain")
    shown = main_of(post("opiyds for pain"))
    assert '<input type="hidden" name="q" value="opioids for pain">' in shown


def test_a_word_that_no_page_has_is_named():
    found = find("acupuncture for nerve pain")
    assert found.missing == ["acupuncture"]
    assert found.results
    assert "No page has the word “acupuncture”." in main_of(post("acupuncture for nerve pain"))


def test_what_is_spelled_right_is_never_put_right():
    words = library.published()
    for one in (*words.treatments, *words.glossary, *words.faqs):
        for name in (str(one), *one.also_called):
            found = find(name)
            assert not found.is_corrected, name
            assert not found.did_you_mean, name


# -- Warning signs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "number"),
    [("I can't pee", "911"), ("NUMB between my legs", "911"), ("i want to die", "988"), ("fevar", "911")],
)
def test_help_comes_first(words, number):
    shown = main_of(post(words))
    assert f'href="tel:{number}"' in shown
    assert shown.index("Is this happening to you now?") < shown.index('href="/urgent/"')
    assert "Closest match" not in shown[: shown.index("Is this happening")]


def test_who_thinks_of_death_sees_help_alone():
    shown = main_of(post("I want to die"))
    assert "988" in shown
    assert "Closest match" not in shown
    assert "found no page" not in shown
    assert not find("I want to die").is_nothing


def test_every_warning_sign_can_be_searched_for():
    for sign in library.published().warning_signs:
        assert sign.also_called, sign
        for line in sign.also_called:
            assert sign in find(f"Help, {line.upper()}!").signs, line


@pytest.mark.parametrize(
    "words",
    ["numb leg", "when can I go back to work", "live without pain", "fall asleep", "hurt for years", "bladed knife"],
)
def test_ordinary_words_raise_no_alarm(words):
    assert find(words).signs == []


def test_staff_decide_which_words_lead_to_a_sign():
    publish(WarningSign.objects.get(slug="wound"), also_called=["gooey scar"])
    assert [sign.slug for sign in find("my scar is gooey").signs] == ["wound"]
    assert find("red wound").signs == []


# -- The page ------------------------------------------------------------------------------------------


def test_the_empty_page_helps_to_begin(page):
    shown = page("/search/")
    assert shown.headings == ["Search"]
    for family in library.published().families:
        assert family.get_absolute_url() in shown.links
    assert {"/glossary/", "/faq/", "/urgent/", "tel:+15550100100"} <= set(shown.links)


@pytest.mark.parametrize("words", ["", "   ", "\n\t"])
def test_searching_for_nothing_shows_the_empty_page(words):
    shown = main_of(post(words))
    assert "We found no page" not in shown
    assert "Use your own words" in shown
    assert Client().post("/search/").status_code == 200


def test_nothing_found_leads_on():
    response = post("zzyzx")
    shown = main_of(response)
    assert find("zzyzx").is_nothing
    assert "We found no page for “zzyzx”" in shown
    assert 'href="/treatments/hbot/"' in shown
    assert 'href="tel:+15550100100"' in shown


def test_what_is_too_long_is_told_and_kept():
    typed = "burning " * 30
    shown = main_of(post(typed))
    assert "Please use 200 letters or fewer" in shown
    assert f'value="{typed.strip()}"' in shown
    assert "Closest match" not in shown
    assert "200 letters" not in main_of(post("é" * search.LONGEST))


@pytest.mark.parametrize(
    "typed",
    [
        "\0", "nerve\0burning", "<script>alert(1)</script>", "'; DROP TABLE x; --", '"nerve', "a & b | !(c <-> d):*",
        "%s %(x)s {}", "\\", "-nerve", "OR or AND", "ألم في الظهر", "背中の痛み", "😀" * 100, "\u202enerve",
        "\x02nerve\x03", "the of and", "a" * 200, "a " * 100, "' ' ' '", "___", "１２３", "\ud7ff", "can’t’t’t",
    ],
)  # fmt: skip
def test_whatever_is_typed_is_answered(typed):
    response = post(typed)
    assert response.status_code == 200
    assert "<script" not in main_of(response)


def test_a_flood_of_letters_is_refused():
    assert post("x" * 1_100_000).status_code == 400


def test_what_is_typed_is_shown_escaped():
    shown = main_of(post('<b>"nerve"</b>'))
    assert "<b>&quot;" not in shown
    assert "&lt;b&gt;&quot;nerve&quot;&lt;/b&gt;" in shown


def test_content_cannot_break_out_of_an_extract():
    publish(GlossaryTerm.objects.get(slug="fascia"), meaning="A zeppelin is <img src=x> and <mark>more</mark> of it.")
    extract = find("zeppelin").results[0].extract
    assert extract == "A <mark>zeppelin</mark> is &lt;img src=x&gt; and &lt;mark&gt;more&lt;/mark&gt; of it."


def test_no_trace_is_left_of_what_was_typed(caplog):
    client = Client()
    with caplog.at_level(logging.INFO):
        response = client.post("/search/", {"q": "sugar shots"})
    html = response.content.decode()
    assert "sugar" not in html[: html.index("<body")]
    assert "sugar" not in caplog.text
    assert not response.cookies
    assert not client.cookies
    assert "csrf" not in html
    assert response.headers["Cache-Control"] == "private"
    assert "zeppelin" not in client.get("/search/", {"q": "zeppelin"}).content.decode()


def test_suggestions_are_names_and_few():
    names = search.suggestions(library.published())
    assert {"RFA", "pain pump", "nerve burning"} <= set(names)
    assert len(names) == len({name.casefold() for name in names}) < 200
    assert '<option value="pain pump">' in main_of(Client().get("/search/"))


def test_a_page_that_is_not_there_offers_the_search():
    response = Client().get("/nerve-burning/")
    assert response.status_code == 404
    assert '<form class="search' in main_of(response)


def test_a_backup_can_be_restored():
    """A dump is read on no search path, and Postgres fills in the generated columns while it reads."""
    record = '{"name": "Ablation"}'
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', '', true)")
        cursor.execute("SELECT public.treatments_search_names('published', 'treatment', %s::jsonb)", [record])
        (found,) = cursor.fetchone()
        cursor.execute("SELECT set_config('search_path', 'public', true)")
    assert "'ablat'" in found


def test_a_line_without_words_makes_no_sign_of_every_search():
    sign = WarningSign.objects.get(slug="self-harm")
    sign.also_called = [*sign.also_called, "—"]
    sign.save()
    publishing.publish(sign, by=None, reason="t")
    found = search.search("epidural", library.published())
    assert not found.signs
    assert found.results


def test_no_longer_search_is_offered_than_can_be_made():
    typed = "epidurel " + "shot " * 38
    assert len(typed) <= search.LONGEST
    found = search.search(typed + "xz stimulaterr"[: search.LONGEST - len(typed)], library.published())
    assert len(found.did_you_mean) <= search.LONGEST


def test_what_is_typed_is_no_part_of_a_statement():
    """Whoever reads the log or the activity of Postgres reads statements, with $1 where the words were."""
    search.search("sugar shots", library.published())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    search.search("sugar shots", library.published())
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [backend])
        (statement,) = cursor.fetchone()
    other.close()
    assert "$1" in statement
    assert "sugar" not in statement


def test_a_search_asks_little(monkeypatch, django_assert_num_queries):
    client, asked = Client(), Mock(wraps=search._rows)
    client.get("/search/")  # whatever is kept in memory
    monkeypatch.setattr(search, "_rows", asked)
    with django_assert_num_queries(1):  # whether the library is still the newest
        client.post("/search/", {"q": "sugar shots"})
    assert asked.call_count == 3
    client.post("/search/", {"q": "sugor shots"})
    assert asked.call_count == 3 + 4
