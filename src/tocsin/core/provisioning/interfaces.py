"""Deciding about the interfaces of a device (Provisioning: interface).

One to the internet (DIA) is in service when it is defined, one of a link when a link uses it. One
to users (CYOA) comes into service like a link: on evidence, when that is wanted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tocsin.core import record_reading as read
from tocsin.core.errors import Conflict, FieldError, Invalid, NotFound, invalid_fields
from tocsin.core.facts import NotGiven, Payload
from tocsin.core.provisioning.assets import Interface, named
from tocsin.core.provisioning.commands import ChangeInterface, DefineInterface
from tocsin.core.provisioning.facts import InterfaceChanged, InterfaceDefined
from tocsin.core.provisioning.words import InterfaceKind, InterfaceRole, LoopbackType
from tocsin.core.record_changes import FieldValue, changes_between

MOST_INTERFACES: Final = 512
LONGEST_NAME: Final = 64
WIDEST_BITS_PER_SECOND: Final = 10**16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.:-]{0,63}")


def existing(interfaces: Sequence[Interface], name: str, *, device: str) -> Interface:
    """The interface of that name.

    Raises:
        NotFound: the *device* (its code) has none.
    """
    found = named(interfaces, name)
    if found is None:
        raise NotFound(f"{device} has no interface {name[:LONGEST_NAME]!r}")
    return found


def defined(interfaces: Sequence[Interface], command: DefineInterface) -> tuple[Payload, ...]:
    """The fact that a device has one more.

    Raises:
        Conflict: it has one of that name, or very many.
        Invalid: fields are wrong; each is named.
    """
    errors: read.Errors = []
    kind = read.word(InterfaceKind, command.kind, field="kind", errors=errors)
    made = InterfaceDefined(
        name=read_name(command.name, field="name", errors=errors),
        kind=kind,
        loopback_type=_loopback(command.loopback_type, errors=errors),
        role=_role(command.role, errors=errors),
        bandwidth=_bandwidth(command.bandwidth, errors=errors),
        mtu=_mtu(command.mtu, errors=errors),
        ip_net=_network(command.ip_net, errors=errors),
        vlan_id=_vlan(command.vlan_id, errors=errors),
    )
    _refuse_mixture(made.kind, made.loopback_type, made.role, errors=errors)
    read.refuse(errors)
    there = named(interfaces, made.name)
    if there is not None and not there.by_link:
        raise Conflict(f"the device has an interface {made.name!r} already")
    if len(interfaces) >= MOST_INTERFACES:
        raise Conflict(f"a device has at most {MOST_INTERFACES} interfaces")
    return (made,)


def all_defined(commands: Sequence[DefineInterface]) -> tuple[Payload, ...]:
    """The facts that a new device has all of these.

    Raises:
        Conflict: two have one name, or there are very many.
        Invalid: fields are wrong; each is named with its place in the list.
    """
    facts: list[Payload] = []
    names: set[str] = set()
    if len(commands) > MOST_INTERFACES:
        raise Conflict(f"a device has at most {MOST_INTERFACES} interfaces")
    for index, one in enumerate(commands):
        try:
            facts.extend(defined((), one))
        except Invalid as wrong:
            raise invalid_fields(
                [
                    FieldError(f"interfaces[{index}].{error.field}", error.code, error.detail)
                    for error in wrong.errors
                ]
            ) from None
        if one.name.strip() in names:
            detail = f"{one.name.strip()!r} stands there twice"
            raise invalid_fields([FieldError(f"interfaces[{index}].name", "duplicate", detail)])
        names.add(one.name.strip())
    return tuple(facts)


def changed(state: Interface, command: ChangeInterface, *, used_by: str) -> tuple[Payload, ...]:
    """The fact that fields of *state* changed; nothing where none does. *used_by* is what a
    refusal calls the link that uses it, where one does.

    Raises:
        Conflict: a link uses it, and it would be no interface that links use.
        Invalid: fields are wrong; each is named.
    """
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.kind, NotGiven):
        wanted["kind"] = read.word(InterfaceKind, command.kind, field="kind", errors=errors)
    if not isinstance(command.loopback_type, NotGiven):
        wanted["loopback_type"] = _loopback(command.loopback_type, errors=errors)
    if not isinstance(command.role, NotGiven):
        wanted["role"] = _role(command.role, errors=errors)
    if not isinstance(command.bandwidth, NotGiven):
        wanted["bandwidth"] = _bandwidth(command.bandwidth, errors=errors)
    if not isinstance(command.mtu, NotGiven):
        wanted["mtu"] = _mtu(command.mtu, errors=errors)
    if not isinstance(command.ip_net, NotGiven):
        wanted["ip_net"] = _network(command.ip_net, errors=errors)
    if not isinstance(command.vlan_id, NotGiven):
        wanted["vlan_id"] = _vlan(command.vlan_id, errors=errors)
    after = replace(state, **wanted)  # type: ignore[arg-type]
    _refuse_mixture(after.kind, after.loopback_type, after.role, errors=errors)
    read.refuse(errors)
    if state.link is not None and after.role is not InterfaceRole.NONE:
        raise Conflict(f"{used_by} uses {state.name}; it has no other role meanwhile")
    changes = changes_between(state, wanted)
    return (InterfaceChanged(name=state.name, changes=changes),) if changes else ()


def read_name(value: str, *, field: str, errors: read.Errors) -> str:
    """The name of an interface as devices write it: ``Ethernet1/2``, ``Port-Channel1000.2029``."""
    text = value.strip()
    if not _NAME.fullmatch(text):
        detail = (
            f"1 to {LONGEST_NAME} letters, digits and / _ . : - as the device writes it, "
            "such as Ethernet1/2"
        )
        errors.append(FieldError(field, "wrong_value", detail))
    return text


# -- reading ---------------------------------------------------------------------------------------


def _loopback(value: str | None, *, errors: read.Errors) -> LoopbackType:
    if value is None:
        return LoopbackType.NONE
    return read.word(LoopbackType, value, field="loopback_type", errors=errors)


def _role(value: str | None, *, errors: read.Errors) -> InterfaceRole:
    if value is None:
        return InterfaceRole.NONE
    return read.word(InterfaceRole, value, field="role", errors=errors)


def _bandwidth(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(
        value, field="bandwidth", least=1, most=WIDEST_BITS_PER_SECOND, errors=errors
    )


def _mtu(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field="mtu", least=64, most=65_535, errors=errors)


def _vlan(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field="vlan_id", least=0, most=4_094, errors=errors)


def _network(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    try:
        return str(ipaddress.ip_interface(value.strip()[:64]))
    except ValueError:
        detail = "an address with its prefix is expected, such as 10.0.0.1/31"
        errors.append(FieldError("ip_net", "wrong_value", detail))
        return None


def _refuse_mixture(
    kind: InterfaceKind, loopback: LoopbackType, role: InterfaceRole, *, errors: read.Errors
) -> None:
    if kind is InterfaceKind.PHYSICAL and loopback is not LoopbackType.NONE:
        detail = "only a loopback has one"
        errors.append(FieldError("loopback_type", "forbidden_field", detail))
    if kind is InterfaceKind.LOOPBACK and role is InterfaceRole.DIA:
        errors.append(FieldError("role", "wrong_value", "a loopback is no way to the internet"))
