"""Who somebody in Slack is: by hand, by a link code, or by confirmed mail address (Domain: roles).

A member's Slack user is known by an admin's word or a code, and speaks with the member's whole
role. A mail address is Slack's word alone: it counts for full members of the installed workspace
only, and never for more than the role of a member.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tocsin.adapters.slack.contract import VIA, Person, Workspace
from tocsin.adapters.slack.telling import TROUBLE
from tocsin.core.claims import SLACK_CODE, SLACK_USER
from tocsin.core.errors import Conflict, RateLimited
from tocsin.core.facts import stream_identity
from tocsin.core.membership import email_claim, link_code_digest
from tocsin.core.record_commands import LinkSlack
from tocsin.core.records import Member
from tocsin.core.words import Role
from tocsin.handler.submission import Speaker, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReadTurn, Store

log = structlog.get_logger(__name__)

FRESH_SECONDS: Final = 300.0
"""How long what Slack says of a person is believed."""

MOST_PROFILES: Final = 10_000
LONGEST_CODE: Final = 100
ATTEMPTS: Final = 5
ATTEMPTS_SECONDS: Final = 60.0
MOST_ATTEMPTING: Final = 10_000

HOW_TO: Final = (
    " Ask an org_admin for a code (`tocsin member link-code`) and say `/tocsin link CODE` here."
)
UNKNOWN: Final = "You are not known to Tocsin yet." + HOW_TO
GUEST: Final = (
    "Guests of this workspace are not known by their mail address, so you are nobody to Tocsin yet."
    + HOW_TO
)
ELSEWHERE: Final = (
    "You are of another workspace than the one Tocsin is installed in, so it does not know you."
    + HOW_TO
)
BOT: Final = "Bots and apps are no members of Tocsin. Use an API key for what they have to say."
NOT_GOOD: Final = "this code is not good, or no more; ask for a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What Slack says of a person; ``email`` is set only where it is confirmed, and theirs who is a
    full member of the workspace that was asked."""

    name: str
    email: str | None = None
    bot: bool = False
    guest: bool = False
    elsewhere: bool = False


class SlackPeople:
    """Looks people up in the database and in Slack (see ``contract.People``).

    ``client`` makes a client for a workspace's token, ``timer`` counts seconds.
    """

    def __init__(
        self,
        store: Store,
        *,
        writer: Writer,
        client: Callable[[Workspace], WebClient],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._writer = writer
        self._client = client
        self._timer = timer
        self._lock = threading.Lock()
        self._profiles: OrderedDict[tuple[str, str], tuple[float, Profile]] = OrderedDict()
        self._attempts: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def who(self, workspace: Workspace, org_id: int, *, team_id: str, user_id: str) -> Person:
        """The person; ``team_id`` is their own workspace, which may be another one.

        Raises:
            SlackClientError, OSError, HTTPException: Slack cannot be asked, and they are not
                known by hand.
            StorageFailed: the database is away.
        """
        with self._store.reading() as turn:
            tied = _tied(turn, org_id, workspace, team_id=team_id, user_id=user_id)
        if tied is not None:
            speaker = Speaker(member_id=tied.id)
            name = self._name_of(tied, workspace, user_id)
            return Person(team_id=team_id, user_id=user_id, name=name, speaker=speaker)
        profile = self._profile(workspace, user_id)
        # What came with the request and what Slack says when asked must both be this workspace.
        elsewhere = profile.elsewhere or team_id != workspace.team_id
        by_mail: Member | None = None
        if profile.email is not None and not elsewhere:
            with self._store.reading() as turn:
                by_mail = _addressed(turn, org_id, profile.email)
        return Person(
            team_id=team_id,
            user_id=user_id,
            name=profile.name,
            speaker=None if by_mail is None else Speaker(member_id=by_mail.id, at_most=Role.MEMBER),
            stranger="" if by_mail is not None else _stranger(profile, elsewhere=elsewhere),
        )

    def link(self, code: str, *, team_id: str, user_id: str) -> Member:
        """Tie a Slack user to the member whose code it is; the member.

        Raises:
            Conflict: the code is not good, or the Slack user is another member.
            RateLimited: they have tried too often just now.
            StorageFailed: it could not be stored; it did not happen.
        """
        self._attempt(team_id, user_id)
        org_code, _, secret = code.strip()[:LONGEST_CODE].rpartition(".")
        digest = link_code_digest(secret)
        with self._store.reading() as turn:
            org = turn.org(org_code)
            # That there is no such org is answered as that there is no such code.
            stream = None if org is None else turn.claimed_by(org.org_id, SLACK_CODE, digest)
        if org is None or stream is None:
            raise Conflict(NOT_GOOD)
        outcome = self._writer.do(
            Submission(
                org_id=org.org_id,
                sort="member",
                subject=stream_identity(stream),
                command=LinkSlack(digest=digest, slack_user_id=user_id, slack_team_id=team_id),
                via=VIA,
            )
        )
        assert isinstance(outcome.state, Member)
        return outcome.state

    def _attempt(self, team_id: str, user_id: str) -> None:
        now, who = self._timer(), (team_id, user_id)
        with self._lock:
            tried = self._attempts.pop(who, deque())
            while tried and tried[0] <= now - ATTEMPTS_SECONDS:
                tried.popleft()
            allowed = len(tried) < ATTEMPTS
            if allowed:
                tried.append(now)
            self._attempts[who] = tried
            while len(self._attempts) > MOST_ATTEMPTING:
                self._attempts.popitem(last=False)
        if not allowed:
            raise RateLimited(
                "you have tried several codes just now; wait a minute",
                retry_after=int(ATTEMPTS_SECONDS),
            )

    def _name_of(self, member: Member, workspace: Workspace, user_id: str) -> str:
        """What Slack calls them; without Slack, what we do."""
        try:
            return self._profile(workspace, user_id).name
        except TROUBLE as wrong:
            log.info("no name from Slack", action="slack_no_profile", reason=type(wrong).__name__)
            return member.name

    def _profile(self, workspace: Workspace, user_id: str) -> Profile:
        key, now = (workspace.team_id, user_id), self._timer()
        with self._lock:
            kept = self._profiles.get(key)
        if kept is not None and now - kept[0] < FRESH_SECONDS:
            return kept[1]
        found = _asked(self._client(workspace), workspace, user_id)
        with self._lock:
            self._profiles.pop(key, None)
            self._profiles[key] = (now, found)
            while len(self._profiles) > MOST_PROFILES:
                self._profiles.popitem(last=False)
        return found


def _tied(
    turn: ReadTurn, org_id: int, workspace: Workspace, *, team_id: str, user_id: str
) -> Member | None:
    """The member who was said to be that Slack user."""
    member = _member(turn, org_id, turn.claimed_by(org_id, SLACK_USER, user_id))
    if member is None or team_id != (member.slack_team_id or workspace.team_id):
        return None
    return member


def _addressed(turn: ReadTurn, org_id: int, email: str) -> Member | None:
    """The member of that address, unless they are said to be another Slack user."""
    member = _member(turn, org_id, turn.claimed_by(org_id, *email_claim(email)))
    if member is None or member.slack_user_id is not None or member.service:
        return None
    return member


def _member(turn: ReadTurn, org_id: int, stream: str | None) -> Member | None:
    head = None if stream is None else turn.head(org_id, stream)
    if head is None or not isinstance(head.state, Member) or head.state.removed_at is not None:
        return None
    return head.state


def _asked(client: WebClient, workspace: Workspace, user_id: str) -> Profile:
    try:
        user: dict[str, Any] = client.users_info(user=user_id)["user"]
    except SlackApiError as wrong:
        if wrong.response.get("error") in ("user_not_found", "user_not_visible"):
            return Profile(name=user_id, elsewhere=True)
        raise
    profile: dict[str, Any] = user.get("profile") or {}
    named = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    name = next((str(one) for one in (*named, user.get("name")) if one), user_id)
    bot = bool(user.get("is_bot")) or user_id == "USLACKBOT"
    guest = bool(user.get("is_restricted") or user.get("is_ultra_restricted"))
    elsewhere = bool(user.get("is_stranger")) or user.get("team_id") != workspace.team_id
    full = not (bot or guest or elsewhere or user.get("deleted"))
    confirmed = full and user.get("is_email_confirmed") is True
    email = profile.get("email") if confirmed else None
    return Profile(
        name=name,
        email=str(email) if email else None,
        bot=bot,
        guest=guest,
        elsewhere=elsewhere,
    )


def _stranger(profile: Profile, *, elsewhere: bool) -> str:
    if profile.bot:
        return BOT
    if elsewhere:
        return ELSEWHERE
    return GUEST if profile.guest else UNKNOWN
