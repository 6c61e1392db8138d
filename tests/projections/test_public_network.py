"""The public facts of an org, read at once or kept up: the same, and of one org only."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.handler.acting import House
from tests.handler.laying import activate, judge, lay
from tocsin.core.commands import ChangeStatus
from tocsin.core.provisioning.commands import Advance, Wish
from tocsin.core.registry_commands import RemoveLink, UpdateLink
from tocsin.projections.public_network import PublicNetwork

Said = list[tuple[str, str]]


@dataclass
class Reader:
    """Asks one that has kept up, and one that is new, which say the same."""

    home: House
    kept: PublicNetwork = field(default_factory=PublicNetwork)

    def said(self, org: str = "net") -> Said:
        org_id = self.home.orgs[org]
        with self.home.store.reading() as turn:
            facts = self.kept.facts(turn, org_id, at=self.home.clock())
            assert facts == PublicNetwork().facts(turn, org_id, at=self.home.clock())
        return [(one.code, one.state.value) for one in facts]


@pytest.fixture
def reader(home: House) -> Reader:
    return Reader(home)


def test_it_keeps_up_with_all_that_happens(reader: Reader) -> None:
    home = reader.home
    assert reader.said() == []
    for number, code in enumerate(("a", "b")):
        lay(home, code=code, number=number)
        assert len(reader.said()) == number
        activate(home, code)
    assert reader.said() == [("a", "healthy"), ("b", "healthy")]
    assert reader.said("elsewhere") == []

    judge(home, "a", "impaired", "3 errors")
    assert reader.said() == [("a", "incident"), ("b", "healthy")]
    opened = home.ask("owner", home.incident(links=("b",), severity="sev4"))
    assert reader.said() == [("a", "incident"), ("b", "incident")]
    home.ask("owner", UpdateLink(code="c"), sort="link", subject="b")
    home.ask("owner", Wish(desired="hard_drained"), sort="link", subject="c")
    home.system("link", Advance(), org_id=home.orgs["net"], subject="c")
    assert reader.said() == [("a", "incident"), ("c", "incident")]
    done = ChangeStatus(status="resolved", resolution="spliced")
    home.ask("owner", done, subject=opened.stream.partition(":")[2])
    assert reader.said() == [("a", "incident")]
    home.ask("owner", Wish(desired="hard_drained"), sort="link", subject="a")
    home.system("link", Advance(), org_id=home.orgs["net"], subject="a")
    home.ask("owner", RemoveLink(), sort="link", subject="a")
    assert reader.said() == []


def test_a_ticket_of_somebody_else_is_not_told(reader: Reader) -> None:
    home = reader.home
    lay(home, code="a")
    activate(home, "a")
    home.invite("outsider", org="net", role="member", contributor=None)

    home.ask("outsider", home.incident(links=("a",), severity="sev1"))

    assert reader.said() == [("a", "healthy")]


def test_an_older_snapshot_says_what_held_then(reader: Reader) -> None:
    home = reader.home
    lay(home, code="a")
    with home.store.reading() as before:
        assert reader.kept.facts(before, home.orgs["net"], at=home.clock()) == ()
        activate(home, "a")
        assert reader.said() == [("a", "healthy")]
        assert reader.kept.facts(before, home.orgs["net"], at=home.clock()) == ()
    assert reader.said() == [("a", "healthy")]
