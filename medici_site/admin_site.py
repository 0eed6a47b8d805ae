"""The admin site: Django's own, with the clinic's name on it."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class MediciAdminSite(admin.AdminSite):
    site_header = "Medici Orthopaedics & Spine"
    site_title = "Medici staff"
    index_title = "What would you like to do?"
    enable_nav_sidebar = False

    def password_change(self, request, extra_context=None):
        """Change one's own password. All other sessions end with the old one; this one goes on under a new key."""
        from allauth.usersessions.models import UserSession  # loaded only after the apps

        from medici_site.accounts import record

        before = request.user.password
        response = super().password_change(request, extra_context)
        if request.user.password != before:
            UserSession.objects.filter(user=request.user).delete()
            UserSession.objects.create_from_request(request)
            record.account(request, "changed the own password")
        return response


class MediciAdminConfig(AdminConfig):
    default_site = "medici_site.admin_site.MediciAdminSite"
