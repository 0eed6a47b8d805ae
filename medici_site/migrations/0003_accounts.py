import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.management import call_command
from django.db import migrations, models

import appointments.encryption


def close_accounts(apps, schema_editor):
    """Let people into accounts from before by a link alone, which a manager or `manage.py invite` makes.

    Their passwords may be some that were printed for one sign-in, and are hashed in another way, so that the time of an
    answer would tell who has an account.
    """
    apps.get_model("medici_site", "User").objects.update(password=UNUSABLE_PASSWORD_PREFIX, last_login=None)


def make_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [
        ("medici_site", "0002_credentials"),
    ]

    operations = [
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
        migrations.RunPython(close_accounts, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SecondFactorSecret",
            fields=[
                ("identifier", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("secret", appointments.encryption.EncryptedTextField(purpose="second factor")),
            ],
        ),
        migrations.RemoveField(
            model_name="user",
            name="must_change_password",
        ),
    ]
