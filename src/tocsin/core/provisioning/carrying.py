"""Whether an interface is up: covered, without errors, and used, for the whole window
(Provisioning: rules of evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.coverage import Minutes, missing
from tocsin.core.provisioning.criteria import (
    Cause,
    Criterion,
    Evidence,
    Silence,
    State,
    Terms,
    few_since,
    gaps_reason,
    many_since,
    silent,
)
from tocsin.core.provisioning.following import Usage
from tocsin.core.provisioning.telemetry import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was seen of an interface: what it did, None when no sample of it is known, and the
    minutes in which its device was heard. ``device`` is the code of the device."""

    device: str
    interface: str
    usage: Usage | None
    covered: Minutes
    origin: Origin


Seen: TypeAlias = Watched | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Obstacle:
    """Why it is not met: ``ready_at`` is None where something has to change first."""

    state: State
    reason: str
    cause: Cause | None
    since: datetime | None
    ready_at: datetime | None


def up(name: str, seen: Seen, terms: Terms) -> Criterion:
    """Whether an interface was up for the window: zero errors, non-zero utilisation, and a sample
    of its device in every minute but for as many as may be missing."""
    if isinstance(seen, Silence):
        return silent(name, seen, terms.window)
    gaps = missing(seen.covered, terms.window)
    evidence = Evidence(
        source=seen.origin.source,
        query=seen.origin.query,
        window=terms.window,
        figures=_figures(seen, gaps, terms),
    )
    obstacles = tuple(_obstacles(seen, gaps, terms))
    where = f"{seen.interface} of {seen.device}"
    if not obstacles:
        used = seen.usage
        assert used is not None
        assert used.octets is not None
        return Criterion(
            name=name,
            state=State.MET,
            reason=(
                f"{where}: no error and {used.octets:,} octets in {terms.window.minutes} minutes, "
                f"{len(gaps)} of them missing ({terms.allowed} allowed)"
            ),
            evidence=evidence,
            since=_clean_since(used, seen.covered, terms),
        )
    first = obstacles[0]
    ends = [one.ready_at for one in obstacles]
    return Criterion(
        name=name,
        state=first.state,
        cause=first.cause,
        reason=f"{where}: {'; '.join(one.reason for one in obstacles)}",
        evidence=evidence,
        since=_unmet_since(obstacles) if first.state is State.UNMET else None,
        ready_at=None if None in ends else max(end for end in ends if end is not None),
    )


def any_up(name: str, seen: Sequence[Seen], terms: Terms, *, of: str) -> Criterion:
    """Whether one of several interfaces was up for the window: the best answer counts, and one of
    which nothing is known may be the best."""
    answers = [up(name, one, terms) for one in seen]
    if not answers:
        return Criterion(
            name=name,
            state=State.UNMET,
            cause=Cause.FACTS,
            reason=f"it has no {of}",
            evidence=Evidence(source="record", query="interfaces", window=terms.window),
        )
    best = min(answers, key=_rank)
    if best.state is State.MET or len(answers) == 1:
        return best
    ends = [one.ready_at for one in answers if one.ready_at is not None]
    # A silent source says the same of each of them: once is enough.
    reasons = list(dict.fromkeys(one.reason for one in answers))
    shown = reasons[:_MOST_SHOWN]
    if len(reasons) > _MOST_SHOWN:
        shown.append(f"and {len(reasons) - _MOST_SHOWN} more")
    return replace(best, reason=". ".join(shown), ready_at=min(ends, default=None))


_MOST_SHOWN: Final = 4


def _rank(answer: Criterion) -> int:
    """The best first. What is not known for want of data comes before errors: it may be well, and
    nothing moves on it."""
    if answer.state is State.MET:
        return 0
    if answer.state is State.UNKNOWN:
        return 1
    match answer.cause:
        case Cause.GAPS:
            return 2
        case Cause.ERRORS:
            return 3
        case _:
            return 4


def _obstacles(seen: Watched, gaps: tuple[datetime, ...], terms: Terms) -> Sequence[_Obstacle]:
    """What stands in the way, the weightiest first: what was counted comes before what is not
    known, and that before what is missing."""
    used = seen.usage
    if used is None:
        return (_unknown("no sample of it is known"),)
    found = []
    if used.errors_at is not None and used.errors_at >= terms.window.start:
        found.append(
            _Obstacle(
                state=State.UNMET,
                cause=Cause.ERRORS,
                reason=(
                    f"{used.errors:,} error{'' if used.errors == 1 else 's'} since "
                    f"{used.counted_from:%Y-%m-%d %H:%M}, "
                    f"the last at {used.errors_at:%Y-%m-%d %H:%M}"
                ),
                since=used.errors_at,
                ready_at=terms.clear_of(used.errors_at),
            )
        )
    if not used.errors_known:
        found.append(_unknown("no sample of its errors is known, and a gap is not a zero"))
    if used.octets is None:
        found.append(_unknown("there is no sample of its octets in the window"))
    too_many = gaps_reason(gaps, terms, what="nothing was heard of the device")
    if too_many is not None:
        reason, ready_at = too_many
        found.append(
            _gap(
                reason,
                since=many_since(seen.covered, terms) or gaps[terms.allowed],
                ready_at=ready_at,
            )
        )
    if used.heard_from >= terms.window.start + (terms.allowed + 1) * MINUTE:
        since = f"{used.heard_from:%Y-%m-%d %H:%M}"
        found.append(
            _gap(
                f"it is known since {since} only",
                since=used.heard_from,
                ready_at=terms.clear_of(used.heard_from) - (terms.allowed + 1) * MINUTE,
            )
        )
    if used.octets == 0:
        found.append(
            _Obstacle(
                state=State.UNMET,
                cause=Cause.FACTS,
                reason=f"it carried nothing in {terms.window.minutes} minutes",
                since=None if used.traffic_at is None else terms.clear_of(used.traffic_at),
                ready_at=None,
            )
        )
    return found


def _unknown(reason: str) -> _Obstacle:
    return _Obstacle(state=State.UNKNOWN, cause=None, reason=reason, since=None, ready_at=None)


def _gap(reason: str, *, since: datetime, ready_at: datetime) -> _Obstacle:
    return _Obstacle(
        state=State.UNMET, cause=Cause.GAPS, reason=reason, since=since, ready_at=ready_at
    )


def _figures(
    seen: Watched, gaps: tuple[datetime, ...], terms: Terms
) -> tuple[tuple[str, int | str], ...]:
    coverage: tuple[tuple[str, int | str], ...] = (
        ("minutes", terms.window.minutes),
        ("missing", len(gaps)),
        ("allowed", terms.allowed),
    )
    used = seen.usage
    if used is None:
        return coverage
    return (
        ("errors", used.errors if used.errors_known or used.errors else "unknown"),
        ("octets", "unknown" if used.octets is None else used.octets),
        ("resets", used.resets),
        *coverage,
    )


def _clean_since(used: Usage, covered: Minutes, terms: Terms) -> datetime | None:
    """Since when it is met: the last error has left the window, it has been known for long enough,
    and few minutes are missing; None when it was so as long as is known."""
    found = [few_since(covered, terms)]
    if used.errors_at is not None:
        found.append(terms.clear_of(used.errors_at))
    if used.heard_from >= terms.known.start:
        # A little may be missing at the beginning, too.
        found.append(terms.clear_of(used.heard_from) - (terms.allowed + 1) * MINUTE)
    known = [min(one, terms.window.end) for one in found if one is not None]
    return max(known, default=None)


def _unmet_since(obstacles: Sequence[_Obstacle]) -> datetime | None:
    """Since the first of what keeps it from being met began."""
    known = [one.since for one in obstacles if one.since is not None]
    return min(known, default=None)
