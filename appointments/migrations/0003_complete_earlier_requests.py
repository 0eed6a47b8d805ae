import hashlib
import secrets
import uuid

from django.db import migrations, models

import appointments.encryption


def complete_earlier_requests(apps, schema_editor):
    """Give requests that were sent before this release what later ones are made with."""
    requests, events, messages = (
        apps.get_model("appointments", name).objects for name in ("EvaluationRequest", "RequestEvent", "Message")
    )
    for request in requests.all():
        request.tracking_token = secrets.token_urlsafe(32)
        request.tracking_hash = hashlib.sha256(request.tracking_token.encode()).hexdigest()
        request.save(update_fields=["tracking_token", "tracking_hash", "phone_lookup", "email_lookup"])
        events.create(reference=request.reference, kind="received", by="patient", at=request.received_at)
    for message in messages.all():
        message.identifier = uuid.uuid4()
        message.save(update_fields=["identifier"])


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_requests_in_steps")]

    operations = [
        migrations.RunPython(complete_earlier_requests, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="evaluationrequest",
            name="tracking_hash",
            field=models.CharField(editable=False, max_length=64, unique=True),
        ),
        migrations.AlterField(
            model_name="evaluationrequest",
            name="tracking_token",
            field=appointments.encryption.EncryptedTextField(editable=False, purpose="request.tracking_token"),
        ),
        migrations.AlterField(
            model_name="message",
            name="identifier",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
