"""What a page says, for machines: schema.org types as JSON-LD, from the same fields of the library as the page itself.

Search engines and reading aids take from it what a page is about, who has reviewed it and where it stands. Nothing
here is said that the site does not say, and a clinic whose details are samples has none.
"""

import datetime
import json
from collections.abc import Callable

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from treatments import open_graph, phone
from treatments.library import Library
from treatments.models import InfoPage, Page, Treatment
from treatments.prose import one_line

VOCABULARY = "https://schema.org"
NOT_MEDICAL = {"accessibility", "privacy"}
WITHOUT_TRAIL = {"home", "urgent"}  # these pages show none
INVASIVE = {Treatment.Reach.NEEDLE, Treatment.Reach.IMPLANT, Treatment.Reach.OPERATION}
PROCEDURE_TYPES = {
    Treatment.Reach.OUTSIDE: f"{VOCABULARY}/NoninvasiveProcedure",
    Treatment.Reach.MOUTH: f"{VOCABULARY}/NoninvasiveProcedure",
    Treatment.Reach.NEEDLE: f"{VOCABULARY}/PercutaneousProcedure",
}
_UNSAFE = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}


def script(data: dict) -> SafeString:
    """Return JSON-LD as the block of data that HTML has for it. Browsers run nothing of it."""
    text = json.dumps(_without_empty(data), ensure_ascii=False).translate(_UNSAFE)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308 - escaped


def of_page(page: Page, library: Library, absolute: Callable[[str], str]) -> dict:
    """Return what a page of content is; `absolute` makes a full web address of a path."""
    url, home = absolute(page.get_absolute_url()), absolute("/")
    described = {
        "@type": "WebPage" if page.slug in NOT_MEDICAL else "MedicalWebPage",
        "@id": url,
        "url": url,
        "name": str(page),
        "description": page.description,
        "inLanguage": "es" if page.slug == InfoPage.SPANISH else "en-US",
        "image": absolute(open_graph.picture_address(page, library)),
        "dateModified": _day(library.changed_on(page)),
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "isPartOf": {"@type": "WebSite", "@id": f"{home}#site", "url": home, "name": library.clinic.name},
        "publisher": {"@type": "MedicalClinic", "@id": f"{home}#clinic", "name": library.clinic.name, "url": home},
        **_review(library.review(page)),
        **_subject(page, library, url, absolute),
    }
    if page.slug not in WITHOUT_TRAIL:
        described["breadcrumb"] = _trail(page, library, absolute)
    if page.slug == "home":
        described["publisher"] |= _clinic(library.clinic)
    return {"@context": VOCABULARY, **described}


def _subject(page: Page, library: Library, url: str, absolute) -> dict:
    """Return what a page is about, beyond what every page says."""
    if isinstance(page, Treatment):
        return {"mainEntity": _treatment(page, url)}
    if page.slug == "faq":
        return {"@type": ["MedicalWebPage", "FAQPage"], "mainEntity": [_question(one) for one in library.faqs]}
    if page.slug == "glossary":
        return {"mainEntity": _glossary(page, library.glossary, url)}
    if page.slug == "treatments":
        return {"mainEntity": _ladder(library.families, absolute)}
    return {}


def _treatment(treatment: Treatment, url: str) -> dict:
    return {
        # A procedure here is a therapy too, and only that type has words for harm.
        "@type": ["MedicalProcedure", "MedicalTherapy"] if treatment.reach in INVASIVE else "MedicalTherapy",
        "@id": f"{url}#treatment",
        "url": url,
        "name": treatment.name,
        "alternateName": list(dict.fromkeys([treatment.short_name, treatment.plain_name, *treatment.also_called])),
        "description": one_line(treatment.summary),
        "procedureType": PROCEDURE_TYPES.get(treatment.reach),
        "bodyLocation": [label for place, label in _places() if place in treatment.acts_on],
        "preparation": one_line(treatment.before),
        "howPerformed": one_line(treatment.during or treatment.how_it_works),
        "followup": one_line(treatment.after),
        "contraindication": [one_line(item) for item in treatment.not_for],
        "adverseOutcome": [_entity(item) for item in treatment.common_effects],
        "seriousAdverseOutcome": [_entity(item) for item in treatment.rare_serious],
    }


def _places():
    return Treatment._meta.get_field("acts_on").item_choices


def _entity(item: str) -> dict:
    return {"@type": "MedicalEntity", "name": one_line(item)}


def _question(faq) -> dict:
    answer = {"@type": "Answer", "text": one_line(faq.answer)}
    return {"@type": "Question", "name": faq.question, "acceptedAnswer": answer}


def _glossary(page: InfoPage, terms, url: str) -> dict:
    defined = [
        {
            "@type": "DefinedTerm",
            "@id": f"{url}#{term.slug}",
            "url": f"{url}#{term.slug}",
            "name": term.term,
            "alternateName": term.also_called,
            "description": one_line(term.meaning),
        }
        for term in terms
    ]
    return {"@type": "DefinedTermSet", "@id": f"{url}#words", "name": page.title, "hasDefinedTerm": defined}


def _ladder(families, absolute) -> dict:
    return {
        "@type": "ItemList",
        "itemListOrder": f"{VOCABULARY}/ItemListOrderAscending",
        "numberOfItems": len(families),
        "itemListElement": _listed([(family.name, absolute(family.get_absolute_url())) for family in families]),
    }


def _trail(page: Page, library: Library, absolute) -> dict:
    """Return the way to a page as its own line “You are here” tells it."""
    steps = [("Home", "/")]
    if isinstance(page, Treatment):
        steps.append(("Treatments", library.page("treatments").get_absolute_url()))
        above = [page.linked.family] if page.linked.family else []
        steps += [(one.short_name, one.get_absolute_url()) for one in (*above, page)]
    else:
        steps.append((page.short_title, page.get_absolute_url()))
    return {"@type": "BreadcrumbList", "itemListElement": _listed([(name, absolute(path)) for name, path in steps])}


def _listed(named: list[tuple[str, str]]) -> list[dict]:
    return [
        {"@type": "ListItem", "position": position, "name": name, "item": url}
        for position, (name, url) in enumerate(named, start=1)
    ]


def _review(review) -> dict:
    """Return who has reviewed a page, as its own line does: nothing unless a reviewer signed the present words."""
    if not review.is_reviewed:
        return {}
    named = (reviewer.partition(", ") for reviewer in review.reviewers)
    people = [{"@type": "Person", "name": name, "honorificSuffix": letters} for name, _, letters in named]
    return {"lastReviewed": _day(review.on), "reviewedBy": people}


def _clinic(clinic) -> dict:
    """Return how to reach the clinic, once its details are the real ones."""
    if clinic.details_are_samples:
        return {}
    return {
        "telephone": phone.parse(clinic.phone),
        "email": clinic.email,
        "address": clinic.address.replace("\n", ", "),
        "openingHoursSpecification": [
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": f"{VOCABULARY}/{weekday}",
                "opens": opens.isoformat(),
                "closes": closes.isoformat(),
            }
            for weekday, opens, closes in clinic.hours
        ],
        # Opening and closing at the same time is how the vocabulary says that it is closed.
        "specialOpeningHoursSpecification": [
            {
                "@type": "OpeningHoursSpecification",
                "validFrom": _day(day),
                "validThrough": _day(day),
                "opens": "00:00:00",
                "closes": "00:00:00",
            }
            for day, name in clinic.coming_holidays
        ],
    }


def _day(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


def _without_empty(value):
    """Leave out what says nothing, at every depth."""
    if isinstance(value, dict):
        return {name: kept for name, part in value.items() if (kept := _without_empty(part)) not in ("", None, [], {})}
    return [_without_empty(part) for part in value] if isinstance(value, list) else value
