"""Latency samples of all links, read from the accounts of the telemetry program (Provisioning:
sources, latency samples).

A day of all samples is hundreds of megabytes. So the headers are looked at first, in one request
for each epoch, and then only samples that have not been seen yet are read, many accounts in a
request, piece by piece; of what is read a few figures are kept. How far each account was read is
remembered, and a round that is over goes on in the next one.

An account does not say when each sample was taken, only when the first one was, and how far apart
they are meant to be. Where an agent paused, its samples seem older than they are: what came since
the last look is not taken for older than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from statistics import median_high
from typing import Final

import structlog

from tocsin.adapters.doublezero.accounts import Other
from tocsin.adapters.doublezero.rpc import MOST_ACCOUNTS, Away, Declined, Rpc
from tocsin.adapters.doublezero.samples import (
    COUNTED,
    DEVICE_LATENCY,
    EPOCH_AT,
    LINK_AT,
    SamplesHeader,
    header,
    lost_among,
    piece_of,
)
from tocsin.core.provisioning.counters import microseconds
from tocsin.core.provisioning.latency import Measured, Sampled, forgotten, sampled
from tocsin.core.provisioning.ledger import Unreadable
from tocsin.core.provisioning.telemetry import Origin, SourceSilent
from tocsin.core.provisioning.windows import Window
from tocsin.core.pubkeys import decode, parse_pubkey

log = structlog.get_logger(__name__)

NAME: Final = "the ledger"
AT_ONCE: Final = 2
"""Requests under way at a time: many nodes are shared, and count them."""

SAMPLES_AT_ONCE: Final = 100 * 4_096
"""In one request, of all its accounts together: 1.6 MB."""

SPREAD: Final = 64
"""Samples by which accounts may be apart and still be asked for together."""

MOST_EPOCHS: Final = 20
"""Two days each: what a window of a month reaches into."""

_MINUTE: Final = 60_000_000
EARLY: Final = 30 * _MINUTE
"""Agents do not all begin an epoch at once."""

MOST_NAMED: Final = 100
"""Accounts that cannot be read and are named in the log; the others are not."""

LATE: Final = 60 * _MINUTE
"""How long after an epoch has ended samples may still come to its accounts."""

BATCH: Final = 15 * _MINUTE
"""How long agents may gather samples before they write them."""


@dataclass(slots=True)
class _Account:
    """One account: what it samples, and what was read of it. ``count`` samples are there, those
    with numbers below ``read_to`` were read, and the next was taken at ``next_at``; ``whole_at`` is
    when all that was there had been read."""

    pubkey: str
    link: str
    started_at: int
    count: int
    read_to: int
    next_at: int
    sampled: Sampled
    whole_at: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.read_to >= self.count


@dataclass(slots=True)
class _Epoch:
    """The accounts of one epoch, by pubkey; a settled one is not asked about again."""

    accounts: dict[str, _Account] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    settled: bool = False

    @property
    def began(self) -> int | None:
        """When most of its accounts had begun; one that is dated wrongly says nothing."""
        return median_high(self.starts) if self.starts else None


@dataclass(frozen=True, slots=True)
class _Request:
    """The samples with numbers from ``first`` to before ``last``, of these accounts."""

    first: int
    last: int
    accounts: tuple[_Account, ...]


class LedgerLatency:
    """The :class:`~tocsin.core.provisioning.latency.LatencySource` of a telemetry *program*.

    Raises:
        NotAPubkey: *program* is none.
    """

    def __init__(self, rpc: Rpc, *, program: str) -> None:
        self._rpc, self._program = rpc, parse_pubkey(program)

    def samples(self, *, links: frozenset[str] | None = None) -> LedgerSamples:
        """Somebody who reads those of all links, or of these few."""
        return LedgerSamples(self._rpc, program=self._program, links=links)


class LedgerSamples:
    """Reads the samples, and remembers how far it has come; for one thread."""

    def __init__(self, rpc: Rpc, *, program: str, links: frozenset[str] | None) -> None:
        self._rpc, self._program, self._links = rpc, program, links
        self._epochs: dict[int, _Epoch] = {}
        self._since: int | None = None
        self._latest: tuple[int, int] | None = None
        self._unreadable: set[str] = set()

    def read(self, window: Window, *, over: Callable[[], bool]) -> Measured:
        """What there is about *window*; once the time is *over*, as much as has been read.

        Raises:
            SourceSilent: there is no answer, or none that can be read. What was read is kept.
        """
        start, end = microseconds(window.start), microseconds(window.end)
        if self._since is None or start < self._since:
            # What is kept does not reach back so far.
            self._epochs, self._since, self._latest = {}, start, None
        try:
            is_surveyed = self._survey(start, end, over)
            self._catch_up(start, end, over)
        except Away as away:
            raise SourceSilent(NAME, away.reason) from None
        except Declined as declined:
            raise SourceSilent(NAME, str(declined)) from None
        return self._measured(window if is_surveyed else Window(start=window.end, end=window.end))

    def _measured(self, window: Window) -> Measured:
        links: dict[str, list[Sampled]] = {}
        unread = set()
        for number in sorted(self._epochs):
            for one in self._epochs[number].accounts.values():
                links.setdefault(one.link, []).append(one.sampled)
                if not one.is_whole:
                    unread.add(one.link)
        epochs = f"{min(self._epochs, default=0)} to {max(self._epochs, default=0)}"
        return Measured(
            window=window,
            origin=Origin(
                source=NAME,
                query=f"samples in accounts of {self._program}, epochs {epochs}",
            ),
            links={link: tuple(found) for link, found in links.items()},
            unread=frozenset(unread),
        )

    # -- what there is -----------------------------------------------------------------------------

    def _survey(self, start: int, end: int, over: Callable[[], bool]) -> bool:
        """Look at the headers of all epochs that reach into the window; whether that was done."""
        latest = self._rpc.epoch()
        if self._latest is None or self._latest[0] != latest:
            self._latest = latest, end
        wanted: dict[int, _Epoch] = {}
        number, empty = latest, 0
        while number >= 0 and len(wanted) < MOST_EPOCHS:
            epoch = wanted[number] = self._epochs.setdefault(number, _Epoch())
            if not epoch.settled:
                if over():
                    return False
                self._look(number, epoch, start=start, end=end)
            began = epoch.began
            empty = empty + 1 if began is None else 0
            # One may just have begun; two without a sample are the end of what there is.
            if empty == 2 or (began is not None and began <= start - EARLY):
                break
            number -= 1
        self._epochs = wanted
        return True

    def _look(self, number: int, epoch: _Epoch, *, start: int, end: int) -> None:
        wanted = {EPOCH_AT: number.to_bytes(8, "little")}
        places = (
            [wanted]
            if self._links is None
            else [wanted | {LINK_AT: decode(link)} for link in sorted(self._links)]
        )
        starts: list[int] = []
        for holding in places:
            for pubkey, data in self._rpc.program_accounts(
                self._program, account_type=DEVICE_LATENCY, holding=holding, piece=(0, COUNTED)
            ):
                match header(data, pubkey):
                    case SamplesHeader() as found:
                        if found.count:
                            starts.append(found.started_at)
                            known = epoch.accounts.get(pubkey)
                            epoch.accounts[pubkey] = _seen(known, found, start=start, end=end)
                    case Unreadable() as unreadable:
                        self._name(unreadable)
                    case Other():
                        pass
        epoch.starts = starts

    def _name(self, unreadable: Unreadable) -> None:
        """Say of an account that cannot be read that it is left alone, once."""
        if unreadable.pubkey not in self._unreadable and len(self._unreadable) < MOST_NAMED:
            self._unreadable.add(unreadable.pubkey)
            log.warning(
                "an account of latency samples cannot be read",
                action="account_unreadable",
                account=unreadable.pubkey,
                reason=unreadable.why,
                unreadable=len(self._unreadable),
            )

    # -- what is in it -----------------------------------------------------------------------------

    def _catch_up(self, start: int, end: int, over: Callable[[], bool]) -> None:
        """Read what is there and has not been read, until it is *over*."""
        left = [
            one
            for epoch in self._epochs.values()
            for one in epoch.accounts.values()
            if not one.is_whole
        ]
        while left and not over():
            before = [one.read_to for one in left]
            requests = _requests(left)
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="latency") as asking:
                # The node has always something to do while an answer is read.
                asked = deque(
                    (one, asking.submit(self._ask, one)) for one in islice(requests, AT_ONCE)
                )
                try:
                    while asked:
                        request, answer = asked.popleft()
                        data = answer.result()
                        if not over():
                            asked.extend(
                                (one, asking.submit(self._ask, one)) for one in islice(requests, 1)
                            )
                        for account in request.accounts:
                            _take(account, request, data.get(account.pubkey, b""), start)
                finally:
                    for _, answer in asked:
                        answer.cancel()
            # What a node does not give now it may give in the next round.
            left = [
                one
                for one, read_to in zip(left, before, strict=True)
                if one.read_to > read_to and not one.is_whole
            ]
        for number, epoch in self._epochs.items():
            for one in epoch.accounts.values():
                one.whole_at = end if one.is_whole else None
            assert self._latest is not None
            latest, since = self._latest
            epoch.settled = (
                number < latest
                and end - since >= LATE
                and all(one.is_whole for one in epoch.accounts.values())
            )

    def _ask(self, request: _Request) -> dict[str, bytes]:
        """The bytes of the samples that *request* is about, as far as they are there."""
        pubkeys = [one.pubkey for one in request.accounts]
        found = self._rpc.accounts(pubkeys, piece=piece_of(request.first, request.last))
        return {pubkey: data for pubkey, (owner, data) in found.items() if owner == self._program}


def _seen(known: _Account | None, found: SamplesHeader, *, start: int, end: int) -> _Account:
    """The account whose header was *found*; new, it is read from *start* on, or its last sample."""
    if known is None or known.started_at != found.started_at:
        first = max(0, (start - found.started_at) // found.interval)
        first = min(first, found.count - 1)
        return _Account(
            pubkey=found.pubkey,
            link=found.link,
            started_at=found.started_at,
            count=found.count,
            read_to=first,
            next_at=found.started_at + first * found.interval,
            sampled=Sampled(
                from_device=found.from_device,
                to_device=found.to_device,
                interval=found.interval,
            ),
        )
    # A node that is behind another one knows of fewer.
    if found.count > known.count:
        known.count = found.count
        ends = known.next_at + (known.count - known.read_to) * found.interval
        if known.whole_at is not None and ends + BATCH < known.whole_at:
            # None of them was there at the last look: the agent paused, and they are of now.
            known.next_at += end - ends
    return known


def _requests(left: Sequence[_Account]) -> Iterator[_Request]:
    """What to ask for, once for each account that is *left*: those that were read about as far go
    together, and none is asked for much that it does not need."""
    waiting = deque(sorted(left, key=lambda one: one.read_to))
    longest = SAMPLES_AT_ONCE // min(len(left), MOST_ACCOUNTS)
    while waiting:
        first = waiting[0].read_to
        spread = min(max(SPREAD, waiting[0].count - first), longest // 2)
        chosen: list[_Account] = []
        while waiting and len(chosen) < MOST_ACCOUNTS and waiting[0].read_to - first <= spread:
            chosen.append(waiting.popleft())
        last = min(first + longest, max(one.count for one in chosen))
        yield _Request(first, last, tuple(chosen))


def _take(account: _Account, request: _Request, data: bytes, start: int) -> None:
    """Fold what came of *account*; of what was before *start* nothing is kept."""
    there, lost = lost_among(
        data,
        first=account.read_to - request.first,
        last=min(account.count, request.last) - request.first,
    )
    if there:
        told = sampled(account.sampled, at=account.next_at, count=there, lost=lost)
        account.sampled = forgotten(told, before=start)
        account.read_to += there
        account.next_at += there * told.interval
