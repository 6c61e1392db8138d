"""A local Slack for tests and for trying by hand: a real HTTP server that keeps Slack's own rules.

Use::

    with local_slack(app="http://127.0.0.1:8080") as slack:   # or a function, or None: Socket Mode
        client = WebClient(token=slack.home.token, base_url=slack.base_url)
        anna = slack.user("anna")                             # anna@acme.example
        channel = slack.channel("#contributor-incidents")     # everybody so far, and the bot
        said = slack.mention(anna, channel, "api is down")    # app_mention and message
        said.answers[0].ok, said.answers[0].seconds
        slack.redeliver(said.answers[0])                      # same event_id, x-slack-retry-num
        slack.together(5, lambda: slack.outbox.deliver(said.requests[0]))
        slack.command(anna, channel, "/incident", "create fibre cut")
        card = channel.of_bot()[0]                            # .text .blocks .metadata .versions
        slack.click(anna, card, "tocsin_acknowledge")
        slack.choose(anna, card, "tocsin_severity", "sev1")
        view = slack.top_view(anna)                           # .callback_id .blocks .errors
        slack.options(anna, view, "tocsin_pick_ticket", "fib")
        slack.submit(anna, view, {"action or block id": "value"})
        slack.ephemerals_to(anna), slack.open_views(anna), channel.thread(card.ts), channel.topic
        slack.calls_of("chat.postMessage"), slack.scopes_used, slack.slow_answers

Several workspaces: ``slack.team("other")``, ``slack.user("eve", team=other)``,
``slack.channel("#shared", shared_with=[other])``. Things go wrong by ``slack.down()`` / ``up()``,
``slow(s)``, ``fail(method, error, times=…)``, ``lose_answer(method)``, ``rate(1.0, burst=3)``;
``heal()`` ends it. ``gate(method)`` holds answers up until it is opened. ``signing`` makes requests
that are old or wrongly signed: ``slack.outbox.deliver(request, sign=signing.old)``. What the bot
says comes back to the app as an event, as it does in Slack (``echoes=False`` switches that off,
``settle()`` waits for it). A person who does what Slack's client does not let them do is a
``NotPossible``.

By hand: ``python -m tests.servers.slack --port 3333 --app http://127.0.0.1:8080`` serves a plain
page to speak, command, press and fill forms as anybody (``--app`` left out: Socket Mode).

The signing secret is ``SIGNING_SECRET``, the app token ``APP_TOKEN``, the OAuth pair ``CLIENT_ID``
and ``CLIENT_SECRET``; Slack's address for installing is ``slack.address + "/oauth/v2/authorize"``.
"""

from tests.servers.slack import signing
from tests.servers.slack.delivering import Answer, Request
from tests.servers.slack.filling import NotPossible
from tests.servers.slack.gates import Gate
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.server import LocalSlack, local_slack
from tests.servers.slack.speaking import Done, as_typed
from tests.servers.slack.state import (
    ALL_SCOPES,
    APP_ID,
    APP_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    SIGNING_SECRET,
    Channel,
    Ephemeral,
    Message,
    Team,
    User,
    View,
)

__all__ = [
    "ALL_SCOPES",
    "APP_ID",
    "APP_TOKEN",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "SIGNING_SECRET",
    "Answer",
    "Channel",
    "Done",
    "Ephemeral",
    "Gate",
    "LocalSlack",
    "Message",
    "NotPossible",
    "Request",
    "SlackError",
    "Team",
    "User",
    "View",
    "as_typed",
    "local_slack",
    "signing",
]
