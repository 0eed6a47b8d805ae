"""States of versions, their history, medical reviews, share links, and who has a page open."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Coalesce

# Of a version only the columns named here may change, and only along the road from draft to retired.
GUARD = """
CREATE OR REPLACE FUNCTION treatments_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A version cannot be deleted: it is what patients have read.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (to_jsonb(NEW) - '{state,publish_at,retire_at,published_at}'::text[])
       IS DISTINCT FROM (to_jsonb(OLD) - '{state,publish_at,retire_at,published_at}'::text[])
       OR OLD.published_at IS NOT NULL AND NEW.published_at IS DISTINCT FROM OLD.published_at THEN
        RAISE EXCEPTION 'A version cannot be changed: save a new one.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('replaced', 'retired') AND NEW.state <> OLD.state
       OR OLD.state = 'published' AND NEW.state NOT IN ('published', 'replaced', 'retired') THEN
        RAISE EXCEPTION 'A version that was public cannot become %: restore its words as a new one.', NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
APPEND_ONLY = """
CREATE FUNCTION treatments_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'History and medical reviews are only ever added to.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER treatments_append_only BEFORE UPDATE OR DELETE ON treatments_versionevent
    FOR EACH ROW EXECUTE FUNCTION treatments_append_only();
CREATE TRIGGER treatments_append_only BEFORE UPDATE OR DELETE ON treatments_signoff
    FOR EACH ROW EXECUTE FUNCTION treatments_append_only();
"""
# Until now a version was made only by publishing.
PAST = """
ALTER TABLE treatments_version DISABLE TRIGGER treatments_version_is_immutable;
UPDATE treatments_version SET published_at = created_at;
ALTER TABLE treatments_version ENABLE TRIGGER treatments_version_is_immutable;
"""
KINDS = (
    "clinicsettings", "reference", "picture", "safetynotice", "warningsign", "glossaryterm", "faqitem", "infopage",
    "treatment",
)  # fmt: skip


def remember_versions(apps, schema_editor):
    """Let each working copy know its latest version; words that differ from it become a version when next saved."""
    for kind in KINDS:
        versions = apps.get_model("treatments", "Version").objects.filter(kind=kind, content_id=models.OuterRef("pk"))
        latest = models.Subquery(versions.order_by("-number").values("number")[:1])
        apps.get_model("treatments", kind).objects.update(saved_version=Coalesce(latest, 0))


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0002_versions_never_change"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameField("version", "published_at", "created_at"),
        migrations.RenameField("version", "published_by", "created_by"),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("content_id", models.PositiveBigIntegerField()),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("seen_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="ShareLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reviewer_name", models.CharField(max_length=301)),
                ("credentials", models.CharField(max_length=150)),
                ("signed_at", models.DateTimeField(auto_now_add=True)),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="Of the clinical fields; see schema.clinical_fingerprint.", max_length=64
                    ),
                ),
                ("next_review_on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "verbose_name": "medical review",
                "ordering": ["signed_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="VersionEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("sent", "Sent for review"),
                            ("sent back", "Sent back with remarks"),
                            ("signed", "Signed as medically reviewed"),
                            ("scheduled", "Scheduled"),
                            ("taken back", "Taken back to draft"),
                            ("published", "Published"),
                            ("will retire", "Taking down planned"),
                            ("retired", "Taken down"),
                            ("deleted", "Page deleted"),
                            ("restored", "Restored as the working copy"),
                            ("shared", "Share link made"),
                            ("opened", "Share link opened"),
                            ("unshared", "Share link ended"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("note", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.AlterModelOptions(
            name="version",
            options={
                "ordering": ["-created_at", "-id"],
                "permissions": [
                    ("publish_version", "Can publish, schedule and take down pages"),
                    ("sign_version", "Can sign pages as a medical reviewer"),
                ],
            },
        ),
        migrations.AddField(
            model_name="clinicsettings",
            name="author_may_review",
            field=models.BooleanField(
                default=False,
                help_text="Let a medical reviewer sign words that they wrote themselves.",
                verbose_name="reviewers may sign their own words",
            ),
        ),
        migrations.AddField(
            model_name="clinicsettings",
            name="review_before_publishing",
            field=models.BooleanField(
                default=False,
                help_text="Publish a page with new medical words only after a medical reviewer has signed them.",
            ),
        ),
        migrations.AddField(
            model_name="clinicsettings",
            name="review_months",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="How long a medical review holds. Empty: 12 months.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)],
                verbose_name="months until the next medical review",
            ),
        ),
        migrations.AddField(
            model_name="clinicsettings",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="faqitem",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="glossaryterm",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="infopage",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="picture",
            name="focus",
            field=models.CharField(
                blank=True,
                choices=[
                    ("top left", "Top left"),
                    ("top", "Top"),
                    ("top right", "Top right"),
                    ("left", "Left"),
                    ("center", "Center"),
                    ("right", "Right"),
                    ("bottom left", "Bottom left"),
                    ("bottom", "Bottom"),
                    ("bottom right", "Bottom right"),
                ],
                help_text="The part of a photograph that must not be cut off. Empty: the center.",
                max_length=12,
                verbose_name="keep in view",
            ),
        ),
        migrations.AddField(
            model_name="picture",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="reference",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="safetynotice",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="treatment",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="version",
            name="publish_at",
            field=models.DateTimeField(help_text="When a scheduled version becomes public.", null=True),
        ),
        migrations.AddField(
            model_name="version",
            name="published_at",
            field=models.DateTimeField(help_text="When it became public.", null=True),
        ),
        migrations.AddField(
            model_name="version",
            name="retire_at",
            field=models.DateTimeField(help_text="When it is taken down by itself. Empty: never.", null=True),
        ),
        migrations.AddField(
            model_name="warningsign",
            name="saved_version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="version",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="saved"),
        ),
        migrations.AlterField(
            model_name="version",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="saved by",
            ),
        ),
        migrations.AlterField(
            model_name="version",
            name="reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="version",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("in review", "In review"),
                    ("approved", "Approved"),
                    ("scheduled", "Scheduled"),
                    ("published", "Published"),
                    ("replaced", "Replaced"),
                    ("retired", "Retired"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="version",
            index=models.Index(
                condition=models.Q(("state__in", ["published", "scheduled"])), fields=["state"], name="version_current"
            ),
        ),
        # There is no way back: history would be lost.
        migrations.RunSQL(PAST + GUARD + APPEND_ONLY),
        migrations.RunPython(remember_versions),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["in review", "approved", "scheduled"])),
                fields=("kind", "content_id"),
                name="version_one_under_way",
                violation_error_message="Another version of this page is already on its way.",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", False), ("state__in", ["published", "replaced", "retired"])),
                    models.Q(
                        models.Q(("state__in", ["published", "replaced", "retired"]), _negated=True),
                        ("published_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="version_public_has_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "scheduled"), _negated=True), ("publish_at__isnull", False), _connector="OR"
                ),
                name="version_scheduled_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retire_at", None),
                    ("publish_at", None),
                    ("retire_at__gt", models.F("publish_at")),
                    _connector="OR",
                ),
                name="version_retires_after_publishing",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sharelink",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sharelink",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="share_links", to="treatments.version"
            ),
        ),
        migrations.AddField(
            model_name="signoff",
            name="reviewer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="signoff",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sign_offs", to="treatments.version"
            ),
        ),
        migrations.AddField(
            model_name="versionevent",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="versionevent",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="treatments.version"
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("kind", "content_id", "user"), name="presence_unique"),
        ),
    ]
