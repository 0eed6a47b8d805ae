from django.apps import AppConfig


class MediciSiteConfig(AppConfig):
    """The project itself: staff accounts, error pages, health check, and the commands that run the site."""

    name = "medici_site"
    verbose_name = "Staff"
