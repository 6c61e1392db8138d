"""What a client of Alertmanager's API may ask for: matchers, receiver, states. Pure.

A matcher is one comparison of a label (``alertname="HostDown"``, ``severity=~"warn.*"``), each in a
``filter`` of its own; patterns are matched whole and run in linear time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.core.matching import MOST_MATCHERS, Match, MatcherError, matches, parse_matcher
from tocsin.core.patterns import Effort, Pattern, PatternError, compile_pattern, fits

_PREFIX: Final = "labels."
_EVERYTHING: Final = Match()

PATTERN_STEPS: Final = 5_000_000
"""What the patterns of one question may cost: about half a second."""


class BadFilter(ValueError):
    """A question that is not read; the message says which part and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which alerts a client wants: those that fit ``match`` and ``receiver`` and are in one of the
    states asked for (Alertmanager API v2: all of them unless it says otherwise)."""

    match: Match = _EVERYTHING
    receiver: Pattern | None = None
    active: bool = True
    silenced: bool = True
    inhibited: bool = True


def parse_asked(
    filters: Sequence[str],
    *,
    receiver: str | None = None,
    active: bool = True,
    silenced: bool = True,
    inhibited: bool = True,
) -> Asked:
    """What a client asks for with these parameters of its query.

    Raises:
        BadFilter: a matcher or the pattern for the receiver is not read, or there are too many.
    """
    try:
        pattern = None if not receiver else compile_pattern(receiver)
    except PatternError as problem:
        raise BadFilter(f"bad receiver: {problem}") from None
    return Asked(
        match=parse_filters(filters),
        receiver=pattern,
        active=active,
        silenced=silenced,
        inhibited=inhibited,
    )


def parse_filters(filters: Sequence[str]) -> Match:
    """The match that holds when every one of *filters* does.

    Raises:
        BadFilter: one is not read, or there are more than 50.
    """
    if len(filters) > MOST_MATCHERS:
        raise BadFilter(f"bad matcher format: more than {MOST_MATCHERS}")
    try:
        matchers = tuple(
            parse_matcher(_PREFIX + _plain_name(text.strip()), field=f"filter[{index}]")
            for index, text in enumerate(filters)
        )
    except MatcherError as problem:
        raise BadFilter(f"bad matcher format: {problem}") from None
    return Match(matchers=matchers)


def _plain_name(text: str) -> str:
    """*text* with its name out of quotes, as newer clients may write it."""
    if not text.startswith('"'):
        return text
    name, quote, rest = text[1:].partition('"')
    return name + rest if quote else text


def labels_fit(match: Match, labels: Mapping[str, str], effort: Effort) -> bool:
    """Whether an alert with *labels* is one that *match* is about; a missing label is empty.

    Raises:
        TooMuchEffort: its patterns take more than *effort* has left.
    """
    facts = {_PREFIX + name: value for name, value in labels.items()}
    return matches(match, kind="signal", facts=facts, effort=effort)


def receiver_fits(receiver: Pattern | None, receivers: Sequence[str], effort: Effort) -> bool:
    """Whether one of *receivers* is of those asked for.

    Raises:
        TooMuchEffort: the pattern takes more than *effort* has left.
    """
    return receiver is None or any(fits(receiver, name, effort=effort) for name in receivers)
