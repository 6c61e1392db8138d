"""Who is let in, for how long, and who is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import HOST, KEY, Browser, Desk, hidden, sessions_under
from tests.web.dashboard.warroom.staging import opened
from tocsin.app.signing_in import sign_in_links
from tocsin.core.record_commands import RevokeKey
from tocsin.core.records import Key
from tocsin.handler.submission import Credential
from tocsin.projections.addresses import ticket_page
from tocsin.store.sealing import opened as opened_box
from tocsin.store.sealing import sealed
from tocsin.web.dashboard.addresses import HOME, safe_next
from tocsin.web.dashboard.attempts import BURST, SECONDS_EACH, Attempts
from tocsin.web.dashboard.sessions import LASTING, LONGEST, Expired, Session

HOUR = timedelta(hours=1)


def test_who_shows_a_key_is_let_in_where_they_wanted(browser: Browser) -> None:
    sent = browser.get("/tickets?severity=sev1&q=no+light")
    assert (sent.status, sent.headers["location"]) == (
        303,
        "/sign-in?next=%2Ftickets%3Fseverity%3Dsev1%26q%3Dno%2Blight",
    )
    asked = browser.get(sent.headers["location"])
    assert asked.status == 200
    assert 'value="/tickets?severity=sev1&amp;q=no+light"' in asked.text
    assert 'autocomplete="current-password"' in asked.text

    into = browser.sign_in("owner", next_path="/tickets?severity=sev1&q=no+light")
    assert (into.status, into.headers["location"]) == (303, "/tickets?severity=sev1&q=no+light")
    assert browser.get(into.headers["location"]).status == 200
    home = browser.get("/")
    assert "<bdi>owner</bdi>" in home.text
    assert "of <bdi>Alpha</bdi>" in home.text


def test_whoever_follows_a_message_comes_to_the_ticket_by_way_of_signing_in(
    browser: Browser, at_desk: Desk
) -> None:
    ref = opened(at_desk)
    told = ticket_page(ref, base_url=f"http://{HOST}/").removeprefix(f"http://{HOST}")
    sent = browser.get(told)
    assert (sent.status, sent.headers["location"]) == (303, f"/sign-in?next=%2Ftickets%2F{ref}")
    into = browser.sign_in("owner", next_path=told)
    page = browser.get(into.headers["location"])
    assert page.status == 200
    assert ref in page.text


def test_the_cookie_is_for_this_server_and_no_script(browser: Browser, at_desk: Desk) -> None:
    set_here = browser.sign_in("owner").headers["set-cookie"]
    assert set_here.startswith("tocsin_session=")
    assert "; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax" in set_here
    assert "Secure" not in set_here
    assert "owner" not in set_here

    under_https = Desk(at_desk.house, at_desk.loop, at_desk.within, public_url=f"https://{HOST}")
    other = Browser(under_https)
    secured = other.sign_in("owner").headers["set-cookie"]
    assert secured.startswith("__Host-tocsin_session=")
    assert secured.endswith("; Secure")
    assert other.get("/").status == 200
    # A neighbour's host may have set the other name.
    other.cookie = other.cookie.removeprefix("__Host-")
    assert other.get("/").status == 303


@pytest.mark.parametrize("key", ["", "hunter2", "tk_nobody_secret", "tk_{id}_wrong", "tk_é_x" * 50])
def test_a_key_that_is_none_is_refused_in_words_and_not_shown_again(
    browser: Browser, at_desk: Desk, key: str
) -> None:
    given_key = key.replace("{id}", at_desk.house.keys["owner"].key_id)
    refused = browser.post("/sign-in", {"key": given_key, "next": "/tickets"})
    assert refused.status == 401
    assert 'role="alert"' in refused.text
    assert 'value="/tickets"' in refused.text
    assert "www-authenticate" in refused.headers
    assert not given_key or given_key not in refused.text
    assert not browser.cookie


def test_after_ten_wrong_keys_an_address_has_to_wait_and_others_do_not(
    browser: Browser, at_desk: Desk
) -> None:
    for _ in range(BURST):
        assert browser.post("/sign-in", {"key": "tk_a_b"}).status == 401
    slowed = browser.sign_in("owner")
    assert (slowed.status, slowed.headers["retry-after"]) == (429, "30")
    assert Browser(at_desk, peer="192.0.2.7").post("/sign-in", {"key": "tk_a_b"}).status == 401
    at_desk.seconds.now += SECONDS_EACH
    assert browser.sign_in("owner").status == 303


def test_whoever_knows_the_key_never_has_to_wait(browser: Browser, at_desk: Desk) -> None:
    assert [browser.sign_in("owner").status for _ in range(2 * BURST)] == [303] * 2 * BURST


def test_a_household_counts_once_and_success_counts_for_nothing() -> None:
    attempts = Attempts(clock=lambda: 0.0)
    for host in range(BURST):
        attempts.failed(f"2001:db8::{host:x}")
    assert attempts.wait("2001:db8::ffff") > 0
    assert attempts.wait("2001:db8:0:1::1") == 0
    for _ in range(3 * BURST):
        attempts.failed("192.0.2.1")
        attempts.succeeded("192.0.2.1")
    assert attempts.wait("192.0.2.1") == 0


def test_a_revoked_key_ends_its_session_at_once_and_keeps_what_was_asked_for(
    browser: Browser, at_desk: Desk
) -> None:
    browser.sign_in("owner")
    key = at_desk.house.keys["owner"].key_id
    at_desk.house.ask("admin", RevokeKey(), subject=key, sort="key")
    ended = browser.get("/tickets?type=incident")
    assert ended.status == 401
    assert "this key is revoked" in ended.text
    assert 'value="/tickets?type=incident"' in ended.text
    assert "<table" not in ended.text
    assert not browser.cookie


def test_a_session_moves_on_while_it_is_used_and_ends_in_the_quiet(
    browser: Browser, at_desk: Desk
) -> None:
    browser.sign_in("owner")
    assert "set-cookie" not in browser.get("/").headers
    at_desk.house.clock.pass_by(LASTING - HOUR)
    assert "set-cookie" in browser.get("/").headers
    at_desk.house.clock.pass_by(LASTING - HOUR)
    assert browser.get("/").status == 200
    at_desk.house.clock.pass_by(LASTING)
    over = browser.get("/tickets")
    assert over.status == 401
    assert "12 hours of quiet" in over.text
    assert 'value="/tickets"' in over.text


def test_no_session_lasts_longer_than_a_week() -> None:
    sessions = sessions_under(KEY)
    first = sessions.begin(Credential(key_id="k", digest=b"d" * 32, address=""), at=NOON)
    session, at = first, NOON
    while (renewed := sessions.renewed(session, at=at + 11 * HOUR)) is not None:
        session, at = renewed, at + 11 * HOUR
    assert session.expires_at == NOON + LONGEST
    assert isinstance(sessions.read(sessions.sealed(session), at=NOON + LONGEST), Expired)


@given(st.binary(max_size=200))
def test_nobody_makes_a_session_without_the_installations_key(noise: bytes) -> None:
    sessions = sessions_under(KEY)
    assert sessions.read(noise.decode("latin-1"), at=NOON) is None
    # Neither a secret that was sealed here for another purpose.
    assert sessions.read(sealed(KEY, noise).decode(), at=NOON) is None


def test_what_was_sealed_for_another_purpose_is_no_session_however_like_one_it_is() -> None:
    sessions = sessions_under(KEY)
    session = sessions.begin(Credential(key_id="k", digest=b"d" * 32, address=""), at=NOON)
    inside = opened_box(KEY, sessions.sealed(session).encode())
    assert b"tocsin session 1" in inside

    other = inside.replace(b"tocsin session 1", b"tocsin invite 1")
    assert sessions.read(sealed(KEY, other).decode(), at=NOON) is None


def test_forged_and_foreign_cookies_open_nothing(browser: Browser, at_desk: Desk) -> None:
    browser.sign_in("owner")
    name, _, value = browser.cookie.partition("=")
    forged = f"{value[:-6]}{'A' * 5}{value[-1]}"
    other = sessions_under(Fernet.generate_key())
    credential = at_desk.house.keys["owner"]
    elsewhere = other.sealed(other.begin(credential, at=NOON))
    wrong_secret = sessions_under(KEY)
    guessed = wrong_secret.sealed(
        wrong_secret.begin(replace(credential, digest=b"x" * 32), at=NOON)
    )
    for cookie, status in ((forged, 303), (elsewhere, 303), ("", 303), (guessed, 401)):
        assert Browser(at_desk, cookie=f"{name}={cookie}").get("/tickets").status == status


def test_each_org_sees_its_own(browser: Browser, at_desk: Desk) -> None:
    at_desk.house.ask("owner", at_desk.house.incident("Seen by the net only"))
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")
    browser.sign_in("owner")
    for path in ("/", "/tickets", "/tickets?q=seen"):
        assert "Seen by the net only" not in stranger.get(path).text
    for path in ("/", "/tickets"):
        assert "Seen by the net only" in browser.get(path).text


def test_any_gateway_of_the_installation_reads_the_session(browser: Browser, at_desk: Desk) -> None:
    browser.sign_in("owner")
    neighbour = Desk(at_desk.house, at_desk.loop, at_desk.within)
    assert Browser(neighbour, cookie=browser.cookie).get("/").status == 200


# Forms


def token_in(text: str) -> str:
    return text.partition('name="token" value="')[2].partition('"')[0]


def test_signing_out_takes_the_form_of_this_very_session(browser: Browser, at_desk: Desk) -> None:
    browser.sign_in("owner")
    other = Browser(at_desk)
    other.sign_in("owner")
    foreign = token_in(other.get("/").text)
    own = token_in(browser.get("/").text)
    assert len(own) == 64
    assert own != foreign

    for token in ("", "é", foreign, own.upper()):
        assert browser.post("/sign-out", {"token": token}).status == 403
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert browser.post("/sign-out", {"token": own}, headers).status == 403
    assert browser.get("/sign-out").status == 405
    assert browser.get("/").status == 200

    out = browser.post("/sign-out", {"token": own})
    assert (out.status, out.headers["location"]) == (303, "/sign-in?signed-out=1")
    assert not browser.cookie
    assert "You are signed out." in browser.get(out.headers["location"]).text
    assert browser.get("/").status == 303


def test_nobody_is_signed_in_by_another_site(browser: Browser, at_desk: Desk) -> None:
    form = {"key": at_desk.key_of("owner")}
    assert browser.post("/sign-in", form, {"origin": "https://evil.example"}).status == 403
    assert browser.post("/sign-in", form, {"sec-fetch-site": "cross-site"}).status == 403
    assert not browser.cookie
    assert browser.post("/sign-in", form, {"sec-fetch-site": "same-origin"}).status == 303
    # Nor has another site a mail sent, to whoever it likes.
    mail = {"org": "net", "email": "a@b.example"}
    assert browser.post("/sign-in/mail", mail, {"sec-fetch-site": "cross-site"}).status == 403


def test_what_is_no_form_is_refused(browser: Browser) -> None:
    assert browser.post("/sign-in", {}, {"content-type": "application/json"}).status == 400
    assert browser.post("/sign-in", {"key": "x" * 600_000}).status == 400
    assert browser.post("/sign-in", {f"f{n}": "1" for n in range(500)}).status == 400


# Where one is sent on to


@pytest.mark.parametrize(
    "hostile",
    [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "/a\r\nset-cookie: x=y",
        "/sign-out",
        "/sign-in?next=/",
        "/" + "a" * 3_000,
        "///evil.example",
    ],
)
def test_nobody_is_sent_to_another_host(browser: Browser, hostile: str) -> None:
    assert safe_next(hostile) == HOME
    assert browser.sign_in("owner", next_path=hostile).headers["location"] == "/"


@given(st.text(max_size=40).map(lambda text: "/" + text))
def test_where_one_is_sent_on_to_is_a_path_in_ascii(text: str) -> None:
    found = safe_next(text)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found.isascii()
    assert found.isprintable()
    assert safe_next(found) == found


def test_a_session_comes_back_as_it_was() -> None:
    sessions = sessions_under(KEY)
    session = sessions.begin(Credential(key_id="k", digest=b"d" * 32, address=""), at=NOON)
    found = sessions.read(sessions.sealed(session), at=NOON)
    assert found == session
    assert isinstance(found, Session)
    assert sessions.is_form_token(found, sessions.form_token(session))


# Links


def _link(at_desk: Desk, who: str) -> str:
    key = at_desk.house.keys[who]
    with at_desk.house.store.reading() as turn:
        head = turn.head(at_desk.house.orgs["net"], f"key:{key.key_id}")
    assert head is not None
    assert isinstance(head.state, Key)
    links = sign_in_links(at_desk.key, url=f"http://{HOST}")
    url, _ = links.make(
        org_id=at_desk.house.orgs["net"], member_id=head.state.member_id, at=at_desk.clock()
    )
    return url.removeprefix(f"http://{HOST}")


def test_a_link_signs_in_once(browser: Browser, at_desk: Desk) -> None:
    link = _link(at_desk, "owner")
    shown = browser.get(link)
    assert shown.status == 200
    assert not browser.cookie, "whoever looks through mail follows links"
    token = hidden(shown.text, "/sign-in/link")
    entered = browser.post("/sign-in/link", token)
    assert (entered.status, entered.headers["location"]) == (303, "/")
    assert "owner" in browser.get("/").text
    again = Browser(at_desk).post("/sign-in/link", token)
    assert again.status == 410
    assert "This link was used" in again.text


def _entered(browser: Browser, at_desk: Desk) -> str:
    """Sign in by a link; what the form to sign out carries."""
    shown = browser.get(_link(at_desk, "owner"))
    assert browser.post("/sign-in/link", hidden(shown.text, "/sign-in/link")).status == 303
    return token_in(browser.get("/").text)


def test_signing_out_ends_the_key_that_a_link_made(browser: Browser, at_desk: Desk) -> None:
    token = _entered(browser, at_desk)
    stolen = Browser(at_desk, cookie=browser.cookie)
    assert stolen.get("/").status == 200

    assert browser.post("/sign-out", {"token": token}).status == 303

    late = stolen.get("/")
    assert (late.status, "revoked" in late.text) == (401, True)
    assert not stolen.cookie


def test_signing_out_leaves_a_key_that_was_shown_as_it_was(browser: Browser, at_desk: Desk) -> None:
    browser.sign_in("owner")
    elsewhere = Browser(at_desk, cookie=browser.cookie)
    token = token_in(browser.get("/").text)
    assert browser.post("/sign-out", {"token": token}).status == 303
    assert elsewhere.get("/").status == 200


@pytest.mark.parametrize("trouble", ["away", "full"])
def test_who_signs_out_while_nothing_is_written_is_told_what_stays(
    browser: Browser, at_desk: Desk, trouble: str
) -> None:
    token = _entered(browser, at_desk)
    stolen = Browser(at_desk, cookie=browser.cookie)
    setattr(at_desk, trouble, True)
    out = browser.post("/sign-out", {"token": token})
    assert (out.status, "signed out of this browser only" in out.text) == (503, True)
    assert not browser.cookie

    setattr(at_desk, trouble, False)
    again = _entered(browser, at_desk)
    assert stolen.post("/sign-out", {"token": again}).status == 403, "of another session"
    assert stolen.get("/").status == 200


def test_without_mail_nobody_is_offered_a_link(browser: Browser) -> None:
    assert "/sign-in/mail" not in browser.get("/sign-in").text
    refused = browser.post("/sign-in/mail", {"org": "net", "email": "a@b.example"})
    assert refused.status == 409
    assert "sends no mail" in refused.text
