"""Every shipped content file: it loads, it is complete, it can be read by a tired person, it promises nothing."""

import re
import shutil

import pytest
from django.conf import settings

from treatments import schema, wording
from treatments.content_files import read_folder
from treatments.importing import export_content, import_content
from treatments.models import ClinicSettings, Picture, Reference, Treatment
from treatments.readability import grade, median_sentence, words

FILES = sorted(str(path.relative_to(settings.CONTENT_DIR)) for path in settings.CONTENT_DIR.rglob("*.md"))
FILES.remove("README.md")


@pytest.fixture(scope="module")
def records():
    records, problems = read_folder(settings.CONTENT_DIR)
    assert problems == []
    return records


def instances(records, file):
    return [schema.from_record(record.model, record.values) for record in records if record.file == file]


@pytest.mark.parametrize("file", FILES)
def test_file_is_plain_to_read(file, records, record_property):
    text = "\n".join(map(words, instances(records, file)))
    # Titles of studies are quoted as they are; what people type is no prose.
    if file in ("sources.md", "synonyms.md", "word-lists.md"):
        assert not text.strip()
        return
    if file == "pages/en-espanol.md":
        # The grade counts the sounds of English words; what holds in Spanish as well are short sentences.
        assert median_sentence(text) < 16
        return
    measured = grade(text), median_sentence(text)
    record_property("grade", round(measured[0], 1))
    record_property("words in the median sentence", measured[1])
    assert measured[0] <= 8
    assert measured[1] < 16


@pytest.mark.parametrize("file", FILES)
def test_file_promises_nothing_and_blames_nobody(file, records):
    for one in instances(records, file):
        made, mentioned = wording.promises(one)
        assert not made, made
        assert not wording.blaming(one), one
        # One patient asks whether we can; the answer says that nobody can promise it.
        assert [quote.sentence for quote in mentioned] in ([], ["Will you be able to cure my pain?"])


def test_the_guide_and_the_checklist_name_the_same_words():
    guide = (settings.CONTENT_DIR / "README.md").read_text()
    promises = re.search(r"Never, in any form: (.*?)\.", guide)[1]
    assert re.findall(r'"(.*?)"', promises) == list(wording.PROMISES)
    blame = re.search(r'"People with", not (.*?)\.', guide)[1]
    assert re.findall(r'"(.*?)"', blame) == list(wording.BLAME)


def test_the_guide_names_every_fact_and_text_and_every_choice():
    guide = (settings.CONTENT_DIR / "README.md").read_text()
    for model in schema.KINDS.values():
        for field in schema.fields(model):
            assert schema.label(field) in guide, schema.label(field)
            for value, _ in getattr(field, "item_choices", None) or field.choices or ():
                # A drawing is chosen by its name; the guide does not list them.
                assert field.name == "drawing" or str(value) in guide, value


def test_eight_families_in_order_of_how_they_enter_the_body(records):
    families = [r for r in records if r.model is Treatment and not r.values["family"]]
    assert [r.values["slug"] for r in sorted(families, key=lambda r: r.values["position"])] == [
        "physical-therapy", "medication", "hbot", "regenerative", "interventional", "spinal-cord-stimulation",
        "baclofen-pump", "revision-surgery",
    ]  # fmt: skip
    reach = [r.values["reach"] for r in sorted(families, key=lambda r: r.values["position"])]
    assert reach == sorted(reach)


def test_every_procedure_has_a_drawing_with_words(records):
    pictures = {r.values["slug"]: r.values for r in records if r.model is Picture}
    families = {r.values["family"] for r in records if r.model is Treatment}
    for record in records:
        if record.model is Treatment and record.values["slug"] not in families:
            assert pictures[record.values["picture"]]["alt"], record.file


def test_sources_have_plausible_dates(records):
    for record in records:
        if record.model is Reference:
            assert record.values["checked_on"] is None or record.values["checked_on"] <= "2026-12-31"
            assert 1990 <= record.values["year"] <= 2026


def test_clinic_details_are_plainly_samples(records):
    (clinic,) = (r.values for r in records if r.model is ClinicSettings)
    assert clinic["details_are_samples"]
    assert clinic["phone"] == "(555) 010-0100"
    assert not clinic["address"]


def test_no_content_claims_to_be_reviewed():
    for file in FILES:
        text = (settings.CONTENT_DIR / file).read_text().lower()
        assert not re.search(r"(medically )?reviewed (by|on)\b", text), file


@pytest.mark.django_db
def test_export_gives_back_the_very_same_files(tmp_path):
    export_content(tmp_path)
    for file in FILES:
        assert (tmp_path / file).read_text() == (settings.CONTENT_DIR / file).read_text(), file


@pytest.mark.django_db
def test_import_export_import_changes_nothing(tmp_path):
    folder = tmp_path / "content"
    shutil.copytree(settings.CONTENT_DIR, folder)
    export_content(folder)
    counts = import_content(folder)
    assert (counts.created, counts.updated, counts.kept) == (0, 0, [])
