"""The interfaces of a device: below its page, where they are defined, changed and removed.

Their names have slashes, so in addresses they stand behind the question mark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from tocsin.core.errors import NotFound
from tocsin.core.provisioning.assets import Interface, named
from tocsin.core.provisioning.commands import (
    ChangeInterface,
    DefineInterface,
    LifeCommand,
    RemoveInterface,
)
from tocsin.core.provisioning.commands import Wish as LifeWish
from tocsin.core.provisioning.interfaces import LONGEST_NAME
from tocsin.core.provisioning.life import is_drained
from tocsin.core.provisioning.words import (
    DesiredStatus,
    InterfaceKind,
    InterfaceRole,
    LoopbackType,
)
from tocsin.core.records import Device, Link
from tocsin.store.contract import Head
from tocsin.web.dashboard.administration import cells, lives
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.finding import every, existing, may, require
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.administration.histories import history
from tocsin.web.dashboard.administration.sheets import Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind, body, typed_of
from tocsin.web.dashboard.visits import Fields, Filled, FormAt, Page, Sent, Visit, Wish
from tocsin.web.dashboard.words import bandwidth_words

MOST_LINKS: Final = 20_000
DONE: Final = {
    "interface-defined": "The interface is defined.",
    "interface-changed": "The interface is changed.",
    "interface-wanted": "It is wanted so; its status follows within moments.",
    "interface-removed": "The interface is removed.",
}

_NAME: Final = Field(
    name="name",
    label="Name",
    required=True,
    longest=LONGEST_NAME,
    hint="As the device writes it, such as Ethernet1/2. It stays as it is.",
)
_FIELDS: Final = (
    Field(
        name="role",
        label="Role",
        kind=Kind.CHOICE,
        hint="The way to the internet is in service at once, the way to users on evidence and when"
        " that is wanted. One without a role is in service as long as a link uses it.",
        choices=(
            Choice(value=InterfaceRole.NONE.value, text="none: for a link, or free"),
            Choice(value=InterfaceRole.DIA.value, text="DIA: the way to the internet"),
            Choice(value=InterfaceRole.CYOA.value, text="CYOA: the way to users"),
        ),
    ),
    Field(
        name="kind",
        label="Kind",
        kind=Kind.CHOICE,
        choices=tuple(Choice(value=one.value, text=one.value) for one in InterfaceKind),
    ),
    Field(
        name="loopback_type",
        label="What a loopback is for",
        kind=Kind.CHOICE,
        hint="A physical one has none.",
        choices=tuple(Choice(value=one.value, text=one.value) for one in LoopbackType),
    ),
    Field(name="bandwidth", label="Bandwidth in bits a second", kind=Kind.NUMBER),
    Field(name="mtu", label="MTU in bytes", kind=Kind.NUMBER),
    Field(
        name="ip_net",
        label="Address",
        longest=64,
        hint="With its prefix, such as 10.0.0.1/31.",
    ),
    Field(name="vlan_id", label="VLAN", kind=Kind.NUMBER),
)
_WANTED: Final = Field(
    name="desired_status",
    label="Wanted",
    kind=Kind.CHOICE,
    hint="It is drained within moments, and in service once its device is and it is up.",
    choices=(
        Choice(value=DesiredStatus.ACTIVATED.value, text="in service"),
        Choice(value=DesiredStatus.SOFT_DRAINED.value, text="soft drained: no new traffic"),
        Choice(value=DesiredStatus.HARD_DRAINED.value, text="hard drained: no traffic"),
        Choice(value=DesiredStatus.DELETED.value, text="deleted; it is hard drained before that"),
    ),
)
_ROLES: Final = {
    InterfaceRole.NONE: "",
    InterfaceRole.DIA: "DIA",
    InterfaceRole.CYOA: "CYOA",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An interface as it is listed. ``about`` is what it is besides, ``acts`` what can be done with
    it: words and addresses."""

    name: str
    about: str
    role: Cell
    used_by: Cell
    status: Cell
    bandwidth: Cell
    address: Cell
    acts: tuple[tuple[str, str], ...]


# -- the list --------------------------------------------------------------------------------------


def beside(visit: Visit, device: Device) -> Mapping[str, Any]:
    """What the page of a device shows of its interfaces."""
    kept = device.on_ledger is not None
    changes = may(visit, ChangeInterface(name=""), device) and not kept
    wants = may(visit, LifeWish(desired=""), device)
    links = _links_on(visit, device)
    rows = [_row(one, device, links, changes=changes, wants=wants) for one in device.interfaces]
    return {
        "interfaces": rows,
        "defines": changes,
        "acts_on_interfaces": any(one.acts for one in rows),
        "kept": kept and bool(rows),
    }


def _row(
    one: Interface, device: Device, links: Sequence[Link], *, changes: bool, wants: bool
) -> Row:
    users = _users(one, device, links)
    acts: list[tuple[str, str]] = []
    if changes:
        acts.append(("Change", _address(device, "change", one.name)))
    if wants and one.needs_evidence:
        acts.append(("Want otherwise", _address(device, "want", one.name)))
    if changes and one.link is None and (is_drained(one.life) or not one.needs_evidence):
        acts.append(("Remove", _address(device, "remove", one.name)))
    mtu = "" if one.mtu is None else f"MTU {one.mtu:,} bytes"
    vlan = "" if one.vlan_id is None else f"VLAN {one.vlan_id}"
    said = None if one.bandwidth is None else bandwidth_words(one.bandwidth)
    return Row(
        name=one.name,
        about=_about(one),
        role=cells.text(_ROLES[one.role], otherwise="none"),
        used_by=_used_by(one, users),
        status=_status(one),
        bandwidth=cells.text(said or mtu, otherwise="not said", under=mtu if said else ""),
        address=cells.text(
            one.ip_net or vlan, otherwise="not said", under=vlan if one.ip_net else ""
        ),
        acts=tuple(acts),
    )


def _about(one: Interface) -> str:
    if one.by_link:
        return "named by its link, and gone with it"
    if one.kind is InterfaceKind.PHYSICAL:
        return ""
    if one.loopback_type is LoopbackType.NONE:
        return "loopback"
    return f"loopback, {one.loopback_type.value}"


def _used_by(one: Interface, users: Sequence[Link]) -> Cell:
    if one.link is None:
        return cells.text(None, otherwise="no link")
    if not users:
        return cells.text(f"a {one.link.value} link")
    return cells.code(users[0].code, href=f"/admin/links/{users[0].id}")


def _status(one: Interface) -> Cell:
    if one.needs_evidence:
        desired = one.life.desired.value.replace("_", " ")
        return lives.status(one.life, under=f"wanted {desired}")
    if one.role is InterfaceRole.NONE and one.link is None:
        # Nothing brings it into service, so where it stands would only worry people.
        return cells.text(None, otherwise="not asked")
    return lives.status(one.life)


def _links_on(visit: Visit, device: Device) -> Sequence[Link]:
    """The links that name an interface of *device*; none are sought where none is used."""
    if all(one.link is None for one in device.interfaces):
        return ()
    links = every(visit.turn, visit.admitted.org_id, Link, "link", limit=MOST_LINKS)
    return [one for one in links if device.pubkey in (one.side_a.device, one.side_z.device)]


def _users(interface: Interface, device: Device, links: Sequence[Link]) -> Sequence[Link]:
    """Those of *links* that use the interface: one that nobody has accepted yet does not."""
    return [
        one
        for one in links
        if one.life.accepted
        and any(
            side.device == device.pubkey and side.interface == interface.name
            for side in (one.side_a, one.side_z)
        )
    ]


def _address(device: Device, verb: str, interface: str) -> str:
    return f"{_home(device)}/interfaces/{verb}?{urlencode({'interface': interface})}"


def _home(device: Device) -> str:
    return f"/admin/devices/{device.id}"


# -- the forms -------------------------------------------------------------------------------------


def forms_of(sheet: Sheet) -> tuple[FormAt, ...]:
    """The forms below the page of a device, which *sheet* declares."""
    return (_new_form(sheet), _change_form(sheet), _want_form(sheet), _remove_form(sheet))


def _path(sent: Sent, interface: str | None = None) -> str:
    path = f"/devices/{quote(sent.path['name'], safe=':')}/interfaces"
    return path if interface is None else f"{path}/{quote(interface, safe='')}"


def _at(sheet: Sheet, verb: str) -> str:
    return f"{sheet.home}/{{name}}/interfaces/{verb}"


def _after(sheet: Sheet, sent: Sent, done: str) -> str:
    return f"{sheet.home}/{quote(sent.path['name'], safe=':')}?done=interface-{done}"


def _asked(
    visit: Visit, sheet: Sheet, filled: Filled, command: LifeCommand
) -> tuple[Head, Device, Interface]:
    """What a form is about, for who may ask *command* of it.

    Raises:
        Forbidden: it may not be asked.
        NotFound: the device, or the interface, is not there.
    """
    head, device = existing(visit, sheet)
    require(visit, command, device)
    name = filled.one("interface", visit.one("interface"))
    interface = named(device.interfaces, name)
    if interface is None:
        raise NotFound(f"{device.code} has no interface {name[:LONGEST_NAME]!r}")
    return head, device, interface


def _said(one: Interface) -> Mapping[str, Any]:
    """In the words of the API."""
    return {
        "role": one.role.value,
        "kind": one.kind.value,
        "loopback_type": one.loopback_type.value,
        "bandwidth": one.bandwidth,
        "mtu": one.mtu,
        "ip_net": one.ip_net,
        "vlan_id": one.vlan_id,
        "desired_status": one.life.desired.value,
    }


def _shown(
    visit: Visit,
    filled: Filled,
    sheet: Sheet,
    device: Device,
    *,
    verb: str,
    title: str,
    button: str,
    fields: Sequence[Field],
    about: str = "",
    begin: Fields | None = None,
    head: Head | None = None,
    interface: str = "",
) -> Page:
    return room_page(
        visit,
        "interface.html",
        filled=filled,
        sheet=sheet,
        here=sheet.path,
        record=device,
        home=_home(device),
        title=title,
        about=about,
        button=button,
        fields=fields,
        begin=begin or {},
        interface=interface,
        version=None if head is None else head.version,
        meanwhile=() if head is None else _meanwhile(visit, filled, head),
        action=f"{_home(device)}/interfaces/{verb}",
    )


def _meanwhile(visit: Visit, filled: Filled, head: Head) -> Sequence[object]:
    if not filled.stale:
        return ()
    return history(visit.turn, visit.admitted.org_id, head.stream, after=filled.version or 0)


def _new_form(sheet: Sheet) -> FormAt:
    """The form that defines one."""
    specs = (_NAME, *_FIELDS)

    def wish(sent: Sent) -> Wish:
        said = body(specs, sent.typed)
        # What is required is named by its being empty, not by its absence.
        said.setdefault("name", "")
        return Wish(method="POST", path=_path(sent), body=said, once=sent.once)

    def show(visit: Visit, filled: Filled) -> Page:
        _, device = existing(visit, sheet)
        require(visit, DefineInterface(name=""), device)
        return _shown(
            visit,
            filled,
            sheet,
            device,
            verb="new",
            title=f"Define an interface of {device.code}",
            button="Define it",
            fields=specs,
        )

    return FormAt(
        path=_at(sheet, "new"),
        wish=wish,
        show=show,
        done=lambda sent, told: _after(sheet, sent, "defined"),
    )


def _change_form(sheet: Sheet) -> FormAt:
    """The form that changes what is known of one."""
    return _patching(
        sheet,
        "change",
        ChangeInterface(name=""),
        _FIELDS,
        title="Change {} of {}",
        button="Save",
        done="changed",
        about=lambda visit, device, one: _in_use(
            visit, device, one, "it has no other role meanwhile"
        ),
    )


def _want_form(sheet: Sheet) -> FormAt:
    """The form that wants another status of one to users."""
    return _patching(
        sheet,
        "want",
        LifeWish(desired=""),
        (_WANTED,),
        title="What is wanted of {} of {}",
        button="Want it so",
        done="wanted",
    )


def _patching(
    sheet: Sheet,
    verb: str,
    command: LifeCommand,
    fields: Sequence[Field],
    *,
    title: str,
    button: str,
    done: str,
    about: Callable[[Visit, Device, Interface], str] = lambda visit, device, one: "",
) -> FormAt:
    """A form that changes *fields* of one, for who may ask *command*; *title* takes the codes of
    the interface and its device."""

    def wish(sent: Sent) -> Wish:
        return Wish(
            method="PATCH",
            path=_path(sent, sent.one("interface")),
            body=body(fields, sent.typed, change=True),
            version=sent.version,
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        head, device, one = _asked(visit, sheet, filled, command)
        return _shown(
            visit,
            filled,
            sheet,
            device,
            verb=verb,
            title=title.format(one.name, device.code),
            about=about(visit, device, one),
            button=button,
            fields=fields,
            begin=typed_of(fields, _said(one)),
            head=head,
            interface=one.name,
        )

    return FormAt(
        path=_at(sheet, verb),
        wish=wish,
        show=show,
        done=lambda sent, told: _after(sheet, sent, done),
    )


def _remove_form(sheet: Sheet) -> FormAt:
    """The page that asks before it removes one."""

    def wish(sent: Sent) -> Wish:
        return Wish(
            method="DELETE",
            path=_path(sent, sent.one("interface")),
            version=sent.version,
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        head, device, one = _asked(visit, sheet, filled, RemoveInterface(name=""))
        return room_page(
            visit,
            "ask.html",
            filled=filled,
            sheet=sheet,
            here=sheet.path,
            record=device,
            version=head.version,
            carries={"interface": one.name},
            question=f"Remove {one.name} of {device.code}?",
            explained=_in_use(visit, device, one, "delete the link first")
            or "Its history stays. A link that names it later brings it back.",
            button="Remove interface",
            bad=True,
            meanwhile=_meanwhile(visit, filled, head),
            action=f"{_home(device)}/interfaces/remove",
        )

    return FormAt(
        path=_at(sheet, "remove"),
        wish=wish,
        show=show,
        done=lambda sent, told: _after(sheet, sent, "removed"),
    )


def _in_use(visit: Visit, device: Device, one: Interface, so: str) -> str:
    """That a link uses it, and what follows; empty where none does."""
    if one.link is None:
        return ""
    codes = [link.code for link in _users(one, device, _links_on(visit, device))]
    return f"{f'The link {codes[0]}' if codes else 'A link'} uses it: {so}."
