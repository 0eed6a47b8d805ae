"""SMTP that tells of every refusal."""

import smtplib

from django.core.mail.backends import smtp


class SomeRefusedError(smtplib.SMTPRecipientsRefused):
    """A mail server took a message for some of its recipients and refused it for others."""


class EmailBackend(smtp.EmailBackend):
    """Django's own, which says nothing when a mail server refuses some recipients and not all."""

    @property
    def connection_class(self):
        class Connection(super().connection_class):
            def sendmail(self, *args, **kwargs):
                if refused := super().sendmail(*args, **kwargs):
                    raise SomeRefusedError(refused)
                return refused

        return Connection
