"""A local Slack with an app that listens, somebody, and a channel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from tests.servers.slack import Channel, LocalSlack, User, local_slack
from tests.servers.slack.asking import AttentiveApp, HandMovedClock


@pytest.fixture
def clock() -> HandMovedClock:
    return HandMovedClock()


@pytest.fixture
def app() -> AttentiveApp:
    return AttentiveApp()


@pytest.fixture
def slack(app: AttentiveApp, clock: HandMovedClock) -> Iterator[LocalSlack]:
    with local_slack(app=app, now=clock) as slack:
        yield slack


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(token=slack.home.token, base_url=slack.base_url, timeout=10, retry_handlers=[])


@pytest.fixture
def anna(slack: LocalSlack) -> User:
    return slack.user("anna")


@pytest.fixture
def channel(slack: LocalSlack, anna: User) -> Channel:
    return slack.channel("#contributor-incidents")
