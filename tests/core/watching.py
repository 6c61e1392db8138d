"""A small world for stories about signals: what is heard is judged, and what follows is done.

It keeps tickets, and of each fingerprint how it last stood, as the rows of signals do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.core.telling import NOON, TOWN, Speaker, Town, after, given
from tocsin.core.claims import CORRELATION_KEY
from tocsin.core.commands import ChangeStatus, Command, Relate, SignalDraft
from tocsin.core.connector_words import ConnectorKind, RuleAction
from tocsin.core.correlation import correlate, storm_key
from tocsin.core.evidence import Access
from tocsin.core.facts import Actor
from tocsin.core.hearing import Heard, hear
from tocsin.core.records import Connector, Rule
from tocsin.core.ticket import Ticket
from tocsin.core.verdicts import Fresh, Known, Surroundings, Verdict
from tocsin.core.words import ACTIVE_INCIDENT, ACTIVE_MAINTENANCE, Role, SignalState, TicketType

AM = Connector(
    id="am-id",
    created_at=NOON,
    updated_at=NOON,
    version=1,
    code="am",
    name="Alertmanager",
    kind=ConnectorKind.ALERTMANAGER,
    token_digest="0" * 64,
)
PAGER = replace(AM, id="pd-id", code="pd", name="PagerDuty", kind=ConnectorKind.PAGERDUTY)
SPEAKER = Speaker(
    actor=Actor(type="connector", id="am-id", name="Alertmanager"),
    access=Access(role=Role.ORG_ADMIN, member_id="am-id", system=True),
    via="connector:am",
)


def rule(name: str = "all", action: RuleAction = RuleAction.CREATE, **fields: object) -> Rule:
    made = Rule(
        id=f"{name}-id", created_at=NOON, updated_at=NOON, version=1, name=name, action=action
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def alert(summary: str = "no light", **fields: object) -> SignalDraft:
    made = SignalDraft(source="prometheus", summary=summary, severity="critical", ts=NOON)
    return replace(made, **fields)  # type: ignore[arg-type]


@dataclass
class Watch:
    """The world as it stands, and how it got there."""

    rules: Sequence[Rule] = ()
    connector: Connector | None = AM
    town: Town = TOWN
    at: datetime = NOON
    tickets: dict[str, Ticket] = field(default_factory=dict)
    rows: dict[str, Known] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    news: list[tuple[datetime, str]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    reopens: bool = True
    asked: int = 0

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)

    def hears(self, draft: SignalDraft) -> Verdict:
        """The verdict on *draft*; what it asks for is done."""
        heard = hear(
            draft,
            connector=self.connector,
            rules=self.rules,
            directory=self.town,
            at=self.at,
            reopens=self.reopens,
        )
        fresh = Fresh(ticket_id=f"t{len(self.verdicts)}", refs=(f"I{len(self.verdicts)}",))
        verdict = correlate(heard, self.around(heard), fresh)
        for step in verdict.steps:
            self.does(step.ticket_id, step.command, SPEAKER)
        self._remember(heard, verdict)
        self.verdicts.append(verdict)
        return verdict

    def does(self, ticket_id: str, command: Command, by: Speaker) -> Ticket:
        """*command* of somebody, decided and folded."""
        self.asked += 1
        named = self.tickets.get(command.ticket) if isinstance(command, Relate) else None
        evidence = given(
            by,
            at=self.at,
            entry_id=f"entry-{self.asked}",
            town=self.town,
            claims={
                (CORRELATION_KEY, key): ticket.stream
                for ticket in self.tickets.values()
                if active(ticket)
                for key in ticket.correlation_keys
            },
            tickets=() if named is None else (named,),
        )
        done = after(self.tickets.get(ticket_id), command, evidence)  # type: ignore[arg-type]
        self.tickets[ticket_id] = done
        moves = isinstance(command, ChangeStatus) and command.status not in (None, "acknowledged")
        if by.actor.type == "user" and moves:
            self.moved.add(ticket_id)
        return done

    def around(self, heard: Heard) -> Surroundings:
        """What the writer would find."""
        key = heard.signal.correlation_key
        mine = [one for one in self.tickets.values() if key in one.correlation_keys]
        on = self.tickets.get(self.keys.get(key or "", ""))
        holder = next((one for one in mine if active(one)), None)
        by_key = holder
        if holder is None or holder.type is not TicketType.INCIDENT:
            joined = on is not None and active(on) and on.type is TicketType.INCIDENT
            by_key = on if joined else None
        over = [one for one in mine if not active(one)]
        known = self.rows.get(heard.fingerprint)
        if known is not None and known.ticket is not None:
            known = replace(known, ticket=self.tickets[known.ticket.id])
        rule = heard.rule
        since = self.at - timedelta(minutes=5 if rule is None else rule.storm_minutes)
        others = [
            row
            for name, row in self.rows.items()
            if name != heard.fingerprint and row.state is SignalState.FIRING
        ]
        return Surroundings(
            directory=self.town,
            known=known,
            by_key=by_key,
            holder=holder,
            last=max(over, key=lambda one: one.last_status_at, default=None),
            alike=list(self.tickets.values()),
            maintenances=list(self.tickets.values()),
            firing={row.ticket.id for row in others if row.ticket is not None},
            moved=self.moved,
            new_keys=0
            if rule is None
            else sum(at > since and by == rule.id for at, by in self.news),
            storm=None
            if rule is None
            else next(
                (
                    one
                    for one in self.tickets.values()
                    if active(one) and storm_key(rule) in one.correlation_keys
                ),
                None,
            ),
        )

    def _remember(self, heard: Heard, verdict: Verdict) -> None:
        if verdict.observed:
            return
        before = self.rows.get(heard.fingerprint)
        began = heard.signal.ts
        ticket = None if verdict.ticket_id is None else self.tickets[verdict.ticket_id]
        if ticket is None and before is not None:
            ticket = before.ticket
        self.rows[heard.fingerprint] = Known(
            state=heard.state, severity=heard.severity, began_at=began, ticket=ticket
        )
        if heard.signal.correlation_key is not None and ticket is not None and heard.is_firing:
            self.keys[heard.signal.correlation_key] = ticket.id
        if verdict.is_new and heard.rule is not None:
            self.news.append((self.at, heard.rule.id))


def active(ticket: Ticket) -> bool:
    return ticket.status in ACTIVE_INCIDENT | ACTIVE_MAINTENANCE
