"""What the two commands about one person share."""

import sys

from django.core.management.base import BaseCommand, CommandError

from appointments import references
from appointments.encryption import missing_keys
from appointments.models import RequestEvent
from appointments.privacy import find_person


class PersonCommand(BaseCommand):
    """A command about all requests of one person. Whatever it asks and tells goes to standard error."""

    def add_arguments(self, parser):
        parser.add_argument(
            "--reference",
            help="a reference, for example CF4-HK7-PR. Without it you are asked for a phone number or an e-mail "
            "address on standard input. Neither can be an argument, because arguments end up in shell histories and "
            "in lists of running processes.",
        )
        parser.add_argument(
            "--only",
            action="store_true",
            help="this one request, without the others that share its phone number or e-mail address; for people who "
            "share one. Needs --reference.",
        )

    def find(self, *, reference, only):
        """Return the person's requests after listing them by reference and day. Raises CommandError."""
        if only and not reference:
            raise CommandError("--only needs --reference.")
        contact = "" if reference else self.ask("Phone number or e-mail address: ")
        if not (reference or contact):
            raise CommandError("Nothing was entered.")
        try:
            requests = list(find_person(reference=reference or "", contact=contact, alone=only))
        except ValueError as error:
            raise CommandError(str(error)) from None
        if not only and (missing := missing_keys()):
            self.stderr.write(
                f"This may not be all. Keys that are missing from ENCRYPTION_KEYS: {', '.join(sorted(missing))}. What "
                "was encrypted with them cannot be found by a phone number or an e-mail address."
            )
        for request in requests:
            self.stderr.write(f"{request.spoken_reference}, received {request.received_at:%Y-%m-%d}")
        if len({request.name.casefold() for request in requests}) > 1:
            self.stderr.write(
                "These do not all name the same person. Look at them before you go on; --only takes one request."
            )
        return requests

    def nothing_found(self, reference):
        """Return the sentence that says that nothing was found, and why, where the record knows."""
        kinds = (RequestEvent.Kind.ERASED, RequestEvent.Kind.PURGED)
        events = RequestEvent.objects.filter(reference=references.normal(reference or ""), kind__in=kinds)
        if gone := events.last():
            return f"{references.display(gone.reference)}: {gone.get_kind_display()} on {gone.at:%Y-%m-%d}."
        return "No request was found for this person."

    def ask(self, question):
        self.stderr.write(question, ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip()
