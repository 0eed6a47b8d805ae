"""Every shipped content file: it loads, it is complete, it can be read by a tired person, it promises nothing."""

import re
import shutil

import pytest
from django.conf import settings

from tests.readability import grade, median_sentence
from treatments import schema
from treatments.content_files import read_folder
from treatments.importing import export_content, import_content
from treatments.models import ClinicSettings, Picture, Reference, Treatment

# From the claims register: words that promise, scare or blame.
NEVER = re.compile(
    r"\b(cures?|cured|curative|guarantee\w*|pain-free|miracle|breakthrough|no risk|100%|instantly|last hope|"
    r"addicts?|drug.seek\w*|sufferers?|victims?)\b",
    re.IGNORECASE,
)
FILES = sorted(str(path.relative_to(settings.CONTENT_DIR)) for path in settings.CONTENT_DIR.rglob("*.md"))
FILES.remove("README.md")


@pytest.fixture(scope="module")
def records():
    records, problems = read_folder(settings.CONTENT_DIR)
    assert problems == []
    return records


def words(record) -> str:
    """The texts of a record, as a reader would meet them."""
    texts = []
    for field in schema.fields(record.model):
        value = record.values[field.name]
        if schema.is_text(field) and value and field.name != "also_called":
            texts.append("\n".join(value) if isinstance(value, list) else value)
    return "\n".join(texts)


@pytest.mark.parametrize("file", FILES)
def test_file_is_plain_to_read(file, records, record_property):
    text = "\n".join(words(record) for record in records if record.file == file)
    if file == "sources.md":  # titles of studies are quoted as they are
        assert not text.strip()
        return
    measured = grade(text), median_sentence(text)
    record_property("grade", round(measured[0], 1))
    record_property("words in the median sentence", measured[1])
    assert measured[0] <= 8
    assert measured[1] < 16


@pytest.mark.parametrize("file", FILES)
def test_file_promises_nothing(file):
    for number, line in enumerate((settings.CONTENT_DIR / file).read_text().split("\n"), start=1):
        # One patient asks whether we can; the answer says that nobody can promise it.
        if not line.startswith("Question: Will you be able to cure my pain?"):
            assert not NEVER.search(line), f"{file}:{number}: {line}"


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


def test_every_treatment_tells_when_to_get_help(records):
    help_notices = {r.values["slug"] for r in records if r.values.get("place") == "help"}
    for record in records:
        if record.model is Treatment:
            own = record.values["emergency"] or record.values["same_day"]
            assert own or help_notices & set(record.values["notices"]), record.file


def test_every_treatment_gives_benefit_and_risk_about_the_same_room(records):
    for record in records:
        if record.model is Treatment:
            good = len("".join(record.values["can_do"] + record.values["may_help"]))
            harm = len("".join(record.values["common_effects"] + record.values["rare_serious"]))
            assert 0.4 < good / harm < 2.5, f"{record.file}: {good} to {harm} characters"


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
