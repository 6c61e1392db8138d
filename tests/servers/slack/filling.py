"""What a person may press, pick and type, and what Slack makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.slack.block_rules import elements_of
from tests.servers.slack.state import Block, View

Choice = str | Mapping[str, Any]
"""An option, or its value."""


class NotPossible(AssertionError):
    """No person could do that in Slack's own client: there is no such button, no such option."""


def find(
    blocks: Sequence[Block], action_id: str, value: str | None = None
) -> tuple[Block, dict[str, Any]]:
    """The block and element of that action; by value where several share it."""
    for block in blocks:
        for element in elements_of(block):
            if element.get("action_id") == action_id and value in (None, element.get("value")):
                return block, element
    there = [one.get("action_id") for block in blocks for one in elements_of(block)]
    raise NotPossible(f"no {action_id} (value {value}) among {there}")


def options_of(element: Mapping[str, Any], offered: Sequence[Mapping[str, Any]]) -> list[Any]:
    found = [*element.get("options", []), *offered]
    for group in element.get("option_groups", []):
        found += group["options"]
    return found


def option(
    element: Mapping[str, Any], chosen: Choice, offered: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The option that is chosen: one that is there, or that the app has offered.

    Raises:
        NotPossible: there is none such.
    """
    value = chosen if isinstance(chosen, str) else chosen["value"]
    for one in options_of(element, offered):
        if one["value"] == value:
            return dict(one)
    there = [one["value"] for one in options_of(element, offered)]
    raise NotPossible(f"no option {value} among {there}")


def acted(
    element: Mapping[str, Any], value: Any, offered: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """How an element's value goes over the wire; ``value`` None is an element left empty."""
    kind: str = element["type"]
    match kind:
        case "static_select" | "external_select" | "radio_buttons" | "overflow":
            picked = None if value is None else option(element, value, offered)
            return {"type": kind, "selected_option": picked}
        case "multi_static_select" | "multi_external_select" | "checkboxes":
            chosen = [option(element, one, offered) for one in value or []]
            return {"type": kind, "selected_options": chosen}
        case "datepicker":
            return {"type": kind, "selected_date": value}
        case "timepicker":
            return {"type": kind, "selected_time": value}
        case "datetimepicker":
            return {"type": kind, "selected_date_time": value}
        case "users_select" | "conversations_select" | "channels_select":
            return {"type": kind, f"selected_{kind.removesuffix('s_select')}": value}
        case "multi_users_select" | "multi_conversations_select" | "multi_channels_select":
            what = kind.removeprefix("multi_").removesuffix("_select")
            return {"type": kind, f"selected_{what}": list(value or [])}
        case _:
            return {"type": kind, "value": value}


def initial(element: Mapping[str, Any]) -> Any:
    """What an element holds before anybody touches it."""
    for name, value in element.items():
        if name.startswith("initial_"):
            if name == "initial_option":
                return value["value"]
            if name == "initial_options":
                return [one["value"] for one in value]
            return value
    return None


def is_empty(wire: Mapping[str, Any]) -> bool:
    return all(value in (None, "", []) for name, value in wire.items() if name != "type")


def check_typed(element: Mapping[str, Any], wire: Mapping[str, Any]) -> None:
    """Slack's client lets nobody submit a text that is too long or too short."""
    typed = wire.get("value")
    if element["type"] == "plain_text_input" and isinstance(typed, str):
        if len(typed) > element.get("max_length", 3_000):
            raise NotPossible(f"{len(typed)} characters in {element['action_id']}")
        if len(typed) < element.get("min_length", 0):
            raise NotPossible(f"only {len(typed)} characters in {element['action_id']}")
    number = element["type"] == "number_input"
    if number and typed and not typed.lstrip("-").replace(".", "", 1).isdigit():
        raise NotPossible(f"{typed} is no number")


def filled(view: View, values: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """``state.values`` of a modal, from values by ``action_id`` or ``block_id``.

    Raises:
        NotPossible: no such field or option, a text too long; and, if ``strict``, a field
            without a value that has to have one.
    """
    left = dict(values)
    state: dict[str, Any] = {}
    for block in view.blocks:
        if block["type"] not in ("input", "section", "actions"):
            continue
        for element in elements_of(block):
            if element["type"] == "button":
                continue
            name = element["action_id"]
            given = initial(element)
            for key in (name, block["block_id"]):
                if key in left:
                    given = left.pop(key)
                    break
            offered = [*view.offered.get(name, ())]
            offered += [element["initial_option"]] if "initial_option" in element else []
            offered += element.get("initial_options", [])
            wire = acted(element, given, offered)
            check_typed(element, wire)
            required = block["type"] == "input" and not block.get("optional", False)
            if strict and required and is_empty(wire):
                raise NotPossible(f"{name} has to be filled")
            if given == "" and "value" in wire:
                wire["value"] = None
            state.setdefault(block["block_id"], {})[name] = wire
    if left:
        raise NotPossible(f"no field {sorted(left)} in {view.title}")
    return state
