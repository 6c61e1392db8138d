"""Calls to Slack: one place that makes clients, bounds their time, and says what went wrong.

Nothing is tried again in here: waiting and trying are the dispatcher's. What Slack writes is not
repeated in a reason, only its own word for the error.
"""

from __future__ import annotations

import logging
import re
import ssl
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from http.client import HTTPException
from time import monotonic
from typing import Any, Final, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.slack_response import SlackResponse

from tocsin.adapters.slack.contract import Workspace
from tocsin.dispatcher.contract import Refused, Retry

LONGEST_CALL: Final = 10.0
"""Seconds a call waits at each step, where nobody gives it less."""

SHORTEST_CALL: Final = 0.05
"""Seconds; with less than that left, a call is not begun."""

LONGEST_WISH: Final = 3600.0
RATE_SECONDS: Final = 30.0
"""How long to wait where Slack was asked too often and did not say."""

_LATE: Final = Retry("Slack did not answer in time")
_STRANGE: Final = Retry("what answered does not answer as Slack does")

_WORD = re.compile(r"[a-z][a-z0-9_.:,]{0,120}")
_SECONDS = re.compile(r"[0-9]{1,10}")

_PASSING: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "external_service_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
        "upgrade_required",
    }
)
_TOO_OFTEN: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

_RENEW: Final = "connect the workspace to Tocsin again, or give it the app's new bot token"
_ADVICE: Final[Mapping[str, str]] = {
    "account_inactive": f"the app was removed from the workspace: {_RENEW}",
    "cant_update_message": "the message is not the app's own",
    "channel_is_archived": "the channel is archived: unarchive it, or correct the route",
    "channel_not_found": (
        "there is no such channel, or the app is not in it: invite the app to it, or correct the"
        " route"
    ),
    "ekm_access_denied": "the workspace's administrators have suspended posting: ask them",
    "invalid_auth": f"the token is not accepted: {_RENEW}",
    "is_archived": "the channel is archived: unarchive it, or correct the route",
    "is_inactive": "the channel is frozen: correct the route",
    "message_not_found": "the message is gone",
    "missing_scope": "the app may not do that: add the scope to the app and install it again",
    "msg_blocks_too_long": "Slack finds the message too long",
    "msg_too_long": "Slack finds the message too long",
    "no_permission": "the app may not do that: ask the workspace's administrators",
    "not_allowed_token_type": f"the token is none of a bot's: {_RENEW}",
    "not_authed": f"the workspace has no token: {_RENEW}",
    "not_in_channel": "the app is not in the channel: invite it there",
    "org_login_required": "the workspace is being moved: try again when that is done",
    "restricted_action": "the workspace's settings forbid it: ask its administrators",
    "restricted_action_read_only_channel": (
        "the channel is read-only for the app: ask the workspace's administrators"
    ),
    "thread_not_found": "the thread is gone",
    "token_expired": f"the token has expired: {_RENEW}",
    "token_revoked": f"the token was revoked: {_RENEW}",
}
"""By Slack's word for the error: what it means, and what to do."""


class Unanswered(Exception):
    """A call that did not do what was asked; ``error`` is Slack's word for why, empty where it said
    none, ``verdict`` what that means for a delivery."""

    def __init__(self, verdict: Retry | Refused, *, error: str = "") -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict
        self.error = error


def web_client(
    workspace: Workspace,
    *,
    base_url: str | None = None,
    seconds: float = LONGEST_CALL,
    tls: ssl.SSLContext | None = None,
) -> WebClient:
    """A client for the workspace's token, which tries everything once and logs nothing.

    ``base_url`` is where the Web API is, if not at Slack; ``seconds`` what each step of a call may
    take; ``tls`` replaces the trust in the machine's certificate authorities.
    """
    client = WebClient(
        token=workspace.token,
        base_url=WebClient.BASE_URL if base_url is None else base_url,
        ssl=_trust() if tls is None else tls,
        logger=silent(),
        retry_handlers=[],
    )
    # The library says whole seconds, and hands on whatever it is given.
    client.timeout = seconds  # type: ignore[assignment]
    return client


@cache
def _trust() -> ssl.SSLContext:
    """The machine's certificate authorities, read once: the library would for every call."""
    return ssl.create_default_context()


def silent() -> logging.Logger:
    """A logger that belongs to nobody: the library logs whole requests and answers."""
    return logging.Logger("slack", level=logging.CRITICAL + 1)


class Line:
    """Calls to one workspace that have to be over by ``ends``, in seconds of ``timer``."""

    def __init__(
        self, client: WebClient, *, ends: float, timer: Callable[[], float] = monotonic
    ) -> None:
        self._client = client
        self._ends = ends
        self._timer = timer

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._ends - self._timer()

    def ask(self, call: Callable[[WebClient], SlackResponse]) -> Mapping[str, Any]:
        """What Slack answers.

        Raises:
            Unanswered: it refuses, cannot be reached, or there is no time left.
        """
        left = self.left
        if left < SHORTEST_CALL:
            raise Unanswered(_LATE)
        self._client.timeout = left  # type: ignore[assignment]
        return asked(self._client, call)


def asked_inside(
    line: Line, channel: str, call: Callable[[WebClient], SlackResponse]
) -> Mapping[str, Any]:
    """What Slack answers to a call for which the app may have to be in *channel*: a public one that
    it is not in, it joins.

    Raises:
        Unanswered: Slack refuses, or cannot be asked.
    """
    try:
        return line.ask(call)
    except Unanswered as unanswered:
        if unanswered.error != "not_in_channel":
            raise
        try:
            line.ask(lambda client: client.conversations_join(channel=channel))
        except Unanswered as joining:
            if isinstance(joining.verdict, Retry):
                raise
            # It is private, or the app may not: being invited is what helps.
            raise unanswered from None
    return line.ask(call)


def asked(client: WebClient, call: Callable[[WebClient], SlackResponse]) -> Mapping[str, Any]:
    """What Slack answers to one call.

    Raises:
        Unanswered: it refuses, or cannot be reached.
    """
    try:
        answer = call(client).data
    except SlackApiError as error:
        raise _judged(error.response) from None
    except OSError as error:
        _let_go(error)
        raise Unanswered(_unreached(error)) from None
    except (SlackClientError, HTTPException, ValueError, TypeError, AttributeError) as error:
        # The library reads the answer as what it should be, and fails in any of these ways.
        _let_go(error)
        raise Unanswered(_STRANGE) from None
    if not isinstance(answer, Mapping):
        raise Unanswered(_STRANGE)
    return answer


def _let_go(error: BaseException) -> None:
    """Close the connection that *error* came of.

    The library keeps an error in the frame that it is raised from, and so the answer that was only
    half read: without this its connection would be open until the garbage is collected.
    """
    traceback.clear_frames(error.__traceback__)


T = TypeVar("T")


def within(seconds: float, exchange: Callable[[float], T]) -> T:
    """What *exchange* gives, which is told when it has to be over; at most *seconds*.

    Timeouts are for each step of each connection; the whole is bounded from beside.

    Raises:
        Unanswered: it takes longer; what *exchange* raises.
    """
    beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tocsin-slack")
    ends = monotonic() + seconds
    exchanging = beside.submit(exchange, ends)
    beside.shutdown(wait=False)
    done, _ = wait([exchanging], timeout=seconds)
    if not done:
        raise Unanswered(_LATE)
    return exchanging.result()


def _unreached(error: OSError) -> Retry:
    # The library beneath wraps what goes wrong while connecting, and nothing else.
    match getattr(error, "reason", error):
        case TimeoutError():
            return _LATE
        case ssl.SSLError():
            return Retry("no encrypted connection to Slack could be made")
        case _:
            return Retry("Slack cannot be reached")


def _judged(response: object) -> Unanswered:
    """What an answer means that is not ok."""
    status, headers, data = 0, {}, None
    if isinstance(response, SlackResponse):
        status, headers, data = response.status_code, response.headers, response.data
    error = _word_in(data)
    if status == 429 or error in _TOO_OFTEN:
        wish = _wish(headers)
        return Unanswered(Retry("Slack was asked too often", wish=wish), error="ratelimited")
    if status >= 500 or error in _PASSING:
        return Unanswered(Retry(f"Slack is out of order ({error or status})"), error=error)
    if not error:
        return Unanswered(_STRANGE)
    advice = _ADVICE.get(error)
    said = f"Slack refuses it ({error})" if advice is None else f"{advice} ({error})"
    if error == "missing_scope" and (needed := _word_in(data, "needed")):
        said = f"the app lacks the scope {needed}: add it and install the app again ({error})"
    return Unanswered(Refused(said), error=error)


def _word_in(data: object, name: str = "error") -> str:
    """A word of Slack's own; nothing for what is none, such as a page of somebody else's."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, str) and _WORD.fullmatch(found) is not None else ""


def _wish(headers: Mapping[str, Any]) -> float:
    """In how many seconds to ask again."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            text = str(value[0] if isinstance(value, list) and value else value).strip()
            if _SECONDS.fullmatch(text):
                return min(float(text), LONGEST_WISH)
    return RATE_SECONDS
