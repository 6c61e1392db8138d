"""What Slack accepts beside blocks: messages, metadata, channel names, topics, modals."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.servers.slack.block_rules import (
    MOST_BLOCKS_IN_MESSAGE,
    MOST_BLOCKS_IN_VIEW,
    MOST_TEXT_IN_BLOCKS,
    Complaints,
    Rule,
    anything,
    complain,
    complaints_of,
    elements_of,
    flag,
    shape,
    string,
    text,
    text_in,
)
from tests.servers.slack.refusing import SlackError

MOST_TEXT: Final = 40_000
MOST_METADATA: Final = 8_000
MOST_TOPIC: Final = 250
MOST_NAME: Final = 80
TRIGGER_LASTS: Final = 3.0
"""Seconds in which a ``trigger_id`` has to be used."""
MOST_STACKED_VIEWS: Final = 3
MOST_VIEW: Final = 250_000


def check_message(*, said: str, blocks: Any, metadata: Any) -> None:
    """A message's text, blocks and metadata.

    Raises:
        SlackError: no_text, msg_too_long, msg_blocks_too_long, invalid_blocks,
            invalid_metadata_format, metadata_too_large.
    """
    if not said and not blocks:
        raise SlackError("no_text")
    if len(said) > MOST_TEXT:
        raise SlackError("msg_too_long")
    if blocks:
        complaints = complaints_of(blocks, where="/blocks", most=MOST_BLOCKS_IN_MESSAGE)
        if complaints:
            raise SlackError("invalid_blocks", messages=complaints)
        if text_in(blocks) > MOST_TEXT_IN_BLOCKS:
            raise SlackError("msg_blocks_too_long")
    if metadata is not None:
        check_metadata(metadata)


def check_metadata(metadata: Any) -> None:
    match metadata:
        case {"event_type": str() as event_type, "event_payload": dict()} if event_type:
            if metadata.keys() - {"event_type", "event_payload", "entities"}:
                raise SlackError("invalid_metadata_format")
        case _:
            raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > MOST_METADATA:
        raise SlackError("metadata_too_large")


def check_channel_name(name: str) -> None:
    """Raises:
    SlackError: invalid_name_required, invalid_name_maxlength, invalid_name_punctuation,
        invalid_name_specials.
    """
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > MOST_NAME:
        raise SlackError("invalid_name_maxlength")
    if not re.search(r"\w", name.replace("_", "")):
        raise SlackError("invalid_name_punctuation")
    if re.search(r"[\s.!-,/:-@\[-^`{-~]", name) or name != name.lower():
        raise SlackError("invalid_name_specials")


def view_shape() -> Rule:
    title = text(most=24, plain=True)
    return shape(
        {"title": title, "blocks": anything},
        {
            "submit": title,
            "close": title,
            "callback_id": string(most=255),
            "private_metadata": string(most=3_000),
            "external_id": string(most=255),
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
    )


VIEW: Final = view_shape()


def check_view(view: Any) -> None:
    """A modal.

    Raises:
        SlackError: invalid_arguments with what is wrong, view_too_large.
    """
    complaints: Complaints = []
    if not isinstance(view, dict) or view.get("type") != "modal":
        complain(complaints, "unsupported view type", "/view/type")
        raise SlackError("invalid_arguments", messages=complaints)
    VIEW(view, "/view", complaints)
    if "blocks" in view:
        complaints += complaints_of(view["blocks"], where="/view/blocks", most=MOST_BLOCKS_IN_VIEW)
    if not complaints:
        inputs = [block for block in view["blocks"] if block["type"] == "input"]
        if inputs and "submit" not in view:
            complain(complaints, "missing required field: submit", "/view")
        if (
            sum(one.get("focus_on_load", False) for b in view["blocks"] for one in elements_of(b))
            > 1
        ):
            complain(complaints, "only one element may have focus_on_load", "/view/blocks")
    if complaints:
        raise SlackError("invalid_arguments", messages=complaints)
    if len(json.dumps(view)) > MOST_VIEW:
        raise SlackError("view_too_large")
