"""Versions: one published per page, immutable, and the only thing that patients read."""

import pytest
from django.db import IntegrityError, connection, transaction

from treatments import library
from treatments.models import GlossaryTerm, Treatment, Version
from treatments.publishing import is_changed, publish, published_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def treatment():
    return Treatment.objects.get(slug="prp")


def test_it_works(treatment, manager):
    treatment.summary = "New words."
    treatment.save()
    version = publish(treatment, by=manager, reason="Clearer words")
    assert version.number == 2
    assert version.record["summary"] == "New words."
    assert (version.published_by, version.reason) == (manager, "Clearer words")


def test_an_edit_is_not_seen_until_it_is_published(treatment, page):
    treatment.summary = "Words under way."
    treatment.save()
    assert is_changed(treatment)
    assert "Words under way." not in page("/treatments/regenerative/prp/").text
    publish(treatment, reason="test")
    assert not is_changed(treatment)
    assert "Words under way." in page("/treatments/regenerative/prp/").text


def test_publishing_the_same_words_again_makes_no_version(treatment):
    before = published_version(treatment)
    assert publish(treatment, reason="test") == before


def test_the_former_version_is_kept_as_it_was(treatment):
    before = published_version(treatment)
    treatment.summary = "New words."
    treatment.save()
    publish(treatment, reason="test")
    kept = Version.objects.get(pk=before.pk)
    assert kept.state == Version.State.REPLACED
    assert kept.record == before.record


def test_the_database_keeps_one_published_version(treatment):
    current = published_version(treatment)
    with pytest.raises(IntegrityError, match="version_one_published"):
        Version.objects.create(
            kind=current.kind, content_id=current.content_id, number=99, record=current.record, reason="test"
        )


@pytest.mark.parametrize("change", [{"record": {}}, {"number": 7}, {"reason": "other"}, {"published_by": None}])
def test_the_database_refuses_to_change_a_version(treatment, manager, change):
    treatment.summary = "New words."
    treatment.save()
    version = publish(treatment, by=manager, reason="test")
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(**change)


def test_the_database_refuses_to_delete_a_version(treatment):
    with pytest.raises(IntegrityError, match="cannot be deleted"), transaction.atomic():
        published_version(treatment).delete()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM treatments_version")


def test_the_library_follows_what_is_published_and_what_is_rolled_back():
    term = GlossaryTerm.objects.get(slug="ablation")
    term.meaning = "Other words."

    def meaning():
        return next(one.meaning for one in library.published().glossary if one.slug == "ablation")

    before = meaning()
    try:
        with transaction.atomic():
            term.save()
            publish(term, reason="test")
            assert meaning() == "Other words."
            raise RuntimeError
    except RuntimeError:
        pass
    assert meaning() == before


def test_the_library_notices_publications_that_commit_in_another_order():
    one, two = GlossaryTerm.objects.get(slug="ablation"), GlossaryTerm.objects.get(slug="core")
    former = {term.pk: published_version(term) for term in (one, two)}
    one.meaning, two.meaning = "First words.", "Second words."
    for term in (one, two):
        term.save()
        publish(term, reason="test")
    first = published_version(one)
    # As another session sees it when the second transaction commits before the first one does.
    Version.objects.filter(pk=first.pk).update(state=Version.State.REPLACED)
    Version.objects.filter(pk=former[one.pk].pk).update(state=Version.State.PUBLISHED)
    assert "First words." not in [term.meaning for term in library.published().glossary]
    Version.objects.filter(pk=former[one.pk].pk).update(state=Version.State.REPLACED)
    Version.objects.filter(pk=first.pk).update(state=Version.State.PUBLISHED)
    assert "First words." in [term.meaning for term in library.published().glossary]


def test_the_library_costs_one_query_when_nothing_changed(django_assert_num_queries):
    library.published()
    with django_assert_num_queries(1):
        library.published()


def test_the_library_can_be_had_without_the_database(settings):
    words = library.from_files(settings.CONTENT_DIR)
    assert len(words.families) == 8
    assert words.clinic.phone == "(555) 010-0100"


def test_a_procedure_waits_for_its_family():
    words = library.Library(
        library.Published(kind, record)
        for kind, record in Version.objects.filter(state="published").values_list("kind", "record")
        if not (kind == "treatment" and record["slug"] == "regenerative")
    )
    assert words.treatment("prp") is None
    assert len(words.families) == 7
    assert "prp" not in [one.slug for one in words.treatment("hbot").linked.related]


def test_what_points_to_something_unpublished_leaves_it_out():
    words = library.Library(
        library.Published(
            kind, record | ({"related": ["no-such-treatment", "hbot"]} if record["slug"] == "prp" else {})
        )
        for kind, record in Version.objects.filter(state="published").values_list("kind", "record")
    )
    assert [one.slug for one in words.treatment("prp").linked.related] == ["hbot"]
