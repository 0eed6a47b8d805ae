from django.apps import AppConfig


class TreatmentsConfig(AppConfig):
    """What the clinic can tell patients: content, its published versions, and the pages that show them."""

    name = "treatments"
    verbose_name = "Website words"
