"""The search: what it looks at, other words for pages, and words that mean the same."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import treatments.models.fields

# Names weigh most, then what says a page in short, then the rest; what only points elsewhere does not count. What
# weighs something is kept apart from the long rest as well, so that ranking many pages does not unpack all of them.
# Its function has a body that Postgres has read already: a restore from a backup finds functions on no search path.
WORDS = """
CREATE FUNCTION treatments_search(state text, kind text, record jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN state = 'published' AND kind IN ('treatment', 'infopage', 'faqitem', 'glossaryterm') THEN
    setweight(jsonb_to_tsvector('english', jsonb_build_array(
        record->'name', record->'short_name', record->'title', record->'short_title', record->'term',
        record->'question', record->'also_called'), '"string"'), 'A') ||
    setweight(jsonb_to_tsvector('english', jsonb_build_array(
        record->'plain_name', record->'kicker', record->'description'), '"string"'), 'B') ||
    setweight(jsonb_to_tsvector('english', jsonb_build_array(
        record->'summary', record->'meaning', record->'answer'), '"string"'), 'C') ||
    setweight(jsonb_to_tsvector('english', record - '{slug,address,family,picture,related,notices,sources,
        name,short_name,title,short_title,term,question,also_called,plain_name,kicker,description,
        summary,meaning,answer,menu,acts_on,test_first,reversible,implant,cover,evidence_level,fda_level,
        evidence_on,fda_on,cover_on,evidence_sources,fda_sources,cover_sources,tried_before,unexplained}'::text[],
        '"string"'), 'D')
ELSE '' END
$$;
CREATE FUNCTION treatments_search_names(state text, kind text, record jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ts_filter(treatments_search(state, kind, record), '{a,b,c}');
"""
# Postgres fills in both columns after this trigger has run, so the trigger cannot compare them.
GUARD = """
CREATE OR REPLACE FUNCTION treatments_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A version cannot be deleted: it is what patients have read.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (to_jsonb(NEW) - '{state,publish_at,retire_at,published_at,search,search_names}'::text[])
       IS DISTINCT FROM (to_jsonb(OLD) - '{state,publish_at,retire_at,published_at,search,search_names}'::text[])
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


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0010_ladder"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(WORDS, "DROP FUNCTION treatments_search_names; DROP FUNCTION treatments_search"),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Synonym",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slug",
                    models.SlugField(
                        error_messages={"unique": "Another one already has this address. Choose a different one."},
                        help_text="Small letters, digits and hyphens; part of the page's web address.",
                        max_length=60,
                        unique=True,
                        verbose_name="address",
                    ),
                ),
                ("imported_fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                ("saved_version", models.PositiveIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="last change")),
                (
                    "word",
                    models.CharField(help_text="The word that our pages use, for example: injection.", max_length=60),
                ),
                (
                    "also_called",
                    treatments.models.fields.ItemsField(
                        base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                        default=list,
                        help_text="What patients type instead of it, for example: shot. One a line.",
                        size=None,
                        verbose_name="means the same",
                    ),
                ),
            ],
            options={
                "verbose_name": "search word",
                "ordering": ["word"],
            },
        ),
        migrations.AddField(
            model_name="faqitem",
            name="also_called",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                blank=True,
                default=list,
                help_text="Other words people type. One a line.",
                size=None,
                verbose_name="people also search",
            ),
        ),
        migrations.AddField(
            model_name="infopage",
            name="also_called",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                blank=True,
                default=list,
                help_text="Other words people type. One a line.",
                size=None,
                verbose_name="people also search",
            ),
        ),
        migrations.AddField(
            model_name="version",
            name="search",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("state", "kind", "record", function="treatments_search"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddField(
            model_name="version",
            name="search_names",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("state", "kind", "record", function="treatments_search_names"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddField(
            model_name="warningsign",
            name="also_called",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                blank=True,
                default=list,
                help_text="Whoever types all the words of a line sees this sign first: can't pee. One a line.",
                size=None,
                verbose_name="people also search",
            ),
        ),
        migrations.AddIndex(
            model_name="version",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("state", "published")), fields=["search"], name="version_search"
            ),
        ),
    ]
