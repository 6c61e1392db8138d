"""Links as they are registered and changed: their sides, and what each field may be (Provisioning:
link)."""

from __future__ import annotations

from typing import Final

from tocsin.core import record_reading as read
from tocsin.core.claims import ASSET_PUBKEY, LINK_CODE
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.provisioning.assets import is_used
from tocsin.core.provisioning.facts import AcceptanceRequested
from tocsin.core.provisioning.words import AssetStatus
from tocsin.core.record_changes import FieldValue
from tocsin.core.record_facts import LinkRegistered
from tocsin.core.records import Link, Side
from tocsin.core.registering import changes_and_wish, first_desired, first_wish, keep_pubkey
from tocsin.core.registry_commands import RegisterLink, SideDraft, UpdateLink
from tocsin.core.words import LinkType

WIDEST_BITS_PER_SECOND: Final = 10**16
LONGEST_DELAY: Final = 10**12
"""Nanoseconds."""


def registered(command: RegisterLink, given: Given) -> tuple[Payload, ...]:
    """The facts of a new link.

    Raises:
        Conflict: its code or pubkey is taken.
        Invalid: fields are wrong; each is named.
    """
    errors: read.Errors = []
    desired = first_desired(command.desired_status, errors=errors)
    is_open = command.on_ledger is not None
    side_a, _ = _side(command.side_a, field="side_a", given=given, errors=errors)
    side_z, z_owner = _side(
        command.side_z, field="side_z", given=given, errors=errors, is_open=is_open
    )
    _refuse_loop(side_a, side_z, errors=errors)
    made = LinkRegistered(
        pubkey=read.pubkey(command.pubkey, errors=errors),
        code=read.code(command.code, errors=errors),
        contributor_id=read.owner(command.contributor, given=given, errors=errors),
        link_type=read.word(LinkType, command.link_type, field="link_type", errors=errors),
        side_a=side_a,
        side_z=side_z,
        side_z_contributor_id=z_owner,
        bandwidth=_bandwidth(command.bandwidth, errors=errors),
        mtu=_mtu(command.mtu, errors=errors),
        delay=_nanoseconds(command.delay, field="delay", errors=errors),
        jitter=_nanoseconds(command.jitter, field="jitter", errors=errors),
        delay_override=_nanoseconds(command.delay_override, field="delay_override", errors=errors),
        on_ledger=command.on_ledger,
    )
    read.refuse(errors)
    read.refuse_taken(
        [("pubkey", (ASSET_PUBKEY, made.pubkey)), ("code", (LINK_CODE, made.code))],
        stream=stream_name("link", command.link_id),
        given=given,
    )
    said = command.on_ledger
    asked: tuple[Payload, ...] = ()
    if made.link_type is LinkType.DZX and (said is None or said.status == AssetStatus.REQUESTED):
        asked = (AcceptanceRequested(contributor_id=z_owner),)
    return (made, *asked, *first_wish(desired))


def changes(state: Link, command: UpdateLink, given: Given) -> tuple[Payload, ...]:
    """The facts that change a link; none where all is so already.

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
    if not isinstance(command.link_type, NotGiven):
        wanted["link_type"] = read.word(
            LinkType, command.link_type, field="link_type", errors=errors
        )
        _refuse_to_join(state, wanted["link_type"], given, errors=errors)
    side_a, side_z = state.side_a, state.side_z
    asked: tuple[Payload, ...] = ()
    if not isinstance(command.side_a, NotGiven):
        side_a, _ = _side(
            command.side_a, field="side_a", given=given, errors=errors, own=(state.side_a,)
        )
        wanted["side_a"] = side_a
    if not isinstance(command.side_z, NotGiven):
        side_z, z_owner = _side(
            command.side_z,
            field="side_z",
            given=given,
            errors=errors,
            is_open=state.on_ledger is not None,
            own=(state.side_z,),
        )
        wanted["side_z"] = side_z
        wanted["side_z_contributor_id"] = z_owner
        asked = _asked_again(state, z_owner, given, errors=errors)
    _refuse_loop(side_a, side_z, errors=errors)
    if not isinstance(command.bandwidth, NotGiven):
        wanted["bandwidth"] = _bandwidth(command.bandwidth, errors=errors)
    if not isinstance(command.mtu, NotGiven):
        wanted["mtu"] = _mtu(command.mtu, errors=errors)
    if not isinstance(command.delay, NotGiven):
        wanted["delay"] = _nanoseconds(command.delay, field="delay", errors=errors)
    if not isinstance(command.jitter, NotGiven):
        wanted["jitter"] = _nanoseconds(command.jitter, field="jitter", errors=errors)
    if not isinstance(command.delay_override, NotGiven):
        wanted["delay_override"] = _nanoseconds(
            command.delay_override, field="delay_override", errors=errors
        )
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (LINK_CODE, command.code))],
            stream=stream_name("link", state.id),
            given=given,
        )
    return (*changes_and_wish(state, wanted, command.desired_status, given), *asked)


def _side(
    draft: SideDraft,
    *,
    field: str,
    given: Given,
    errors: read.Errors,
    is_open: bool = False,
    own: tuple[Side, ...] = (),
) -> tuple[Side, str]:
    """The side that *draft* names, and the id of its device's owner; one that *is_open* need not
    name its interface yet. *own* are the sides that the link has already."""
    interface = draft.interface
    if interface or not is_open:
        interface = read.text(interface, field=f"{field}.interface", longest=64, errors=errors)
    device = given.directory.device(draft.device)
    if device is None:
        detail = f'no device "{draft.device[:64]}" is registered'
        errors.append(FieldError(f"{field}.device", "unknown_device", detail))
        return Side(device="", interface=interface), ""
    side = Side(device=device.pubkey, interface=interface)
    # A ledger says itself what is there; one interface carries one link.
    if side not in own and not given.access.system and is_used(device.interfaces, interface):
        detail = f"another link uses {interface[:64]} of {device.code}"
        errors.append(FieldError(f"{field}.interface", "duplicate", detail))
    return side, device.contributor_id


def _asked_again(
    state: Link, z_owner: str, given: Given, *, errors: read.Errors
) -> tuple[Payload, ...]:
    """What follows when the Z side of a link between two contributors becomes another one's."""
    if state.link_type is not LinkType.DZX or z_owner in ("", state.side_z_contributor_id):
        return ()
    if state.life.accepted and not given.access.system:
        detail = "is another contributor's, who has not accepted this link; register a new one"
        errors.append(FieldError("side_z.device", "forbidden_field", detail))
        return ()
    return () if state.life.accepted else (AcceptanceRequested(contributor_id=z_owner),)


def _refuse_to_join(
    state: Link, link_type: FieldValue, given: Given, *, errors: read.Errors
) -> None:
    # Nobody would ever be asked to accept what began inside one contributor's network.
    joins = link_type is LinkType.DZX and state.link_type is not LinkType.DZX
    if joins and not given.access.system:
        detail = "a DZX link begins with the other side accepting it; register a new one"
        errors.append(FieldError("link_type", "forbidden_field", detail))


def _refuse_loop(side_a: Side, side_z: Side, *, errors: read.Errors) -> None:
    if side_a.device and side_a.device == side_z.device:
        detail = "is the device of side_a; a link joins two"
        errors.append(FieldError("side_z.device", "duplicate", detail))


def _bandwidth(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(
        value, field="bandwidth", least=1, most=WIDEST_BITS_PER_SECOND, errors=errors
    )


def _mtu(value: int | None, *, errors: read.Errors) -> int | None:
    return (
        None
        if value is None
        else read.number(value, field="mtu", least=64, most=65_535, errors=errors)
    )


def _nanoseconds(value: int | None, *, field: str, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field=field, least=0, most=LONGEST_DELAY, errors=errors)
