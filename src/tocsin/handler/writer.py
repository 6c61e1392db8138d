"""The one thread that writes: collects what waits, decides it in one turn, commits, then answers.

A turn (Design: a turn of the writer): open the transaction; drop what others moved; read in one go
what the waiting commands name; decide each in turn; write with a few bulk statements; commit; only
then remember what was decided and resolve all futures, those of one event loop in a single call.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from tocsin.core.errors import Overloaded, Refusal
from tocsin.core.facts import Event
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.handler.deliberation import Deliberation
from tocsin.handler.memory import Memory
from tocsin.handler.submission import Outcome, Submission
from tocsin.store.contract import StorageFailed, Store, WriteTurn

log = structlog.get_logger(__name__)

QUEUE_LIMIT = 4_096
BATCH_LIMIT = 256
TURN_SECONDS: Final = 0.1
"""About so long a turn decides. What is left has the next one: whoever was decided first, and every
other process, waits no longer than that for what takes long."""

RETRY_AFTER_SECONDS = 1
FAILED_DUTY_PAUSE = 1.0
"""Seconds until a duty that met a failing storage is tried again."""

CONFIRM_SECONDS = 10.0
CONFIRM_PAUSE = 0.2
"""How long, and how often, to ask what became of a commit that was lost sight of."""

MOST_HEARD: Final = 20_000
"""How many things that neighbours say may wait."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""How much of what they sent may wait."""

HEARD_AT_ONCE: Final = 1_000
"""About so many things that neighbours say are heard in one turn."""

Done = Outcome | Accounted
Result = Done | BaseException


@dataclass(slots=True)
class _Waiting:
    submission: Submission | Arrival
    future: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None

    @property
    def weight(self) -> int:
        """How much work it is."""
        return self.submission.weight if isinstance(self.submission, Arrival) else 1

    @property
    def size(self) -> int:
        """How much of a payload it holds, in bytes."""
        return len(self.submission.payload) if isinstance(self.submission, Arrival) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnReport:
    """What one turn did, for the metrics: how many commands, refusals, events, and seconds it
    took."""

    commands: int
    refused: int
    events: int
    seconds: float


Duty = Callable[[], float | None]
"""A bounded slice of background work on the writer's thread.

It says in how many seconds it wants to be called again, 0 for at once; None when it has nothing to
do until something is written, or somebody nudges.
"""


class Writer:
    """The only writer of a store.

    ``clock`` says what time it is, ``entropy`` gives 62 random bits, ``seal`` seals secrets,
    ``duties`` run between turns, one slice of each. ``on_commit`` is told of the events of each
    committed batch, ``on_turn`` of what each turn did. ``timer`` counts the seconds of a turn.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Callable[[], datetime],
        entropy: Callable[[], int],
        seal: Callable[[bytes], bytes],
        duties: Sequence[Duty] = (),
        on_commit: Callable[[Sequence[Event]], None] = lambda events: None,
        on_turn: Callable[[TurnReport], None] = lambda report: None,
        queue_limit: int = QUEUE_LIMIT,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._seal = seal
        self._duties = list(duties)
        self._on_commit = on_commit
        self._on_turn = on_turn
        self._queue_limit = queue_limit
        self._timer = timer
        self._queue: deque[_Waiting] = deque()
        self._heard = 0
        self._bytes = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._nudged = False
        self._memory = Memory()
        self._position = 0
        self._last_recorded_at: datetime | None = None
        self._fresh = True
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    # -- for receivers ---------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many submissions wait."""
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether the queue takes no more: answer 503 before reading a body."""
        return (
            len(self._queue) >= self._queue_limit
            or self._heard >= MOST_HEARD
            or self._bytes >= MOST_BYTES
        )

    @property
    def running(self) -> bool:
        """Whether turns are taken."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin taking turns."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def submit(
        self, submission: Submission, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Outcome]:
        """Hand in a command from an event loop; the future resolves once it is on disk, or refused.

        Raises:
            Overloaded: too much is waiting.
        """
        future: asyncio.Future[Outcome] = loop.create_future()
        self._enqueue(_Waiting(submission, future, loop))
        return future

    def take(self, arrival: Arrival, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Accounted]:
        """Hand in a neighbour's payload from an event loop; the future resolves once it is on disk
        with its verdicts, or refused.

        Raises:
            Overloaded: too much is waiting.
        """
        future: asyncio.Future[Accounted] = loop.create_future()
        self._enqueue(_Waiting(arrival, future, loop))
        return future

    def account(self, arrival: Arrival) -> Accounted:
        """Hand in a neighbour's payload and wait for what becomes of it.

        Raises:
            Refusal: who sent it may not.
            StorageFailed: it could not be stored; it did not happen.
        """
        future: Future[Accounted] = Future()
        self._enqueue(_Waiting(arrival, future, None))
        return future.result()

    def do(self, submission: Submission) -> Outcome:
        """Hand in a command and wait for what becomes of it.

        Raises:
            Refusal: it was refused.
            StorageFailed: it could not be stored; it did not happen.
        """
        future: Future[Outcome] = Future()
        self._enqueue(_Waiting(submission, future, None))
        return future.result()

    def do_all(self, submissions: Sequence[Submission]) -> list[Result]:
        """Hand in many at once, for as few turns as they fit in; each one's outcome or refusal, in
        their order."""
        futures: list[Future[Outcome]] = []
        with self._wake:
            for submission in submissions:
                future: Future[Outcome] = Future()
                self._enqueue(_Waiting(submission, future, None))
                futures.append(future)
        return [one.exception() or one.result() for one in futures]

    def nudge(self) -> None:
        """Wake the writer, so that its duties look at what there is to do."""
        with self._wake:
            self._nudged = True
            self._wake.notify()

    def _enqueue(self, waiting: _Waiting) -> None:
        with self._wake:
            if self._stopping:
                raise Overloaded("the server is stopping; try the next one", retry_after=1)
            if self.full:
                raise Overloaded(
                    "too much is waiting to be written; the same request will do in a moment",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            self._queue.append(waiting)
            self._heard += waiting.weight - 1
            self._bytes += waiting.size
            if len(self._queue) == 1:
                self._wake.notify()

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        pause: float | None = 0.0
        while True:
            with self._wake:
                self._wake.wait_for(
                    lambda: self._queue or self._stopping or self._nudged, timeout=pause
                )
                self._nudged = False
                if not self._queue and self._stopping:
                    return
                asked = bool(self._queue)
            if asked:
                self._take_turn([])
            pause = self._tend()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        weight = 0
        with self._wake:
            while self._queue and len(batch) < BATCH_LIMIT and weight < HEARD_AT_ONCE:
                one = self._queue.popleft()
                batch.append(one)
                weight += one.weight
                self._heard -= one.weight - 1
                self._bytes -= one.size
        return batch

    def _put_back(self, batch: list[_Waiting], begin: int) -> None:
        """Have what stands in *batch* from *begin* on wait again, before everybody else."""
        with self._wake:
            for one in reversed(batch[begin:]):
                self._queue.appendleft(one)
                self._heard += one.weight - 1
                self._bytes += one.size
        del batch[begin:]

    def _tend(self) -> float | None:
        """A slice of each duty; in how many seconds the first of them wants to be called again."""
        pauses: list[float] = []
        for duty in self._duties:
            try:
                wish = duty()
            except StorageFailed as failed:
                log.error("duty failed", action="duty_failed", reason=failed.reason)
                wish = FAILED_DUTY_PAUSE
            except BaseException as wrong:
                # An error in the code of a duty is no reason to take in no more facts.
                log.error("duty broken", action="duty_broken", exc_info=wrong)
                wish = FAILED_DUTY_PAUSE
            if wish is not None:
                pauses.append(wish)
        return min(pauses, default=None)

    def _take_turn(self, batch: list[_Waiting]) -> None:
        """A turn for *batch*; for an empty one, which is filled with what waits once the turn has
        begun: while another process has its turn, ours grows."""
        started = time.perf_counter()
        results: list[tuple[_Waiting, Result]]
        try:
            results, events = self._turn(batch)
        except StorageFailed as failed:
            self._start_over()
            log.error("turn failed", action="turn_failed", reason=failed.reason)
            # Who came meanwhile would only wait for the same: let them try another server at once.
            results, events = [(one, failed) for one in (*batch, *self._rest())], ()
        except BaseException as wrong:
            # Not the storage: some command met an error in the code. Alone, each shows its own.
            self._start_over()
            if len(batch) > 1:
                log.error("batch failed, retrying one by one", action="batch_retried")
                for one in batch:
                    self._take_turn([one])
                return
            log.error("command failed", action="command_failed", exc_info=wrong)
            results, events = [(one, wrong) for one in batch or self._rest()], ()
        self._resolve(results)
        if events:
            self._on_commit(events)
        self._on_turn(
            TurnReport(
                commands=len(batch),
                refused=sum(isinstance(result, Refusal) for _, result in results),
                events=len(events),
                seconds=time.perf_counter() - started,
            )
        )

    def _rest(self) -> list[_Waiting]:
        """Everything that waits; it waits no more."""
        with self._wake:
            rest = list(self._queue)
            self._queue.clear()
            self._heard = self._bytes = 0
        return rest

    def _start_over(self) -> None:
        self._memory.forget()
        self._fresh = True

    def _turn(
        self, waiting: list[_Waiting]
    ) -> tuple[list[tuple[_Waiting, Result]], Sequence[Event]]:
        lost: StorageFailed | None = None
        with self._store.writing() as turn:
            if not waiting:
                waiting += self._next_batch()
            if self._fresh:
                self._memory.forget()
                self._position = turn.last_position()
                self._last_recorded_at = turn.last_recorded_at()
                self._fresh = False
            else:
                moved = turn.moved_since(self._position)
                if moved:
                    self._memory.refresh(turn, moved)
                    self._position = turn.last_position()
                    self._last_recorded_at = turn.last_recorded_at()
            deliberation = Deliberation(
                turn=turn,
                memory=self._memory,
                now=self._clock(),
                last_recorded_at=self._last_recorded_at,
                position=self._position,
                entropy=self._entropy,
                seal=self._seal,
            )
            deliberation.prepare(
                [one.submission for one in waiting if isinstance(one.submission, Submission)]
            )
            arrivals = [one.submission for one in waiting if isinstance(one.submission, Arrival)]
            if arrivals:
                deliberation.listen(arrivals)
            results: list[tuple[_Waiting, Result]] = []
            until = self._timer() + TURN_SECONDS
            for one in waiting:
                if results and self._timer() >= until:
                    self._put_back(waiting, len(results))
                    break
                try:
                    if isinstance(one.submission, Arrival):
                        results.append((one, deliberation.take(one.submission)))
                    else:
                        results.append((one, deliberation.decide(one.submission)))
                except Refusal as refusal:
                    results.append((one, refusal))
            deliberation.finish()
            batch = deliberation.batch
            if batch.events or batch.receipts or batch.inbox or batch.signals or batch.repeats:
                turn.write(batch)
                lost = _committed(turn)
        if lost is not None and not self._confirmed(batch.batch_id):
            raise lost
        if batch.events:
            self._position = deliberation.position
            self._last_recorded_at = deliberation.last_recorded_at
            self._memory.keep(change.head for change in batch.heads.values())
        return results, batch.events

    def _confirmed(self, batch_id: str) -> bool:
        """Whether a commit that was lost sight of is in the log: found out before anybody is
        answered, and before anything is decided again.

        False also when nobody could say within a while. What turns out to be there after all is
        what the same request with its Idempotency-Key is answered with.
        """
        until = time.monotonic() + CONFIRM_SECONDS
        while True:
            try:
                with self._store.writing() as turn:
                    found = turn.confirm(batch_id)
                    turn.commit()
            except StorageFailed as failed:
                log.warning("cannot confirm yet", action="commit_lost", reason=failed.reason)
                if time.monotonic() >= until or self._stopping:
                    return False
                with self._wake:
                    self._wake.wait_for(lambda: self._stopping, timeout=CONFIRM_PAUSE)
            else:
                log.info("a lost commit was settled", action="commit_settled", found=found)
                return found

    @staticmethod
    def _resolve(results: Sequence[tuple[_Waiting, Result]]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Result]]] = {}
        for waiting, result in results:
            if waiting.loop is None:
                if isinstance(result, BaseException):
                    waiting.future.set_exception(result)
                else:
                    waiting.future.set_result(result)
            else:
                assert isinstance(waiting.future, asyncio.Future)
                by_loop.setdefault(waiting.loop, []).append((waiting.future, result))
        for loop, settled in by_loop.items():
            loop.call_soon_threadsafe(_settle, settled)


def _committed(turn: WriteTurn) -> StorageFailed | None:
    """Commit; None, or the failure that leaves open whether it was done.

    Raises:
        StorageFailed: it was not done.
    """
    try:
        turn.commit()
    except StorageFailed as failed:
        if not failed.uncertain:
            raise
        log.warning("a commit was lost sight of", action="commit_lost", reason=failed.reason)
        return failed
    return None


def _settle(settled: Sequence[tuple[asyncio.Future[Any], Result]]) -> None:
    for future, result in settled:
        if future.done():
            continue  # the client went away; what was decided stays decided
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
