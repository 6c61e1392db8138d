"""Endpoints that hear stored payloads without consequences: what a connector would have opened
(API: connectors, dry-run).

They are bounded, in payloads, bytes and time, and say when there was more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.connectors.connector_bodies import RuleBody
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.ingest.kept_requests import read_again
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.signals.inbox import connector_named
from tocsin.adapters.rest.signals.rehearsal_shapes import (
    DryRunBody,
    DryRunQuery,
    DryRunShape,
    RuleCount,
    WouldOpenShape,
)
from tocsin.adapters.rest.signals.replays import receiver_of
from tocsin.core import administration
from tocsin.core.errors import FieldError, Invalid, invalid_fields
from tocsin.core.evidence import SYSTEM_ACCESS, Directory, Given
from tocsin.core.facts import SYSTEM, Event
from tocsin.core.hearing import rules_of
from tocsin.core.ingestion import Unreadable
from tocsin.core.instants import to_text
from tocsin.core.record_commands import CreateRule
from tocsin.core.records import Connector, Rule
from tocsin.core.rehearsal import MOST_TOLD, HeardPayload, Rehearsal
from tocsin.core.rows import facets_matching
from tocsin.core.rules import decide_rule
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType
from tocsin.handler.directory import OrgDirectory
from tocsin.projections.arrivals import (
    WantedPayloads,
    payloads_at,
    sizes,
)
from tocsin.projections.tickets import TicketQuery, list_tickets
from tocsin.store.arrivals import Arrived, instant_of
from tocsin.store.contract import Head, ReadTurn

MOST_PAYLOADS: Final = 5_000
MOST_BYTES: Final = 64 * 1_048_576
MOST_SECONDS: Final = 5.0
MOST_MAINTENANCES: Final = 500
"""Of what one dry-run hears and looks at; behind that it ends, and says so."""

_TOGETHER: Final = 50
_LOOKED_AT: Final = ("connector", "contributor", "device", "link", "policy", "rule", "service")
_SAME_IN_BOTH: Final = tuple(
    name for name in RuleBody.__struct_fields__ if name not in ("match", "connector")
)


# -- dry-run --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """Which payloads are heard, by number, oldest first; ``since`` is where they begin."""

    numbers: tuple[int, ...]
    since: datetime
    complete: bool


def _dry_run(turn: ReadTurn, call: Call[DryRunQuery, None]) -> DryRunShape:
    return _rehearsed(turn, call, hours=call.query.hours, proposed=None)


def _dry_run_proposed(turn: ReadTurn, call: Call[None, DryRunBody]) -> DryRunShape:
    return _rehearsed(turn, call, hours=call.body.hours, proposed=call.body.rules)


def _rehearsed(
    turn: ReadTurn, call: AnyCall, *, hours: int, proposed: Sequence[RuleBody] | None
) -> DryRunShape:
    connector = connector_named(turn, call, call.path["name"])
    receiver = receiver_of(call, connector)
    now = call.now()
    directory = _directory(turn, call.org_id)
    rules = (
        directory.signal_rules()
        if proposed is None
        else _proposed(proposed, connector=connector, directory=directory, at=now)
    )
    chosen = _choose(turn, call.org_id, connector, since=now - timedelta(hours=hours))
    rehearsal = Rehearsal(
        directory=directory,
        rules=rules,
        maintenances=_maintenances(turn, call.org_id, since=chosen.since, until=now),
    )
    payloads = unreadable = 0
    complete = chosen.complete
    given_up_at = time.monotonic() + MOST_SECONDS
    for item in _items(turn, call.org_id, chosen.numbers):
        if time.monotonic() > given_up_at:
            complete = False
            break
        payloads += 1
        try:
            reading = read_again(item, connector=connector, receiver=receiver)
        except Unreadable:
            unreadable += 1
            continue
        rehearsal.hear(
            HeardPayload(
                at=item.received_at,
                connector=connector,
                reading=reading,
                expires=receiver.expires,
            )
        )
    else:
        # What was heard last may still be let go by a window that has ended since.
        rehearsal.until(now)
    return _shape(
        rehearsal,
        names={rule.id: rule.name for rule in rules_of(connector, rules)},
        hours=hours,
        since=chosen.since,
        complete=complete,
        payloads=payloads,
        unreadable=unreadable,
    )


def _choose(turn: ReadTurn, org_id: int, connector: Connector, *, since: datetime) -> _Chosen:
    """The newest payloads since then, as many as one dry-run hears."""
    wanted = WantedPayloads(connectors=[connector.id], since=since, heard_again=False)
    newest = sizes(turn, org_id, wanted, newest=True, limit=MOST_PAYLOADS + 1)
    numbers: list[int] = []
    told = 0
    for number, size in newest[:MOST_PAYLOADS]:
        told += size
        if told > MOST_BYTES:
            break
        numbers.append(number)
    complete = len(numbers) == len(newest)
    numbers.reverse()
    return _Chosen(
        numbers=tuple(numbers),
        since=since if complete or not numbers else instant_of(numbers[0]),
        complete=complete,
    )


def _items(turn: ReadTurn, org_id: int, numbers: Sequence[int]) -> Iterator[Arrived]:
    for start in range(0, len(numbers), _TOGETHER):
        yield from payloads_at(turn, org_id, numbers[start : start + _TOGETHER])


def _directory(turn: ReadTurn, org_id: int) -> OrgDirectory:
    """What hearing looks at of the org's records."""
    heads: list[Head] = []
    for sort in _LOOKED_AT:
        heads.extend(turn.heads_of_sort(org_id, sort))
    return OrgDirectory(heads)


def _maintenances(turn: ReadTurn, org_id: int, *, since: datetime, until: datetime) -> list[Ticket]:
    """Those whose windows were, or may have been, in force between the two instants."""
    found: dict[str, Ticket] = {}
    # One that is still at work may be long past its planned end.
    for active, begin in ((True, None), (False, since)):
        page = list_tickets(
            turn,
            org_id=org_id,
            query=TicketQuery(
                facets=facets_matching(types=[TicketType.MAINTENANCE], active=active),
                overlaps_from=begin,
                overlaps_to=until,
                limit=MOST_MAINTENANCES,
            ),
        )
        found.update((one.stream, one.state) for one in page.heads if isinstance(one.state, Ticket))
    return list(found.values())


def _proposed(
    bodies: Sequence[RuleBody], *, connector: Connector, directory: Directory, at: datetime
) -> list[Rule]:
    """Rules as they would be, were they made.

    Raises:
        Invalid: fields are wrong; each is named under ``rules[n]``.
    """
    rules: list[Rule] = []
    errors: list[FieldError] = []
    for number, body in enumerate(bodies):
        identity = f"proposed-{number}"
        fields: dict[str, Any] = {name: getattr(body, name) for name in _SAME_IN_BOTH}
        command = CreateRule(
            rule_id=identity,
            matchers=tuple(body.match.matchers),
            connector=body.connector,
            **fields,
        )
        given = Given(
            at=at,
            entry_id=identity,
            actor=SYSTEM,
            access=SYSTEM_ACCESS,
            via="rehearsal",
            directory=directory,
        )
        try:
            (made,) = decide_rule(None, command, given)
        except Invalid as wrong:
            errors += [
                FieldError(f"rules[{number}].{one.field}", one.code, one.detail)
                for one in wrong.errors
            ]
            continue
        event = Event(
            id=identity,
            org_id=0,
            stream=f"rule:{identity}",
            version=1,
            position=0,
            recorded_at=at,
            actor=SYSTEM,
            via="rehearsal",
            payload=made,
        )
        rule = administration.evolve(None, event)
        assert isinstance(rule, Rule)
        rules.append(rule)
    if errors:
        raise invalid_fields(errors)
    return [one for one in rules if one.connector_id in (None, connector.id)]


def _shape(
    rehearsal: Rehearsal,
    *,
    names: dict[str, str],
    hours: int,
    since: datetime,
    complete: bool,
    payloads: int,
    unreadable: int,
) -> DryRunShape:
    incidents, signals = len(rehearsal.opened), sum(rehearsal.verdicts.values())
    return DryRunShape(
        sentence=_sentence(
            incidents=incidents,
            signals=signals,
            payloads=payloads,
            hours=hours,
            since=None if complete else since,
        ),
        incidents=incidents,
        hours=hours,
        since=to_text(since),
        complete=complete,
        payloads=payloads,
        unreadable=unreadable,
        signals=signals,
        verdicts={word.value: number for word, number in sorted(rehearsal.verdicts.items())},
        reasons={why.value: number for why, number in sorted(rehearsal.reasons.items())},
        by_rule=[
            RuleCount(rule=names.get(rule_id, rule_id), incidents=number)
            for rule_id, number in rehearsal.by_rule.most_common()
        ],
        opened=[
            WouldOpenShape(
                at=to_text(one.at),
                title=one.title,
                severity=one.severity,
                key=one.correlation_key,
                rule=one.rule_name,
                because=one.because.value,
            )
            for one in reversed(rehearsal.opened[-MOST_TOLD:])
        ],
    )


def _sentence(
    *, incidents: int, signals: int, payloads: int, hours: int, since: datetime | None
) -> str:
    span = f"in the last {hours:,} hours" if hours != 1 else "in the last hour"
    opened = f"{incidents:,} incident{'' if incidents == 1 else 's'}"
    heard = f"{signals:,} signal{'' if signals == 1 else 's'} in {payloads:,} payload" + (
        "" if payloads == 1 else "s"
    )
    if since is None:
        return f"It would have opened {opened} {span}, of {heard}."
    return (
        f"It would have opened {opened}, of {heard}; there was more {span} than is heard in one go,"
        f" so this begins at {to_text(since)} or ends early."
    )


_OTHERS: Final = {409: "This server does not read what comes to such a connector."}

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{ORG}/connectors/{{name}}/dry-run",
        tag="connectors",
        summary="Say what a connector would have opened, were it live.",
        description=(
            "By code or id. The stored payloads of the last `hours` are heard in their order, by"
            " the mapping, the rules and the policy of now, in a world that begins with no alert"
            " known and no incident open; maintenance windows are those that were in force."
            " Nothing is changed. At most 5,000 payloads, 64 MiB and 5 seconds; `complete` says"
            " whether that was all."
        ),
        query=DryRunQuery,
        answer=DryRunShape,
        look=_dry_run,
        reads="inbox",
        others=_OTHERS,
    ),
    Endpoint(
        method="POST",
        path=f"{ORG}/connectors/{{name}}/dry-run",
        tag="connectors",
        summary="Say what a connector would open under rules that are only proposed.",
        description=(
            "As without them; `rules` stand in place of those that there are. Nothing is changed."
        ),
        body=DryRunBody,
        body_optional=True,
        answer=DryRunShape,
        look=_dry_run_proposed,
        reads="inbox",
        logged=False,
        example={
            "hours": 24,
            "rules": [
                {
                    "name": "Dark lines",
                    "match": {"matchers": ['labels.alertname="LinkDown"']},
                    "action": "create",
                }
            ],
        },
        others=_OTHERS,
    ),
)
