from django.conf import settings
from django.db import migrations, models

# Each line of the record of looks gets a fingerprint of itself and of the one before it. `access.verify` computes it
# anew, without these functions. The lock has lines written one after the other, in the order of their numbers: with
# numbers drawn beforehand, two could follow the same line.
CHAIN = """
CREATE FUNCTION appointments_fingerprint(line appointments_access, before text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
        before, line.id, to_char(line.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        line.by, line.address, line.kind, to_jsonb(line."references"), line.detail
    )::text, 'UTF8')), 'hex')
$$;
CREATE FUNCTION appointments_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(20261126);
    SELECT id, fingerprint INTO last FROM appointments_access ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(last.id, 0) + 1;
    NEW.fingerprint := appointments_fingerprint(NEW, coalesce(last.fingerprint, ''));
    RETURN NEW;
END $$;
CREATE TRIGGER appointments_chain BEFORE INSERT ON appointments_access
    FOR EACH ROW EXECUTE FUNCTION appointments_chain();

ALTER TABLE appointments_access DISABLE TRIGGER appointments_append_only;
DO $$
DECLARE
    line appointments_access;
    before text := '';
BEGIN
    FOR line IN SELECT * FROM appointments_access ORDER BY id LOOP
        before := appointments_fingerprint(line, before);
        UPDATE appointments_access SET fingerprint = before WHERE id = line.id;
    END LOOP;
END $$;
ALTER TABLE appointments_access ENABLE TRIGGER appointments_append_only;
"""
NO_CHAIN = """
DROP TRIGGER appointments_chain ON appointments_access;
DROP FUNCTION appointments_chain();
DROP FUNCTION appointments_fingerprint(appointments_access, text);
SELECT setval(pg_get_serial_sequence('appointments_access', 'id'), coalesce(max(id), 0) + 1, false)
    FROM appointments_access;
"""
# The trigger of 0004 guards each note; emptying the whole table went past it.
NOTES_STAY = """
CREATE TRIGGER appointments_append_only BEFORE TRUNCATE ON appointments_requestnote
    FOR EACH STATEMENT EXECUTE FUNCTION appointments_append_only();
"""
NOTES_MAY_GO = "DROP TRIGGER appointments_append_only ON appointments_requestnote"


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0005_complete_for_the_desk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="access",
            name="fingerprint",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="hold_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("legal", "A legal claim or an investigation"),
                    ("complaint", "A complaint that we look into"),
                    ("audit", "An audit"),
                    ("patient", "The patient asked us to keep it"),
                ],
                editable=False,
                max_length=9,
                verbose_name="reason for keeping it",
            ),
        ),
        migrations.AddField(
            model_name="evaluationrequest",
            name="hold_until",
            field=models.DateField(editable=False, null=True, verbose_name="to be kept until"),
        ),
        migrations.AlterField(
            model_name="access",
            name="kind",
            field=models.CharField(
                choices=[
                    ("listed", "Saw it in a list"),
                    ("found", "Found it by a search"),
                    ("viewed", "Opened it"),
                    ("printed", "Opened it for printing"),
                    ("exported", "Exported it"),
                    ("erased", "Erased it"),
                    ("refused", "Was refused"),
                    ("signed in", "Signed in"),
                    ("signed out", "Signed out"),
                    ("sign-in failed", "Failed to sign in"),
                    ("account", "Changed a staff account"),
                ],
                max_length=14,
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
                    ("held", "Kept beyond its time"),
                    ("released", "Kept no longer than others"),
                    ("exported", "Exported for the person"),
                    ("erased", "Erased"),
                    ("purged", "Deleted at the end of its time"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                condition=models.Q(("hold_until__isnull", False)), fields=["hold_until"], name="request_held"
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hold_reason", ""), ("hold_until", None)),
                    models.Q(("hold_until__isnull", False), models.Q(("hold_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="request_held_with_reason",
                violation_error_message="A request that is to be kept has a day and a reason.",
            ),
        ),
        migrations.RunSQL(CHAIN, NO_CHAIN),
        migrations.RunSQL(NOTES_STAY, NOTES_MAY_GO),
    ]
