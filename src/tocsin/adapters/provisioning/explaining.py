"""Why a device, link or interface is not active yet, on demand and in any process (API:
readiness)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tocsin.adapters.provisioning.registry import policy_of
from tocsin.adapters.provisioning.watching import NO_SOURCE, Sources, Watch, until_of
from tocsin.adapters.provisioning.writing import Notes
from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.errors import NotFound
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.courses import cuts
from tocsin.core.provisioning.coursing import Pieces, courses_of
from tocsin.core.provisioning.criteria import Silence
from tocsin.core.provisioning.following import begun, followed
from tocsin.core.provisioning.holding import Held
from tocsin.core.provisioning.judging import (
    Case,
    Counters,
    Known,
    device_cases,
    link_case,
    window_minutes,
)
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.readiness import Readiness, readiness
from tocsin.core.provisioning.since import History, dated
from tocsin.core.provisioning.telemetry import SourceSilent
from tocsin.core.provisioning.windows import Window, latest_window
from tocsin.core.records import Device, Link, Policy
from tocsin.projections.held import held_on, referring_to
from tocsin.projections.since import history_on
from tocsin.store.contract import ReadTurn, Store

LOOK_BACK_MINUTES: Final = 24 * 60
"""How far before the window it is found out since when a criterion answers as it does."""

SECONDS: Final = 10.0
"""How long an answer asks the sources for the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What the database tells of an asset, beside itself."""

    policy: Policy
    held: Held
    referred_to: tuple[str, ...]
    codes: Mapping[str, str]
    history: History


class Explainer:
    """Explains one asset from a question about its devices alone; many threads may ask at once.

    The *sources* should answer within a few seconds: somebody waits. *notes* are what ledgers did
    not take.
    """

    def __init__(
        self,
        *,
        store: Store,
        sources: Sources,
        notes: Notes | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._sources, self._timer = store, sources, timer
        self._notes = Notes() if notes is None else notes

    def explain(
        self,
        org_id: int,
        asset: Device | Link,
        *,
        at: datetime,
        interface: str | None = None,
    ) -> Readiness:
        """What is between *asset*, or one of its interfaces to users, and service.

        Raises:
            NotFound: it has no interface to users of that name.
            StorageFailed: the database is away.
        """
        with self._store.reading() as turn:
            around = _around(turn, org_id, asset, at=at, interface=interface)
        known, pieces = self._known(asset, around.policy, at=at, interface=interface)
        case = _case(asset, known, around, interface=interface)
        codes = around.codes if isinstance(asset, Link) else {asset.pubkey: asset.code}
        # An interface to users comes into service by our own record, whoever keeps its device.
        is_kept = interface is None and asset.on_ledger is not None
        found = readiness(
            case.subject,
            case.life,
            case.criteria,
            around.held,
            at=at,
            referred_to=around.referred_to if interface is None else (),
            courses=courses_of(
                asset, case.criteria, known, pieces, interface=interface, codes=codes
            ),
            kept=self._notes.kept(org_id, asset.pubkey) if is_kept else None,
        )
        return replace(found, criteria=dated(found.criteria, around.history, case.life, at=at))

    def _known(
        self, asset: Device | Link, policy: Policy, *, at: datetime, interface: str | None
    ) -> tuple[Known, Pieces | None]:
        """What the sources tell of the longest window that *asset* needs, and how the counters went
        in the window of what is explained."""
        lives = [asset.life]
        pubkeys = {asset.pubkey}
        if isinstance(asset, Link):
            pubkeys = {asset.side_a.device, asset.side_z.device}
        else:
            lives += [one.life for one in asset.interfaces if one.needs_evidence]
        # The look back is one stretch, so that what is summed up of the window begins with it.
        minutes = LOOK_BACK_MINUTES + max(window_minutes(policy, life) for life in lives)
        sources = Sources(latency=self._sources.latency)
        if isinstance(asset, Device):
            sources = Sources(agents=self._sources.agents, qa=self._sources.qa)
        watch = Watch(
            sources,
            only=frozenset(pubkeys),
            only_links=frozenset({asset.pubkey}),
            stretch_minutes=LOOK_BACK_MINUTES,
            seconds=SECONDS,
            timer=self._timer,
        )
        until, ends = until_of(at), self._timer() + SECONDS

        def over() -> bool:
            return self._timer() >= ends

        # Side by side: a source that takes its time keeps nobody waiting for the others.
        with ThreadPoolExecutor(4, thread_name_prefix="readiness") as asking:
            counted = asking.submit(
                self._counted,
                frozenset(pubkeys),
                until - minutes * MINUTE,
                latest_window(at=until, minutes=window_minutes(policy, _life(asset, interface))),
            )
            agents = asking.submit(watch.agents, until=until, minutes=minutes, over=over)
            qa = asking.submit(watch.qa, until=until, minutes=minutes, over=over)
            latency = asking.submit(watch.latency, until=until, minutes=minutes, over=over)
            config_agent, telemetry_agent = agents.result()
            counters, pieces = counted.result()
            known = Known(
                until=until,
                counters=counters,
                config_agent=config_agent,
                telemetry_agent=telemetry_agent,
                qa=qa.result(),
                since=until - minutes * MINUTE,
                latency=latency.result(),
            )
            return known, pieces

    def _counted(
        self, only: frozenset[str], start: datetime, window: Window
    ) -> tuple[Counters, Pieces | None]:
        """What interfaces counted from *start* until *window* ends, in parts of it; a part more or
        less changes nothing of what they came to."""
        source = self._sources.counters
        if source is None:
            return Silence(source="interface counters", why=NO_SOURCE), None
        earlier = (start,) if start < window.start else ()
        try:
            baseline = source.baseline(before=start, only=only)
            found = source.pieces((*earlier, *cuts(window)), only=only)
        except SourceSilent as silent:
            return Silence(source=silent.source, why=silent.why), None
        kept = begun(at=start, baseline=baseline)
        for part in found:
            kept = followed(kept, part, keep_minutes=(window.end - start) // MINUTE)
        parts = len(earlier)
        return kept, Pieces(before=(baseline, *found[:parts]), parts=found[parts:])


def _life(asset: Device | Link, interface: str | None) -> Life:
    """Whose window applies. An interface that is not there is refused when its case is sought."""
    if isinstance(asset, Device):
        for one in asset.interfaces:
            if one.name == interface:
                return one.life
    return asset.life


def _around(
    turn: ReadTurn, org_id: int, asset: Device | Link, *, at: datetime, interface: str | None
) -> _Around:
    codes, policy = {}, policy_of(turn, org_id)
    if isinstance(asset, Link):
        for side in (asset.side_a, asset.side_z):
            stream = turn.claimed_by(org_id, ASSET_PUBKEY, side.device)
            head = None if stream is None else turn.head(org_id, stream)
            if head is not None and isinstance(head.state, Device):
                codes[side.device] = head.state.code
    return _Around(
        policy=policy,
        held=held_on(turn, org_id, asset, at=at),
        referred_to=referring_to(turn, org_id, asset) if isinstance(asset, Device) else (),
        codes=codes,
        history=history_on(turn, org_id, asset, policy, interface=interface),
    )


def _case(asset: Device | Link, known: Known, around: _Around, *, interface: str | None) -> Case:
    if isinstance(asset, Link):
        if interface is not None:
            raise NotFound("a link has no interface to users")
        return link_case(asset, known, around.policy, codes=around.codes)
    for case in device_cases(asset, known, around.policy):
        if case.subject.interface == interface:
            return case
    raise NotFound(f"{asset.code} has no interface to users {(interface or '')[:64]!r}")
