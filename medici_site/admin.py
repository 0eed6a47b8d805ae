"""Staff accounts in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from medici_site.models import User


@admin.register(User)
class StaffAccountAdmin(UserAdmin):
    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    fieldsets = (*UserAdmin.fieldsets, ("First sign-in", {"fields": ("must_change_password",)}))
