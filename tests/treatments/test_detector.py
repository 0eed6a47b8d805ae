"""The detector of warning signs: its small language, what it makes of "no" and of the past, and what it hears.

The lists in warning_signs/ are what patients, spouses and children may type, in English and Spanish. Those named
"blind" were written by people who had not seen one phrase of the detector: the first time, 1,078 of the 1,107 signs
were heard, and 6 of the 1,368 harmless texts raised an alarm. What was missed then has been mended since. "unseen"
was written after all that: 371 of its 381 were heard when it was first tried, and three grave ones have been put right
since. The last 700 harmless texts were written after that, most to provoke false alarms, by questions, idioms and what
is over: 44 of 561 did at first, and 5 of the 140 that followed. Most have been mended; what could only be mended by
silencing somebody who has the sign and asks about it still raises one. Write new lists to measure anew.
"""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from treatments import detector, library
from treatments.detector import Detector
from treatments.models import WarningSign, WordList

LISTS = Path(__file__).parent / "warning_signs"
URGENCY = WarningSign.Level.values


def detect(*phrases, exceptions=(), level="911", **lists):
    """Return a detector of one sign. `lists` are word lists by use, or, named by "_", by name."""
    words = [
        WordList(name=name.strip("_"), use="named" if name.startswith("_") else name, also_called=some)
        for name, some in lists.items()
    ]
    return Detector([WarningSign(level=level, also_called=list(phrases), exceptions=list(exceptions))], words)


def hears(detector, text) -> bool:
    return any(not heard.is_past for heard in detector.hear(text))


# -- The language ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("can't pee", "I CAN’T PEE"),
        ("can't pee", "cant   pee!!"),
        ("can't pee", "cant peeeee"),
        ("no puedo orinar", "No puedo orinár"),
        ("leg weak", "my leg has been getting weak"),
        ("numb*/tingling + legs", "legs feel numbish"),
        ("no_feeling/numb + legs", "legs have no feeling"),
        ("fever + shot", "I had a shot on Monday. Now a fever"),
        ("temp* + 100.4..110", "temp of 101.3"),
        ("temp* + 100.4..110/hot", "temperature hot"),
        ("= hopeless", "Hopeless."),
        ("incontinent", "incontinant"),
        ("numb + [between the legs]", "numb in my private parts"),
    ],
)
def test_a_phrase_is_heard(phrase, text):
    lists = {"filler": ["my", "has", "been", "getting", "in", "have"], "_between the legs": ["private parts", "crotch"]}
    assert hears(detect(phrase, **lists), text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("can't pee", "pee, which I cant"),  # the order of words
        ("can't pee", "cant wait for the next pee"),  # too much between
        ("can't pee", "I cant. Pee is fine"),  # two sentences
        ("fell", "feel"),  # a slip in a short word
        ("cancer", "cancel"),  # another word that people know
        ("temp* + 100.4..110", "temp of 98.6"),
        ("= hopeless", "hopeless at math"),
        ("leg weak", "leg not weak"),
        ("fever + shot", f"fever {'word ' * 20} shot"),
    ],
)
def test_a_phrase_is_not_heard(phrase, text):
    assert not hears(detect(phrase, denied=["not"]), text)


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("no fever", False),
        ("I do not have any fever", False),
        ("no fever, chills, or chest pain", False),
        ("no chills or fever", False),
        ("no fever, chest pain since noon", True),
        ("no sleep, fever", True),
        ("no, fever", True),
        ("No. Fever", True),
        ("no chills but a fever", True),
        ("no feeling in my legs, fever", True),
    ],
)
def test_a_no_is_for_what_stands_right_behind_it(text, is_heard):
    lists = {"denied": ["no", "not"], "filler": ["do", "have", "any", "or", "a", "in", "my"]}
    heard = detect("fever", "chills", "chest pain", "no feeling + legs", **lists)
    assert bool(heard.hear(text)) == is_heard


@pytest.mark.parametrize(
    ("text", "is_past"),
    [
        ("I had a stroke in 2015", True),
        ("had a stroke years ago", True),
        ("I had a stroke", False),
        ("fused in 2015, and now a stroke", False),
        ("stroke after my surgery in 2015", False),
        ("had a stroke after my surgery in 2015", True),
        ("had a stroke in 2015 and another stroke today", False),
        ("still a stroke since 2015", False),
        ("stroke 2015", True),
        ("stroke, 2015 surgery", False),
        ("stroke since 2015", True),
        ("how common is a stroke", True),
        ("how common is a stroke? I have a stroke now", False),
        ("is my stroke a common one, how common is that", False),
        ("how common is a stroke now", False),
        ("what if a stroke", True),
        ("what can not make a stroke", False),
        ("a stroke, how common is that", False),
        ("stroke what are the odds and how common", False),
        ("how common, a stroke", False),
        ("does surgery make a stroke", True),
    ],
)
def test_what_is_over_or_only_asked_about_is_told_softly(text, is_past):
    lists = {
        "past": ["years ago"],
        "present": ["now", "today", "still", "is", "since"],
        "_operation": ["surgery"],
        "asked": ["how common", "what if", "can/does + make"],
    }
    (heard,) = detect("stroke", **lists).hear(text)
    assert heard.is_past == is_past


def test_what_ever_was_is_told_whenever_it_was():
    words = [WordList(name="past", use="past", also_called=["years ago"])]
    sign = WarningSign(level="this week", clock="ever", also_called=["cancer"])
    assert hears(Detector([sign], words), "I had cancer years ago")


def test_thoughts_of_death_are_never_over():
    (heard,) = detect("want to die", level="988", past=["last year"]).hear("I want to die, like last year")
    assert not heard.is_past


def test_what_is_harmless_or_excepted_is_not_heard_but_the_rest_is():
    heard = detect("fever", "stroke", exceptions=["stroke of luck"], harmless=["hay fever"])
    assert not hears(heard, "hay fever, by a stroke of luck")
    assert hears(heard, "hay fever and a real fever")


@pytest.mark.parametrize("line", ["", "+ fever", "fever +", "fe!ver", "a/", "[list", "a // b"])
def test_a_line_that_cannot_be_read_is_refused_when_staff_save_it(line):
    with pytest.raises(ValidationError):
        detector.validate_phrase(line)


def test_a_line_from_before_the_language_is_heard_word_by_word():
    assert hears(detect("pump (alarm) & beep"), "pump alarm beep")


def test_a_list_that_is_gone_silences_its_own_phrases_alone():
    assert hears(detect("numb + [nowhere]", "can't pee"), "can't pee")


@pytest.mark.parametrize("text", ["", "   ", "?!", "é́", "\x00", "no " * 50_000, "cant pee " * 50_000])
def test_any_text_is_answered(text):
    library.from_files(settings.CONTENT_DIR).detector.hear(text)


# -- What the site listens for -----------------------------------------------------------------------------------------


def rows(name):
    return [line.split("\t") for line in (LISTS / name).read_text().splitlines()]


@pytest.fixture(scope="module")
def site():
    return library.from_files(settings.CONTENT_DIR)


def test_every_sign_can_be_heard(site):
    for sign in site.warning_signs:
        assert sign.also_called, sign


@pytest.mark.parametrize(("name", "least"), [("heard.tsv", 0.97), ("blind.tsv", 0.97), ("unseen.tsv", 0.97)])
def test_signs_are_heard(site, name, least, record_property):
    """Heard means that the person is stopped with advice that is at least as urgent as what the sign needs."""
    level = {sign.slug: sign.level for sign in site.warning_signs}
    missed = []
    for signs, _, text in (texts := rows(name)):
        needed = max(URGENCY.index(level[one]) for one in signs.split())
        heard = [URGENCY.index(one.sign.level) for one in site.detector.hear(text) if not one.is_past]
        if not heard or min(heard) > needed:
            missed.append(text)
    record_property("heard", f"{len(texts) - len(missed)} of {len(texts)}")
    assert len(missed) <= (1 - least) * len(texts), missed


@pytest.mark.parametrize("name", ["harmless.tsv", "harmless_blind.tsv"])
def test_harmless_words_raise_no_alarm(site, name, record_property):
    texts = rows(name)
    raised = [text for _, text in texts if any(not one.is_past for one in site.detector.hear(text))]
    record_property("false alarms", f"{len(raised)} of {len(texts)}")
    assert len(raised) <= 0.01 * len(texts), raised
