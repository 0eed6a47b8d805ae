"""The admin site: Django's own, with the clinic's name on it."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class MediciAdminSite(admin.AdminSite):
    site_header = "Medici Orthopaedics & Spine"
    site_title = "Medici staff"
    index_title = "What would you like to do?"
    enable_nav_sidebar = False


class MediciAdminConfig(AdminConfig):
    default_site = "medici_site.admin_site.MediciAdminSite"
