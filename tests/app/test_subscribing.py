"""Subscribing to a status page, from the form to what is told, and to the end of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.webhook.listening import receiving, status
from tests.app.subscribing_town import URL, SubscribingTown, link_in, subscribing_town
from tocsin.adapters.webhook.signing import is_signed, key_of
from tocsin.app.public_clerk import PublicClerk
from tocsin.core.commands import PostPublicUpdate
from tocsin.core.errors import Overloaded
from tocsin.core.record_commands import UpdateStatusPage
from tocsin.core.subscription_commands import RemoveSubscription
from tocsin.core.ticket_fold import REMOVED
from tocsin.core.words import DestinationKind
from tocsin.web.status.subscribing import Answered
from tocsin.web.status.view import PageView

SUBSCRIBE = "/status/main/subscribe"
ANN = "ann@example.org"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[SubscribingTown]:
    with subscribing_town(tmp_path) as made:
        yield made


def token_in(link: str) -> str:
    assert link.startswith(f"{URL}/status/main/subscribe/")
    return link.partition("token=")[2]


# -- by mail -------------------------------------------------------------------------------------


def test_the_page_leads_to_a_form_that_works_without_a_script(town: SubscribingTown) -> None:
    assert f'href="{SUBSCRIBE}"' in town.ask("/status/main").text
    page = town.ask(SUBSCRIBE)

    assert page.status == 200
    assert (page.headers["cache-control"], page.headers["x-robots-tag"]) == ("no-store", "noindex")
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert [f'value="{kind.value}"' in page.text for kind in DestinationKind] == [
        kind in ("email", "webhook", "slack") for kind in DestinationKind
    ]
    assert 'action="/status/main/subscribe"' in page.text


def test_nothing_is_kept_before_it_is_confirmed(town: SubscribingTown) -> None:
    page = town.subscribe(ANN)

    assert page.status == 200
    assert "Look into your mailbox" in page.words
    assert town.subscriptions() == []
    mail = town.box.mail()
    assert (mail["To"], mail["Subject"]) == (
        ANN,
        "[Acme status] Please confirm that you want updates",
    )
    assert "List-Unsubscribe" not in mail


def test_the_link_shows_a_button_and_only_the_button_confirms(town: SubscribingTown) -> None:
    town.subscribe(ANN, services=["dns"])
    link = link_in(town.box.mail())
    town.ask(link.removeprefix(URL))
    page = town.ask(link.removeprefix(URL))
    assert (page.status, town.subscriptions()) == (200, [])
    assert ANN in page.text
    assert "DNS" in page.words

    done = town.post(f"{SUBSCRIBE}/confirm", token=token_in(link))
    assert (done.status, "You have subscribed" in done.words) == (200, True)
    (made,) = town.subscriptions()
    assert (made.kind, made.address, made.services) == ("email", ANN, ("dns",))
    assert made.asked_at == town.home.clock()

    again = town.post(f"{SUBSCRIBE}/confirm", token=token_in(link))
    assert (again.status, "You have subscribed" in again.words) == (200, True)
    assert len(town.subscriptions()) == 1


def test_a_link_is_good_for_a_day_for_its_page_and_made_here(town: SubscribingTown) -> None:
    town.subscribe(ANN)
    token = token_in(link_in(town.box.mail()))
    for wrong in ("", "x", token[:-8] + "AAAAAAAA", "ü" * 40, "A" * 20_000):
        assert town.post(f"{SUBSCRIBE}/confirm", token=wrong).status in (400, 404), wrong[:10]
    town.home.clock.pass_by(timedelta(hours=24))
    late = town.post(f"{SUBSCRIBE}/confirm", token=token)
    assert (late.status, "This link is too old" in late.words) == (410, True)
    assert town.subscriptions() == []


def test_whether_an_address_is_known_changes_no_answer(town: SubscribingTown) -> None:
    first = town.subscribe(ANN)
    town.confirmed("bob@example.org")
    known = town.subscribe("bob@example.org")

    assert known.status == first.status
    assert known.text.replace("bob@example.org", ANN) == first.text


def test_nobodys_mailbox_is_filled_and_who_asks_is_told_the_same(town: SubscribingTown) -> None:
    answers = []
    for number in range(6):
        town.address = f"203.0.113.{number}"
        answers.append(town.subscribe(ANN).text)
    assert len(set(answers)) == 1
    assert len(town.box.arrived) == 3


def test_one_address_may_not_ask_for_ever(town: SubscribingTown) -> None:
    answers = [town.subscribe(f"s{number}@example.org") for number in range(9)]
    assert [one.status for one in answers] == [200] * 8 + [429]
    assert int(answers[-1].headers["retry-after"]) == 60
    assert "s8@example.org" in answers[-1].text
    town.timer.now += 60
    assert town.subscribe(ANN).status == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "email", "address": "ann@"}, "This is not a mail address."),
        ({"kind": "email", "address": ""}, "Say where to."),
        ({"kind": "email", "address": "a@b.example\nBcc: c@d.example"}, "This is not a mail"),
        ({"kind": "webhook", "address": "javascript:alert(1)"}, "This is not an https address."),
        ({"kind": "webhook", "address": "https://u:p@h.example/"}, "This is not an https address."),
        ({"kind": "airtable", "address": "x"}, "Say how you want to be told."),
        ({"kind": "", "address": "x"}, "Say how you want to be told."),
        ({"kind": "email", "address": ANN, "services": ["mail"]}, "One of these services"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_stays(
    town: SubscribingTown, fields: dict[str, Any], said: str
) -> None:
    page = town.post(SUBSCRIBE, **fields)

    assert page.status == 422
    assert said in page.words
    typed = page.text.partition('name="address" value="')[2].partition('"')[0]
    assert unescape(typed) == fields["address"].strip()
    assert town.box.arrived == []


def test_what_is_typed_is_text_wherever_it_is_shown(town: SubscribingTown) -> None:
    hostile = "\"'><script>alert(1)</script>"
    page = town.subscribe(hostile)
    assert page.status == 422
    assert "<script" not in page.text
    assert unescape(page.text.partition('name="address" value="')[2].partition('">')[0]).startswith(
        hostile
    )


def test_another_site_cannot_fill_it_in(town: SubscribingTown) -> None:
    page = town.post(SUBSCRIBE, {"sec-fetch-site": "cross-site"}, kind="email", address=ANN)
    assert (page.status, town.box.arrived) == (403, [])
    page = town.post(SUBSCRIBE, {"origin": "https://evil.example"}, kind="email", address=ANN)
    assert (page.status, town.box.arrived) == (403, [])
    for headers in ({"origin": URL}, {"origin": "null"}, {"sec-fetch-site": "same-origin"}):
        assert town.post(SUBSCRIBE, headers, kind="email", address=ANN).status == 200


def test_a_mail_server_that_refuses_or_rests_is_told_honestly(town: SubscribingTown) -> None:
    town.box.recipient = "550 5.1.1 no such mailbox"
    refused = town.subscribe(ANN)
    assert (refused.status, "No mail can be sent to this address." in refused.words) == (422, True)
    town.box.recipient = "451 4.3.0 later"
    later = town.subscribe("bob@example.org")
    assert (later.status, "This cannot be done just now." in later.words) == (503, True)
    assert "bob@example.org" in later.text


def test_without_mail_the_form_offers_none(tmp_path: Path) -> None:
    with subscribing_town(tmp_path, mail=False) as town:
        form = town.ask(SUBSCRIBE)
        assert 'value="email"' not in form.text
        assert "mail address" not in form.words
        assert town.subscribe(ANN).status == 422


# -- what is told --------------------------------------------------------------------------------


def test_a_public_update_is_mailed_and_nothing_internal_is_in_it(town: SubscribingTown) -> None:
    town.confirmed(ANN)
    town.publish()
    town.deliver()

    mail = town.box.mails()[-1]
    raw = town.box.arrived[-1].decode()
    assert (mail["To"], mail["Subject"]) == (ANN, "[Acme status] Investigating: Slow answers")
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        words = body.get_content()
        assert "Names do not resolve." in words
        assert "API: degraded" in words
        assert f"{URL}/status/main/incidents/I2026" in words
        assert f"{URL}/status/main/subscribe/end?token=" in words
    assert "INTERNAL" not in raw
    assert "ams-1" not in raw
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_later_updates_go_on_in_the_same_thread(town: SubscribingTown) -> None:
    town.confirmed(ANN)
    stream = town.publish()
    town.deliver()
    more = PostPublicUpdate(status="resolved", body="It is over.")
    town.home.ask("admin", more, subject=stream.partition(":")[2])
    town.deliver()

    first, last = town.box.mails()[1:]
    assert last["Subject"] == "[Acme status] Resolved: Slow answers"
    assert last["In-Reply-To"] == first["Message-ID"]


def test_one_click_ends_it_and_forgets_the_address(town: SubscribingTown) -> None:
    town.confirmed(ANN)
    town.publish()
    town.deliver()
    way_out = town.box.mails()[-1]["List-Unsubscribe"].strip("<>")
    path = way_out.removeprefix(URL)

    for _ in range(2):
        asked = town.ask(path)
        assert (asked.status, "Unsubscribe" in asked.words) == (200, True)
    assert town.subscriptions()[0].removed_at is None

    one_click = b"List-Unsubscribe=One-Click"
    done = town.ask(path, method="POST", body=one_click, headers={"content-type": "text/plain"})
    assert (done.status, "You get no more updates" in done.words) == (200, True)
    (over,) = town.subscriptions()
    assert over.removed_at is not None
    assert over.address == REMOVED
    with town.home.store.reading() as turn:
        log = turn.log(limit=1_000)
        rows = turn.select("SELECT public, private FROM events", org_id=None)
    assert [one.kind for one in log][-2:] == ["subscription.removed", "subscription.redacted"]
    assert ANN not in str(rows)

    assert town.ask(path, method="POST").status == 200
    before = len(town.box.arrived)
    town.publish("Again.")
    town.deliver()
    assert len(town.box.arrived) == before


def test_who_subscribes_again_about_other_services_is_told_of_those(town: SubscribingTown) -> None:
    town.confirmed(ANN, services=["api"])
    first = town.box.mails()[0]
    town.home.clock.pass_by(timedelta(minutes=5))
    town.confirmed("ANN@example.org", services=["dns"])

    over, now = town.subscriptions()
    assert (over.removed_at is None, over.address) == (False, REMOVED)
    assert (now.removed_at, now.services) == (None, ("dns",))
    # The link of before brings nothing back.
    again = town.post(f"{SUBSCRIBE}/confirm", token=token_in(link_in(first)))
    assert (again.status, "This link was used" in again.words) == (410, True)
    town.publish()
    town.deliver()
    assert len(town.box.arrived) == 2


class Busy(PublicClerk):
    """One whom too many ask."""

    async def ask_by_mail(
        self, page: PageView, address: str, services: tuple[str, ...]
    ) -> Answered:
        raise Overloaded("too many wait", retry_after=5)


def test_where_too_many_ask_nothing_that_was_typed_is_lost(tmp_path: Path) -> None:
    with subscribing_town(tmp_path, clerk=Busy) as town:
        page = town.subscribe(ANN, services=["dns"])
    assert (page.status, "This cannot be done just now." in page.words) == (503, True)
    assert int(page.headers["retry-after"]) == 60
    assert f'value="{ANN}"' in page.text
    assert 'value="dns" checked' in page.text


def test_an_old_link_does_not_bring_back_who_has_left(town: SubscribingTown) -> None:
    mail = town.confirmed(ANN)
    town.publish()
    town.deliver()
    way_out = town.box.mails()[-1]["List-Unsubscribe"].strip("<>").removeprefix(URL)
    town.ask(way_out, method="POST")

    used = town.post(f"{SUBSCRIBE}/confirm", token=token_in(link_in(mail)))
    assert (used.status, "This link was used" in used.words) == (410, True)
    town.confirmed(ANN)
    assert [one.removed_at is None for one in town.subscriptions()] == [False, True]


def test_a_way_out_that_nobody_here_has_made_ends_nothing(town: SubscribingTown) -> None:
    town.confirmed(ANN)
    (made,) = town.subscriptions()
    for token in ("", "x", f"{made.id}.", f"{made.id}.{'0' * 40}", f"{made.id}.ü"):
        page = town.ask(f"{SUBSCRIBE}/end?token={token.encode().hex() if 'ü' in token else token}")
        assert page.status == 404
        assert town.ask(f"{SUBSCRIBE}/end?token={token[:60]}", method="POST").status == 404
    assert town.subscriptions()[0].removed_at is None


def test_a_page_without_this_address_is_a_helpful_404(town: SubscribingTown) -> None:
    assert town.ask("/status/nowhere/subscribe").status == 404
    assert town.ask("/status/main/subscribe/what").status == 404
    assert town.ask(SUBSCRIBE, method="DELETE").status == 405


def test_no_address_is_logged(town: SubscribingTown) -> None:
    with capture_logs() as logs:
        town.confirmed(ANN)
        town.box.recipient = "550 no such mailbox"
        town.publish()
        town.deliver()
        town.subscribe("bob@example.org")
    assert logs
    assert "example.org" not in str(logs)


# -- webhooks and chats --------------------------------------------------------------------------


def test_a_webhook_that_answers_is_subscribed_and_told_signed(town: SubscribingTown) -> None:
    with receiving() as receiver:
        page = town.subscribe(receiver.url, "webhook", services=["api", "dns"])
        assert (page.status, "The webhook has subscribed" in page.words) == (201, True)
        secret = page.text.partition('<code class="secret">')[2].partition("<")[0]
        challenge = json.loads(receiver.only.body)
        assert challenge["type"] == "tocsin.status.challenged"
        (made,) = town.subscriptions()
        assert (made.kind, made.address, made.services) == ("webhook", receiver.url, ())

        town.publish()
        town.deliver()
        told = receiver.heard[-1]
    assert len(receiver.heard) == 2
    assert is_signed(
        key_of(unescape(secret).encode()),
        identity=told.headers["webhook-id"],
        timestamp=int(told.headers["webhook-timestamp"]),
        body=told.body,
        signatures=told.headers["webhook-signature"],
    )
    said = json.loads(told.body)
    assert said["type"] == "tocsin.status.updated"
    assert said["data"]["title"] == "Slow answers"
    assert said["data"]["services"] == [{"code": "api", "name": "API", "impact": "degraded"}]
    assert b"INTERNAL" not in told.body

    way_out = said["data"]["unsubscribe_url"].removeprefix(URL)
    assert town.ask(way_out, method="POST").status == 200
    assert town.subscriptions()[0].removed_at is not None


def test_a_webhook_that_does_not_answer_well_is_not(town: SubscribingTown) -> None:
    with receiving(status("404 Not Found", body=b"secret of the inside")) as receiver:
        page = town.subscribe(receiver.url, "webhook")
    assert page.status == 422
    assert "It did not answer our POST" in page.words
    assert "secret of the inside" not in page.text
    assert town.subscriptions() == []


def test_a_webhook_is_not_told_twice(town: SubscribingTown) -> None:
    with receiving() as receiver:
        assert town.subscribe(receiver.url, "webhook").status == 201
        again = town.subscribe(receiver.url, "webhook")
    assert (again.status, "gets updates already" in again.words) == (200, True)
    assert "whsec_" not in again.text
    assert len(town.subscriptions()) == 1


def test_a_chat_is_greeted_and_told_and_its_address_is_nowhere(town: SubscribingTown) -> None:
    with receiving(status("200 OK", body=b"ok")) as receiver:
        page = town.subscribe(receiver.url, "slack")
        assert (page.status, "The channel has subscribed" in page.words) == (201, True)
        town.publish("<!channel> *bold* <https://evil.example|here> &amp;")
        town.deliver()
    greeting, told = (json.loads(one.body) for one in receiver.heard)
    assert "Acme" in greeting["text"]
    assert told["text"] == "Acme status: Investigating: Slow answers"
    body = told["blocks"][1]["text"]
    assert (body["type"], "<" in body["text"]) == ("plain_text", False)
    assert "INTERNAL" not in json.dumps(told)
    (made,) = town.subscriptions()
    assert made.address == "127.0.0.1"
    with town.home.store.reading() as turn:
        rows = turn.select("SELECT public, private FROM events", org_id=None)
    assert "hooks/noc" not in str(rows)
    assert town.secrets() == [receiver.url.encode()]

    end = greeting["blocks"][-1]["elements"][1]["text"].partition(f"<{URL}")[2]
    way_out = greeting["blocks"][-1]["elements"][1]["text"].split("<")[2].partition("|")[0]
    assert end
    assert town.ask(way_out.removeprefix(URL), method="POST").status == 200
    assert town.subscriptions()[0].removed_at is not None
    assert town.secrets() == []


def test_the_secret_of_who_is_told_goes_with_its_own_subscription_only(
    town: SubscribingTown,
) -> None:
    with receiving(status("200 OK", body=b"ok")) as receiver:
        town.subscribe(receiver.url, "slack")
        town.subscribe(f"{receiver.url}/another", "slack")
    first, second = town.subscriptions()
    assert len(town.secrets()) == 2

    # By an admin, too: nobody needs to have unsubscribed.
    town.home.ask("admin", RemoveSubscription(), subject=first.id, sort="subscription")

    assert town.secrets() == [f"{receiver.url}/another".encode()]
    assert [one.id for one in town.subscriptions() if one.removed_at is None] == [second.id]


# -- what changes meanwhile ----------------------------------------------------------------------


def test_a_page_that_is_called_otherwise_now_says_so(town: SubscribingTown) -> None:
    town.confirmed(ANN)
    town.home.ask("admin", UpdateStatusPage(name="Acme Corp"), subject="main", sort="status_page")
    town.publish()
    town.deliver()
    assert town.box.mails()[-1]["Subject"].startswith("[Acme Corp status]")


def test_what_another_org_says_is_told_to_nobody_here(town: SubscribingTown) -> None:
    town.confirmed(ANN)
    opened = town.home.incident("Theirs", devices=(), services=("web",))
    stream = town.home.ask("stranger", opened, org="elsewhere").stream
    told = PostPublicUpdate(title="Theirs", status="investigating", body="Theirs.")
    town.home.ask("stranger", told, subject=stream.partition(":")[2], org="elsewhere")
    town.deliver()
    assert len(town.box.arrived) == 1
