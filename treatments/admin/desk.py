"""What concerns many pages: reviews due, notes, what is coming and gone, the order of lists, counts, the guide."""

import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Max, OuterRef, Q
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET

from treatments import counting, library, publishing, schema
from treatments.admin import counts, notes
from treatments.admin.permissions import may_publish, may_sign
from treatments.admin.steps import admin_page
from treatments.models import (
    CONTENT_MODELS,
    Content,
    FaqItem,
    FinderRule,
    InfoPage,
    SafetyNotice,
    Treatment,
    Version,
    WarningSign,
)

SOON = datetime.timedelta(days=30)


def reviews_due() -> dict[str, list[dict]]:
    """Return what reviewers have to read, by why, each list with the most pressing first.

    Words in review come from the database, everything else from the published library.
    """
    words = library.published()
    due = {"waiting": [], "overdue": [], "soon": [], "edited": [], "never": []}
    for version in Version.objects.filter(state=Version.State.IN_REVIEW).order_by("created_at"):
        sent = timezone.localdate(version.created_at)
        due["waiting"].append(_row(version.pk, version.kind, publishing.title(version), sent))
    ids = {(one.kind, one.content_id): one.pk for one in Version.objects.published().defer("record")}
    # Treatments first: what patients decide by is more pressing than the words under a drawing.
    for content in sorted(words.everything, key=lambda one: -CONTENT_MODELS.index(type(one))):
        if not content.IS_MEDICAL:
            continue
        review = content.linked.review
        if review.is_edited:
            why = "edited"
        elif not review.is_reviewed:
            why = "never"
        elif review.next_on <= words.today:
            why = "overdue"
        elif review.next_on <= words.today + SOON:
            why = "soon"
        else:
            continue
        due[why].append(_row(ids.get((content.kind(), content.pk)), content.kind(), str(content), review.next_on))
    for rows in due.values():
        rows.sort(key=lambda row: row["day"] or datetime.date.max)
    return due


def count_reviews_due() -> dict[str, int]:
    """Return how many pages reviewers have to read, by why."""
    return {why: len(rows) for why, rows in reviews_due().items()}


def _row(pk, kind, title, day) -> dict:
    return {"pk": pk, "kind": schema.KINDS[kind]._meta.verbose_name, "title": title, "day": day}


def coming() -> list[dict]:
    """Return what will happen by itself, the next first."""
    rows = []
    for version in Version.objects.filter(Q(state="scheduled") | Q(state="published", retire_at__isnull=False)):
        if version.state == Version.State.SCHEDULED:
            rows.append({"version": version, "at": version.publish_at, "what": "is published"})
        if version.retire_at:
            rows.append({"version": version, "at": version.retire_at, "what": "is taken down"})
    for row in rows:
        row |= {"title": publishing.title(row["version"]), "when": publishing.spoken(row["at"])}
    return sorted(rows, key=lambda row: row["at"])


def drafts() -> list[Content]:
    """Return the working copies whose words are newer than what patients read and not on their way to them."""
    found = []
    for kind, model in schema.KINDS.items():
        known = Version.objects.filter(kind=kind, content_id=OuterRef("pk"), number=OuterRef("saved_version"))
        found += model.objects.filter(Exists(known.filter(state=Version.State.DRAFT)))
    return sorted(found, key=lambda content: content.updated_at, reverse=True)


def tasks() -> dict:
    """Return how much waits for a member of staff, for the first page of the admin."""
    approved = Version.objects.filter(state=Version.State.APPROVED).count()
    return {
        "due": count_reviews_due(),
        "approved": approved,
        "coming": len(coming()),
        "drafts": len(drafts()),
        "to_decide": notes.for_the_clinician(),
    }


def deleted() -> list[Version]:
    """Return the last version of everything that was deleted, the newest first."""
    newest = Version.objects.values("kind", "content_id").annotate(newest=Max("pk")).values("newest")
    missing = Q()
    for kind, model in schema.KINDS.items():
        missing |= Q(kind=kind) & ~Q(content_id__in=model.objects.values("pk"))
    return list(Version.objects.filter(missing, pk__in=newest).order_by("-created_at"))


def ordered_lists() -> dict[str, dict]:
    """Return every list whose order staff decide, by a short name."""
    menu = {"field": "menu_position", "model": InfoPage}
    lists = {
        "families": {"title": "The families, gentlest first", "rows": Treatment.objects.filter(family=None)},
        "faq": {"title": "Questions and answers", "rows": FaqItem.objects.all()},
        "signs": {"title": "Warning signs", "rows": WarningSign.objects.all()},
        "notices": {"title": "Safety notices", "rows": SafetyNotice.objects.all()},
        "main": menu | {"title": "Main menu", "rows": InfoPage.objects.filter(menu=InfoPage.Menu.MAIN)},
        "footer": menu | {"title": "Footer", "rows": InfoPage.objects.filter(menu=InfoPage.Menu.FOOTER)},
    }
    for value, label in FinderRule.Question.choices:
        lists[f"finder-{value}"] = {"title": f"Finder: {label}", "rows": FinderRule.objects.filter(question=value)}
    for family in Treatment.objects.filter(family=None):
        rows = Treatment.objects.filter(family=family)
        if len(rows) > 1:
            lists[f"family-{family.slug}"] = {"title": f"Treatments in “{family.short_name}”", "rows": rows}
    return {name: {"field": "position", "model": one["rows"].model, "name": name, **one} for name, one in lists.items()}


class Desk:
    """The pages of the admin that belong to no single page of the site. Mixed into the admin of versions."""

    def desk_urls(self, url) -> list:
        return [
            url("reviews/", self.reviews_view, "reviews"),
            url("notes/", self.notes_view, "notes"),
            url("coming/", self.coming_view, "coming"),
            url("deleted/", self.deleted_view, "deleted"),
            url("order/", self.order_view, "order"),
            url("counts/", self.counts_view, "counts"),
            url("guide/", self.guide_view, "guide"),
        ]

    def _may_look(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied

    @method_decorator(require_GET)
    def reviews_view(self, request):
        self._may_look(request)
        return admin_page(
            request, self, "reviews", "Medical reviews", due=reviews_due(), may_sign=may_sign(request.user)
        )

    @method_decorator(require_GET)
    def notes_view(self, request):
        self._may_look(request)
        return admin_page(request, self, "notes", "Notes for staff", notes=notes.by_heading())

    @method_decorator(require_GET)
    def coming_view(self, request):
        self._may_look(request)
        rows = {
            "coming": coming(),
            "approved": [(one, publishing.title(one)) for one in Version.objects.filter(state=Version.State.APPROVED)],
            "waiting": [(one, publishing.title(one)) for one in Version.objects.filter(state=Version.State.IN_REVIEW)],
            "drafts": [(one, reverse(f"admin:treatments_{one.kind()}_change", args=[one.pk])) for one in drafts()],
        }
        return admin_page(request, self, "coming", "Under way and coming", **rows)

    @method_decorator(require_GET)
    def deleted_view(self, request):
        self._may_look(request)
        rows = [
            {"version": one, "title": publishing.title(one), "kind": schema.KINDS[one.kind]._meta.verbose_name}
            for one in deleted()
        ]
        return admin_page(request, self, "deleted", "Deleted pages", rows=rows)

    @method_decorator(require_GET)
    def counts_view(self, request):
        self._may_look(request)
        told = {"charts": counts.pictures(request.library), "weeks": counts.WEEKS, "fewest": counting.FEWEST}
        return admin_page(request, self, "counts", "What patients look for", **told)

    @method_decorator(require_GET)
    def guide_view(self, request):
        self._may_look(request)
        return admin_page(request, self, "guide", "Editor guide")

    def order_view(self, request):
        """Put a list in order: by dragging, by its buttons, or by typing numbers."""
        lists = ordered_lists()
        chosen = lists.get(request.GET.get("list", "families"))
        if chosen is None:
            raise Http404
        if not may_publish(request.user, chosen["model"].kind()):
            raise PermissionDenied
        rows = sorted(chosen["rows"], key=lambda row: (getattr(row, chosen["field"]), row.pk))
        if request.method == "POST":
            rows = self._as_ordered(rows, request.POST)
            if "_save" in request.POST:
                try:
                    publishing.reorder(
                        chosen["model"], [row.pk for row in rows], by=request.user, field=chosen["field"]
                    )
                except publishing.RefusedError as error:
                    messages.error(request, str(error))
                else:
                    messages.success(request, f"Patients see “{chosen['title']}” in this order now.")
                return redirect(f"{reverse('admin:treatments_version_order')}?list={chosen['name']}")
            messages.info(request, "Not saved yet. Press Save when the order is right.")
        title = f"Order: {chosen['title']}"
        return admin_page(request, self, "order", title, lists=lists.values(), chosen=chosen, rows=rows)

    @staticmethod
    def _as_ordered(rows, data) -> list:
        """Return the rows by the numbers typed, then with one moved up or down by its button."""

        def number(row):
            typed = data.get(f"place-{row.pk}", "")
            return int(typed) if typed.isdecimal() and len(typed) < 6 else len(rows) + 1

        rows = sorted(rows, key=number)
        for step, name in ((-1, "_up"), (1, "_down")):
            index = next((i for i, row in enumerate(rows) if str(row.pk) == data.get(name)), None)
            if index is not None and 0 <= index + step < len(rows):
                rows[index], rows[index + step] = rows[index + step], rows[index]
        return rows
