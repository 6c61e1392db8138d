"""What the dispatcher does now and then: alarms, sweeping the outbox, figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from tocsin.core.errors import Overloaded
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Policy, Route, Subscription
from tocsin.core.subscriptions import ROUTE_NAME, SubscriberRoute
from tocsin.dispatcher.desk import Desk
from tocsin.dispatcher.desks import Desks, Place, is_live
from tocsin.dispatcher.naming import DUTIES
from tocsin.dispatcher.outcomes import Alarms, DestinationFigures, DestinationTrouble
from tocsin.dispatcher.subscribers import unsettled_in
from tocsin.store.contract import ReadTurn, Store
from tocsin.store.outgoing import Trouble

log = structlog.get_logger(__name__)


def tell_of_trouble(
    desks: Desks, *, store: Store, alarms: Alarms, clock: Callable[[], datetime]
) -> None:
    """Alarm for what has been down for as long as its org's policy says; the all-clear for what is
    back.

    Raises:
        StorageFailed: the database is away.
    """
    at = clock()
    for place, desk in desks:
        row = desk.row
        if isinstance(desk.route, SubscriberRoute):
            continue  # a stranger's mailbox is nothing to wake anybody for
        if (row.down_since is None) == (row.alarmed_at is None):
            continue
        trouble = _trouble_of(place, desk, since=row.down_since or row.alarmed_at or at)
        try:
            if row.down_since is None:
                alarms.back(trouble)
                desk.alarmed(None)
            elif at - trouble.since >= _patience(store, place[0]):
                alarms.down(trouble)
                desk.alarmed(at)
        except Overloaded as busy:
            log.warning("cannot tell of a destination", action="alarm_late", reason=str(busy))


def _trouble_of(place: Place, desk: Desk, *, since: datetime) -> DestinationTrouble:
    return DestinationTrouble(
        org_id=place[0],
        route_id=place[1],
        route_name=desk.route.name,
        kind=desk.route.destination.kind.value,
        since=since,
        reason=desk.row.down_reason,
        waiting=desk.waiting,
    )


def _patience(store: Store, org_id: int) -> timedelta:
    with store.reading() as turn:
        head = turn.head(org_id, "policy:policy")
    found = None if head is None else head.state
    policy = found if isinstance(found, Policy) else DEFAULT_POLICY
    return timedelta(minutes=policy.destination_alarm_minutes)


def sweep(desks: Desks, *, store: Store) -> None:
    """Drop from the outbox what every route of its org is done with.

    Raises:
        StorageFailed: the database is away.
    """
    for _, desk in desks:
        if desk.lags:
            desk.touch()
    if DUTIES[0] not in desks.duties:
        return  # whoever has it sweeps for all
    with store.tending() as turn:
        for org_id in desks.orgs:
            done = turn.destinations(org_id)
            live = [
                head.state.id
                for head in turn.heads_of_sort(org_id, "route")
                if isinstance(head.state, Route) and is_live(head.state)
            ]
            subscribers = {
                head.state.id
                for head in turn.heads_of_sort(org_id, "subscription")
                if isinstance(head.state, Subscription) and head.state.removed_at is None
            }
            if not (live or subscribers) or any(route_id not in done for route_id in live):
                continue
            upto = min([done[one].position for one in live], default=turn.last_position())
            if subscribers:
                # These mark only how far they have come with what was theirs.
                first = next(unsettled_in(turn, org_id, done, subscribers, upto=upto), None)
                upto = upto if first is None else first[0] - 1
            turn.drop_sent(org_id, upto=upto)
        turn.commit()


def figures_of(desks: Desks, *, turn: ReadTurn, at: datetime) -> list[DestinationFigures]:
    """Each of this process's destinations as it stands at *at*."""
    found = []
    for (org_id, route_id), desk in desks:
        if isinstance(desk.route, SubscriberRoute):
            continue
        noted = turn.noted_count(org_id)
        troubled = turn.noted(
            org_id, route_id=route_id, states=(Trouble.WAITING, Trouble.HELD), limit=1
        )
        positions = [one.position for one in troubled]
        if desk.oldest is not None:
            positions.append(desk.oldest)
        since = turn.recorded_at(min(positions)) if positions else None
        found.append(
            DestinationFigures(
                org=desks.orgs[org_id].code,
                route=desk.route.name,
                kind=desk.route.destination.kind.value,
                backlog=desk.waiting
                + noted.get((route_id, Trouble.WAITING), 0)
                + noted.get((route_id, Trouble.HELD), 0),
                parked=noted.get((route_id, Trouble.PARKED), 0),
                lag_seconds=0.0 if since is None else (at - since).total_seconds(),
                down=desk.is_down,
            )
        )
    return found + _figures_of_subscribers(desks)


def _figures_of_subscribers(desks: Desks) -> list[DestinationFigures]:
    """All subscribers of an org as one: a page may have thousands."""
    waiting = {org.code: desks.waiting_of_subscribers(org_id) for org_id, org in desks.orgs.items()}
    return [
        DestinationFigures(
            org=code,
            route=ROUTE_NAME,
            kind="subscription",
            backlog=count,
            parked=0,
            lag_seconds=0.0,
            down=False,
        )
        for code, count in sorted(waiting.items())
        if count
    ]
