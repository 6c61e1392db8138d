"""Filling in a form as a person does: what was there stays, what they pick or type takes its
place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_VALUES = {
    "plain_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "multi_external_select": ("selected_options", "initial_options"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
}
"""Under which key an element's value is sent, and which key fills it at first."""


def filled(view: Mapping[str, Any], **answers: Any) -> dict[str, Any]:
    """*view* as Slack sends it on submission, with *answers* by the names of blocks.

    A form that was filled in keeps what is not among them. An answer is a text, the value of an
    option, several of them, a day or a time; None empties it.
    """
    values: dict[str, dict[str, Any]] = {}
    before = view.get("state", {}).get("values", {})
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        key, initial = _VALUES[element["type"]]
        value = element.get(initial, [] if key == "selected_options" else None)
        if block["block_id"] in before:
            value = before[block["block_id"]][element["action_id"]][key]
        name = block["block_id"].partition(":")[0]
        if name in answers:
            value = _sent(element, key, answers.pop(name))
        values[block["block_id"]] = {element["action_id"]: {"type": element["type"], key: value}}
    assert not answers, f"the form has no {', '.join(answers)}"
    return {**view, "state": {"values": values}}


def _sent(element: Mapping[str, Any], key: str, answer: Any) -> Any:
    if key == "selected_options":
        return [_option(value) for value in answer]
    if key != "selected_option" or answer is None:
        return answer
    if element["type"] == "static_select":
        return next(one for one in element["options"] if one["value"] == answer)
    return _option(answer)


def _option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value[:75]}, "value": value}
