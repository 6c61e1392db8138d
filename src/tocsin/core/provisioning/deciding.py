"""What follows from a command about the life of a device, link or interface."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.errors import (
    Conflict,
    DeviceNotHardDrained,
    FieldError,
    InvalidTransition,
    KeptByLedger,
    LinkNotHardDrained,
    NotFound,
)
from tocsin.core.evidence import Given
from tocsin.core.facts import Payload
from tocsin.core.provisioning import interfaces
from tocsin.core.provisioning.assets import is_used, named
from tocsin.core.provisioning.commands import (
    AcceptLink,
    Advance,
    BindInterface,
    ChangeInterface,
    DefineInterface,
    Demand,
    FollowLedger,
    FreeInterface,
    Judge,
    LeaveLedger,
    LifeCommand,
    RemoveInterface,
    Waive,
    Wish,
)
from tocsin.core.provisioning.facts import (
    CriterionDemanded,
    CriterionWaived,
    DesiredStatusChanged,
    HealthChanged,
    InterfaceBound,
    InterfaceDefined,
    InterfaceRemoved,
    LinkAccepted,
    Released,
    StatusChanged,
)
from tocsin.core.provisioning.holding import held
from tocsin.core.provisioning.life import Life, is_drained, next_step, withdrawn
from tocsin.core.provisioning.on_ledger import OnLedger, mirrored
from tocsin.core.provisioning.taking import taken
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health
from tocsin.core.record_facts import RecordRemoved
from tocsin.core.records import Device, Link
from tocsin.core.words import LinkType

LONGEST_WAIVER: Final = timedelta(days=366)
LONGEST_REASON: Final = 1_000
MOST_REASONS: Final = 32
CRITERIA: Final = {
    "link": ("record", "desired", "side_a", "side_z", "loss"),
    "device": (
        "record",
        "dia_defined",
        "link_interface_defined",
        "dia_up",
        "link_up",
        "reporting",
        "config_agent",
        "telemetry_agent",
        "qa",
        "type",
    ),
    "interface": ("device", "up"),
}
"""The criteria of each, by their names (Provisioning: link, device, interface)."""
_NEVER_WAIVED: Final = ("record", "desired")


def decide_life(state: Device | Link, command: LifeCommand, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from *command* for *state*; ``()`` when nothing changes.

    Raises:
        Conflict: links or lifecycle forbid it.
        Invalid: fields are wrong; each is named.
        NotFound: there is no such interface.
    """
    match command:
        case Wish():
            return wished(state, command, given)
        case AcceptLink():
            refuse_kept(state, given)
            return _accepted(_link(state), given)
        case Waive():
            return _waived(state, command, given)
        case Demand():
            return _demanded(state, command, given)
        case Judge():
            return _judged(state, command)
        case Advance():
            return advanced(state, command, given)
        case FollowLedger():
            return _followed(state, command)
        case LeaveLedger():
            return () if state.on_ledger is None else (Released(),)
        case DefineInterface():
            refuse_kept(state, given)
            return interfaces.defined(_device(state).interfaces, command)
        case ChangeInterface():
            refuse_kept(state, given)
            device = _device(state)
            there = interfaces.existing(device.interfaces, command.name, device=device.code)
            return interfaces.changed(there, command, used_by=_users(device, there.name, given))
        case RemoveInterface():
            refuse_kept(state, given)
            return _interface_removed(_device(state), command, given)
        case BindInterface():
            return _bound(_device(state), command)
        case FreeInterface():
            return _freed(_device(state), command, given)
        case _:
            assert_never(command)


def _device(state: Device | Link) -> Device:
    if not isinstance(state, Device):
        raise NotFound("this is no device")
    return state


def _link(state: Device | Link) -> Link:
    if not isinstance(state, Link):
        raise NotFound("this is no link")
    return state


def refuse_kept(state: Device | Link, given: Given) -> None:
    """Refuse that somebody changes what a ledger says; only the ledger itself changes it.

    Raises:
        KeptByLedger: a ledger keeps *state*.
    """
    if state.on_ledger is not None and not given.access.system:
        raise KeptByLedger(f"the ledger says this of {state.code}; change it there")


def life_of(state: Device | Link, interface: str | None) -> Life:
    """The life that is meant.

    Raises:
        NotFound: there is no such interface.
    """
    if interface is None:
        return state.life
    device = _device(state)
    return interfaces.existing(device.interfaces, interface, device=device.code).life


# -- wishes ----------------------------------------------------------------------------------------


def wished(state: Device | Link, command: Wish, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from wanting another status.

    Raises:
        Conflict: it cannot be deleted as it stands, it is an interface that follows its link, or a
            request that a ledger keeps.
        Invalid: there is no such status to be wanted.
    """
    errors: read.Errors = []
    wanted = read.word(DesiredStatus, command.desired, field="desired_status", errors=errors)
    reason = read.optional_text(
        command.reason, field="reason", longest=LONGEST_REASON, errors=errors
    )
    read.refuse(errors)
    life = life_of(state, command.interface)
    if command.interface is not None:
        _refuse_following(_device(state), command.interface)
    if wanted is DesiredStatus.DELETED:
        refuse_deletion(state, life)
    facts: list[Payload] = []
    if life.desired is not wanted:
        facts.append(
            DesiredStatusChanged(
                desired_from=life.desired,
                desired_to=wanted,
                reason=reason,
                interface=command.interface,
            )
        )
    if wanted is DesiredStatus.HARD_DRAINED and withdrawn(life):
        refuse_kept(state, given)
        # Nobody has accepted it yet: this takes the request back.
        facts.append(
            StatusChanged(
                status_from=life.status,
                status_to=AssetStatus.HARD_DRAINED,
                reasons=("the request was taken back",),
                interface=command.interface,
            )
        )
    return tuple(facts)


def refuse_deletion(state: Device | Link, life: Life) -> None:
    """Refuse to delete what is not hard drained.

    Raises:
        DeviceNotHardDrained: it is a device, or one of its interfaces.
        LinkNotHardDrained: it is a link.
    """
    if life.status is AssetStatus.HARD_DRAINED:
        return
    stands = life.status.value.replace("_", " ")
    detail = f"{state.code} is {stands}; drain it hard first, then delete it"
    if isinstance(state, Link):
        raise LinkNotHardDrained(detail)
    raise DeviceNotHardDrained(detail)


def _refuse_following(device: Device, name: str) -> None:
    there = interfaces.existing(device.interfaces, name, device=device.code)
    if not there.needs_evidence:
        raise Conflict(
            f"{name} is in service as long as it is defined or a link uses it; "
            "only an interface to users (CYOA) is activated and drained"
        )


def _accepted(link: Link, given: Given) -> tuple[Payload, ...]:
    if link.life.accepted:
        return ()
    device = given.directory.device(link.side_z.device)
    if device is not None and is_used(device.interfaces, link.side_z.interface):
        raise Conflict(
            f"another link uses {link.side_z.interface} of {device.code} already; have the A side"
            " name another interface, or remove that link"
        )
    speaker = given.access.contributor_id or link.side_z_contributor_id
    return (LinkAccepted(contributor_id=speaker),)


def _followed(state: Device | Link, command: FollowLedger) -> tuple[Payload, ...]:
    if command.version not in (None, state.version):
        # Something happened since the ledger was looked at: it is looked at again.
        return ()
    return mirrored(
        state.life,
        OnLedger(
            status=command.status, health=command.health, desired_status=command.desired_status
        ),
        before=state.on_ledger,
        accepting=state.side_z_contributor_id if isinstance(state, Link) else None,
    )


# -- evidence --------------------------------------------------------------------------------------


def _waived(state: Device | Link, command: Waive, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    life = life_of(state, command.interface)
    criterion = _criterion(state, command.criterion, command.interface, errors=errors)
    if criterion in _NEVER_WAIVED:
        detail = "is what the machine itself goes by; change the record instead"
        errors.append(FieldError("criterion", "forbidden_field", detail))
    reason = read.text(command.reason, field="reason", longest=LONGEST_REASON, errors=errors)
    if not given.at < command.until <= given.at + LONGEST_WAIVER:
        detail = f"an instant within the next {LONGEST_WAIVER.days} days is expected"
        errors.append(FieldError("until", "out_of_range", detail))
    read.refuse(errors)
    now = life.waived(criterion, at=given.at)
    if now is not None and (now.reason, now.until) == (reason, command.until):
        return ()
    return (
        CriterionWaived(
            criterion=criterion, reason=reason, until=command.until, interface=command.interface
        ),
    )


def _demanded(state: Device | Link, command: Demand, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    life = life_of(state, command.interface)
    criterion = _criterion(state, command.criterion, command.interface, errors=errors)
    read.refuse(errors)
    if all(one.criterion != criterion for one in life.waivers):
        return ()
    return (CriterionDemanded(criterion=criterion, interface=command.interface),)


def _criterion(
    state: Device | Link, name: str, interface: str | None, *, errors: read.Errors
) -> str:
    sort = "interface"
    if interface is None:
        sort = "link" if isinstance(state, Link) else "device"
    return read.one_of(
        CRITERIA[sort], name.strip().lower().replace("-", "_"), field="criterion", errors=errors
    )


def _judged(state: Device | Link, command: Judge) -> tuple[Payload, ...]:
    errors: read.Errors = []
    health = read.word(Health, command.health, field="health", errors=errors)
    read.refuse(errors)
    life = life_of(state, command.interface)
    # Another monitor was quicker, with newer evidence perhaps: the next round judges anew.
    overtaken = command.judged_from not in (None, life.health.value)
    if life.health is health or overtaken:
        return ()
    # An interface to users has a health here alone, whoever keeps its device.
    if command.interface is None and state.on_ledger is not None and not command.taken:
        return ()
    return (
        HealthChanged(
            health_from=life.health,
            health_to=health,
            reasons=tuple(one[:LONGEST_REASON] for one in command.reasons[:MOST_REASONS]),
            interface=command.interface,
        ),
    )


# -- steps -----------------------------------------------------------------------------------------


def advanced(state: Device | Link, command: Advance, given: Given) -> tuple[Payload, ...]:
    """Where wish and health lead at this moment, for the asset and, of a device, its interfaces to
    users: at most one step each, and nothing twice. What a ledger keeps goes when it is gone
    there."""
    way = held(given.holding, pubkey=state.pubkey, at=given.at).in_the_way
    step = next_step(state.life, in_the_way=way, referred_to=referring(state, given))
    facts: list[Payload] = []
    if state.on_ledger is not None:
        facts += taken(state.life, state.on_ledger, step, command)
    elif step.removed:
        return (RecordRemoved(at=given.at),)
    elif step.status is not None:
        facts.append(
            StatusChanged(status_from=state.life.status, status_to=step.status, reasons=(step.why,))
        )
    if isinstance(state, Device):
        for one in state.interfaces:
            if not one.needs_evidence:
                continue
            step = next_step(one.life, in_the_way=way)
            if step.removed:
                facts.append(InterfaceRemoved(name=one.name))
            elif step.status is not None:
                facts.append(
                    StatusChanged(
                        status_from=one.life.status,
                        status_to=step.status,
                        reasons=(step.why,),
                        interface=one.name,
                    )
                )
    return tuple(facts)


def referring(state: Device | Link, given: Given) -> tuple[str, ...]:
    """Names of what still needs it: the links and interfaces of a device."""
    if isinstance(state, Link):
        return ()
    links = sorted(link.code for link in given.directory.links_of(state.pubkey))
    return (*links, *(f"interface {one.name}" for one in state.interfaces if not one.by_link))


# -- interfaces ------------------------------------------------------------------------------------


def _interface_removed(
    device: Device, command: RemoveInterface, given: Given
) -> tuple[Payload, ...]:
    there = interfaces.existing(device.interfaces, command.name, device=device.code)
    if there.link is not None:
        using = _users(device, there.name, given)
        raise Conflict(f"{using} uses {there.name}; delete the link first")
    if there.needs_evidence and not is_drained(there.life) and device.on_ledger is None:
        raise InvalidTransition(f"{there.name} is in service; drain it first, then delete it")
    return (InterfaceRemoved(name=there.name),)


def _bound(device: Device, command: BindInterface) -> tuple[Payload, ...]:
    errors: read.Errors = []
    link = read.word(LinkType, command.link_type, field="link_type", errors=errors)
    read.refuse(errors)
    there = named(device.interfaces, command.name)
    if there is None:
        return (
            InterfaceDefined(name=command.name, by_link=True),
            InterfaceBound(name=command.name, link=link),
        )
    if there.link is link:
        return ()
    return (InterfaceBound(name=command.name, link=link),)


def _freed(device: Device, command: FreeInterface, given: Given) -> tuple[Payload, ...]:
    there = named(device.interfaces, command.name)
    if there is None or there.link is None:
        return ()
    if any(_uses(link, device, there.name) for link in given.directory.links_of(device.pubkey)):
        return ()
    if there.by_link:
        return (InterfaceRemoved(name=there.name),)
    return (InterfaceBound(name=there.name, link=None),)


def _users(device: Device, name: str, given: Given) -> str:
    """The link that uses the interface of that *name*, as a refusal calls it."""
    links = given.directory.links_of(device.pubkey)
    codes = [one.code for one in links if one.life.accepted and _uses(one, device, name)]
    return f"the link {' or '.join(codes)}" if codes else "a link"


def _uses(link: Link, device: Device, name: str) -> bool:
    return any(
        side.device == device.pubkey and side.interface == name
        for side in (link.side_a, link.side_z)
    )
