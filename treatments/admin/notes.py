"""The notes for staff as lists of what is open: what a clinician has to decide, and what waits for somebody else.

They are read from the working copies, where staff delete them: a published version keeps the notes it was saved with.
"""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from treatments import schema
from treatments.models import CONTENT_MODELS, Content, Treatment, WarningSign

CLINICIAN = "Clinician"
HEADINGS = {
    CLINICIAN: "For the clinician to decide",
    "Pharmacist": "For the pharmacist",
    "Translator": "For the translator",
    "To check": "To check",
    "": "Other notes",
}
"""How a line begins, up to its colon, and the heading under which it is listed. What begins otherwise comes last."""


class Note(NamedTuple):
    """One line of the notes of some content."""

    whose: str
    words: str
    content: Content

    @property
    def kind(self) -> str:
        return self.content._meta.verbose_name

    @property
    def address(self) -> str:
        """Where the note stands: the form, which leads who may only read to the words."""
        return reverse(f"admin:treatments_{self.content.kind()}_change", args=[self.content.pk])


def of_content(content: Content) -> list[Note]:
    """Return the notes of some content, one by one."""
    return [_note(line, content) for line in content.staff_notes]


def by_heading() -> dict[str, list[Note]]:
    """Return all notes under their headings, the riskiest first: warning signs, treatments, then everything else."""
    notes = [note for content in _with_notes() for note in of_content(content)]
    listed = {heading: [one for one in notes if one.whose == whose] for whose, heading in HEADINGS.items()}
    return {heading: of_heading for heading, of_heading in listed.items() if of_heading}


def for_the_clinician() -> list[Note]:
    """Return the notes that a clinician decides, in the same order."""
    return by_heading().get(HEADINGS[CLINICIAN], [])


def _note(line: str, content: Content) -> Note:
    begins, colon, rest = line.partition(":")
    whose = next((one for one in HEADINGS if one and one.casefold() == begins.strip().casefold()), "") if colon else ""
    return Note(whose, rest.strip() if whose else line, content)


def _with_notes() -> list[Content]:
    """Return the working copies that have notes. Costs one query for each kind of content."""
    urgency = WarningSign.Level.values

    def place(content: Content) -> tuple:
        if isinstance(content, WarningSign):
            return 0, urgency.index(content.level), content.position
        if isinstance(content, Treatment):  # in ladder order: each family before its procedures
            own = (1, content.position) if content.family else (0, 0)
            return 1, (content.family or content).position, *own
        return 2, CONTENT_MODELS.index(type(content)), content.pk

    found = []
    for model in schema.KINDS.values():
        rows = model.objects.filter(staff_notes__len__gt=0)
        found += rows.select_related("family") if model is Treatment else rows
    return sorted(found, key=place)
