"""The reading of patterns: from text to a tree of the bounded subset of regular expressions.

Read are literals, ``.`` (not a line feed), classes ``[a-z]`` and ``[^…]``, ``\\d \\w \\s`` and
their opposites (ASCII, as in RE2), escaped punctuation and ``\\t \\n \\r \\f``, groups ``( )`` and
``(?: )``, ``|``, ``* + ? {m} {m,} {m,n}`` (a lazy ``?`` after them changes nothing), ``^`` and
``$``. Everything else is refused by name and place rather than guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEEPEST_GROUP: Final = 32
MOST_REPETITIONS: Final = 2_000


class PatternError(ValueError):
    """A pattern that is not read: the ``reason``, and its ``position`` (1 for the first)."""

    def __init__(self, reason: str, *, position: int) -> None:
        super().__init__(f"{reason} at character {position}")
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Characters:
    """One character: in one of the sorted *ranges* (inclusive ends), or in none when *negated*."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Nothing, at the beginning of the text."""


@dataclass(frozen=True, slots=True)
class End:
    """Nothing, at the end of the text."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; nothing at all when empty."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One or another."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """*part*, *least* to *most* times; without end when *most* is None."""

    part: Node
    least: int
    most: int | None


Node = Characters | Start | End | Sequence | Choice | Repeat


_DIGIT: Final = (("0", "9"),)
_WORD: Final = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE: Final = (("\t", "\n"), ("\f", "\r"), (" ", " "))
_LINE_FEED: Final = (("\n", "\n"),)
_HIGHEST: Final = 0x10FFFF
_SHORTHANDS: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def _others(ranges: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What is in none of the sorted *ranges*."""
    found = []
    next_code = 0
    for low, high in ranges:
        if next_code < ord(low):
            found.append((chr(next_code), chr(ord(low) - 1)))
        next_code = ord(high) + 1
    return (*found, (chr(next_code), chr(_HIGHEST)))


def read_tree(text: str, *, start: int) -> Node:
    """The tree of the pattern that *text* writes from index *start* on.

    Raises:
        PatternError: groups deeper than 32, more than 2,000 repetitions, or outside the subset.
    """
    return _Reader(text, at=start).read()


class _Reader:
    """Reads a pattern from left to right; *at* is the index of the next character."""

    def __init__(self, text: str, *, at: int) -> None:
        self.text = text
        self.at = at
        self.depth = 0

    def read(self) -> Node:
        tree = self._choice()
        if self.at < len(self.text):
            raise self._error("a ) without a (")
        return tree

    def _error(self, reason: str, *, at: int | None = None) -> PatternError:
        return PatternError(reason, position=(self.at if at is None else at) + 1)

    def _next_is(self, expected: str) -> bool:
        return self.text.startswith(expected, self.at)

    def _choice(self) -> Node:
        options = [self._sequence()]
        while self._next_is("|"):
            self.at += 1
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            part = self._part()
            parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self) -> Node:
        character = self.text[self.at]
        match character:
            case "(":
                return self._group()
            case "[":
                return self._class()
            case "\\":
                return Characters(self._escape())
            case "*" | "+" | "?":
                raise self._error(f"nothing for the {character} to repeat")
            case "{" if self._count() is not None:
                raise self._error("nothing for the { to repeat")
            case _:
                self.at += 1
        match character:
            case ".":
                return Characters(_LINE_FEED, negated=True)
            case "^":
                return Start()
            case "$":
                return End()
            case _:
                return Characters(((character, character),))

    def _group(self) -> Node:
        opened = self.at
        if self._next_is("(?:"):
            self.at += 3
        elif self._next_is("(?i"):
            raise self._error("(?i) is read at the beginning of the pattern only")
        elif self._next_is("(?"):
            kind = self.text[self.at : self.at + 3]
            raise self._error(f"unsupported group {kind}")
        else:
            self.at += 1
        self.depth += 1
        if self.depth > DEEPEST_GROUP:
            raise self._error(f"groups deeper than {DEEPEST_GROUP}", at=opened)
        inner = self._choice()
        if not self._next_is(")"):
            raise self._error("a ( without a )", at=opened)
        self.at += 1
        self.depth -= 1
        return inner

    def _repeated(self, part: Node) -> Node:
        """*part* with the repetition that follows it, if one does."""
        started = self.at
        counts = self._take_repetition()
        if counts is None:
            return part
        if isinstance(part, Start | End):
            raise self._error("nothing to repeat before this", at=started)
        # Lazy or not says which of several matches is found first, and only the whole text matches.
        self.at += self._next_is("?")
        again = self.at
        if self._take_repetition() is not None:
            raise self._error("a repetition of a repetition", at=again)
        least, most = counts
        return Repeat(part, least, most)

    def _take_repetition(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._next_is(sign):
                self.at += 1
                return counts
        counted = self._count()
        if counted is None:
            return None
        least, most, length = counted
        if most is not None and most < least:
            raise self._error("a repetition that ends before it begins")
        if max(least, most or 0) > MOST_REPETITIONS:
            raise self._error(f"a repetition of more than {MOST_REPETITIONS:,}")
        self.at += length
        return least, most

    def _count(self) -> tuple[int, int | None, int] | None:
        """Least, most and length of the ``{m,n}`` that begins here; None when the brace is text."""
        if not self._next_is("{"):
            return None
        end = self.text.find("}", self.at)
        inside = self.text[self.at + 1 : end] if end >= 0 else ""
        least, comma, most = inside.partition(",")
        if not _is_number(least) or not (most == "" or _is_number(most)):
            if least == "" and comma and _is_number(most):
                raise self._error(f"write {{0,{most}}} for at most {most}")
            return None
        upper = int(least) if not comma else int(most) if most else None
        return int(least), upper, end + 1 - self.at

    def _escape(self) -> tuple[tuple[str, str], ...]:
        """The ranges of the escape that begins here."""
        escaped = self.text[self.at + 1 : self.at + 2]
        if escaped == "":
            raise self._error("a \\ at the end")
        if escaped.lower() in _SHORTHANDS:
            ranges = _SHORTHANDS[escaped.lower()]
            self.at += 2
            return ranges if escaped.islower() else _others(ranges)
        literal = _CONTROLS.get(escaped)
        if literal is None:
            if not escaped.isascii() or escaped.isalnum():
                raise self._error(f"unsupported escape \\{escaped}")
            literal = escaped
        self.at += 2
        return ((literal, literal),)

    def _class(self) -> Node:
        opened = self.at
        self.at += 1
        negated = self._next_is("^")
        self.at += negated
        ranges: list[tuple[str, str]] = []
        first = True
        while first or not self._next_is("]"):
            first = False
            ranges.extend(self._class_item(opened))
        self.at += 1
        return Characters(tuple(sorted(set(ranges))), negated)

    def _class_item(self, opened: int) -> tuple[tuple[str, str], ...]:
        started = self.at
        low = self._class_character(opened)
        is_range = self._next_is("-") and not self._next_is("-]")
        if not is_range:
            return low
        self.at += 1
        high = self._class_character(opened)
        if not _is_one(low) or not _is_one(high):
            raise self._error("a range of classes", at=started)
        if high[0][0] < low[0][0]:
            raise self._error("a range that ends before it begins", at=started)
        return ((low[0][0], high[0][0]),)

    def _class_character(self, opened: int) -> tuple[tuple[str, str], ...]:
        if self.at >= len(self.text):
            raise self._error("a [ without a ]", at=opened)
        if self._next_is("\\"):
            return self._escape()
        if self._next_is("[:"):
            raise self._error("unsupported class [:")
        character = self.text[self.at]
        self.at += 1
        return ((character, character),)


def _is_one(ranges: tuple[tuple[str, str], ...]) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
