"""The questions: what is needed, what each mistake says, and that nothing typed is lost."""

import uuid

import pytest

from appointments.forms import EvaluationRequestForm
from appointments.models import Concern
from tests.factories import form_data
from treatments import library

pytestmark = pytest.mark.django_db


def bound(**changes) -> EvaluationRequestForm:
    return EvaluationRequestForm(form_data(**changes), library=library.published())


def test_it_works():
    form = bound()
    assert form.is_valid(), form.errors
    assert form.answers()["phone"] == "+15550100142"
    assert form.answers()["may_leave_message"] is False


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"safe": None}, "safe", "Otherwise get help"),
        ({"for_whom": None}, "for_whom", "Choose who the request is for"),
        ({"for_whom": "nobody"}, "for_whom", "nobody"),
        ({"for_whom": "other"}, "helper_name", "Enter your own name"),
        ({"name": " "}, "name", "Enter a name"),
        ({"name": "x" * 121}, "name", "120"),
        ({"contact_by": None}, "contact_by", "Choose how we should reach you"),
        ({"phone": ""}, "phone", "Enter a phone number, because"),
        ({"phone": "call me"}, "phone", "like (555) 010-0100"),
        ({"phone": "12"}, "phone", "like (555) 010-0100"),
        ({"phone": "555-0142"}, "phone", "with its area code"),
        ({"contact_by": "text"}, "text_consent", "Tick the box to get text messages"),
        ({"contact_by": "email"}, "email", "Enter an e-mail address, because"),
        ({"contact_by": "email", "email": "me at home"}, "email", "like name@mail.example"),
        ({"concerns": []}, "concerns", "Choose at least one"),
        ({"concerns": Concern.values[:6]}, "concerns", "You chose 6"),
        ({"concerns": ["nothing"]}, "concerns", "Choose from the list"),
        ({"interests": ["no-such-family"]}, "interests", "Choose from the list"),
        ({"message": "x" * 301}, "message", "It has 301 now"),
        ({"consent": None}, "consent", "Tick the box"),
        ({"submission_key": "not-a-key"}, "submission_key", "valid UUID"),
    ],
)
def test_a_mistake_is_told_as_an_instruction(changes, field, says):
    form = bound(**changes)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert says in form.errors[field][0]


@pytest.mark.parametrize(
    "typed", ["(555) 010-0142", "555-010-0142", "555.010.0142", "+1 555 010 0142", "1 555 0100142", " 5550100142 "]
)
def test_a_phone_number_may_be_written_in_any_way(typed):
    form = bound(phone=typed)
    assert form.is_valid(), form.errors
    assert form.answers()["phone"] == "+15550100142"


@pytest.mark.parametrize("typed", ["+44 20 7946 0958", "(555) 010-0142 ext. 12"])
def test_other_real_phone_numbers_are_accepted(typed):
    assert bound(phone=typed).is_valid()


@pytest.mark.parametrize("name", ["O'Brien", "Ñuñez", "李小龍", "Null", "D’Angelo", "Nguyễn Thị", "محمد", "A"])
def test_real_names_go_through_as_typed(name):
    form = bound(name=name)
    assert form.is_valid()
    assert form.answers()["name"] == name


def test_line_ends_count_as_people_count_them():
    assert bound(message="\r\n".join(["x" * 74] * 4)).is_valid()
    assert not bound(message="\r\n".join(["x" * 75] * 4)).is_valid()


def test_e_mail_alone_is_enough():
    assert bound(contact_by="email", phone=None, email="sample@mail.example").is_valid()


def test_a_text_needs_its_own_consent():
    assert bound(contact_by="text", text_consent="on").is_valid()


def test_interest_is_carried_over_and_can_be_cleared():
    words = library.published()
    assert EvaluationRequestForm.blank(words, "hbot")["interests"].value() == ["hbot"]
    assert EvaluationRequestForm.blank(words, "no-such-family")["interests"].value() == []


def test_each_form_has_a_key_of_its_own():
    words = library.published()
    keys = {EvaluationRequestForm.blank(words)["submission_key"].value() for _ in range(3)}
    assert len(keys) == 3
    assert all(uuid.UUID(key).version == 4 for key in keys)


def test_every_question_says_why_it_is_asked_or_what_is_needed():
    form = bound()
    for field in form.visible_fields():
        assert field.help_text or field.name in ("safe", "consent"), field.name
