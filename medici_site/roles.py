"""The one place that says which role may do what.

Roles are code. The four groups in the database equal this table after every migration, so nothing that somebody
changes in them by hand lasts, and an upgrade brings new permissions to everybody who needs them. A person can have
several roles; nobody is given a single permission.
"""

from typing import NamedTuple

from django.contrib.auth import get_permission_codename
from django.db import models

from appointments.models import EvaluationRequest
from medici_site.models import User
from treatments.models import CONTENT_MODELS, ClinicSettings, Version


class Role(NamedTuple):
    name: str
    description: str
    """For the person who hands out roles."""
    permissions: set[str]


def may(verbs: str, *what: type[models.Model]) -> set[str]:
    """Name permissions as Django does: may("view", Version) is {"treatments.view_version"}."""
    return {
        f"{model._meta.app_label}.{get_permission_codename(verb, model._meta)}"
        for verb in verbs.split()
        for model in what
    }


# There is one clinic, so its settings are neither added nor deleted by anybody.
PAGES = [model for model in CONTENT_MODELS if model is not ClinicSettings]
WRITE = may("add change delete view", *PAGES) | may("view publish", Version)

EDITOR = Role(
    "Editor",
    "Writes and publishes the website's pages. Sees no requests from patients.",
    WRITE | may("view", ClinicSettings),
)
REVIEWER = Role(
    "Medical reviewer",
    "Reads every page and signs it as medically reviewed. Needs a first name, a last name and credentials, "
    "which patients see.",
    may("view", *CONTENT_MODELS) | may("view sign", Version),
)
FRONT_DESK = Role(
    "Front desk",
    "Reads the requests that patients send, and records what was done with them. Cannot open the website's pages for "
    "editing.",
    may("view handle", EvaluationRequest),
)
MANAGER = Role(
    "Manager",
    "Does what an editor and the front desk do, changes the clinic's settings, exports and deletes requests, sees who "
    "looked at them, and looks after staff accounts. Does not sign pages; give a manager who is a clinician both "
    "roles.",
    WRITE
    | may("view change", ClinicSettings)
    | may("view handle delete export", EvaluationRequest)
    | may("add change view", User),
)
ROLES = {role.name: role for role in (EDITOR, REVIEWER, FRONT_DESK, MANAGER)}
# The apps whose permissions the table names.
APPS = {permission.partition(".")[0] for role in ROLES.values() for permission in role.permissions}


def make_groups_equal_roles(*, apps, using, **kwargs):
    """Create the groups, and give each the permissions of its role that exist by now.

    Django creates permissions app by app at the end of `migrate`, whatever it was asked to migrate. This runs after
    each app that the table names, so the groups are whole after the last one, in any order of apps.
    """
    try:
        groups, permissions = (apps.get_model("auth", name).objects.using(using) for name in ("Group", "Permission"))
    except LookupError:
        return  # a database that is migrated in part has no groups yet
    existing = {
        f"{one.content_type.app_label}.{one.codename}": one for one in permissions.select_related("content_type")
    }
    for role in ROLES.values():
        group, _ = groups.get_or_create(name=role.name)
        group.permissions.set([existing[name] for name in role.permissions if name in existing])
