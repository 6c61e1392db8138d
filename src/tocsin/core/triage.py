"""Triage: what becomes of a report in free text (Integrations: triage of a free-text report).

The first entry point whose words fit decides; else the one that a language model suggests; else the
fallback. Nothing here waits for a model: a suggestion comes in with the text, when there is one.

Text from outside is data. Whatever it says to the model, an answer can only choose among the org's
own entry points and word a title and a summary; who has the ticket, how bad it is and what it is
about are the entry point's to say. The reporter's own words always stay in the description.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from tocsin.core.records import EntryPoint
from tocsin.core.words import Severity

LONGEST_TITLE: Final = 120
"""Characters of a title that is taken from the text."""

LONGEST_SUGGESTED_TITLE: Final = 60
LONGEST_SUMMARY: Final = 2_000
LONGEST_DESCRIPTION: Final = 10_000
LONGEST_READ: Final = 10_000
"""Characters of a text in which words are looked for, and that a model is shown."""

UNWORDED: Final = "A report without words"
DEFAULT_SEVERITY: Final = Severity.SEV3

How = Literal["words", "model", "fallback", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a language model suggests: an entry point by its id, a title of at most 60 characters,
    and a summary."""

    entry_point_id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """How a report is opened.

    ``assignee`` is the id of a member or contributor, ``service`` a code; ``how`` says who
    decided. Without an entry point (``default``) nobody is assigned.
    """

    title: str
    description: str
    severity: Severity
    assignee: str | None
    service: str | None
    entry_point_id: str | None
    how: How


class LanguageModel(Protocol):
    """Somebody who reads a report and chooses. Asked beside the opening, never before it."""

    def suggest(self, text: str, entry_points: Sequence[EntryPoint]) -> Suggestion | None:
        """The suggestion, or None where there is none in good time; never raises.

        What it says is judged by :func:`triage`.
        """
        ...


def triage(
    text: str, entry_points: Sequence[EntryPoint], *, chosen: Suggestion | None = None
) -> Triage:
    """How the report *text* is opened, given the org's *entry_points* and what a model *chosen*.

    A suggestion that names no entry point of these, or whose title is blank, too long or not one
    line of printable text, is not used at all.
    """
    report = printable(text).strip()
    in_order = sorted(entry_points, key=lambda one: (one.order, one.created_at, one.id))
    by_words = fitting(report, in_order)
    if by_words is not None:
        return _opened(report, by_words, how="words")
    if chosen is not None:
        by_model = _suggested(chosen, in_order)
        if by_model is not None:
            return _opened(report, by_model, how="model", chosen=chosen)
    for one in in_order:
        if one.is_fallback:
            return _opened(report, one, how="fallback")
    return _opened(report, None, how="default")


def _suggested(chosen: Suggestion, entry_points: Sequence[EntryPoint]) -> EntryPoint | None:
    title = chosen.title
    if not title.strip() or len(title) > LONGEST_SUGGESTED_TITLE:
        return None
    if "\n" in title or "\t" in title or printable(title) != title:
        return None
    return next((one for one in entry_points if one.id == chosen.entry_point_id), None)


def _opened(
    report: str, entry_point: EntryPoint | None, *, how: How, chosen: Suggestion | None = None
) -> Triage:
    severity = None if entry_point is None else entry_point.severity
    return Triage(
        title=first_line(report) if chosen is None else chosen.title.strip(),
        description=_description(report, chosen),
        severity=DEFAULT_SEVERITY if severity is None else severity,
        assignee=None
        if entry_point is None or entry_point.assignee is None
        else entry_point.assignee.id,
        service=None if entry_point is None else entry_point.service,
        entry_point_id=None if entry_point is None else entry_point.id,
        how=how,
    )


def first_line(text: str) -> str:
    """The title that *text* gives by itself: the beginning of its first line that is not blank."""
    for line in printable(text).split("\n"):
        words = " ".join(line.split())
        if words:
            return shortened(words, longest=LONGEST_TITLE)
    return UNWORDED


def _description(report: str, chosen: Suggestion | None) -> str:
    summary = "" if chosen is None else printable(chosen.description or "").strip()
    if summary and summary != report:
        # What a model wrote never takes the place of what somebody said.
        summary = shortened(summary, longest=LONGEST_SUMMARY)
        report = f"{summary}\n\n{report}"
    return shortened(report, longest=LONGEST_DESCRIPTION) or UNWORDED


# -- words in a text ------------------------------------------------------------------------------

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NEW_LINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

_UNDIVIDED: Final = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts that set no blanks between words (Thai, Lao, Burmese, Khmer, kana, Han): there every
place is a border."""


def printable(text: str) -> str:
    """*text* as a ticket may hold it: lines end in line feeds, other controls are blanks."""
    return _UNPRINTABLE.sub(" ", _NEW_LINES.sub("\n", text))


def fitting(text: str, entry_points: Sequence[EntryPoint]) -> EntryPoint | None:
    """The first of *entry_points*, in their order, that has a word or phrase of *text*.

    Case, the width of blanks and different ways to write one character make no difference; a word
    within a longer one does not count. Only the first 10,000 characters are looked at.
    """
    folded = _folded(text[:LONGEST_READ])
    return next(
        (one for one in entry_points if any(_has(folded, _folded(word)) for word in one.words)),
        None,
    )


def _folded(text: str) -> str:
    whole = unicodedata.normalize("NFKC", text)
    return " ".join(unicodedata.normalize("NFKC", whole.casefold()).split())


def _has(text: str, word: str) -> bool:
    start = text.find(word) if word else -1
    while start >= 0:
        if _border(text, start) and _border(text, start + len(word)):
            return True
        start = text.find(word, start + 1)
    return False


def _border(text: str, place: int) -> bool:
    """Whether a word may begin or end before the character at *place*."""
    if place in (0, len(text)):
        return True
    return not (_clings(text[place - 1]) and _clings(text[place]))


def _clings(character: str) -> bool:
    number = ord(character)
    if number < 0x80:
        return character.isalnum() or character == "_"
    if any(first <= number <= last for first, last in _UNDIVIDED):
        return False
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


# -- cutting --------------------------------------------------------------------------------------

_JOINER: Final = "\u200d"


def shortened(text: str, *, longest: int) -> str:
    """The beginning of *text*, at most *longest* code points, never broken within what people see
    as one character (an accent, a flag, a family)."""
    if len(text) <= longest:
        return text
    end = longest
    while end > 0 and _within(text, end):
        end -= 1
    # One that goes on and on is cut somewhere.
    return text[: end or longest].rstrip()


def _within(text: str, place: int) -> bool:
    """Whether the code point at *place* goes on with the character before it."""
    before, after = text[place - 1], text[place]
    if _JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    number = ord(after)
    if 0x1F3FB <= number <= 0x1F3FF or 0xE0020 <= number <= 0xE007F or 0x1160 <= number <= 0x11FF:
        return True
    if _is_flag_half(after) and _is_flag_half(before):
        halves = 0
        while halves < place and _is_flag_half(text[place - 1 - halves]):
            halves += 1
        return halves % 2 == 1
    return False


def _is_flag_half(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF
