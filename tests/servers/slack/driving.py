"""What people do in Slack beside speaking: commands, shortcuts, buttons, selects, modals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.servers.slack.answering import after_command, after_submission, close
from tests.servers.slack.block_rules import OPTION, OPTION_GROUP, Complaints, list_of
from tests.servers.slack.delivering import COMMANDS, INTERACTIVE, Answer, Request
from tests.servers.slack.filling import Choice, NotPossible, acted, filled, find
from tests.servers.slack.modals import described
from tests.servers.slack.showing import shown
from tests.servers.slack.speaking import Done, Speaks, as_typed
from tests.servers.slack.state import (
    APP_ID,
    Channel,
    Ephemeral,
    Message,
    ResponseUrl,
    Team,
    User,
    View,
)

Place = Message | Ephemeral | View
"""Where there is something to press."""

MOST_COMMAND: Final = 4_000


class Acts(Speaks):
    """What people do beside speaking."""

    address: str

    # -- commands, shortcuts ----------------------------------------------------------------------

    def command(self, user: User, channel: Channel, command: str, text: str = "") -> Answer:
        """Types a slash command. Only the channel's own workspace has them."""
        self._must_be_member(user, channel)
        if len(text) > MOST_COMMAND:
            raise NotPossible(f"{len(text)} characters after a command")
        team = self._team_of(user)
        if "commands" not in team.scopes:
            raise NotPossible("the app has no commands here: the scope is missing")
        self.state.scopes_used.add("commands")
        place = ResponseUrl(
            team_id=team.id,
            channel_id=channel.id,
            user_id=user.id,
            made_at=self.state.now(),
        )
        answer = self.outbox.deliver(
            Request(
                kind=COMMANDS,
                payload={
                    "token": "verification-token-that-nobody-should-look-at",
                    "team_id": team.id,
                    "team_domain": team.domain,
                    "channel_id": channel.id,
                    "channel_name": "directmessage" if channel.is_im else channel.name,
                    "user_id": user.id,
                    "user_name": user.name,
                    "command": command,
                    "text": as_typed(text),
                    "api_app_id": APP_ID,
                    "is_enterprise_install": "false",
                    "response_url": self._response_url(place),
                    "trigger_id": self.state.trigger(team_id=team.id, user_id=user.id),
                },
            )
        )
        if answer.ok:
            kind = {k.lower(): v for k, v in answer.headers.items()}.get("content-type", "")
            if not kind and answer.body.lstrip().startswith(b"{"):
                kind = "application/json"
            with self.state.lock:
                after_command(self.state, place, content_type=str(kind), body=answer.body)
        return answer

    def shortcut(self, user: User, callback_id: str) -> Answer:
        """A global shortcut, from the search bar or the plus."""
        team = self._team_of(user)
        self.state.scopes_used.add("commands")
        return self._interact(team, user, {"type": "shortcut", "callback_id": callback_id})

    def message_shortcut(self, user: User, said: Message | Done, callback_id: str) -> Answer:
        """A shortcut in the menu of a message."""
        message = said.message if isinstance(said, Done) else said
        channel = self.state.channels[message.channel_id]
        self._must_be_member(user, channel)
        team = self._team_of(user)
        self.state.scopes_used.add("commands")
        place = ResponseUrl(
            team_id=team.id,
            channel_id=channel.id,
            user_id=user.id,
            made_at=self.state.now(),
            thread_ts=message.thread_ts,
        )
        return self._interact(
            team,
            user,
            {
                "type": "message_action",
                "callback_id": callback_id,
                "message_ts": message.ts,
                "message": shown(self.state, channel, message),
                "channel": {"id": channel.id, "name": channel.name},
                "response_url": self._response_url(place),
            },
        )

    # -- buttons, selects, modals -----------------------------------------------------------------

    def click(
        self, user: User, place: Place | Done, action_id: str, *, value: str | None = None
    ) -> Answer:
        """Presses a button."""
        place = place.message if isinstance(place, Done) else place
        block, element = find(place.blocks, action_id, value)
        if element["type"] != "button":
            raise NotPossible(f"{action_id} is a {element['type']}")
        action = {"type": "button", "text": element["text"]}
        action |= {"value": element["value"]} if "value" in element else {}
        return self._act(user, place, block, element, action)

    def choose(
        self, user: User, place: Place | Done, action_id: str, choice: Choice | Any
    ) -> Answer:
        """Picks an option (or a date, a person) in a message or in a part of a modal that acts
        at once."""
        place = place.message if isinstance(place, Done) else place
        block, element = find(place.blocks, action_id)
        if isinstance(choice, Mapping) and element["type"] == "external_select":
            offered: list[Any] = [choice]
        else:
            offered = place.offered.get(action_id, []) if isinstance(place, View) else []
        return self._act(user, place, block, element, acted(element, choice, offered))

    def options(
        self, user: User, place: Place | Done, action_id: str, typed: str = ""
    ) -> list[dict[str, Any]]:
        """What the app offers in an external select as somebody types.

        Raises:
            NotPossible: too little is typed to ask; or the answer is none that Slack takes.
        """
        place = place.message if isinstance(place, Done) else place
        block, element = find(place.blocks, action_id)
        if "external_select" not in element["type"]:
            raise NotPossible(f"{action_id} is a {element['type']}")
        if len(typed) < element.get("min_query_length", 3):
            raise NotPossible(f"Slack asks after {element.get('min_query_length', 3)} characters")
        team, where = self._where(user, place)
        answer = self._interact(
            team,
            user,
            {
                "type": "block_suggestion",
                "action_id": action_id,
                "block_id": block["block_id"],
                "value": typed,
                **where,
            },
            triggered=False,
        )
        if not answer.ok:
            raise NotPossible(f"no options: {answer.failed}")
        body, complaints = answer.json, Complaints()
        if "option_groups" in body:
            list_of(OPTION_GROUP, least=0, most=100)(
                body["option_groups"], "/option_groups", complaints
            )
            found = [one for group in body["option_groups"] for one in group["options"]]
        else:
            list_of(OPTION, least=0, most=100)(body.get("options"), "/options", complaints)
            found = body.get("options") or []
        if complaints:
            raise NotPossible("; ".join(complaints))
        if isinstance(place, View):
            place.offered[action_id] = found
        return list(found)

    def submit(
        self, user: User, view: View | None = None, values: Mapping[str, Any] | None = None
    ) -> Answer:
        """Fills a modal (the topmost one) and sends it; values are by ``action_id`` or
        ``block_id``, an option by its value. What the answer says is done to the modal: see
        ``open_views`` and ``View.errors``."""
        view = view or self.top_view(user)
        team = self.state.teams[view.team_id]
        state = filled(view, values or {})
        answer = self._interact(
            team,
            user,
            {
                "type": "view_submission",
                "view": described(view, team, values=state),
                "response_urls": [],
            },
        )
        if answer.ok:
            with self.state.lock:
                after_submission(self.state, view, answer.json)
        return answer

    def close_view(self, user: User, view: View | None = None) -> Answer | None:
        """Cancels a modal; the app hears of it where it asked to."""
        view = view or self.top_view(user)
        with self.state.lock:
            close(self.state, view)
        if not view.view.get("notify_on_close"):
            return None
        team = self.state.teams[view.team_id]
        payload = {"type": "view_closed", "view": described(view, team), "is_cleared": False}
        return self._interact(team, user, payload, triggered=False)

    # -- what there is to see ---------------------------------------------------------------------

    def ephemerals_to(self, user: User) -> list[Ephemeral]:
        """What only that person has seen, oldest first."""
        return [one for one in self.state.ephemerals if one.user_id == user.id]

    def open_views(self, user: User) -> list[View]:
        """A person's open modals, the topmost last."""
        return self.state.stack_of(user.id)

    def top_view(self, user: User) -> View:
        views = self.open_views(user)
        if not views:
            raise NotPossible(f"{user.name} has no modal open")
        return views[-1]

    # -- inside -----------------------------------------------------------------------------------

    def _team_of(self, user: User) -> Team:
        team = self.state.teams[user.team_id]
        if not team.installed:
            raise NotPossible(f"the app is not installed in {team.name}")
        return team

    def _response_url(self, place: ResponseUrl) -> str:
        number = f"{place.team_id}/{self.state.number()}/{self.state.number():024x}"
        self.state.response_urls[number] = place
        return f"{self.address}/response/{number}"

    def _where(self, user: User, place: Place) -> tuple[Team, dict[str, Any]]:
        """The workspace that is asked, and how a payload names the place."""
        if isinstance(place, View):
            team = self.state.teams[place.team_id]
            state = filled(place, {}, strict=False)
            view = described(place, team, values=state)
            return team, {"container": {"type": "view", "view_id": place.id}, "view": view}
        channel = self.state.channels[place.channel_id]
        self._must_be_member(user, channel)
        ephemeral = isinstance(place, Ephemeral)
        team_id = channel.team_id
        if isinstance(place, Message):
            team_id = place.team_id
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": place.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if place.thread_ts is not None:
            container["thread_ts"] = place.thread_ts
        where = {"container": container, "channel": {"id": channel.id, "name": channel.name}}
        if isinstance(place, Message):
            if place.ts not in channel.by_ts:
                raise NotPossible("the message is gone")
            where["message"] = shown(self.state, channel, place, metadata=True)
        return self.state.teams[team_id], where

    def _act(
        self,
        user: User,
        place: Place,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        action: dict[str, Any],
    ) -> Answer:
        team, where = self._where(user, place)
        if not isinstance(place, View):
            url = ResponseUrl(
                team_id=team.id,
                channel_id=place.channel_id,
                user_id=user.id,
                made_at=self.state.now(),
                message_ts=place.ts,
                thread_ts=place.thread_ts,
            )
            where |= {"response_url": self._response_url(url), "state": {"values": {}}}
        acted_on = {
            **action,
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.state.new_ts(),
        }
        return self._interact(team, user, {"type": "block_actions", "actions": [acted_on], **where})

    def _interact(
        self, team: Team, user: User, payload: dict[str, Any], *, triggered: bool = True
    ) -> Answer:
        whole = {
            "token": "verification-token-that-nobody-should-look-at",
            "api_app_id": APP_ID,
            "team": {"id": team.id, "domain": team.domain},
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": user.team_id,
            },
            "enterprise": None,
            "is_enterprise_install": False,
            **payload,
        }
        if triggered:
            whole["trigger_id"] = self.state.trigger(team_id=team.id, user_id=user.id)
        return self.outbox.deliver(Request(kind=INTERACTIVE, payload=whole))
