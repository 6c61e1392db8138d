"""Every page and form of the room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from tocsin.core.errors import Forbidden
from tocsin.core.provisioning.assets import Interface
from tocsin.core.provisioning.commands import AcceptLink, DefineInterface, LifeCommand
from tocsin.core.provisioning.commands import Wish as LifeWish
from tocsin.core.provisioning.words import DesiredStatus, InterfaceKind, InterfaceRole
from tocsin.core.record_permissions import permit_life
from tocsin.core.records import Device, Link, Side
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import ReadNames, RecordNames
from tocsin.web.dashboard.addresses import ADMINISTRATION, NETWORK
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.network import focus, waiving
from tocsin.web.dashboard.network.checklist import checklist
from tocsin.web.dashboard.network.history import happened
from tocsin.web.dashboard.network.map import at_metro, pictures, placed, planned
from tocsin.web.dashboard.network.reading import (
    DEVICES,
    LINKS,
    Asset,
    Sort,
    every,
    existing,
    life_at,
    listed,
    place,
    places_of,
    require_reader,
    tickets_on,
)
from tocsin.web.dashboard.network.waiving import may_waive, waivers
from tocsin.web.dashboard.network.words import (
    health_mark,
    ledger_words,
    status_mark,
    wanted_words,
)
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import (
    Fields,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Told,
    Visit,
    Wish,
)
from tocsin.web.dashboard.words import bandwidth_words, milliseconds_words

LONGEST_WORDS: Final = 64
_REASON: Final = Field(
    name="reason", label="Why", longest=1_000, hint="It stays in the log, for everybody here."
)
_TO: Final = Field(
    name="to",
    label="How",
    kind=Kind.CHOICE,
    choices=(
        Choice(value="soft_drained", text="Soft: it takes no new traffic"),
        Choice(value="hard_drained", text="Hard: it carries nothing at all"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that can be done with the life of a device or link. ``command`` is what is asked of
    the permissions, ``sense`` whether it makes any as things stand."""

    verb: str
    button: str
    question: str
    explained: str
    done: str
    fields: tuple[Field, ...]
    sorts: tuple[Sort, ...]
    command: LifeCommand
    sense: Callable[[Asset], bool]


DEEDS: Final = (
    Deed(
        verb="drain",
        button="Drain",
        question="Drain {}?",
        explained="The wish is set, and its status follows within moments, whatever its health; it"
        " stays so until it is wanted back.",
        done="It is wanted drained; its status follows within moments.",
        fields=(_TO, _REASON),
        sorts=(DEVICES, LINKS),
        command=LifeWish(desired=DesiredStatus.HARD_DRAINED.value),
        sense=lambda one: one.life.desired is not DesiredStatus.DELETED,
    ),
    Deed(
        verb="undrain",
        button="Want it in service",
        question="Want {} in service?",
        explained="It is activated once it is healthy and no ticket is in the way.",
        done="It is wanted in service.",
        fields=(_REASON,),
        sorts=(DEVICES, LINKS),
        command=LifeWish(desired=DesiredStatus.ACTIVATED.value),
        sense=lambda one: one.life.desired is not DesiredStatus.ACTIVATED,
    ),
    Deed(
        verb="accept",
        button="Accept",
        question="Accept {}, as its Z side?",
        explained="Your device carries one end of it from then on.",
        done="It is accepted.",
        fields=(),
        sorts=(LINKS,),
        command=AcceptLink(),
        sense=lambda one: not one.life.accepted,
    ),
)


_DONE: Final = {**{one.verb: one.done for one in DEEDS}, **waiving.DONE}


# -- looking ---------------------------------------------------------------------------------------


def network_page(visit: Visit) -> Page:
    """Devices and links, what needs a look first."""
    for sort in (DEVICES, LINKS):
        require_reader(visit, sort.sort)
    words = visit.one("q").strip()[:LONGEST_WORDS]
    boxes = [one for one in every(visit, DEVICES) if isinstance(one, Device)]
    lines = [one for one in every(visit, LINKS) if isinstance(one, Link)]
    places = places_of(visit, boxes)
    part = focus.part_of(visit, boxes, lines, places)
    plan = planned(part.around, part.links, places)
    return page(
        visit,
        "network/overview.html",
        words_sought=words,
        part=part,
        contributors=focus.contributors(visit, (*boxes, *lines)),
        metros=focus.metros(boxes, places),
        plan=plan,
        map=pictures(plan),
        parts_of=[
            listed(visit, DEVICES, part.devices, words=words),
            listed(visit, LINKS, part.links, words=words),
        ],
    )


def _asset_page(sort: Sort) -> Callable[[Visit], Page]:
    def look(visit: Visit) -> Page:
        asset = existing(visit, sort)
        interface = visit.one("interface") or None
        life = life_at(asset, interface)
        names = ReadNames(visit.turn, org_id=visit.admitted.org_id, records=[asset])
        return page(
            visit,
            "network/asset.html",
            sort=sort,
            asset=asset,
            interface=interface,
            life=life,
            standing=status_mark(life.status),
            health=health_mark(life.health),
            wanted=wanted_words(life.desired),
            on_ledger=_on_ledger(asset, interface),
            facts=_facts(visit, asset, names),
            interfaces=_interfaces(asset),
            defines=_defines(visit, asset),
            waivers=waivers(visit, life),
            may_waive=may_waive(visit, asset),
            happened=happened(visit.turn, visit.admitted.org_id, sort, asset, interface=interface),
            checks=checklist(visit.told),
            tickets=tickets_on(visit, asset),
            deeds=[one for one in DEEDS if interface is None and _may(visit, one, sort, asset)],
            done=_DONE.get(visit.one("done")),
            record=f"{ADMINISTRATION}/{sort.path}/{asset.id}",
            on_map=_on_map(visit, asset),
        )

    return look


def _on_map(visit: Visit, asset: Asset) -> str | None:
    """Where a device is on the map, among those it has links to; None where it is not."""
    code = placed(asset, places_of(visit, (asset,))) if isinstance(asset, Device) else None
    return None if code is None else at_metro(code)


def _defines(visit: Visit, asset: Asset) -> bool:
    """Whether who looks may change which interfaces it has; those of a ledger are changed there."""
    return asset.on_ledger is None and _permitted(visit, DefineInterface(name=""), asset)


def _on_ledger(asset: Asset, interface: str | None) -> str | None:
    """What the ledger that keeps it says; a ledger says nothing of single interfaces."""
    said = asset.on_ledger if interface is None else None
    return None if said is None else ledger_words(said)


def _may(visit: Visit, deed: Deed, sort: Sort, asset: Asset) -> bool:
    return sort in deed.sorts and deed.sense(asset) and _permitted(visit, deed.command, asset)


def _permitted(visit: Visit, command: LifeCommand, asset: Asset) -> bool:
    try:
        permit_life(command, asset, visit.admitted.access)
    except Forbidden:
        return False
    return True


def _facts(visit: Visit, asset: Asset, names: RecordNames) -> tuple[tuple[str, str], ...]:
    org_id = visit.admitted.org_id
    owner = code_of(asset.contributor_id, names) or "gone"
    told: tuple[tuple[str, str | None], ...]
    if isinstance(asset, Device):
        told = (
            ("Belongs to", owner),
            ("Type", asset.device_type),
            ("Exchange", place(visit.turn, org_id, asset.exchange)),
            ("Location", place(visit.turn, org_id, asset.location)),
            ("Public address", asset.public_ip),
            ("Networks", ", ".join(asset.dz_prefixes) or None),
            ("Users at most", None if asset.max_users is None else f"{asset.max_users:,}"),
            ("Pubkey", asset.pubkey),
        )
    else:
        told = (
            ("Belongs to", owner),
            ("Type", asset.link_type.value),
            ("Side A", _end(asset.side_a, names)),
            ("Side Z", _end(asset.side_z, names)),
            ("Side Z belongs to", code_of(asset.side_z_contributor_id, names)),
            ("Bandwidth", None if asset.bandwidth is None else bandwidth_words(asset.bandwidth)),
            ("Delay", None if asset.delay is None else milliseconds_words(asset.delay)),
            ("Jitter", None if asset.jitter is None else milliseconds_words(asset.jitter)),
            ("MTU", None if asset.mtu is None else f"{asset.mtu:,} bytes"),
            ("Pubkey", asset.pubkey),
        )
    return tuple((label, value) for label, value in told if value is not None)


def _end(side: Side, names: RecordNames) -> str:
    device = names.device(side.device)
    return f"{side.device if device is None else device.code} {side.interface}"


def _interfaces(asset: Asset) -> tuple[Mapping[str, Any], ...]:
    if isinstance(asset, Link):
        return ()
    return tuple(
        {
            "name": one.name,
            "address": DEVICES.address(asset.code, one.name) if one.needs_evidence else None,
            "role": _role(one),
            "link": _on(one),
            # Nothing brings it into service, so where it stands would only worry people.
            "status": None if _is_free(one) else status_mark(one.life.status),
            "health": health_mark(one.life.health) if one.needs_evidence else None,
        }
        for one in asset.interfaces
    )


def _is_free(interface: Interface) -> bool:
    """Whether no link uses it and it has no role: a free port, or a loopback for the device's own
    use."""
    return interface.role is InterfaceRole.NONE and interface.link is None


def _on(interface: Interface) -> str:
    if interface.link is not None:
        return interface.link.value
    free = _is_free(interface) and interface.kind is InterfaceKind.PHYSICAL
    return "free" if free else "none"


def _role(interface: Interface) -> str:
    if _is_free(interface) and interface.kind is InterfaceKind.LOOPBACK:
        return "loopback"
    return "none" if interface.role is InterfaceRole.NONE else interface.role.value.upper()


def _asks(sort: Sort) -> Callable[[Mapping[str, str], Fields], Wish]:
    def asks(names: Mapping[str, str], fields: Fields) -> Wish:
        path = f"/{sort.path}/{quote(names['name'], safe=':')}/readiness"
        interface = fields.get("interface", ("",))[-1]
        if interface and sort is DEVICES:
            path = f"{path}?{urlencode({'interface': interface})}"
        return Wish(method="GET", path=path)

    return asks


# -- doing -----------------------------------------------------------------------------------------


def _form(sort: Sort, deed: Deed) -> FormAt:
    def wish(sent: Sent) -> Wish:
        body = {one.name: sent.one(one.name) for one in deed.fields if sent.one(one.name)}
        return Wish(
            method="POST",
            path=f"/{sort.path}/{quote(sent.path['name'], safe=':')}/{deed.verb}",
            body=body if deed.fields else None,
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        asset = existing(visit, sort)
        permit_life(deed.command, asset, visit.admitted.access)
        home = sort.address(asset.code)
        return page(
            visit,
            "network/ask.html",
            filled=filled,
            sort=sort,
            asset=asset,
            deed=replace(deed, question=deed.question.format(asset.code)),
            home=home,
            action=f"{home}/{deed.verb}",
        )

    def done(sent: Sent, told: Told) -> str:
        return sort.address(str(told.body["code"]), done=deed.verb)

    return FormAt(
        path=f"{NETWORK}/{sort.path}/{{name}}/{deed.verb}", wish=wish, show=show, done=done
    )


PAGES: Final[tuple[PageAt | FormAt, ...]] = (
    PageAt(path=NETWORK, look=network_page),
    *(
        PageAt(path=f"{NETWORK}/{sort.path}/{{name}}", look=_asset_page(sort), asks=_asks(sort))
        for sort in (DEVICES, LINKS)
    ),
    *(_form(sort, deed) for deed in DEEDS for sort in deed.sorts),
    *waiving.FORMS,
)
