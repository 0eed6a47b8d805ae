"""Whatever can be typed into any question is stored exactly or explained, and never breaks the site."""

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appointments.forms import STEPS, FindForm, SafetyForm
from appointments.models import EvaluationRequest
from tests.factories import make_request
from tests.flow import URL, answer, pass_safety
from treatments import library

pytestmark = pytest.mark.django_db
ROUNDS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NASTY = [
    "\x00", "\x01\x1f\x7f", "‮evil‬", "\u200b", "\ufeff", "👩🏽‍⚕️" * 30, "Z͑ͫ̓ͪ̂" * 40, "محمد", "李小龍", "O'Brien", "Null",
    "\r\nBcc: evil@mail.example", "a\nb", "=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "'; DROP TABLE x; --",
    "{{ 7|add:7 }}", "{% debug %}", "<script>alert(1)</script>", "../../etc", "%00", "x" * 300, "x" * 5000, "\ud800",
]  # fmt: skip
any_text = st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec="utf-8"), max_size=400))


def data_for(step, typed):
    """As a browser sends it: every field of a step, the same text in each."""
    data = QueryDict(mutable=True)
    for name in step.base_fields:
        data[name] = typed.encode("utf-8", "replace").decode()
    return data


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
@ROUNDS
@given(typed=any_text)
def test_any_text_in_any_field_is_an_error_or_kept_exactly(step, typed):
    data = data_for(step, typed)
    form = step(data, library=library.published())
    form.is_valid()
    for name, value in form.cleaned_data.items():
        if isinstance(value, str) and value and name not in ("phone", "email"):
            # Line ends come from the browser; what is on the lines from the person.
            assert value.replace("\r\n", "\n") == data[name].replace("\r\n", "\n").strip(), name
    for errors in form.errors.values():
        for error in errors:
            assert len(error) < 200 + len(data[next(iter(form.errors))])


@ROUNDS
@given(typed=any_text)
def test_any_text_in_the_free_fields_comes_back_from_the_database(typed):
    text = typed.encode("utf-8", "replace").decode().replace("\x00", "")
    request = make_request(name=text or "x", message=text, needs=text, concerns=[text])
    stored = EvaluationRequest.objects.get(pk=request.pk)
    assert (stored.message, stored.needs, stored.concerns) == (text, text, [text])
    EvaluationRequest.objects.filter(pk=request.pk).delete()


@pytest.mark.parametrize("form", [SafetyForm, FindForm])
@ROUNDS
@given(typed=any_text)
def test_the_other_forms_explain_anything_too(form, typed):
    data = data_for(form, typed)
    bound = form(data, library=library.published()) if form is SafetyForm else form(data)
    bound.is_valid()
    str(bound.errors)


@ROUNDS
@given(typed=any_text)
@example(typed="x" * 1_000_000)
def test_a_whole_page_never_breaks(client, typed):
    pass_safety(client)
    response = answer(client, "who", name=typed.encode("utf-8", "replace").decode())
    assert response.status_code in (302, 422, 429, 400)
    assert client.get(f"{URL}who/").status_code in (200, 302)
