"""auth.test, users.*, usergroups.list, and the two methods that hand out access."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calling import Answer, Call, method, paged
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.state import APP_ID, APP_TOKEN, CLIENT_ID, CLIENT_SECRET, User


@method("auth.test")
def auth_test(call: Call) -> Answer:
    team = call.team
    return {
        "ok": True,
        "url": team.url,
        "team": team.name,
        "team_id": team.id,
        "user": "tocsin",
        "user_id": team.bot_user_id,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


def described(call: Call, user: User) -> dict[str, Any]:
    profile: dict[str, Any] = {
        "real_name": user.real_name,
        "display_name": user.name,
        "team": user.team_id,
    }
    stranger = user.team_id != call.team.id
    if user.email is not None and not stranger and "users:read.email" in call.team.scopes:
        call.scopes.add("users:read.email")
        profile["email"] = user.email
    body: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_email_confirmed": user.is_email_confirmed,
        "is_app_user": False,
        "updated": 0,
    }
    return body | ({"is_stranger": True} if stranger else {})


@method("users.info")
def info(call: Call) -> Answer:
    call.need("users:read")
    return {
        "ok": True,
        "user": described(call, call.user(call.text("user", error="user_not_found"))),
    }


@method("users.lookupByEmail")
def look_up(call: Call) -> Answer:
    call.need("users:read.email")
    email = call.text("email", error="users_not_found").lower()
    for user in call.state.users.values():
        mine = user.team_id == call.team.id and not user.deleted and not user.is_bot
        if mine and (user.email or "").lower() == email:
            return {"ok": True, "user": described(call, user)}
    raise SlackError("users_not_found")


@method("users.list")
def list_users(call: Call) -> Answer:
    call.need("users:read")
    found = [user for user in call.state.users.values() if user.team_id == call.team.id]
    page, cursor = call.page(found, default=1_000, most=1_000)
    return paged({"ok": True, "members": [described(call, user) for user in page]}, cursor)


@method("usergroups.list")
def list_groups(call: Call) -> Answer:
    call.need("usergroups:read")
    groups = []
    for group in call.state.groups:
        if group.team_id != call.team.id:
            continue
        if group.disabled and not call.flag("include_disabled"):
            continue
        body: dict[str, Any] = {
            "id": group.id,
            "team_id": group.team_id,
            "is_usergroup": True,
            "handle": group.handle,
            "name": group.name,
            "date_delete": 1 if group.disabled else 0,
        }
        if call.flag("include_users"):
            body["users"] = list(group.users)
        if call.flag("include_count"):
            body["user_count"] = len(group.users)
        groups.append(body)
    return {"ok": True, "usergroups": groups}


@method("oauth.v2.access")
def exchange_code(call: Call) -> Answer:
    """A code is good once, for the redirect address that it was made with."""
    given = call.basic or (
        str(call.arguments.get("client_id", "")),
        str(call.arguments.get("client_secret", "")),
    )
    if given[0] != CLIENT_ID:
        raise SlackError("invalid_client_id")
    if given[1] != CLIENT_SECRET:
        raise SlackError("bad_client_secret")
    team_id, redirect_uri = call.state.oauth_codes.pop(
        str(call.arguments.get("code", "")), ("", "")
    )
    if team_id == "":
        raise SlackError("invalid_code")
    if (call.optional("redirect_uri") or "") != redirect_uri:
        raise SlackError("bad_redirect_uri")
    team = call.state.teams[team_id]
    team.installed = True
    return {
        "ok": True,
        "access_token": team.token,
        "token_type": "bot",
        "scope": ",".join(sorted(team.scopes)),
        "bot_user_id": team.bot_user_id,
        "app_id": APP_ID,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": team.bot_user_id},
    }


@method("auth.revoke")
def revoke(call: Call) -> Answer:
    call.team.installed = False
    return {"ok": True, "revoked": True}


@method("apps.connections.open")
def open_connection(call: Call) -> Answer:
    if call.token != APP_TOKEN:
        raise SlackError("not_allowed_token_type" if call.team_or_none else "invalid_auth")
    call.scopes.add("connections:write")
    return {"ok": True}
