"""One batch of commands, each decided against what is committed and what the batch has decided so
far.

Nothing here writes: the result is a :class:`tocsin.store.contract.Batch` and an outcome or a
refusal for each submission. Records are put into the remembered directory at once, and taken out
again when their submission is refused; tickets stay in the overlay until the commit. After a batch
that failed the writer forgets all it remembered and reads anew.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import cast

from tocsin.core.aggregates import AGGREGATES
from tocsin.core.commands import (
    Command,
    Redact,
    TicketCommand,
)
from tocsin.core.consequences import consequences, discovered
from tocsin.core.credentials import access_of, actor_of, admit
from tocsin.core.errors import (
    NotFound,
    Unauthenticated,
    VersionMismatch,
    invalid,
)
from tocsin.core.evidence import SYSTEM_ACCESS, Access, Given
from tocsin.core.facts import (
    SYSTEM,
    Actor,
    Event,
    stream_name,
    stream_sort,
)
from tocsin.core.ids import uuid7
from tocsin.core.permissions import permit
from tocsin.core.provisioning.bindings import bindings
from tocsin.core.record_commands import (
    CreateKey,
    CreateOrg,
    CreateService,
    RecordCommand,
)
from tocsin.core.records import Link, Member
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.ticket_fold import is_folded
from tocsin.core.verdicts import Step
from tocsin.handler.alerts import alert_name
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.handler.attempt import Attempt, outcome_org
from tocsin.handler.directory import POLICY_STREAM, OrgDirectory
from tocsin.handler.memory import Memory
from tocsin.handler.naming import (
    IDENTITY_FIELDS,
    TICKET_SORTS,
    claims_named,
    opened_stream,
)
from tocsin.handler.reception import Reception
from tocsin.handler.recording import Recording
from tocsin.handler.submission import Credential, Outcome, Speaker, Submission
from tocsin.store.contract import (
    CredentialRow,
    Head,
    OrgRow,
    SealedSecret,
    WriteTurn,
)


class Deliberation(Recording):
    """Decides the submissions of one turn, in order."""

    def __init__(
        self,
        *,
        turn: WriteTurn,
        memory: Memory,
        now: datetime,
        last_recorded_at: datetime | None,
        position: int,
        entropy: Callable[[], int],
        seal: Callable[[bytes], bytes],
    ) -> None:
        super().__init__(
            turn=turn,
            memory=memory,
            now=now,
            last_recorded_at=last_recorded_at,
            position=position,
            entropy=entropy,
        )
        self._seal = seal
        self._reception = Reception(self)

    # -- what neighbours say ---------------------------------------------------------------------

    def listen(self, arrivals: Sequence[Arrival]) -> None:
        """Read in one go what those payloads will ask for."""
        self.receipts.read(self._turn, (one.receipt for one in arrivals))
        self._reception.prepare(arrivals)

    def take(self, arrival: Arrival) -> Accounted:
        """What becomes of one payload.

        Raises:
            Refusal: who sent it may not; nothing of it is in the batch.
        """
        return self._reception.take(arrival)

    def finish(self) -> None:
        """Nothing more is decided in this turn."""
        self._reception.finish()
        # Each knows the other: kept, everything that was decided would lie about until the
        # garbage collector finds it, and finding it holds up everybody.
        del self._reception

    def bearer(
        self, credential: Credential, org_id: int, directory: OrgDirectory, at: datetime
    ) -> tuple[Actor, Access]:
        """Who a key speaks for, and what they may do.

        Raises:
            Unauthenticated: it opens nothing here.
        """
        return self._bearer(credential, org_id, directory, at)

    def carry_out(
        self, org_id: int, steps: Sequence[tuple[Step, Actor, Access]], *, via: str
    ) -> Sequence[Event]:
        """Do all of *steps* at one instant, or nothing; the events that they made.

        Raises:
            Refusal: one of them is refused.
        """
        attempt = Attempt()
        saved = self.position, self.last_recorded_at
        directory = self._memory.directory(self._turn, org_id)
        at = self._instant()
        try:
            for step, actor, access in steps:
                command = step.command
                self.holders(org_id, claims_named(command))
                opened = opened_stream(command)
                submission = Submission(
                    org_id=org_id,
                    sort="ticket",
                    subject=None if opened is not None else step.ticket_id,
                    command=command,
                    via=via,
                )
                self._one(
                    attempt,
                    submission,
                    "ticket",
                    submission.subject,
                    command,
                    directory,
                    actor,
                    access,
                    at,
                )
        except BaseException:
            # Whatever went wrong goes on; nothing of it may be remembered as decided.
            self._take_back(attempt, saved)
            raise
        self._merge(attempt)
        return attempt.events

    # -- deciding ------------------------------------------------------------------------------

    def decide(self, submission: Submission) -> Outcome:
        """What becomes of one submission.

        Raises:
            Refusal: it will not be done; nothing of it is in the batch.
        """
        if isinstance(submission.command, CreateOrg):
            return self._create_org(submission)
        org_id = submission.org_id
        directory = self._memory.directory(self._turn, org_id)
        at = self._instant()
        actor, access = self._who(submission, org_id, directory, at)
        replayed = self._replayed(submission, directory)
        if replayed is not None:
            return replayed
        if isinstance(submission.command, Redact):
            # It empties what is stored before it is decided: refused, nothing of it may stay.
            with self._turn.attempting(keep=not submission.dry_run):
                return self._decided(submission, directory, actor, access, at)
        return self._decided(submission, directory, actor, access, at)

    def _decided(
        self,
        submission: Submission,
        directory: OrgDirectory,
        actor: Actor,
        access: Access,
        at: datetime,
    ) -> Outcome:
        org_id = submission.org_id
        attempt = Attempt()
        saved = self.position, self.last_recorded_at
        try:
            for sort, command in submission.preceding:
                self._one(attempt, submission, sort, None, command, directory, actor, access, at)
            head = self._one(
                attempt,
                submission,
                submission.sort,
                submission.subject,
                submission.command,
                directory,
                actor,
                access,
                at,
            )
            outcome = Outcome(
                stream=head.stream,
                state=head.state,
                events=tuple(one for one in attempt.events if one.stream == head.stream),
                position=self.position,
                directory=directory,
                version=head.version,
                ticket=lambda name: self._ticket(org_id, name, directory),
            )
            if submission.render is not None:
                answer = submission.render(outcome)
                outcome = replace(outcome, answer=answer)
        except BaseException:
            # Whatever went wrong goes on; nothing of it may be remembered as decided.
            self._take_back(attempt, saved)
            raise
        if submission.dry_run:
            self._take_back(attempt, saved)
            return outcome
        self._join(attempt, submission, outcome, at)
        return outcome

    def _create_org(self, submission: Submission) -> Outcome:
        command = submission.command
        assert isinstance(command, CreateOrg)
        if submission.credential is not None or submission.speaker is not None:
            raise NotFound("orgs are made from the command line, on the database itself")
        taken = {org.org_id for org in self._turn.orgs()} | {org.org_id for org in self.batch.orgs}
        codes = {org.code for org in self._turn.orgs()} | {org.code for org in self.batch.orgs}
        if command.code in codes:
            raise invalid("code", "taken", f"there is an org {command.code!r} already")
        org_id = max(taken, default=0) + 1
        attempt = Attempt()
        saved = self.position, self.last_recorded_at
        directory = self._memory.directory(self._turn, org_id)
        at = self._instant()
        try:
            head = self._one(
                attempt,
                submission,
                "org",
                None,
                command,
                directory,
                SYSTEM,
                SYSTEM_ACCESS,
                at,
                org_id=org_id,
            )
        except BaseException:
            # Whatever went wrong goes on; nothing of it may be remembered as decided.
            self._take_back(attempt, saved)
            raise
        outcome = Outcome(
            stream=head.stream,
            state=head.state,
            events=tuple(attempt.events),
            position=self.position,
            directory=directory,
            version=head.version,
        )
        self.batch.orgs.append(OrgRow(org_id=org_id, code=command.code))
        self._join(attempt, submission, outcome, at)
        return outcome

    # -- the parts -----------------------------------------------------------------------------

    def _who(
        self,
        submission: Submission,
        org_id: int,
        directory: OrgDirectory,
        at: datetime,
    ) -> tuple[Actor, Access]:
        if submission.credential is not None:
            return self._bearer(submission.credential, org_id, directory, at)
        if submission.speaker is not None:
            return _spoken_for(submission.speaker, directory)
        return SYSTEM, SYSTEM_ACCESS

    def _bearer(
        self, credential: Credential, org_id: int, directory: OrgDirectory, at: datetime
    ) -> tuple[Actor, Access]:
        row = self._memory.credential(self._turn, credential.key_id)
        # Compared even when there is no such key, so that the time taken does not tell.
        known = row.digest if row is not None else bytes(32)
        fits = hmac.compare_digest(known, credential.digest)
        key = directory.key(credential.key_id)
        if row is None or not fits or row.org_id != org_id or key is None:
            raise Unauthenticated("this API key is not known here; ask an org_admin for a new one")
        member = directory.member(key.member_id)
        access = admit(key, member, at=at, address=credential.address)
        if member is None:
            raise Unauthenticated("the member this API key speaks for is gone")
        return _actor(member, directory), access

    def _replayed(self, submission: Submission, directory: OrgDirectory) -> Outcome | None:
        receipt = self.receipts.answered(submission.receipt)
        if receipt is None:
            return None
        head = self._head(receipt.key.org_id, receipt.stream, directory)
        if head is None:
            return None
        return Outcome(
            stream=receipt.stream,
            state=head.state,
            events=(),
            position=receipt.position,
            directory=directory,
            version=head.version,
            replayed=receipt.answer,
            answer=receipt.answer,
        )

    def _stream_for(
        self, org_id: int, sort: str, subject: str | None, command: Command, directory: OrgDirectory
    ) -> str:
        if subject is None:
            if sort == "ticket":
                opened = opened_stream(command)
                if opened is None:
                    raise NotFound("name the ticket that this is about")
                return opened
            if sort == "policy":
                return POLICY_STREAM
            return stream_name(sort, getattr(command, IDENTITY_FIELDS[sort]))
        if sort == "ticket":
            ticket = self._ticket(org_id, subject, directory)
            if ticket is None:
                raise NotFound(f"there is no ticket {subject[:64]!r} here")
            return ticket.stream
        stream = directory.stream_of(sort, subject)
        if stream is None and isinstance(command, Redact):
            # Who has gone still has a right to be forgotten.
            gone = stream_name(sort, subject)
            stream = gone if directory.head(gone) is not None else None
        if stream is None:
            raise NotFound(f"there is no {sort} {subject[:64]!r} here")
        return stream

    def _one(
        self,
        attempt: Attempt,
        submission: Submission,
        sort: str,
        subject: str | None,
        command: Command,
        directory: OrgDirectory,
        actor: Actor,
        access: Access,
        at: datetime,
        *,
        org_id: int | None = None,
    ) -> Head:
        org = submission.org_id if org_id is None else org_id
        stream = attempt.ticket_named(org, sort, subject) or self._stream_for(
            org, sort, subject, command, directory
        )
        head = self._head(org, stream, directory, attempt)
        state = None if head is None else head.state
        self._read_keys_of(org, state)
        given = Given(
            at=at,
            entry_id=uuid7(at, self._entropy()),
            actor=actor,
            access=access,
            via=submission.via,
            directory=directory,
            claims=self._claims_in(org, attempt)
            if stream_sort(stream) in TICKET_SORTS
            else self._claims_of_records(org, command, directory),
            tickets=self._tickets_for(org, submission, directory),
            maintenances=self._neighbours(org, stream, state, command, directory, attempt),
            holding=self._holding(org, state, command, directory, attempt),
        )
        permit(cast("TicketCommand | RecordCommand", command), state, given)
        expected = submission.expected_version
        version = 0 if head is None else head.version
        if command is submission.command and expected is not None and version != expected:
            named = "what If-Match names" if expected < 0 else str(expected)
            raise VersionMismatch(
                f"this is at version {version}, not {named}; read it again, and decide again"
            )
        before = head
        if isinstance(command, Redact):
            command, head = self._redacted(org, stream, command, head)
            state = head.state
        aggregate = AGGREGATES[stream_sort(stream)]
        payloads = aggregate.decide(state, command, given)
        after = self._append(
            attempt, org, stream, head, payloads, actor, submission.via, directory, before=before
        )
        if isinstance(after.state, Ticket) and payloads:
            was = state if isinstance(state, Ticket) else None
            for other, follow in consequences(was, after.state, given):
                self._follow(attempt, org, other, follow, given, directory, submission.via)
            for code in discovered(was, after.state, given):
                self._discover(attempt, org, code, given, directory, submission.via)
        if isinstance(after.state, Link) and payloads:
            line = state if isinstance(state, Link) else None
            for other, follow in bindings(line, after.state, given):
                self._follow(attempt, org, other, follow, given, directory, submission.via)
        return after

    def _discover(
        self,
        attempt: Attempt,
        org_id: int,
        code: str,
        given: Given,
        directory: OrgDirectory,
        via: str,
    ) -> None:
        identity = uuid7(given.at, self._entropy())
        stream = stream_name("service", identity)
        made = CreateService(service_id=identity, code=code, name=code, discovered=True)
        as_system = replace(given, entry_id=identity, access=SYSTEM_ACCESS, claims=directory.claims)
        payloads = AGGREGATES["service"].decide(None, made, as_system)
        self._append(
            attempt, org_id, stream, None, payloads, given.actor, via, directory, before=None
        )

    def _follow(
        self,
        attempt: Attempt,
        org_id: int,
        stream: str,
        command: Command,
        given: Given,
        directory: OrgDirectory,
        via: str,
    ) -> None:
        head = self._head(org_id, stream, directory, attempt)
        if head is None:
            return
        as_system = replace(given, entry_id=uuid7(given.at, self._entropy()), access=SYSTEM_ACCESS)
        payloads = AGGREGATES[stream_sort(stream)].decide(head.state, command, as_system)
        self._append(
            attempt, org_id, stream, head, payloads, given.actor, via, directory, before=head
        )

    def _redacted(
        self, org_id: int, stream: str, command: Redact, head: Head | None
    ) -> tuple[Redact, Head]:
        if head is None:
            raise NotFound("there is no such event here")
        try:
            event, remaining = self._turn.redact(org_id, command.event, command.fields)
        except LookupError as missing:
            raise invalid(
                "event", "unknown", f"no such event, or no text in that field: {missing}"
            ) from missing
        if event.stream != stream:
            raise NotFound("that event belongs to something else")
        payload = event.payload
        if isinstance(payload, SignalIngested) and not payload.redactable.isdisjoint(
            command.fields
        ):
            # Its words lie in the payloads that told of it, too; who attached it does not.
            self._turn.forget_signal_text(org_id, {alert_name(payload)})
        sealed = replace(
            command, fields=tuple(sorted(set(command.fields))), remaining_digest=remaining
        )
        if stream_sort(stream) in TICKET_SORTS and not is_folded(event, sealed.fields):
            # A long timeline is not read again for what no state ever had.
            return sealed, head
        state = None
        # The log as it now reads, and what this batch has decided on top of it.
        decided = (one for one in self.batch.events if (one.org_id, one.stream) == (org_id, stream))
        for one in chain(self._turn.stream_events(org_id, stream), decided):
            state = AGGREGATES[stream_sort(stream)].evolve(state, one)
        if state is None:
            raise NotFound("there is no such event here")
        return sealed, replace(head, state=state)

    def _join(
        self, attempt: Attempt, submission: Submission, outcome: Outcome, at: datetime
    ) -> None:
        batch = self.batch
        if isinstance(submission.command, Redact):
            self.receipts.empty(submission.org_id, outcome.stream)
        self._merge(attempt)
        if submission.receipt is not None and outcome.answer is not None:
            self.receipts.keep(
                submission.receipt,
                stream=outcome.stream,
                position=self.position,
                answer=outcome.answer,
                at=at,
            )
        org_id = outcome_org(attempt, submission)
        if isinstance(submission.command, CreateKey) and submission.secret_digest is not None:
            batch.credentials.append(
                CredentialRow(
                    key_id=submission.command.key_id,
                    org_id=org_id,
                    digest=submission.secret_digest,
                )
            )
        for secret_id, secret in submission.secrets:
            batch.secrets.append(
                SealedSecret(id=secret_id, org_id=org_id, sealed=self._seal(secret))
            )

    def _merge(self, attempt: Attempt) -> None:
        super()._merge(attempt)
        if attempt.records:
            self._reception.records_moved()
        for event in attempt.events:
            self._reception.attached(event)


def _spoken_for(speaker: Speaker, directory: OrgDirectory) -> tuple[Actor, Access]:
    member = directory.member(speaker.member_id)
    if member is None:
        raise Unauthenticated("you are no member here any more; ask an org_admin")
    return _actor(member, directory), access_of(member, at_most=speaker.at_most)


def _actor(member: Member, directory: OrgDirectory) -> Actor:
    bound_to = member.contributor_id
    return actor_of(member, None if bound_to is None else directory.contributor(bound_to))
