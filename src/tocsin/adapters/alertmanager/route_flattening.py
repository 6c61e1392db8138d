"""A tree of routes as a list of which the first that fits decides, which is what rules are. Pure.

Below a node the children are asked in order and the node itself last, so a walk that comes to the
children first gives the list, each route with the matchers of all above it. ``continue`` asks the
next children as well. Of all routes that take an alert the first that pages decides, else the last:
those before it tell somebody besides, and it is where the alert belongs. So what pages stands
before what follows it, and what does not page behind; only where one shields the other is what
follows laid over it, pair by pair. Pairs that no alert fits are left out, as is what can never be
reached.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tocsin.adapters.alertmanager.configuration import LabelMatcher, Route
from tocsin.adapters.alertmanager.yaml_reading import ImportRefused
from tocsin.core.matching import (
    MOST_MATCHERS,
    MatcherError,
    Operator,
    matches,
    parse_match,
    parse_matcher,
)

MOST_RULES: Final = 900
MOST_PAIRS: Final = 50_000
"""How many pairs of routes are looked at for ``continue``."""

MOST_LAID: Final = 3_000
"""How many pairs may be left before those are dropped that can never be reached."""

_TOO_MANY_PAIRS: Final = "too many routes with continue, one after the other"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A *route* that decides about the alerts that fit all *matchers*."""

    matchers: tuple[LabelMatcher, ...]
    route: Route


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A *route* with a *matcher* that no rule can have, and the *reason*."""

    route: Route
    matcher: LabelMatcher
    reason: str


def matcher_text(matcher: LabelMatcher) -> str:
    """*matcher* in the grammar of rules, about the label of a signal."""
    value = matcher.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'labels.{matcher.label}{matcher.op.value}"{value}"'


def walk(root: Route) -> Iterator[Route]:
    """*root* and every route below it, in the order of the file."""
    yield root
    for route in root.routes:
        yield from walk(route)


def unwritable(root: Route) -> tuple[Unwritable, ...]:
    """The routes with a matcher that no rule can have; they and all below them are left out."""
    found: list[Unwritable] = []
    for route in walk(root):
        for matcher in route.matchers:
            reason = _refusal(matcher)
            if reason is not None:
                found.append(Unwritable(route, matcher, reason))
                break
    return tuple(found)


def _refusal(matcher: LabelMatcher) -> str | None:
    try:
        read = parse_matcher(matcher_text(matcher))
    except MatcherError as problem:
        return problem.reason
    # A label's name may have characters that end a name here, such as =.
    if (read.name, read.value) != (f"labels.{matcher.label}", matcher.value):
        return "a label of that name cannot be written"
    return None


def chosen(root: Route, *, pages: Collection[str], without: Collection[str]) -> tuple[Chosen, ...]:
    """The routes of *root* in the order in which the first that fits decides.

    An alert that several routes take is decided by the first whose receiver is among *pages*, else
    by the last. Routes to the receivers *without* that have nothing below them are left out.

    Raises:
        ImportRefused: it comes out as more than 900, or ``continue`` as more pairs than are looked
            at.
    """
    found = _Flattening(pages=frozenset(pages), without=frozenset(without)).under(root, above=())
    return tuple(_reachable(found))


class _Flattening:
    """Lays a tree out, and counts the pairs that it looked at."""

    def __init__(self, *, pages: frozenset[str], without: frozenset[str]) -> None:
        self.pages = pages
        self.without = without
        self.pairs = 0

    def under(self, route: Route, *, above: tuple[LabelMatcher, ...]) -> list[Chosen]:
        if any(_refusal(matcher) is not None for matcher in route.matchers):
            return []
        matchers = together(above, route.matchers)
        if matchers is None:
            return []
        following: list[Chosen] = []
        for child in reversed(route.routes):
            if child.receiver in self.without and not child.routes:
                continue
            own = self.under(child, above=matchers)
            following = self._both(own, following) if child.continues else [*own, *following]
            if len(following) >= MOST_RULES:
                raise ImportRefused(f"comes out as more than {MOST_RULES} rules", where=child.where)
        return [*following, Chosen(matchers, route)]

    def _both(self, first: list[Chosen], following: list[Chosen]) -> list[Chosen]:
        """*first* and *following* where alerts go on from the one to the other."""
        shielding = max((n for n, one in enumerate(first, start=1) if self._pages(one)), default=0)
        laid: list[Chosen] = []
        for one in first[:shielding]:
            if not self._pages(one):
                laid += self._over(one, following)
            laid.append(one)
            if len(laid) >= MOST_LAID:
                raise ImportRefused(_TOO_MANY_PAIRS, where=one.route.where)
        both = [*laid, *following, *first[shielding:]]
        # Pairs of pairs would be many more than what is left of them in the end.
        return both if all(self._pages(one) for one in laid) else list(_reachable(both))

    def _over(self, one: Chosen, following: list[Chosen]) -> Iterator[Chosen]:
        """What of *following* decides about the alerts that *one* takes first."""
        for other in following:
            self.pairs += 1
            if self.pairs > MOST_PAIRS:
                raise ImportRefused(_TOO_MANY_PAIRS, where=one.route.where)
            both = together(one.matchers, other.matchers)
            if both is not None:
                yield Chosen(both, other.route)

    def _pages(self, one: Chosen) -> bool:
        return one.route.receiver in self.pages


def together(
    first: Iterable[LabelMatcher], second: Iterable[LabelMatcher]
) -> tuple[LabelMatcher, ...] | None:
    """The matchers that say both, without those that others imply; None where no alert fits both.

    Where a label must be one text, what else is said of it is either so or never so.
    """
    both = tuple(dict.fromkeys([*first, *second]))
    texts = {one.label: one.value for one in both if one.op is Operator.EQUAL}
    kept: list[LabelMatcher] = []
    for one in both:
        if one.label not in texts:
            kept.append(one)
            continue
        value = texts[one.label]
        if not _fits(one, value):
            return None
        if one.op is Operator.EQUAL:
            kept.append(one)
    return tuple(kept)


@lru_cache(maxsize=65_536)
def _fits(matcher: LabelMatcher, value: str) -> bool:
    match = parse_match((), (matcher_text(matcher),))
    return matches(match, kind="", facts={f"labels.{matcher.label}": value})


def _reachable(found: Iterable[Chosen]) -> Iterator[Chosen]:
    """*found* without those that ask for all that one before them asks for, and more."""
    before: list[frozenset[LabelMatcher]] = []
    for one in found:
        asked = frozenset(one.matchers)
        if any(earlier <= asked for earlier in before):
            continue
        if len(asked) > MOST_MATCHERS:
            raise ImportRefused(f"more than {MOST_MATCHERS} matchers", where=one.route.where)
        before.append(asked)
        yield one
