"""Links that sign people in: who gets one, what it is good for, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.rest.asking import DESK, Client, client
from tocsin.adapters.rest.sign_in_setup import SigningIn
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.app.signing_in import sign_in_links, signing_in
from tocsin.core.errors import Conflict, Invalid
from tocsin.core.instants import from_text
from tocsin.core.record_commands import RemoveMember
from tocsin.core.records import Key
from tocsin.dispatcher.contract import Delivered, Verdict
from tocsin.handler.admission import admission
from tocsin.handler.allowances import Allowance
from tocsin.handler.sign_in_links import LateLink, SignInLink, using

JAN = "jan@example.org"
LINKS = sign_in_links(bytes(32), url=DESK)


@dataclass
class Post:
    """Mails that went out: address, org, link, name."""

    sent: list[tuple[str, str, str, str]] = field(default_factory=list)
    now: float = 0.0

    def mail(self, *letter: str) -> Verdict:
        """Take one."""
        address, org, link, name = letter
        self.sent.append((address, org, link, name))
        return Delivered()

    def clock(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def desk(tmp_path: Path, post: Post) -> Iterator[Client]:
    setup = SigningIn(
        links=LINKS,
        mail=post.mail,
        bench=TrialBench(),
        askers=Allowance(burst=4, seconds=60.0, clock=post.clock),
        mailboxes=Allowance(burst=2, seconds=300.0, clock=post.clock),
    )
    with client(tmp_path, signing_in=setup) as made:
        yield made
        setup.bench.close()


def person(desk: Client, **given: Any) -> str:
    body = {"name": "Jan", "role": "oncall_engineer", "email": JAN} | given
    made = desk.ask("POST", "/members", body, who="admin")
    assert made.status == 201, made.body
    return str(made.json["id"])


def carried(url: str, desk: Client) -> SignInLink:
    assert url.startswith(f"{DESK}/sign-in/link?token=")
    found = LINKS.read(url.partition("token=")[2], at=desk.house.clock())
    assert isinstance(found, SignInLink)
    return found


def mailed(desk: Client, email: str = JAN, **given: Any) -> int:
    """Ask for a mail, and wait until it is out."""
    answer = desk.ask("POST", "/sign-in", {"email": email}, who=None, **given)
    setup = desk.gateway.signing_in
    assert setup is not None
    while setup.sending:
        desk.loop.run_until_complete(asyncio.wait(set(setup.sending)))
    return answer.status


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_a_link_is_its_members_for_a_quarter_of_an_hour(desk: Client) -> None:
    jan = person(desk)
    made = desk.ask("POST", f"/members/{jan}/sign-in-link", who="admin")
    assert made.status == 201
    assert int(made.headers["x-position"]) > 0
    link = carried(made.json["url"], desk)

    assert (link.member_id, link.org_id) == (jan, desk.house.orgs["net"])
    assert from_text(made.json["expires_at"]) == desk.house.clock() + timedelta(minutes=15)
    token = made.json["url"].partition("token=")[2]
    desk.house.clock.pass_by(timedelta(minutes=15))
    assert isinstance(LINKS.read(token, at=desk.house.clock()), LateLink)
    for wrong in ("", "x", token[:-6] + "AAAAAA", "ü", "A" * 5_000):
        assert LINKS.read(wrong, at=desk.house.clock()) is None
    other = sign_in_links(b"k" * 32, url=DESK)
    assert other.read(token, at=desk.house.clock()) is None


def test_who_may_have_one(desk: Client) -> None:
    jan = person(desk)
    me = desk.ask("GET", "/me", who="owner").json["member"]["id"]
    assert desk.ask("POST", f"/members/{me}/sign-in-link", who="owner").status == 201
    assert desk.ask("POST", f"/members/{jan}/sign-in-link", who="owner").status == 403
    assert desk.ask("POST", f"/members/{jan}/sign-in-link", who="teammate").status == 403
    assert desk.ask("POST", "/members/nobody/sign-in-link", who="admin").status == 404
    elsewhere = f"/v1/orgs/elsewhere/members/{jan}/sign-in-link"
    assert desk.ask("POST", elsewhere, who="stranger").status == 404


def test_with_a_narrower_key_nobody_gets_more_of_themselves(desk: Client) -> None:
    me = desk.ask("GET", "/me", who="admin").json["member"]["id"]
    lower = {"name": "wallboard", "member": me, "role": "viewer"}
    secret = desk.ask("POST", "/keys", lower, who="admin").json["secret"]
    for way in ("sign-in-link", "link-code"):
        refused = desk.ask("POST", f"/members/{me}/{way}", who=None, headers=bearer(secret))
        assert (refused.status, refused.code) == (403, "forbidden"), way

    near = {"name": "desk", "member": me, "role": "org_admin", "allow_cidr": ["127.0.0.0/8"]}
    secret = desk.ask("POST", "/keys", near, who="admin").json["secret"]
    made = desk.ask("POST", f"/members/{me}/sign-in-link", who=None, headers=bearer(secret))
    submission, _ = using(carried(made.json["url"], desk), address="203.0.113.7")
    key = desk.house.writer.do(submission).state
    assert isinstance(key, Key)
    assert key.allow_cidr == ("127.0.0.0/8",)


def test_using_one_makes_a_key_of_the_member_and_using_it_again_is_refused(desk: Client) -> None:
    jan = person(desk)
    url = desk.ask("POST", f"/members/{jan}/sign-in-link", who="admin").json["url"]
    link = carried(url, desk)

    submission, credential = using(link, address="203.0.113.7")
    desk.house.writer.do(submission)
    with desk.house.store.reading() as turn:
        found = admission(turn, credential, at=desk.house.clock())
    assert (found.member.id, found.access.role.value) == (jan, "oncall_engineer")
    assert found.key.name == "browser"
    assert found.key.expires_at is not None
    lasting = found.key.expires_at - desk.house.clock()
    assert timedelta(days=7) <= lasting < timedelta(days=7, seconds=1)

    again, other = using(link, address="203.0.113.7")
    with pytest.raises(Conflict):
        desk.house.writer.do(again)
    assert other.key_id == credential.key_id
    assert other.digest != credential.digest
    keys = desk.ask("GET", "/keys", who="admin").json["items"]
    assert [one["name"] for one in keys].count("browser") == 1


def test_who_is_gone_is_not_signed_in(desk: Client) -> None:
    jan = person(desk)
    url = desk.ask("POST", f"/members/{jan}/sign-in-link", who="admin").json["url"]
    desk.house.ask("admin", RemoveMember(), subject=jan, sort="member")
    submission, _ = using(carried(url, desk), address="203.0.113.7")
    with pytest.raises(Invalid):
        desk.house.writer.do(submission)


def test_a_mail_goes_to_who_is_known_and_the_answer_tells_nothing(desk: Client, post: Post) -> None:
    jan = person(desk)
    known = desk.ask("POST", "/sign-in", {"email": "JAN@example.org"}, who=None)
    unknown = desk.ask("POST", "/sign-in", {"email": "who@example.org"}, who=None)
    nowhere = desk.ask("POST", "/v1/orgs/nowhere/sign-in", {"email": JAN}, who=None)
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert (known.status, known.body) == (nowhere.status, nowhere.body)
    assert known.status == 202
    mailed(desk, "other@example.org")

    ((address, org, url, _),) = post.sent
    assert (address, org) == (JAN, "Net")
    assert carried(url, desk).member_id == jan


def test_it_may_not_be_asked_for_ever(desk: Client, post: Post) -> None:
    person(desk)
    assert [mailed(desk) for _ in range(5)] == [202, 202, 202, 202, 429]
    assert len(post.sent) == 2
    post.now += 300
    assert mailed(desk) == 202
    assert len(post.sent) == 3


def test_no_link_is_logged_or_in_the_log(desk: Client, post: Post) -> None:
    jan = person(desk)
    with capture_logs() as logs:
        url = desk.ask("POST", f"/members/{jan}/sign-in-link", who="admin").json["url"]
        mailed(desk)
    token = url.partition("token=")[2]
    assert logs
    assert token not in str(logs)
    assert "token=" not in str(logs)
    events = desk.ask("GET", "/events?limit=1000", who="admin")
    assert "token=" not in str(events.json)


def test_a_service_gets_no_mail_though_it_has_an_address(desk: Client, post: Post) -> None:
    key = desk.ask("POST", "/keys", {"name": "ci", "role": "member"}, who="admin").json
    given = desk.ask("PATCH", f"/members/{key['member']}", {"email": JAN}, who="admin")
    assert (given.status, given.json["service"]) == (200, True)

    assert mailed(desk) == 202
    assert post.sent == []


def test_a_service_is_no_person(desk: Client) -> None:
    key = desk.ask("POST", "/keys", {"name": "ci", "role": "member"}, who="admin").json
    answer = desk.ask("POST", f"/members/{key['member']}/sign-in-link", who="admin")
    assert answer.status == 409


def test_without_mail_nobody_waits_for_one(tmp_path: Path) -> None:
    bench = TrialBench()
    setup = signing_in(None, key=bytes(32), url=DESK, bench=bench)
    with client(tmp_path, signing_in=setup) as made:
        answer = made.ask("POST", "/sign-in", {"email": JAN}, who=None)
        assert (answer.status, answer.code) == (409, "conflict")
        me = made.ask("GET", "/me", who="owner").json["member"]["id"]
        assert made.ask("POST", f"/members/{me}/sign-in-link", who="owner").status == 201


def test_a_key_of_a_browser_is_one_like_others(desk: Client) -> None:
    jan = person(desk)
    url = desk.ask("POST", f"/members/{jan}/sign-in-link", who="admin").json["url"]
    submission, credential = using(carried(url, desk), address="203.0.113.7")
    outcome = desk.house.writer.do(submission)
    assert isinstance(outcome.state, Key)
    assert desk.ask("DELETE", f"/keys/{credential.key_id}", who="admin").status == 200
