"""The Slack part of the directory; asked of each store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.store.contract import Batch, OrgRow, Store
from tocsin.store.workspaces import ChannelRow, WorkspaceRow

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME = WorkspaceRow(
    team_id="T1",
    org_id=1,
    name="Acme 🔥",
    url="https://acme.slack.com/",
    bot_user_id="U1",
    bot_id="B1",
    sealed=b"\x00sealed\xff",
    scopes=("chat:write", "commands"),
    installed_at=NOON,
)


@pytest.fixture
def store(store: Store) -> Store:
    """With two orgs."""
    with store.writing() as turn:
        orgs = [OrgRow(org_id=1, code="net"), OrgRow(org_id=2, code="other")]
        turn.write(Batch(batch_id="orgs", orgs=orgs))
        turn.commit()
    return store


def put(store: Store, *rows: WorkspaceRow | ChannelRow) -> None:
    with store.writing() as turn:
        for row in rows:
            if isinstance(row, WorkspaceRow):
                turn.put_slack_workspace(row)
            else:
                turn.put_slack_channel(row)
        turn.commit()


def channel(team_id: str, channel_id: str, org_id: int) -> ChannelRow:
    return ChannelRow(team_id=team_id, channel_id=channel_id, org_id=org_id)


def test_a_workspace_is_read_as_it_was_written(store: Store) -> None:
    second = replace(ACME, team_id="T0", org_id=2, scopes=())
    put(store, ACME, second)
    with store.reading() as turn:
        assert list(turn.slack_workspaces()) == [second, ACME]


def test_a_workspace_is_replaced(store: Store) -> None:
    put(store, ACME)
    renewed = replace(ACME, org_id=2, sealed=b"new", installed_at=NOON + timedelta(days=1))
    put(store, renewed)
    with store.reading() as turn:
        assert list(turn.slack_workspaces()) == [renewed]


def test_a_channel_has_one_org_in_each_workspace(store: Store) -> None:
    put(store, channel("T1", "C1", 1), channel("T2", "C1", 1), channel("T1", "C1", 2))
    with store.reading() as turn:
        assert list(turn.slack_channels()) == [channel("T1", "C1", 2), channel("T2", "C1", 1)]


def test_what_is_dropped_is_gone_and_the_rest_stays(store: Store) -> None:
    other = replace(ACME, team_id="T2")
    put(store, ACME, other, channel("T1", "C1", 2), channel("T2", "C1", 2), channel("T2", "C2", 2))
    with store.writing() as turn:
        assert turn.drop_slack_workspace("T1")
        assert not turn.drop_slack_workspace("T1")
        assert turn.drop_slack_channel("T2", "C1")
        assert not turn.drop_slack_channel("T2", "C1")
        turn.commit()
    with store.reading() as turn:
        assert list(turn.slack_workspaces()) == [other]
        assert list(turn.slack_channels()) == [channel("T2", "C2", 2)]


def test_an_invitation_is_used_once(store: Store) -> None:
    later = NOON + timedelta(hours=1)

    def use(nonce: str, now: datetime) -> bool:
        with store.writing() as turn:
            first = turn.use_slack_install(nonce, expires_at=later, now=now)
            turn.commit()
        return first

    assert use("one", NOON)
    assert not use("one", later - timedelta(microseconds=1))
    assert use("two", NOON)
    assert use("one", later), "it was forgotten once nobody could use it any more"


def test_a_turn_that_is_not_committed_leaves_nothing(store: Store) -> None:
    with store.writing() as turn:
        turn.put_slack_workspace(ACME)
        turn.put_slack_channel(channel("T1", "C1", 1))
        assert turn.use_slack_install("one", expires_at=NOON, now=NOON - timedelta(hours=1))
    with store.reading() as turn:
        assert not turn.slack_workspaces()
        assert not turn.slack_channels()
    with store.writing() as turn:
        assert turn.use_slack_install("one", expires_at=NOON, now=NOON - timedelta(hours=1))
