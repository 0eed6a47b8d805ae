"""The clinic's list of requests. What a patient wrote can be read here and changed nowhere.

Staff record calls, move a request on, and clear the spam shelf; each of these is an act of `services`, with its line in
the record.
"""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.html import format_html

from appointments import choices, privacy, references, services, tracking
from appointments.models import EvaluationRequest, Message, RequestEvent
from treatments import library, phone

Status, ClosedReason = EvaluationRequest.Status, EvaluationRequest.ClosedReason


class ShelfFilter(admin.SimpleListFilter):
    """Suspected spam lies on a shelf of its own, one click away and never mixed with the rest."""

    title, parameter_name = "suspected spam", "shelf"

    def lookups(self, request, model_admin):
        count = EvaluationRequest.objects.exclude(suspicion="").count()
        return [("spam", f"Suspected spam ({count})")]

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield choice | ({"display": "Requests"} if choice["display"] == "All" else {})

    def queryset(self, request, queryset):
        return queryset.exclude(suspicion="") if self.value() == "spam" else queryset.filter(suspicion="")


class MailFilter(admin.SimpleListFilter):
    title, parameter_name = "mail", "mail"

    def lookups(self, request, model_admin):
        return [("failed", "Not delivered")]

    def queryset(self, request, queryset):
        return queryset.filter(messages__in=Message.objects.undelivered()).distinct() if self.value() else queryset


@admin.register(EvaluationRequest)
class EvaluationRequestAdmin(admin.ModelAdmin):
    list_display = ("spoken_reference", "urgency", "answer_by", "status", "received_at", "name", "contact_by", "mail")
    list_filter = ("status", "needs_same_day_call", ShelfFilter, MailFilter)
    ordering = ("-needs_same_day_call", F("reply_by").asc(nulls_first=True), "received_at")
    actions = None  # deleting is done for one person at a time, never for a page of them
    search_fields = ("reference",)
    search_help_text = "Search by reference, with or without hyphens."
    change_form_template = "admin/appointments/evaluationrequest/change_form.html"
    fieldsets = (
        (None, {"fields": ("spoken_reference", "received_at", "answer_by", "urgency", "status", "patient_reads")}),
        (
            "How to reach them safely",
            {
                "fields": (
                    "leave_message", "text_messages", "calls", "times", "times_to_avoid", "language_and_needs",
                    "contact_by", "phone_number", "email",
                )
            },
        ),
        ("Who it is about", {"fields": ("for_whom", "name", "helper_name", "helper_relation")}),
        (
            "What it is about",
            {
                "fields": (
                    "concern_list", "message", "tried_list", "interest_list", "fusion", "fusion_year", "fusion_levels",
                    "cover",
                )
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request):
        late = Q(status=Status.NEW, reply_by__lt=library.published().today)
        found = super().get_queryset(request).prefetch_related("messages")
        return found.annotate(is_overdue=ExpressionWrapper(late, output_field=BooleanField()))

    @admin.display(description="reference", ordering="reference")
    def spoken_reference(self, request):
        return request.spoken_reference

    @admin.display(description="how soon", ordering="needs_same_day_call")
    def urgency(self, request):
        if request.status == Status.CLOSED:
            return ""
        return "CALL TODAY" if request.needs_same_day_call else "By the answer day"

    @admin.display(description="answer by", ordering="reply_by")
    def answer_by(self, request):
        if not request.reply_by:
            return "No day was promised"
        return f"{request.reply_by:%a, %b} {request.reply_by.day}" + (" (OVERDUE)" if request.is_overdue else "")

    @admin.display(description="mail")
    def mail(self, request):
        states = [one.get_state_display() for one in request.messages.all() if one.is_undelivered]
        return "; ".join(sorted(set(states))) or "In order"

    @admin.display(description="what the patient reads now")
    def patient_reads(self, request):
        return tracking.patient_status(request)

    @admin.display(description="may we leave a message?")
    def leave_message(self, request):
        return "Yes" if request.may_leave_message else "NO. Leave no message."

    @admin.display(description="may we send texts?")
    def text_messages(self, request):
        return "Yes" if request.may_text else "NO. Send no text."

    @admin.display(description="who may know that we call")
    def calls(self, request):
        rule = dict(choices.WhoMayAnswer.choices).get(request.who_may_answer, choices.WhoMayAnswer.ONLY_PATIENT.label)
        return f"{rule}: {request.trusted_person}" if request.trusted_person else rule

    @admin.display(description="phone")
    def phone_number(self, request):
        if not request.phone:
            return "None given"
        return format_html('<a href="tel:{}">{}</a>', request.phone, phone.display(request.phone))

    @admin.display(description="best times")
    def times(self, request):
        return _words(choices.BestTime, request.best_times) or "Any"

    @admin.display(description="what would help them")
    def language_and_needs(self, request):
        parts = [_words(choices.AccessNeed, request.access_needs), request.language, request.needs]
        return "; ".join(filter(None, parts)) or "Nothing named"

    @admin.display(description="what bothers them most")
    def concern_list(self, request):
        return _words(choices.Concern, request.concerns)

    @admin.display(description="what they tried")
    def tried_list(self, request):
        return _words(choices.Tried, request.tried) or "Not answered"

    @admin.display(description="interested in")
    def interest_list(self, request):
        names = {family.slug: family.name for family in library.published().families}
        names[choices.INTEREST_NOT_SURE] = "Not sure"
        return "; ".join(names.get(slug, slug) for slug in request.interests) or "No choice made"

    @admin.display(description="spinal fusion")
    def fusion(self, request):
        had = dict(choices.Fusions.choices).get(request.fusions, request.fusions)
        return "; ".join(filter(None, [had, _words(choices.FusionArea, request.fusion_areas)])) or "Not answered"

    @admin.display(description="insurance")
    def cover(self, request):
        kind = dict(choices.Insurance.choices).get(request.insurance, request.insurance)
        return ": ".join(filter(None, [kind, request.insurer])) or "Not answered"

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, references.normal(search_term))

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_handle_permission(self, request):
        return request.user.has_perm("appointments.handle_evaluationrequest")

    def delete_model(self, request, obj):
        privacy.erase([obj], by=request.user.get_username())

    # -- What staff do -------------------------------------------------------------------------------------------

    def get_urls(self):
        handle = self.admin_site.admin_view(self.handle_view)
        return [
            path("<path:object_id>/handle/", handle, name="appointments_evaluationrequest_handle"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        extra = {}
        if found:
            extra = {
                "found": found,
                "may_handle": self.has_handle_permission(request),
                "attempts": [(kind, RequestEvent.Kind(kind).label) for kind in services.CONTACT_ATTEMPTS],
                "moves": [(s, s.label) for s in Status if s in services.MOVES[found.status] and s != Status.CLOSED],
                "reasons": [one for one in ClosedReason.choices if one[0] != ClosedReason.WITHDRAWN],
                "events": RequestEvent.objects.filter(reference=found.reference),
                "messages_of_request": found.messages.all(),
            }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def handle_view(self, request, object_id):
        """Do one of the acts that the buttons of a request stand for."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = get_object_or_404(EvaluationRequest, pk=object_id)
        by, act, value = request.user.get_username(), request.POST.get("act"), request.POST.get("value", "")
        try:
            if act == "contact" and value in services.CONTACT_ATTEMPTS:
                services.record_contact(found, value, by=by)
            elif act == "move" and value in Status.values:
                services.move(found, value, by=by, reason=request.POST.get("reason", ""))
            elif act == "shelve":
                services.shelve(found, by=by)
            elif act == "unshelve":
                services.unshelve(found, by=by)
            elif act == "send again":
                services.send_again(get_object_or_404(found.messages, identifier=value), by=by)
            else:
                messages.error(request, "Nothing was changed. Choose one of the buttons.")
                return redirect("admin:appointments_evaluationrequest_change", object_id)
        except services.RefusedError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Done, and put on record.")
        return redirect("admin:appointments_evaluationrequest_change", object_id)


def _words(kind, values):
    """Return the words for stored answers, and as it is whatever is no answer of today's list."""
    labels = dict(kind.choices)
    return "; ".join(labels.get(value, value) for value in values)
