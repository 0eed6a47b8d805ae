"""The clinic's list of requests. What a patient wrote can be read here, changed nowhere, and deleted when they ask."""

from django.contrib import admin
from django.utils.html import format_html

from appointments.models import Concern, EvaluationRequest
from treatments import library, phone


@admin.register(EvaluationRequest)
class EvaluationRequestAdmin(admin.ModelAdmin):
    list_display = ("spoken_reference", "received_at", "name", "contact_by", "for_whom", "staff_told")
    list_filter = ("received_at", "contact_by", "for_whom")
    list_select_related = ("staff_message",)
    actions = None  # deleting is done for one person at a time, never for a page of them
    search_fields = ("reference",)
    search_help_text = "Search by reference, with or without hyphens."
    fieldsets = (
        (None, {"fields": ("spoken_reference", "received_at", "staff_told")}),
        (
            "How to reach them",
            {"fields": ("contact_by", "leave_message", "phone_number", "email", "times", "needs")},
        ),
        ("Who it is about", {"fields": ("for_whom", "name", "helper_name", "helper_relation")}),
        ("What it is about", {"fields": ("concern_list", "interest_list", "message")}),
    )

    @admin.display(description="reference", ordering="reference")
    def spoken_reference(self, request):
        return request.spoken_reference

    @admin.display(description="may we leave a message?")
    def leave_message(self, request):
        return "Yes" if request.may_leave_message else "NO. Leave no message."

    @admin.display(description="phone")
    def phone_number(self, request):
        return format_html('<a href="tel:{}">{}</a>', request.phone, phone.display(request.phone))

    @admin.display(description="best times")
    def times(self, request):
        return ", ".join(request.best_times) or "Any"

    @admin.display(description="what bothers them most")
    def concern_list(self, request):
        labels = dict(Concern.choices)
        return "; ".join(labels.get(concern, concern) for concern in request.concerns)

    @admin.display(description="interested in")
    def interest_list(self, request):
        names = {family.slug: family.name for family in library.published().families}
        return "; ".join(names.get(slug, slug) for slug in request.interests) or "No choice made"

    @admin.display(description="staff told by e-mail")
    def staff_told(self, request):
        return request.staff_message.get_state_display()

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term.replace("-", "").upper())

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
