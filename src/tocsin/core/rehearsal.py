"""What would have become of what was heard: the same verdicts, over a world that is only imagined
(API: connectors, dry-run).

The world begins empty: no alert is known and no incident open. What is heard goes by the rules
and the policy as they are handed in, whatever the connector's mode; incidents are decided and
folded as the real ones are. No person is in it, so nobody moves or closes anything. Maintenances
are those that were there: whatever their windows held back is heard again when they end.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from tocsin.core import incident
from tocsin.core.claims import CORRELATION_KEY, Claim
from tocsin.core.commands import OpenIncident, SignalDraft, TicketCommand
from tocsin.core.connector_words import ConnectorMode, RuleAction
from tocsin.core.correlation import correlate, storm_key
from tocsin.core.errors import Refusal
from tocsin.core.evidence import SYSTEM_ACCESS, Directory, Given
from tocsin.core.facts import Actor, Event
from tocsin.core.hearing import Heard, hear, prefixed
from tocsin.core.ingestion import Ended, Reading
from tocsin.core.records import Connector, Rule
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_claims import claims_of
from tocsin.core.ticket_fold import evolve
from tocsin.core.verdicts import Because, Fresh, Known, Surroundings, Verdict, Word
from tocsin.core.words import ACTIVE_INCIDENT, SignalState, Status, TicketType

MOST_TOLD: Final = 50
"""Incidents that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardPayload:
    """A payload as it was read: when it came, from which connector, and what it says. ``expires``
    says until when a firing signal holds unless it is heard again."""

    at: datetime
    connector: Connector
    reading: Reading
    expires: Callable[[SignalDraft], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldOpen:
    """An incident that would have been opened; ``rule_id`` is the rule that does."""

    at: datetime
    title: str
    severity: str
    correlation_key: str | None
    rule_id: str
    rule_name: str
    because: Because


@dataclass(slots=True, kw_only=True)
class _Alert:
    """An alert as it stands: the signal as it was read last, and where it is."""

    draft: SignalDraft
    connector: Connector
    reopens: bool
    heard: Heard
    ticket_id: str | None
    expires_at: datetime | None

    @property
    def is_firing(self) -> bool:
        return self.heard.state is SignalState.FIRING


def window_of(maintenance: Ticket) -> tuple[datetime, datetime | None] | None:
    """From when to when a maintenance is, or was, in force; no end: it still is. None: never."""
    begins, ends = maintenance.actual_start_at or maintenance.start_at, maintenance.end_at
    match maintenance.status:
        case Status.PLANNED:
            pass
        case Status.IN_PROGRESS:
            ends = None
        case Status.COMPLETED:
            ends = maintenance.actual_end_at or maintenance.last_status_at
        case _:
            over = maintenance.actual_end_at or maintenance.last_status_at
            ends = over if ends is None else min(over, max(ends, begins))
    return None if ends is not None and ends <= begins else (begins, ends)


def _joins(rule: Rule | None) -> bool:
    """Whether *rule* looks for what is alike."""
    return rule is not None and (
        rule.action is RuleAction.ATTACH or rule.within_minutes is not None
    )


class Rehearsal:
    """An imagined org that hears one payload after the other.

    ``opened`` are the incidents, oldest first; ``verdicts`` counts one for each signal received,
    ``reasons`` why; ``by_rule`` counts incidents by the rule that opened them; ``words`` counts
    what was said besides signals.
    """

    def __init__(
        self, *, directory: Directory, rules: Sequence[Rule], maintenances: Iterable[Ticket] = ()
    ) -> None:
        self.opened: list[WouldOpen] = []
        self.verdicts: Counter[Word] = Counter()
        self.reasons: Counter[Because] = Counter()
        self.by_rule: Counter[str] = Counter()
        self.words = 0
        self._directory = directory
        self._rules = rules
        self._windows = [
            (window, replace(one, status=Status.IN_PROGRESS))
            for one in maintenances
            if one.type is TicketType.MAINTENANCE and (window := window_of(one)) is not None
        ]
        self._tickets: dict[str, Ticket] = {}
        self._active: dict[str, Ticket] = {}
        self._claims: dict[Claim, str] = {}
        self._with_key: dict[str, list[str]] = {}
        self._on_key: dict[str, str] = {}
        self._on_trace: dict[str, str] = {}
        self._alerts: dict[str, _Alert] = {}
        self._firing: dict[str, set[str]] = {}
        self._news: dict[str, deque[datetime]] = {}
        self._due: list[tuple[datetime, int, str, str]] = []
        self._asked = 0

    def hear(self, payload: HeardPayload) -> None:
        """Take in *payload*; before it, whatever falls due until then."""
        self.until(payload.at)
        connector = replace(payload.connector, mode=ConnectorMode.LIVE)
        for said in payload.reading.said:
            match said:
                case SignalDraft():
                    verdict = self._hear(
                        said,
                        connector=connector,
                        at=payload.at,
                        reopens=payload.reading.reopens,
                        expires_at=payload.expires(said),
                    )
                    self.verdicts[verdict.word] += 1
                    self.reasons[verdict.because] += 1
                case Ended():
                    self.words += 1
                    self._end(said, connector=connector, at=payload.at)
                case _:
                    # Notes and notices open no incident, and nobody here reads them.
                    self.words += 1

    def until(self, at: datetime) -> None:
        """Let time pass until *at*: signals that were not heard again end, and what a window that
        has ended held back is heard as if it were new."""
        while self._due and self._due[0][0] <= at:
            due_at, _, what, fingerprint = heapq.heappop(self._due)
            alert = self._alerts.get(fingerprint)
            if alert is None or not alert.is_firing:
                continue
            draft = alert.draft
            if what == "expires":
                if alert.expires_at != due_at:
                    continue
                draft = replace(draft, state=SignalState.RESOLVED.value)
            elif alert.ticket_id != what:
                continue
            else:
                del self._alerts[fingerprint]
            self._hear(
                draft,
                connector=alert.connector,
                at=due_at,
                reopens=alert.reopens,
                expires_at=alert.expires_at,
            )

    # -- one signal ------------------------------------------------------------------------------

    def _hear(
        self,
        draft: SignalDraft,
        *,
        connector: Connector,
        at: datetime,
        reopens: bool,
        expires_at: datetime | None,
    ) -> Verdict:
        heard = hear(
            draft,
            connector=connector,
            rules=self._rules,
            directory=self._directory,
            at=at,
            reopens=reopens,
        )
        number = len(self._tickets) + 1
        fresh = Fresh(ticket_id=f"rehearsed-{number}", refs=(f"R{number}",))
        verdict = correlate(heard, self._around(heard), fresh)
        try:
            for step in verdict.steps:
                self._do(step.ticket_id, step.command, heard)
        except Refusal:
            verdict = Verdict(
                word=Word.UNATTACHED, because=Because.REFUSED, reason="what it asks for is refused"
            )
        if verdict.word is Word.CREATED:
            self._tell(heard, verdict)
        self._remember(heard, verdict, draft=draft, connector=connector, expires_at=expires_at)
        return verdict

    def _around(self, heard: Heard) -> Surroundings:
        signal, rule = heard.signal, heard.rule
        key, trace = signal.correlation_key or "", signal.trace_id or ""
        alert = self._alerts.get(heard.fingerprint)
        known = None
        firing: set[str] = set()
        if alert is not None:
            known = Known(
                state=alert.heard.state,
                severity=alert.heard.severity,
                began_at=alert.heard.signal.ts,
                ticket=self._ticket(alert.ticket_id),
            )
            if self._firing.get(alert.ticket_id or "", set()) - {heard.fingerprint}:
                firing.add(alert.ticket_id or "")
        over = [
            self._tickets[one] for one in self._with_key.get(key, ()) if one not in self._active
        ]
        return Surroundings(
            directory=self._directory,
            known=known,
            by_key=self._holder(key) or self._active.get(self._on_key.get(key, "")),
            by_trace=self._active.get(self._on_trace.get(trace, "")),
            last=max(over, key=lambda one: (one.last_status_at, one.id), default=None),
            alike=tuple(self._active.values()) if _joins(rule) else (),
            maintenances=[
                one
                for (begins, ends), one in self._windows
                if begins <= heard.at and (ends is None or heard.at < ends)
            ],
            firing=firing,
            new_keys=0 if rule is None else self._newly(rule, heard.at),
            storm=None if rule is None else self._holder(storm_key(rule)),
        )

    def _ticket(self, identity: str | None) -> Ticket | None:
        if identity is None or identity in self._tickets:
            return self._tickets.get(identity or "")
        return next((one for _, one in self._windows if one.id == identity), None)

    def _holder(self, key: str) -> Ticket | None:
        stream = self._claims.get((CORRELATION_KEY, key))
        return None if stream is None else self._active.get(stream.partition(":")[2])

    def _newly(self, rule: Rule, at: datetime) -> int:
        """How many keys were new under *rule* within its minutes."""
        news = self._news.get(rule.id)
        if news is None:
            return 0
        since = at - timedelta(minutes=rule.storm_minutes)
        while news and news[0] <= since:
            news.popleft()
        return len(news)

    def _remember(
        self,
        heard: Heard,
        verdict: Verdict,
        *,
        draft: SignalDraft,
        connector: Connector,
        expires_at: datetime | None,
    ) -> None:
        name, before = heard.fingerprint, self._alerts.get(heard.fingerprint)
        ticket_id = verdict.ticket_id
        if before is not None:
            ticket_id = ticket_id or before.ticket_id
            self._firing.get(before.ticket_id or "", set()).discard(name)
        self._alerts[name] = _Alert(
            draft=draft,
            connector=connector,
            reopens=heard.reopens,
            heard=heard,
            ticket_id=ticket_id,
            expires_at=expires_at if heard.is_firing else None,
        )
        if verdict.is_new and heard.rule is not None:
            self._news.setdefault(heard.rule.id, deque()).append(heard.at)
        if not heard.is_firing:
            return
        if expires_at is not None:
            self._later(max(expires_at, heard.at), "expires", name)
            self._alerts[name].expires_at = max(expires_at, heard.at)
        if ticket_id is None:
            return
        self._firing.setdefault(ticket_id, set()).add(name)
        if heard.signal.correlation_key is not None:
            self._on_key[heard.signal.correlation_key] = ticket_id
        if heard.signal.trace_id is not None:
            self._on_trace[heard.signal.trace_id] = ticket_id
        if verdict.because is Because.HELD_BACK:
            ends = next(ends for (_, ends), one in self._windows if one.id == ticket_id)
            if ends is not None:
                self._later(ends, ticket_id, name)

    def _later(self, at: datetime, what: str, fingerprint: str) -> None:
        self._asked += 1
        heapq.heappush(self._due, (at, self._asked, what, fingerprint))

    def _tell(self, heard: Heard, verdict: Verdict) -> None:
        ticket = self._tickets[verdict.ticket_id or ""]
        assert heard.rule is not None, "only a rule opens an incident"
        self.by_rule[heard.rule.id] += 1
        self.opened.append(
            WouldOpen(
                at=heard.at,
                title=ticket.title,
                severity=ticket.severity.value,
                correlation_key=ticket.correlation_keys[0] if ticket.correlation_keys else None,
                rule_id=heard.rule.id,
                rule_name=heard.rule.name,
                because=verdict.because,
            )
        )

    # -- tickets ---------------------------------------------------------------------------------

    def _end(self, said: Ended, *, connector: Connector, at: datetime) -> None:
        """All alerts of the key are over, by their source's word."""
        key = prefixed(said.key, connector)
        ticket_id = self._on_key.get(key, "")
        for name in sorted(self._firing.get(ticket_id, ())):
            alert = self._alerts[name]
            if alert.heard.signal.correlation_key == key:
                self._hear(
                    replace(alert.draft, state=SignalState.RESOLVED.value, ts=said.at),
                    connector=alert.connector,
                    at=at,
                    reopens=alert.reopens,
                    expires_at=None,
                )

    def _do(self, ticket_id: str, command: TicketCommand, heard: Heard) -> None:
        if ticket_id not in self._tickets and not isinstance(command, OpenIncident):
            # A maintenance only keeps a note of it.
            return
        connector = heard.connector
        assert connector is not None, "payloads come from connectors"
        actor = Actor(type="connector", id=connector.id, name=connector.name)
        self._take(ticket_id, command, actor=actor, via=f"connector:{connector.code}", at=heard.at)

    def _take(
        self, ticket_id: str, command: TicketCommand, *, actor: Actor, via: str, at: datetime
    ) -> None:
        """Decide *command* and fold what follows, as the writer does."""
        self._asked += 1
        before = self._tickets.get(ticket_id)
        given = Given(
            at=at,
            entry_id=f"entry-{self._asked}",
            actor=actor,
            access=SYSTEM_ACCESS,
            via=via,
            directory=self._directory,
            claims=self._claims,
            tickets=self._tickets,
        )
        payloads = incident.decide(before, command, given)
        state, version = before, 0 if before is None else before.version
        for payload in payloads:
            version += 1
            event = Event(
                id=f"event-{self._asked}-{version}",
                org_id=0,
                stream=f"incident:{ticket_id}",
                version=version,
                position=0,
                recorded_at=at,
                actor=actor,
                via=via,
                payload=payload,
            )
            state = evolve(state, event)
        if state is not None and state is not before:
            self._put(before, state)

    def _put(self, before: Ticket | None, after: Ticket) -> None:
        self._tickets[after.id] = after
        if after.status in ACTIVE_INCIDENT:
            self._active[after.id] = after
        else:
            self._active.pop(after.id, None)
        for claim in frozenset() if before is None else claims_of(before):
            if self._claims.get(claim) == after.stream:
                del self._claims[claim]
        self._claims.update((claim, after.stream) for claim in claims_of(after))
        known = () if before is None else before.correlation_keys
        for key in after.correlation_keys:
            if key not in known:
                self._with_key.setdefault(key, []).append(after.id)
