import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import appointments.encryption

# The record of what was done outlives the requests, and the database itself keeps it from being rewritten.
APPEND_ONLY = """
CREATE FUNCTION appointments_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The record of requests is only ever added to.' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER appointments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON appointments_requestevent
    FOR EACH STATEMENT EXECUTE FUNCTION appointments_append_only();
"""
ANY_CHANGE = """
DROP TRIGGER appointments_append_only ON appointments_requestevent;
DROP FUNCTION appointments_append_only();
"""
# Counts may be lost in a crash. Unlogged, they cost no wait for the disk, however many are counted at once.
QUICK = "ALTER TABLE appointments_tally SET UNLOGGED"
SAFE = "ALTER TABLE appointments_tally SET LOGGED"


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0001_initial"),
    ]

    operations = [
        migrations.RenameModel("StaffMessage", "Message"),
        migrations.RenameIndex("message", new_name="message_due", old_name="staff_message_due"),
        migrations.AddField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("staff new", "To staff: a new request is waiting"),
                    ("staff changed", "To staff: a request was changed by its sender"),
                    ("patient received", "To the patient: we have your request"),
                    ("patient changed", "To the patient: your request was changed"),
                    ("patient withdrawn", "To the patient: your request was withdrawn"),
                ],
                default="staff new",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="to",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="message.to"),
        ),
        migrations.AddField(
            model_name="message",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="message", name="identifier", field=models.UUIDField(default=uuid.uuid4, editable=False)
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting to be sent"),
                    ("sent", "Handed to the mail server"),
                    ("failed", "Not sent"),
                    ("bounced", "Came back"),
                ],
                default="queued",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="message", name="due_at", field=models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.AlterField(
            model_name="message",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messages",
                to="appointments.evaluationrequest",
            ),
        ),
        migrations.CreateModel(
            name="RequestDraft",
            fields=[
                ("submission_key", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("answers", appointments.encryption.EncryptedJSONField(default=dict, purpose="draft.answers")),
                ("needs_same_day_call", models.BooleanField(default=False)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("saved_at", models.DateTimeField(auto_now=True, db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="RequestEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(db_index=True, max_length=8)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("moved", "Moved"),
                            ("reached", "Reached"),
                            ("left message", "Left a message"),
                            ("no answer", "No answer"),
                            ("changed", "Changed by the patient"),
                            ("withdrawn", "Withdrawn by the patient"),
                            ("shelved", "Put on the spam shelf"),
                            ("unshelved", "Taken off the spam shelf"),
                            ("mail failed", "A message was not delivered"),
                            ("mail again", "A message is sent again"),
                            ("exported", "Exported for the person"),
                            ("erased", "Erased"),
                            ("purged", "Deleted at the end of its time"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False, db_index=True)),
                ("by", models.CharField(max_length=150)),
                ("detail", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "verbose_name": "event",
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bucket", models.CharField(max_length=64)),
                ("window", models.DateTimeField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AlterModelOptions(
            name="evaluationrequest",
            options={
                "ordering": ["-received_at"],
                "permissions": [("handle_evaluationrequest", "Can record calls and move requests on")],
            },
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="access_needs",
            field=appointments.encryption.EncryptedJSONField(
                default=list, purpose="request.access_needs", verbose_name="what would help"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="closed_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("seen", "The evaluation took place"),
                    ("withdrawn", "Withdrawn by the patient"),
                    ("not reached", "We could not reach the patient"),
                    ("not suitable", "Another service is needed"),
                    ("duplicate", "Sent twice"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="email_lookup",
            field=appointments.encryption.LookupField(
                blank=True, db_index=True, editable=False, max_length=64, of="email", purpose="request.email"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="fusion_areas",
            field=appointments.encryption.EncryptedJSONField(
                default=list, purpose="request.fusion_areas", verbose_name="where it was fused"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="fusion_levels",
            field=appointments.encryption.EncryptedTextField(
                blank=True, purpose="request.fusion_levels", verbose_name="fused levels"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="fusion_year",
            field=appointments.encryption.EncryptedTextField(
                blank=True, purpose="request.fusion_year", verbose_name="year of the last fusion"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="fusions",
            field=appointments.encryption.EncryptedTextField(
                blank=True, purpose="request.fusions", verbose_name="spinal fusion"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="insurance",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="request.insurance"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="insurer",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="request.insurer"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="language",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="request.language"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="may_text",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="needs_same_day_call",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="phone_lookup",
            field=appointments.encryption.LookupField(
                blank=True, db_index=True, editable=False, max_length=64, of="phone", purpose="request.phone"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="reply_by",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("in hand", "Being handled"),
                    ("waiting", "Waiting for the patient"),
                    ("scheduled", "Scheduled"),
                    ("closed", "Closed"),
                ],
                default="new",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="suspicion",
            field=models.CharField(
                blank=True,
                choices=[
                    ("hidden field", "A field that people do not see was filled in"),
                    ("too fast", "Filled in faster than a person can"),
                    ("flood", "One of very many at once"),
                    ("staff", "Put there by staff"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="times_to_avoid",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="request.times_to_avoid"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="tracking_hash",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="tracking_token",
            field=appointments.encryption.EncryptedTextField(
                default="", editable=False, purpose="request.tracking_token"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="tried",
            field=appointments.encryption.EncryptedJSONField(
                default=list, purpose="request.tried", verbose_name="what they tried"
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="trusted_person",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="request.trusted_person"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="who_may_answer",
            field=appointments.encryption.EncryptedTextField(blank=True, purpose="request.who_may_answer"),
        ),
        migrations.AlterField(
            model_name="evaluationrequest",
            name="needs",
            field=appointments.encryption.EncryptedTextField(
                blank=True, purpose="request.needs", verbose_name="other needs"
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "closed"),
                        models.Q(("closed_reason", ""), _negated=True),
                        ("closed_at__isnull", False),
                    ),
                    models.Q(
                        models.Q(("status", "closed"), _negated=True),
                        ("closed_reason", ""),
                        ("closed_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="request_closed_with_reason",
                violation_error_message="A closed request has a reason and a day; an open one has neither.",
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(fields=("bucket", "window"), name="tally_unique"),
        ),
        migrations.RunSQL(APPEND_ONLY, ANY_CHANGE),
        migrations.RunSQL(QUICK, SAFE),
    ]
