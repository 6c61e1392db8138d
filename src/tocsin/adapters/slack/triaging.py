"""Triage of what is reported in Slack: at once by words, and afterwards, where there is one, by a
language model (Integrations: triage of a free-text report).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from tocsin.adapters.slack.contract import VIA
from tocsin.core.commands import Assign, ChangeFields, ChangeSeverity, Command
from tocsin.core.errors import Overloaded, Refusal, VersionMismatch
from tocsin.core.facts import NOT_GIVEN, stream_name
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import EntryPoint, Policy, Record
from tocsin.core.ticket import Ticket
from tocsin.core.triage import DEFAULT_SEVERITY, LanguageModel, Triage, triage
from tocsin.core.words import is_active
from tocsin.handler.directory import POLICY_STREAM
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReadTurn, StorageFailed, Store

log = structlog.get_logger(__name__)

MOST_ASKED: Final = 4
"""Questions that are with the model at once; a report beyond that keeps what words made of it."""

TRIES: Final = 5
"""How often a change is looked at anew, where something else moved the ticket meanwhile."""

REASON: Final = "triage of the report"

_Wanted = Callable[[Ticket], Command | None]


class Triager:
    """Says how reports are opened, and betters it when a language model has an answer in time.

    *run* does something later, on another thread. A model that hangs holds no more than
    :data:`MOST_ASKED` of them, each for as long as its deadline is.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        run: Callable[[Callable[[], None]], None],
        model: LanguageModel | None = None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._run = run
        self._model = model
        self._room = threading.BoundedSemaphore(MOST_ASKED)

    def first(self, text: str, org_id: int) -> Triage:
        """How *text* is opened at once: by words, else the fallback."""
        with self._store.reading() as turn:
            return _as_it_stands(turn, org_id, triage(text, entry_points_of(turn, org_id)))

    def improve(self, *, org_id: int, stream: str, text: str, found: Triage) -> None:
        """Ask the model about *text*, from which the ticket *stream* was opened as *found* says,
        and change what it finds better; returns at once.

        Nothing is asked where words have decided. What is not as *found* says any more stays:
        somebody has changed it, and counts more.
        """
        if self._model is None or found.how == "words":
            return
        model = self._model

        def asked() -> None:
            try:
                self._improve(model, org_id, stream, text, found)
            finally:
                self._room.release()

        if not self._room.acquire(blocking=False):
            log.warning("not triaged by a model", action="triage_skipped", reason="model_busy")
            return
        try:
            self._run(asked)
        except Overloaded:
            self._room.release()
            log.warning("not triaged by a model", action="triage_skipped", reason="overloaded")

    def _improve(
        self, model: LanguageModel, org_id: int, stream: str, text: str, found: Triage
    ) -> None:
        with self._store.reading() as turn:
            entry_points = entry_points_of(turn, org_id)
        chosen = model.suggest(text, entry_points)
        if chosen is None:
            return
        with self._store.reading() as turn:
            # Entry points may have changed while the model thought.
            entry_points = entry_points_of(turn, org_id)
            better = triage(text, entry_points, chosen=chosen)
            better = _as_it_stands(turn, org_id, better)
        if better.how != "model":
            log.info("a suggestion was not used", action="triage_unusable", how=better.how)
            return
        (entry_point,) = (one for one in entry_points if one.id == better.entry_point_id)
        wants = [_wording(found, better)]
        # What the entry point leaves open stays as it was opened.
        if entry_point.severity is not None:
            wants.append(_moving(found, better))
        if better.assignee is not None:
            wants.append(_giving(found, better))
        for wanted in wants:
            self._change(org_id, stream, wanted)

    def _change(self, org_id: int, stream: str, wanted: _Wanted) -> None:
        """Have the system change the ticket as it stands at that very moment.

        Messages and the like move it all the time, so it is looked at anew where it has moved.
        """
        for _ in range(TRIES):
            with self._store.reading() as turn:
                head = turn.head(org_id, stream)
            if head is None or not isinstance(head.state, Ticket):
                return
            command = wanted(head.state) if is_active(head.state.status) else None
            if command is None:
                return
            try:
                self._writer.do(
                    Submission(
                        org_id=org_id,
                        sort="ticket",
                        subject=stream,
                        command=command,
                        via=VIA,
                        expected_version=head.version,
                    )
                )
            except VersionMismatch:
                continue
            except (Refusal, StorageFailed) as failed:
                log.warning(
                    "a suggestion was not taken over",
                    action="triage_refused",
                    stream=stream,
                    reason=failed.code if isinstance(failed, Refusal) else "storage",
                )
            return


def entry_points_of(turn: ReadTurn, org_id: int) -> list[EntryPoint]:
    """The org's entry points, removed ones left out."""
    return [
        head.state
        for head in turn.heads_of_sort(org_id, "entry_point")
        if isinstance(head.state, EntryPoint) and head.state.removed_at is None
    ]


def _as_it_stands(turn: ReadTurn, org_id: int, found: Triage) -> Triage:
    """*found* without an assignee who is gone, or a severity that the org uses no more: that is no
    reason not to take a report."""
    names = () if found.assignee is None else (found.assignee,)
    streams = [stream_name(sort, name) for sort in ("member", "contributor") for name in names]
    heads = turn.heads(org_id, {*streams, POLICY_STREAM})
    policy = heads[POLICY_STREAM].state if POLICY_STREAM in heads else None
    here = [
        stream
        for stream in streams
        if stream in heads
        and isinstance(state := heads[stream].state, Record)
        and state.removed_at is None
    ]
    if not here:
        found = replace(found, assignee=None)
    if not isinstance(policy, Policy):
        policy = DEFAULT_POLICY
    if found.severity.rank > policy.severity_levels:
        found = replace(found, severity=DEFAULT_SEVERITY)
    return found


# -- what is changed, where it is still as it was opened ------------------------------------------


def _wording(found: Triage, better: Triage) -> _Wanted:
    opened = () if found.service is None else (found.service,)
    service = opened if better.service is None else (better.service,)

    def wanted(ticket: Ticket) -> Command | None:
        title = ticket.title == found.title != better.title
        description = ticket.description == found.description != better.description
        services = ticket.services == opened != service
        if not (title or description or services):
            return None
        return ChangeFields(
            title=better.title if title else NOT_GIVEN,
            description=better.description if description else NOT_GIVEN,
            services=service if services else NOT_GIVEN,
        )

    return wanted


def _moving(found: Triage, better: Triage) -> _Wanted:
    def wanted(ticket: Ticket) -> Command | None:
        if not ticket.severity is found.severity is not better.severity:
            return None
        return ChangeSeverity(severity=better.severity.value, reason=REASON)

    return wanted


def _giving(found: Triage, better: Triage) -> _Wanted:
    def wanted(ticket: Ticket) -> Command | None:
        has = None if ticket.assignee is None else ticket.assignee.id
        if not has == found.assignee != better.assignee:
            return None
        return Assign(assignee=better.assignee)

    return wanted
