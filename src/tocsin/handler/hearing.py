"""One payload being heard: what becomes of each thing that it says (Domain: correlation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from tocsin.core.commands import (
    AttachSignal,
    OpenIncident,
    PlanMaintenance,
    SignalDraft,
)
from tocsin.core.connector_words import ConnectorMode
from tocsin.core.correlation import correlate
from tocsin.core.errors import Refusal
from tocsin.core.evidence import SYSTEM_ACCESS, Access
from tocsin.core.facts import SYSTEM, Actor, stream_name
from tocsin.core.hearing import (
    UNKNOWN_SEVERITY,
    Heard,
    prefixed,
    read_severity,
    read_state,
    understand,
)
from tocsin.core.ids import ticket_refs, uuid7
from tocsin.core.ingestion import (
    Acknowledged,
    Amended,
    Announced,
    Beside,
    Ended,
    Noted,
    Said,
)
from tocsin.core.patterns import Effort
from tocsin.core.records import Connector, Rule
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import REASON, TOLERANCE
from tocsin.core.verdicts import Because, Fresh, Step, Verdict, Word
from tocsin.core.words import Role, SignalState, TicketType, is_active
from tocsin.handler.alerts import draft_of, name_of, written
from tocsin.handler.arrival import Arrival, Told, Unread
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.known_signals import KnownSignals
from tocsin.handler.spoken import signed, steps_of_words
from tocsin.handler.vicinity import Vicinity
from tocsin.store.arrivals import KnownSignal

if TYPE_CHECKING:
    from tocsin.handler.deliberation import Deliberation

_FIRING: Final = SignalState.FIRING.value

AHEAD: Final = "its time is in the future, and was taken as now"

TOO_COSTLY: Final = (
    "the patterns of its rules take too long, and not all of them were asked: make them simpler"
)
PATTERN_STEPS: Final = 500_000
STEPS_OF_EACH: Final = 5_000
"""What patterns of rules may cost in a payload, and for each thing that it says besides: less than
a tenth of a second, and than a millisecond. Nobody's rules hold up everybody's record."""

OBSERVER_ROLE: Final = Role.SRE_LEAD
"""What a connector's word weighs: all that its verdicts ask for, and no effect on what is not its
contributor's."""


class Ears(Protocol):
    """What a hearing shares with the others of its turn."""

    @property
    def house(self) -> Deliberation: ...
    def signals(self, org_id: int) -> KnownSignals: ...
    def vicinity(self, org_id: int) -> Vicinity: ...
    def rules_for(self, org_id: int, connector: Connector | None) -> Sequence[Rule]: ...
    def carry_out(
        self, org_id: int, steps: Sequence[tuple[Step, Actor, Access]], *, via: str
    ) -> str | None: ...


class Hearing:
    """One payload being heard: who speaks, of which connector, when."""

    def __init__(
        self,
        reception: Ears,
        arrival: Arrival,
        *,
        connector: Connector | None,
        actor: Actor,
        access: Access,
        at: datetime,
        number: int,
    ) -> None:
        self._reception = reception
        self._house = reception.house
        self._arrival = arrival
        self._org_id = arrival.org_id
        self._connector = connector
        self._actor = actor
        self._access = access
        self._at = at
        self._number = number
        self._known = reception.signals(arrival.org_id)
        self._around = reception.vicinity(arrival.org_id)
        self._rules = reception.rules_for(arrival.org_id, connector)
        directory = self._house.directory(arrival.org_id)
        self._directory = directory
        self._levels = directory.policy().severity_levels
        self._spare: Fresh | None = None
        reading = arrival.reading
        self._reopens = isinstance(reading, Unread) or reading.reopens
        self._once = frozenset() if isinstance(reading, Unread) else reading.once
        self._observes = connector is not None and connector.mode is ConnectorMode.OBSERVE
        said = 1 if isinstance(reading, Unread) else len(reading.said)
        self._effort = Effort(PATTERN_STEPS + STEPS_OF_EACH * said)

    def hear(self, said: Said) -> Told:
        """What becomes of one thing that is said."""
        match said:
            case SignalDraft():
                return self._signal(said)
            case Ended():
                return self._end(said)
            case Acknowledged() | Noted() | Amended():
                return self._words(said)
            case Announced():
                return self._notice(said)
            case _:
                assert_never(said)

    # -- signals ---------------------------------------------------------------------------------

    def _signal(self, draft: SignalDraft, *, as_held: bool = False) -> Told:
        is_ahead = draft.ts is not None and draft.ts > self._at + TOLERANCE
        # A clock that is wrong is no reason to lose an alert, nor to believe the clock.
        told = self._judged(replace(draft, ts=None) if is_ahead else draft, as_held=as_held)
        besides = ((AHEAD, is_ahead), (TOO_COSTLY, self._effort.is_spent))
        reasons = (told.reason, *(reason for reason, applies in besides if applies))
        return replace(told, reason="; ".join(reasons)) if len(reasons) > 1 else told

    def _judged(self, draft: SignalDraft, *, as_held: bool) -> Told:
        as_held = as_held or self._arrival.again
        name = name_of(draft, self._connector, again=as_held)
        row = self._known.get(name)
        if row is not None:
            short = self._overtaken(draft, row) or self._at_once(draft, row)
            if short is not None:
                return short
        heard = understand(
            draft,
            connector=self._connector,
            rules=self._rules,
            directory=self._directory,
            at=self._at,
            reopens=self._reopens,
            as_held=as_held,
            effort=self._effort,
        )
        fresh = self._spare or self._fresh("I")
        verdict = correlate(heard, self._around.of(heard, row), fresh)
        # Names that were not taken will do for the next.
        self._spare = None if verdict.word is Word.CREATED else fresh
        if self._observes and verdict.word is Word.CREATED:
            verdict = self._observed(heard, verdict)
        return self._settle(heard, verdict, row)

    def _overtaken(self, draft: SignalDraft, row: KnownSignal) -> Told | None:
        """The verdict on an alert that was to be judged anew, and has been heard since."""
        if not self._arrival.again:
            return None
        if draft.state == _FIRING:
            due = row.held
        else:
            until = self._known.expires_at(row)
            due = row.state == _FIRING and until is not None and until <= self._at
        if due:
            return None
        return self._told(
            row, Word.DEDUPLICATED, Because.FINGERPRINT, "it was heard again meanwhile"
        )

    def _at_once(self, draft: SignalDraft, row: KnownSignal) -> Told | None:
        """The verdict on what is plainly a repeat, or older than what is known of it."""
        replayed = self._arrival.replay_of
        if replayed is not None and self._known.seen_last(row) > replayed:
            return self._told(
                row, Word.DEDUPLICATED, Because.FINGERPRINT, "a newer word about it is known"
            )
        fresh = replayed is None and not self._arrival.again and not row.observed
        if fresh and draft.fingerprint in self._once:
            self._repeated(draft, row)
            return self._told(
                row, Word.DEDUPLICATED, Because.FINGERPRINT, "this very event was heard before"
            )
        if row.state != read_state(draft.state).value:
            return None
        severity = read_severity(draft.severity, levels=self._levels) or UNKNOWN_SEVERITY
        if row.severity != severity.value:
            return None
        if row.observed and self._observes and row.state == _FIRING:
            reason = "it was heard before; the connector only observes"
            self._repeated(draft, row)
            return self._told(row, Word.DEDUPLICATED, Because.OBSERVED, reason)
        if row.stream is None or row.state != _FIRING or row.held:
            return None
        ticket = self._house.ticket_at(self._org_id, row.stream)
        if ticket is None or ticket.type is not TicketType.INCIDENT or not is_active(ticket.status):
            return None
        self._repeated(draft, row)
        reason = f"the same alert is on {ticket.ref}, and says nothing new"
        return self._told(row, Word.DEDUPLICATED, Because.FINGERPRINT, reason, ticket=ticket)

    def _repeated(self, draft: SignalDraft, row: KnownSignal) -> None:
        if self._arrival.again:
            return
        self._known.repeated(
            row,
            number=self._number,
            at=self._at,
            expires_at=self._arrival.expires(draft) if row.state == _FIRING else None,
        )

    def _observed(self, heard: Heard, verdict: Verdict) -> Verdict:
        """Of one key only the first would open an incident."""
        key = heard.signal.correlation_key
        if key is None:
            return verdict
        for row in self._known.with_value("correlation_key", key):
            if row.observed and row.state == _FIRING and row.fingerprint != heard.fingerprint:
                return replace(
                    verdict,
                    word=Word.ATTACHED,
                    because=Because.CORRELATION_KEY,
                    reason="its correlation key would be held by an incident opened before",
                    ticket_id=None,
                    is_new=False,
                )
        return replace(verdict, ticket_id=None)

    def _settle(self, heard: Heard, verdict: Verdict, row: KnownSignal | None) -> Told:
        """Do what the verdict asks for, and remember the alert as it stands then."""
        signal_id: str | None = None
        if verdict.steps:
            try:
                signal_id = self._carry_out(verdict.steps, contributor=verdict.contributor_id)
            except Refusal as refused:
                verdict = Verdict(
                    word=Word.UNATTACHED,
                    because=Because.REFUSED,
                    reason=f"it could not be taken further: {refused}"[:REASON],
                )
        if verdict.word is Word.DEDUPLICATED and row is not None:
            self._repeated(heard.signal, row)
            return self._told(
                row,
                verdict.word,
                verdict.because,
                verdict.reason,
                ticket=self._ticket(verdict.ticket_id),
            )
        now = self._remembered(heard, verdict, row, signal_id)
        self._known.put(now)
        return self._told(
            now,
            verdict.word,
            verdict.because,
            verdict.reason,
            ticket=self._ticket(verdict.ticket_id),
        )

    def _remembered(
        self, heard: Heard, verdict: Verdict, row: KnownSignal | None, signal_id: str | None
    ) -> KnownSignal:
        ticket = None if verdict.observed else self._ticket(verdict.ticket_id)
        stream = None if ticket is None else ticket.stream
        if row is not None and stream is None and (verdict.observed or not heard.is_firing):
            stream = row.stream
        firing = heard.is_firing
        again = self._arrival.again
        began = heard.signal.ts or self._at
        if row is not None and row.state == _FIRING and firing and heard.signal.ts is None:
            began = row.began_at or began
        signal = heard.signal
        return KnownSignal(
            org_id=self._org_id,
            fingerprint=heard.fingerprint,
            signal_id=row.signal_id
            if row is not None
            else signal_id or uuid7(self._at, self._house.entropy()),
            connector_id=None if self._connector is None else self._connector.id,
            stream=stream,
            state=heard.state.value,
            severity=heard.severity.value,
            verdict=verdict.word.value,
            because=verdict.because.value,
            reason=verdict.reason,
            observed=verdict.observed,
            held=firing and verdict.because is Because.HELD_BACK,
            rule_id=None if heard.rule is None else heard.rule.id,
            new_at=self._number if verdict.is_new else None if row is None else row.new_at,
            correlation_key=signal.correlation_key,
            trace_id=signal.trace_id,
            service=heard.wanted.services[0] if heard.wanted.services else None,
            began_at=began if firing else None if row is None else row.began_at,
            first_seen=self._at if row is None else row.first_seen,
            last_seen=row.last_seen if again and row is not None else self._at,
            times=(0 if row is None else row.times) + (not again),
            arrival=row.arrival if again and row is not None else self._number,
            expires_at=None
            if not firing
            else row.expires_at
            if again and row is not None
            else self._arrival.expires(signal),
            draft=written(signal),
            memo="" if row is None else row.memo,
        )

    # -- words about what a key opened -----------------------------------------------------------

    def _end(self, said: Ended) -> Told:
        """All alerts of the key are over, by their source's word."""
        key = self._held(said.key)
        rows = [row for row in self._known.named(key) if row.state == _FIRING]
        told: Told | None = None
        for row in sorted(rows, key=lambda one: one.fingerprint):
            over = replace(
                draft_of(row),
                state=SignalState.RESOLVED.value,
                ts=said.at,
                summary=signed(said.note, said.by) or draft_of(row).summary,
            )
            one = self._signal(over, as_held=True)
            told = one if told is None or one.ticket_id is not None else told
        if told is None:
            return self._nothing("it has ended, and nothing is open for it")
        return told

    def _words(self, said: Acknowledged | Noted | Amended) -> Told:
        """Words for the ticket that the key is on."""
        if said.key is None:
            assert isinstance(said, Noted)
            return self._nothing(f"a change, which opens nothing: {said.text}"[:REASON])
        ticket = self._around.ticket_of(self._held(said.key))
        if ticket is None:
            return self._nothing("nothing is open for it")
        reasons: list[str] = []
        steps = steps_of_words(said, ticket, connector=self._connector, directory=self._directory)
        if not self._observes:
            for step in steps:
                try:
                    self._carry_out((step,))
                except Refusal as refused:
                    reasons.append(str(refused))
        reason = f"words about {ticket.ref}"
        if reasons:
            reason = f"{reason}, not all of them taken: {'; '.join(reasons)}"[:REASON]
        return Told(
            verdict=Word.ATTACHED,
            because=Because.SAID,
            reason=reason,
            ticket_id=ticket.id,
            ticket_ref=ticket.ref,
            observed=self._observes,
        )

    def _nothing(self, reason: str) -> Told:
        return Told(verdict=Word.UNATTACHED, because=Because.NOTHING_OPEN, reason=reason)

    # -- notices of planned work -----------------------------------------------------------------

    def _notice(self, said: Announced) -> Told:
        name = self._held(said.key)
        row = self._known.get(name)
        ticket = None
        if row is not None and row.stream is not None:
            ticket = self._house.ticket_at(self._org_id, row.stream)
        # What was only observed was not done, so it is news to a connector that is live again.
        before = "" if row is None or (row.observed and not self._observes) else row.memo
        fresh = self._fresh("M")
        settled = said.settle(
            Beside(
                memo=before,
                ticket=ticket,
                directory=self._directory,
                correlation_key=name,
                fresh=fresh,
                at=self._at,
            )
        )
        word, because, reason, memo = settled.word, settled.because, settled.reason, settled.memo
        if settled.steps and not self._observes:
            try:
                self._carry_out(settled.steps)
            except Refusal as refused:
                word, because, reason = Word.UNATTACHED, Because.REFUSED, str(refused)[:REASON]
                # Not done, so the same notice is news when it is heard again.
                memo = before
            else:
                for step in settled.steps:
                    if isinstance(step.command, PlanMaintenance):
                        ticket = self._ticket(step.command.ticket_id)
        kept = self._remembered_notice(said, name, row, ticket, (word, because, reason), memo)
        self._known.put(kept)
        return self._told(kept, word, because, reason, ticket=ticket)

    def _remembered_notice(
        self,
        said: Announced,
        name: str,
        row: KnownSignal | None,
        ticket: Ticket | None,
        verdict: tuple[Word, Because, str],
        memo: str,
    ) -> KnownSignal:
        source = "maintnote" if self._connector is None else self._connector.name
        return KnownSignal(
            org_id=self._org_id,
            fingerprint=name,
            signal_id=uuid7(self._at, self._house.entropy()) if row is None else row.signal_id,
            connector_id=None if self._connector is None else self._connector.id,
            stream=None if ticket is None else ticket.stream,
            # Planned work does not fire, and so keeps nothing open.
            state=SignalState.RESOLVED.value,
            severity=UNKNOWN_SEVERITY.value,
            verdict=verdict[0].value,
            because=verdict[1].value,
            reason=verdict[2],
            observed=self._observes,
            correlation_key=name,
            first_seen=self._at if row is None else row.first_seen,
            last_seen=self._at,
            times=1 if row is None else row.times + 1,
            arrival=self._number,
            draft=written(SignalDraft(source=source, summary=said.summary)),
            memo=memo,
        )

    # -- what all of them need -------------------------------------------------------------------

    def _held(self, key: str) -> str:
        return key if self._arrival.again else prefixed(key, self._connector)

    def _fresh(self, letter: str) -> Fresh:
        identity = uuid7(self._at, self._house.entropy())
        refs = ticket_refs(letter, self._at, self._house.entropy())
        return Fresh(ticket_id=identity, refs=refs)

    def _ticket(self, identity: str | None) -> Ticket | None:
        if identity is None:
            return None
        for sort in TicketType:
            found = self._house.ticket_at(self._org_id, stream_name(sort.value, identity))
            if found is not None:
                return found
        return None

    def _carry_out(self, steps: Sequence[Step], *, contributor: str | None = None) -> str | None:
        """Do all of *steps*; what is opened is *contributor*'s, where that is given.

        A person's key opens and attaches as that person; what follows by rule is the system's.
        """
        done: list[tuple[Step, Actor, Access]] = []
        for step in steps:
            actor, access = self._actor, self._access
            if self._connector is not None:
                if contributor is not None:
                    actor, access = actor_of(self._connector, contributor, self._directory)
            elif not isinstance(step.command, OpenIncident | AttachSignal):
                actor, access = SYSTEM, SYSTEM_ACCESS
            done.append((step, actor, access))
        return self._reception.carry_out(self._org_id, done, via=self._arrival.via)

    def _told(
        self,
        row: KnownSignal,
        word: Word,
        because: Because,
        reason: str,
        *,
        ticket: Ticket | None = None,
    ) -> Told:
        return Told(
            verdict=word,
            because=because,
            reason=reason,
            signal_id=row.signal_id,
            fingerprint=row.fingerprint,
            ticket_id=None if ticket is None else ticket.id,
            ticket_ref=None if ticket is None else ticket.ref,
            observed=row.observed,
        )


def actor_of(
    connector: Connector, contributor_id: str | None, directory: OrgDirectory
) -> tuple[Actor, Access]:
    """Who a connector is when it speaks for that contributor, or for none."""
    owner = None if contributor_id is None else directory.contributor(contributor_id)
    actor = Actor(
        type="connector",
        id=connector.id,
        name=connector.name,
        contributor=None if owner is None else owner.code,
        pubkey=None if owner is None else owner.pubkey,
    )
    access = Access(
        role=OBSERVER_ROLE,
        member_id=connector.id,
        contributor_id=None if owner is None else owner.id,
        system=True,
    )
    return actor, access
