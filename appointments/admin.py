"""Where the desk stands in the admin: its addresses, and who may use it. The pages themselves are in `desk`."""

from django.contrib import admin
from django.urls import path

from appointments.desk import by_phone, export, guide, looked, morning, person, queue, retention
from appointments.desk import request as one
from appointments.models import EvaluationRequest


@admin.register(EvaluationRequest)
class EvaluationRequestAdmin(admin.ModelAdmin):
    """Requests are handled by the acts of `services`. The admin's own form would change them past the record."""

    actions = None

    def has_add_permission(self, request):
        """Whoever answers the phone takes requests over it, on a page of our own."""
        return request.user.has_perm("appointments.handle_evaluationrequest")

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # `person.erase` says first what goes and what stays

    def changelist_view(self, request, extra_context=None):
        return queue.queue(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return one.open_request(request, object_id)

    def get_urls(self):
        def desk(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"appointments_evaluationrequest_{name}")

        return [
            desk("add/", by_phone.by_phone, "add"),
            desk("search/", queue.search, "search"),
            desk("views/", queue.save_view, "views"),
            desk("many/", queue.many, "many"),
            desk("next/", one.next_request, "next"),
            desk("morning/", morning.morning, "morning"),
            desk("day/", one.day, "day"),
            desk("guide/", guide.guide, "guide"),
            desk("export/", export.export, "export"),
            desk("looked/", looked.looked, "looked"),
            desk("looked/find/", looked.find, "looked_find"),
            desk("looked/download/", looked.download, "looked_download"),
            desk("person/", person.person, "person"),
            desk("person/report/", person.report, "person_report"),
            desk("person/download/", person.download, "person_download"),
            desk("person/erase/", person.erase, "person_erase"),
            desk("retention/", retention.retention, "retention"),
            desk("<int:pk>/hold/", retention.hold, "hold"),
            desk("<path:object_id>/handle/", one.act, "handle"),
            desk("<path:object_id>/here/", one.here, "here"),
            desk("<path:object_id>/print/", one.on_paper, "print"),
            desk("<path:object_id>/letter/", one.letter, "letter"),
            desk("<path:object_id>/beside/<path:other_id>/", one.beside, "beside"),
            *super().get_urls(),
        ]
