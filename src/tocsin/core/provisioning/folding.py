"""What becomes of a device or link by what happened to its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tocsin.core.facts import Event, Payload
from tocsin.core.provisioning import life as lives
from tocsin.core.provisioning.assets import (
    Interface,
    after_binding,
    after_changes,
    after_definition,
    named,
)
from tocsin.core.provisioning.facts import (
    CriterionDemanded,
    CriterionWaived,
    DesiredStatusChanged,
    HealthChanged,
    InterfaceBound,
    InterfaceChanged,
    InterfaceDefined,
    InterfaceRemoved,
    LinkAccepted,
    Mirrored,
    Released,
    StatusChanged,
)
from tocsin.core.provisioning.life import Life, Waiver
from tocsin.core.provisioning.on_ledger import OnLedger, said, with_health, with_status
from tocsin.core.record_changes import touched
from tocsin.core.records import Device, Link


def lived(state: Device | Link, event: Event) -> Device | Link:
    """*state* after *event*. Total: a fact this code does not know only moves the version."""
    at, payload = event.recorded_at, event.payload
    after = touched(state, event)
    match payload:
        case DesiredStatusChanged():
            return _with_life(
                after, payload.interface, lambda life: lives.wishing(life, payload.desired_to)
            )
        case StatusChanged():
            if payload.interface is None:
                after = _kept(after, with_status(after.on_ledger, payload.status_to))
            return _with_life(
                after,
                payload.interface,
                lambda life: lives.standing(life, payload.status_to, at=at),
            )
        case HealthChanged():
            if payload.interface is None:
                after = _kept(after, with_health(after.on_ledger, payload.health_to))
            return _with_life(
                after, payload.interface, lambda life: lives.judged(life, payload.health_to, at=at)
            )
        case Mirrored():
            return _kept(after, said(payload))
        case Released():
            return _kept(after, None)
        case LinkAccepted():
            return _with_life(after, None, lambda life: lives.accepted(life, at=at))
        case CriterionWaived():
            waiver = Waiver(
                criterion=payload.criterion,
                reason=payload.reason,
                until=payload.until,
                by=event.actor.id,
            )
            return _with_life(after, payload.interface, lambda life: lives.waiving(life, waiver))
        case CriterionDemanded():
            return _with_life(
                after, payload.interface, lambda life: lives.demanding(life, payload.criterion)
            )
        case _ if isinstance(after, Device):
            return replace(after, interfaces=_interfaces(after, payload, event))
        case _:
            return after


def _kept(state: Device | Link, said: OnLedger | None) -> Device | Link:
    return replace(state, on_ledger=said)


def _with_life(
    state: Device | Link, interface: str | None, change: Callable[[Life], Life]
) -> Device | Link:
    if interface is None:
        return replace(state, life=change(state.life))
    if not isinstance(state, Device):
        return state
    changed = tuple(
        replace(one, life=change(one.life)) if one.name == interface else one
        for one in state.interfaces
    )
    return replace(state, interfaces=changed)


def _interfaces(state: Device, payload: Payload, event: Event) -> tuple[Interface, ...]:
    at = event.recorded_at
    match payload:
        case InterfaceDefined():
            before = named(state.interfaces, payload.name)
            others = tuple(one for one in state.interfaces if one.name != payload.name)
            made = after_definition(payload, at=at, before=before)
            return tuple(sorted((*others, made), key=lambda one: one.name))
        case InterfaceChanged():
            return tuple(
                after_changes(one, payload.changes, at=at) if one.name == payload.name else one
                for one in state.interfaces
            )
        case InterfaceBound():
            return tuple(
                after_binding(one, payload.link, at=at) if one.name == payload.name else one
                for one in state.interfaces
            )
        case InterfaceRemoved():
            return tuple(one for one in state.interfaces if one.name != payload.name)
        case _:
            return state.interfaces
