"""Waivers: a criterion need not be met until an instant, for a reason; and is demanded again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tocsin.core.errors import Forbidden
from tocsin.core.facts import stream_name
from tocsin.core.provisioning.commands import Demand, Waive
from tocsin.core.provisioning.device_criteria import DEVICE_CRITERIA, INTERFACE_CRITERIA
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.link_criteria import LINK_CRITERIA
from tocsin.core.record_permissions import permit_life
from tocsin.core.records import Link, Member
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.addresses import NETWORK
from tocsin.web.dashboard.forms import Choice, Field, Kind, body
from tocsin.web.dashboard.network.reading import (
    DEVICES,
    LINKS,
    Asset,
    Sort,
    existing,
    life_at,
)
from tocsin.web.dashboard.network.words import criterion_words
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import Filled, FormAt, Page, Sent, Told, Visit, Wish

_NEVER: Final = ("record", "desired")
"""What the machine itself goes by is changed in the record."""

_CRITERION: Final = Field(name="criterion", label="Criterion", kind=Kind.CHOICE, required=True)
_FIELDS: Final = (
    _CRITERION,
    Field(
        name="reason",
        label="Why",
        required=True,
        longest=1_000,
        hint="Such as: standby, carries no traffic. Readiness shows it to everybody here.",
    ),
    Field(
        name="until",
        label="Until, in UTC",
        kind=Kind.INSTANT,
        required=True,
        hint="It has to be met again from then on. A year ahead at most.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A waiver as it is shown: ``key`` is what the API calls its criterion, ``by`` a name."""

    key: str
    criterion: str
    reason: str
    until: datetime
    by: str
    over: bool


def waivers(visit: Visit, life: Life) -> tuple[Waived, ...]:
    """The waivers of *life*, those that are over too."""
    turn, org_id = visit.turn, visit.admitted.org_id
    return tuple(
        Waived(
            key=one.criterion,
            criterion=criterion_words(one.criterion),
            reason=one.reason,
            until=one.until,
            by=_name(turn, org_id, one.by),
            over=visit.at >= one.until,
        )
        for one in life.waivers
    )


def _name(turn: ReadTurn, org_id: int, member_id: str) -> str:
    head = turn.head(org_id, stream_name("member", member_id))
    return head.state.name if head is not None and isinstance(head.state, Member) else member_id


def may_waive(visit: Visit, asset: Asset) -> bool:
    """Whether who looks may waive anything of *asset*."""
    try:
        permit_life(Demand(criterion=""), asset, visit.admitted.access)
    except Forbidden:
        return False
    return True


def _criteria(asset: Asset, interface: str | None) -> tuple[Choice, ...]:
    names: tuple[str, ...] = LINK_CRITERIA if isinstance(asset, Link) else DEVICE_CRITERIA
    if interface is not None:
        names = INTERFACE_CRITERIA
    return tuple(Choice(value=one, text=criterion_words(one)) for one in names if one not in _NEVER)


def _path(sent: Sent, sort: Sort) -> str:
    return f"/{sort.path}/{quote(sent.path['name'], safe=':')}/waivers"


def _with_interface(sent: Sent, said: dict[str, Any]) -> dict[str, Any]:
    interface = sent.one("interface")
    return {**said, "interface": interface} if interface else said


def waive_form(sort: Sort) -> FormAt:
    """The form that waives a criterion of a device, link or interface."""

    def wish(sent: Sent) -> Wish:
        said = body(_FIELDS, sent.typed)
        # What is required is named by its being empty, not by its absence.
        for name in ("criterion", "reason"):
            said.setdefault(name, "")
        return Wish(
            method="POST", path=_path(sent, sort), body=_with_interface(sent, said), once=sent.once
        )

    def show(visit: Visit, filled: Filled) -> Page:
        asset, interface = _asked(visit, sort, filled)
        choices = _criteria(asset, interface)
        permit_life(
            Waive(criterion="", reason="", until=visit.at, interface=interface),
            asset,
            visit.admitted.access,
        )
        return page(
            visit,
            "network/waive.html",
            filled=filled,
            sort=sort,
            asset=asset,
            interface=interface,
            fields=(replace(_CRITERION, choices=choices), *_FIELDS[1:]),
            begin={"criterion": visit.fields.get("criterion", ())},
            home=sort.address(asset.code, interface),
            action=f"{sort.address(asset.code)}/waive",
        )

    return FormAt(
        path=f"{NETWORK}/{sort.path}/{{name}}/waive",
        wish=wish,
        show=show,
        done=lambda sent, told: _after(sort, sent, told, done="waive"),
    )


def demand_form(sort: Sort) -> FormAt:
    """The form that ends a waiver before its time."""

    def wish(sent: Sent) -> Wish:
        said = {"criterion": sent.one("criterion")}
        return Wish(
            method="POST",
            path=f"{_path(sent, sort)}/end",
            body=_with_interface(sent, said),
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        asset, interface = _asked(visit, sort, filled)
        criterion = filled.one("criterion", visit.one("criterion"))
        permit_life(Demand(criterion=criterion, interface=interface), asset, visit.admitted.access)
        return page(
            visit,
            "network/demand.html",
            filled=filled,
            asset=asset,
            interface=interface,
            criterion=criterion,
            named=criterion_words(criterion),
            home=sort.address(asset.code, interface),
            action=f"{sort.address(asset.code)}/demand",
        )

    return FormAt(
        path=f"{NETWORK}/{sort.path}/{{name}}/demand",
        wish=wish,
        show=show,
        done=lambda sent, told: _after(sort, sent, told, done="demand"),
    )


def _asked(visit: Visit, sort: Sort, filled: Filled) -> tuple[Asset, str | None]:
    """What the form is about.

    Raises:
        NotFound: it, or its interface, is not there.
    """
    asset = existing(visit, sort)
    interface = filled.one("interface", visit.one("interface")) or None
    life_at(asset, interface)
    return asset, interface


def _after(sort: Sort, sent: Sent, told: Told, *, done: str) -> str:
    return sort.address(str(told.body["code"]), sent.one("interface") or None, done=done)


FORMS: Final = tuple(
    made for sort in (DEVICES, LINKS) for made in (waive_form(sort), demand_form(sort))
)
DONE: Final = {"waive": "It is waived.", "demand": "It has to be met again."}
