"""What happens to devices and links, as people in a channel read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.slack.facts import read
from tests.adapters.slack.office import Office, slack_office
from tests.handler.laying import activate, judge, lay
from tests.servers.slack import Message
from tocsin.core.provisioning.commands import AcceptLink, Wish
from tocsin.core.record_commands import UpdateContributor
from tocsin.core.registry_commands import RemoveLink

HOSTILE = "<!channel> *look* <https://evil.example|here> & \u202eevil\x00\nsecond line"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        yield made


def shown(message: Message) -> str:
    return "\n".join(read(message.blocks))


def test_a_link_that_comes_into_service_says_from_what_to_what_and_why(office: Office) -> None:
    lay(office.home, code="ams-fra")
    office.route(kinds=("link.health_changed", "link.status_changed"))
    activate(office.home, "ams-fra")
    office.run(5)

    healthy, activated = office.cards()
    assert healthy.text.startswith("*ams-fra*: link health unknown → healthy by ")
    assert "• all criteria are met" in shown(healthy)
    said = shown(activated)
    assert "<https://tocsin.example/network/links/ams-fra|ams-fra>" in said
    assert "link status hard drained → activated" in said
    assert "• it is healthy, and activation is wanted" in said
    assert "Status activated · Health healthy · Wanted activated" in said
    assert "Side A ams-1 (Alpha) · Side Z fra-1 (Beta)" in said
    assert not office.trouble()


def test_a_reason_is_data_whatever_it_says(office: Office) -> None:
    lay(office.home)
    office.route(kinds=("link.*",))
    judge(office.home, "line", "impaired", HOSTILE)
    drained = Wish(desired="soft_drained", reason=HOSTILE.replace("\x00", ""))
    office.home.ask("owner", drained, sort="link", subject="line")
    office.run(5)

    for message in office.cards():
        assert "<!channel>" not in message.text
        for block in message.blocks:
            marked = [block.get("text", {}), *block.get("elements", [])]
            for one in marked:
                if one.get("type") == "mrkdwn":
                    assert "<!channel>" not in one["text"]
                    assert "evil" not in one["text"]
    assert len(office.cards()) == 2
    assert "<!channel> *look*" in shown(office.cards()[0])


def test_the_z_side_is_called_when_it_is_to_accept(office: Office) -> None:
    office.home.ask(
        "admin",
        UpdateContributor(slack_user_group="S0BETA"),
        sort="contributor",
        subject="beta",
    )
    hub = office.slack.channel("beta-noc")
    office.route(
        "Beta", channel="beta-noc", kinds=("link.acceptance_requested",), contributor="beta"
    )
    lay(office.home, link_type="DZX")
    office.home.ask("teammate", AcceptLink(), sort="link", subject="line")
    office.run(5)

    (message,) = office.cards(hub)
    assert message.text.startswith("*line*: link acceptance requested <!subteam^S0BETA> by owner")
    assert "• the contributor of its Z side has to agree to it" in shown(message)


def test_what_is_gone_has_no_page(office: Office) -> None:
    lay(office.home)
    office.route(kinds=("link.removed",))
    office.home.ask("owner", RemoveLink(), sort="link", subject="line")
    office.run(3)

    (message,) = office.cards()
    assert message.text.startswith("*line*: link removed by owner")
    assert "https://" not in shown(message)


def test_interfaces_are_told_by_the_link_that_uses_them(office: Office) -> None:
    office.route(kinds=("*",))
    lay(office.home)
    office.run(5)

    assert [one.text.partition(" by ")[0] for one in office.cards()] == ["*line*: link registered"]


def test_an_incident_is_told_before_the_links_that_wait(office: Office) -> None:
    office.route(kinds=("*",))
    for number in range(20):
        lay(office.home, code=f"line-{number}", number=number)
    office.run(2)
    waiting = 20 - len(office.cards())
    office.incident("Harbour is dark")
    office.run(3)

    texts = [one.text for one in office.cards()]
    at = next(index for index, text in enumerate(texts) if "Harbour is dark" in text)
    assert waiting > 10
    assert at <= 20 - waiting + 3
