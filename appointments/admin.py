"""Where the desk stands in the admin: its addresses, and who may use it. The pages themselves are in `desk`."""

from django.contrib import admin
from django.urls import path

from appointments import privacy
from appointments.desk import morning, queue
from appointments.desk import request as one
from appointments.models import EvaluationRequest


@admin.register(EvaluationRequest)
class EvaluationRequestAdmin(admin.ModelAdmin):
    """Requests are handled by the acts of `services`. The admin's own form would change them past the record."""

    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def delete_model(self, request, obj):
        privacy.erase([obj], by=request.user.get_username())

    def changelist_view(self, request, extra_context=None):
        return queue.queue(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return one.open_request(request, object_id)

    def get_urls(self):
        def desk(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"appointments_evaluationrequest_{name}")

        return [
            desk("search/", queue.search, "search"),
            desk("views/", queue.save_view, "views"),
            desk("many/", queue.many, "many"),
            desk("next/", one.next_request, "next"),
            desk("morning/", morning.morning, "morning"),
            desk("day/", one.day, "day"),
            desk("<path:object_id>/handle/", one.act, "handle"),
            desk("<path:object_id>/here/", one.here, "here"),
            desk("<path:object_id>/print/", one.on_paper, "print"),
            desk("<path:object_id>/letter/", one.letter, "letter"),
            desk("<path:object_id>/beside/<path:other_id>/", one.beside, "beside"),
            *super().get_urls(),
        ]
