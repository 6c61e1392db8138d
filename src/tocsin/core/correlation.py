"""What becomes of a signal (Domain: correlation): one verdict for each, and what it asks for.

First that fits, for one that is firing:

1. the same fingerprint on an active incident: a repeat makes nothing, a change of state or severity
   is attached;
2. an active incident holds its correlation key, or has its trace id: attached there; planned work
   that holds the key takes nothing in by it, only what it has effect on while it is in force;
3. a person ended the incident while this very firing went on: it opens nothing until it has
   resolved once, or the quiet minutes have passed;
4. its rule leaves it unattached (``ignore``, or none fits), or an active incident that is alike is
   within the rule's minutes: attached there; ``attach`` opens nothing else;
5. a maintenance in force has effect on its assets: recorded there;
6. its incident was resolved a short while ago: reopened;
7. new keys have come in a flood: they join one storm incident;
8. an incident is opened, related to the last one of its key.

One that has resolved never opens anything. When it was the last, its incident moves as the rule
says, unless a person has moved it beyond acknowledged: then a note says so.

A connector that only observes gets the same verdict and asks for nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from tocsin.core.commands import (
    AttachSignal,
    ChangeStatus,
    OpenIncident,
    Relate,
    SignalDraft,
)
from tocsin.core.connector_words import ConnectorMode, OnResolve, RuleAction
from tocsin.core.hearing import Heard, one_line
from tocsin.core.records import Link, Rule
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import LABEL, MOST_KEYS, TEXT, TITLE
from tocsin.core.verdicts import Because, Fresh, Step, Surroundings, Verdict, Word
from tocsin.core.words import (
    ACTIVE_INCIDENT,
    ACTIVE_MAINTENANCE,
    RelationKind,
    SignalState,
    Status,
    TicketType,
)

ALL_RESOLVED: Final = "All signals have resolved."


def storm_key(rule: Rule) -> str:
    """The correlation key of the incident that a flood under *rule* becomes."""
    return f"storm/{rule.id}"


def correlate(heard: Heard, around: Surroundings, fresh: Fresh) -> Verdict:
    """The one verdict on what was *heard*, given what is *around* it.

    Total: there is a verdict for every signal. *fresh* is used up only by ``created``.
    """
    verdict = _firing(heard, around, fresh) if heard.is_firing else _resolved(heard, around)
    if heard.connector is None or heard.connector.mode is ConnectorMode.LIVE:
        return verdict
    return replace(verdict, steps=(), observed=True)


# -- firing ---------------------------------------------------------------------------------------


def _firing(heard: Heard, around: Surroundings, fresh: Fresh) -> Verdict:
    known = around.known
    if known is not None and known.ticket is not None and _is_active_incident(known.ticket):
        if known.state is SignalState.FIRING and known.severity is heard.severity:
            return _repeated(known.ticket, Because.FINGERPRINT)
        return _attached(heard, around, known.ticket, Because.FINGERPRINT)
    if around.by_key is not None and _is_active_incident(around.by_key):
        return _attached(heard, around, around.by_key, Because.CORRELATION_KEY)
    if around.by_trace is not None and _is_active_incident(around.by_trace):
        return _attached(heard, around, around.by_trace, Because.TRACE_ID)
    ended = _ended_while_firing(heard, around)
    if ended is not None:
        reason = f"{ended.ref} was ended while this was firing, and it still is"
        return Verdict(
            word=Word.ATTACHED, because=Because.STILL_FIRING, reason=reason, ticket_id=ended.id
        )
    rule = heard.rule
    if rule is None:
        return _nowhere(Because.NO_RULE, "no rule fits; it waits for a person")
    match rule.action:
        case RuleAction.IGNORE:
            return _nowhere(Because.IGNORED, f'the rule "{rule.name}" leaves it')
        case RuleAction.ATTACH:
            alike = _alike(heard, around, rule)
            if alike is None:
                reason = f'the rule "{rule.name}" only joins what is alike, and nothing is'
                return _nowhere(Because.NOTHING_ALIKE, reason)
            return _attached(heard, around, alike, Because.ALIKE)
        case RuleAction.CREATE:
            alike = None if rule.within_minutes is None else _alike(heard, around, rule)
            if alike is not None:
                return _attached(heard, around, alike, Because.ALIKE)
            return _new(heard, rule, around, fresh)
        case _:
            assert_never(rule.action)


def _new(heard: Heard, rule: Rule, around: Surroundings, fresh: Fresh) -> Verdict:
    """Nothing known has it, and its rule opens incidents."""
    holding = _holding_back(heard, around)
    if holding is not None:
        return _held_back(heard, around, holding)
    last = around.last if around.last is None or not _is_active(around.last) else None
    held = around.holder is not None
    # What is reopened takes its keys back, which it cannot while planned work holds this one.
    if last is not None and not held and _reopens(heard, rule, last, around):
        return _reopened(heard, around, last)
    if rule.storm_limit and around.new_keys >= rule.storm_limit:
        return _stormed(heard, rule, around, fresh)
    wanted = heard.wanted
    signal = replace(heard.signal, correlation_key=None) if held else heard.signal
    opened = _open(heard, fresh, title=wanted.title, key=signal.correlation_key)
    steps = [Step(ticket_id=fresh.ticket_id, command=opened), _attach(signal, fresh)]
    if last is not None:
        tie = Relate(ticket=last.id, kind=RelationKind.RELATED.value)
        steps.append(Step(ticket_id=fresh.ticket_id, command=tie))
    return Verdict(
        word=Word.CREATED,
        because=Because.RULE,
        reason=f'opened by the rule "{rule.name}"',
        ticket_id=fresh.ticket_id,
        steps=tuple(steps),
        is_new=True,
        contributor_id=wanted.contributor_id,
    )


def _open(
    heard: Heard,
    fresh: Fresh,
    *,
    title: str,
    key: str | None,
    description: str | None = None,
    labels: tuple[str, ...] = (),
) -> OpenIncident:
    signal, wanted = heard.signal, heard.wanted
    # Its own clock may be ahead of ours; an incident begins in the past.
    began = heard.at if signal.ts is None else min(signal.ts, heard.at)
    source = signal.source if heard.connector is None else f"connector:{heard.connector.code}"
    return OpenIncident(
        ticket_id=fresh.ticket_id,
        refs=fresh.refs,
        title=title,
        description=(description or signal.summary)[:TEXT],
        severity=wanted.severity.value,
        devices=wanted.devices,
        links=wanted.links,
        services=wanted.services,
        environment=signal.environment,
        detected_by=one_line(source, longest=LABEL),
        labels=labels,
        correlation_keys=() if key is None else (key,),
        start_at=began,
        detected_at=began,
        formal=False,
    )


def _attach(signal: SignalDraft, ticket: Ticket | Fresh) -> Step:
    identity = ticket.id if isinstance(ticket, Ticket) else ticket.ticket_id
    return Step(ticket_id=identity, command=AttachSignal(signal=signal))


def _fitted(heard: Heard, around: Surroundings, ticket: Ticket) -> SignalDraft:
    """The signal for *ticket*, without a key that *ticket* cannot take: it is over, it is full, or
    another active one holds it."""
    key = heard.signal.correlation_key
    if key is None or key in ticket.correlation_keys:
        return heard.signal
    others = (around.by_key, around.holder)
    held = any(one is not None and one.id != ticket.id for one in others)
    if held or not _is_active(ticket) or len(ticket.correlation_keys) >= MOST_KEYS:
        return replace(heard.signal, correlation_key=None)
    return heard.signal


def _attached(heard: Heard, around: Surroundings, ticket: Ticket, because: Because) -> Verdict:
    return Verdict(
        word=Word.ATTACHED,
        because=because,
        reason=f"{_WHY[because]} {ticket.ref}",
        ticket_id=ticket.id,
        steps=(_attach(_fitted(heard, around, ticket), ticket),),
    )


_WHY: Final = {
    Because.FINGERPRINT: "the same alert is on",
    Because.CORRELATION_KEY: "its correlation key is held by",
    Because.TRACE_ID: "its trace is on",
    Because.ALIKE: "its rule joins it to",
    Because.HELD_BACK: "held back by",
    Because.STORM: "one of a flood that is",
}


def _repeated(ticket: Ticket, because: Because) -> Verdict:
    return Verdict(
        word=Word.DEDUPLICATED,
        because=because,
        reason=f"{_WHY[because]} {ticket.ref}, and says nothing new",
        ticket_id=ticket.id,
    )


def _nowhere(because: Because, reason: str) -> Verdict:
    return Verdict(word=Word.UNATTACHED, because=because, reason=reason)


def _ended_while_firing(heard: Heard, around: Surroundings) -> Ticket | None:
    """The incident that was ended although this very firing had not, if that is to be respected.

    Neighbours that make a new incident after every end are not held to it.
    """
    known = around.known
    if known is None or known.ticket is None or known.state is not SignalState.FIRING:
        return None
    ticket = known.ticket
    if not heard.reopens or ticket.type is not TicketType.INCIDENT or _is_active(ticket):
        return None
    began = heard.signal.ts
    if began is not None and known.began_at is not None and began != known.began_at:
        return None
    minutes = None if heard.rule is None else heard.rule.quiet_minutes
    if minutes is None:
        minutes = around.directory.policy().quiet_minutes
    return ticket if heard.at < _ended_at(ticket) + timedelta(minutes=minutes) else None


def _ended_at(ticket: Ticket) -> datetime:
    return ticket.closed_at or ticket.resolved_at or ticket.last_status_at


def _alike(heard: Heard, around: Surroundings, rule: Rule) -> Ticket | None:
    """The newest active incident on the same service or asset, opened within the rule's minutes."""
    wanted = heard.wanted
    since = (
        None if rule.within_minutes is None else heard.at - timedelta(minutes=rule.within_minutes)
    )
    found = [
        ticket
        for ticket in around.alike
        if _is_active_incident(ticket)
        and (since is None or ticket.created_at >= since)
        and (
            set(wanted.services) & set(ticket.services)
            or set(wanted.devices) & set(ticket.devices)
            or set(wanted.links) & set(ticket.links)
        )
    ]
    return max(found, key=lambda ticket: (ticket.created_at, ticket.id), default=None)


# -- held back, reopened, stormed -----------------------------------------------------------------


def _holding_back(heard: Heard, around: Surroundings) -> Ticket | None:
    """The maintenance in force that has effect on what the signal is about; the one that began
    first. The work on a device is the work on its links too."""
    assets = {*heard.wanted.devices, *heard.wanted.links}
    for pubkey in heard.wanted.links:
        link = around.directory.link(pubkey)
        if isinstance(link, Link):
            assets |= {link.side_a.device, link.side_z.device}
    found = [
        ticket
        for ticket in around.maintenances
        if is_in_force(ticket, at=heard.at) and not assets.isdisjoint(ticket.effect)
    ]
    return min(found, key=lambda ticket: (ticket.start_at, ticket.id), default=None)


def is_in_force(maintenance: Ticket, *, at: datetime) -> bool:
    """Whether the window of *maintenance* is in force: it is in progress, or planned and *at* lies
    within it (Domain: lifecycle)."""
    if maintenance.type is not TicketType.MAINTENANCE:
        return False
    if maintenance.status is Status.IN_PROGRESS:
        return True
    return (
        maintenance.status is Status.PLANNED
        and maintenance.end_at is not None
        and maintenance.start_at <= at < maintenance.end_at
    )


def _held_back(heard: Heard, around: Surroundings, maintenance: Ticket) -> Verdict:
    known = around.known
    if (
        known is not None
        and known.ticket is not None
        and known.ticket.id == maintenance.id
        and known.state is SignalState.FIRING
        and known.severity is heard.severity
    ):
        return _repeated(maintenance, Because.HELD_BACK)
    # The key stays free: what still fires when the window ends opens an incident that holds it.
    signal = replace(heard.signal, correlation_key=None)
    return Verdict(
        word=Word.ATTACHED,
        because=Because.HELD_BACK,
        reason=f"{_WHY[Because.HELD_BACK]} {maintenance.ref}, which is in force",
        ticket_id=maintenance.id,
        steps=(_attach(signal, maintenance),),
    )


def _reopens(heard: Heard, rule: Rule, last: Ticket, around: Surroundings) -> bool:
    if not heard.reopens or last.status is not Status.RESOLVED or last.resolved_at is None:
        return False
    minutes = rule.reopen_within_minutes
    if minutes is None:
        minutes = around.directory.policy().reopen_within_minutes
    return heard.at < last.resolved_at + timedelta(minutes=minutes)


def _reopened(heard: Heard, around: Surroundings, last: Ticket) -> Verdict:
    reason = f"it fires again, shortly after {last.ref} was resolved"
    back = ChangeStatus(status=Status.INVESTIGATING.value, reason="It fires again.")
    # Active again once that is done, it takes keys again.
    room = replace(last, status=Status.INVESTIGATING)
    return Verdict(
        word=Word.ATTACHED,
        because=Because.REOPENED,
        reason=reason,
        ticket_id=last.id,
        steps=(
            Step(ticket_id=last.id, command=back),
            _attach(_fitted(heard, around, room), last),
        ),
    )


def _stormed(heard: Heard, rule: Rule, around: Surroundings, fresh: Fresh) -> Verdict:
    """One of a flood: it joins the storm incident, or opens it. The storm holds its own key only,
    so that it has room for any number of signals."""
    key = storm_key(rule)
    signal = replace(heard.signal, correlation_key=key)
    flood = f"more than {rule.storm_limit} new keys in {rule.storm_minutes} minutes"
    if around.storm is not None and _is_active_incident(around.storm):
        return Verdict(
            word=Word.ATTACHED,
            because=Because.STORM,
            reason=f"{_WHY[Because.STORM]} {around.storm.ref}: {flood}",
            ticket_id=around.storm.id,
            steps=(_attach(signal, around.storm),),
            is_new=True,
        )
    whence = "the API" if heard.connector is None else heard.connector.name
    opened = _open(
        heard,
        fresh,
        title=one_line(f"Storm of alerts from {whence}: {flood}", longest=TITLE),
        key=key,
        description=(
            f'The rule "{rule.name}" has seen {flood}. While that goes on, whatever is new joins'
            " this incident instead of opening one of its own. The first that did says:\n\n"
            f"{heard.signal.summary}"
        ),
        labels=("storm",),
    )
    return Verdict(
        word=Word.CREATED,
        because=Because.STORM,
        reason=f"{flood}: they are one incident from now on",
        ticket_id=fresh.ticket_id,
        steps=(Step(ticket_id=fresh.ticket_id, command=opened), _attach(signal, fresh)),
        is_new=True,
        contributor_id=heard.wanted.contributor_id,
    )


# -- resolved -------------------------------------------------------------------------------------


def _resolved(heard: Heard, around: Surroundings) -> Verdict:
    known = around.known
    if known is not None and known.ticket is not None:
        if known.state is SignalState.RESOLVED:
            return _repeated(known.ticket, Because.FINGERPRINT)
        steps = _after(heard, around, known.ticket)
        return _ended(heard, around, known.ticket, Because.FINGERPRINT, steps)
    if around.by_key is not None and _is_active_incident(around.by_key):
        # It was not heard firing there, so it cannot say that all of it is over.
        return _ended(heard, around, around.by_key, Because.CORRELATION_KEY, ())
    return _nowhere(Because.NOTHING_OPEN, "it has resolved, and nothing is open for it")


def _ended(
    heard: Heard,
    around: Surroundings,
    ticket: Ticket,
    because: Because,
    steps: tuple[Step, ...],
) -> Verdict:
    return Verdict(
        word=Word.RESOLVED,
        because=because,
        reason=f"{_WHY[because]} {ticket.ref}, and has resolved",
        ticket_id=ticket.id,
        steps=(_attach(_fitted(heard, around, ticket), ticket), *steps),
    )


def _after(heard: Heard, around: Surroundings, ticket: Ticket) -> tuple[Step, ...]:
    """What the end of its last signal means for an incident."""
    if not _is_active_incident(ticket) or ticket.id in around.firing:
        return ()
    how = OnResolve.RESOLVE if heard.rule is None else heard.rule.on_resolve
    if ticket.id in around.moved:
        how = OnResolve.NOTE
    if how is OnResolve.MONITORING and ticket.status is Status.MONITORING:
        how = OnResolve.NOTE
    match how:
        case OnResolve.NOTE:
            command = ChangeStatus(body=ALL_RESOLVED)
        case OnResolve.MONITORING:
            command = ChangeStatus(status=Status.MONITORING.value, reason=ALL_RESOLVED)
        case OnResolve.RESOLVE:
            command = ChangeStatus(
                status=Status.RESOLVED.value, reason=ALL_RESOLVED, resolution=ALL_RESOLVED
            )
        case _:
            assert_never(how)
    return (Step(ticket_id=ticket.id, command=command),)


def _is_active(ticket: Ticket) -> bool:
    return ticket.status in ACTIVE_INCIDENT or ticket.status in ACTIVE_MAINTENANCE


def _is_active_incident(ticket: Ticket) -> bool:
    return ticket.type is TicketType.INCIDENT and ticket.status in ACTIVE_INCIDENT
