from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from medici_site.accounts import record
from medici_site.accounts.invitations import invite
from medici_site.models import User


class Command(BaseCommand):
    help = (
        "Print a link by which somebody gets into their account again, when no manager is left who could make one. "
        "Their present password, second factor and sessions end. The link works once, for 72 hours."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, *, username, **options):
        try:
            account = User.objects.get(username__iexact=username, is_active=True)
        except User.DoesNotExist as error:
            raise CommandError(f"There is no active account “{username}”.") from error
        with transaction.atomic():
            link = invite(account)
            record.by_command("new link for", of=account)
        self.stdout.write(link)
