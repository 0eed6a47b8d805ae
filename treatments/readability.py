"""How hard a text is to read: the Flesch-Kincaid grade, after Kincaid et al. 1975, and sentences that are too long."""

import re
import statistics

from treatments import dictionary, schema
from treatments.models import Content, InfoPage
from treatments.prose import plain

# Names that a page cannot avoid are read as one short word, as the content guide allows.
NAMES = (
    "Medici Orthopaedics & Spine", "radiofrequency ablation", "epidural steroid injection", "medial branch block",
    "spinal cord stimulation", "spinal cord stimulator", "hyperbaric oxygen therapy", "hyperbaric oxygen",
    "platelet-rich plasma", "physical therapy", "myofascial release", "intrathecal baclofen", "prolotherapy",
    "sacroiliac", "baclofen", "gabapentin", "pregabalin", "ibuprofen", "naproxen", "celecoxib", "naloxone",
    "evaluation",
)  # fmt: skip
NOT_READ = ("also_called", "exceptions", "leads_to", "unexplained", schema.STAFF_ONLY)
"""Lists of words for programs and staff, which nobody reads as prose."""
_NAMES = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in NAMES), re.IGNORECASE)


def words(content: Content) -> str:
    """The prose and lists of a piece of content as a reader meets them, for a grade of the whole."""
    values = (
        getattr(content, field.name)
        for field in schema.fields(type(content))
        if schema.is_text(field) and field.name not in NOT_READ
    )
    return "\n".join("\n".join(value) if isinstance(value, list) else value for value in values if value)


def sentences(text: str) -> list[str]:
    """The sentences of a text in the small format. A heading and an item of a list stand alone."""
    lines = plain(text).split("\n")
    return [part for line in lines for part in re.split(r"(?<=[.!?])[\"”']?\s+", line) if part.strip()]


def _spoken(text: str) -> list[str]:
    """The sentences of a text as they count: each name as one short word, each number as one."""
    spoken = (re.sub(r"(\d)\.(\d)", r"\1\2", _NAMES.sub("care", sentence)) for sentence in sentences(text))
    return [sentence for sentence in spoken if re.search("[A-Za-z]", sentence)]


def _length(sentence: str) -> int:
    return len(re.findall(r"[\w'’-]+", sentence))


def median_sentence(text: str) -> float:
    """The median length of a sentence, in words."""
    return statistics.median(map(_length, _spoken(text)))


def long_sentences(text: str, limit: int = 25) -> list[str]:
    """The sentences with more words than the limit."""
    return [sentence for sentence in sentences(text) if any(_length(one) > limit for one in _spoken(sentence))]


def grade(text: str) -> float:
    """The US school grade at which a text is easily read; 0 when there is nothing to read."""
    if not (spoken := _spoken(text)):
        return 0.0
    all_words = [word for sentence in spoken for word in re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", sentence)]
    sounds = sum(map(dictionary.count_syllables, all_words))
    return 0.39 * len(all_words) / len(spoken) + 11.8 * sounds / len(all_words) - 15.59


def grade_of(content: Content) -> float | None:
    """The grade of a piece of content as staff are told it: one decimal, at least 0; None for what has no prose.

    The grade counts the sounds of English words, so what is in Spanish has none.
    """
    if content.slug == InfoPage.SPANISH:
        return None
    text = words(content)
    return max(0.0, round(grade(text), 1)) if text else None
