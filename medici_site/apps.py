from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class MediciSiteConfig(AppConfig):
    """The project itself: staff accounts, error pages, health check, and the commands that run the site."""

    name = "medici_site"
    verbose_name = "Staff"

    def ready(self):
        # Both name the models of other apps, which are loaded only now.
        from medici_site import roles
        from medici_site.accounts import record  # noqa: F401 - connects what it listens to

        for label in roles.APPS:
            post_migrate.connect(roles.make_groups_equal_roles, sender=apps.get_app_config(label))
