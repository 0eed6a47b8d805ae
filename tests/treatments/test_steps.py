"""Staff take a page through its steps in the admin: what each step shows, does, and refuses."""

import datetime
import json
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_user, sign_in
from tests.treatments.test_admin import change_url, form_values
from treatments import library, publishing
from treatments.models import FaqItem, GlossaryTerm, Picture, Presence, SafetyNotice, ShareLink, Treatment, Version

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(db):
    return make_user(username="erin", role="Editor", first_name="Erin", last_name="Sample")


@pytest.fixture
def reviewer(db):
    names = {"first_name": "Robin", "last_name": "Sample", "credentials": "MD (sample)"}
    return make_user(username="robin", role="Medical reviewer", **names)


def signed_in(user) -> Client:
    client = Client()
    sign_in(client, user)
    return client


@pytest.fixture
def desk(editor):
    return signed_in(editor)


@pytest.fixture
def term():
    return GlossaryTerm.objects.get(slug="ablation")


def step(content, name) -> str:
    return reverse(f"admin:treatments_{content.kind()}_{name}", args=[content.pk])


def version_url(name, version) -> str:
    return reverse(f"admin:treatments_version_{name}", args=[version.pk])


def edit(client, content, **words):
    values = form_values(client.get(change_url(content))) | words
    return client.post(change_url(content), values, follow=True)


def says(response, *words) -> bool:
    text = " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
    return all(word in text for word in words)


def newest(content) -> Version:
    return Version.objects.of(content).order_by("-number").first()


# -- The whole way ------------------------------------------------------------------------------------


def test_from_a_new_word_to_patients_and_back(desk, reviewer, term, page):
    saved = edit(desk, term, meaning="Heat that calms a nerve.", change_note="Shorter", _review="1")
    assert says(saved, "Saved as version 2", "Send “Ablation” for review")
    assert "calms a nerve" not in page("/glossary/").text
    assert says(desk.post(step(term, "review"), {"note": "Please look."}, follow=True), "is now in review")

    clinician = signed_in(reviewer)
    assert says(clinician.get(reverse("admin:index")), "1 waiting for a medical reviewer")
    signing = f"{reverse('admin:treatments_version_sign')}?version={newest(term).pk}"
    assert says(clinician.get(signing), "Heat that calms a nerve.", "Robin Sample, MD (sample)")
    form = {"version": newest(term).pk, "next_review_on": "2027-11-30", "read": "on", "note": ""}
    assert says(clinician.post(signing, form, follow=True), "You have signed “Ablation”")
    assert newest(term).state == "approved"

    asked = {"reason": "Clearer", "version": 2}
    confirm = desk.post(step(term, "publish"), asked)
    assert re.search(r'name="_confirmed" value="Publish now, .* Eastern"', confirm.content.decode())
    assert "calms a nerve" not in page("/glossary/").text
    done = desk.post(step(term, "publish"), asked | {"_confirmed": "1"}, follow=True)
    assert says(done, "Patients now read version 2")
    assert "calms a nerve" in page("/glossary/").text

    history = desk.get(step(term, "history"))
    assert says(
        history, "Version 2", "Published", "“Shorter”", "Erin Sample", "Signed as medically reviewed", "Clearer"
    )
    restored = desk.post(version_url("restore", Version.objects.of(term).get(number=1)), follow=True)
    assert says(restored, "working copy of “Ablation” again")
    assert "calms a nerve" in page("/glossary/").text


def test_saving_never_publishes_whatever_is_posted(desk, term, page):
    edit(desk, term, meaning="Not yet.", _publish="1", _confirmed="1")
    assert "Not yet." not in page("/glossary/").text


def test_going_back_after_publishing_publishes_nothing_twice(desk, term):
    edit(desk, term, meaning="Once.")
    asked = {"reason": "Clearer", "version": 2, "_confirmed": "1"}
    for _ in range(2):
        desk.post(step(term, "publish"), asked)
    assert newest(term).events.filter(action="published").count() == 1


def test_words_saved_after_the_publish_page_was_opened_are_shown_first(desk, term, page):
    edit(desk, term, meaning="First.")
    edit(desk, term, meaning="Second.")
    answer = desk.post(step(term, "publish"), {"reason": "x", "version": 2, "_confirmed": "1"}, follow=True)
    assert says(answer, "Newer words were saved since you opened this page")
    assert "Second." not in page("/glossary/").text


def test_a_reason_is_asked(desk, term):
    edit(desk, term, meaning="New.")
    answer = desk.post(step(term, "publish"), {"reason": " ", "version": 2, "_confirmed": "1"})
    assert says(answer, "Say in a few words why")
    assert newest(term).state == "draft"


def test_the_checklist_blocks_what_is_unsafe(desk, page):
    treatment = Treatment.objects.get(slug="prp")
    edit(desk, treatment, how_it_works="This will cure you.")
    shown = desk.get(step(treatment, "publish"))
    assert says(shown, "Must be mended:", "This will cure you", "This cannot be published yet.", "14 of 15")
    desk.post(step(treatment, "publish"), {"reason": "x", "version": 2, "_confirmed": "1"})
    assert "cure you" not in page("/treatments/regenerative/prp/").text


# -- Schedule and take down ---------------------------------------------------------------------------


def test_a_schedule_says_its_day_and_zone_and_keeps_it(editor, term, page):
    with time_machine.travel(datetime.datetime(2027, 2, 1, 15, tzinfo=datetime.UTC)):
        desk = signed_in(editor)
        edit(desk, term, meaning="Words of March.")
        asked = {"reason": "March", "version": 2, "at_0": "2027-03-03", "at_1": "09:00"}
        confirm = desk.post(step(term, "publish"), asked)
        assert 'value="Schedule for March 3, 2027, 9:00 AM Eastern"' in confirm.content.decode()
        done = desk.post(step(term, "publish"), asked | {"_confirmed": "1"}, follow=True)
        assert says(done, "is scheduled for March 3, 2027, 9:00 AM Eastern")
        coming = desk.get(reverse("admin:treatments_version_coming"))
        assert says(coming, "March 3, 2027, 9:00 AM Eastern", "“Ablation”, version 2 is published")
    with time_machine.travel(datetime.datetime(2027, 3, 3, 13, 59, tzinfo=datetime.UTC)):
        assert "Words of March." not in page("/glossary/").text
    with time_machine.travel(datetime.datetime(2027, 3, 3, 14, 0, tzinfo=datetime.UTC)):
        assert "Words of March." in page("/glossary/").text


@pytest.mark.parametrize(
    ("day", "clock", "told"),
    [
        ("2020-01-01", "09:00", "This moment has passed"),
        ("2027-03-14", "02:30", "couldn"),  # the hour that the change to summer time leaves out
        ("2027-03-03", "", "Give both the day and the time"),
        ("2027-02-30", "09:00", "Enter a valid date"),
    ],
)
def test_a_moment_that_cannot_be_is_refused(editor, term, day, clock, told):
    with time_machine.travel(datetime.datetime(2027, 2, 1, 15, tzinfo=datetime.UTC)):
        desk = signed_in(editor)
        edit(desk, term, meaning="Words of March.")
        asked = {"reason": "March", "version": 2, "at_0": day, "at_1": clock, "_confirmed": "1"}
        answer = desk.post(step(term, "publish"), asked)
        assert says(answer, told)
        assert "March" in answer.content.decode()  # what was typed stays
        assert newest(term).state == "draft"


def test_taking_down_asks_first_and_says_when(desk, page):
    treatment = Treatment.objects.get(slug="prp")
    confirm = desk.post(step(treatment, "retire"), {"reason": "Not offered"})
    assert re.search(r'value="Take down now, .* Eastern"', confirm.content.decode())
    page("/treatments/regenerative/prp/")
    assert says(desk.get(step(treatment, "retire")), "These still link to it", "Regenerative medicine")
    done = desk.post(step(treatment, "retire"), {"reason": "Not offered", "_confirmed": "1"}, follow=True)
    assert says(done, "do not see “Platelet-rich plasma (PRP)” any more")
    page("/treatments/regenerative/prp/", status=404)


# -- Two people at once -------------------------------------------------------------------------------


def test_a_stale_save_is_refused_with_both_texts(desk, manager_client, term):
    values = form_values(desk.get(change_url(term)))
    edit(manager_client, term, meaning="The manager wrote this.")
    answer = desk.post(change_url(term), values | {"meaning": "Erin wrote that."})
    assert answer.status_code == 200
    assert says(answer, "manager saved this page on", "Nothing was saved over", "The manager", "Erin", "that.")
    term.refresh_from_db()
    assert term.meaning == "The manager wrote this."
    again = form_values(answer)
    assert again["meaning"] == "Erin wrote that."
    assert desk.post(change_url(term), again).status_code == 302
    assert [version.record["meaning"] for version in Version.objects.of(term).order_by("-number")[:2]] == [
        "Erin wrote that.",
        "The manager wrote this.",
    ]


def test_what_only_the_other_person_changed_is_taken_over(desk, manager_client, term):
    values = form_values(desk.get(change_url(term)))
    edit(manager_client, term, meaning="The manager wrote this.", also_called="one\ntwo")
    answer = desk.post(change_url(term), values | {"term": "Ablation, renamed"})
    assert says(answer, "You had not touched", "Meaning")
    again = form_values(answer)
    assert (again["term"], again["meaning"]) == ("Ablation, renamed", "The manager wrote this.")
    desk.post(change_url(term), again)
    term.refresh_from_db()
    assert (term.term, term.meaning, term.also_called) == (
        "Ablation, renamed",
        "The manager wrote this.",
        ["one", "two"],
    )


def test_links_and_ticks_of_the_other_person_are_taken_over_too(desk, manager_client):
    treatment = Treatment.objects.get(slug="prp")
    values = form_values(desk.get(change_url(treatment)))
    others = [other.pk for other in Treatment.objects.exclude(pk=treatment.pk)[:3]]
    edit(manager_client, treatment, related=others, medicine="on", position="7")
    answer = desk.post(change_url(treatment), values | {"summary": "Erin's summary."})
    desk.post(change_url(treatment), form_values(answer))
    treatment.refresh_from_db()
    assert treatment.summary == "Erin's summary."
    assert (set(treatment.related.values_list("pk", flat=True)), treatment.medicine, treatment.position) == (
        set(others),
        True,
        7,
    )


def test_words_changed_outside_the_admin_are_kept_before_they_are_saved_over(desk, term):
    GlossaryTerm.objects.filter(pk=term.pk).update(meaning="Typed in a shell.")
    edit(desk, term, meaning="Erin's.")
    assert Version.objects.of(term).filter(record__meaning="Typed in a shell.").exists()


def test_the_page_says_who_else_has_it_open(desk, manager, manager_client, term):
    manager_client.get(change_url(term))
    assert says(desk.get(change_url(term)), "manager opened this page at")
    assert says(desk.post(step(term, "presence")), "manager opened this page at")
    edit(manager_client, term, meaning="x")
    Presence.objects.filter(user=manager).update(seen_at=timezone.now() - datetime.timedelta(minutes=31))
    assert not says(desk.get(change_url(term)), "manager opened this page")


# -- Preview and share links --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: Treatment.objects.get(slug="prp"), {"summary": "Preview words."}),
        (lambda: FaqItem.objects.first(), {"answer": "Preview words."}),
        (lambda: SafetyNotice.objects.filter(place="help").first(), {"body": "Preview words."}),
        (lambda: GlossaryTerm.objects.first(), {"meaning": "Preview words."}),
    ],
)
def test_a_preview_is_the_page_with_the_draft_and_nothing_is_public(desk, content, words, page):
    content = content()
    edit(desk, content, **words)
    assert desk.get(step(content, "preview")).status_code == 200
    frame = desk.get(step(content, "frame"))
    assert says(frame, "Preview words.", "For reading only.")
    assert frame["X-Robots-Tag"] == "noindex, nofollow"
    assert frame["Cache-Control"] == "no-store"
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert not any("Preview words." in page(url).text for url in ("/", "/faq/", "/glossary/", "/treatments/hbot/"))


def test_a_preview_of_a_version_that_is_not_there_is_not_found(desk, term):
    for number in ("99", "x", "-1", "9" * 40):
        assert desk.get(step(term, "preview"), {"version": number}).status_code == 404


@pytest.fixture
def link(desk, editor, term):
    edit(desk, term, meaning="Words for a physician.")
    answer = desk.post(version_url("share", newest(term)), follow=True)
    return re.search(r'value="http://testserver(/drafts/[^"]+)"', answer.content.decode())[1]


def test_a_share_link_shows_that_version_to_anybody_and_notes_it(link, term, desk, client):
    edit(desk, term, meaning="Later words.")
    answer = client.get(link)
    assert says(answer, "Words for a physician.")
    assert not says(answer, "Later words.")
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert Version.objects.of(term).get(number=2).events.filter(action="opened", by=None).count() == 1


def test_a_share_link_ends(link, term, desk, client):
    ended = [client.get(f"/drafts/{token}/") for token in ("x", "1:abc", "%00", "9" * 300)]
    with time_machine.travel(timezone.now() + datetime.timedelta(days=7, seconds=-5)):
        assert client.get(link).status_code == 200
    with time_machine.travel(timezone.now() + datetime.timedelta(days=7, seconds=5)):
        ended.append(client.get(link))
    desk.post(reverse("admin:treatments_version_end_share", args=[ShareLink.objects.get().pk]))
    ended.append(client.get(link))
    assert {answer.status_code for answer in ended} == {404}
    assert len({answer.content for answer in ended}) == 1
    assert says(ended[0], "This link has ended")


def test_every_changed_character_of_a_share_link_is_noticed(link, client):
    token = link.split("/")[2]
    for index, character in enumerate(token):
        other = token[:index] + ("A" if character != "A" else "B") + token[index + 1 :]
        assert client.get(f"/drafts/{other}/").status_code == 404


# -- Versions, history, deleting, order ---------------------------------------------------------------


def test_two_versions_are_compared_in_words(desk, term):
    edit(desk, term, meaning="Heat that calms a <b>nerve</b>.")
    shown = desk.get(step(term, "compare"), {"old": 1, "new": 2}).content.decode()
    assert "<del>" in shown
    assert "<ins>" in shown
    assert "&lt;b&gt;nerve&lt;/b&gt;" in shown
    assert "{" not in re.search(r'class="diff">(.*?)</section>', shown, re.S)[1]


@pytest.mark.parametrize("numbers", [{}, {"old": 1}, {"old": "x", "new": "1"}, {"old": 1, "new": 99}])
def test_an_odd_comparison_leads_back_to_the_history(desk, term, numbers):
    assert desk.get(step(term, "compare"), numbers, follow=True).redirect_chain[-1][0] == step(term, "history")


def test_the_page_of_a_version_leaves_out_what_is_empty(desk):
    version = publishing.published_version(Treatment.objects.get(slug="prp"))
    shown = desk.get(version_url("change", version))
    assert says(shown, "How it works")
    assert not says(shown, "New web address")


def test_the_history_can_be_taken_along(desk, term):
    edit(desk, term, meaning="New.", change_note="Shorter")
    told = json.loads(desk.get(step(term, "export")).content)
    assert [(one["number"], one["reason"]) for one in told] == [(1, "Imported from the content files"), (2, "Shorter")]
    everything = json.loads(desk.get(reverse("admin:treatments_version_export")).content)
    assert len(everything) == Version.objects.count()


def test_a_deleted_page_is_found_and_restored(desk, page):
    item = FaqItem.objects.last()
    url = reverse("admin:treatments_faqitem_delete", args=[item.pk])
    assert says(desk.get(url), "it is taken down at once")
    assert says(desk.post(url, {"reason": "Not asked"}, follow=True), "You can restore it")
    assert item.question not in page("/faq/").text
    assert says(desk.get(reverse("admin:treatments_version_deleted")), item.question)
    last = Version.objects.filter(kind="faqitem", content_id=item.pk).order_by("-number").first()
    shown = desk.get(version_url("change", last))
    assert says(shown, "This page was deleted")
    assert "Restore this page as a draft" in shown.content.decode()
    assert says(desk.post(version_url("restore", last), follow=True), "working copy of")
    assert FaqItem.objects.filter(pk=item.pk).exists()


def test_what_is_in_use_is_not_deleted(desk):
    picture = Picture.objects.get(slug="prp")
    url = reverse("admin:treatments_picture_delete", args=[picture.pk])
    assert says(desk.get(url), "Something still uses it", "Platelet-rich plasma")
    assert says(desk.post(url, {"reason": "x"}, follow=True), "still used by")
    assert Picture.objects.filter(pk=picture.pk).exists()


def test_a_list_is_put_in_order_with_buttons_and_without_script(desk):
    url = f"{reverse('admin:treatments_version_order')}?list=faq"
    ids = list(FaqItem.objects.order_by("position").values_list("pk", flat=True))
    places = {f"place-{pk}": index for index, pk in enumerate(ids, start=1)}
    moved = desk.post(url, places | {"_down": ids[0]})
    assert says(moved, "Not saved yet")
    assert [row.pk for row in moved.context["rows"]][:2] == [ids[1], ids[0]]
    assert FaqItem.objects.get(pk=ids[0]).position == 1
    places |= {f"place-{ids[0]}": 2, f"place-{ids[1]}": 1}
    assert says(desk.post(url, places | {"_save": "1"}, follow=True), "in this order now")
    assert [one.pk for one in library.published().faqs][:2] == [ids[1], ids[0]]


def test_a_new_page_starts_as_a_draft(desk, page):
    answer = desk.post(
        reverse("admin:treatments_glossaryterm_add"),
        {"slug": "zygapophysis", "term": "Zygapophysis", "meaning": "Another name for a facet joint.", "_save": "1"},
        follow=True,
    )
    assert says(answer, "Saved as version 1")
    assert "Zygapophysis" not in page("/glossary/").text


def test_a_new_address_is_given_in_the_form(desk, client):
    treatment = Treatment.objects.get(slug="prp")
    edit(desk, treatment, address="plasma")
    assert client.get("/treatments/regenerative/prp/").status_code == 200
    desk.post(step(treatment, "publish"), {"reason": "Plainer", "version": 2, "_confirmed": "1"})
    assert client.get("/treatments/regenerative/prp/")["Location"] == "/treatments/regenerative/plasma/"


# -- Review in the admin ------------------------------------------------------------------------------


def test_a_reviewer_sends_words_back_with_remarks(desk, reviewer, term):
    edit(desk, term, meaning="New.")
    desk.post(step(term, "review"), {})
    clinician = signed_in(reviewer)
    assert says(clinician.post(version_url("send_back", newest(term)), {"note": " "}, follow=True), "Write what has")
    clinician.post(version_url("send_back", newest(term)), {"note": "Name the risks."})
    assert says(desk.get(change_url(term)), "Sent back by Robin Sample: Name the risks.")


def test_several_pages_are_signed_at_once_or_none(reviewer):
    clinician = signed_in(reviewer)
    versions = [publishing.published_version(term) for term in GlossaryTerm.objects.all()[:3]]
    form = {"version": [one.pk for one in versions], "next_review_on": "2027-11-30", "note": ""}
    url = reverse("admin:treatments_version_sign")
    assert says(clinician.post(url, form), "Tick this box to sign")
    assert not any(one.sign_offs.exists() for one in versions)
    clinician.post(url, form | {"read": "on"})
    assert all(one.sign_offs.exists() for one in versions)


def test_a_reviewer_without_credentials_is_told_before(reviewer, term):
    reviewer.credentials = ""
    reviewer.save()
    url = f"{reverse('admin:treatments_version_sign')}?version={publishing.published_version(term).pk}"
    assert says(signed_in(reviewer).get(url), "You cannot sign yet")


def test_reviews_are_sorted_by_what_presses_most(reviewer, term):
    other = GlossaryTerm.objects.get(slug="core")
    with time_machine.travel(timezone.now() - datetime.timedelta(days=370)):
        publishing.sign(publishing.published_version(term), by=reviewer)
    with time_machine.travel(timezone.now() - datetime.timedelta(days=350)):
        publishing.sign(publishing.published_version(other), by=reviewer)
    shown = signed_in(reviewer).get(reverse("admin:treatments_version_reviews"))
    due = shown.context["due"]
    assert [row["title"] for row in due["overdue"]] == ["Ablation"]
    assert [row["title"] for row in due["soon"]] == [str(other)]
    assert len(due["never"]) > 100
    assert says(signed_in(reviewer).get(reverse("admin:index")), "1 with an overdue medical review", "1 due for review")


def test_imported_words_cannot_claim_a_review(page):
    assert all(not content.linked.review.is_reviewed for content in library.published().everything)


# -- Nasty input --------------------------------------------------------------------------------------


SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)> שלום 🩻"


def test_script_in_every_field_stays_text(desk):
    treatment = Treatment.objects.get(slug="prp")
    values = form_values(desk.get(change_url(treatment)))
    texts = dict.fromkeys(("name", "plain_name", "setting", "summary", "how_it_works", "questions", "evidence"), SCRIPT)
    assert desk.post(change_url(treatment), values | texts | {"change_note": SCRIPT}).status_code == 302
    desk.post(step(treatment, "review"), {"note": SCRIPT})
    version = newest(treatment)
    for url in (
        change_url(treatment),
        step(treatment, "history"),
        f"{step(treatment, 'compare')}?old=1&new=2",
        step(treatment, "publish"),
        step(treatment, "preview"),
        step(treatment, "frame"),
        version_url("change", version),
        reverse("admin:treatments_version_coming"),
        reverse("admin:treatments_version_changelist"),
        reverse("admin:treatments_treatment_changelist"),
    ):
        text = desk.get(url).content.decode()
        assert "<script>alert" not in text, url
        assert "<img src=x" not in text, url
    assert "שלום 🩻" in desk.get(step(treatment, "frame")).content.decode()


def test_a_form_of_ten_megabytes_is_refused(desk, term):
    answer = desk.post(change_url(term), {"meaning": "x" * 10_000_000})
    assert answer.status_code in (400, 413)
    assert newest(term).number == 1


def test_signing_needs_the_role_whatever_is_posted(desk, term):
    edit(desk, term, meaning="New.")
    desk.post(step(term, "review"), {})
    form = {"version": newest(term).pk, "next_review_on": "2027-11-30", "read": "on"}
    assert desk.post(reverse("admin:treatments_version_sign"), form).status_code == 403
    assert newest(term).state == "in review"
