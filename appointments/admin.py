"""The front desk: the list of requests, and a page for each. What a patient wrote can be read here and changed nowhere.

Staff record calls, move a request on, and clear the spam shelf; each of these is an act of `services`, with its line in
the record.
"""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.text import capfirst

from appointments import choices, privacy, references, services, tracking, waiting
from appointments.encryption import Unreadable
from appointments.models import EvaluationRequest, Message, RequestEvent
from appointments.models.statuses import MOVES
from treatments import library, phone

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind

NOT_ANSWERED = "Not answered"
ATTEMPTS = {
    Event.REACHED: "I reached them",
    Event.LEFT_MESSAGE: "I left a message, or wrote to them",
    Event.NO_ANSWER: "No answer",
}
BY = {name: f"the {name}" for name in (RequestEvent.PATIENT, RequestEvent.WEBSITE, RequestEvent.COMMAND_LINE)}
DETAILS = {
    **dict(Status.choices),
    **dict(ClosedReason.choices),
    **dict(Message.Kind.choices),
    "contact": "how to reach them",
    "times": "when to reach them",
}
WHY_NOT_SENT = {
    "SMTPRecipientsRefused": "the mail server refused the address",
    "SomeRefusedError": "the mail server refused one of the addresses; the others have it",
    "UnsendableError": "the address cannot be read",
}


class ToDoFilter(admin.SimpleListFilter):
    """What somebody has to do something about; the same words and numbers as on the first page of the admin."""

    title, parameter_name = "what to do", "do"
    FIELDS = {"call": "call_first", "overdue": "is_overdue", "mail": "mail_failed"}

    def lookups(self, request, model_admin):
        return [("call", "Call today"), ("overdue", "Overdue"), ("mail", "Mail was not delivered")]

    def queryset(self, request, queryset):
        return queryset.filter(**{self.FIELDS[self.value()]: True}) if self.value() in self.FIELDS else queryset


class ShelfFilter(admin.SimpleListFilter):
    """Suspected spam lies on a shelf of its own, one click away. A search by reference finds it all the same."""

    title, parameter_name = "suspected spam", "shelf"

    def lookups(self, request, model_admin):
        count = EvaluationRequest.objects.exclude(suspicion="").count()
        return [("spam", f"Suspected spam ({count})")]

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield choice | ({"display": "Requests"} if choice["display"] == "All" else {})

    def queryset(self, request, queryset):
        if self.value() == "spam":
            return queryset.exclude(suspicion="")
        return queryset if request.GET.get("q") else queryset.filter(suspicion="")


@admin.register(EvaluationRequest)
class EvaluationRequestAdmin(admin.ModelAdmin):
    list_display = (
        "spoken_reference", "urgency", "answer_by", "status_in_words", "received_at", "name", "contact_by", "mail",
    )  # fmt: skip
    list_filter = (ToDoFilter, "status", ShelfFilter)
    # By no column, so that no heading claims to be in order; see get_ordering for how the list really is.
    ordering = ("pk",)
    show_full_result_count = False  # it would count suspected spam as well
    actions = None  # deleting is done for one person at a time, never for a page of them
    search_fields = ("reference",)
    search_help_text = "Search by reference, with or without hyphens. Names and numbers cannot be searched for."

    # -- The list ------------------------------------------------------------------------------------------------

    def get_queryset(self, request):
        # Not from super(), which puts in order what is not there yet.
        requests = waiting.with_urgency(EvaluationRequest.objects.all(), request.library.today)
        requests = requests.annotate(is_closed=Q(status=Status.CLOSED))
        return requests.order_by(*self.get_ordering(request)).prefetch_related("messages")

    def get_ordering(self, request):
        """What is most pressing comes first, and what is closed last."""
        return ("is_closed", *waiting.IN_ORDER)

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": "Requests from patients"} | (extra_context or {}))

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, references.normal(search_term))

    @admin.display(description="reference", ordering="reference")
    def spoken_reference(self, request):
        return request.spoken_reference

    @admin.display(description="call", ordering="-call_first", empty_value="")
    def urgency(self, request):
        return "CALL TODAY" if request.call_first else ""

    @admin.display(description="answer by", ordering="reply_by")
    def answer_by(self, request):
        if not request.reply_by:
            return "No day was promised"
        return date_format(request.reply_by, "D, M j, Y") + (" (OVERDUE)" if request.is_overdue else "")

    @admin.display(description="status", ordering="status")
    def status_in_words(self, request):
        words = [request.get_status_display(), request.get_closed_reason_display()]
        return ": ".join(filter(None, words)) + (" (suspected spam)" if request.suspicion else "")

    @admin.display(description="mail")
    def mail(self, request):
        states = {message.state: message.get_state_display() for message in request.messages.all()}
        failed = {message.get_state_display() for message in request.messages.all() if message.is_undelivered}
        if failed:
            return f"NOT DELIVERED: {', '.join(sorted(failed)).lower()}"
        return states.get(Message.State.QUEUED) or states.get(Message.State.SENT) or "No mail"

    # -- Who may do what -----------------------------------------------------------------------------------------

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_handle_permission(self, request):
        return request.user.has_perm("appointments.handle_evaluationrequest")

    def delete_model(self, request, obj):
        privacy.erase([obj], by=request.user.get_username())

    # -- One request ---------------------------------------------------------------------------------------------

    def get_urls(self):
        handle = self.admin_site.admin_view(self.handle_view)
        return [
            path("<path:object_id>/handle/", handle, name="appointments_evaluationrequest_handle"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one request: how to reach its sender safely comes before the number to dial."""
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        found = self._found(request, object_id)
        moves = [status for status in Status if status in MOVES[found.status] and status != Status.CLOSED]
        events = [_event(event) for event in RequestEvent.objects.filter(reference=found.reference)]
        handle = reverse("admin:appointments_evaluationrequest_handle", args=[found.pk])
        context = {
            "found": found,
            # How much of the record somebody has seen who presses a button.
            "handle": f"{handle}?seen={len(events)}",
            "urgency": self.urgency(found),
            "answer_by": self.answer_by(found),
            "status": self.status_in_words(found),
            "patient_status": tracking.patient_status(found),
            "safely": _safe_contact(found, request.library),
            "phone": phone.display(found.phone),
            "can_dial": found.phone and not isinstance(found.phone, Unreadable),
            "can_write": found.email and not isinstance(found.email, Unreadable),
            "answers": [(name, _words(found, field, request.library)) for name, field in ANSWERS.items()],
            "events": events,
            "mails": [(message, _mail_words(message)) for message in found.messages.order_by("created_at", "pk")],
            "may_handle": self.has_handle_permission(request),
            "may_delete": self.has_delete_permission(request, found),
            "attempts": [(kind.value, words) for kind, words in ATTEMPTS.items()],
            "moves": [(status.value, f"Move to “{status.label}”") for status in moves],
            "reasons": ClosedReason.choices,
        }
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": str(found)}
        return TemplateResponse(request, "admin/appointments/request.html", frame | context)

    def handle_view(self, request, object_id):
        """Do one of the acts that the buttons of a request stand for.

        A second click, or somebody who did not see what a colleague or the patient has just done, changes nothing.
        """
        if not self.has_handle_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = self._found(request, object_id)
        try:
            with transaction.atomic():
                found = get_object_or_404(EvaluationRequest.objects.select_for_update(), pk=found.pk)
                seen = str(RequestEvent.objects.filter(reference=found.reference).count())
                if request.GET.get("seen", seen) != seen:
                    raise services.RefusedError("Something has just happened with this request. Please look again.")
                done = self._do(found, request.POST, by=request.user.get_username())
        except services.RefusedError as error:
            messages.error(request, str(error))
        else:
            if done:
                messages.success(request, "Done, and put on record.")
            else:
                messages.error(request, "Nothing was changed. Choose one of the buttons.")
        return redirect("admin:appointments_evaluationrequest_change", found.pk)

    @staticmethod
    def _do(found, posted, *, by) -> bool:
        """Do what a button says, and return whether there is such a button. Raises services.RefusedError."""
        act, value = posted.get("act"), posted.get("value", "")
        if act == "contact" and value in ATTEMPTS:
            services.record_contact(found, value, by=by)
        elif act == "move" and value in Status.values:
            services.move(found, value, by=by, reason=posted.get("reason", ""))
        elif act == "shelve":
            services.shelve(found, by=by)
        elif act == "unshelve":
            services.unshelve(found, by=by)
        elif act == "send again" and (message := next((m for m in found.messages.all() if str(m.pk) == value), None)):
            services.send_again(message, by=by)
        else:
            return False
        return True

    def _found(self, request, object_id):
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found


def _safe_contact(found, words: library.Library) -> list[tuple[str, str]]:
    """Return what has to be known before somebody calls, in the order in which it matters."""
    person = [found.name] if found.for_whom == "self" else [found.name, "Someone else asks for them."]
    helper = f"{found.helper_name} ({found.helper_relation})" if found.helper_relation else found.helper_name
    if found.who_may_answer:
        rule = f"“{_words(found, 'who_may_answer', words)}”"
    else:  # silence means the strictest rule, as the form says
        rule = f"“{choices.WhoMayAnswer.ONLY_PATIENT.label}”\nThey did not choose, so this is the rule."
    return [
        ("Name", "\n".join(person)),
        *([("Who asks for them", helper)] if helper else []),
        ("May we leave a message?", "Yes" if found.may_leave_message else "NO. Leave no message."),
        ("May we send text messages?", "Yes" if found.may_text else "NO. Send no text message."),
        ("Who may know that we call?", rule),
        ("Whom else we may speak with", found.trusted_person or "Nobody"),
        ("Good times", _words(found, "best_times", words)),
        ("Times that do not work", _words(found, "times_to_avoid", words)),
        ("Language for the interpreter", _words(found, "language", words)),
        ("What would help them", _words(found, "access_needs", words)),
        ("Other needs", _words(found, "needs", words)),
        ("They like best", found.get_contact_by_display()),
    ]


ANSWERS = {
    "What bothers them most": "concerns",
    "In their own words": "message",
    "Spinal fusion": "fusions",
    "Where it was fused": "fusion_areas",
    "Year of the last fusion": "fusion_year",
    "Fused levels": "fusion_levels",
    "What they tried": "tried",
    "Interested in": "interests",
    "Insurance": "insurance",
    "Insurance company": "insurer",
}
"""What the patient told us about the evaluation they want."""


def _words(found, field, words: library.Library) -> str:
    """Return an answer in words, one a line, and as it is what is no answer of today's list."""
    value = getattr(found, field)
    labels = choices.labels(field, words)
    chosen = value if isinstance(value, list) else [value]
    return "\n".join(str(labels.get(one, one)) for one in chosen if one) or NOT_ANSWERED


def _event(event) -> dict:
    """Return one line of the record as staff read it."""
    detail = DETAILS.get(event.detail, event.detail)
    return {"at": event.at, "what": event.get_kind_display(), "detail": detail, "by": BY.get(event.by, event.by)}


def _mail_words(message) -> str:
    """Return what became of a message."""
    state = capfirst(message.get_state_display())
    if message.state == Message.State.FAILED:
        return f"{state}: {WHY_NOT_SENT.get(message.last_error, 'the mail server did not take it')}"
    if message.state == Message.State.QUEUED and message.attempts:
        return f"{state}. It was tried {message.attempts} times and will be tried again"
    return state
