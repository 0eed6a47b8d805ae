"""Editing the site's words. Saving changes the working copy; "Save and publish" brings it to patients."""

from django.contrib import admin, messages
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.db import models
from django.db.models import OuterRef, Subquery
from django.forms import Textarea, TextInput
from django.utils.formats import date_format
from django.utils.html import format_html

from treatments import schema
from treatments.content_files import format_file
from treatments.models import (
    ClinicSettings,
    FaqItem,
    GlossaryTerm,
    InfoPage,
    Picture,
    Reference,
    SafetyNotice,
    Treatment,
    Version,
    WarningSign,
)
from treatments.models.fields import ItemsField, ProseField
from treatments.publishing import is_changed, publish


class ContentAdmin(admin.ModelAdmin):
    """What all content has in common in the admin: text areas that fit, and publishing."""

    change_form_template = "admin/treatments/content_change_form.html"
    save_on_top = True
    view_on_site = False
    formfield_overrides = {
        ProseField: {"widget": Textarea(attrs={"rows": 6, "class": "vLargeTextField"})},
        ItemsField: {"widget": Textarea(attrs={"rows": 6, "class": "vLargeTextField"})},
        # Facts are whole sentences at times; the admin's short boxes would hide their ends.
        models.CharField: {"widget": TextInput(attrs={"class": "vLargeTextField"})},
    }

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs["widget"] = FilteredSelectMultiple(db_field.verbose_name, is_stacked=False)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request, obj=None):
        # Pages, files and printed sheets name an address; once it exists it stays.
        return (*super().get_readonly_fields(request, obj), *(("slug",) if obj else ()))

    def get_list_display(self, request):
        return (*super().get_list_display(request), "for_patients")

    def get_queryset(self, request):
        published = Version.objects.filter(
            kind=self.model._meta.model_name, content_id=OuterRef("pk"), state=Version.State.PUBLISHED
        )
        return super().get_queryset(request).annotate(published_at=Subquery(published.values("published_at")))

    @admin.display(description="what patients see")
    def for_patients(self, content):
        if content.published_at is None:
            return "Nothing yet"
        day = date_format(content.published_at, "F j, Y")
        if content.updated_at > content.published_at and is_changed(content):
            return f"Earlier words, from {day}"
        return f"These words, since {day}"

    def response_change(self, request, obj):
        self._publish_if_asked(request, obj)
        return super().response_change(request, obj)

    def response_add(self, request, obj, post_url_continue=None):
        self._publish_if_asked(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def _publish_if_asked(self, request, obj):
        if "_publish" in request.POST:
            # Here and not in save_model, because related content is saved after the row itself.
            version = publish(obj, by=request.user, reason="Published in the admin")
            messages.info(request, f"Patients now see version {version.number} of “{obj}”.")

    def has_delete_permission(self, request, obj=None):
        # What patients have read is never lost; taking a page down comes with its own action, not by deleting.
        return False


@admin.register(Treatment)
class TreatmentAdmin(ContentAdmin):
    list_display = ("name", "family", "position")
    list_filter = (("family", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "plain_name")
    list_select_related = ("family",)

    def get_fieldsets(self, request, obj=None):
        own = [field.name for field in schema.fields(Treatment)]
        start, facts = own.index("reach"), own.index("summary")
        return (
            ("The page", {"fields": ["slug", *own[:start]]}),
            ("Facts", {"fields": own[start:facts]}),
            ("Words", {"fields": [name for name in own[facts:] if name not in ("related", "notices", "sources")]}),
            ("Points to", {"fields": ["related", "notices", "sources"]}),
        )


@admin.register(InfoPage)
class InfoPageAdmin(ContentAdmin):
    list_display = ("title", "menu", "menu_position")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "body":
            field.widget.attrs["rows"] = 30
        return field


@admin.register(FaqItem)
class FaqItemAdmin(ContentAdmin):
    list_display = ("question", "position")


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(ContentAdmin):
    list_display = ("term", "meaning")
    search_fields = ("term",)


@admin.register(WarningSign)
class WarningSignAdmin(ContentAdmin):
    list_display = ("sign", "level", "group", "position")


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
    exclude = ("slug",)

    def get_readonly_fields(self, request, obj=None):
        # Its address is not a web address, and beside the street address it would only puzzle.
        return ()

    def has_add_permission(self, request):
        # There is one clinic; its record comes with the content files.
        return False


@admin.register(Version)
class VersionAdmin(admin.ModelAdmin):
    """Every version ever published, to read. They cannot be changed."""

    list_display = ("__str__", "title", "state", "published_at", "published_by", "reason")
    list_filter = ("kind", "state")
    fields = ("kind", "number", "state", "published_at", "published_by", "reason", "words")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("published_by")

    @admin.display
    def title(self, version):
        return version.record["slug"]

    @admin.display
    def words(self, version):
        model = schema.KINDS[version.kind]
        return format_html("<pre>{}</pre>", format_file(model, [version.record]))

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
