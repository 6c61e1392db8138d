"""How the example's devices and links come into service: accepted, wanted, found healthy after the
burn-in, activated.

What the monitor says of them is worded as it words it in life, with figures of a day's evidence.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Final

from tocsin.app.demo.equipment import CYOA, DIA, USERS
from tocsin.app.demo.network import DEVICES, GIGABIT, INTERFACES, LINKS, DeviceFacts, LinkFacts

BURN_IN: Final = timedelta(hours=24)
"""How long evidence is gathered before anything is healthy: what the policy asks for."""

_MINUTES: Final = 1_440
_BYTES_A_DAY: Final = 86_400 // 8
_MAY_MISS: Final = 5
_RAN: Final = f"seen in {_MINUTES} of {_MINUTES} minutes (5 may miss)"
_OWNERS: Final = {device.code: device.contributor for device in DEVICES}


def accepted_by(link: LinkFacts) -> str | None:
    """The contributor who is asked to accept *link*: that of its far end, where two own it."""
    return _OWNERS[link.z] if link.link_type == "DZX" else None


def link_evidence(link: LinkFacts, draw: Random) -> tuple[str, ...]:
    """What the monitor finds of *link* after its burn-in, a sentence each."""
    end_a, end_z = INTERFACES[link.code]
    return (
        "record: its status is hard drained",
        "desired: its desired status is activated",
        f"side_a: {carried(link.a, end_a, link.gigabits, draw)}",
        f"side_z: {carried(link.z, end_z, link.gigabits, draw)}",
        "loss: no latency samples exist for this link",
    )


def device_evidence(device: DeviceFacts, draw: Random) -> tuple[str, ...]:
    """What the monitor finds of *device* after its burn-in, a sentence each."""
    ends = [link for link in LINKS if device.code in (link.a, link.z)]
    first = ends[0]
    port = INTERFACES[first.code][0 if first.a == device.code else 1]
    wan = sum(link.link_type == "WAN" for link in ends)
    ports = "interface" if len(ends) == 1 else "interfaces"
    cyoa = 1 if USERS[device.code].most else 0
    needs = {
        "edge": "an edge device needs CYOA, no WAN and DZX",
        "transit": "a transit device needs no CYOA, and 2 WAN or 1 WAN and DZX",
        "hybrid": "a hybrid device needs CYOA and WAN",
    }[device.device_type]
    return (
        "record: its status is hard drained",
        "desired: its desired status is activated",
        "dia_defined: 1 DIA interface activated",
        f"link_interface_defined: {len(ends)} DZX or WAN {ports} activated",
        f"dia_up: {carried(device.code, DIA, 100, draw)}",
        f"link_up: {carried(device.code, port, first.gigabits, draw)}",
        f"reporting: {_RAN}",
        f"config_agent: {_RAN}",
        f"telemetry_agent: {_RAN}",
        f"qa: tests passed in {_MINUTES // 5} minutes, and none failed",
        f"type: {needs}; it has {cyoa} CYOA, {wan} WAN and {len(ends) - wan} DZX",
    )


def users_evidence(device: DeviceFacts, draw: Random) -> tuple[str, ...]:
    """What the monitor finds of the interface to the users of *device*, a sentence each."""
    return (
        "record: its status is hard drained",
        "desired: its desired status is activated",
        f"device: {device.code} is activated",
        f"up: {carried(device.code, CYOA, 10, draw)}",
    )


def carried(
    device: str, interface: str, gigabits: int, draw: Random, *, minutes: int = _MINUTES
) -> str:
    """That an interface of so many *gigabits* a second carried something for so many *minutes*,
    as the monitor says it."""
    # Before anybody uses it, tests and routing are all that runs over it.
    whole_day = gigabits * GIGABIT * _BYTES_A_DAY
    octets = whole_day * draw.randrange(180, 420) // 1_000_000 + draw.randrange(GIGABIT)
    return (
        f"{interface} of {device}: no error and {octets * minutes // _MINUTES:,} octets in "
        f"{minutes} minutes, 0 of them missing ({_MAY_MISS * minutes // _MINUTES} allowed)"
    )
