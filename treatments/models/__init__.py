"""The content of the site. Working copies are edited; only their published versions are read by patients."""

from treatments.models.base import Content
from treatments.models.counts import DailyCount
from treatments.models.pages import InfoPage, Page, Place, Treatment
from treatments.models.records import (
    ClinicSettings,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    Picture,
    Reference,
    SafetyNotice,
    Signpost,
    Synonym,
    WarningSign,
    WordList,
)
from treatments.models.versions import Presence, ShareLink, SignOff, Version, VersionEvent

# In the order in which they can be created: what others point to comes first.
CONTENT_MODELS: tuple[type[Content], ...] = (
    ClinicSettings,
    Reference,
    Picture,
    SafetyNotice,
    WordList,
    WarningSign,
    GlossaryTerm,
    Synonym,
    Signpost,
    FaqItem,
    InfoPage,
    Treatment,
    FinderRule,
)

__all__ = [
    "CONTENT_MODELS",
    "DailyCount",
    "Page",
    "Place",
    "Presence",
    "ShareLink",
    "SignOff",
    "Version",
    "VersionEvent",
    *(model.__name__ for model in CONTENT_MODELS),
]
