"""The admin site: Django's own, with the clinic's name on it."""

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class MediciAdminSite(admin.AdminSite):
    site_header = "Medici Orthopaedics & Spine"
    site_title = "Medici staff"
    index_title = "What would you like to do?"
    enable_nav_sidebar = False

    def each_context(self, request):
        from appointments import kept_forms  # needs the apps to be loaded

        context = super().each_context(request)
        if context["has_permission"]:
            # For idle.js.
            context |= {"idle_seconds": settings.SESSION_IDLE_AGE, "ticket": kept_forms.ticket(request.user)}
        return context

    def password_change(self, request, extra_context=None):
        from medici_site.accounts.views import OwnPasswordView  # needs the apps to be loaded

        return OwnPasswordView.as_view()(request)


class MediciAdminConfig(AdminConfig):
    default_site = "medici_site.admin_site.MediciAdminSite"
