"""The admin site: Django's own, with the clinic's name on it."""

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.apps import AdminConfig
from django.shortcuts import redirect


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
        """Change one's own password. All other sessions end with the old one; this one goes on under a new key."""
        from allauth.usersessions.models import UserSession  # all of these need the apps to be loaded

        from medici_site.accounts import record, throttle

        one_try = request, throttle.PASSWORD, request.user.username
        if request.method == "POST" and throttle.is_over(*one_try):
            messages.error(request, "Too many tries. Wait 15 minutes, then try again.")
            return redirect("admin:password_change")
        before = request.user.password
        response = super().password_change(request, extra_context)
        if request.user.password != before:
            for one in UserSession.objects.filter(user=request.user):
                one.end()
            UserSession.objects.create_from_request(request)
            record.account(request, "changed the own password")
            throttle.give_back(*one_try)
        elif request.method == "POST" and "old_password" in response.context_data["form"].errors:
            record.not_let_in(request, request.user.username, "wrong password")
        elif request.method == "POST":
            throttle.give_back(*one_try)
        return response


class MediciAdminConfig(AdminConfig):
    default_site = "medici_site.admin_site.MediciAdminSite"
