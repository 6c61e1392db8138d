"""The modals that the local Slack refuses, and the triggers that open them."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from tests.servers.slack import (
    LocalSlack,
    User,
)
from tests.servers.slack.asking import (
    HandMovedClock,
    button,
    error_of,
    plain,
    refused,
)


def field(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": blocks}
    return {**whole, **more, "blocks": list(blocks)}


TYPED = {"type": "plain_text_input", "action_id": "typed"}


def trigger(slack: LocalSlack, user: User) -> str:
    return slack.state.trigger(team_id=user.team_id, user_id=user.id)


def test_a_modal_opens_by_a_trigger_once_within_three_seconds(
    slack: LocalSlack, client: WebClient, clock: HandMovedClock, anna: User
) -> None:
    first, second = trigger(slack, anna), trigger(slack, anna)
    clock.seconds += 3.0
    client.views_open(trigger_id=first, view=modal(field(TYPED)))
    clock.seconds += 0.1

    used = error_of(lambda: client.views_open(trigger_id=first, view=modal(field(TYPED))))
    late = error_of(lambda: client.views_open(trigger_id=second, view=modal(field(TYPED))))
    made_up = error_of(lambda: client.views_open(trigger_id="1.2.3", view=modal(field(TYPED))))

    assert used == "exchanged_trigger_id"
    assert (late, made_up) == ("expired_trigger_id", "invalid_trigger_id")
    assert len(slack.open_views(anna)) == 1


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters"),
        (modal(submit=plain("x" * 25)), "must be less than 25 characters"),
        (modal(private_metadata="x" * 3_001), "must be less than 3001 characters"),
        (modal(callback_id="x" * 256), "must be less than 256 characters"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "sheet"}, "unsupported view type"),
        (
            {"type": "modal", "title": plain("T"), "blocks": [field(TYPED)]},
            "missing required field: submit",
        ),
        (modal(field(TYPED, label=plain("x" * 2_001))), "must be less than 2001 characters"),
        (modal(field(TYPED, hint=plain("x" * 2_001))), "must be less than 2001 characters"),
        (
            modal(field({**TYPED, "placeholder": plain("x" * 151)})),
            "must be less than 151 characters",
        ),
        (modal(field({**TYPED, "max_length": 3_001})), "whole number from 1 to 3000"),
        (modal(field(button())), "unsupported type: button"),
        (
            modal(field({"type": "datepicker", "action_id": "d", "initial_date": "1.2.26"})),
            "must be a date",
        ),
        (
            modal(field({"type": "datetimepicker", "initial_date_time": "now"})),
            "must be a whole number",
        ),
    ],
)
def test_modals_that_slack_does_not_take(
    slack: LocalSlack, client: WebClient, anna: User, view: dict[str, Any], complaint: str
) -> None:
    body = refused(lambda: client.views_open(trigger_id=trigger(slack, anna), view=view))

    assert body["error"] == "invalid_arguments"
    assert any(complaint in text for text in body["response_metadata"]["messages"])


def test_modals_are_pushed_three_deep_and_updated(
    slack: LocalSlack, client: WebClient, anna: User
) -> None:
    first = client.views_open(trigger_id=trigger(slack, anna), view=modal())["view"]
    for _ in range(2):
        client.views_push(trigger_id=trigger(slack, anna), view=modal())

    too_deep = error_of(lambda: client.views_push(trigger_id=trigger(slack, anna), view=modal()))
    client.views_update(view_id=first["id"], hash=first["hash"], view=modal(title=plain("New")))
    stale = error_of(
        lambda: client.views_update(view_id=first["id"], hash=first["hash"], view=modal())
    )
    gone = error_of(lambda: client.views_update(view_id="V999", view=modal()))

    assert (too_deep, stale, gone) == ("push_limit_reached", "hash_conflict", "not_found")
    assert [view.title for view in slack.open_views(anna)] == ["New", "Title", "Title"]
