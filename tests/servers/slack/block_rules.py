"""What Slack accepts as blocks: kinds, keys and lengths, as a table.

Where a rule is broken, the complaint says what and where in Slack's words:
``must be less than 3001 characters [json-pointer:/blocks/0/text/text]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Complaints = list[str]
Rule = Callable[[Any, str, Complaints], None]

MOST_BLOCKS_IN_MESSAGE: Final = 50
MOST_BLOCKS_IN_VIEW: Final = 100
MOST_TEXT_IN_BLOCKS: Final = 12_000
"""Characters in all the blocks of one message together; more is ``msg_blocks_too_long``."""


def complain(complaints: Complaints, what: str, where: str) -> None:
    complaints.append(f"{what} [json-pointer:{where}]")


def string(*, most: int, least: int = 0) -> Rule:
    def rule(value: Any, where: str, complaints: Complaints) -> None:
        if not isinstance(value, str):
            complain(complaints, "must be a string", where)
        elif len(value) > most:
            complain(complaints, f"must be less than {most + 1} characters", where)
        elif len(value) < least:
            complain(complaints, f"must be more than {least - 1} characters", where)

    return rule


def matching(pattern: str, what: str) -> Rule:
    def rule(value: Any, where: str, complaints: Complaints) -> None:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            complain(complaints, what, where)

    return rule


def flag(value: Any, where: str, complaints: Complaints) -> None:
    if not isinstance(value, bool):
        complain(complaints, "must be a boolean", where)


def whole(least: int, most: int) -> Rule:
    def rule(value: Any, where: str, complaints: Complaints) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            complain(complaints, f"must be a whole number from {least} to {most}", where)

    return rule


def anything(value: Any, where: str, complaints: Complaints) -> None:
    """Accepted as it is: a part that no rule of ours depends on."""


def one_of(*words: str) -> Rule:
    def rule(value: Any, where: str, complaints: Complaints) -> None:
        if value not in words:
            complain(complaints, f"must be one of {', '.join(words)}", where)

    return rule


def text(*, most: int, plain: bool = False) -> Rule:
    """A text object."""
    length = string(most=most, least=1)

    def rule(value: Any, where: str, complaints: Complaints) -> None:
        kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if not isinstance(value, dict) or value.get("type") not in kinds:
            complain(complaints, f"must be a text object of {' or '.join(kinds)}", where)
            return
        allowed = {"type", "text", "emoji" if value["type"] == "plain_text" else "verbatim"}
        for key in sorted(value.keys() - allowed):
            complain(complaints, f"invalid additional property: {key}", where)
        length(value.get("text"), f"{where}/text", complaints)

    return rule


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Rule:
    """An object with those keys and no others."""
    known = {**required, **optional}

    def rule(value: Any, where: str, complaints: Complaints) -> None:
        if not isinstance(value, dict):
            complain(complaints, "must be an object", where)
            return
        for key in required:
            if key not in value:
                complain(complaints, f"missing required field: {key}", where)
        for key, part in value.items():
            if key == "type":
                continue
            if key not in known:
                complain(complaints, f"invalid additional property: {key}", where)
            else:
                known[key](part, f"{where}/{key}", complaints)

    return rule


def list_of(rule_of_one: Rule, *, least: int, most: int) -> Rule:
    def rule(value: Any, where: str, complaints: Complaints) -> None:
        if not isinstance(value, list):
            complain(complaints, "must be an array", where)
            return
        if len(value) > most:
            complain(complaints, f"no more than {most} items allowed", where)
        if len(value) < least:
            complain(complaints, f"must contain at least {least} item", where)
        for at, part in enumerate(value):
            rule_of_one(part, f"{where}/{at}", complaints)

    return rule


def typed(kinds: Mapping[str, Rule]) -> Rule:
    """An object whose ``type`` says which rule it keeps."""

    def rule(value: Any, where: str, complaints: Complaints) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            complain(complaints, f"unsupported type: {kind}", f"{where}/type")
            return
        kinds[kind](value, where, complaints)

    return rule


OPTION: Final = shape(
    {"text": text(most=75), "value": string(most=150)},
    {"description": text(most=75), "url": string(most=3_000)},
)
OPTION_GROUP: Final = shape(
    {"label": text(most=75, plain=True), "options": list_of(OPTION, least=1, most=100)}, {}
)
CONFIRM: Final = shape(
    {
        "title": text(most=100, plain=True),
        "text": text(most=300),
        "confirm": text(most=30, plain=True),
        "deny": text(most=30, plain=True),
    },
    {"style": one_of("primary", "danger")},
)
ACTION: Final[Mapping[str, Rule]] = {
    "action_id": string(most=255, least=1),
    "confirm": CONFIRM,
    "focus_on_load": flag,
}
PLACEHOLDER: Final[Mapping[str, Rule]] = {"placeholder": text(most=150, plain=True)}
DATE: Final = matching(r"\d{4}-\d{2}-\d{2}", "must be a date as YYYY-MM-DD")
TIME: Final = matching(r"([01]\d|2[0-3]):[0-5]\d", "must be a time as HH:mm")


def select(*, many: bool, required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Rule:
    most: Mapping[str, Rule] = {"max_selected_items": whole(1, 10_000)} if many else {}
    return shape(required, {**ACTION, **PLACEHOLDER, **most, **optional})


def static_select(*, many: bool) -> Rule:
    initial = "initial_options" if many else "initial_option"
    inner = select(
        many=many,
        required={},
        optional={
            "options": list_of(OPTION, least=1, most=100),
            "option_groups": list_of(OPTION_GROUP, least=1, most=100),
            initial: list_of(OPTION, least=1, most=100) if many else OPTION,
        },
    )

    def rule(value: Any, where: str, complaints: Complaints) -> None:
        inner(value, where, complaints)
        if ("options" in value) == ("option_groups" in value):
            complain(complaints, "must provide options or option_groups", where)
            return
        offered = list(value.get("options") or [])
        for group in value.get("option_groups") or []:
            offered += group.get("options") or []
        chosen = value.get(initial)
        for one in (chosen or []) if many else ([] if chosen is None else [chosen]):
            if one not in offered:
                complain(complaints, f"{initial} must be one of the options", where)

    return rule


def external_select(*, many: bool) -> Rule:
    initial: Mapping[str, Rule] = (
        {"initial_options": list_of(OPTION, least=1, most=100)}
        if many
        else {"initial_option": OPTION}
    )
    return select(
        many=many, required={}, optional={"min_query_length": whole(0, 100_000), **initial}
    )


def picking(kind: str) -> dict[str, Rule]:
    """users_select and its kin."""
    return {
        f"{kind}s_select": select(
            many=False,
            required={},
            optional={
                f"initial_{kind}": string(most=255),
                "response_url_enabled": flag,
                "default_to_current_conversation": flag,
                "filter": anything,
            },
        ),
        f"multi_{kind}s_select": select(
            many=True,
            required={},
            optional={
                f"initial_{kind}s": list_of(string(most=255), least=0, most=100),
                "filter": anything,
            },
        ),
    }


TYPING: Final[Mapping[str, Rule]] = {
    "initial_value": string(most=3_000),
    "dispatch_action_config": anything,
    **PLACEHOLDER,
}
ELEMENTS: Final[Mapping[str, Rule]] = {
    "button": shape(
        {"text": text(most=75, plain=True)},
        {
            **ACTION,
            "value": string(most=2_000),
            "url": string(most=3_000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(most=75),
        },
    ),
    "static_select": static_select(many=False),
    "multi_static_select": static_select(many=True),
    "external_select": external_select(many=False),
    "multi_external_select": external_select(many=True),
    **picking("user"),
    **picking("conversation"),
    **picking("channel"),
    "overflow": shape({"options": list_of(OPTION, least=1, most=5)}, ACTION),
    "checkboxes": shape(
        {"options": list_of(OPTION, least=1, most=10)},
        {**ACTION, "initial_options": list_of(OPTION, least=1, most=10)},
    ),
    "radio_buttons": shape(
        {"options": list_of(OPTION, least=1, most=10)}, {**ACTION, "initial_option": OPTION}
    ),
    "plain_text_input": shape(
        {},
        {
            **ACTION,
            **TYPING,
            "multiline": flag,
            "min_length": whole(0, 3_000),
            "max_length": whole(1, 3_000),
        },
    ),
    "url_text_input": shape({}, {**ACTION, **TYPING}),
    "email_text_input": shape({}, {**ACTION, **TYPING}),
    "number_input": shape(
        {"is_decimal_allowed": flag},
        {
            **ACTION,
            **TYPING,
            "min_value": string(most=100),
            "max_value": string(most=100),
        },
    ),
    "datepicker": shape({}, {**ACTION, **PLACEHOLDER, "initial_date": DATE}),
    "timepicker": shape(
        {}, {**ACTION, **PLACEHOLDER, "initial_time": TIME, "timezone": string(most=100)}
    ),
    "datetimepicker": shape({}, {**ACTION, "initial_date_time": whole(0, 9_999_999_999)}),
}
IMAGE: Final = shape({"image_url": string(most=3_000, least=1), "alt_text": string(most=2_000)}, {})
INPUTS: Final = {
    kind: rule for kind, rule in ELEMENTS.items() if kind not in ("button", "overflow")
}
BUTTONS: Final = {kind: rule for kind, rule in ELEMENTS.items() if "_input" not in kind}
BLOCK_ID: Final[Mapping[str, Rule]] = {"block_id": string(most=255, least=1)}


def section(value: Any, where: str, complaints: Complaints) -> None:
    shape(
        {},
        {
            **BLOCK_ID,
            "text": text(most=3_000),
            "fields": list_of(text(most=2_000), least=1, most=10),
            "accessory": typed({**BUTTONS, "image": IMAGE}),
            "expand": flag,
        },
    )(value, where, complaints)
    if "text" not in value and "fields" not in value:
        complain(complaints, "must have text or fields", where)


BLOCKS: Final[Mapping[str, Rule]] = {
    "section": section,
    "header": shape({"text": text(most=150, plain=True)}, BLOCK_ID),
    "divider": shape({}, BLOCK_ID),
    "context": shape(
        {
            "elements": list_of(
                typed({"plain_text": text(most=3_000), "mrkdwn": text(most=3_000), "image": IMAGE}),
                least=1,
                most=10,
            )
        },
        BLOCK_ID,
    ),
    "actions": shape({"elements": list_of(typed(BUTTONS), least=1, most=25)}, BLOCK_ID),
    "input": shape(
        {"label": text(most=2_000, plain=True), "element": typed(INPUTS)},
        {
            **BLOCK_ID,
            "hint": text(most=2_000, plain=True),
            "optional": flag,
            "dispatch_action": flag,
        },
    ),
    "image": shape(
        {"image_url": string(most=3_000, least=1), "alt_text": string(most=2_000)},
        {**BLOCK_ID, "title": text(most=2_000, plain=True)},
    ),
    "rich_text": shape({"elements": anything}, BLOCK_ID),
    "markdown": shape({"text": string(most=12_000, least=1)}, BLOCK_ID),
}


def elements_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything in a block that somebody can press, pick or fill."""
    found = [*(block.get("elements") or [])] if block.get("type") == "actions" else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return [one for one in found if isinstance(one, dict) and one.get("type") in ELEMENTS]


def complaints_of(blocks: Any, *, where: str, most: int) -> Complaints:
    """What is wrong with those blocks; nothing where all is well."""
    complaints: Complaints = []
    list_of(typed(BLOCKS), least=0, most=most)(blocks, where, complaints)
    if complaints:
        return complaints
    seen: set[str] = set()
    for at, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            complain(complaints, f"block_id {block_id} already exists", f"{where}/{at}/block_id")
        seen.add(block_id)
        actions = [one["action_id"] for one in elements_of(block) if "action_id" in one]
        if len(actions) != len(set(actions)):
            complain(complaints, "action_id already exists", f"{where}/{at}")
    return complaints


def text_in(part: Any) -> int:
    """How many characters of text there are in blocks."""
    match part:
        case {"text": str() as here, **others}:
            return len(here) + text_in(list(others.values()))
        case dict():
            return sum(text_in(one) for one in part.values())
        case list():
            return sum(text_in(one) for one in part)
        case _:
            return 0
