"""Let Postgres itself refuse to change or delete the words of a version, whoever asks.

Only `state` may change, because a version is replaced by the next one.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION treatments_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A version cannot be deleted: it is what patients have read.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (to_jsonb(NEW) - 'state') IS DISTINCT FROM (to_jsonb(OLD) - 'state') THEN
        RAISE EXCEPTION 'A version cannot be changed: publish a new one.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER treatments_version_is_immutable BEFORE UPDATE OR DELETE ON treatments_version
    FOR EACH ROW EXECUTE FUNCTION treatments_version_is_immutable();
"""
BACKWARD = """
DROP TRIGGER treatments_version_is_immutable ON treatments_version;
DROP FUNCTION treatments_version_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("treatments", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
