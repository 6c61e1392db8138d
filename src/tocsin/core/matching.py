"""Which facts a rule or route is about: kinds and matchers, in Alertmanager's grammar (API: match).

A matcher is ``name op value``: ``severity=~"sev[12]"``, ``contributor = alpha``. The value may
stand in double quotes; in both forms ``\\"``, ``\\\\`` and ``\\n`` are escapes and any other
backslash is itself, so that ``"ams-1\\.x"`` is the pattern it looks like. Everything is read and
compiled once; matching is looking up, and patterns run in linear time.

What is matched is a mapping of facts by the same names. A fact may have several values (devices,
labels): ``=`` and ``=~`` hold when any of them fits, ``!=`` and ``!~`` when none does. A fact that
is missing, or has no values, is the empty text. Patterns see the first 1,000 characters of a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tocsin.core.patterns import Effort, Pattern, PatternError, compile_pattern, fits

NAMES: Final = (
    "type",
    "status",
    "health",
    "severity",
    "service",
    "environment",
    "device",
    "link",
    "contributor",
    "label",
    "source",
    "connector",
)
"""What a matcher can be about, besides ``labels.<name>``: one label of a signal."""

MOST_MATCHERS: Final = 50
MOST_KINDS: Final = 50
LONGEST_VALUE: Final = 1_000
LONGEST_NAME: Final = 135
"""Characters of a name: ``labels.`` and 128."""

_LONGEST_MATCHER: Final = LONGEST_NAME + 2 * LONGEST_VALUE + 20

_MATCHER = re.compile(r"\s*([A-Za-z0-9_.:/-]+)\s*(=~|!=|!~|=)(.*)", re.DOTALL)
_KIND = re.compile(r"\*|[a-z][a-z0-9_]{0,63}\.(?:\*|[a-z][a-z0-9_]{0,63})|\*\.[a-z][a-z0-9_]{0,63}")


class MatcherError(ValueError):
    """A match that is not read: the ``field`` (``matchers[0]``), and the ``reason``."""

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Operator(StrEnum):
    """How a matcher compares: equal, not equal, matches the pattern, does not."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    MATCHES_NOT = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of the fact *name* with *value*, compiled when it is made.

    ``texts`` are the values that fit where they are few, else ``pattern`` says; ``negated`` turns
    the answer round.

    Raises:
        PatternError: *op* takes a pattern and *value* is none.
    """

    name: str
    op: Operator
    value: str
    negated: bool = field(init=False, repr=False, compare=False)
    texts: frozenset[str] | None = field(init=False, repr=False, compare=False)
    pattern: Pattern | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = None
        texts: frozenset[str] | None = frozenset({self.value})
        if self.op in (Operator.MATCHES, Operator.MATCHES_NOT):
            pattern = compile_pattern(self.value)
            texts = pattern.literals
        object.__setattr__(self, "negated", self.op in (Operator.NOT_EQUAL, Operator.MATCHES_NOT))
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "pattern", pattern)


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule or route is about: any of the *kinds*, and all of the *matchers*.

    A kind is ``incident.created``, ``incident.*``, ``*.closed`` or ``*``.
    """

    kinds: tuple[str, ...] = ("*",)
    matchers: tuple[Matcher, ...] = ()
    every_kind: bool = field(init=False, repr=False, compare=False)
    some_kinds: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "every_kind", "*" in self.kinds)
        object.__setattr__(self, "some_kinds", frozenset(self.kinds))


def parse_matcher(text: str, *, field: str = "matcher") -> Matcher:
    """The matcher that *text* writes; *field* is what a refusal names.

    Raises:
        MatcherError: not of the form, an unknown name, a value of more than 1,000 characters,
            quotes that do not pair, or a pattern that is not read.
    """
    shape = _MATCHER.fullmatch(text) if len(text) <= _LONGEST_MATCHER else None
    if shape is None:
        if len(text) > _LONGEST_MATCHER:
            raise MatcherError(f"longer than {_LONGEST_MATCHER:,} characters", field=field)
        raise MatcherError(
            'not of the form name op value, such as severity=~"sev[12]", with = != =~ or !~',
            field=field,
        )
    name = shape[1]
    if name not in NAMES and (not name.startswith("labels.") or name == "labels."):
        raise MatcherError(
            f'"{name[:64]}" is not one of {", ".join(NAMES)} or labels.<name>', field=field
        )
    if len(name) > LONGEST_NAME:
        raise MatcherError(f"a name of more than {LONGEST_NAME} characters", field=field)
    value = _value(shape[3].strip(), field=field)
    if len(value) > LONGEST_VALUE:
        raise MatcherError(f"a value of more than {LONGEST_VALUE:,} characters", field=field)
    try:
        return Matcher(name, Operator(shape[2]), value)
    except PatternError as problem:
        raise MatcherError(f"in the pattern: {problem}", field=field) from None


def parse_match(kinds: Sequence[str], matchers: Sequence[str]) -> Match:
    """The match of these *kinds* and *matchers* as written; no kinds at all means every kind.

    Raises:
        MatcherError: one of them is not read, or there are more than 50; ``field`` says which.
    """
    if len(kinds) > MOST_KINDS:
        raise MatcherError(f"more than {MOST_KINDS}", field="kinds")
    if len(matchers) > MOST_MATCHERS:
        raise MatcherError(f"more than {MOST_MATCHERS}", field="matchers")
    for index, kind in enumerate(kinds):
        if _KIND.fullmatch(kind) is None:
            raise MatcherError(
                "not a kind such as incident.created, incident.* or *", field=f"kinds[{index}]"
            )
    read = tuple(
        parse_matcher(text, field=f"matchers[{index}]") for index, text in enumerate(matchers)
    )
    return Match(tuple(kinds) or ("*",), read)


def matches(
    match: Match,
    *,
    kind: str,
    facts: Mapping[str, str | Collection[str]],
    effort: Effort | None = None,
) -> bool:
    """Whether an event of *kind* with these *facts* is one that *match* is about.

    *facts* are by the names of the matchers (``severity``, ``labels.alertname``), with one value or
    several.

    Raises:
        TooMuchEffort: its patterns take more than *effort* has left.
    """
    if not match.every_kind and not _kind_fits(match.some_kinds, kind):
        return False
    for matcher in match.matchers:
        found = facts.get(matcher.name, "")
        if isinstance(found, str):
            fitting = _value_fits(matcher, found, effort)
        elif not found:
            fitting = _value_fits(matcher, "", effort)
        else:
            fitting = any(_value_fits(matcher, value, effort) for value in found)
        if fitting is matcher.negated:
            return False
    return True


def _kind_fits(kinds: frozenset[str], kind: str) -> bool:
    if kind in kinds:
        return True
    sort, _, happening = kind.partition(".")
    return f"{sort}.*" in kinds or f"*.{happening}" in kinds


def _value_fits(matcher: Matcher, value: str, effort: Effort | None) -> bool:
    """Whether *value* is what the matcher's value says, before negation."""
    if matcher.texts is not None:
        return value in matcher.texts
    if matcher.pattern is None:
        return value == matcher.value
    return fits(matcher.pattern, value[:LONGEST_VALUE], effort=effort)


def _value(text: str, *, field: str) -> str:
    """The value that *text* writes, with or without quotes."""
    quoted = len(text) >= 1 and text[0] == '"'
    if quoted:
        if len(text) < 2 or not _closes(text):
            raise MatcherError("a quote that is not closed at the end", field=field)
        text = text[1:-1]
    read: list[str] = []
    escaped = False
    for character in text:
        if escaped:
            read.append(_ESCAPES.get(character, "\\" + character))
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            raise MatcherError('a quote inside the value; write \\"', field=field)
        else:
            read.append(character)
    if escaped:
        read.append("\\")
    return "".join(read)


def _closes(text: str) -> bool:
    """Whether *text* ends in a quote that is not escaped."""
    before = text[:-1]
    return text[-1] == '"' and (len(before) - len(before.rstrip("\\"))) % 2 == 0


_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}
