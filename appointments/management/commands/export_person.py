import json
import os

from django.core.management.base import CommandError
from django.core.serializers.json import DjangoJSONEncoder

from appointments.management.person import PersonCommand
from appointments.models import RequestEvent
from appointments.privacy import export


class Command(PersonCommand):
    help = "Write everything that is held on one person as a JSON document, in the clear."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--output", help="a new file, which only you can read; without it, standard output")

    def handle(self, *, reference, only, output, **options):
        requests = self.find(reference=reference, only=only)
        if not requests:
            raise CommandError(self.nothing_found(reference))
        # Before anything is exported: a file that cannot be made leaves no line in the record.
        file = self._new_file(output) if output else None
        document = export(requests, by=RequestEvent.COMMAND_LINE)
        text = json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        if file:
            with file:
                file.write(text + "\n")
        else:
            self.stdout.write(text)

    @staticmethod
    def _new_file(path):
        try:
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
