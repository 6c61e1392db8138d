"""Why a device, link or interface is not active yet, on demand and in any process (API:
readiness)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.adapters.provisioning.registry import policy_of
from tocsin.adapters.provisioning.watching import Sources, Watch, until_of
from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.errors import NotFound
from tocsin.core.provisioning.holding import Held
from tocsin.core.provisioning.judging import (
    Case,
    Known,
    device_cases,
    link_case,
    window_minutes,
)
from tocsin.core.provisioning.readiness import Readiness, readiness
from tocsin.core.records import Device, Link, Policy
from tocsin.projections.held import held_on, referring_to
from tocsin.store.contract import ReadTurn, Store

SECONDS: Final = 10.0
"""How long an answer asks the sources for the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What the database tells of an asset, beside itself."""

    policy: Policy
    held: Held
    referred_to: tuple[str, ...]
    codes: Mapping[str, str]


class Explainer:
    """Explains one asset from a question about its devices alone; many threads may ask at once.

    The *sources* should answer within a few seconds: somebody waits.
    """

    def __init__(
        self, *, store: Store, sources: Sources, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._sources, self._timer = store, sources, timer

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
            around = _around(turn, org_id, asset, at=at)
        known = self._known(asset, around.policy, at=at)
        case = _case(asset, known, around, interface=interface)
        return readiness(
            case.subject,
            case.life,
            case.criteria,
            around.held,
            at=at,
            referred_to=around.referred_to if interface is None else (),
        )

    def _known(self, asset: Device | Link, policy: Policy, *, at: datetime) -> Known:
        lives = [asset.life]
        pubkeys = {asset.pubkey}
        if isinstance(asset, Link):
            pubkeys = {asset.side_a.device, asset.side_z.device}
        else:
            lives += [one.life for one in asset.interfaces if one.needs_evidence]
        minutes = max(window_minutes(policy, life) for life in lives)
        sources = self._sources
        if isinstance(asset, Link):
            sources = Sources(counters=sources.counters)
        watch = Watch(
            sources,
            only=frozenset(pubkeys),
            stretch_minutes=24 * 60,
            seconds=SECONDS,
            timer=self._timer,
        )
        until, ends = until_of(at), self._timer() + SECONDS

        def over() -> bool:
            return self._timer() >= ends

        # Side by side: a source that takes its time keeps nobody waiting for the others.
        with ThreadPoolExecutor(3, thread_name_prefix="readiness") as asking:
            counters = asking.submit(watch.counters, until=until, minutes=minutes, over=over)
            agents = asking.submit(watch.agents, until=until, minutes=minutes, over=over)
            qa = asking.submit(watch.qa, until=until, minutes=minutes, over=over)
            config_agent, telemetry_agent = agents.result()
            return Known(
                until=until,
                counters=counters.result(),
                config_agent=config_agent,
                telemetry_agent=telemetry_agent,
                qa=qa.result(),
            )


def _around(turn: ReadTurn, org_id: int, asset: Device | Link, *, at: datetime) -> _Around:
    codes = {}
    if isinstance(asset, Link):
        for side in (asset.side_a, asset.side_z):
            stream = turn.claimed_by(org_id, ASSET_PUBKEY, side.device)
            head = None if stream is None else turn.head(org_id, stream)
            if head is not None and isinstance(head.state, Device):
                codes[side.device] = head.state.code
    return _Around(
        policy=policy_of(turn, org_id),
        held=held_on(turn, org_id, asset, at=at),
        referred_to=referring_to(turn, org_id, asset) if isinstance(asset, Device) else (),
        codes=codes,
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
