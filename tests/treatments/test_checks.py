"""The checklist before publishing: safety items stop what would harm, the others tell how it could be better."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from treatments import checks, library, readability, schema, wording
from treatments.models import InfoPage, Treatment


@pytest.fixture(scope="module")
def words():
    return library.from_files(settings.CONTENT_DIR)


@pytest.fixture
def look(words):
    """Check content after some of its values, and of other content, have changed: look("faq/cost", answer="…")."""

    def look_at(place, *, signed=True, others=None, **changes):
        changed = words
        for one, values in {**(others or {}), place: changes}.items():
            kind, slug = one.split("/")
            record = next(record for record in changed.records(schema.KINDS[kind]) if record["slug"] == slug)
            changed = changed.with_record(kind, changed.get(kind, slug).pk, {**record, **values})
        content = changed.get(*place.split("/"))
        return {check.label: check for check in checks.checklist(content, changed, signed=signed)}

    return look_at


def blocked(found):
    return [check.label for check in checks.blocking(found.values())]


def test_the_shipped_words_may_all_be_published(words):
    for kind, model in schema.KINDS.items():
        for record in words.records(model):
            content = words.get(kind, record["slug"])
            assert checks.blocking(checks.checklist(content, words, signed=False)) == [], content


def test_a_signed_shipped_treatment_answers_all_of_discern(words):
    for treatment in words.treatments:
        answers = checks.discern(treatment, words, signed=True)
        assert len(answers) == 15
        assert [question for question, answered in answers if not answered] == [], treatment


@pytest.mark.parametrize(
    ("place", "empty", "label", "fields"),
    [
        ("treatment/prp", ["can_do"], "Benefits are named", ["What it can do"]),
        ("treatment/prp", ["common_effects"], "Risks are named", ["Common effects"]),
        ("treatment/prp", ["rare_serious"], "Risks are named", ["Serious harm"]),
        ("treatment/prp", ["not_for"], "Limits are named, and whom it is not for", ["Usually not for"]),
        ("treatment/prp", ["cannot_do"], "Limits are named, and whom it is not for", ["What it cannot do"]),
        ("treatment/prp", ["related"], "Other options are named", ["Related"]),
        ("treatment/prp", ["if_you_wait"], "It says what may happen if you wait", ["If you wait"]),
        (
            "treatment/prp",
            ["emergency", "same_day", "notices"],
            "It says when to get help",
            ["Call 911 or go to the ER", "Call us the same day", "Notices"],
        ),
        ("treatment/prp", ["evidence"], "It says how sure we are", ["Evidence"]),
        ("treatment/prp", ["evidence_level"], "It says how sure we are", ["Evidence level"]),
        ("treatment/prp", ["sources", "notices"], "Sources are named", ["Sources"]),
        ("infopage/approach", ["body"], "The page has words", ["Body"]),
        ("faqitem/second-opinion", ["answer"], "There is a question and an answer", ["Answer"]),
        ("glossaryterm/fusion", ["meaning"], "There is a word and its meaning", ["Meaning"]),
        ("warningsign/leg-weakness", ["level"], "It says how soon help is needed, and what to do", ["Level"]),
        ("warningsign/leg-weakness", ["advice"], "It says how soon help is needed, and what to do", ["Advice"]),
        (
            "safetynotice/help-after-a-needle",
            ["body", "emergency", "same_day"],
            "The notice says something",
            ["Body", "Call 911 or go to the ER", "Call us the same day"],
        ),
        ("reference/R03", ["publisher"], "The source has a name", ["Publisher"]),
        ("picture/prolotherapy", ["alt"], "Pictures are described for people who cannot see them", ["Alt"]),
        ("clinicsettings/clinic", ["phone"], "The phone number can be called", ["Phone"]),
        (
            "clinicsettings/clinic",
            ["emergency_wording"],
            "The emergency wording names 911 and 988",
            ["Emergency wording"],
        ),
    ],
)
def test_a_missing_safety_item_blocks_and_says_which_field_to_fill(look, place, empty, label, fields):
    model = schema.KINDS[place.split("/")[0]]
    values = {name: [] if _is_list(model, name) else "" for name in empty}
    found = look(place, **values)
    assert label in blocked(found)
    labels = {schema.label(field) for field in schema.fields(model)}
    for field in fields:
        assert field in labels
        assert f"“{field}”" in found[label].detail


def _is_list(model, name):
    field = model._meta.get_field(name)
    return field.many_to_many or hasattr(field, "item_choices")


def test_help_may_stand_on_the_page_or_in_a_notice_about_help(look):
    notice = {"place": "help", "emergency": ["Call if you cannot breathe."]}
    nothing = {"emergency": [], "same_day": []}
    label = "It says when to get help"
    assert look("treatment/prp", emergency=[], same_day=["A fever."], notices=[])[label].passed
    page = nothing | {"notices": ["during-a-needle"]}
    elsewhere = {"safetynotice/during-a-needle": notice | {"place": "during"}}
    assert not look("treatment/prp", **page, others=elsewhere)[label].passed
    assert look("treatment/prp", **page, others={"safetynotice/during-a-needle": notice})[label].passed


def test_a_source_may_be_named_by_a_notice(look):
    assert look("treatment/prp", sources=[], notices=["before-a-needle"])["Sources are named"].passed


def test_an_option_must_be_published_and_another_one(look):
    for related in (["no-such-treatment"], ["prp"]):
        assert "Other options are named" in blocked(look("treatment/prp", related=related))


def test_pages_are_checked_for_the_pictures_they_show(look):
    label = "Pictures are described for people who cannot see them"
    silent = {"picture/prolotherapy": {"alt": ""}}
    for place in ("treatment/prp", "infopage/approach"):
        found = look(place, picture="prolotherapy", others=silent)
        assert blocked(found) == [label]
        assert "“prolotherapy”" in found[label].detail
    assert look("picture/prolotherapy", alt="", decorative=True)[label].passed


def test_an_information_page_may_have_no_sources(look):
    check = look("infopage/privacy", sources=[])["Sources are named"]
    assert (check.passed, check.blocks) == (False, False)


@pytest.mark.parametrize("wording_of", ["In an emergency, call 911.", "Call or text 988.", "Call 9111 or 9880."])
def test_the_emergency_wording_names_both_numbers(look, wording_of):
    found = look("clinicsettings/clinic", emergency_wording=wording_of)
    assert blocked(found) == ["The emergency wording names 911 and 988"]


@pytest.mark.parametrize(
    ("required", "signed", "blocks"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_review_blocks_only_where_the_clinic_asks_for_one_first(look, required, signed, blocks):
    clinic = {"clinicsettings/clinic": {"review_before_publishing": required}}
    found = look("faqitem/second-opinion", others=clinic, signed=signed)
    label = "A medical reviewer has signed these exact words"
    assert found[label].passed is signed
    assert blocked(found) == ([label] if blocks else [])


@pytest.mark.parametrize(
    "sentence",
    [
        "This cures your pain.",
        "You will be cured.",
        "A CURE for pain.",
        "Curing pain is what we do.",
        "We guarantee relief.",
        "Results are guaranteed.",
        "You will be pain-free.",
        "You will be pain free.",
        "It is painless.",
        "A small miracle.",
        "Two breakthroughs in one year.",
        "There is no risk.",
        "A risk-free start.",
        "It helps 100% of people.",
        "100%",
        "It works instantly.",
        "It is your last hope.",
        # A denial of something else, after the word, excuses nothing.
        "It cures you with no operation.",
        "A no-cost cure.",
        "It never fails. It cures.",
        "Not a cure. It is a miracle.",
    ],
)
def test_a_promise_blocks_and_is_quoted(look, sentence):
    found = look("faqitem/second-opinion", answer=f"You may ask. {sentence}")
    assert blocked(found) == ["Nothing is promised that nobody can promise"]
    assert re.search(r"“.+” \(Answer\)", found["Nothing is promised that nobody can promise"].detail)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is not a cure.",
        "It cannot cure the cause.",
        "No one can promise a cure.",
        "It isn’t painless.",
        "Nothing is without risk, and nothing works instantly.",
        "Will you be able to cure my pain?",
        "Some ask: “Is it painless?”",
    ],
)
def test_a_denied_or_asked_promise_only_advises(look, sentence):
    found = look("faqitem/second-opinion", answer=f"You may ask. {sentence}")
    assert blocked(found) == []
    check = found["No sentence comes close to a promise"]
    assert (check.passed, check.blocks) == (False, False)
    assert f"“{sentence}” (Answer)" in check.detail


@pytest.mark.parametrize(
    "sentence",
    [
        "A secure line.",
        "We procure the device.",
        "The cause is obscure.",
        "Keep the screws secured.",
        "There is some risk.",
        "You breathe 100% oxygen.",
        "Medicine for breakthrough pain.",
        "People with no risk factors.",
        "It takes 1100 steps.",
    ],
)
def test_words_that_only_look_alike_pass(look, sentence):
    found = look("faqitem/second-opinion", answer=sentence)
    assert blocked(found) == []
    assert "No sentence comes close to a promise" not in found


@pytest.mark.parametrize(
    ("place", "changes", "field"),
    [
        ("treatment/prp", {"plain_name": "A cure from your blood"}, "Plain name"),
        ("treatment/prp", {"also_called": ["blood cure"]}, "People also search"),
        ("treatment/prp", {"can_do": ["It eases pain.", "It is painless."]}, "What it can do"),
        ("infopage/approach", {"description": "Guaranteed relief."}, "Description"),
        ("picture/prolotherapy", {"alt": "A miracle."}, "Alt"),
    ],
)
def test_promises_are_found_in_every_kind_of_text(look, place, changes, field):
    check = look(place, **changes)["Nothing is promised that nobody can promise"]
    assert check.blocks
    assert not check.passed
    assert f"({field})" in check.detail


def test_titles_of_studies_are_quoted_as_they_are(look):
    assert blocked(look("reference/R03", title="A cure for back pain")) == []


def test_words_that_blame_are_advice(look):
    check = look("faqitem/second-opinion", answer="Pain sufferers and drug-seekers.")["No word blames"]
    assert (check.passed, check.blocks) == (False, False)


@pytest.mark.parametrize(
    ("empty", "open_questions"),
    [
        ({}, []),
        ({"questions": []}, ["Does it help people to decide together with us?"]),
        ({"how_it_works": ""}, ["Does it tell what it sets out to tell?", "Does it explain how the treatment works?"]),
        ({"sources": [], "notices": []}, ["Are the sources named?", "Is there a way to read more elsewhere?"]),
        ({"related": []}, ["Does it show that there are other choices?"]),
        ({"can_do": ["Relief."], "may_help": ["Pain."]}, ["Do benefit and risk get about the same room?"]),
        (
            {"after": "", "later": "", "expectations": "", "living_with_it": ""},
            ["Does it say what daily life may be like?"],
        ),
    ],
)
def test_discern_counts_the_questions_that_are_answered(look, empty, open_questions):
    check = look("treatment/prp", **empty)["The page answers the questions of DISCERN"]
    assert not check.blocks
    assert check.passed is (not open_questions)
    assert check.detail == " ".join([f"{15 - len(open_questions)} of 15.", *open_questions])


def test_only_signed_words_have_dates_of_review(look):
    check = look("treatment/prp", signed=False)["The page answers the questions of DISCERN"]
    assert check.detail == "14 of 15. Are there dates that show how fresh it is?"


def test_only_treatments_are_held_against_discern(look):
    assert "The page answers the questions of DISCERN" not in look("infopage/approach")


def test_the_reading_grade_is_told_and_is_advice(look):
    label = "The reading grade is 8 or lower"
    easy = look("faqitem/second-opinion", answer="You may ask. It is fine.")[label]
    assert easy.passed
    assert re.fullmatch(r"It is -?\d+\.\d\.", easy.detail)
    hard = "Intraoperative neurophysiological monitoring facilitates identification of iatrogenic complications."
    check = look("faqitem/second-opinion", answer=hard)[label]
    assert (check.passed, check.blocks) == (False, False)


def test_long_sentences_are_quoted_and_five_are_enough(look):
    label = "No sentence is longer than 25 words"
    fine, long = "word " * 24 + "end.", "Long" + " word" * 24 + " end."
    assert look("faqitem/second-opinion", answer=fine)[label].passed
    # A description for search engines may be one long line.
    assert look("infopage/approach", description=long)[label].passed
    check = look("faqitem/second-opinion", answer=f"{fine} {long}")[label]
    assert (check.passed, check.blocks) == (False, False)
    assert check.detail == f"Make two of each: “{long}” (Answer)"
    check = look("faqitem/second-opinion", answer=" ".join([long] * 7))[label]
    assert check.detail.count("Long") == 5
    assert check.detail.endswith("and 2 more.")


def test_a_long_name_counts_as_one_word_in_a_long_sentence():
    name = "Medici Orthopaedics & Spine"
    assert readability.long_sentences(name + " word" * 24 + ".") == []
    assert readability.long_sentences(name + " word" * 25 + ".") == [name + " word" * 25 + "."]
    assert readability.long_sentences("One two three.", limit=2) == ["One two three."]


@pytest.mark.parametrize(
    "link",
    ["/", "/urgent/", "/urgent/#nerves", "/treatments/regenerative/prp/", "/glossary/#fusion", "REQUEST?treatment=prp",
     "https://example.org/nowhere/", "tel:911"],
)  # fmt: skip
def test_links_that_lead_somewhere_pass(look, link):
    link = link.replace("REQUEST", reverse("request_evaluation"))
    assert look("faqitem/second-opinion", answer=f"See [this]({link}).")["Links inside the site lead to a page"].passed


@pytest.mark.parametrize("link", ["/nowhere/", "/treatments/prp/", "/glossary/#no-such-word", "/urgent"])
def test_a_link_that_leads_nowhere_is_quoted(look, link):
    check = look("faqitem/second-opinion", answer=f"See [this]({link}).")["Links inside the site lead to a page"]
    assert (check.passed, check.blocks) == (False, False)
    assert f"“{link}” (Answer) leads nowhere" in check.detail


def test_a_link_to_a_former_address_passes_and_tells_the_new_one(words):
    record = next(record for record in words.records(InfoPage) if record["slug"] == "approach")
    moved = words.with_record("infopage", words.page("approach").pk, {**record, "address": "our-approach"})
    record = next(record for record in words.records(InfoPage) if record["slug"] == "home")
    moved = moved.with_record("infopage", words.page("home").pk, {**record, "body": "See [this](/approach/#steps)."})
    found = {check.label: check for check in checks.checklist(moved.page("home"), moved, signed=True)}
    check = found["Links inside the site lead to a page"]
    assert check.passed
    assert check.detail == "“/approach/#steps” (Body) has moved to “/our-approach/”."


@pytest.mark.parametrize(("length", "passed"), [(69, False), (70, True), (160, True)])
def test_the_length_of_a_description_is_advice(look, length, passed):
    check = look("infopage/approach", description="x" * length)["The description has a good length for search engines"]
    assert (check.passed, check.blocks) == (passed, False)


def test_a_percentage_needs_a_source(look):
    label, answer = "Every percentage has a source", "It helps 48% of people."
    check = look("faqitem/second-opinion", answer=answer, sources=[])[label]
    assert (check.passed, check.blocks) == (False, False)
    assert f"“{answer}” (Answer)" in check.detail
    assert look("faqitem/second-opinion", answer=answer, sources=["R03"])[label].passed


def test_a_version_from_before_a_field_was_added_can_be_checked(words):
    record = next(record for record in words.records(Treatment) if record["slug"] == "prp")
    record = {name: value for name, value in record.items() if name != "cannot_do"}
    older = words.with_record("treatment", words.treatment("prp").pk, record)
    found = checks.checklist(older.treatment("prp"), older, signed=False)
    assert [check.label for check in checks.blocking(found)] == ["Limits are named, and whom it is not for"]


def test_the_texts_of_content_are_those_that_patients_read(words):
    names = {name for name, _ in wording.texts(words.clinic)}
    assert {"Emergency wording", "Name"} <= names
    assert not {"Email", "Address"} & names
