from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    """Patients asking for an evaluation, and the messages that follow."""

    name = "appointments"
    verbose_name = "Evaluation requests"
