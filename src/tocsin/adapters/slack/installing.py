"""Installing Tocsin in a workspace by a link: OAuth, from an invitation that this server signed.

Whoever runs the server makes an invitation for an org; whoever administers the workspace follows it
and presses Allow. An invitation is good once and not for long, and takes no workspace away from
another org.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tocsin.adapters.slack.calls import silent
from tocsin.adapters.slack.mounting import OAUTH
from tocsin.adapters.slack.telling import TROUBLE
from tocsin.adapters.slack.workspaces import Installing, NoBot, introduced, tie
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

SCOPES: Final = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "pins:write",
    "users:read",
    "users:read.email",
)
"""What the bot may do, and is asked for; each is used."""

INVITATION_LIFE: Final = timedelta(hours=1)
SLACK_SECONDS: Final = 10
LONGEST_QUERY: Final = 4_096
AUTHORIZE: Final = "https://slack.com/oauth/v2/authorize"

NOT_GOOD: Final = (
    "This invitation is not good, or no more. Ask whoever runs Tocsin for a new one"
    " (tocsin admin slack install-link)."
)
DECLINED: Final = "Nothing was installed."
OF_OTHERS: Final = (
    "This workspace is connected to Tocsin already, for somebody else. Whoever runs Tocsin can"
    " connect it anew (tocsin admin slack connect)."
)
REFUSED: Final = "Slack did not complete the installation. Ask for a new invitation and try again."
AWAY: Final = "Tocsin cannot reach its storage just now. Ask for a new invitation in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """The Slack app that is installed: who it is to Slack, and where Slack brings people back to.

    ``api_url`` is where the Web API is, if not at Slack.
    """

    client_id: str
    client_secret: str = field(repr=False)
    public_url: str
    api_url: str | None = None

    @property
    def redirect(self) -> str:
        """Where Slack brings back who has pressed Allow."""
        return self.public_url.rstrip("/") + OAUTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """To install Tocsin for an org; ``nonce`` tells it from every other."""

    org_id: int
    nonce: str
    expires_at: datetime


def signing_key(installation_key: bytes) -> bytes:
    """What invitations are signed with: derived from the installation's key, for nothing else."""
    return hmac.digest(installation_key, b"slack invitations", hashlib.sha256)


def invited(org_id: int, *, key: bytes, now: datetime) -> str:
    """A fresh invitation for an org, signed, as it travels in an address."""
    said = {
        "org": org_id,
        "nonce": secrets.token_urlsafe(16),
        "until": int((now + INVITATION_LIFE).timestamp()),
    }
    payload = _packed(json.dumps(said).encode())
    return f"{payload}.{_signature(payload, key)}"


def invitation_of(state: str, *, key: bytes, now: datetime) -> Invitation | None:
    """What *state* invites to; None where it is not signed by us, or has expired by *now*."""
    payload, _, signature = state.partition(".")
    expected = _signature(payload, key)
    # Compared as bytes: what somebody made up may be any text.
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        return None
    said = json.loads(_unpacked(payload))
    found = Invitation(
        org_id=int(said["org"]),
        nonce=str(said["nonce"]),
        expires_at=datetime.fromtimestamp(int(said["until"]), UTC),
    )
    return found if now < found.expires_at else None


def install_link(app: SlackApp, *, state: str) -> str:
    """The address at which a workspace's admin presses Allow."""
    where = AUTHORIZE
    if app.api_url is not None:
        parts = urlsplit(app.api_url)
        where = f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize"
    asked = {
        "client_id": app.client_id,
        "scope": ",".join(SCOPES),
        "redirect_uri": app.redirect,
        "state": state,
    }
    return f"{where}?{urlencode(asked)}"


def _signature(payload: str, key: bytes) -> str:
    return _packed(hmac.digest(key, payload.encode(), hashlib.sha256))


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# -- coming back ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the person who comes back is shown: a status and a sentence."""

    status: int
    text: str


class Reception:
    """An ASGI application for :data:`OAUTH`: takes people back from Slack, and installs.

    ``key`` is the one of :func:`signing_key`.
    """

    def __init__(self, app: SlackApp, tools: Installing, *, key: bytes) -> None:
        self._app = app
        self._tools = tools
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked = cast(HTTPScope, scope)
        query: bytes = asked["query_string"]
        if asked["method"] != "GET":
            said = Said(status=405, text="Follow the link of the invitation.")
        elif len(query) > LONGEST_QUERY:
            said = Said(status=400, text=NOT_GOOD)
        else:
            given = dict(parse_qsl(query.decode("latin-1")))
            said = await asyncio.to_thread(self.received, given)
        await _answer(send, said)

    def received(self, given: Mapping[str, str]) -> Said:
        """What becomes of an address that Slack brought somebody back to."""
        now = self._tools.clock()
        invitation = invitation_of(given.get("state", ""), key=self._key, now=now)
        if invitation is None:
            log.warning("no such invitation", action="slack_install_refused", reason="state")
            return Said(status=400, text=NOT_GOOD)
        if "code" not in given:
            return Said(status=200, text=DECLINED)
        try:
            if not self._first_use(invitation, now):
                log.warning("used before", action="slack_install_refused", reason="used")
                return Said(status=400, text=NOT_GOOD)
            return self._install(invitation, given["code"])
        except StorageFailed as failed:
            log.warning("not installed", action="slack_install_failed", reason=failed.reason)
            return Said(status=503, text=AWAY)

    def _first_use(self, invitation: Invitation, now: datetime) -> bool:
        with self._tools.store.writing() as turn:
            first = turn.use_slack_install(
                invitation.nonce, expires_at=invitation.expires_at, now=now
            )
            turn.commit()
        return first

    def _install(self, invitation: Invitation, code: str) -> Said:
        try:
            answer = self._client(None).oauth_v2_access(
                client_id=self._app.client_id,
                client_secret=self._app.client_secret,
                code=code,
                redirect_uri=self._app.redirect,
            )
            token = str(answer.get("access_token") or "")
            found, name, scopes = introduced(self._client(token))
        except SlackApiError as wrong:
            reason = str(wrong.response.get("error", "unknown"))
            log.warning("not installed", action="slack_install_failed", reason=reason)
            return Said(status=502, text=REFUSED)
        except TROUBLE as away:
            reason = type(away).__name__
            log.warning("not installed", action="slack_install_failed", reason=reason)
            return Said(status=502, text=REFUSED)
        except NoBot:
            log.warning("not installed", action="slack_install_failed", reason="no bot")
            return Said(status=502, text=REFUSED)
        if self._is_of_others(found.team_id, invitation.org_id):
            log.warning("not installed", action="slack_install_refused", reason="other org")
            return Said(status=409, text=OF_OTHERS)
        granted = str(answer.get("scope") or "")
        tie(
            replace(found, org_id=invitation.org_id),
            self._tools,
            name=name,
            scopes=tuple(granted.replace(",", " ").split()) or scopes,
        )
        return Said(status=200, text=f"Tocsin is installed in {name}. You may close this page.")

    def _is_of_others(self, team_id: str, org_id: int) -> bool:
        with self._tools.store.reading() as turn:
            return any(
                row.team_id == team_id and row.org_id != org_id for row in turn.slack_workspaces()
            )

    def _client(self, token: str | None) -> WebClient:
        base_url = WebClient.BASE_URL if self._app.api_url is None else self._app.api_url
        return WebClient(
            token=token,
            base_url=base_url,
            timeout=SLACK_SECONDS,
            logger=silent(),
            retry_handlers=[],
        )


async def _answer(send: Send, said: Said) -> None:
    body = said.text.encode()
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    start: Message = {
        "type": "http.response.start",
        "status": said.status,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await send(start)
    end: Message = {"type": "http.response.body", "body": body, "more_body": False}
    await send(end)
