"""The checklist that words pass before patients read them: safety items block publishing, the others advise.

A treatment is also held against the questions by which readers judge health information, put in our own words:
Charnock D et al. DISCERN: an instrument for judging the quality of written consumer health information on
treatment choices. J Epidemiol Community Health 1999;53:105-111.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treatments import links, phone, readability, schema, status, wording
from treatments.models import (
    ClinicSettings,
    Content,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    InfoPage,
    Picture,
    Reference,
    SafetyNotice,
    Signpost,
    Synonym,
    Treatment,
    WarningSign,
    WordList,
)

if TYPE_CHECKING:
    from treatments.library import Library

MAX_GRADE = 8.0
DESCRIPTION = range(70, 161)  # characters; search engines cut off more, and replace what says little
QUOTES = 5  # how many sentences a detail quotes


@dataclass(frozen=True)
class Check:
    """One thing that is looked at before publishing. The detail says what to do, or what was found."""

    label: str
    passed: bool
    blocks: bool
    detail: str = ""


def checklist(content: Content, library: Library, *, signed: bool) -> list[Check]:
    """Look at content of a library. `signed` tells whether a reviewer has signed exactly these medical words."""
    kind = type(content)
    checks = [_check(label, rule(content), blocks=True) for label, rule in SAFETY[kind]]
    checks.append(_check("Everything it names is public", _missing(content), blocks=True))
    if hasattr(content, "segment"):
        checks.append(_check("No other page has its web address", _taken(content, library), blocks=True))
    if kind is Reference:
        return checks  # titles of studies are quoted as they are
    made, mentioned = wording.promises(content)
    advice = "Say it without a promise, or with a clear “no” or “not” before it:"
    checks.append(_check("Nothing is promised that nobody can promise", _quoted(advice, made), blocks=True))
    if kind.IS_MEDICAL:
        advice = "" if signed else "Send it for review, and ask a medical reviewer to sign it."
        blocks = library.clinic.review_before_publishing
        checks.append(_check("A medical reviewer has signed these exact words", advice, blocks=blocks))
    if kind is Treatment:
        answers = discern(content, library, signed)
        missing = [question for question, answered in answers if not answered]
        found = " ".join([f"{len(answers) - len(missing)} of {len(answers)}.", *missing])
        checks.append(Check("The page answers the questions of DISCERN", not missing, False, found))
    checks += [_check(label, rule(content)) for label, rule in ADVICE.get(kind, ())]
    if mentioned:
        advice = "Check that nobody can take this for a promise:"
        checks.append(_check("No sentence comes close to a promise", _quoted(advice, mentioned)))
    if (grade := readability.grade_of(content)) is not None:
        advice = "" if grade <= MAX_GRADE else " Shorter sentences and shorter words bring it down."
        checks.append(Check("The reading grade is 8 or lower", not advice, False, f"It is {grade}.{advice}"))
    unproven = [] if _sources(content) else wording.percentages(content)
    return [
        *checks,
        *(
            [_check("No other signpost has the same words", _shared_words(content, library))]
            if kind is Signpost
            else []
        ),
        _check("No sentence is longer than 25 words", _quoted("Make two of each:", wording.long_sentences(content))),
        _check("Every percentage has a source", _quoted("Choose a source, or leave the number out:", unproven)),
        _check("No word blames", _quoted("Write “people with …”:", wording.blaming(content))),
        _links(content, library),
    ]


def blocking(checks: list[Check]) -> list[Check]:
    """Return the safety items that are open."""
    return [check for check in checks if check.blocks and not check.passed]


def discern(content: Treatment, library: Library, signed: bool) -> list[tuple[str, bool]]:
    """Return the first 15 questions of DISCERN and whether a treatment answers them; the 16th asks for an opinion."""
    return [(question, not rule(content) if rule else signed) for question, rule in DISCERN]


def _check(label: str, advice: str, *, blocks: bool = False) -> Check:
    return Check(label, not advice, blocks, advice)


def _quoted(advice: str, quotes: list[wording.Quote]) -> str:
    """Return advice with the sentences it is about, or nothing when there are none."""
    shown = [f"“{quote.sentence.strip()}” ({quote.field})" for quote in quotes[:QUOTES]]
    more = [f"and {len(quotes) - QUOTES} more."] if len(quotes) > QUOTES else []
    return " ".join([advice, *shown, *more]) if quotes else ""


def _links(content: Content, library: Library) -> Check:
    shown = (*library.pages, *library.treatments, *library.glossary, *library.faqs)
    pages = links.addresses(
        (type(one), getattr(one, "segment", one.slug), getattr(getattr(one, "family", None), "segment", ""))
        for one in shown
    )
    dead, moved = [], []
    for field in schema.fields(type(content)):
        value = None if field.is_relation else getattr(content, field.name)
        for address in schema.links_of(field, value):
            if links.is_live(address, pages):
                continue
            where = schema.label(field)
            if new := library.former.get(re.split("[?#]", address)[0]):
                moved.append(f"“{address}” ({where}) has moved to “{new.get_absolute_url()}”.")
            else:
                dead.append(f"“{address}” ({where}) leads nowhere. Use the address of a page of the site.")
    return Check("Links inside the site lead to a page", not dead, False, " ".join(dead + moved))


def _missing(content: Content) -> str:
    names = ", ".join(f"“{slug}”" for slug in content.linked.missing)
    return f"Publish {names} first, or take it out here: patients would not find that part." if names else ""


def _taken(content: Content, library: Library) -> str:
    path = content.get_absolute_url()
    pages = (*library.pages, *library.treatments)
    others = [f"“{one}”" for one in pages if one is not content and one.get_absolute_url() == path]
    return f"Patients find {others[0]} there. Publish that one at its new web address first." if others else ""


def _shared_words(content: Signpost, library: Library) -> str:
    own = {words.casefold() for words in content.also_called}
    others = [
        f"“{words}” ({other})"
        for other in library.signposts
        if other.slug != content.slug
        for words in other.also_called
        if words.casefold() in own
    ]
    return f"Keep each in one place: {', '.join(others[:QUOTES])}." if others else ""


# -- Rules: each says what to do, in words for the editor, or nothing when all is well ---------------

Rule = Callable[[Content], str]


def _filled(content: Content, name: str) -> bool:
    return bool("".join(getattr(content, name)).strip())


def _labels(content: Content, names, word: str) -> str:
    return f" {word} ".join(f"“{schema.label(content._meta.get_field(name))}”" for name in names)


def _has(*names: str) -> Rule:
    def rule(content):
        empty = [name for name in names if not _filled(content, name)]
        return f"Fill in {_labels(content, empty, 'and')}." if empty else ""

    return rule


def _has_one_of(*names: str) -> Rule:
    def rule(content):
        filled = any(_filled(content, name) for name in names)
        return "" if filled else f"Fill in {_labels(content, names, 'or')}."

    return rule


def _options(content: Treatment) -> str:
    others = [one for one in content.linked.related if one is not content]
    return "" if others else "Choose another treatment that is published under “Related”."


def _help(content: Treatment) -> str:
    notices = [one for one in content.linked.notices if one.place == SafetyNotice.Place.HELP]
    missing = _has_one_of("emergency", "same_day")
    if not all(missing(one) for one in (content, *notices)):
        return ""
    return f"{missing(content)} Or choose a notice with such signs under “Notices”."


def _sources(content: Content) -> list[Reference]:
    """Return the sources of content and of its notices."""
    pieces = (content, *getattr(content.linked, "notices", ()))
    return [source for one in pieces for source in getattr(one.linked, "sources", ())]


def _named_sources(content: Content) -> str:
    return "" if _sources(content) else "Choose a study, a guideline or an official notice under “Sources”."


def _status(content: Treatment) -> str:
    """Ask for the date and the source of each status that has a level."""
    assessed = [one for one in status.of(content) if one.level != Treatment.Evidence.UNKNOWN.label]
    missing = [f"{one.name}_on" for one in assessed if not one.on]
    missing += [f"{one.name}_sources" for one in assessed if not one.sources]
    return f"Fill in {_labels(content, missing, 'and')}." if missing else ""


def _usual_order(content: Treatment) -> str:
    """Refuse a usual order that leads back to where it began."""
    seen, ahead = set(), list(content.linked.tried_before)
    while ahead:
        one = ahead.pop()
        if one is content:
            return "Look at “Tried before”: from one treatment to the next, it leads back to this one."
        if one.slug not in seen:
            seen.add(one.slug)
            ahead += one.linked.tried_before
    return ""


def _more_to_read(content: Content) -> str:
    return "" if any(source.link for source in _sources(content)) else "Choose a source that has a link."


def _same_room(content: Treatment) -> str:
    good = len("".join(content.can_do + content.may_help))
    harm = len("".join(content.common_effects + content.rare_serious))
    return "" if harm and 0.4 < good / harm < 2.5 else "Give benefit and risk about the same room."


def _names_treatments(content: FinderRule) -> str:
    shows = content.question in (FinderRule.Question.BOTHERS, FinderRule.Question.WANTED)
    return "" if shows or content.linked.treatments else "Choose what is meant under “Treatments”."


def _leads_or_answers(content: Signpost) -> str:
    answers = content.answered_by != Signpost.AnsweredBy.PAGES
    return "" if answers or content.leads_to else "Name a page under “Leads to”, or choose who answers."


def _pictures(content: Content) -> str:
    linked = (getattr(content.linked, "picture", None), *getattr(content.linked, "pictures", ()))
    pictures = [content] if isinstance(content, Picture) else filter(None, linked)
    silent = [f"“{one.slug}”" for one in pictures if not one.decorative and not _filled(one, "alt")]
    return f"Fill in “Alt” of the picture {' and '.join(silent)}, or mark it as decorative." if silent else ""


def _phone(content: ClinicSettings) -> str:
    return "" if phone.parse(content.phone) else "Write a whole number, with its area code, under “Phone”."


def _emergency_numbers(content: ClinicSettings) -> str:
    missing = [number for number in ("911", "988") if not re.search(rf"\b{number}\b", content.emergency_wording)]
    return f"Name {' and '.join(missing)} under “Emergency wording”." if missing else ""


def _description(content: Content) -> str:
    length = len(content.description)
    wanted = f"Write {DESCRIPTION[0]} to {DESCRIPTION[-1]}."
    return "" if length in DESCRIPTION else f"“Description” has {length} characters. {wanted}"


# -- Which kinds of content follow which rules -------------------------------------------------------

_SILENT = ("Pictures are described for people who cannot see them", _pictures)
_FOUND = ("The description has a good length for search engines", _description)
_NAMED = ("Sources are named", _named_sources)

SAFETY: dict[type[Content], tuple[tuple[str, Rule], ...]] = {
    Treatment: (
        ("Benefits are named", _has("can_do")),
        ("Risks are named", _has("common_effects", "rare_serious")),
        ("Limits are named, and whom it is not for", _has("cannot_do", "not_for")),
        ("Other options are named", _options),
        ("It says what may happen if you wait", _has("if_you_wait")),
        ("It says when to get help", _help),
        ("It says how sure we are", _has("evidence", "evidence_level")),
        ("The usual order has a beginning", _usual_order),
        _NAMED,
        _SILENT,
    ),
    InfoPage: (("The page has words", _has("body")), _SILENT),
    FaqItem: (("There is a question and an answer", _has("question", "answer")),),
    GlossaryTerm: (("There is a word and its meaning", _has("term", "meaning")),),
    Signpost: (
        ("There is a name, and what people type", _has("name", "also_called")),
        ("It leads somewhere, or there is an answer", _leads_or_answers),
    ),
    Synonym: (("There is a word, and others that mean the same", _has("word", "also_called")),),
    WordList: (("The list has a name and words", _has("name", "also_called")),),
    WarningSign: (("It says how soon help is needed, and what to do", _has("level", "advice")),),
    FinderRule: (
        ("There is an answer and a reason", _has("words", "reason")),
        ("What was tried, or is to be avoided, is named", _names_treatments),
    ),
    SafetyNotice: (("The notice says something", _has_one_of("body", "emergency", "same_day")),),
    Reference: (("The source has a name", _has("publisher", "title")),),
    Picture: (_SILENT,),
    ClinicSettings: (
        ("The phone number can be called", _phone),
        ("The emergency wording names 911 and 988", _emergency_numbers),
    ),
}
ADVICE = {Treatment: (_FOUND, ("The status has dates and sources", _status)), InfoPage: (_FOUND, _NAMED)}

# Dates are on the page once its words are signed: reviewed then, to be reviewed next then.
DISCERN: tuple[tuple[str, Rule | None], ...] = (
    ("Is it clear what the page is about, and for whom?", _has("summary", "may_help")),
    ("Does it tell what it sets out to tell?", _has("how_it_works", "can_do", "cannot_do")),
    ("Can readers see whether it matters to them?", _has("may_help", "not_for")),
    ("Are the sources named?", _named_sources),
    ("Are there dates that show how fresh it is?", None),
    ("Do benefit and risk get about the same room?", _same_room),
    ("Is there a way to read more elsewhere?", _more_to_read),
    ("Does it admit what is not known?", _has("evidence", "evidence_level")),
    ("Does it explain how the treatment works?", _has("how_it_works")),
    ("Does it name the benefits?", _has("can_do")),
    ("Does it name the risks?", _has("common_effects", "rare_serious")),
    ("Does it say what may happen without treatment?", _has("if_you_wait")),
    ("Does it say what daily life may be like?", _has_one_of("after", "later", "expectations", "living_with_it")),
    ("Does it show that there are other choices?", _options),
    ("Does it help people to decide together with us?", _has("questions")),
)
