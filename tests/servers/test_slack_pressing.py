"""Buttons, selects and modals of the local Slack, as people press and fill them."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from tests.servers.slack import (
    Channel,
    LocalSlack,
    NotPossible,
    SlackError,
    User,
)
from tests.servers.slack.asking import (
    AttentiveApp,
    option,
    plain,
)


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("Label"),
        "element": {"action_id": block_id, **element},
        **more,
    }


FORM = {
    "type": "modal",
    "callback_id": "form",
    "private_metadata": "42",
    "title": plain("Form"),
    "submit": plain("Go"),
    "blocks": [
        field("title", {"type": "plain_text_input", "max_length": 10}),
        field(
            "severity",
            {
                "type": "static_select",
                "options": [option("sev1"), option("sev2")],
                "initial_option": option("sev2"),
            },
        ),
        field("at", {"type": "datetimepicker"}, optional=True),
        field("ticket", {"type": "external_select", "min_query_length": 2}, optional=True),
    ],
}


def open_form(slack: LocalSlack, client: WebClient, user: User, **more: Any) -> None:
    trigger = slack.state.trigger(team_id=user.team_id, user_id=user.id)
    client.views_open(trigger_id=trigger, view={**FORM, **more})


def test_pressing_and_picking(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User, channel: Channel
) -> None:
    slack.outbox.app = None
    elements = [
        {"type": "button", "action_id": "go", "value": "42", "text": plain("Go")},
        {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]},
    ]
    blocks = [{"type": "actions", "block_id": "ticket:42", "elements": elements}]
    client.chat_postMessage(channel=channel.id, text="card", blocks=blocks)
    (card,) = channel.of_bot()
    slack.outbox.app = app

    slack.click(anna, card, "go")
    pressed = app.last
    slack.choose(anna, card, "pick", "b")
    picked = app.last

    assert pressed["actions"][0]["value"] == "42"
    assert pressed["container"]["message_ts"] == pressed["message"]["ts"] == card.ts
    assert picked["actions"][0]["selected_option"] == option("b")
    assert picked["actions"][0]["block_id"] == "ticket:42"
    with pytest.raises(NotPossible, match="no stop"):
        slack.click(anna, card, "stop")
    with pytest.raises(NotPossible, match="no option c"):
        slack.choose(anna, card, "pick", "c")


def test_shortcuts(slack: LocalSlack, app: AttentiveApp, anna: User, channel: Channel) -> None:
    said = slack.say(anna, channel, "the link is down", deliver=False)

    slack.shortcut(anna, "open")
    everywhere = app.last
    slack.message_shortcut(anna, said, "open_from")
    from_message = app.last

    assert (everywhere["type"], everywhere["callback_id"]) == ("shortcut", "open")
    assert from_message["type"] == "message_action"
    assert from_message["message"]["text"] == "the link is down"
    assert from_message["channel"]["id"] == channel.id


def test_a_modal_is_filled_and_sent(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)

    slack.submit(anna, values={"title": "a & b", "at": 1_763_683_200})

    view = app.last["view"]
    assert view["private_metadata"] == "42"
    assert view["state"]["values"] == {
        "title": {"title": {"type": "plain_text_input", "value": "a & b"}},
        "severity": {"severity": {"type": "static_select", "selected_option": option("sev2")}},
        "at": {"at": {"type": "datetimepicker", "selected_date_time": 1_763_683_200}},
        "ticket": {"ticket": {"type": "external_select", "selected_option": None}},
    }
    assert slack.open_views(anna) == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "has to be filled"),
        ({"title": "x" * 11}, "11 characters"),
        ({"title": "x", "severity": "sev9"}, "no option sev9"),
        ({"title": "x", "colour": "red"}, "no field"),
        ({"title": "x", "ticket": "7"}, "no option 7"),
    ],
)
def test_a_modal_that_nobody_could_send(
    slack: LocalSlack, client: WebClient, anna: User, values: dict[str, str], why: str
) -> None:
    open_form(slack, client, anna)

    with pytest.raises(NotPossible, match=why):
        slack.submit(anna, values=values)


def test_options_are_asked_of_the_app_as_somebody_types(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    app.answer("block_suggestion", {"options": [option("7")]})
    view = slack.top_view(anna)

    found = slack.options(anna, view, "ticket", "fib")
    slack.submit(anna, view, {"title": "x", "ticket": "7"})

    chosen = app.last["view"]["state"]["values"]["ticket"]["ticket"]["selected_option"]
    assert found == [option("7")]
    assert chosen == option("7")
    assert app.heard[0][0].payload["value"] == "fib"


def test_options_that_slack_does_not_show(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    view = slack.top_view(anna)
    app.answer("block_suggestion", {"options": [option(f"{n}") for n in range(101)]})

    with pytest.raises(NotPossible, match="no more than 100 items"):
        slack.options(anna, view, "ticket", "fib")
    with pytest.raises(NotPossible, match="after 2 characters"):
        slack.options(anna, view, "ticket", "f")


def test_what_the_answer_does_to_a_modal(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    view = slack.top_view(anna)

    app.answer("view_submission", {"response_action": "errors", "errors": {"title": "Too short."}})
    answer = slack.submit(anna, view, {"title": "x"})
    assert answer.errors == view.errors == {"title": "Too short."}

    app.answer("view_submission", {"response_action": "errors", "errors": {"nowhere": "No."}})
    with pytest.raises(SlackError, match="invalid_arguments"):
        slack.submit(anna, view, {"title": "x"})

    changed = {**FORM, "title": plain("Changed")}
    app.answer("view_submission", {"response_action": "update", "view": changed})
    slack.submit(anna, view, {"title": "x"})
    app.answer("view_submission", {"response_action": "push", "view": FORM})
    slack.submit(anna, view, {"title": "x"})
    assert [one.title for one in slack.open_views(anna)] == ["Changed", "Form"]

    app.answer("view_submission", {"response_action": "clear"})
    slack.submit(anna, values={"title": "x"})
    assert slack.open_views(anna) == []


def test_a_modal_that_is_sent_twice_is_the_same_twice(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)

    slack.resend(slack.submit(anna, values={"title": "x"}))

    (first, _), (second, _) = app.heard
    assert first.body == second.body


def test_the_app_hears_of_a_closed_modal_if_it_asked_to(
    slack: LocalSlack, app: AttentiveApp, client: WebClient, anna: User
) -> None:
    open_form(slack, client, anna)
    assert slack.close_view(anna) is None

    open_form(slack, client, anna, notify_on_close=True)
    assert slack.close_view(anna) is not None
    assert app.last["type"] == "view_closed"
