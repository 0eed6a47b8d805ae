"""The finder: warning signs first, four questions, and options with the reason why each is shown. Nothing is kept."""

import re

import pytest
from django.db import OperationalError, connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.appointments.test_properties import NASTY
from tests.factories import make_user
from tests.flow import NEEDS, answer, levels_of, pass_safety
from tests.pages import read
from tests.treatments.test_comparison import FORBIDDEN, main_of
from treatments import checks, finder, library, publishing, schedule
from treatments.finder import Question
from treatments.models import FinderRule, Treatment, WarningSign

pytestmark = pytest.mark.django_db

URL, CARRY = "/find/questions/", "/request-evaluation/with-interests/"
SCS, ESI = "spinal-cord-stimulation", "epidural-steroid-injection"
FEEL = {"bothers": ["leg-pain"], "unwanted": ["no-steroids"], "wanted": ["try-first"]}


def post(client=None, **data):
    return (client or Client()).post(URL, data)


def result(**given) -> finder.Result:
    words = library.published()
    return finder.result({question: given.get(question, []) for question in finder.QUESTIONS}, words)


def slugs(options) -> list[str]:
    return [one.treatment.slug for one in options]


# -- The rules -----------------------------------------------------------------------------------------------------


def rules():
    return library.published().finder_rules


def test_the_rules_are_all_there():
    asked = [rule.question for rule in rules()]
    assert asked == sorted(asked), "the order of asking"
    assert [asked.count(question) for question in finder.QUESTIONS] == [17, 10, 5, 4]


def test_every_rule_leads_only_to_published_treatments_and_has_a_signed_state():
    words = library.published()
    for rule in rules():
        for treatment in rule.linked.treatments:
            assert words.treatment(treatment.slug) is treatment, rule
        assert words.review(rule).is_reviewed is False, "nobody has signed anything yet"


def test_every_rule_does_what_its_question_says():
    effects = {rule: finder.QUESTIONS[rule.question].effect for rule in rules()}
    everything = [rule.slug for rule in rules() if effects[rule] == finder.Effect.SHOW]
    for rule, effect in effects.items():
        if effect == finder.Effect.SHOW:
            found = result(**{rule.question: [rule.slug]})
            assert slugs(found.options) == [one.slug for one in rule.linked.treatments]
            assert found.evaluation == ([] if rule.linked.treatments else [rule])
            assert all(one.because == one.reasons == [rule] for one in found.options)
            continue
        shown = {question: [slug for slug in everything if words(slug).question == question] for question in Question}
        found = result(**shown | {rule.question: [rule.slug]})
        for option in [*found.options, *found.set_aside]:
            family = option.treatment.linked.family
            is_meant = any(one in rule.linked.treatments for one in (option.treatment, family))
            assert (option.tried == [rule]) == (is_meant and effect == finder.Effect.MARK)
            assert (option in found.set_aside) == (is_meant and effect == finder.Effect.SET_ASIDE)


def words(slug) -> FinderRule:
    return library.published().get("finderrule", slug)


@pytest.mark.parametrize(
    ("rule", "fact"),
    [
        ("no-needle", lambda one: one.needle),
        ("no-implant", lambda one: one.implant == Treatment.Implant.YES),
        ("no-operation", lambda one: one.reach >= Treatment.Reach.IMPLANT),
    ],
)
def test_what_is_avoided_is_what_the_treatments_say_of_themselves(rule, fact):
    for treatment in library.published().treatments:
        named = any(one in words(rule).linked.treatments for one in (treatment, treatment.linked.family))
        assert named == bool(fact(treatment)), treatment


def test_what_can_be_tried_first_says_so_itself():
    assert {one.test_first for one in words("try-first").linked.treatments} == {Treatment.TestFirst.YES}


def test_the_page_of_rules_says_every_rule_and_who_signed_it(page):
    shown = page("/find/rules/")
    for rule in rules():
        assert rule.slug in shown.ids
        assert f"If you say “{rule.words}”" in shown.blocks
        for treatment in rule.linked.treatments:
            assert treatment.get_absolute_url() in shown.links
    assert shown.text.count("Not yet reviewed by a clinician.") == len(rules())


def test_a_signed_rule_says_by_whom_and_an_edited_one_that_it_waits(page):
    reviewer, editor = make_user(role="medical reviewer"), make_user(role="editor")
    rule = FinderRule.objects.get(slug="stiffness")
    publishing.sign(publishing.published_version(rule), by=reviewer)
    assert page("/find/rules/").says("Signed by Sam Sample-Medical Reviewer, MD on")
    rule.reason = "Gentle exercise can ease stiffness."
    rule.save()
    publishing.publish(rule, by=editor, reason="Shorter")
    assert page("/find/rules/").says("The new words await medical review")


def test_a_treatment_can_be_taken_down_and_its_rules_go_on_without_it(page):
    publishing.retire(Treatment.objects.get(slug="prp"), by=make_user(role="editor"), reason="Not offered")
    assert slugs(result(bothers=["strain"]).options) == ["restoring-mobility"]
    assert "/treatments/regenerative/prp/" not in page("/find/rules/").links


def test_a_rule_with_nothing_left_to_lead_to_is_not_offered(page):
    editor = make_user(role="editor")
    publishing.retire(Treatment.objects.get(slug="revision-surgery"), by=editor, reason="Not offered")
    gone = {"screw-pain", "not-fused", "tried-surgery"}
    assert gone.isdisjoint(rule.slug for rule in rules())
    assert "nobody-listens" in [rule.slug for rule in rules()], "it leads to the evaluation"
    assert "My bones may not have fused" not in read(post(show="bothers")).text
    assert post(asked="bothers", bothers="not-fused", show="tried").status_code == 422


def test_a_question_without_rules_is_not_asked():
    for rule in FinderRule.objects.filter(question="tried"):
        publishing.retire(rule, by=None, reason="t")
    shown = read(post(asked="bothers", bothers="stiffness", show="unwanted"))
    assert shown.headings == ["Is there something you want to avoid?"]
    assert "Question 3 of 4" in shown.text
    assert read(post(show="tried")).headings == ["Is any of this happening now?"]


@pytest.mark.parametrize("question", ["tried", "unwanted"])
def test_a_rule_that_marks_or_sets_aside_must_name_a_treatment(question):
    rule = FinderRule.objects.filter(question=question).first()
    rule.treatments.clear()
    assert open_items(rule) == ["What was tried, or is to be avoided, is named"]


def test_a_rule_keeps_the_promises_of_all_content():
    rule = FinderRule.objects.get(slug="stiffness")
    rule.reason = "This will cure you."
    rule.save()
    assert open_items(rule) == ["Nothing is promised that nobody can promise"]


def open_items(rule) -> list[str]:
    return [check.label for check in checks.blocking(publishing.checks_of(publishing.keep(rule)))]


# -- The result ----------------------------------------------------------------------------------------------------


def test_options_stand_in_the_order_of_the_ladder_whatever_the_order_of_the_answers():
    ladder = [one.slug for one in library.published().treatments]
    found = slugs(result(bothers=["spasms", "leg-pain", "aching-back"], wanted=["less-surgery"]).options)
    assert found == sorted(found, key=ladder.index)
    assert found == slugs(result(wanted=["less-surgery"], bothers=["aching-back", "leg-pain", "spasms"]).options)


def test_a_procedure_stands_for_its_family_and_brings_its_reasons_along():
    found = result(bothers=["leg-pain"], wanted=["less-surgery"])
    assert "interventional" not in slugs(found.options)
    esi = next(one for one in found.options if one.treatment.slug == ESI)
    assert [rule.slug for rule in esi.because] == ["leg-pain", "less-surgery"]


def test_a_family_is_shown_where_its_procedure_is_set_aside():
    found = result(bothers=["leg-pain"], wanted=["less-surgery"], unwanted=["no-steroids"])
    assert slugs(found.set_aside) == [ESI]
    assert "interventional" in slugs(found.options)


def test_each_reason_is_told_and_the_first_of_each_option_always():
    found = result(bothers=["leg-pain", "spasms", "stiffness"], wanted=["less-surgery"])
    told = [rule for one in found.options for rule in one.reasons]
    assert {rule for one in found.options for rule in one.because} == set(told)
    assert all(one.reasons[0] == one.because[0] for one in found.options)


def test_the_result_page_says_why_each_option_is_there():
    shown = read(post(show="result", tried="tried-stimulator", **FEEL))
    assert shown.headings == ["Options to ask about"]
    first = shown.blocks.index("An evaluation")
    for treatment in ("Scar tissue and myofascial release", "Spinal cord stimulation (SCS)", "Baclofen pump"):
        assert shown.blocks.index(treatment) > first
    assert shown.says("Shown because you said “Pain that shoots down the leg”")
    assert shown.says("Set aside because you said you want to avoid “Steroids”")
    assert shown.says("You said you tried this: “A spinal cord stimulator”")
    assert shown.says("This list is not medical advice. It helps you prepare questions.")
    for family in library.published().families:
        assert family.get_absolute_url() in shown.links
    assert shown.title.startswith("Options to ask about |"), "no answer stands in a title"


def test_who_answers_nothing_gets_the_evaluation_and_all_kinds_of_treatment():
    shown = read(post(show="result"))
    assert shown.says("None of your answers leads to a treatment by itself")
    assert "/evaluation/" in shown.links
    for family in library.published().families:
        assert family.get_absolute_url() in shown.links


def test_a_rule_without_treatments_leads_to_the_evaluation():
    shown = read(post(show="result", bothers="nobody-listens"))
    assert shown.says("Shown because you said “Nobody listens, or I do not know where to start”")
    assert "/approach/" in shown.links


def test_five_are_shown_at_once_and_the_others_are_folded():
    main = main_of(post(show="result", bothers=["spasms", "leg-pain", "aching-back"]))
    assert "More to ask about (3)" in main
    assert "More to ask about" not in main_of(post(show="result", bothers="stiffness"))


def test_no_further_treatment_is_always_a_choice():
    assert "/no-further-treatment/" in read(post(show="result")).links


def test_answers_can_be_changed_one_at_a_time():
    client = Client()
    shown = main_of(post(client, show="tried", changing="1", bothers="leg-pain", tried="tried-shots"))
    assert 'value="tried-shots" id="id_tried_3" checked' in shown
    assert 'name="bothers" value="leg-pain"' in shown
    assert 'name="show" value="result"' in shown
    changed = post(client, asked="tried", show="result", changing="1", bothers="leg-pain", tried="tried-pump")
    assert read(changed).says("A pump for medicine")


# -- Asking --------------------------------------------------------------------------------------------------------


def test_the_questions_follow_each_other():
    client, data = Client(), {"signs": "none"}
    asked, headings = "safety", []
    for show in [*finder.QUESTIONS, "result"]:
        shown = read(post(client, asked=asked, show=show, **data))
        headings += shown.headings
        asked, data = show, {key: value for key, value in data.items() if key != "signs"} | {show: "none"}
    assert headings == [*(one.heading for one in finder.QUESTIONS.values()), "Options to ask about"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "Choose what fits"),
        ({"bothers": ["none", "stiffness"]}, "Choose one or the other"),
        ({"bothers": ["stiffness", "leg-pain", "burning", "spasms"]}, "Choose the 3 that bother you most. You chose 4"),
        ({"bothers": ["of-nobody"]}, "Choose from the list"),
        ({"bothers": ["\x00"]}, "Choose from the list"),
        ({"bothers": ["no-needle"]}, "Choose from the list"),
    ],
)
def test_errors_are_clear_and_choices_are_kept(data, error):
    response = post(asked="bothers", show="tried", tried="tried-pump", **data)
    assert response.status_code == 422
    shown = read(response)
    assert shown.title.startswith("Error: What bothers you most?")
    assert shown.says(error)
    main = main_of(response)
    for slug in set(data.get("bothers", [])) & {rule.slug for rule in rules() if rule.question == "bothers"}:
        assert re.search(rf'value="{slug}" id="\w+"( aria-\w+="[^"]*")* checked', main), slug
    assert 'name="tried" value="tried-pump"' in main


def test_a_question_can_be_skipped_even_with_something_chosen():
    shown = post(asked="bothers", show="tried", skip="1", bothers=["stiffness", "leg-pain", "burning", "spasms"])
    assert read(shown).headings == ["What have you tried?"]
    assert 'name="bothers"' not in main_of(shown)


def test_what_is_not_offered_is_left_out():
    main = main_of(post(show="result", bothers=["of-nobody", "stiffness", "stiffness"], tried=["none", "tried-pump"]))
    assert main.count('name="bothers" value="stiffness"') == main.count('name="bothers"') == 2, "back, and change"
    assert 'name="tried" value="none"' not in main


@pytest.mark.parametrize("level", WarningSign.Level.values)
def test_warning_signs_come_first_and_go_no_further(level):
    clinic = library.published().clinic
    sign = next(one for one in library.published().warning_signs if one.level == level)
    response = post(asked="safety", signs=sign.slug, show="bothers", bothers="stiffness")
    shown, main = read(response), main_of(response)
    assert shown.says(re.escape(sign.sign[:30]))
    assert f'"{sign.slug}"' not in main
    assert levels_of(response) == dict([NEEDS[level]])
    if level in ("911", "er"):
        assert shown.headings == ["Please get help now."]
        assert {"tel:911", URL} <= set(shown.links)
        assert shown.says("I have read this and I am safe; go back")
        assert "<form" not in main
    else:
        assert ("tel:988" if level == "988" else clinic.phone_link) in shown.links
        assert main.index("tel:") < main.index("Go on with the questions")
        assert 'name="bothers" value="stiffness"' in main


def test_every_emergency_sign_stops_and_every_other_goes_on():
    for sign in library.published().warning_signs:
        stopped = read(post(asked="safety", signs=sign.slug)).says("Please get help now")
        assert stopped == (sign.level in ("911", "er")), sign.slug


@pytest.mark.parametrize("sign", ["leg-weakness", "calf-swelling", "wound", "cancer-history"])
def test_a_sign_beside_none_of_these_counts(sign):
    alone, both = post(asked="safety", signs=sign), post(asked="safety", signs=["none", sign])
    assert both.status_code == 200
    assert read(both).blocks == read(alone).blocks


def test_the_safety_check_must_be_answered():
    response = post(asked="safety", show="bothers")
    assert response.status_code == 422
    assert read(response).says("Choose what is happening, or choose “None of these”")


# -- Nothing is kept -------------------------------------------------------------------------------------------------


def test_nothing_is_stored_and_no_cookie_is_set():
    client = Client(enforce_csrf_checks=True)
    for data in ({"asked": "safety", "signs": "self-harm"}, {"asked": "bothers"}, {"show": "result"} | FEEL):
        with CaptureQueriesContext(connection) as queries:
            response = client.post(URL, data)
        assert [query["sql"][:6] for query in queries] == ["SELECT"]
        assert not response.cookies
        # The browser's Back finds the page again; nobody else may keep it.
        assert response.headers["Cache-Control"] == "private"
    assert not client.get(URL).cookies
    assert not client.cookies


def test_no_answer_is_in_a_log(caplog, capfd):
    with caplog.at_level("DEBUG"):
        post(show="result", **FEEL)
        post(asked="bothers", bothers="of-nobody")
        post(asked="safety", signs="self-harm")
    spoken = caplog.text + "".join(capfd.readouterr())
    for word in ("leg-pain", "self-harm", "of-nobody", "no-steroids"):
        assert word not in spoken


def test_patients_are_told_what_becomes_of_their_answers(page):
    shown = page("/find/")
    for words_of_it in (
        "Nothing about you is saved",
        "does not keep them or write them in its logs",
        "not in the address",
    ):
        assert words_of_it in shown.text
    assert "/find/rules/" in shown.links


def test_it_is_found_from_home_and_the_ladder_and_in_the_sitemap(page, client):
    assert "/find/" in page("/").links
    assert "/find/" in page("/treatments/").links
    sitemap = client.get("/sitemap.xml").content.decode()
    assert sitemap.count("<loc>http://testserver/find/</loc>") == 1
    assert sitemap.count("<loc>http://testserver/find/rules/</loc>") == 1
    assert URL not in sitemap


@pytest.mark.parametrize("path", ["/find/", "/find/rules/", URL])
def test_it_never_ranks_or_diagnoses(path):
    assert FORBIDDEN.findall(strip_tags(main_of(Client().get(path)))) == []


def test_no_page_that_answers_lead_to_ranks_or_diagnoses():
    for rule in rules():
        shown = post(show="result", **{rule.question: rule.slug, "unwanted": "no-needle", "tried": "tried-shots"})
        assert FORBIDDEN.findall(strip_tags(main_of(shown))) == [], rule
    for question in finder.QUESTIONS:
        assert FORBIDDEN.findall(strip_tags(main_of(post(show=question)))) == []


# -- From the result on ----------------------------------------------------------------------------------------------


def test_options_can_be_compared():
    main = main_of(post(show="result", bothers="leg-pain"))
    assert f'name="t" value="{SCS}"' in main
    response = Client().get("/compare/", {"t": [ESI, SCS], "go": "1"})
    assert response.url == f"/compare/{ESI}/{SCS}/"


def test_interests_are_carried_into_the_request_and_can_be_cleared(client):
    main = main_of(post(show="result", bothers="aching-back"))
    carried = re.findall(r'name="interest" value="([\w-]+)"', main)
    assert carried == ["physical-therapy", "interventional"]
    assert f'action="{CARRY}"' in main
    led_to = client.post(CARRY, {"interest": carried}).url
    assert not any(slug in led_to for slug in carried)
    shown = client.get(led_to)
    assert read(shown).headings == ["Is any of this happening now?"]
    for slug in carried:
        assert f'name="interest" value="{slug}"' in main_of(shown)
    pass_safety(client, interest=carried)
    for step in ("who", "reach", "safe-contact", "needs", "fusion", "pain", "tried"):
        answer(client, step)
    asked = client.get("/request-evaluation/interests/").content.decode()
    assert re.findall(r'value="([\w-]+)" id="\w+" checked', asked) == carried
    answer(client, "interests", {"interests": []})
    asked = client.get("/request-evaluation/interests/").content.decode()
    assert re.findall(r'value="([\w-]+)" id="\w+" checked', asked) == []


def test_interests_reach_a_request_that_was_begun_before(client):
    pass_safety(client, interest="hbot")
    answer(client, "who")
    pass_safety(client, interest=["regenerative", "no-such", "hbot"])
    for step in ("reach", "safe-contact", "needs", "fusion", "pain", "tried"):
        answer(client, step)
    asked = client.get("/request-evaluation/interests/").content.decode()
    assert re.findall(r'value="([\w-]+)" id="\w+" checked', asked) == ["hbot", "regenerative"]


def test_carrying_interests_writes_nothing_and_takes_only_what_there_is():
    with CaptureQueriesContext(connection) as queries:
        response = Client(enforce_csrf_checks=True).post(CARRY, {"interest": ["\x00", "no-such", "hbot"]})
    assert [query["sql"][:6] for query in queries] == ["SELECT"]
    main = main_of(Client().get(response.url))
    assert re.findall(r'name="interest" value="([^"]*)"', main) == ["hbot"]


@pytest.mark.parametrize("sealed", ["", "x", "\x00", "é" * 5000])
def test_what_somebody_made_of_the_address_carries_nothing(client, sealed):
    response = client.get("/request-evaluation/safety/", {"sealed": sealed})
    assert response.status_code == 200
    assert 'name="interest"' not in main_of(response)


# -- Whatever is posted ----------------------------------------------------------------------------------------------

known = st.sampled_from(
    ["none", "leg-pain", "stiffness", "burning", "spasms", "nobody-listens", "tried-shots", "tried-pump", "no-needle",
     "no-steroids", "no-implant", "less-surgery", "try-first", "self-harm", "safety", "result", *finder.QUESTIONS]
)  # fmt: skip
values = st.lists(st.one_of(known, st.sampled_from(NASTY), st.text(max_size=40)), max_size=6)
names = st.sampled_from(["asked", "show", "skip", "changing", "signs", "interest", *finder.QUESTIONS])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posted=st.dictionaries(names, values))
def test_any_form_is_answered_and_nothing_untrue_is_shown(posted):
    data = QueryDict(mutable=True)
    for name, typed in posted.items():
        data.setlist(name, [one.encode("utf-8", "replace").decode() for one in typed])
    client = Client()
    response = client.post(URL, data.urlencode(), "application/x-www-form-urlencoded")
    assert response.status_code in (200, 422)
    assert not response.cookies
    assert len(read(response).headings) == 1
    words = library.published()
    answers = finder.answers(data, words)
    assert all(len(chosen) <= finder.QUESTIONS[question].most for question, chosen in answers.items())
    found = finder.result(answers, words)
    assert set(slugs(found.options)).isdisjoint(slugs(found.set_aside))
    assert all(one.because for one in [*found.options, *found.set_aside])
    assert slugs(found.options) == [one.slug for one in words.treatments if one.slug in slugs(found.options)]
    assert slugs(found.families) == [one.slug for one in words.families]


def test_a_whole_megabyte_is_refused_in_plain_words():
    response = post(asked="bothers", bothers="x" * 1_100_000)
    assert response.status_code in (400, 413)
    assert b"tel:911" in response.content


def test_warning_signs_are_answered_while_the_database_is_away(monkeypatch):
    library.published()  # known from before

    def away():
        raise OperationalError("away")

    monkeypatch.setattr(schedule, "current_library", away)
    for level, needed in NEEDS.items():
        sign = next(one for one in library.last_known().warning_signs if one.level == level)
        response = post(asked="safety", signs=sign.slug)
        assert response.status_code == 200
        assert levels_of(response) == dict([needed])
        assert (read(response).headings == ["Please get help now."]) == (level in ("911", "er"))
