"""Staff edit words in the admin: saving keeps them, publishing shows them to patients."""

import pytest
from django.db.models.fields.files import FieldFile
from django.urls import reverse

from treatments import schema
from treatments.models import CONTENT_MODELS, ClinicSettings, GlossaryTerm, Treatment, Version

pytestmark = pytest.mark.django_db


def form_values(response) -> dict:
    """What a browser would send back of a change form that nobody touched."""
    values = {}
    for name, field in response.context["adminform"].form.fields.items():
        value = response.context["adminform"].form[name].value()
        if value is True:
            values[name] = "on"
        elif value is None or value is False or (isinstance(value, FieldFile) and not value):
            continue
        elif isinstance(value, list | tuple) and not hasattr(field, "item_choices"):
            values[name] = [getattr(one, "pk", one) for one in value]
            if field.__class__.__name__ == "ItemsFormField":
                values[name] = "\n".join(value)
        else:
            values[name] = value
    return values


def change_url(content):
    return reverse(f"admin:treatments_{content._meta.model_name}_change", args=[content.pk])


@pytest.mark.parametrize("model", [*CONTENT_MODELS, Version])
def test_every_kind_of_content_can_be_listed_and_opened(manager_client, model):
    name = model._meta.model_name
    assert manager_client.get(reverse(f"admin:treatments_{name}_changelist")).status_code == 200
    content = model.objects.first()
    assert manager_client.get(reverse(f"admin:treatments_{name}_change", args=[content.pk])).status_code == 200


@pytest.mark.parametrize("model", CONTENT_MODELS)
def test_saving_untouched_changes_no_word(manager_client, model):
    content = model.objects.first()
    before = schema.to_record(content)
    values = form_values(manager_client.get(change_url(content)))
    response = manager_client.post(change_url(content), values)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert schema.to_record(model.objects.get(pk=content.pk)) == before


def test_saving_keeps_and_does_not_publish(manager_client, manager, page):
    term = GlossaryTerm.objects.get(slug="ablation")
    values = form_values(manager_client.get(change_url(term))) | {"meaning": "Staff wrote this."}
    manager_client.post(change_url(term), values)
    assert GlossaryTerm.objects.get(slug="ablation").meaning == "Staff wrote this."
    assert "Staff wrote this." not in page("/glossary/").text
    assert "Earlier words" in manager_client.get("/admin/treatments/glossaryterm/").content.decode()
    assert Version.objects.of(term).order_by("-number").first().created_by == manager


def test_a_list_is_edited_one_item_a_line(manager_client):
    treatment = Treatment.objects.get(slug="prp")
    values = form_values(manager_client.get(change_url(treatment)))
    values["questions"] = "What, and why, and how?\n\n  How much?  \n"
    response = manager_client.post(change_url(treatment), values)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert Treatment.objects.get(slug="prp").questions == ["What, and why, and how?", "How much?"]


def test_a_mistake_is_told_and_what_was_typed_stays(manager_client):
    treatment = Treatment.objects.get(slug="prp")
    values = form_values(manager_client.get(change_url(treatment)))
    response = manager_client.post(change_url(treatment), values | {"rare_serious": "", "summary": "Typed words."})
    assert response.status_code == 200
    html = response.content.decode()
    assert "This field is required" in html
    assert "Typed words." in html


def test_an_address_stays_once_it_exists(manager_client):
    treatment = Treatment.objects.get(slug="prp")
    values = form_values(manager_client.get(change_url(treatment)))
    assert manager_client.post(change_url(treatment), values | {"slug": "other"}).status_code == 302
    assert Treatment.objects.get(pk=treatment.pk).slug == "prp"


def test_versions_cannot_be_added_changed_or_deleted(manager_client):
    version = Version.objects.first()
    assert manager_client.get(reverse("admin:treatments_version_delete", args=[version.pk])).status_code == 403
    assert manager_client.get(reverse("admin:treatments_version_add")).status_code == 403
    assert b"Save" not in manager_client.get(reverse("admin:treatments_version_change", args=[version.pk])).content


def test_the_clinic_cannot_be_deleted(manager_client):
    url = reverse("admin:treatments_clinicsettings_delete", args=[ClinicSettings.objects.get().pk])
    assert manager_client.get(url).status_code == 403


def test_lists_of_content_cost_few_queries(manager_client, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        manager_client.get("/admin/treatments/glossaryterm/")
