"""The road of words from draft to patients and back: what each step does, and what it refuses."""

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories import make_user
from treatments import library, publishing, schedule
from treatments.models import (
    ClinicSettings,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    InfoPage,
    SafetyNotice,
    Treatment,
    Version,
    VersionEvent,
)
from treatments.publishing import RefusedError, keep, publish, published_version

pytestmark = pytest.mark.django_db
PRP = "/treatments/regenerative/prp/"


@pytest.fixture
def treatment():
    return Treatment.objects.get(slug="prp")


@pytest.fixture
def editor():
    return make_user(username="editor")


@pytest.fixture
def reviewer():
    return make_user(username="reviewer", first_name="Sample", last_name="Reviewer", credentials="MD (sample)")


def write(content, **words):
    for name, value in words.items():
        setattr(content, name, value)
    content.save()
    return content


def events(content) -> list[str]:
    found = VersionEvent.objects.filter(version__in=Version.objects.of(content)).order_by("pk")
    return [event.get_action_display() for event in found]


# -- Keeping and publishing ---------------------------------------------------------------------------


def test_it_works(treatment, editor, page):
    write(treatment, summary="New words.")
    version = publish(treatment, by=editor, reason="Clearer words")
    assert (version.number, version.state, version.record["summary"]) == (2, "published", "New words.")
    assert version.created_by == editor
    event = version.events.get()
    assert (event.by, event.note) == (editor, "Clearer words")
    assert "New words." in page(PRP).text


def test_an_edit_is_not_seen_until_it_is_published(treatment, page):
    write(treatment, summary="Words under way.")
    assert publishing.is_changed(treatment)
    assert "Words under way." not in page(PRP).text
    publish(treatment, reason="test")
    assert not publishing.is_changed(treatment)
    assert "Words under way." in page(PRP).text


def test_every_save_is_a_version_and_the_same_words_are_kept_once(treatment, editor):
    first = keep(write(treatment, summary="One."), by=editor, reason="first")
    assert (first.number, first.state, first.reason) == (2, "draft", "first")
    assert keep(treatment, by=editor) == first
    keep(write(treatment, summary="Two."), by=editor)
    assert [version.record["summary"] for version in Version.objects.of(treatment)[:2]] == ["Two.", "One."]


def test_publishing_the_same_words_again_changes_nothing(treatment, editor):
    before = published_version(treatment)
    assert publish(treatment, by=editor, reason="test") == before
    assert events(treatment) == events(treatment)
    assert Version.objects.of(treatment).count() == 1


def test_the_former_version_is_kept_as_it_was(treatment):
    before = published_version(treatment)
    publish(write(treatment, summary="New words."), reason="test")
    kept = Version.objects.get(pk=before.pk)
    assert (kept.state, kept.record) == ("replaced", before.record)


def test_words_with_an_open_safety_item_cannot_be_published(treatment, editor, page):
    write(treatment, how_it_works="This will cure you.")
    with pytest.raises(publishing.BlockedError, match="This will cure you") as refused:
        publish(treatment, by=editor, reason="test")
    assert [check.label for check in refused.value.failing] == ["Nothing is promised that nobody can promise"]
    assert "cure you" not in page(PRP).text


# -- Review -------------------------------------------------------------------------------------------


def test_a_reviewer_signs_and_patients_read_so(treatment, editor, reviewer, page):
    assert page(PRP).says("Awaiting medical review")
    version = publishing.send_for_review(write(treatment, summary="New words."), by=editor)
    publishing.sign(version, by=reviewer)
    version.refresh_from_db()
    assert version.state == "approved"
    assert page(PRP).says("Awaiting medical review")  # the new words are not public yet
    for notice in treatment.notices.all():
        publishing.sign(published_version(notice), by=reviewer)
    publishing.sign(published_version(treatment.picture), by=reviewer)
    assert publish(treatment, by=editor, reason="test") == version
    assert page(PRP).says("Medically reviewed by Sample Reviewer, MD \\(sample\\) on")
    assert events(treatment)[-3:] == ["Sent for review", "Signed as medically reviewed", "Published"]


def signed_page(treatment, reviewer):
    for content in (treatment, treatment.picture, *treatment.notices.all()):
        publishing.sign(published_version(content), by=reviewer)


def test_words_before_patients_can_be_signed_as_they_are(treatment, reviewer, page):
    signed_page(treatment, reviewer)
    assert page(PRP).says("Medically reviewed by Sample Reviewer")
    assert not page("/treatments/hbot/").says("Medically reviewed")


def test_a_later_medical_change_says_so_by_itself(treatment, editor, reviewer, page):
    with time_machine.travel(datetime.datetime(2026, 1, 2, 15, tzinfo=datetime.UTC)):
        signed_page(treatment, reviewer)
    with time_machine.travel(datetime.datetime(2026, 5, 4, 15, tzinfo=datetime.UTC)):
        publish(write(treatment, summary="Other words."), by=editor, reason="test")
        text = "Edited May 4, 2026; last medical review January 2, 2026 by Sample Reviewer, MD \\(sample\\)"
        assert page(PRP).says(text)
        publish(write(treatment, summary=Version.objects.of(treatment).get(number=1).record["summary"]), reason="back")
        assert page(PRP).says("Medically reviewed by Sample Reviewer, MD \\(sample\\) on January 2, 2026")


def test_a_change_that_is_not_medical_keeps_the_review(treatment, editor, reviewer, page):
    signed_page(treatment, reviewer)
    publish(write(treatment, short_name="PRP shots"), by=editor, reason="test")
    assert page(PRP).says("Medically reviewed by Sample Reviewer")


def test_a_page_is_reviewed_only_with_the_notices_it_shares(treatment, editor, reviewer, page):
    signed_page(treatment, reviewer)
    notice = treatment.notices.first()
    publish(write(notice, body="Another body."), by=editor, reason="test")
    assert not page(PRP).says("Medically reviewed")
    assert page(PRP).says("Edited .*; last medical review")


def test_an_overdue_review_says_so(treatment, reviewer, page):
    with time_machine.travel(datetime.datetime(2024, 2, 29, 15, tzinfo=datetime.UTC)):
        signed_page(treatment, reviewer)
    assert page(PRP).says("on February 29, 2024. The next review was due on February 28, 2025")


def test_the_clinic_sets_how_long_a_review_holds(treatment, reviewer):
    publish(write(ClinicSettings.objects.get(), review_months=6), reason="test")
    with time_machine.travel(datetime.datetime(2026, 8, 31, 15, tzinfo=datetime.UTC)):
        sign_off = publishing.sign(published_version(treatment), by=reviewer)
    assert sign_off.next_review_on == datetime.date(2027, 2, 28)


@pytest.mark.parametrize("missing", [{"credentials": ""}, {"first_name": "", "last_name": ""}])
def test_a_reviewer_without_name_or_credentials_cannot_sign(treatment, reviewer, missing):
    for name, value in missing.items():
        setattr(reviewer, name, value)
    with pytest.raises(RefusedError, match="full name and credentials"):
        publishing.sign(published_version(treatment), by=reviewer)


def test_authors_do_not_sign_their_own_words_unless_the_clinic_allows_it(treatment, editor, reviewer):
    keep(write(treatment, summary="One."), by=reviewer)
    version = publishing.send_for_review(write(treatment, summary="Two."), by=editor)
    with pytest.raises(RefusedError, match="You wrote some of these words"):
        publishing.sign(version, by=reviewer)
    clinic = write(ClinicSettings.objects.get(), author_may_review=True)
    with pytest.raises(RefusedError):  # a draft of the clinic's settings is not in force
        publishing.sign(version, by=reviewer)
    publish(clinic, reason="test")
    publishing.sign(version, by=reviewer)


def test_what_an_author_wrote_before_the_last_review_is_no_obstacle(treatment, editor, reviewer):
    other = make_user(username="other", first_name="O", last_name="Ther", credentials="DO")
    keep(write(treatment, summary="One."), by=reviewer)
    publishing.sign(publishing.send_for_review(treatment, by=editor), by=other)
    version = publishing.send_for_review(write(treatment, summary="Two."), by=editor)
    publishing.sign(version, by=reviewer)


def test_the_clinic_can_ask_for_a_review_before_publishing(treatment, editor, reviewer):
    clinic = ClinicSettings.objects.get()
    publish(write(clinic, review_before_publishing=True), by=editor, reason="test")
    write(treatment, summary="New words.")
    with pytest.raises(publishing.BlockedError, match="signed these exact words"):
        publish(treatment, by=editor, reason="test")
    publishing.sign(publishing.send_for_review(treatment, by=editor), by=reviewer)
    assert publish(treatment, by=editor, reason="test").state == "published"


def test_drafts_and_former_words_cannot_be_signed(treatment, editor, reviewer):
    draft = keep(write(treatment, summary="One."), by=editor)
    with pytest.raises(RefusedError, match="in review or before patients"):
        publishing.sign(draft, by=reviewer)
    former = published_version(treatment)
    publish(treatment, by=editor, reason="test")
    with pytest.raises(RefusedError, match="in review or before patients"):
        publishing.sign(former, by=reviewer)


def test_sending_back_leaves_a_remark_and_the_words(treatment, editor, reviewer):
    version = publishing.send_for_review(write(treatment, summary="New words."), by=editor)
    publishing.send_back(version, by=reviewer, note="Risks are missing.")
    version.refresh_from_db()
    assert (version.state, version.events.last().note) == ("draft", "Risks are missing.")
    with pytest.raises(RefusedError):
        publishing.send_back(version, by=reviewer, note="again")


def test_newer_words_take_back_what_was_on_its_way(treatment, editor):
    first = publishing.send_for_review(write(treatment, summary="One."), by=editor)
    second = publishing.send_for_review(write(treatment, summary="Two."), by=editor)
    first.refresh_from_db()
    assert (first.state, second.state) == ("draft", "in review")
    publish(write(treatment, summary="Three."), by=editor, reason="test")
    second.refresh_from_db()
    assert second.state == "draft"


def test_signatures_and_history_are_only_added_to(treatment, editor, reviewer):
    sign_off = publishing.sign(published_version(treatment), by=reviewer)
    for row in (sign_off, VersionEvent.objects.last()):
        for act in (row.delete, lambda row=row: type(row).objects.filter(pk=row.pk).update(note="other")):
            with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
                act()


# -- Scheduling and taking down -----------------------------------------------------------------------


def later(**delta):
    return timezone.now() + datetime.timedelta(**delta)


def test_a_scheduled_version_goes_public_by_itself(treatment, editor, page, client):
    version = publish(write(treatment, summary="Words of spring."), by=editor, reason="Spring", at=later(days=2))
    assert version.state == "scheduled"
    assert "Words of spring." not in page(PRP).text
    with time_machine.travel(later(days=2, seconds=-1), tick=False):
        assert "Words of spring." not in page(PRP).text
    with time_machine.travel(later(days=2), tick=False):
        assert "Words of spring." in page(PRP).text
        assert published_version(treatment) == version
    assert events(treatment)[-2:] == ["Scheduled", "Published"]


def test_a_scheduled_page_is_taken_down_by_itself(treatment, editor, page):
    version = publish(
        write(treatment, summary="For a while."), by=editor, reason="t", at=later(days=1), until=later(days=3)
    )
    with time_machine.travel(later(days=1, minutes=1)):
        assert "For a while." in page(PRP).text
    with time_machine.travel(later(days=3, minutes=1)):
        page(PRP, status=404)
        version.refresh_from_db()
        assert version.state == "retired"


def test_what_is_due_after_a_long_silence_happens_in_order(treatment, editor, page):
    publish(write(treatment, summary="Past."), by=editor, reason="t", at=later(days=1), until=later(days=2))
    with time_machine.travel(later(days=9)):
        page(PRP, status=404)
    assert events(treatment)[-2:] == ["Published", "Taken down"]


def test_several_who_ask_at_once_publish_once(treatment, editor):
    publish(write(treatment, summary="Words of spring."), by=editor, reason="Spring", at=later(days=2))
    with time_machine.travel(later(days=3)):
        assert (schedule.apply_due(), schedule.apply_due()) == (1, 0)


def test_newer_words_are_not_overtaken_by_an_old_schedule(treatment, editor, page):
    publish(write(treatment, summary="Scheduled."), by=editor, reason="t", at=later(days=2))
    publish(write(treatment, summary="Urgent."), by=editor, reason="t")
    with time_machine.travel(later(days=3)):
        assert "Urgent." in page(PRP).text


def test_the_moment_is_said_in_the_clinics_time_zone():
    moment = datetime.datetime(2027, 3, 3, 14, 0, tzinfo=datetime.UTC)
    assert publishing.spoken(moment) == "March 3, 2027, 9:00 AM Eastern"
    assert publishing.spoken(moment + datetime.timedelta(days=30)) == "April 2, 2027, 10:00 AM Eastern"


def test_a_page_is_taken_down_and_published_again(treatment, editor, page):
    publishing.retire(treatment, by=editor, reason="Not offered")
    page(PRP, status=404)
    assert "prp" not in [one.slug for one in library.published().treatment("regenerative").linked.procedures]
    with pytest.raises(RefusedError, match="do not see"):
        publishing.retire(treatment, by=editor, reason="again")
    publish(treatment, by=editor, reason="Offered again")
    page(PRP)


def test_taking_down_can_be_planned_and_cancelled(treatment, editor, page):
    publishing.plan_retiring(treatment, by=editor, at=later(days=1), reason="t")
    publishing.plan_retiring(treatment, by=editor, at=None, reason="t")
    with time_machine.travel(later(days=2)):
        page(PRP)


def test_pages_that_the_site_needs_stay(editor):
    from treatments.models import InfoPage

    for content in (
        InfoPage.objects.get(slug="urgent"),
        ClinicSettings.objects.get(),
        Treatment.objects.get(slug="regenerative"),
    ):
        with pytest.raises(RefusedError):
            publishing.retire(content, by=editor, reason="test")


def test_what_other_public_pages_show_is_not_taken_down(treatment, editor, page):
    for content in (treatment.notices.first(), treatment.picture, treatment.sources.first()):
        with pytest.raises(RefusedError, match="Patients meet it on"):
            publishing.retire(content, by=editor, reason="test")
        with pytest.raises(RefusedError):
            publish(content, by=editor, reason="test", until=later(days=1))


def test_a_planned_end_is_kept_by_whoever_does_not_speak_of_it(treatment, editor):
    end = later(days=9)
    publishing.plan_retiring(treatment, by=editor, at=end, reason="t")
    publish(write(treatment, summary="From the files."), reason="import")
    assert published_version(treatment).retire_at == end
    publishing.reorder(
        Treatment,
        [one.pk for one in Treatment.objects.filter(family=treatment.family).order_by("-position")],
        by=editor,
    )
    assert published_version(treatment).retire_at == end


def test_what_became_needed_meanwhile_stays_up(editor, page):
    item = FaqItem.objects.first()
    version = published_version(item)
    # As when other pages have come to need it since the day was set.
    family = Treatment.objects.get(slug="regenerative")
    Version.objects.filter(pk=published_version(family).pk).update(retire_at=later(days=1))
    publishing.plan_retiring(item, by=editor, at=later(days=1), reason="t")
    with time_machine.travel(later(days=2)):
        page("/treatments/regenerative/")
        version.refresh_from_db()
        assert version.state == "retired"
    assert "It stays up" in published_version(family).events.last().note


@pytest.mark.parametrize("field", ["at", "until"])
def test_a_moment_in_the_far_future_is_refused(treatment, editor, field):
    moment = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
    with pytest.raises(RefusedError, match="five years"):
        publish(write(treatment, summary="x"), by=editor, reason="t", **{field: moment})


def test_one_that_fails_does_not_hold_up_the_schedule(treatment, editor, page, monkeypatch):
    term = GlossaryTerm.objects.get(slug="ablation")
    broken = publish(write(treatment, summary="Broken."), by=editor, reason="t", at=later(days=1))
    publish(write(term, meaning="On time."), by=editor, reason="t", at=later(days=1))
    act = publishing.do_what_is_due
    monkeypatch.setattr(publishing, "do_what_is_due", lambda pk: 1 / 0 if pk == broken.pk else act(pk))
    with time_machine.travel(later(days=2)):
        assert "On time." in page("/glossary/").text


def test_an_end_before_the_beginning_is_refused(treatment, editor):
    with pytest.raises(RefusedError, match="before it is public"):
        publish(treatment, by=editor, reason="t", at=later(days=2), until=later(days=1))


# -- Restoring, deleting, order, addresses ------------------------------------------------------------


def test_restoring_makes_a_new_draft(treatment, editor, page):
    publish(write(treatment, summary="New words."), by=editor, reason="t")
    keep(write(treatment, summary="Never published."), by=editor)
    former = Version.objects.of(treatment).get(number=1)
    restored = publishing.restore(former, by=editor)
    assert restored.summary == former.record["summary"]
    assert "New words." in page(PRP).text
    assert Version.objects.of(treatment).first().reason == "Restored from version 1"
    assert Version.objects.of(treatment).filter(record__summary="Never published.").exists()
    publish(restored, by=editor, reason="t")
    assert "New words." not in page(PRP).text


def test_restoring_does_not_bring_an_old_order_back(treatment, editor):
    family = Treatment.objects.filter(family=treatment.family).order_by("position")
    publishing.reorder(Treatment, [one.pk for one in family][::-1], by=editor)
    treatment.refresh_from_db()
    place = treatment.position
    keep(write(treatment, summary="New words."), by=editor)
    restored = publishing.restore(Version.objects.of(treatment).get(number=1), by=editor)
    assert restored.position == place
    assert restored.summary != "New words."


def test_words_that_no_version_holds_survive_restoring(treatment, editor):
    Treatment.objects.filter(pk=treatment.pk).update(summary="Typed in a shell.")
    publishing.restore(Version.objects.of(treatment).get(number=1), by=editor)
    assert Version.objects.of(treatment).filter(record__summary="Typed in a shell.").exists()


def test_a_deleted_page_leaves_and_can_be_restored(editor, page):
    item = FaqItem.objects.first()
    before, related = publishing.schema.to_record(item), item.pk
    publishing.delete(item, by=editor, reason="No longer asked")
    assert before["question"] not in page("/faq/").text
    assert not FaqItem.objects.filter(pk=related).exists()
    restored = publishing.restore(Version.objects.filter(kind="faqitem", content_id=related).first(), by=editor)
    assert restored.pk == related
    assert publishing.schema.to_record(restored) | {"position": 0} == before | {"position": 0}
    publish(restored, by=editor, reason="back")
    assert before["question"] in page("/faq/").text


def test_what_others_use_is_not_deleted(editor):
    notice = next(one for one in SafetyNotice.objects.all() if Treatment.objects.filter(notices=one).exists())
    with pytest.raises(RefusedError, match="still used by"):
        publishing.delete(notice, by=editor, reason="test")
    assert SafetyNotice.objects.filter(pk=notice.pk).exists()


def test_restoring_onto_a_taken_address_is_refused(editor):
    term = GlossaryTerm.objects.get(slug="ablation")
    version = published_version(term)
    publishing.delete(term, by=editor, reason="test")
    GlossaryTerm.objects.create(slug="ablation", term="Ablation", meaning="Another one.")
    with pytest.raises(RefusedError, match="already has this address"):
        publishing.restore(version, by=editor)


def test_order_is_public_at_once_and_takes_no_draft_along(treatment, editor, page):
    keep(write(treatment, summary="Not public yet."), by=editor)
    family = Treatment.objects.filter(family=treatment.family).order_by("position")
    ids = [one.pk for one in family][::-1]
    publishing.reorder(Treatment, ids, by=editor)
    shown = library.published().treatment("regenerative").linked.procedures
    assert [one.pk for one in shown] == ids
    assert "Not public yet." not in page(PRP).text
    treatment.refresh_from_db()
    assert treatment.summary == "Not public yet."


def test_an_old_schedule_cannot_undo_the_order(treatment, editor):
    publish(write(treatment, summary="Later."), by=editor, reason="t", at=later(days=2))
    with pytest.raises(RefusedError, match="is scheduled for"):
        publishing.reorder(Treatment, [treatment.pk], by=editor)


def test_a_new_address_is_led_to_from_the_old_one(treatment, editor, client, page):
    publish(write(treatment, address="plasma"), by=editor, reason="Plainer address")
    answer = client.get(PRP)
    assert (answer.status_code, answer["Location"]) == (301, "/treatments/regenerative/plasma/")
    assert answer["Cache-Control"] == "no-cache"
    page("/treatments/regenerative/plasma/")
    publish(write(treatment, address=""), by=editor, reason="Back")
    page(PRP)
    assert client.get("/treatments/regenerative/plasma/")["Location"] == PRP


def test_a_family_with_a_new_address_keeps_its_treatments_and_its_icon(editor, client, page):
    family = Treatment.objects.get(slug="regenerative")
    publish(write(family, address="healing"), by=editor, reason="test")
    page("/treatments/healing/prp/")
    assert client.get("/treatments/regenerative/")["Location"] == "/treatments/healing/"
    assert client.get(PRP)["Location"] == "/treatments/healing/prp/"
    assert library.published().treatment("regenerative").icon_template


def test_a_treatment_that_moves_to_another_family_is_found_from_the_old_place(treatment, editor, client):
    treatment.family, treatment.position = Treatment.objects.get(slug="interventional"), 9
    treatment.save()
    publish(treatment, by=editor, reason="test")
    assert client.get(PRP)["Location"] == "/treatments/interventional/prp/"


# -- What the database itself refuses -----------------------------------------------------------------


def test_a_page_cannot_take_an_address_that_is_still_in_use(treatment, editor, page):
    keep(write(treatment, address="plasma"), by=editor)  # moved away, but only as a draft
    other = Treatment.objects.get(slug="prolotherapy")
    with pytest.raises(publishing.BlockedError, match="No other page has its web address"):
        publish(write(other, address="prp"), by=editor, reason="test")


def test_words_that_name_a_draft_cannot_be_published(treatment, editor):
    notice = SafetyNotice.objects.create(slug="new", title="New", place="help", position=99, body="Take care.")
    treatment.notices.add(notice)
    with pytest.raises(publishing.BlockedError, match="Publish “new” first"):
        publish(treatment, by=editor, reason="test")


def test_a_family_with_public_treatments_does_not_move_below_another(editor, client):
    family = Treatment.objects.get(slug="regenerative")
    for position, one in enumerate(Treatment.objects.filter(family=family), start=20):
        write(one, family=Treatment.objects.get(slug="interventional"), position=position)
    write(family, family=Treatment.objects.get(slug="hbot"), position=1)
    with pytest.raises(RefusedError, match="still find"):
        publish(family, by=editor, reason="test")


def test_going_back_to_the_public_words_leaves_no_draft(treatment, editor):
    before = treatment.summary
    keep(write(treatment, summary="Other."), by=editor)
    assert keep(write(treatment, summary=before), by=editor) == published_version(treatment)
    assert treatment.saved_version == 1


def test_publishing_the_public_words_takes_a_schedule_back(treatment, editor, page):
    publish(write(treatment, summary="Later."), by=editor, reason="t", at=later(days=1))
    publish(publishing.restore(Version.objects.of(treatment).get(number=1), by=editor), by=editor, reason="t")
    with time_machine.travel(later(days=2)):
        assert "Later." not in page(PRP).text


def test_newer_words_are_not_published_unseen(treatment, editor):
    keep(write(treatment, summary="Seen."), by=editor)
    keep(write(treatment, summary="Not seen."), by=editor)
    with pytest.raises(RefusedError, match="Newer words"):
        publish(treatment, by=editor, reason="t", expected=2)


def test_restored_words_remain_those_of_who_wrote_them(treatment, editor, reviewer):
    keep(write(treatment, summary="By the reviewer."), by=reviewer)
    other = make_user(username="other", first_name="O", last_name="Ther", credentials="DO")
    publishing.sign(publishing.send_for_review(write(treatment, summary="Signed."), by=editor), by=other)
    restored = publishing.restore(Version.objects.of(treatment).get(record__summary="By the reviewer."), by=editor)
    version = publishing.send_for_review(restored, by=editor)
    with pytest.raises(RefusedError, match="You wrote"):
        publishing.sign(version, by=reviewer)


def test_who_only_changes_an_address_wrote_no_medical_words(treatment, editor, reviewer):
    keep(write(treatment, short_name="PRP shots"), by=reviewer)
    publishing.sign(publishing.send_for_review(treatment, by=editor), by=reviewer)


def test_a_review_of_words_that_became_public_later_counts(treatment, editor, reviewer, page):
    for content in (treatment.picture, *treatment.notices.all()):
        publishing.sign(published_version(content), by=reviewer)
    publishing.sign(publishing.send_for_review(write(treatment, summary="Signed."), by=editor), by=reviewer)
    publish(write(treatment, short_name="PRP shots"), by=editor, reason="t")
    assert page(PRP).says("Medically reviewed by Sample Reviewer")
    publish(write(treatment, summary="Edited."), by=editor, reason="t")
    assert page(PRP).says("Edited .*; last medical review")


@pytest.mark.parametrize("url", ["/treatments/", "/treatments/regenerative/"])
def test_a_page_that_shows_others_is_reviewed_only_with_them(reviewer, page, url):
    shown = library.published().at(url)
    pieces = [shown, *library.published().pieces(shown)]
    last = [one for one in pieces if isinstance(one, Treatment)][-1]
    for one in pieces:
        if one is not last:
            publishing.sign(Version.objects.published().get(kind=one.kind(), content_id=one.pk), by=reviewer)
    assert not page(url).says("Medically reviewed")
    publishing.sign(Version.objects.published().get(kind=last.kind(), content_id=last.pk), by=reviewer)
    assert page(url).says("Medically reviewed")


def test_a_page_that_was_taken_down_can_be_reviewed_again(treatment, editor, reviewer):
    publishing.retire(treatment, by=editor, reason="t")
    version = publishing.send_for_review(treatment, by=editor)
    assert (version.number, version.state) == (2, "in review")
    publishing.sign(version, by=reviewer)


def test_a_treatment_is_not_restored_without_its_family(editor):
    family = Treatment.objects.get(slug="regenerative")
    versions = []
    for one in [*Treatment.objects.filter(family=family), family]:
        for other in Treatment.objects.filter(related=one):
            other.related.remove(one)
        for rule in FinderRule.objects.filter(treatments=one):
            rule.treatments.remove(one)
        versions.append(published_version(one))
        publishing.delete(one, by=editor, reason="t")
    with pytest.raises(RefusedError, match="Restore it first"):
        publishing.restore(versions[0], by=editor)


@pytest.mark.parametrize("segment", ["admin", "request-evaluation", "treatments"])
def test_addresses_of_the_site_itself_are_refused(segment):
    page = InfoPage.objects.get(slug="approach")
    page.address = segment
    with pytest.raises(ValidationError, match="The site itself uses this"):
        page.full_clean()


def test_the_database_keeps_one_published_version(treatment):
    current = published_version(treatment)
    with pytest.raises(IntegrityError, match="version_one_published"):
        Version.objects.create(
            kind=current.kind, content_id=current.content_id, number=99, record=current.record, reason="test",
            state="published", published_at=timezone.now(),
        )  # fmt: skip


def test_the_database_keeps_one_version_on_its_way(treatment, editor):
    publishing.send_for_review(write(treatment, summary="One."), by=editor)
    with pytest.raises(IntegrityError, match="version_one_under_way"):
        Version.objects.create(kind="treatment", content_id=treatment.pk, number=99, record={}, state="approved")


@pytest.mark.parametrize(
    "change", [{"record": {}}, {"number": 7}, {"reason": "other"}, {"created_by": None}, {"published_at": None}]
)
def test_the_database_refuses_to_change_a_version(treatment, editor, change):
    version = publish(write(treatment, summary="New words."), by=editor, reason="test")
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(**change)


@pytest.mark.parametrize("state", ["draft", "approved", "scheduled", "published"])
def test_the_database_brings_no_former_words_back(treatment, editor, state):
    former = published_version(treatment)
    publish(write(treatment, summary="New words."), by=editor, reason="test")
    with pytest.raises(IntegrityError, match="restore its words"), transaction.atomic():
        Version.objects.filter(pk=former.pk).update(state=state)


def test_the_database_refuses_to_delete_a_version(treatment):
    with pytest.raises(IntegrityError), transaction.atomic():
        published_version(treatment).delete()
    with pytest.raises(IntegrityError, match="cannot be deleted"), transaction.atomic():
        Version.objects.filter(pk=published_version(treatment).pk)._raw_delete("default")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM treatments_version")


# -- The library --------------------------------------------------------------------------------------


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
    with connection.cursor() as cursor:
        # As another session sees it when the second transaction commits before the first one does.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE treatments_version DISABLE TRIGGER treatments_version_is_immutable")
    Version.objects.filter(pk=first.pk).update(state=Version.State.REPLACED)
    Version.objects.filter(pk=former[one.pk].pk).update(state=Version.State.PUBLISHED)
    assert "First words." not in [term.meaning for term in library.published().glossary]
    Version.objects.filter(pk=former[one.pk].pk).update(state=Version.State.REPLACED)
    Version.objects.filter(pk=first.pk).update(state=Version.State.PUBLISHED)
    assert "First words." in [term.meaning for term in library.published().glossary]


def test_the_library_costs_one_query_when_nothing_changed_and_three_when_something_did(
    treatment, django_assert_num_queries
):
    library.published()
    with django_assert_num_queries(1):
        library.published()
    publish(write(treatment, summary="New words."), reason="test")
    with django_assert_num_queries(3):
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
