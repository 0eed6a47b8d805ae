"""Importing content: safe to repeat, careful with what staff wrote, and clear about mistakes."""

import datetime
import io
import shutil

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from treatments import library, publishing
from treatments.content_files import ContentError
from treatments.importing import export_content, import_content, read_valid
from treatments.models import FaqItem, GlossaryTerm, Treatment, Version

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped content that a test may spoil."""
    return shutil.copytree(settings.CONTENT_DIR, tmp_path / "content")


def change(folder, file, old, new):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


def problems(folder) -> list[str]:
    """The mistakes that an import reports; nothing may have changed."""
    before = Version.objects.count()
    with pytest.raises(ContentError) as caught:
        import_content(folder)
    assert Version.objects.count() == before
    return [str(problem) for problem in caught.value.problems]


def test_it_works(folder):
    counts = import_content(folder)
    assert (counts.created, counts.updated) == (0, 0)
    assert counts.unchanged > 150


def test_a_change_in_a_file_is_published(folder):
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence about it. ")
    counts = import_content(folder)
    assert (counts.created, counts.updated) == (0, 1)
    assert library.published().treatment("prp").how_it_works.startswith("A new sentence")
    assert import_content(folder).updated == 0


def test_a_new_record_is_published(folder):
    with (folder / "glossary.md").open("a") as file:
        file.write(
            "\n---\n\nAddress: zygapophysis\nTerm: Zygapophysis\n\n# Meaning\n\nAnother name for a facet joint.\n"
        )
    assert import_content(folder).created == 1
    assert any(term.slug == "zygapophysis" for term in library.published().glossary)


def test_what_staff_edited_is_left_alone(folder):
    Treatment.objects.filter(slug="prp").update(summary="Staff wrote this.")
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence. ")
    counts = import_content(folder)
    assert counts.kept == ["treatment prp"]
    assert "left alone (treatment prp)" in str(counts)
    assert Treatment.objects.get(slug="prp").summary == "Staff wrote this."
    assert "A new sentence" not in library.published().treatment("prp").how_it_works


def test_a_link_that_staff_added_counts_as_an_edit(folder):
    term = Treatment.objects.get(slug="prp")
    term.related.add(Treatment.objects.get(slug="hbot"))
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence. ")
    assert import_content(folder).kept == ["treatment prp"]


def test_overwrite_replaces_what_staff_edited(folder):
    Treatment.objects.filter(slug="prp").update(summary="Staff wrote this.")
    counts = import_content(folder, overwrite=True)
    assert (counts.updated, counts.kept) == (1, [])
    assert Treatment.objects.get(slug="prp").summary != "Staff wrote this."


def test_positions_can_be_swapped(folder):
    change(folder, "treatments/prp.md", "Position: 2", "Position: 1")
    change(folder, "treatments/prolotherapy.md", "Position: 1", "Position: 2")
    import_content(folder)
    family = library.published().treatment("regenerative")
    assert [one.slug for one in family.linked.procedures] == ["prp", "prolotherapy"]


def test_a_position_taken_by_what_staff_edited_is_reported(folder):
    FaqItem.objects.filter(slug=FaqItem.objects.first().slug).update(position=77)
    item = FaqItem.objects.exclude(position=77).first()
    change(folder, "faq.md", f"Address: {item.slug}\n", f"Address: {item.slug}-too\n")
    text = (folder / "faq.md").read_text().replace(f"Position: {item.position}\n", "Position: 77\n")
    (folder / "faq.md").write_text(text)
    assert any("Staff have edited" in problem for problem in problems(folder))


# -- Mistakes: file, line, field and what to do; all at once; nothing imported ----------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("treatments/prp.md", "Position: 2", "Position: second", ": Position: “second” is not a whole number"),
        ("treatments/prp.md", "Position: 2", "Position: 1", ": Position: Another one already stands"),
        ("treatments/prp.md", "Position: 2\n", "", ": Position: is missing. Add a line 'Position: …'"),
        ("treatments/prp.md", "Position: 2", "Position 2", "“Position 2” is not a fact"),
        ("treatments/prp.md", "Position: 2", "Positon: 2", ": Positon: is not a known name here. Did you mean “Position”"),
        ("treatments/prp.md", "Position: 2", "Position: 2\nPosition: 3", ": Position: stands here a second time"),
        ("treatments/prp.md", "Family: regenerative", "Family: regenerativ", ": Family: there is no treatment “regenerativ”"),
        ("treatments/prp.md", "Family: regenerative", "Family: prolotherapy", "“prolotherapy” is not a family"),
        ("treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\n\0", "holds a character that is no text"),
        ("treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\n[x](http://x.example) ", "cannot be used"),
        ("treatments/prp.md", "Needle: yes", "Needle: maybe", ": Needle: “maybe” is neither yes nor no"),
        ("treatments/prp.md", "Evidence level: early", "Evidence level: great", "is not one of the choices. Write one of: well"),
        ("treatments/prp.md", "Reach: 3", "Reach: 9", ": Reach: “9” is not one of the choices"),
        ("treatments/prp.md", "Picture: prp", "Picture: prpp", ": Picture: there is no picture “prpp”"),
        ("treatments/prp.md", "# Serious harm", "# Serious harms", "Did you mean “Serious harm”"),
        ("treatments/prp.md", "# Common effects\n\n- ", "# Common effects\n\n", "is not an item. This text is a list"),
        ("treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nSee [this](/nowhere/). ", "leads nowhere"),
        ("treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\n[x](/glossary/#no-such-word) ", "leads nowhere"),
        ("pictures.md", "Drawing: prp", "Drawing: no-such-drawing", ": Drawing: “no-such-drawing” is not one of"),
        ("pictures.md", "Drawing: prp", "Image: missing.jpg", "images/missing.jpg does not exist"),
        ("pictures.md", "Decorative: no", "Decorative: yes", "Describe the picture for people who cannot see it"),
        ("clinic.md", "2026-12-25 Christmas", "2026-12-52 Christmas", ": Holidays: "),
        ("clinic.md", "Monday 09:00", "Munday 09:00", ": Opening hours: "),
        ("clinic.md", "Time zone: America/New_York", "Time zone: America/Nowhere", ": Time zone: “America/Nowhere”"),
        ("clinic.md", "Phone: (555) 010-0100", "Phone: 12", ": Phone: “12” is not a phone number"),
        ("clinic.md", "Address: clinic", "Address: clinic-two", "There is only one record of clinic settings"),
        ("sources.md", "Checked on: 2026-11-24", "Checked on: 24 November", "“24 November” is not a date. Write it like"),
        ("sources.md", "Address: R02", "Address: R01", ": Address: “R01” is taken by line 1 of sources.md"),
        ("glossary.md", "Address: ablation\n", "", ": Address: is missing. Start the record with"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(folder, file, old, new, says):
    change(folder, file, old, new)
    found = problems(folder)
    assert any(says in problem for problem in found), found
    assert all(problem.split(":")[1].isdecimal() for problem in found)


def test_a_mistake_is_told_with_its_line(folder):
    change(folder, "treatments/prp.md", "Reach: 3", "Reach: 9")
    line = (folder / "treatments/prp.md").read_text().split("\n").index("Reach: 9") + 1
    assert problems(folder)[0].startswith(f"treatments/prp.md:{line}: Reach: ")


def test_all_mistakes_are_told_at_once(folder):
    change(folder, "treatments/prp.md", "Position: 2", "Position: second")
    change(folder, "clinic.md", "2026-12-25", "2026-13-25")
    (folder / "treatments/hbot.md").write_bytes(b"Name: \xff\xfe\n")
    files = {problem.split(":")[0] for problem in problems(folder)}
    assert {"treatments/prp.md", "clinic.md", "treatments/hbot.md"} <= files


def test_what_left_the_files_stays_and_is_named(folder):
    text = (folder / "glossary.md").read_text()
    (folder / "glossary.md").write_text(text.partition("---\n")[2])
    counts = import_content(folder)
    assert counts.gone == ["glossary term ablation"]
    assert "no longer in the files (glossary term ablation)" in str(counts)
    assert GlossaryTerm.objects.filter(slug="ablation").exists()


def test_an_empty_file_is_told(folder):
    (folder / "glossary.md").write_text("\n")
    assert any(problem.startswith("glossary.md:1: The file: is empty") for problem in problems(folder))


def test_a_file_from_another_editor_is_read(folder):
    file = folder / "treatments/prp.md"
    file.write_text("\ufeff" + file.read_text().replace("\n", "\r\n"))
    assert import_content(folder).updated == 0


def test_a_missing_file_is_told(folder):
    (folder / "faq.md").unlink()
    assert any(problem.startswith("faq.md:1: The file: is missing") for problem in problems(folder))


def test_command_reports_counts_and_mistakes(folder):
    out = io.StringIO()
    call_command("import_content", folder, stdout=out)
    assert "0 created, 0 updated" in out.getvalue()
    change(folder, "treatments/prp.md", "Position: 2", "Position: second")
    with pytest.raises(CommandError, match=r"Nothing was imported: 1 mistake[\s\S]*treatments/prp.md:5: Position"):
        call_command("import_content", folder)
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("import_content", folder / "nothing")


def test_check_imports_nothing(folder):
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence. ")
    out = io.StringIO()
    call_command("import_content", folder, check=True, stdout=out)
    assert "no mistakes" in out.getvalue()
    assert "A new sentence" not in Treatment.objects.get(slug="prp").how_it_works


def test_staffs_words_leave_through_an_export_and_come_back(folder):
    term = GlossaryTerm.objects.get(slug="ablation")
    term.meaning = "Staff wrote this.\n\n- and\n- a list"
    term.save()
    call_command("export_content", folder, stdout=io.StringIO())
    assert "Staff wrote this." in (folder / "glossary.md").read_text()
    counts = import_content(folder)
    assert (counts.created, counts.updated, counts.kept) == (0, 0, [])
    # From now on the files and staff agree again, so a change in the file is taken.
    change(folder, "glossary.md", "Staff wrote this.", "The file says more.")
    assert import_content(folder).updated == 1


def test_a_file_that_is_no_picture_is_refused(folder):
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "room.png").write_text("<script>alert(1)</script>")
    with (folder / "pictures.md").open("a") as file:
        file.write("\n---\n\nAddress: room\nImage: room.png\nAlt: A treatment room.\nDecorative: no\n")
    line = len((folder / "pictures.md").read_text().splitlines()) - 2
    (problem,) = problems(folder)
    assert problem.startswith(f"pictures.md:{line}: Image: images/room.png cannot be used. The file is not a JPEG, PNG")


# -- What staff have done since --------------------------------------------------------------------------------


def test_new_words_for_what_staff_edited_become_a_draft_once(folder):
    Treatment.objects.filter(slug="prp").update(summary="Staff wrote this.")
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence. ")
    counts = import_content(folder)
    assert counts.drafts == 1
    assert "1 of them with new words in the files, kept as drafts" in str(counts)
    staffs, draft = Version.objects.filter(kind="treatment", record__slug="prp", state="draft").order_by("number")
    assert staffs.record["summary"] == "Staff wrote this."
    assert draft.record["how_it_works"].startswith("A new sentence.")
    assert import_content(folder).drafts == 0


def test_what_staff_edited_is_kept_before_it_is_overwritten(folder):
    Treatment.objects.filter(slug="prp").update(summary="Staff wrote this.")
    import_content(folder, overwrite=True)
    assert Version.objects.filter(record__summary="Staff wrote this.").exists()


def test_what_staff_deleted_stays_deleted(folder, manager):
    item = FaqItem.objects.get(position=3)
    publishing.delete(item, by=manager, reason="Not asked")
    counts = import_content(folder)
    assert counts.kept == [f"question and answer {item.slug}"]
    assert not FaqItem.objects.filter(slug=item.slug).exists()


def test_what_staff_took_down_stays_down_and_its_words_follow_the_files(folder, manager):
    publishing.retire(Treatment.objects.get(slug="prp"), by=manager, reason="Not offered")
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence. ")
    import_content(folder)
    assert library.published().treatment("prp") is None
    assert Treatment.objects.get(slug="prp").how_it_works.startswith("A new sentence.")


def test_a_page_that_staff_moved_is_not_imported_a_second_time(folder, manager):
    treatment = Treatment.objects.get(slug="prp")
    treatment.address = "plasma"
    treatment.save()
    publishing.publish(treatment, by=manager, reason="Plainer address")
    counts = import_content(folder)
    assert (counts.created, counts.kept) == (0, ["treatment prp"])
    assert Treatment.objects.get(slug="prp").address == "plasma"


def test_export_writes_working_copies_or_what_patients_read(folder):
    Treatment.objects.filter(slug="prp").update(summary="Not public yet.", staff_notes=["Clinician: Is this so?"])
    export_content(folder, published=True)
    words = "".join(path.read_text() for path in folder.rglob("*.md") if path.name != "README.md")
    assert "Not public yet." not in words
    assert "Notes for staff" not in words
    export_content(folder)
    assert "Not public yet." in (folder / "treatments/prp.md").read_text()
    assert "- Clinician: Is this so?" in (folder / "treatments/prp.md").read_text()


@pytest.mark.parametrize("published", [True, False])
def test_what_is_exported_after_a_move_can_be_imported_elsewhere(folder, manager, published):
    treatment = Treatment.objects.get(slug="regenerative")
    treatment.address = "healing"
    treatment.save()
    publishing.publish(treatment, by=manager, reason="Plainer address")
    assert "regenerative.md" in [path.name for path in export_content(folder, published=published)]
    assert read_valid(folder)  # links to the old address still lead somewhere


def test_words_that_the_checklist_blocks_are_not_published_by_an_import(folder):
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nThis will cure you. ")
    counts = import_content(folder)
    assert counts.held == ["treatment prp"]
    assert "1 not published because of the checklist (treatment prp)" in str(counts)
    assert "cure you" not in library.published().treatment("prp").how_it_works
    assert Treatment.objects.get(slug="prp").how_it_works.startswith("This will cure you.")


def test_an_import_leaves_a_planned_end_as_it_is(folder, manager):
    end = timezone.now() + datetime.timedelta(days=3)
    publishing.plan_retiring(Treatment.objects.get(slug="prp"), by=manager, at=end, reason="Ends")
    change(folder, "treatments/prp.md", "\n# How it works\n\n", "\n# How it works\n\nA new sentence. ")
    import_content(folder)
    assert publishing.published_version(Treatment.objects.get(slug="prp")).retire_at == end
