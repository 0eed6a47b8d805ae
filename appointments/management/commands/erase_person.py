from django.core.management.base import CommandError

from appointments import references
from appointments.management.person import PersonCommand
from appointments.models import EvaluationRequest, RequestEvent
from appointments.privacy import erase, is_held


class Command(PersonCommand):
    help = (
        "Delete everything that is held on one person. What stays is the record of what was done, which says nothing "
        "about them, your backups, and requests that staff said to keep. Unfinished requests delete themselves within "
        "24 hours."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")

    def handle(self, *, reference, only, yes, **options):
        requests = self.find(reference=reference, only=only)
        if not requests:
            self.stdout.write(f"{self.nothing_found(reference)} Nothing was changed.")
            return
        if not yes and self.ask("Delete these for good? Type yes: ").casefold() != "yes":
            raise CommandError("Nothing was changed.")
        erased = erase(requests, by=RequestEvent.COMMAND_LINE)
        for request in EvaluationRequest.objects.filter(is_held(), pk__in=[request.pk for request in requests]):
            self.stdout.write(
                f"Kept, because staff said so: {request.spoken_reference}, until {request.hold_until} "
                f"({request.get_hold_reason_display()})"
            )
        self.stdout.write(f"Erased: {', '.join(map(references.display, erased)) or 'nothing'}")
