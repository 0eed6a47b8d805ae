import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import migrations, models

import appointments.encryption


def end_one_time_passwords(apps, schema_editor):
    """Close accounts whose password was printed for one sign-in: a manager, or `manage.py invite`, makes a link."""
    accounts = apps.get_model("medici_site", "User").objects
    accounts.filter(must_change_password=True).update(password=UNUSABLE_PASSWORD_PREFIX)


class Migration(migrations.Migration):
    dependencies = [
        ("medici_site", "0002_credentials"),
    ]

    operations = [
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
        migrations.RunPython(end_one_time_passwords, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="user",
            name="must_change_password",
        ),
        migrations.CreateModel(
            name="KeptForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=500)),
                ("action", models.CharField(max_length=500)),
                ("fields", appointments.encryption.EncryptedJSONField(purpose="kept form")),
                ("kept_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "ordering": ["-kept_at"],
            },
        ),
    ]
