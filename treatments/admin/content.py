"""Editing the site's words. Saving keeps them as a draft; patients see them only after publishing."""

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Case, OuterRef, Subquery, When
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator

from treatments import differences, library, publishing, schema
from treatments.admin.steps import Steps
from treatments.models import (
    ClinicSettings,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    InfoPage,
    Picture,
    Presence,
    Reference,
    SafetyNotice,
    Signpost,
    Synonym,
    Treatment,
    Version,
    WarningSign,
    WordList,
)
from treatments.reviews import Review


class ContentForm(forms.ModelForm):
    """The fields of some content, and what guards against overwriting somebody else's words."""

    opened_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    change_note = forms.CharField(
        label="What did you change?",
        required=False,
        max_length=Version._meta.get_field("reason").max_length,
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
        help_text="Kept in the history, for example: Shorter sentences about recovery.",
    )

    conflict: list[differences.Difference] = []
    """The fields in which somebody else's words, saved in the meantime, differ from those in the form."""
    taken: list[str] = []
    """The fields that only the other person changed; the form has taken their words over."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self._put_ticked_first()
        if "opened_version" in self.fields:
            self.fields["opened_version"].initial = self.instance.saved_version

    def _put_ticked_first(self):
        """Let nobody look for what is ticked in a long list of boxes."""
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelMultipleChoiceField) and (ticked := self.initial[name]):
                rank = Case(When(pk__in=[one.pk for one in ticked], then=0), default=1)
                field.queryset = field.queryset.order_by(rank, *field.queryset.model._meta.ordering)

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk and cleaned.get("opened_version") != self.instance.saved_version:
            self._refuse_stale_words(cleaned.get("opened_version"))
        return cleaned

    def _refuse_stale_words(self, opened: int | None):
        """Refuse to save over words that came in since the form was opened, and show both.

        What only the other person changed is taken over into the form, so that saving again undoes none of it.
        """
        kind, versions = self.instance.kind(), Version.objects.of(self.instance)
        latest = versions.get(number=self.instance.saved_version)
        theirs, mine = latest.record, self.record_as_typed()
        base = versions.filter(number=opened).values_list("record", flat=True).first() or theirs
        unbound = type(self)(instance=self.instance)
        self.data, self.taken, self.conflict = self.data.copy(), [], []
        for difference in differences.between(kind, mine, theirs):
            name = difference.name
            if name in self.fields and mine.get(name) == base.get(name) != theirs.get(name):
                self._take_over(unbound[name])
                self.taken.append(difference.label)
            else:
                self.conflict.append(difference)
        self.data[self.add_prefix("opened_version")] = str(latest.number)
        who = latest.created_by.get_full_name() or latest.created_by.username if latest.created_by else "An import"
        raise forms.ValidationError(
            f"{who} saved this page on {publishing.spoken(latest.created_at)}, after you had opened it. "
            "Nothing was saved over. Your words are still in the form below; compare the two, then save again.",
            code="stale",
        )

    def record_as_typed(self) -> dict:
        """Return the words in the form as a record; where a field has a mistake, those of the working copy."""
        record = schema.to_record(self.instance)
        for name, value in self.cleaned_data.items():
            if name in record:
                record[name] = schema.plain_value(value)
        return record

    def _take_over(self, theirs: forms.BoundField):
        value = theirs.field.prepare_value(theirs.initial)
        self.data.pop(theirs.html_name, None)
        if isinstance(theirs.field.widget, forms.CheckboxInput):
            if value:
                self.data[theirs.html_name] = "on"
        elif isinstance(value, list):
            self.data.setlist(theirs.html_name, value)
        else:
            self.data[theirs.html_name] = "" if value is None else value


class ContentAdmin(Steps, admin.ModelAdmin):
    """What all content has in common in the admin."""

    form = ContentForm
    change_form_template = "admin/treatments/content_form.html"
    save_on_top = False
    view_on_site = False
    actions = None
    formfield_overrides = {
        # Facts are whole sentences at times; the admin's short boxes would hide their ends.
        models.CharField: {"widget": forms.TextInput(attrs={"class": "vLargeTextField"})},
    }

    # -- The form ------------------------------------------------------------------------------------

    def get_fieldsets(self, request, obj=None):
        own = [field.name for field in schema.fields(self.model)]
        address = [] if self.model is ClinicSettings else ["slug"]
        return ((None, {"fields": [*address, *own]}), *self.saving_fieldset(request, obj))

    def saving_fieldset(self, request, obj):
        allowed = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return (("Before you save", {"fields": ["change_note", "opened_version"]}),) if allowed else ()

    def get_exclude(self, request, obj=None):
        return ("slug",) if self.model is ClinicSettings else None

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj:
            kwargs["help_texts"] = {"slug": "Stays as it is, because other content names this by it."}
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        # Boxes to tick work on a phone, by keyboard and without the Control key, unlike a list to choose several from.
        return super().formfield_for_manytomany(db_field, request, **kwargs | {"widget": forms.CheckboxSelectMultiple})

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.many_to_many:
            # The admin's script cannot add a box to the list, so new content is added from its own list.
            field.widget.can_add_related = False
        return field

    def get_readonly_fields(self, request, obj=None):
        # Other words name content by its address, so once it exists it stays. Only a page can be moved, by giving it
        # a new web address beside it, unless the site itself links to it.
        fixed = () if obj is None or isinstance(obj, ClinicSettings) else ("slug",)
        if isinstance(obj, InfoPage) and obj.slug in InfoPage.FIXED:
            fixed += ("address",)
        return (*super().get_readonly_fields(request, obj), *fixed)

    def get_prepopulated_fields(self, request, obj=None):
        names = {field.name for field in schema.fields(self.model)}
        source = next((name for name in ("name", "term", "word", "words", "title", "question") if name in names), None)
        return {} if obj or source is None or self.model is Reference else {"slug": [source]}

    # -- Saving --------------------------------------------------------------------------------------

    def get_object(self, request, object_id, from_field=None):
        content = super().get_object(request, object_id, from_field)
        if content and request.method == "POST":
            # Two saves of the same page wait for each other, and the second one sees the words of the first.
            publishing.lock(content)
            content = super().get_object(request, object_id, from_field)
            publishing.keep(content)
        return content

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        # Here and not in save_model, because what the content points to is saved after the row itself.
        publishing.keep(form.instance, by=request.user, reason=form.cleaned_data.get("change_note") or "")
        Presence.objects.leave(form.instance, request.user)

    def response_add(self, request, obj, post_url_continue=None):
        return self._saved(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._saved(request, obj) or super().response_change(request, obj)

    def _saved(self, request, obj):
        """Say what saving did, and go on to where the pressed button leads."""
        if "_popup" in request.POST:
            return None
        version = publishing.saved_version(obj)
        if version.state == Version.State.PUBLISHED:
            messages.success(request, f"Saved. “{obj}” says what patients already read.")
        else:
            messages.success(request, f"Saved as {version} of “{obj}”. Patients do not see it until it is published.")
        for button in ("preview", "publish", "review"):
            if f"_{button}" in request.POST:
                return HttpResponseRedirect(self.step_url(obj, button))
        return HttpResponseRedirect(reverse(f"admin:treatments_{obj.kind()}_change", args=[obj.pk]))

    # -- The list ------------------------------------------------------------------------------------

    def get_list_display(self, request):
        return (*super().get_list_display(request), "for_patients", "under_way", "medical_review")

    def get_queryset(self, request):
        versions = Version.objects.filter(kind=self.model.kind(), content_id=OuterRef("pk"))
        public, under_way = versions.published(), versions.under_way()
        return (
            super()
            .get_queryset(request)
            .annotate(
                public_number=Subquery(public.values("number")),
                public_since=Subquery(public.values("published_at")),
                under_way_state=Subquery(under_way.values("state")),
                under_way_at=Subquery(under_way.values("publish_at")),
            )
        )

    @admin.display(description="what patients see", ordering="public_since")
    def for_patients(self, content):
        if content.public_since is None:
            return "Nothing"
        day = date_format(timezone.localtime(content.public_since), "F j, Y")
        if content.public_number != content.saved_version:
            return f"Earlier words, from {day}"
        return f"These words, since {day}"

    @admin.display(description="on its way", ordering="under_way_state", empty_value="")
    def under_way(self, content):
        if content.under_way_state == Version.State.SCHEDULED:
            return f"Scheduled for {publishing.spoken(content.under_way_at)}"
        return Version.State(content.under_way_state).label if content.under_way_state else ""

    @admin.display(description="medical review")
    def medical_review(self, content):
        # From memory: the middleware has just brought it up to date for this request.
        published = library.last_known().get(content.kind(), content.slug)
        return review_line(published.linked.review) if published else ""

    def has_delete_permission(self, request, obj=None):
        # There is one clinic, and every page needs it.
        return self.model is not ClinicSettings and super().has_delete_permission(request, obj)


@admin.register(Treatment)
class TreatmentAdmin(ContentAdmin):
    list_display = ("name", "family", "position")
    list_filter = (("family", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "plain_name")
    list_select_related = ("family",)

    PARTS = {
        "The page": "slug",
        "Facts": "reach",
        "What we know": "evidence_level",
        "In short": "summary",
        "What it can do, and for whom": "can_do",
        "Before, during and after": "before",
        "Risks": "common_effects",
        "Evidence and cost": "evidence",
        "When to call, and what to ask": "emergency",
        "Points to": "related",
        "For staff": "staff_notes",
    }
    """The parts of this long form, each with its first field."""

    def get_fieldsets(self, request, obj=None):
        own = ["slug", *(field.name for field in schema.fields(Treatment))]
        for name in ("evidence", "fda", "cover"):  # each status with its sources
            own.remove(f"{name}_sources")
            own.insert(own.index(f"{name}_on") + 1, f"{name}_sources")
        starts = [*map(own.index, self.PARTS.values()), len(own)]
        parts = zip(self.PARTS, starts, starts[1:], strict=False)
        return (
            *((title, {"fields": own[start:end]}) for title, start, end in parts),
            *self.saving_fieldset(request, obj),
        )


@admin.register(InfoPage)
class InfoPageAdmin(ContentAdmin):
    list_display = ("title", "menu", "menu_position")


@admin.register(FaqItem)
class FaqItemAdmin(ContentAdmin):
    list_display = ("question", "position")
    search_fields = ("question",)


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(ContentAdmin):
    list_display = ("term", "meaning")
    search_fields = ("term",)


@admin.register(Synonym)
class SynonymAdmin(ContentAdmin):
    list_display = ("word", "same")
    search_fields = ("word", "also_called")

    @admin.display(description="means the same")
    def same(self, synonym):
        return ", ".join(synonym.also_called)


@admin.register(Signpost)
class SignpostAdmin(ContentAdmin):
    list_display = ("name", "typed", "answered_by")
    list_filter = ("answered_by",)
    search_fields = ("name", "also_called", "leads_to")

    @admin.display(description="what people type")
    def typed(self, signpost):
        return Truncator(", ".join(signpost.also_called)).chars(120)


@admin.register(WarningSign)
class WarningSignAdmin(ContentAdmin):
    list_display = ("sign", "level", "group", "position")


@admin.register(WordList)
class WordListAdmin(ContentAdmin):
    list_display = ("name", "use")
    search_fields = ("name", "also_called")


@admin.register(FinderRule)
class FinderRuleAdmin(ContentAdmin):
    list_display = ("words", "question", "position")
    list_filter = ("question",)
    search_fields = ("words", "reason")


@admin.register(SafetyNotice)
class SafetyNoticeAdmin(ContentAdmin):
    list_display = ("title", "place")


@admin.register(Reference)
class ReferenceAdmin(ContentAdmin):
    list_display = ("slug", "publisher", "title", "year", "checked_on")
    search_fields = ("slug", "publisher", "title")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "link":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Picture)
class PictureAdmin(ContentAdmin):
    list_display = ("slug", "alt", "decorative")


@admin.register(ClinicSettings)
class ClinicSettingsAdmin(ContentAdmin):
    list_display = ("name", "phone", "details_are_samples")

    def has_add_permission(self, request):
        # There is one clinic; its record comes with the content files.
        return False


def review_line(review: Review) -> str:
    """How far words are reviewed, in one line for staff."""
    if review.is_reviewed:
        return f"Signed {date_format(review.on, 'F j, Y')}; next by {date_format(review.next_on, 'F j, Y')}"
    return "Edited since its last review" if review.is_edited else "Never reviewed"
