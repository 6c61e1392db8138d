"""views.*: modals, by triggers that last three seconds and work once."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calling import Answer, Call, method
from tests.servers.slack.messages import identified
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.rules import MOST_STACKED_VIEWS, TRIGGER_LASTS, check_view
from tests.servers.slack.state import APP_ID, State, Team, View


def described(view: View, team: Team, *, values: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "callback_id": "",
        "private_metadata": "",
        "external_id": "",
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **view.view,
        "id": view.id,
        "team_id": team.id,
        "state": {"values": values or {}},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": APP_ID,
        "app_installed_team_id": team.id,
        "bot_id": team.bot_id,
    }


def new_hash(state: State) -> str:
    return f"{int(state.now())}.{state.number():08x}"


def identified_view(state: State, view: dict[str, Any]) -> dict[str, Any]:
    return {**view, "blocks": identified(state, view["blocks"])}


def given_view(call: Call) -> dict[str, Any]:
    view = call.structure("view", error="invalid_arguments")
    check_view(view)
    external_id = view.get("external_id")
    if external_id and any(v.view.get("external_id") == external_id for v in of_team(call)):
        raise SlackError("duplicate_external_id")
    done: dict[str, Any] = view
    return done


def of_team(call: Call) -> list[View]:
    return [view for view in call.state.views.values() if view.team_id == call.team.id]


def exchange(call: Call) -> str:
    """The person whose trigger it is.

    Raises:
        SlackError: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id.
    """
    trigger = call.state.triggers.get(call.text("trigger_id", error="invalid_trigger_id"))
    if trigger is None or trigger.team_id != call.team.id:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    if call.state.now() - trigger.made_at > TRIGGER_LASTS:
        raise SlackError("expired_trigger_id")
    trigger.used = True
    return trigger.user_id


def show(
    state: State, *, team_id: str, user_id: str, view: dict[str, Any], below: View | None
) -> View:
    view_id = state.new_id("V")
    shown = View(
        id=view_id,
        team_id=team_id,
        user_id=user_id,
        view=identified_view(state, view),
        hash=new_hash(state),
        root_id=view_id if below is None else below.root_id,
        previous_id=None if below is None else below.id,
    )
    state.views[view_id] = shown
    return shown


def change(state: State, view: View, new: dict[str, Any]) -> None:
    view.view = identified_view(state, new)
    view.hash = new_hash(state)
    view.errors = {}


@method("views.open")
def open_view(call: Call) -> Answer:
    """Takes the place of whatever modals the person had open."""
    view = given_view(call)
    user_id = exchange(call)
    for old in call.state.stack_of(user_id):
        call.state.closed_views[old.id] = call.state.views.pop(old.id)
    shown = show(call.state, team_id=call.team.id, user_id=user_id, view=view, below=None)
    return {"ok": True, "view": described(shown, call.team)}


@method("views.push")
def push_view(call: Call) -> Answer:
    view = given_view(call)
    user_id = exchange(call)
    stack = call.state.stack_of(user_id)
    if len(stack) >= MOST_STACKED_VIEWS:
        raise SlackError("push_limit_reached")
    below = stack[-1] if stack else None
    shown = show(call.state, team_id=call.team.id, user_id=user_id, view=view, below=below)
    return {"ok": True, "view": described(shown, call.team)}


@method("views.update")
def update_view(call: Call) -> Answer:
    new = call.structure("view", error="invalid_arguments")
    check_view(new)
    view_id, external_id = call.optional("view_id"), call.optional("external_id")
    if view_id is None and external_id is None:
        raise SlackError("invalid_arguments", messages=["missing required field: view_id"])
    for view in of_team(call):
        if view.id == view_id or (external_id and view.view.get("external_id") == external_id):
            expected = call.optional("hash")
            if expected is not None and expected != view.hash:
                raise SlackError("hash_conflict")
            change(call.state, view, new)
            return {"ok": True, "view": described(view, call.team)}
    raise SlackError("not_found")
