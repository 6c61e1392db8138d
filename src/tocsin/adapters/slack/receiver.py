"""Takes what Slack sends: signed, from a workspace that is known, acknowledged at once.

Bolt checks the signature and the time, and finds the listener. Listeners acknowledge first and hand
what takes longer to ``Surroundings.run``; whatever fails is logged and told to who asked.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final

import structlog
from slack_bolt import App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from tocsin.adapters.slack import telling
from tocsin.adapters.slack.calls import silent
from tocsin.adapters.slack.contract import Surroundings
from tocsin.core.errors import Unavailable
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

OLDEST_SECONDS: Final = 300.0
"""How old a signed request may be; Slack's library refuses older ones, and those of the future."""

SIGNATURES_LIMIT: Final = 50_000
SLACK_SECONDS: Final = 10
NOT_INSTALLED: Final = (
    "Tocsin is not connected to this workspace any more. Whoever runs it connects it again with"
    " `tocsin admin slack`."
)
UNKNOWN_COMMAND: Final = "Tocsin does not know this command. Try `/tocsin help`."

SIGNATURE_HEADER: Final = "x-slack-signature"
RETRY_HEADER: Final = "x-slack-retry-num"

Register = Callable[[App, Surroundings], None]
"""Has an app listen to what people say, ask and click."""


class Seen:
    """The signatures of the last five minutes: none of them is good for a second request.

    ``timer`` counts seconds. Slack's own redelivery says that it is one and passes; that nothing is
    done twice then is for the receipts to see to, as between several processes.
    """

    def __init__(self, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, signature: str) -> bool:
        """Whether *signature* comes for the first time; from now on it does not."""
        now = self._timer()
        with self._lock:
            while self._until:
                oldest, until = next(iter(self._until.items()))
                if until > now and len(self._until) < SIGNATURES_LIMIT:
                    break
                del self._until[oldest]
            if signature in self._until:
                return False
            # A time stamp may lie as far ahead as it may lie behind.
            self._until[signature] = now + 2 * OLDEST_SECONDS
            return True


def make_app(
    surroundings: Surroundings,
    *,
    signing_secret: str,
    listeners: Executor,
    register: Register,
    api_url: str | None = None,
) -> App:
    """The Bolt app, with the listeners that ``register`` gives it and ``listeners`` runs.

    ``api_url`` is where the Web API is, if it is not Slack's own. Without a signing secret it takes
    nothing by HTTP (Socket Mode needs none).
    """
    seen = Seen()
    workspaces = surroundings.workspaces

    def once(
        req: BoltRequest, context: BoltContext, next: Callable[[], BoltResponse]
    ) -> BoltResponse | None:
        remember(req, context)
        signature = req.headers.get(SIGNATURE_HEADER, [""])[0]
        # Asked for options twice within a second, Slack signs the same twice; it changes nothing.
        changes = req.body.get("type") != "block_suggestion"
        # Only events are brought again, under one name each; that header is not signed.
        again = RETRY_HEADER in req.headers and req.body.get("type") == "event_callback"
        passes = req.mode != "http" or again or not changes
        if not passes and not seen.first(signature):
            log.warning("replayed request", action="slack_replayed", what=telling.kind_of(req.body))
            return BoltResponse(status=401, body={"error": "invalid request"})
        next()
        return None

    def authorize(team_id: str | None) -> AuthorizeResult | None:
        workspace = None if team_id is None else workspaces.of_team(team_id)
        if workspace is None:
            return None
        return AuthorizeResult(
            enterprise_id=None,
            team_id=workspace.team_id,
            bot_user_id=workspace.bot_user_id,
            bot_id=workspace.bot_id,
            bot_token=workspace.token,
        )

    app = App(
        name="tocsin",
        logger=_quiet(),
        signing_secret=signing_secret or _unguessable(),
        authorize=authorize,  # type: ignore[arg-type]  # Bolt takes None for: not installed
        before_authorize=once,
        client=_client(api_url),
        listener_executor=listeners,
        raise_error_for_unhandled_request=True,
        user_facing_authorize_error_message=NOT_INSTALLED,
        attaching_function_token_enabled=False,
    )
    app.error(_failed)
    register(app, surroundings)
    return app


def remember(req: BoltRequest, context: BoltContext) -> None:
    """Note who asked, for whoever finds that it fails."""
    body = req.body
    telling.remember(
        telling.Asked(
            what=telling.kind_of(body),
            team_id=context.team_id,
            channel_id=context.channel_id,
            user_id=context.user_id,
            thread_ts=context.thread_ts,
            response_url=context.response_url,
            client=context.client,
        )
    )


def _failed(
    error: Exception, body: dict[str, Any], response: BoltResponse | None
) -> BoltResponse | None:
    """What Slack is answered where it has not been answered yet (*response* is None where it
    has)."""
    if isinstance(error, BoltUnhandledRequestError):
        # Slack sends more than is asked for (buttons that are links, kinds of messages).
        log.debug("nobody listens", action="slack_unheard", what=telling.kind_of(body))
        return BoltResponse(status=200, body=UNKNOWN_COMMAND if "command" in body else "")
    if response is None:
        telling.failed(error)
        return None
    if "command" in body:
        # The answer itself is shown to who asked: nothing that is said elsewhere can delay it.
        return BoltResponse(status=200, body=telling.escaped(telling.sentence_of(error)))
    telling.failed(error)
    if isinstance(error, Unavailable | StorageFailed) and body.get("type") == "event_callback":
        # Slack delivers an event again that was not taken.
        return BoltResponse(status=503, body="", headers={"retry-after": "1"})
    return BoltResponse(status=200, body="")


def _client(api_url: str | None) -> WebClient:
    base_url = WebClient.BASE_URL if api_url is None else api_url
    return WebClient(base_url=base_url, timeout=SLACK_SECONDS, logger=silent(), retry_handlers=[])


def _unguessable() -> str:
    return secrets.token_hex(32)


def _quiet() -> logging.Logger:
    # Below a warning Bolt writes down whole requests, with what is secret in them.
    logger = logging.getLogger("slack_bolt.tocsin")
    logger.setLevel(logging.WARNING)
    return logger
