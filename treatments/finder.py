"""The finder: from what somebody chooses to the options they may ask about, each with the reason why it is shown.

It never ranks, scores or diagnoses: options stand in the order of the ladder. It stores nothing, and no answer is part
of an address. `result` is the one place where answers become a result.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from treatments.models import FinderRule, Treatment

Question = FinderRule.Question
Answers = dict[str, list[str]]
"""The rules chosen, by question: their addresses, or NONE alone for the way out."""

NONE, NONE_IN_WORDS = "none", "None of these, or I am not sure"
FIRST = 5
"""So many options are shown at once; the others are one step away."""


class Effect(Enum):
    """What a rule does with its treatments, as the page of all rules says it."""

    SHOW = "we show"
    MARK = "we mark as tried"
    SET_ASIDE = "we set aside"


class Asked(NamedTuple):
    """How a question is asked, and what its answers do."""

    heading: str
    hint: str
    why: str
    effect: Effect
    most: int = 100


QUESTIONS = {
    Question.BOTHERS: Asked(
        "What bothers you most?",
        "Choose up to three.",
        "Different kinds of pain can come from different places. What you feel helps us show you pages that fit.",
        Effect.SHOW,
        most=3,
    ),
    Question.TRIED: Asked(
        "What have you tried?",
        "Choose any.",
        "We mark on your list what you know already, and say what you could ask about it now.",
        Effect.MARK,
    ),
    Question.UNWANTED: Asked(
        "Is there something you want to avoid?",
        "Choose any.",
        "It is your body. We set aside what you do not want. You can still read about it.",
        Effect.SET_ASIDE,
    ),
    Question.WANTED: Asked(
        "What matters most to you?",
        "Choose any.",
        "Two people with the same pain may want different things. We add options that go with what you want.",
        Effect.SHOW,
    ),
}


class Option(NamedTuple):
    """A treatment to ask about, and the rules that say something about it."""

    treatment: Treatment
    because: list[FinderRule]
    tried: list[FinderRule]
    unwanted: list[FinderRule]
    reasons: list[FinderRule] = []
    """The rules among `because` whose reason is told here: the first, and each that was not told before."""

    @property
    def icon(self) -> str | None:
        """The template of the icon of its family."""
        return (self.treatment.linked.family or self.treatment).icon_template


class Result(NamedTuple):
    """What a person's answers lead to. Before all options stands the evaluation, whatever was answered."""

    evaluation: list[FinderRule]
    """The rules that lead to the evaluation alone."""
    options: list[Option]
    set_aside: list[Option]
    families: list[Option]
    """All families of treatment: nothing is ever out of reach."""

    @property
    def interests(self) -> list[Treatment]:
        """The families of the options shown, as a request for an evaluation asks for them."""
        return list(dict.fromkeys(one.treatment.linked.family or one.treatment for one in self.options))


def offered(question: str, library) -> list[FinderRule]:
    """Return the published rules of a question that still lead somewhere."""
    return [rule for rule in library.finder_rules if rule.question == question]


def questions(library) -> list[str]:
    """Return the questions that have answers to offer, in the order of asking."""
    return [question for question in QUESTIONS if offered(question, library)]


def answers(data, library) -> Answers:
    """Return what was chosen in the forms before; whatever is not offered, or not any more, is left out."""
    return {
        question: known(data.getlist(question), question, library)[: QUESTIONS[question].most] for question in QUESTIONS
    }


def known(values: Iterable[str], question: str, library) -> list[str]:
    """Return which of these values are answers to a question, each once, in the order in which they are offered."""
    found = [rule.slug for rule in offered(question, library) if rule.slug in values]
    return found or ([NONE] if NONE in values else [])


def in_words(given: Answers, library) -> list[tuple[str, str, list[str]]]:
    """Return each question that is asked with its heading and what was chosen, in the person's words."""
    words = {rule.slug: rule.words for rule in library.finder_rules} | {NONE: NONE_IN_WORDS}
    return [
        (question, QUESTIONS[question].heading, [words[one] for one in given[question]])
        for question in questions(library)
    ]


def result(given: Answers, library) -> Result:
    """Return the options that answers lead to, with the reason for each."""
    rules = {
        question: [rule for rule in offered(question, library) if rule.slug in given[question]] for question in given
    }

    def with_effect(effect):
        return [rule for question in given if QUESTIONS[question].effect == effect for rule in rules[question]]

    showing, tried, unwanted = map(with_effect, (Effect.SHOW, Effect.MARK, Effect.SET_ASIDE))

    def option(treatment):
        return Option(treatment, *([r for r in some if _covers(r, treatment)] for some in (showing, tried, unwanted)))

    named = [option(one) for one in library.treatments if any(one in rule.linked.treatments for rule in showing)]
    open_ones = [one for one in named if not one.unwanted]
    procedures = {one.treatment.linked.family for one in open_ones}
    return Result(
        evaluation=[rule for rule in showing if not rule.linked.treatments],
        # Where one of its procedures is shown, a family need not be: the procedure has its reasons as well.
        options=list(_with_reasons(one for one in open_ones if one.treatment not in procedures)),
        set_aside=[one for one in named if one.unwanted],
        families=[option(family) for family in library.families],
    )


def _with_reasons(options: Iterable[Option]) -> Iterator[Option]:
    told = []
    for one in options:
        reasons = [rule for rule in one.because if rule == one.because[0] or rule not in told]
        told += reasons
        yield one._replace(reasons=reasons)


def _covers(rule: FinderRule, treatment: Treatment) -> bool:
    """Whether a rule names a treatment, or the family it belongs to."""
    return any(one in rule.linked.treatments for one in (treatment, treatment.linked.family) if one)
