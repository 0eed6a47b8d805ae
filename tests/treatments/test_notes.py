"""Notes for staff: what waits for a clinician stands on the first page, and all of it on a page of its own."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from tests.factories import make_user, sign_in
from tests.treatments.test_admin import change_url, form_values
from treatments import library, publishing
from treatments.admin import notes
from treatments.models import CONTENT_MODELS, GlossaryTerm, Treatment, Version, WarningSign

pytestmark = pytest.mark.django_db

NOTES = "admin:treatments_version_notes"
MANAGER, FRONT_DESK = "manager", "front desk"


@pytest.fixture(autouse=True)
def only_these():
    """No note but those of the test."""
    for model in CONTENT_MODELS:
        model.objects.update(staff_notes=[])


def note(model, slug, *lines):
    content = model.objects.get(slug=slug)
    content.staff_notes = list(lines)
    content.save()
    publishing.keep(content)
    return content


def client_of(role) -> Client:
    client = Client()
    sign_in(client, make_user(role=role, username=f"the-{role}".replace(" ", "-")))
    return client


def items(html) -> list[str]:
    return [
        " ".join(strip_tags(item).split())
        for item in re.findall(r"<li>(<a .*?)</li>", html.replace("<br>", " "), re.DOTALL)
    ]


@pytest.mark.parametrize("role", ["editor", "medical reviewer", MANAGER])
def test_the_first_page_counts_them_and_shows_the_first_few(role):
    note(Treatment, "prp", *(f"Clinician: Question {number}?" for number in range(1, 8)), "Pharmacist: Which dose?")
    html = client_of(role).get(reverse("admin:index")).content.decode()
    assert "For the clinician to decide (7)" in html
    assert "Question 5?" in html
    assert "Question 6?" not in html
    assert "Which dose?" not in html
    assert f'href="{reverse(NOTES)}">See all 7' in html


def test_the_first_page_says_nothing_when_nothing_is_left():
    note(Treatment, "prp", "Pharmacist: Which dose?")
    assert "For the clinician to decide" not in client_of("editor").get(reverse("admin:index")).content.decode()


def test_the_front_desk_sees_none():
    note(Treatment, "prp", "Clinician: Is it so?")
    client = client_of(FRONT_DESK)
    assert "Is it so?" not in client.get(reverse("admin:index")).content.decode()
    assert client.get(reverse(NOTES)).status_code == 403


def test_each_stands_under_who_answers_it_with_its_page(reviewer_client):
    prp = note(
        Treatment,
        "prp",
        "Clinician: Is it so?",
        "pharmacist : Which dose?",
        "Translator: Is this Spanish?",
        "To check: The year.",
        "Clinic: a free line",
        "Another free line",
    )
    html = reviewer_client.get(reverse(NOTES)).content.decode()
    headings = re.findall(r"<h2 id=.*?>(.*?)</h2>", html)
    assert headings == [
        "For the clinician to decide (1)",
        "For the pharmacist (1)",
        "For the translator (1)",
        "To check (1)",
        "Other notes (2)",
    ]
    words = ["Is it so?", "Which dose?", "Is this Spanish?", "The year.", "Clinic: a free line", "Another free line"]
    assert items(html) == [f"{prp.name} treatment {one}" for one in words]
    address = reverse("admin:treatments_treatment_change", args=[prp.pk])
    assert html.count(f'<li><a href="{address}">') == 6
    assert reviewer_client.get(address, follow=True).status_code == 200


def test_the_riskiest_come_first():
    """Warning signs by their urgency, treatments in the order of the ladder, then the rest."""
    for treatment in Treatment.objects.all():
        note(Treatment, treatment.slug, "Clinician: So?")
    signs = {
        WarningSign.objects.filter(level=level).first()
        for level in (WarningSign.Level.SAME_DAY, WarningSign.Level.ER, WarningSign.Level.CALL_911)
    }
    for content in [*signs, GlossaryTerm.objects.first()]:
        note(type(content), content.slug, "Clinician: So?")
    listed = [one.content for one in notes.for_the_clinician()]
    assert [one.level for one in listed[:3]] == ["911", "er", "same day"]
    assert [one.slug for one in listed[3:-1]] == [one.slug for one in library.published().treatments]
    assert isinstance(listed[-1], GlossaryTerm)


def test_a_reviewer_reads_the_notes_of_what_they_sign(reviewer_client):
    term = note(GlossaryTerm, "ablation", "Clinician: Is it so?", "A free line")
    version = publishing.send_for_review(term, by=make_user(username="author"))
    other = Version.objects.published().get(kind="glossaryterm", record__slug="facet-joint")
    asked = f"{reverse('admin:treatments_version_sign')}?version={version.pk}&version={other.pk}"
    html = reviewer_client.get(asked).content.decode()
    assert html.count("Notes for staff on this page") == 1
    assert html.count("Is it so?") == 1, "beside the words, and not one of them"
    assert "<b>Clinician:</b> Is it so?" in html
    assert "<li>A free line</li>" in html
    # What is settled is deleted from the working copy, and is settled for who signs the version, too.
    note(GlossaryTerm, "ablation")
    assert "Is it so?" not in reviewer_client.get(asked).content.decode()


def test_a_line_goes_when_it_is_deleted_in_the_form(editor_client):
    term = note(GlossaryTerm, "ablation", "Clinician: Is it so?")
    address = change_url(term)
    values = form_values(editor_client.get(address)) | {"staff_notes": ""}
    assert editor_client.post(address, values).status_code == 302
    assert notes.for_the_clinician() == []
