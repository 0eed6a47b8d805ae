"""Search: what patients type, and nothing else, leads to the page that answers it, and leaves no trace."""

import datetime
import logging
import re
import tomllib
from pathlib import Path
from unittest.mock import Mock

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection
from django.test import Client

from treatments import checks, dictionary, library, publishing, search
from treatments.models import ClinicSettings, FaqItem, GlossaryTerm, Signpost, Synonym, Treatment, Version, WarningSign

pytestmark = pytest.mark.django_db

PHRASES = tomllib.loads((Path(__file__).parent / "search_phrases.toml").read_text())
FRESH = tomllib.loads((Path(__file__).parent / "search_phrases_fresh.toml").read_text())
RFA = "/treatments/interventional/radiofrequency-ablation/"


def post(words):
    return Client().post("/search/", {"q": words})


def main_of(response) -> str:
    html = response.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def find(words) -> search.Found:
    return search.search(words, library.published())


def addresses(words) -> list[str]:
    """Where a search leads, in the order of the page: to help, to an answer of the clinic, to pages."""
    found = find(words)
    answer = [f"answer: {found.answer.signpost.slug}"] if found.answer else []
    return [*(["/urgent/"] if found.signs else []), *answer, *(result.address for result in found.results)]


def wrong_first(phrases) -> list[str]:
    """The phrases whose first result is not among the right ones. A part of the right page is right, too."""
    wrong = []
    for phrase, right in phrases.items():
        first = next(iter(addresses(phrase)), "")
        if not {first, first.partition("#")[0]} & {right if isinstance(right, str) else None, *right}:
            wrong.append(phrase)
    return wrong


def publish(content, **changes):
    for name, value in changes.items():
        setattr(content, name, value)
    content.full_clean()
    content.save()
    publishing.publish(content, reason="Test")


# -- What is found -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "phrases", "at_least"),
    [
        ("known for long", {phrase: right for group in PHRASES.values() for phrase, right in group.items()}, 0.97),
        ("tuned with", FRESH["tuned"], 0.95),
        ("not tuned with", FRESH["unseen"], 0.90),
    ],
)
def test_the_first_result_is_right_for_what_patients_type(name, phrases, at_least, record_property):
    assert len(phrases) >= 100
    wrong = wrong_first(phrases)
    record_property(f"first result right, {name}", f"{len(phrases) - len(wrong)} of {len(phrases)}")
    assert len(phrases) - len(wrong) >= at_least * len(phrases), wrong


def test_the_phrases_ask_for_every_treatment_and_for_pages_that_are_there():
    wanted = {
        one
        for group in (*PHRASES.values(), *FRESH.values())
        for right in group.values()
        for one in ([right] if isinstance(right, str) else right)
    }
    assert {one.get_absolute_url() for one in library.published().treatments} <= wanted
    answers = {one.removeprefix("answer: ") for one in wanted if one.startswith("answer: ")}
    assert answers <= {one.slug for one in library.published().signposts}
    client = Client()
    for address in wanted - {f"answer: {answer}" for answer in answers}:
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


# -- What was typed, and nothing else ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("opiyds for pain", "opioids for pain"), ("gabapenten for burning legs", "gabapentin for burning legs")],
)
def test_another_spelling_is_offered_and_not_made(typed, meant):
    found = find(typed)
    assert (found.words, found.is_other, found.did_you_mean) == (typed, False, meant)
    shown = main_of(post(typed))
    assert f'<input type="hidden" name="q" value="{meant}">' in shown
    assert f"for “{typed}”" in shown
    assert "Did you mean" in shown


def test_where_nothing_is_found_another_spelling_is_looked_for_and_told():
    found = find("prolotheropy")
    assert (found.words, found.is_other) == ("prolotherapy", True)
    assert found.results[0].address == "/treatments/regenerative/prolotherapy/"
    shown = main_of(post("prolotheropy"))
    assert "We found nothing for “prolotheropy”. These are results for “<b>prolotherapy</b>”." in shown
    assert 'value="prolotheropy"' in shown
    assert "Search for exactly “prolotheropy”" in shown


def test_the_way_back_leads_to_exactly_what_was_typed():
    shown = main_of(Client().post("/search/", {"q": "prolotheropy", "exactly": "yes"}))
    assert "We found no page for “prolotheropy”" in shown
    assert '<input type="hidden" name="q" value="prolotherapy">' in shown  # still offered
    assert "Closest match" not in shown


NEVER_CHANGED = (
    "cancel", "Medicaid", "Medicare", "directions", "telemedicine", "telehealth", "retention", "urinary", "pee", "shot",
    "shots", "stim", "block", "cage", "drain", "fell", "numb", "walker", "haven't", "havent", "didnt", "Aetna",
    "TRICARE", "UnitedHealthcare", "CareCredit", "Secaucus", "Hoboken",
)  # fmt: skip


@pytest.mark.parametrize("word", NEVER_CHANGED)
def test_real_words_and_names_are_never_changed(word):
    for typed in (word, word.lower(), word.upper(), f"i {word} my back", f"zzyzx {word}"):
        found = find(typed)
        assert not found.is_other, typed
        assert word.lower() not in found.did_you_mean or found.did_you_mean == "", typed
        assert found.words == typed
        assert not found.did_you_mean, typed


def test_a_negation_is_heard_as_it_was_typed():
    typed = "i havent peed since yesterday"
    found = find(typed)
    assert found.signs
    assert not found.did_you_mean
    shown = main_of(post(typed))
    assert f"for “{typed}”" in shown
    assert "Did you mean" not in shown


def test_a_name_is_never_offered_another_spelling():
    assert find("do you know Gabapenter street").did_you_mean == ""
    assert find("do you know gabapenter").did_you_mean == "do you know gabapentin"


def test_the_words_of_our_own_records_are_right():
    assert not dictionary.is_word("epidurul")
    assert find("epidurul").is_other
    publish(Synonym(slug="boop", word="prolotherapy", also_called=["epidurul"]))
    assert not find("epidurul").is_other


@pytest.mark.parametrize(("typed", "meant"), [("fevir", "fever")])
def test_no_warning_comes_of_another_spelling(typed, meant, monkeypatch):
    """What raises one is what was typed, even where the other spelling would raise one."""
    words = library.published()
    heard = words.detector.hear(meant)
    monkeypatch.setattr(words.detector, "hear", lambda text: heard if text == meant else [])
    found = search.search(typed, words)
    assert not found.signs
    assert not found.past_signs


def test_a_warning_is_not_followed_by_a_lesson_in_spelling():
    shown = main_of(post("i havent peed sinse yesterday"))
    assert "Is this happening to you now?" in shown
    assert "No page has the word" not in shown
    assert "Did you mean" not in shown


def test_a_word_that_no_page_has_is_named():
    found = find("bagpipes for nerve pain")
    assert found.missing == ["bagpipes"]
    assert found.results
    assert "No page has the word “bagpipes”." in main_of(post("bagpipes for nerve pain"))


def test_what_is_spelled_right_is_never_offered_otherwise():
    words = library.published()
    for one in (*words.treatments, *words.glossary, *words.faqs):
        for name in (str(one), *one.also_called):
            found = find(name)
            assert not found.is_other, name
            assert not found.did_you_mean, name


@pytest.mark.parametrize(
    ("word", "known"), [("cancel", True), ("havent", True), ("wouldnt", True), ("drains", True), ("epidurul", False)]
)
def test_what_people_write_is_known(word, known):
    assert dictionary.is_known(word) is known


# -- Signposts -----------------------------------------------------------------------------------------


def test_every_signpost_leads_where_it_says():
    """The pages it names come first, in its order, whatever else speaks of the words."""
    wrong = []
    for one in library.published().signposts:
        for typed in {one.also_called[0], one.also_called[len(one.also_called) // 2]}:
            found = find(typed)
            if any(sign.level == WarningSign.Level.CRISIS_LINE for sign in found.signs):
                continue
            first = [result.address for result in found.results][: len(one.leads_to)]
            answer = found.answer and found.answer.signpost.slug
            expected = one.slug if one.answered_by != Signpost.AnsweredBy.PAGES else None
            if (first, answer) != (one.leads_to, expected):
                wrong.append((one.slug, typed, first, answer))
    assert not wrong


def test_no_two_signposts_have_the_same_words():
    seen = {}
    for one in library.published().signposts:
        for words in one.also_called:
            assert seen.setdefault(words.casefold(), one.slug) == one.slug, words


@pytest.fixture
def tango():
    one = Signpost(slug="tango", name="Tango", also_called=["tango on Saturday", "Q4-Q5", "can't rumba"])
    one.leads_to = ["/faq/#referral", "/glossary/#taper", "/compare/"]
    publish(one)
    return one


@pytest.mark.parametrize(
    "typed",
    [
        "tango on Saturday", "TANGO ON SATURDAYS", "tango saturday", "do you have tango on Saturday?", "Q4 Q5", "q4q5",
        "q4/q5", "cant rumba", "can’t rumba", "I can't rumba", "can't rumba after my fusion",
    ],
)  # fmt: skip
def test_a_signpost_forgives_what_does_not_matter(typed, tango):
    assert addresses(typed)[:3] == tango.leads_to


@pytest.mark.parametrize("typed", ["saturday tango", "on Saturday", "tangoed Saturday", "rumba", "Q4"])
def test_a_signpost_wants_its_whole_words_in_their_order(typed, tango):
    assert addresses(typed)[:3] != tango.leads_to


def test_a_tool_and_a_question_say_what_they_are(tango):
    question, word, tool = find("tango on Saturday").results[:3]
    assert (question.title, question.kind) == (FaqItem.objects.get(slug="referral").question, "Question")
    assert word.kind == "Word"
    assert (tool.title, tool.extract) == ("Compare, side by side", "Two or three treatments side by side.")


def test_the_longest_name_wins():
    publish(Signpost(slug="tango", name="Tango", also_called=["tango"], leads_to=["/glossary/#taper"]))
    publish(Signpost(slug="slow", name="Slow", also_called=["slow tango"], leads_to=["/faq/#referral"]))
    assert addresses("slow tango")[0] == "/faq/#referral"
    assert "/glossary/#taper" not in addresses("slow tango")
    assert addresses("tango")[0] == "/glossary/#taper"


def test_a_small_name_in_a_long_sentence_takes_nothing_over():
    publish(Signpost(slug="tango", name="Tango", also_called=["tango"], answered_by="staff"))
    typed = "how long does radiofrequency ablation last before tango lessons begin"
    assert find("tango").answer
    assert find(typed).answer is None
    assert RFA in addresses(typed)[:2]


def test_what_is_no_longer_public_is_led_to_by_nobody(tango):
    publishing.retire(FaqItem.objects.get(slug="referral"), by=None, reason="Test")
    assert addresses("tango on Saturday")[:2] == ["/glossary/#taper", "/compare/"]


def test_a_signpost_that_leads_nowhere_is_told(tango):
    def advice():
        one = library.published().get("signpost", "tango")
        return {check.label: check for check in checks.checklist(one, library.published(), signed=False)}

    assert advice()["Links inside the site lead to a page"].passed
    publish(tango, leads_to=["/faq/#nobody-asks", "/nowhere/"])
    told = advice()["Links inside the site lead to a page"]
    assert "“/faq/#nobody-asks” (Leads to)" in told.detail
    assert "“/nowhere/” (Leads to)" in told.detail
    publish(tango, also_called=["tango", "PARKING"])
    assert "“parking” (Parking)" in advice()["No other signpost has the same words"].detail


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"leads_to": []}, "Name a page that it leads to"),
        ({"answer": "Yes."}, "shown to nobody"),
        ({"leads_to": ["https://example.com/"]}, "no address of this site"),
        ({"leads_to": ["//example.com/"]}, "no address of this site"),
    ],
)
def test_a_signpost_is_one(changes, message, tango):
    for name, value in changes.items():
        setattr(tango, name, value)
    with pytest.raises(ValidationError, match=message):
        tango.full_clean()


def test_what_a_signpost_leads_to_is_known_before_that_is_taken_down(tango):
    words = library.published()
    assert words.get("signpost", "tango") not in words.linking_to(words.treatment("hbot"))
    publish(tango, leads_to=["/treatments/hbot/"])
    words = library.published()
    assert words.get("signpost", "tango") in words.linking_to(words.treatment("hbot"))


# -- Questions about the clinic --------------------------------------------------------------------------


def answer_to(words) -> str:
    """What the page says above the results, as text."""
    html = main_of(post(words))
    box = re.search(r'<section class="box flow answer".*?</section>', html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", box[0]).split()) if box else ""


def of_clinic(**changes):
    publish(ClinicSettings.objects.get(), **changes)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-12-07T15:30-05:00", "We are open now, until 5:00 PM Eastern."),
        ("2026-12-07T08:00-05:00", "We are closed now. We open today at 9:00 AM Eastern."),
        ("2026-12-08T00:30+00:00", "We are closed now. We open tomorrow, Tuesday, December 8, at 9:00 AM Eastern."),
        ("2026-12-25T12:00-05:00", "We are closed today (Christmas Day). We open on Monday, December 28, at 9:00 AM"),
    ],
)
def test_hours_are_told_as_they_are_now_at_the_clinic(moment, said):
    with time_machine.travel(datetime.datetime.fromisoformat(moment), tick=False):
        for typed in ("hours", "are you open today", "horario", "OPEN NOW?"):
            assert said in answer_to(typed), typed
            assert "Monday 9:00 AM to 5:00 PM" in answer_to(typed)


@pytest.mark.parametrize(
    ("typed", "field", "value", "said"),
    [
        ("where are you", "address", "1 Sample Street\nSampletown", "1 Sample Street Sampletown"),
        ("email", "email", "desk@clinic.example", "desk@clinic.example"),
        ("how long does the visit take", "evaluation_length", "about 1 hour", "usually takes about 1 hour"),
        ("when will you call me back", "reply_within_days", 3, "within 3 open days"),
        ("opening hours", "opening_hours", ["Tuesday 10:00-12:00"], "Tuesday 10:00 AM to 12:00 PM"),
    ],
)
def test_the_clinic_answers_from_its_settings_and_makes_nothing_up(typed, field, value, said):
    empty = [] if isinstance(value, list) else None if isinstance(value, int) else ""
    of_clinic(**{field: empty})
    assert "Please call us. We will tell you: (555) 010-0100" in answer_to(typed)
    of_clinic(**{field: value})
    assert said in answer_to(typed)
    assert "Please call us" not in answer_to(typed)


@pytest.mark.parametrize(
    "typed", ["parking", "telehealth", "do you take Medicaid", "who is the doctor", "patient portal", "complaint"]
)
def test_what_only_staff_can_say_is_theirs_to_write(typed):
    assert "Please call us. We will tell you: (555) 010-0100" in answer_to(typed)
    publish(
        Signpost.objects.get(slug=find(typed).answer.signpost.slug), answer="Yes, in the back. See [how](/evaluation/)."
    )
    assert "Yes, in the back. See how ." in answer_to(typed)
    assert "Please call us" not in answer_to(typed)
    assert 'href="/evaluation/"' in main_of(post(typed))


@pytest.mark.parametrize("typed", ["cancel", "my request", "status", "I need to reschedule", "did you get my form"])
def test_a_request_is_looked_up_on_its_own_page(typed):
    assert addresses(typed)[1] == "/request-evaluation/find/"
    assert find(typed).results[0].title == "See where your request stands"
    assert 'href="/request-evaluation/find/"' in main_of(post(typed))


@pytest.mark.parametrize("typed", ["cost", "Medicare", "how much"])
def test_money_leads_to_what_the_site_says_and_to_a_call(typed):
    assert find(typed).results[0].address == "/faq/#will-insurance-pay"
    assert "(555) 010-0100" in answer_to(typed)


def test_the_price_of_a_treatment_stands_on_its_page():
    assert addresses("how much does HBOT cost")[0] == "/treatments/hbot/"


def test_an_answer_comes_first_and_below_help():
    shown = main_of(post("my phone number is wrong and I can't pee"))
    assert shown.index("Is this happening to you now?") < shown.index("<h2>Closest match</h2>")
    shown = main_of(post("parking"))
    assert shown.index('id="answer"') < shown.index("<h2>Closest match</h2>")


# -- What a result says --------------------------------------------------------------------------------


def test_no_extract_only_leads_elsewhere():
    for phrase in FRESH["tuned"]:
        for result in find(phrase).results:
            text = re.sub(r"</?mark>", "", result.extract)
            assert not re.search(r"(^|[.?!] )(Read (more|about)|See (all|our|what)\b)|^#", text), (phrase, text)


def test_a_question_is_answered_from_its_beginning():
    first = find("do I need a referral").results[0]
    assert re.sub(r"</?mark>", "", first.extract).startswith("It depends on your insurance plan")


def test_a_treatment_says_in_short_what_it_is():
    rfa = Treatment.objects.get(slug="radiofrequency-ablation")
    (extract,) = [one.extract for one in find("RFA").results if one.address == RFA]
    assert rfa.summary.startswith(re.sub(r"</?mark>", "", extract))


# -- Warning signs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "number"),
    [("I can't pee", "911"), ("NUMB between my legs", "911"), ("i want to die", "988")],
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
    assert "Did you mean" not in shown
    assert 'id="answer"' not in shown
    assert "Treatments, gentlest first" not in shown
    assert {'href="tel:988"', 'href="sms:988"'} <= set(re.findall(r'href="[^"]*"', shown))
    assert not find("I want to die").is_nothing


@pytest.mark.parametrize("words", ["cancel", "my back is killing me"])
def test_ordinary_words_show_results(words):
    found = find(words)
    assert not found.signs
    assert found.results


def test_what_is_over_is_told_softly_below_the_results_count():
    typed = "I had a blood clot in my leg in 2015"
    found = find(typed)
    assert not found.signs
    assert found.past_signs
    shown = main_of(post(typed))
    sign = found.past_signs[0]
    assert f'If this is new or worse now, see <a href="/urgent/#{sign.slug}">' in shown
    assert "Is this happening to you now?" not in shown
    assert shown.index("for “I had") < shown.index("If this is new or worse now")
    assert f'id="{sign.slug}"' in Client().get("/urgent/").content.decode()


@pytest.mark.parametrize("level", WarningSign.Level)
def test_each_sign_says_what_its_own_level_needs(level):
    publish(WarningSign.objects.get(slug="wound"), also_called=["gooey scar"], level=level)
    shown = main_of(post("my gooey scar"))
    wanted = {"911": "tel:911", "988": "tel:988", "er": "tel:911", "same day": "tel:+15550100100"}
    section = shown[shown.index('aria-labelledby="now"') : shown.index("All the signs that need help now")]
    assert f'href="{wanted.get(level.value, "tel:+15550100100")}"' in section


@pytest.mark.parametrize(
    "words",
    ["numb leg", "when can I go back to work", "live without pain", "fall asleep", "hurt for years", "bladed knife"],
)
def test_ordinary_words_raise_no_alarm(words):
    assert find(words).signs == []


def test_staff_decide_which_words_lead_to_a_sign():
    publish(WarningSign.objects.get(slug="wound"), also_called=["gooey scar"])
    assert [sign.slug for sign in find("my gooey scar").signs] == ["wound"]
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
    assert asked.call_count == 2  # the pages, and their sentences
    client.post("/search/", {"q": "sugor shots"})  # and what is unknown, and what is near it
    assert asked.call_count == 2 + 4
    client.post("/search/", {"q": "prolotheropy"})  # what is unknown, no page, what is near it, and that again
    assert asked.call_count == 2 + 4 + 5
