"""The rules of content, kept by the database and told in words that staff can use."""

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from treatments.models import ClinicSettings, Picture, Reference, SafetyNotice, Treatment

pytestmark = pytest.mark.django_db


@pytest.fixture
def treatment():
    return Treatment.objects.get(slug="prp")


def refused(instance, name: str, words: str):
    """Both the form that staff use and the database refuse the instance, the form in these words."""
    with pytest.raises(ValidationError) as caught:
        instance.full_clean()
    assert words in str(caught.value)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        instance.save()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_it_works(treatment):
    treatment.full_clean()


@pytest.mark.parametrize("field", ["can_do", "common_effects", "rare_serious"])
def test_benefit_and_risk_are_both_named(treatment, field):
    setattr(treatment, field, [])
    with pytest.raises(ValidationError):
        treatment.full_clean()
    with pytest.raises(IntegrityError, match="treatment_benefit_and_risk"), transaction.atomic():
        treatment.save()


def test_benefit_and_risk_are_asked_for_in_words(treatment):
    treatment.rare_serious = []
    with pytest.raises(ValidationError, match="patients see benefit and risk side by side"):
        treatment.validate_constraints()


def test_two_procedures_cannot_share_a_place(treatment):
    treatment.position = 1
    refused(treatment, "treatment_position_unique", "already stands at this position")


def test_two_families_cannot_share_a_step():
    family = Treatment.objects.get(slug="hbot")
    family.position = 1
    refused(family, "treatment_position_unique", "already stands at this position")


def test_a_treatment_is_not_its_own_family(treatment):
    treatment.family = treatment
    with pytest.raises(ValidationError, match="cannot be its own family"):
        treatment.validate_constraints()
    with pytest.raises(IntegrityError, match="treatment_not_its_own_family"), transaction.atomic():
        treatment.save()


def test_there_are_only_two_levels(treatment):
    other = Treatment.objects.get(slug="radiofrequency-ablation")
    other.family = treatment
    with pytest.raises(ValidationError, match="is itself part of a family"):
        other.full_clean()


def test_a_family_with_procedures_stays_a_family():
    family = Treatment.objects.get(slug="regenerative")
    family.family = Treatment.objects.get(slug="hbot")
    with pytest.raises(ValidationError, match="procedures of its own"):
        family.full_clean()


@pytest.mark.parametrize("address", ["http://example.org", "#here", "javascript:alert(1)", "prp"])
def test_links_lead_to_pages_or_safe_places(treatment, address):
    treatment.how_it_works = f"See [this]({address})."
    treatment.questions = [f"What of [this]({address})?"]
    with pytest.raises(ValidationError) as caught:
        treatment.full_clean()
    assert set(caught.value.message_dict) == {"how_it_works", "questions"}


def test_coming_holidays_are_those_not_over():
    clinic = ClinicSettings.objects.get()
    clinic.holidays = ["2026-12-25 Christmas Day", "2027-01-01 New Year's Day"]
    # Still Christmas Day at the clinic, already the next day in London.
    with time_machine.travel("2026-12-26T03:00:00Z"):
        assert [name for _, name in clinic.coming_holidays] == ["Christmas Day", "New Year's Day"]
    with time_machine.travel("2026-12-26T06:00:00Z"):
        assert [name for _, name in clinic.coming_holidays] == ["New Year's Day"]


@pytest.mark.parametrize("reach", [0, 6])
def test_reach_has_five_steps(treatment, reach):
    treatment.reach = reach
    with pytest.raises(IntegrityError, match="treatment_reach_1_to_5"), transaction.atomic():
        treatment.save()


@pytest.mark.parametrize(("alt", "decorative"), [("", False), ("A room", True)])
def test_a_picture_is_described_or_decorative(alt, decorative):
    picture = Picture(slug="room", drawing="prp", alt=alt, decorative=decorative)
    refused(picture, "picture_alt_or_decorative", "Describe the picture")


def test_a_picture_is_a_drawing_or_an_image():
    refused(Picture(slug="room", alt="A room"), "picture_drawing_or_image", "Choose a drawing or upload an image")


def test_svg_and_other_files_are_no_photographs():
    picture = Picture(slug="room", alt="A room", image="pictures/room.svg")
    with pytest.raises(ValidationError, match="svg"):
        picture.full_clean()


def test_a_notice_says_something():
    notice = SafetyNotice(slug="empty", title="Empty", place="help", position=99)
    refused(notice, "notice_says_something", "Write the notice, or list at least one sign")


def test_there_is_one_clinic():
    clinic = ClinicSettings.objects.get()
    clinic.pk, clinic.slug = None, "second"
    refused(clinic, "clinic_settings_one_record", "only one record")


def test_a_year_has_four_digits():
    refused(Reference(slug="R99", publisher="A", title="B", year=21), "reference_year_plausible", "four digits")


def test_hours_and_holidays_are_checked_line_by_line():
    clinic = ClinicSettings.objects.get()
    clinic.opening_hours = ["Monday 09:00-17:00", "Tuesday 17:00-09:00"]
    clinic.holidays = ["2026-02-30 No such day"]
    with pytest.raises(ValidationError) as caught:
        clinic.full_clean()
    assert "Tuesday 17:00-09:00" in str(caught.value)
    assert "2026-02-30" in str(caught.value)
    assert "Monday" not in str(caught.value.message_dict["opening_hours"]).partition("Write")[0]


@pytest.mark.parametrize("line", ["# A heading", "---"])
def test_words_cannot_break_the_files_they_are_exported_to(treatment, line):
    treatment.how_it_works = f"Words.\n\n{line}\n\nMore."
    with pytest.raises(ValidationError, match="A line cannot be"):
        treatment.full_clean()


def test_line_ends_are_no_change_of_words(treatment):
    treatment.how_it_works = "One.  \r\n\r\nTwo.\r\n"
    treatment.clean_fields()
    assert treatment.how_it_works == "One.\n\nTwo."
