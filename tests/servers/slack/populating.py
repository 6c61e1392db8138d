"""Who and what there is in a Slack: workspaces, people, channels, user groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.servers.slack.driving import Acts
from tests.servers.slack.messages import open_im
from tests.servers.slack.state import ALL_SCOPES, Channel, Team, User, UserGroup


class Populated(Acts):
    """Makes them."""

    def team(
        self, name: str = "acme", *, scopes: Iterable[str] = ALL_SCOPES, installed: bool = True
    ) -> Team:
        team = Team(
            id=self.state.new_id("T"),
            name=name,
            domain=name,
            bot_user_id=self.state.new_id("UBOT"),
            bot_id=self.state.new_id("B"),
            token=f"xoxb-{name}-{self.state.number()}-secret",
            scopes=set(scopes),
            installed=installed,
        )
        with self.state.lock:
            self.state.teams[team.id] = team
            self.state.users[team.bot_user_id] = User(
                id=team.bot_user_id,
                team_id=team.id,
                name="tocsin",
                real_name="Tocsin",
                email=None,
                is_bot=True,
            )
        return team

    @property
    def home(self) -> Team:
        """The first workspace, made where there is none."""
        return next(iter(self.state.teams.values()), None) or self.team()

    def user(self, name: str, *, team: Team | None = None, **more: Any) -> User:
        """Somebody; ``email`` is ``<name>@<team>.example`` unless said otherwise, other fields
        are those of ``User``."""
        team = team or self.home
        given = {"email": f"{name}@{team.domain}.example", "real_name": name.title(), **more}
        user = User(id=self.state.new_id("U"), team_id=team.id, name=name, **given)
        with self.state.lock:
            self.state.users[user.id] = user
        return user

    def channel(
        self,
        name: str,
        *,
        team: Team | None = None,
        members: Iterable[User] | None = None,
        bot: bool = True,
        private: bool = False,
        shared_with: Iterable[Team] = (),
    ) -> Channel:
        """The channel of that name; made where there is none, with those members (everybody of
        the workspaces it belongs to, if nobody is named) and the bot."""
        team = team or self.home
        with self.state.lock:
            found = self.state.named(team.id, name)
            if found is not None:
                return found
            shared = {other.id for other in shared_with}
            inside = (
                [
                    user.id
                    for user in self.state.users.values()
                    if user.team_id in {team.id, *shared} and not user.is_bot
                ]
                if members is None
                else [user.id for user in members]
            )
            made = Channel(
                id=self.state.new_id("C"),
                team_id=team.id,
                name=name.removeprefix("#"),
                creator=inside[0] if inside else team.bot_user_id,
                created=int(self.state.now()),
                is_private=private,
                members=[*inside, *([team.bot_user_id] if bot else [])],
                shared_with=shared,
            )
            self.state.channels[made.id] = made
            return made

    def remove_channel(self, channel: Channel) -> None:
        """Deletes a channel: nobody finds it any more."""
        with self.state.lock:
            del self.state.channels[channel.id]

    def direct(self, user: User) -> Channel:
        """The direct conversation of somebody and the bot."""
        with self.state.lock:
            return open_im(self.state, self.state.teams[user.team_id], user.id)

    def group(self, handle: str, users: Iterable[User], *, team: Team | None = None) -> UserGroup:
        """A user group."""
        made = UserGroup(
            id=self.state.new_id("S"),
            team_id=(team or self.home).id,
            handle=handle,
            name=handle.title(),
            users=[user.id for user in users],
        )
        self.state.groups.append(made)
        return made

    def oauth_code(self, team: Team, *, redirect_uri: str = "") -> str:
        """A code for oauth.v2.access, as somebody gets by pressing Allow."""
        code = f"code-{self.state.number()}"
        self.state.oauth_codes[code] = (team.id, redirect_uri)
        return code
