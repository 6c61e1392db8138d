"""Devices as they are registered and changed: what each field may be (Provisioning: device)."""

from __future__ import annotations

import ipaddress
from typing import Final

from tocsin.core import record_reading as read
from tocsin.core.claims import ASSET_PUBKEY, DEVICE_CODE
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.provisioning import interfaces
from tocsin.core.record_changes import FieldValue
from tocsin.core.record_facts import DeviceRegistered
from tocsin.core.records import Device
from tocsin.core.registering import changes_and_wish, first_desired, first_wish, keep_pubkey
from tocsin.core.registry_commands import RegisterDevice, UpdateDevice

DEVICE_TYPES: Final = ("hybrid", "transit", "edge")
MOST_PREFIXES: Final = 32
LONGEST_PREFIX: Final = 29


def registered(command: RegisterDevice, given: Given) -> tuple[Payload, ...]:
    """The facts of a new device.

    Raises:
        Conflict: its code or pubkey is taken.
        Invalid: fields are wrong; each is named.
    """
    errors: read.Errors = []
    desired = first_desired(command.desired_status, errors=errors)
    made = DeviceRegistered(
        pubkey=read.pubkey(command.pubkey, errors=errors),
        code=read.code(command.code, errors=errors),
        contributor_id=read.owner(command.contributor, given=given, errors=errors),
        device_type=_device_type(command.device_type, errors=errors),
        location=_location(command.location, errors=errors),
        public_ip=_public_ip(command.public_ip, errors=errors),
        exchange=_location(command.exchange, field="exchange", errors=errors),
        dz_prefixes=_prefixes(command.dz_prefixes, errors=errors),
        max_users=_max_users(command.max_users, errors=errors),
        metrics_publisher=_publisher(command.metrics_publisher, errors=errors),
        mgmt_vrf=_vrf(command.mgmt_vrf, errors=errors),
        on_ledger=command.on_ledger,
    )
    read.refuse(errors)
    read.refuse_taken(
        [("pubkey", (ASSET_PUBKEY, made.pubkey)), ("code", (DEVICE_CODE, made.code))],
        stream=stream_name("device", command.device_id),
        given=given,
    )
    return (
        made,
        *first_wish(desired),
        *interfaces.all_defined(command.interfaces),
    )


def changes(state: Device, command: UpdateDevice, given: Given) -> tuple[Payload, ...]:
    """The facts that change a device; none where all is so already.

    Raises:
        Conflict: its code is taken.
        Invalid: fields are wrong; each is named.
        KeptByLedger: it is changed elsewhere.
    """
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    keep_pubkey(state, command.pubkey, errors=errors)
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
    if not isinstance(command.contributor, NotGiven):
        wanted["contributor_id"] = read.owner(command.contributor, given=given, errors=errors)
    if not isinstance(command.device_type, NotGiven):
        wanted["device_type"] = _device_type(command.device_type, errors=errors)
    if not isinstance(command.location, NotGiven):
        wanted["location"] = _location(command.location, errors=errors)
    if not isinstance(command.exchange, NotGiven):
        wanted["exchange"] = _location(command.exchange, field="exchange", errors=errors)
    if not isinstance(command.public_ip, NotGiven):
        wanted["public_ip"] = _public_ip(command.public_ip, errors=errors)
    if not isinstance(command.dz_prefixes, NotGiven):
        wanted["dz_prefixes"] = _prefixes(command.dz_prefixes, errors=errors)
    if not isinstance(command.max_users, NotGiven):
        wanted["max_users"] = _max_users(command.max_users, errors=errors)
    if not isinstance(command.metrics_publisher, NotGiven):
        wanted["metrics_publisher"] = _publisher(command.metrics_publisher, errors=errors)
    if not isinstance(command.mgmt_vrf, NotGiven):
        wanted["mgmt_vrf"] = _vrf(command.mgmt_vrf, errors=errors)
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (DEVICE_CODE, command.code))],
            stream=stream_name("device", state.id),
            given=given,
        )
    return changes_and_wish(state, wanted, command.desired_status, given)


def _device_type(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    return read.one_of(DEVICE_TYPES, value.strip().lower(), field="device_type", errors=errors)


def _location(value: str | None, *, field: str = "location", errors: read.Errors) -> str | None:
    return read.optional_text(value, field=field, longest=100, errors=errors)


def _prefixes(values: tuple[str, ...], *, errors: read.Errors) -> tuple[str, ...]:
    """Networks of eight addresses or more: users of the device are given theirs from these."""
    if len(values) > MOST_PREFIXES:
        detail = f"at most {MOST_PREFIXES} are taken"
        errors.append(FieldError("dz_prefixes", "too_long", detail))
        return ()
    found: list[str] = []
    for index, value in enumerate(values):
        field = f"dz_prefixes[{index}]"
        try:
            network = ipaddress.IPv4Network(value.strip()[:32])
        except ValueError:
            detail = "is not a network such as 203.0.113.0/29"
            errors.append(FieldError(field, "bad_address", detail))
            continue
        if network.prefixlen > LONGEST_PREFIX:
            detail = f"/{network.prefixlen} is too small; /{LONGEST_PREFIX} or shorter is needed"
            errors.append(FieldError(field, "out_of_range", detail))
        elif str(network) in found:
            errors.append(FieldError(field, "duplicate", "stands there twice"))
        found.append(str(network))
    return tuple(found)


def _max_users(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field="max_users", least=0, most=65_535, errors=errors)


def _publisher(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    return read.pubkey(value, field="metrics_publisher", errors=errors)


def _vrf(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="mgmt_vrf", longest=32, errors=errors)


def _public_ip(value: str | None, *, errors: read.Errors) -> str | None:
    return None if value is None else read.ip_address(value, field="public_ip", errors=errors)
