import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import appointments.encryption

# The function is that of the record of what was done, from 0002.
ACCESS_APPEND_ONLY = """
CREATE TRIGGER appointments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON appointments_access
    FOR EACH STATEMENT EXECUTE FUNCTION appointments_append_only();
"""
ACCESS_ANY_CHANGE = "DROP TRIGGER appointments_append_only ON appointments_access"

# A note goes with its request, and its ciphertext is renewed when keys are changed; `privacy` says when it is at that.
NOTES_APPEND_ONLY = """
CREATE FUNCTION appointments_keep_notes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    care text := current_setting('medici.care', true);
BEGIN
    IF TG_OP = 'DELETE' AND care = 'delete' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND care = 'reencrypt' THEN
        IF (NEW.id, NEW.request_id, NEW.at, NEW.by) = (OLD.id, OLD.request_id, OLD.at, OLD.by) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Notes are only ever added.' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER appointments_keep_notes BEFORE UPDATE OR DELETE ON appointments_requestnote
    FOR EACH ROW EXECUTE FUNCTION appointments_keep_notes();
"""
NOTES_ANY_CHANGE = """
DROP TRIGGER appointments_keep_notes ON appointments_requestnote;
DROP FUNCTION appointments_keep_notes();
"""

# The moves of appointments/models/statuses.py, and the way back of the last one.
ONLY_MOVES = """
CREATE FUNCTION appointments_only_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('new', 'in hand'), ('new', 'waiting'), ('new', 'scheduled'), ('new', 'closed'),
        ('in hand', 'waiting'), ('in hand', 'scheduled'), ('in hand', 'closed'),
        ('waiting', 'in hand'), ('waiting', 'scheduled'), ('waiting', 'closed'),
        ('scheduled', 'in hand'), ('scheduled', 'waiting'), ('scheduled', 'closed'),
        ('closed', 'in hand')
    ) OR (OLD.status_before = NEW.status AND NEW.status_before = '') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A request cannot go from % to %.', OLD.status, NEW.status USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER appointments_only_moves BEFORE UPDATE OF status ON appointments_evaluationrequest
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION appointments_only_moves();
"""
ANY_MOVE = """
DROP TRIGGER appointments_only_moves ON appointments_evaluationrequest;
DROP FUNCTION appointments_only_moves();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0003_complete_earlier_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ("by", models.CharField(db_index=True, max_length=150)),
                ("address", models.CharField(blank=True, max_length=45)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("listed", "Saw it in a list"),
                            ("found", "Found it by a search"),
                            ("viewed", "Opened it"),
                            ("printed", "Opened it for printing"),
                            ("exported", "Exported it"),
                            ("refused", "Was refused"),
                            ("signed in", "Signed in"),
                            ("signed out", "Signed out"),
                            ("sign-in failed", "Failed to sign in"),
                            ("account", "Changed a staff account"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "references",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), default=list, size=None
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="RequestNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("by", models.CharField(max_length=150)),
                ("text", appointments.encryption.EncryptedTextField(purpose="note.text")),
            ],
            options={
                "verbose_name": "note",
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("query", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AlterModelOptions(
            name="evaluationrequest",
            options={
                "ordering": ["-received_at"],
                "permissions": [
                    ("handle_evaluationrequest", "Can record calls and move requests on"),
                    ("export_evaluationrequest", "Can export requests, and see who looked at them"),
                ],
            },
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="answered_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="before",
            field=appointments.encryption.EncryptedJSONField(default=dict, editable=False, purpose="request.before"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="duplicate_of",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="duplicates",
                to="appointments.evaluationrequest",
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="owner",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="reached_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="clinician",
            field=appointments.encryption.EncryptedTextField(blank=True, editable=False, purpose="request.clinician"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="next_try_on",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="interest_lookups",
            field=appointments.encryption.ChoiceLookupsField(
                base_field=models.CharField(max_length=16),
                default=list,
                editable=False,
                of="interests",
                purpose="request.interests",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="letter_on",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="place",
            field=appointments.encryption.EncryptedTextField(blank=True, editable=False, purpose="request.place"),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="scheduled_for",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="search_lookups",
            field=appointments.encryption.SearchLookupsField(
                base_field=models.CharField(max_length=16),
                default=list,
                editable=False,
                names=("name", "helper_name"),
                number="phone",
                purpose="request.search",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="status_before",
            field=models.CharField(blank=True, editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("staff new", "To staff: a new request is waiting"),
                    ("staff changed", "To staff: a request was changed by its sender"),
                    ("patient received", "To the patient: we have your request"),
                    ("patient changed", "To the patient: your request was changed"),
                    ("patient withdrawn", "To the patient: your request was withdrawn"),
                    ("patient news", "To the patient: there is news on your page"),
                ],
                default="staff new",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="requestevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("moved", "Moved"),
                    ("reached", "Reached"),
                    ("left message", "Left a message"),
                    ("no answer", "No answer"),
                    ("wrong number", "Wrong number"),
                    ("put off", "To be taken up again later"),
                    ("letter", "A letter was sent"),
                    ("scheduled", "An evaluation was agreed"),
                    ("rescheduled", "The evaluation was moved to another time"),
                    ("cancelled", "The evaluation was cancelled"),
                    ("owner", "Looked after by"),
                    ("noted", "A note was written"),
                    ("undone", "The last click was undone"),
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
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(fields=["received_at"], name="request_received"),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                condition=models.Q(("scheduled_for__isnull", False)), fields=["scheduled_for"], name="request_scheduled"
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)), fields=["closed_at"], name="request_closed"
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search_lookups"], name="request_search"),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=django.contrib.postgres.indexes.GinIndex(fields=["interest_lookups"], name="request_interests"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ("failed", "bounced"))), fields=["request"], name="message_undelivered"
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("scheduled_for", None), ("status__in", ("scheduled", "closed")), _connector="OR"),
                name="request_scheduled_for_a_time",
                violation_error_message="Only a scheduled request, or one that was, has a time.",
            ),
        ),
        migrations.AddIndex(
            model_name="access",
            index=django.contrib.postgres.indexes.GinIndex(fields=["references"], name="access_references"),
        ),
        migrations.AddField(
            model_name="requestnote",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="appointments.evaluationrequest"
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="call_first",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        models.Q(
                            models.Q(("status", "closed"), _negated=True),
                            ("needs_same_day_call", True),
                            ("reached_at", None),
                            ("suspicion", ""),
                        ),
                        then=True,
                    ),
                    default=False,
                ),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="due_on",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(answered_at=None, then=models.F("reply_by")),
                    default=django.db.models.functions.comparison.Coalesce("next_try_on", "reply_by"),
                ),
                output_field=models.DateField(null=True),
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                fields=("owner", "name"),
                name="saved_view_unique",
                violation_error_message="You have a view with this name.",
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                models.OrderBy(models.F("call_first"), descending=True),
                models.OrderBy(models.F("due_on"), nulls_first=True),
                models.F("id"),
                condition=models.Q(models.Q(("status", "closed"), _negated=True), ("suspicion", "")),
                name="request_queue",
            ),
        ),
        migrations.RunSQL(ACCESS_APPEND_ONLY, ACCESS_ANY_CHANGE),
        migrations.RunSQL(NOTES_APPEND_ONLY, NOTES_ANY_CHANGE),
        migrations.RunSQL(ONLY_MOVES, ANY_MOVE),
    ]
