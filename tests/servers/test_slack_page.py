"""The plain page: what somebody sees and presses in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import unescape

import httpx
import pytest
from slack_sdk import WebClient

from tests.servers.slack import Channel, LocalSlack, Request, User
from tests.servers.slack import local_slack as a_local_slack
from tests.servers.slack.page_acts import Pages

HEARD: list[Request] = []


def app(request: Request, headers: dict[str, str]) -> tuple[int, Mapping[str, str], bytes]:
    HEARD.append(request)
    if request.payload.get("type") == "block_suggestion":
        options = [{"text": {"type": "plain_text", "text": "Fibre"}, "value": "7"}]
        return 200, {"Content-Type": "application/json"}, json.dumps({"options": options}).encode()
    return (
        200,
        {"Content-Type": "text/plain"},
        b"on it" if request.kind == "slash_commands" else b"",
    )


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    HEARD.clear()
    with a_local_slack(app=app) as slack:
        slack.more_pages = Pages(slack)
        yield slack


@pytest.fixture
def browser(slack: LocalSlack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=slack.address, follow_redirects=True) as browser:
        yield browser


@pytest.fixture
def anna(slack: LocalSlack) -> User:
    return slack.user("anna")


@pytest.fixture
def channel(slack: LocalSlack, anna: User) -> Channel:
    return slack.channel("#ops")


def test_speaking_and_commanding(
    browser: httpx.Client, anna: User, channel: Channel, slack: LocalSlack
) -> None:
    here = {"as": anna.id, "channel": channel.id, "act": "say"}

    browser.post("/do", data={**here, "text": "@tocsin <script>alert(1)</script>"})
    page = browser.post("/do", data={**here, "text": "/incident create x"})

    assert [request.payload.get("command") for request in HEARD][2:] == ["/incident"]
    assert HEARD[0].payload["event"]["type"] == "app_mention"
    assert "<script>" not in page.text
    assert "<b>@tocsin</b> &lt;script&gt;" in page.text
    assert "Only you can see this" in page.text
    assert "on it" in page.text


def test_pressing_a_button(
    browser: httpx.Client, anna: User, channel: Channel, slack: LocalSlack
) -> None:
    client = WebClient(token=slack.home.token, base_url=slack.base_url)
    go = {"type": "button", "action_id": "go", "value": "1"}
    elements = [{**go, "text": {"type": "plain_text", "text": "Acknowledge"}}]
    ts = client.chat_postMessage(
        channel=channel.id, text="card", blocks=[{"type": "actions", "elements": elements}]
    )["ts"]
    slack.settle()
    here = {"as": anna.id, "channel": channel.id, "act": "click", "ts": ts}

    shown = browser.get("/", params={"as": anna.id, "channel": channel.id}).text
    browser.post("/do", data={**here, "action": "go", "value": "1"})
    refused = browser.post("/do", data={**here, "action": "stop", "value": "1"})

    assert "<button>Acknowledge</button>" in shown
    assert HEARD[-1].payload["actions"][0]["action_id"] == "go"
    assert "no stop (value 1)" in unescape(refused.text)


def test_filling_a_modal(
    browser: httpx.Client, anna: User, channel: Channel, slack: LocalSlack
) -> None:
    client = WebClient(token=slack.home.token, base_url=slack.base_url)
    label = {"type": "plain_text", "text": "Field"}
    kinds = [
        {"type": "plain_text_input", "action_id": "title"},
        {"type": "external_select", "action_id": "ticket", "min_query_length": 0},
        {"type": "datetimepicker", "action_id": "at"},
    ]
    client.views_open(
        trigger_id=slack.state.trigger(team_id=anna.team_id, user_id=anna.id),
        view={
            "type": "modal",
            "title": {"type": "plain_text", "text": "Report"},
            "submit": label,
            "blocks": [{"type": "input", "label": label, "element": kind} for kind in kinds],
        },
    )
    view = slack.top_view(anna)
    here = {"as": anna.id, "channel": channel.id, "act": "modal", "view": view.id}
    typed = {"title": "Fibre cut", "at": "2026-11-20T00:05", "typed:ticket": "fib"}

    looked = browser.post("/do", data={**here, **typed, "press": "look:ticket"})
    browser.post("/do", data={**here, **typed, "ticket": "7", "press": "submit"})

    assert 'value="Fibre cut"' in looked.text
    assert '<option value="7">Fibre</option>' in looked.text
    values = [
        field
        for block in HEARD[-1].payload["view"]["state"]["values"].values()
        for field in block.values()
    ]
    assert values[0]["value"] == "Fibre cut"
    assert values[1]["selected_option"]["value"] == "7"
    assert values[2]["selected_date_time"] == 1_795_133_100
    assert slack.open_views(anna) == []
