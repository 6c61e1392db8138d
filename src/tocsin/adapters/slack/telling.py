"""Who asked, and how that person is told what became of it: nothing fails in silence."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from tocsin.adapters.slack.calls import silent
from tocsin.core.errors import Refusal, Unavailable
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

TELL_SECONDS: Final = 10
TROUBLE: Final = (SlackClientError, OSError, HTTPException)
"""What a call to Slack raises when it is not answered as it should be."""

AWAY: Final = (
    "Tocsin cannot reach its storage just now, so nothing was done. Try again in a moment."
)
BROKEN: Final = (
    "Something went wrong in Tocsin, so this may not have been done. Whoever runs it finds the"
    " reason in its log."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked for something and where; what is not known of it is None.

    ``what`` is the kind of request, for the log.
    """

    what: str
    team_id: str | None
    channel_id: str | None
    user_id: str | None
    thread_ts: str | None
    response_url: str | None
    client: WebClient


_asked: ContextVar[Asked | None] = ContextVar("asked", default=None)


def remember(asked: Asked) -> None:
    """From here on, in this context, it is *asked* whom a failure concerns."""
    _asked.set(asked)


def kind_of(body: Mapping[str, Any]) -> str:
    """The kind of a request, such as ``block_actions`` or ``event:message``; never what it says."""
    if "command" in body:
        return "command"
    kind = body.get("type")
    if kind == "event_callback":
        event = body.get("event")
        return f"event:{event.get('type') if isinstance(event, Mapping) else None}"
    return str(kind)


def failed(failure: BaseException) -> None:
    """Tell whoever asked that it failed, and why; log what is not the asker's to know."""
    said, asked = sentence_of(failure), _asked.get()
    if asked is not None:
        tell(asked, said)


def sentence_of(failure: BaseException) -> str:
    """What whoever asked is told of a failure, which is logged."""
    asked = _asked.get()
    what = None if asked is None else asked.what
    if isinstance(failure, Refusal) and not isinstance(failure, Unavailable):
        log.info("refused", action="slack_refused", what=what, code=failure.code)
        return str(failure)
    if isinstance(failure, Unavailable | StorageFailed):
        log.warning("unavailable", action="slack_unavailable", what=what, reason=str(failure))
        return str(failure) if isinstance(failure, Unavailable) else AWAY
    log.error("work for Slack failed", action="slack_failed", what=what, exc_info=failure)
    return BROKEN


def tell(asked: Asked, said: str) -> None:
    """Say *said* to who asked, to nobody else; that Slack does not take it is logged."""
    text = escaped(said)
    try:
        if asked.response_url is not None:
            WebhookClient(
                asked.response_url, timeout=TELL_SECONDS, logger=silent(), retry_handlers=[]
            ).send(text=text, response_type="ephemeral", replace_original=False)
        elif asked.user_id is None or asked.client.token is None:
            return
        elif asked.channel_id is None:
            asked.client.chat_postMessage(channel=asked.user_id, text=text)
        else:
            asked.client.chat_postEphemeral(
                channel=asked.channel_id,
                user=asked.user_id,
                text=text,
                thread_ts=asked.thread_ts,
            )
    except SlackApiError as wrong:
        reason = str(wrong.response.get("error", "unknown"))
        log.warning("not told", action="slack_not_told", what=asked.what, reason=reason)
    except TROUBLE as away:
        reason = type(away).__name__
        log.warning("not told", action="slack_not_told", what=asked.what, reason=reason)


def escaped(text: str) -> str:
    """*text* of people, as data in mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
