"""The first staff account."""

from django.db import transaction

from medici_site.models import User

FIRST_USERNAME = "manager"


@transaction.atomic
def create_first_account() -> tuple[str, str] | None:
    """Create the first account and return its user name and one-time password, or None when there is an account.

    The password is random, is kept nowhere in the clear, and has to be changed at the first sign-in.
    """
    if User.objects.exists():
        return None
    user = User(username=FIRST_USERNAME, is_staff=True, is_superuser=True)
    password = user.set_one_time_password()
    user.save()
    return user.username, password
