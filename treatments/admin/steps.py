"""What is done with one page: preview, review, publish, take down, history, comparison, deleting.

Each step is a page of its own that says what it will do before it does it.
"""

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from treatments import checks, differences, library, preview, publishing, readability, schema
from treatments.admin.permissions import may_change, may_publish
from treatments.models import Presence, Version, VersionEvent

NOTE = {"max_length": Version._meta.get_field("reason").max_length}
ASIDE = {"class": "vLargeTextField"}


class MomentField(forms.SplitDateTimeField):
    """A day and a time in the clinic's time zone, in the browser's own pickers."""

    def __init__(self, **kwargs):
        widget = forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": "Day"},
            time_attrs={"type": "time", "aria-label": "Time"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        )
        messages = {"incomplete": "Give both the day and the time, or leave both empty."}
        super().__init__(required=False, widget=widget, require_all_fields=False, error_messages=messages, **kwargs)

    def compress(self, data_list):
        moment = super().compress(data_list)
        if moment and moment <= timezone.now():
            raise forms.ValidationError("This moment has passed. Choose one to come.")
        if moment and moment > timezone.now() + publishing.FURTHEST:
            raise forms.ValidationError("This is more than five years away. Leave it empty for never.")
        return moment


class ReasonField(forms.CharField):
    """Why somebody does what they do; the history keeps it."""

    def __init__(self, **kwargs):
        messages = {"required": "Say in a few words why. The history keeps it."}
        super().__init__(widget=forms.TextInput(attrs=ASIDE), error_messages=messages, **NOTE, **kwargs)


class PublishForm(forms.Form):
    reason = ReasonField(
        label="Why do you publish these words?",
        help_text="Kept in the history, for example: New advice on blood thinners.",
    )
    at = MomentField(label="Publish later, on", help_text="Leave empty to publish now.")
    until = MomentField(label="Take down by itself, on", help_text="Leave empty to keep it up.")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self):
        cleaned = super().clean()
        if (until := cleaned.get("until")) and until <= (cleaned.get("at") or timezone.now()):
            self.add_error("until", "This is before it is published. Choose a later moment.")
        return cleaned


class RetireForm(forms.Form):
    reason = ReasonField(
        label="Why is it taken down?",
        help_text="Kept in the history, for example: We do not offer this any more.",
    )
    at = MomentField(label="Take down later, on", help_text="Leave empty to take it down now.")


class DeleteForm(forms.Form):
    reason = ReasonField(label="Why is it deleted?")


class ReviewForm(forms.Form):
    note = forms.CharField(
        label="A word to the reviewer",
        required=False,
        widget=forms.TextInput(attrs=ASIDE),
        help_text="For example: Please look at the part on risks.",
        **NOTE,
    )


def _posted(request):
    return request.POST if request.method == "POST" else None


def admin_page(request, model_admin, template: str, title: str, **context):
    """Return a page of ours in the frame of the admin."""
    return TemplateResponse(
        request,
        f"admin/treatments/{template}.html",
        {**model_admin.admin_site.each_context(request), "title": title, "opts": model_admin.opts, **context},
    )


class Steps:
    """The pages that come with each piece of content, beside the form itself."""

    STEPS = ("preview", "review", "publish", "retire", "history", "compare")

    def get_urls(self):
        def step(name, view, route=None):
            return path(
                f"<int:pk>/{route or name}/",
                self.admin_site.admin_view(view),
                name=f"treatments_{self.opts.model_name}_{name}",
            )

        return [
            step("preview", self.preview_view),
            step("frame", self.frame_view, "preview/page"),
            step("review", self.review_view),
            step("publish", self.publish_view),
            step("retire", self.retire_view),
            step("compare", self.compare_view),
            step("export", self.export_view, "history/export"),
            step("presence", self.presence_view),
            step("grade", self.grade_view),
            *super().get_urls(),
        ]

    def step_url(self, content, step: str) -> str:
        return reverse(f"admin:treatments_{self.opts.model_name}_{step}", args=[content.pk])

    def _content(self, request, pk, may=None):
        """Return the content that a step is about, for somebody who may take that step."""
        if not self.has_view_permission(request) or (may and not may(request.user, self.opts.model_name)):
            raise PermissionDenied
        # The admin's own addresses take any text for a number.
        content = self.model.objects.filter(pk=pk).first() if str(pk).isdecimal() else None
        if content is None:
            raise Http404
        return content

    def _page(self, request, template, title, content, **context):
        return admin_page(
            request,
            self,
            template,
            title,
            content=content,
            change_url=self.step_url(content, "change"),
            **context,
        )

    def _version(self, request, content) -> Version:
        """Return the version asked for by its number, else the one that the working copy was saved as."""
        number = request.GET.get("version", "")
        if number:
            version = Version.objects.of(content).filter(number=number if number.isdecimal() else 0).first()
            if version is None:
                raise Http404
            return version
        return publishing.keep(content)

    # -- The form, with all that is known about the page beside it --------------------------------------

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the form; who may only read is led to the version, which shows the words as patients see them."""
        may_only_read = self.has_view_permission(request) and not self.has_change_permission(request)
        if may_only_read and request.method == "GET":
            content = self._content(request, object_id)
            return redirect("admin:treatments_version_change", self._version(request, content).pk)
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj:
            user = request.user
            if request.method == "GET" and self.has_change_permission(request, obj):
                Presence.objects.note(obj, user)
            context |= {
                "others": Presence.objects.others(obj, user),
                "published_version": publishing.published_version(obj),
                "under_way_version": Version.objects.of(obj).under_way().first(),
                "saved_version": publishing.saved_version(obj),
                # Only words from elsewhere, such as the content files, are newer than those in the form.
                "newer_version": Version.objects.of(obj).filter(number__gt=obj.saved_version).first(),
                "remark": VersionEvent.objects.filter(
                    version__in=Version.objects.of(obj).filter(number=obj.saved_version), action="sent back"
                ).last(),
                **_reading(obj, schema.to_record(obj)),
                "may_publish": may_publish(user, obj.kind()),
                "steps": {step: self.step_url(obj, step) for step in (*self.STEPS, "presence", "grade")},
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @method_decorator(require_POST)
    def presence_view(self, request, pk):
        """Note that the page is still open, and say who else has it open."""
        content = self._content(request, pk, may_change)
        Presence.objects.note(content, request.user)
        others = Presence.objects.others(content, request.user)
        return TemplateResponse(request, "admin/treatments/includes/presence.html", {"others": others})

    @method_decorator(require_POST)
    def grade_view(self, request, pk):
        """Say how the words in the form read, without saving them."""
        content = self._content(request, pk, may_change)
        form = self.get_form(request, content)(request.POST, instance=content)
        form.is_valid()  # what is wrong with a field is told when it is saved
        reading = _reading(content, form.record_as_typed())
        return TemplateResponse(request, "admin/treatments/includes/reading.html", reading)

    # -- Preview -----------------------------------------------------------------------------------------

    @method_decorator(csp_update({"frame-src": [SELF]}))
    def preview_view(self, request, pk):
        """Show a version as on a phone and on a desk, side by side."""
        content = self._content(request, pk)
        version = self._version(request, content)
        words = preview.library_with(version)
        shown = words.get(version.kind, version.record["slug"])
        frame = f"{self.step_url(content, 'frame')}?version={version.number}"
        return self._page(
            request,
            "preview",
            f"Preview of “{content}”, {version}",
            content,
            version=version,
            frame=frame,
            anchor=shown.slug if shown and type(content) in preview.LIST_PAGES else "",
            has_place=bool(shown and preview.address(shown, words)),
        )

    @method_decorator(csp_replace({"frame-ancestors": [SELF]}))
    @method_decorator(xframe_options_sameorigin)
    def frame_view(self, request, pk):
        content = self._content(request, pk)
        answer = preview.response(request, self._version(request, content))
        if answer is None:
            raise Http404
        return answer

    # -- Review ------------------------------------------------------------------------------------------

    def review_view(self, request, pk):
        """Send the working copy to the reviewers."""
        content = self._content(request, pk, may_change)
        form = ReviewForm(_posted(request))
        if request.method == "POST" and form.is_valid():
            try:
                version = publishing.send_for_review(content, by=request.user, note=form.cleaned_data["note"])
            except publishing.RefusedError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"{str(version).capitalize()} of “{content}” is now in review.")
            return redirect(self.step_url(content, "change"))
        version = self._version(request, content)
        return self._page(
            request,
            "review",
            f"Send “{content}” for review",
            content,
            form=form,
            version=version,
            under_way=Version.objects.of(content).under_way().exclude(pk=version.pk).first(),
        )

    # -- Publishing --------------------------------------------------------------------------------------

    def publish_view(self, request, pk):
        """Show the checklist, ask why and when, say it back, and do it."""
        content = self._content(request, pk, may_publish)
        version = publishing.keep(content)
        # Going on is a GET, so that going back to the confirmation later is no form to send again.
        asked = _posted(request) or (request.GET if "reason" in request.GET else None)
        current = publishing.published_version(content)
        form = PublishForm(asked, initial={"version": version.number, "until": current and current.retire_at})
        checklist = publishing.checks_of(version)
        confirming = False
        if form.is_bound and form.is_valid():
            if form.cleaned_data["version"] != version.number:
                form = PublishForm({**asked.dict(), "version": version.number})
                messages.warning(request, "Newer words were saved since you opened this page. Look at them first.")
            elif "_confirmed" in request.POST:
                return self._publish(request, content, form.cleaned_data)
            else:
                confirming = not checks.blocking(checklist)
        at, until = (form.cleaned_data.get(name) for name in ("at", "until")) if confirming else (None, None)
        return self._page(
            request,
            "publish",
            f"Publish “{content}”",
            content,
            form=form,
            version=version,
            current=current,
            checklist=checklist,
            is_blocked=bool(checks.blocking(checklist)),
            changes=differences.between(content.kind(), current.record, version.record) if current else None,
            under_way=Version.objects.of(content).under_way().exclude(pk=version.pk).first(),
            confirming=confirming,
            button=f"Schedule for {publishing.spoken(at)}"
            if at
            else f"Publish now, {publishing.spoken(timezone.now())}",
            until=publishing.spoken(until) if until else "",
        )

    def _publish(self, request, content, wanted):
        try:
            version = publishing.publish(
                content,
                by=request.user,
                reason=wanted["reason"],
                at=wanted["at"],
                until=wanted["until"],
                expected=wanted["version"],
            )
        except publishing.RefusedError as error:
            messages.error(request, str(error))
            return redirect(self.step_url(content, "publish"))
        if version.state == Version.State.SCHEDULED:
            text = (
                f"{str(version).capitalize()} of “{content}” is scheduled for {publishing.spoken(version.publish_at)}."
            )
        else:
            text = f"Patients now read {version} of “{content}”."
        messages.success(request, text)
        return redirect(self.step_url(content, "change"))

    def retire_view(self, request, pk):
        """Take a page down, now or later, or cancel a planned taking down."""
        content = self._content(request, pk, may_publish)
        current = publishing.published_version(content)
        if current is None:
            messages.error(request, f"Patients do not see “{content}”; there is nothing to take down.")
            return redirect(self.step_url(content, "change"))
        # As when publishing, only the confirmation is a form to send.
        form = RetireForm(_posted(request) or (request.GET if "reason" in request.GET else None))
        confirming = False
        if form.is_bound and form.is_valid():
            reason, at = form.cleaned_data["reason"], form.cleaned_data["at"]
            if "_confirmed" in request.POST or "_keep" in request.POST:
                try:
                    if "_keep" in request.POST:
                        publishing.plan_retiring(content, by=request.user, at=None, reason=reason)
                        text = f"“{content}” stays up."
                    elif at:
                        publishing.plan_retiring(content, by=request.user, at=at, reason=reason)
                        text = f"“{content}” will be taken down on {publishing.spoken(at)}."
                    else:
                        publishing.retire(content, by=request.user, reason=reason)
                        text = f"Patients do not see “{content}” any more. Its words are kept."
                except publishing.RefusedError as error:
                    messages.error(request, str(error))
                    return redirect(self.step_url(content, "retire"))
                messages.success(request, text)
                return redirect(self.step_url(content, "change"))
            confirming = True
        at = form.cleaned_data.get("at") if confirming else None
        return self._page(
            request,
            "retire",
            f"Take down “{content}”",
            content,
            form=form,
            current=current,
            problem=publishing.needed_by_the_site(content),
            linking=library.published().linking_to(content) if hasattr(content, "get_absolute_url") else [],
            confirming=confirming,
            button=f"Take down on {publishing.spoken(at)}"
            if at
            else f"Take down now, {publishing.spoken(timezone.now())}",
        )

    # -- History -----------------------------------------------------------------------------------------

    def history_view(self, request, object_id, extra_context=None):
        content = self._content(request, object_id)
        versions = Version.objects.of(content).select_related("created_by").order_by("-number")
        return self._page(
            request,
            "history",
            f"History of “{content}”",
            content,
            versions=versions.defer("record").prefetch_related("events__by"),
            compare_url=self.step_url(content, "compare"),
            export_url=self.step_url(content, "export"),
        )

    @method_decorator(require_GET)
    def compare_view(self, request, pk):
        """Show what differs between two versions, in words."""
        content = self._content(request, pk)
        numbers = [request.GET.get(name, "") for name in ("old", "new")]
        chosen = Version.objects.of(content).filter(number__in=[one for one in numbers if one.isdecimal()])
        by_number = {str(version.number): version for version in chosen.select_related("created_by")}
        if not all(number in by_number for number in numbers):
            messages.error(request, "Choose two versions of this page to compare.")
            return redirect(self.step_url(content, "history"))
        old, new = (by_number[number] for number in numbers)
        return self._page(
            request,
            "compare",
            f"What changed in “{content}”",
            content,
            old=old,
            new=new,
            changes=differences.between(content.kind(), old.record, new.record),
        )

    @method_decorator(require_GET)
    def export_view(self, request, pk):
        """Give the whole history of a page as a JSON file."""
        content = self._content(request, pk)
        return history_file(Version.objects.of(content), f"history-{content.kind()}-{content.slug}.json")

    def delete_view(self, request, object_id, extra_context=None):
        content = self._content(request, object_id)
        if not self.has_delete_permission(request, content):
            raise PermissionDenied
        form = DeleteForm(_posted(request))
        if request.method == "POST" and form.is_valid():
            name = str(content)
            try:
                publishing.delete(content, by=request.user, reason=form.cleaned_data["reason"])
            except publishing.RefusedError as error:
                messages.error(request, str(error))
                return HttpResponseRedirect(request.path)
            messages.success(request, f"“{name}” is deleted. You can restore it from the deleted pages.")
            return redirect(f"admin:treatments_{self.opts.model_name}_changelist")
        return self._page(
            request,
            "delete",
            f"Delete “{content}”",
            content,
            form=form,
            users=publishing.used_by(content),
            is_public=publishing.published_version(content) is not None,
        )


def _reading(content, record: dict) -> dict:
    """Return what the form says about its words: the checklist, and the reading grade beside the buttons."""
    return {
        "checklist": publishing.checks_of_record(content.kind(), content.pk, record),
        "grade": readability.grade_of(schema.from_record(type(content), record)),
        "max_grade": checks.MAX_GRADE,
    }


def history_file(versions, name: str) -> HttpResponse:
    """Return every version with who, when and why, and its reviews, as a file to keep elsewhere."""
    versions = (
        versions.select_related("created_by")
        .prefetch_related("events__by", "sign_offs")
        .order_by("kind", "content_id", "number")
    )
    told = [
        {
            "kind": version.kind,
            "content": version.content_id,
            "number": version.number,
            "state": version.state,
            "saved": version.created_at,
            "by": version.created_by and version.created_by.get_username(),
            "reason": version.reason,
            "published": version.published_at,
            "record": version.record,
            "events": [
                {
                    "at": one.at,
                    "what": one.get_action_display(),
                    "by": one.by and one.by.get_username(),
                    "note": one.note,
                }
                for one in version.events.all()
            ],
            "medical reviews": [
                {"at": one.signed_at, "by": str(one), "fingerprint": one.fingerprint, "next": one.next_review_on}
                for one in version.sign_offs.all()
            ],
        }
        for version in versions
    ]
    answer = JsonResponse(told, safe=False, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
