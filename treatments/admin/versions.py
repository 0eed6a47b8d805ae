"""One version: its words, what became of it, signing it, sharing it, and making its words the working copy again."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_POST

from treatments import differences, library, publishing, schema, sharing
from treatments.admin import desk, notes
from treatments.admin.permissions import may_publish, may_restore, may_share, may_sign
from treatments.admin.steps import ASIDE, admin_page, history_file
from treatments.models import ShareLink, SignOff, Version, VersionEvent


class SendBackForm(forms.Form):
    note = forms.CharField(
        label="What has to change",
        max_length=VersionEvent._meta.get_field("note").max_length,
        widget=forms.TextInput(attrs=ASIDE),
        error_messages={"required": "Write what has to change; the editor sees it beside the form."},
    )


class SignForm(forms.Form):
    read = forms.BooleanField(
        label="I have read all of these words, and they are medically right.",
        error_messages={"required": "Tick this box to sign."},
    )
    next_review_on = forms.DateField(
        label="Next review on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The page says so, and it comes back to the list of reviews on that day.",
    )
    note = forms.CharField(
        label="Remark",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=ASIDE),
        help_text="For the history, or what has to change when you send it back.",
    )

    def clean_next_review_on(self):
        day, today = self.cleaned_data["next_review_on"], library.published().today
        if not today < day <= publishing.months_later(today, publishing.LONGEST_REVIEW):
            raise forms.ValidationError("Choose a day from tomorrow up to five years from now.")
        return day


@admin.register(Version)
class VersionAdmin(desk.Desk, admin.ModelAdmin):
    """Every version ever saved. Its words can be read, compared and restored; nobody can change them."""

    list_display = ("title", "__str__", "state", "created_at", "created_by", "reason")
    list_display_links = ("title",)
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("record__slug", "record__name", "record__title", "record__term", "record__question", "reason")
    actions = None

    @admin.display(description="page")
    def title(self, version):
        return publishing.title(version)

    def get_urls(self):
        def url(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"treatments_version_{name}")

        return [
            url("sign/", self.sign_view, "sign"),
            url("<int:pk>/send-back/", self.send_back_view, "send_back"),
            url("<int:pk>/take-back/", self.take_back_view, "take_back"),
            url("<int:pk>/restore/", self.restore_view, "restore"),
            url("<int:pk>/share/", self.share_view, "share"),
            url("share/<int:pk>/end/", self.end_share_view, "end_share"),
            url("export/", self.export_view, "export"),
            *self.desk_urls(url),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one version."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = get_object_or_404(
            Version.objects.select_related("created_by"), pk=object_id if str(object_id).isdecimal() else 0
        )
        content = publishing.content_of(version)
        siblings = Version.objects.filter(kind=version.kind, content_id=version.content_id)
        user, model = request.user, schema.KINDS[version.kind]
        return admin_page(
            request,
            self,
            "version",
            f"“{publishing.title(version)}”, {version}",
            version=version,
            content=content,
            change_url=_url(version, "change") if content else "",
            kind=model._meta.verbose_name,
            preview_url=_url(version, "preview"),
            compare_url=_url(version, "compare"),
            words=[(label, text) for _, label, text in _words(version)],
            before=siblings.filter(number__lt=version.number).order_by("-number").first(),
            newest=siblings.order_by("-number").first(),
            is_working_copy=bool(content and content.saved_version == version.number),
            links=[
                {"link": link, "address": request.build_absolute_uri(sharing.address(link))}
                for link in version.share_links.select_related("created_by")
            ],
            may_restore=may_restore(user, version.kind, deleted=content is None),
            may_share=may_share(user, version.kind),
            back_form=SendBackForm(),
            may_sign=may_sign(user)
            and model.IS_MEDICAL
            and version.state in (*Version.UNDER_WAY, Version.State.PUBLISHED),
            may_take_back=version.state in Version.UNDER_WAY and may_publish(user, version.kind),
        )

    # -- Review ------------------------------------------------------------------------------------------

    def sign_view(self, request):
        """Show the exact words of one version or several, and let a reviewer sign them."""
        if not may_sign(request.user):
            raise PermissionDenied
        chosen = request.POST.getlist("version") or request.GET.getlist("version")
        versions = list(
            Version.objects.filter(pk__in=[one for one in chosen if one.isdecimal()]).order_by("kind", "content_id")
        )
        if not versions:
            messages.error(request, "Choose at least one page to review.")
            return redirect("admin:treatments_version_reviews")
        form = SignForm(
            request.POST if request.method == "POST" else None, initial={"next_review_on": publishing.next_review_day()}
        )
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                publishing.sign_all(
                    versions, by=request.user, next_review_on=wanted["next_review_on"], note=wanted["note"]
                )
            except publishing.RefusedError as error:
                messages.error(request, str(error))
            else:
                names = ", ".join(f"“{publishing.title(one)}”" for one in versions)
                messages.success(request, f"You have signed {names}.")
                return redirect("admin:treatments_version_reviews")
        return admin_page(
            request,
            self,
            "sign",
            "Read and sign",
            form=form,
            to_sign=[self._to_sign(version) for version in versions],
            reviewer=f"{request.user.get_full_name()}, {request.user.credentials}",
            can_be_named=bool(request.user.get_full_name() and request.user.credentials),
        )

    def _to_sign(self, version) -> dict:
        model = schema.KINDS[version.kind]
        signed = (
            SignOff.objects.filter(version__kind=version.kind, version__content_id=version.content_id)
            .select_related("version")
            .last()
        )
        return {
            "version": version,
            "title": publishing.title(version),
            "kind": model._meta.verbose_name,
            "notes": notes.of_content(publishing.content_of(version) or schema.from_record(model, version.record)),
            "words": [(label, text) for name, label, text in _words(version) if name != schema.STAFF_ONLY],
            "last": signed,
            "changes": differences.between(version.kind, signed.version.record, version.record) if signed else None,
            "preview": _url(version, "preview"),
        }

    @method_decorator(require_POST)
    def send_back_view(self, request, pk):
        if not may_sign(request.user):
            raise PermissionDenied
        version = get_object_or_404(Version, pk=pk)
        form = SendBackForm(request.POST)
        if not form.is_valid():
            messages.error(request, " ".join(form.errors["note"]))
            return redirect("admin:treatments_version_change", pk)
        note = form.cleaned_data["note"]
        return self._act(request, version, "sent back to the editor", publishing.send_back, note=note)

    @method_decorator(require_POST)
    def take_back_view(self, request, pk):
        version = get_object_or_404(Version, pk=pk)
        if not may_publish(request.user, version.kind):
            raise PermissionDenied
        return self._act(request, version, "taken back to draft", publishing.take_back)

    def _act(self, request, version, done, act, **kwargs):
        try:
            act(version, by=request.user, **kwargs)
        except publishing.RefusedError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"“{publishing.title(version)}”, {version}, is {done}.")
        return redirect("admin:treatments_version_change", version.pk)

    # -- Restoring ---------------------------------------------------------------------------------------

    @method_decorator(require_POST)
    def restore_view(self, request, pk):
        """Make the words of a version the working copy again, also those of a deleted page."""
        version = get_object_or_404(Version, pk=pk)
        deleted = publishing.content_of(version) is None
        if not may_restore(request.user, version.kind, deleted=deleted):
            raise PermissionDenied
        try:
            content = publishing.restore(version, by=request.user)
        except publishing.RefusedError as error:
            messages.error(request, str(error))
            return redirect("admin:treatments_version_change", pk)
        messages.success(
            request,
            f"The words of {version} are the working copy of “{content}” again. "
            "Patients see them only after you publish.",
        )
        if "without" in (reason := publishing.saved_version(content).reason):
            messages.warning(request, f"{reason}. Look at these words before you publish them.")
        return redirect(f"admin:treatments_{version.kind}_change", content.pk)

    # -- Sharing -----------------------------------------------------------------------------------------

    @method_decorator(require_POST)
    def share_view(self, request, pk):
        """Make a link with which somebody without an account can read this version for seven days."""
        version = get_object_or_404(Version, pk=pk)
        if not may_share(request.user, version.kind):
            raise PermissionDenied
        try:
            sharing.share(version, by=request.user)
        except publishing.RefusedError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The link is ready below. Send it to the person who is to read these words.")
        return redirect("admin:treatments_version_change", pk)

    @method_decorator(require_POST)
    def end_share_view(self, request, pk):
        link = get_object_or_404(ShareLink.objects.select_related("version"), pk=pk)
        if not may_share(request.user, link.version.kind):
            raise PermissionDenied
        sharing.end(link, by=request.user)
        messages.success(request, "The share link has ended. Whoever opens it reads nothing any more.")
        return redirect("admin:treatments_version_change", link.version_id)

    @method_decorator(require_GET)
    def export_view(self, request):
        """Give the whole history of all content as a JSON file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return history_file(Version.objects.all(), "history.json")

    def history_view(self, request, object_id, extra_context=None):
        raise Http404  # a version is history itself

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def _url(version: Version, step: str) -> str:
    """The address of a step of the page that a version belongs to."""
    return reverse(f"admin:treatments_{version.kind}_{step}", args=[version.content_id])


def _words(version: Version) -> list[tuple[str, str, str]]:
    """All words of a version, each with its field and what people call that."""
    model = schema.KINDS[version.kind]
    return [
        (field.name, schema.label(field), schema.as_html(model, field.name, version.record.get(field.name)))
        for field in schema.fields(model)
    ]
