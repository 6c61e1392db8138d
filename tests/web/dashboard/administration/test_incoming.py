"""Connectors as they are, what they sent, and the rules for it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from hashlib import sha256

from tests.web.dashboard.administration.conftest import signed_in
from tests.web.dashboard.browsing import Browser, Desk, hidden
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading
from tocsin.core.record_commands import CreateConnector
from tocsin.handler.arrival import Arrival, ConnectorToken, Unread

TOKEN = "t" * 32
HOSTILE = "<script>alert(1)</script>"


def connector(desk: Desk, code: str = "am", **given: object) -> str:
    """A connector, made by the administrator; its id."""
    identity = desk.house.fresh()
    fields: dict[str, object] = {
        "connector_id": identity,
        "code": code,
        "name": f"Monitoring {code}",
        "kind": "generic",
        "token_digest": sha256(f"{TOKEN}{code}".encode()).hexdigest(),
    }
    made = CreateConnector(**(fields | given))  # type: ignore[arg-type]
    desk.house.ask("admin", made, sort="connector")
    return identity


def sent(
    desk: Desk, identity: str, code: str = "am", *, summary: str = "Dark", bad: bool = False
) -> str:
    """A payload of that connector; its id in the inbox."""
    payload = json.dumps({"summary": summary, "severity": "sev1"}).encode()
    reading: Reading | Unread = Unread("nothing in it is called summary")
    if not bad:
        reading = Reading(
            said=(
                SignalDraft(
                    source="core",
                    summary=summary,
                    severity="sev1",
                    fingerprint=f"{code}/{summary}",
                    correlation_key=f"{code}/{summary}",
                ),
            )
        )
    accounted = desk.house.writer.account(
        Arrival(
            org_id=desk.house.orgs["net"],
            connector_id=identity,
            token=ConnectorToken(
                connector_id=identity, digest=sha256(f"{TOKEN}{code}".encode()).hexdigest()
            ),
            via=f"connector:{code}",
            reading=reading,
            payload=payload,
            content_type="application/json",
        )
    )
    return accounted.id


def test_a_connector_says_how_it_is(at_desk: Desk, admin: Browser) -> None:
    identity = connector(at_desk, expected_every_minutes=60)
    address = f"/admin/connectors/{identity}"
    assert "Never heard" in admin.get(address).text
    sent(at_desk, identity)
    page = admin.get(address).text
    assert "Heard" in page
    assert "1 payload in the last 24 hours" in page
    assert "opened an incident" in page.lower()
    at_desk.house.clock.pass_by(timedelta(minutes=1))
    sent(at_desk, identity, bad=True)
    assert "Last one failed" in admin.get("/admin/connectors").text
    assert "nothing in it is called summary" in admin.get(address).text
    at_desk.house.clock.pass_by(timedelta(hours=2))
    assert "Silent" in admin.get("/admin/connectors").text
    assert "nothing heard for 2 h" in admin.get(address).text
    assert "Monitoring am is silent" in admin.get("/admin").text


def test_a_mode_is_switched_with_one_press(at_desk: Desk, admin: Browser) -> None:
    address = f"/admin/connectors/{connector(at_desk)}"
    assert "Let it only observe" in admin.get(address).text
    assert admin.fill_in(f"{address}/mode", {}, on=address).status == 303
    page = admin.get(address).text
    assert "Observes only" in page
    assert "Make it live" in page
    assert ">observe</ins>" in page


def test_an_empty_mapping_is_none(at_desk: Desk, admin: Browser) -> None:
    address = f"/admin/connectors/{connector(at_desk, mapping={'summary': 'title'})}"
    form = admin.get(f"{address}/change").text
    assert "&#34;summary&#34;: &#34;title&#34;" in form
    typed = {"code": "am", "name": "Monitoring", "mode": "live", "mapping": ""}
    saved = admin.post(f"{address}/change", {**hidden(form, f"{address}/change"), **typed})
    assert saved.status == 303, saved.text
    assert "Mapping of summary" not in admin.get(address).text


def test_what_is_wrong_with_a_mapping_stands_beside_it(admin: Browser) -> None:
    typed = {"kind": "generic", "code": "own", "name": "Own", "mapping": "{no json"}
    page = admin.fill_in("/admin/connectors/new", typed)
    assert page.status == 422
    assert "this is not JSON" in page.text
    assert "{no json" in page.text
    typed["mapping"] = '{"Not a field": "title"}'
    page = admin.fill_in("/admin/connectors/new", typed)
    assert page.status == 422
    assert 'id="mapping-wrong"' in page.text


def test_the_inbox_is_filtered_by_connector_and_verdict(at_desk: Desk, admin: Browser) -> None:
    one, other = connector(at_desk, "one"), connector(at_desk, "two")
    sent(at_desk, one, "one", summary="Dark")
    sent(at_desk, other, "two", bad=True)
    page = admin.get("/admin/inbox").text
    assert page.count("<tr>") == 3
    assert "Monitoring two" in page
    only = admin.get("/admin/inbox?connector=one").text
    assert only.count('<tr><th scope="row">') == 1
    assert "Could not be read" in admin.get("/admin/inbox?verdict=unparseable").text
    assert "Nothing like that is here" in admin.get("/admin/inbox?verdict=resolved").text
    assert "Nothing like that is here" in admin.get("/admin/inbox?connector=nobody").text


def test_a_payload_is_shown_as_text_with_what_became_of_it(at_desk: Desk, admin: Browser) -> None:
    item = sent(at_desk, connector(at_desk), summary=HOSTILE)
    page = admin.get(f"/admin/inbox/{item}").text
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Opened an incident" in page
    ref = re.search(r'href="/tickets/(I[^"]+)"', page)
    assert ref is not None
    assert ref[1] in admin.get("/tickets").text


def test_a_payload_is_read_again(at_desk: Desk, admin: Browser) -> None:
    item = sent(at_desk, connector(at_desk, mapping={"summary": "summary"}), bad=True)
    address = f"/admin/inbox/{item}"
    again = admin.fill_in(f"{address}/replay", {}, on=address)
    assert again.status == 303, again.text
    place = again.headers["location"]
    assert place.endswith("?done=replayed")
    page = admin.get(place).text
    assert "It was read again" in page
    assert "as it first came" in page


def test_who_is_on_call_reads_the_inbox_but_has_nothing_read_again(
    at_desk: Desk, engineer: Browser
) -> None:
    item = sent(at_desk, connector(at_desk))
    page = engineer.get(f"/admin/inbox/{item}")
    assert page.status == 200
    assert "Read it again" not in page.text
    sent_anyway = engineer.fill_in(f"/admin/inbox/{item}/replay", {}, on="/", action="/sign-out")
    assert sent_anyway.status == 403


def test_a_bound_reader_sees_what_came_to_their_own_connectors(
    at_desk: Desk, bound_lead: Browser, admin: Browser
) -> None:
    own = connector(at_desk, "own", contributor="alpha")
    other = connector(at_desk, "other", contributor="beta")
    mine, theirs = sent(at_desk, own, "own"), sent(at_desk, other, "other", summary="Else")
    page = bound_lead.get("/admin/inbox").text
    assert mine in page
    assert theirs not in page
    assert theirs not in bound_lead.get("/admin/inbox?connector=other").text
    assert bound_lead.get(f"/admin/inbox/{theirs}").status == 404
    assert bound_lead.get(f"/admin/connectors/{other}/change").status == 403
    assert theirs not in bound_lead.get(f"/admin/connectors/{other}").text
    assert bound_lead.get(f"/admin/connectors/{own}/change").status == 200
    assert signed_in(at_desk, "stranger").get(f"/admin/inbox/{mine}").status == 404
    assert admin.get(f"/admin/inbox/{theirs}").status == 200


def test_it_says_what_a_connector_would_have_opened(at_desk: Desk, admin: Browser) -> None:
    identity = connector(
        at_desk, mapping={"summary": "summary", "severity": "severity"}, mode="observe"
    )
    sent(at_desk, identity)
    address = f"/admin/connectors/{identity}"
    page = admin.fill_in(f"{address}/dry-run", {}, on=address)
    assert page.status == 200
    assert "It would have opened 1 incident" in page.text


def test_what_is_wrong_with_a_matcher_names_its_line(admin: Browser) -> None:
    page = admin.fill_in(
        "/admin/rules/new",
        {
            "name": "Dark",
            "action": "create",
            "order": "0",
            "match.matchers": 'severity="sev1"\nno matcher at all',
            "title": "{not closed",
        },
    )
    assert page.status == 422
    assert "The 2nd one:" in page.text
    assert 'id="title-wrong"' in page.text


def test_rules_stand_in_the_order_in_which_they_are_asked(admin: Browser) -> None:
    for name, order in (("Last", "9"), ("First", "1"), ("Middle", "5")):
        made = admin.fill_in("/admin/rules/new", {"name": name, "action": "ignore", "order": order})
        assert made.status == 303
    page = admin.get("/admin/rules").text
    assert page.index(">First<") < page.index(">Middle<") < page.index(">Last<")


def test_a_bound_lead_makes_rules_for_their_own_connector(
    at_desk: Desk, bound_lead: Browser
) -> None:
    assert bound_lead.get("/admin/rules/new").status == 403
    connector(at_desk, "own", contributor="alpha")
    connector(at_desk, "other", contributor="beta")
    form = bound_lead.get("/admin/rules/new")
    assert form.status == 200
    assert "Monitoring own" in form.text
    assert "Monitoring other" not in form.text
    made = bound_lead.fill_in(
        "/admin/rules/new",
        {"name": "Ours", "action": "ignore", "order": "0", "connector": "own"},
    )
    assert made.status == 303
    assert bound_lead.get(made.headers["location"]).status == 200
