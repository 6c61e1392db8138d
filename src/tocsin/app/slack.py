"""Slack, by what this server was told: what goes out to it, what comes in, what is kept in order.

Loaded only where Slack is wanted: its libraries take a while. Nothing here has to be reachable for
the server to start, or to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPException
from typing import Final

import structlog
from litestar.types import ASGIApp
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from tocsin.adapters.slack import clicking, commanding, conversing, telling
from tocsin.adapters.slack.calls import web_client
from tocsin.adapters.slack.contract import Surroundings, Workspace
from tocsin.adapters.slack.errands import Errands
from tocsin.adapters.slack.installing import Reception, SlackApp, signing_key
from tocsin.adapters.slack.mounting import OAUTH, PATHS, Door, SocketMode
from tocsin.adapters.slack.people import SlackPeople
from tocsin.adapters.slack.receiver import make_app
from tocsin.adapters.slack.sender import SlackSender
from tocsin.adapters.slack.transcripts import Transcripts
from tocsin.adapters.slack.triaging import Triager
from tocsin.adapters.slack.upkeep import Upkeep
from tocsin.adapters.slack.workspaces import Installing, NoBot, StoredWorkspaces, introduced, tie
from tocsin.app.house import fresh_bits, now
from tocsin.app.rounds import Rounds
from tocsin.app.settings import Settings
from tocsin.core.triage import LanguageModel
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store

log = structlog.get_logger(__name__)

UPKEEP_SECONDS: Final = 2.0
TRANSCRIPT_SECONDS: Final = 60.0
INTRODUCTION_SECONDS: Final = 10.0


class Slack:
    """Everything of Slack in one process, whatever its roles: made first, so that its sender can be
    handed to the dispatcher; started once there is a writer."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        seal: Callable[[bytes], bytes],
        unseal: Callable[[bytes], bytes],
        installation_key: bytes,
    ) -> None:
        self._settings = settings
        self._store = store
        self._seal = seal
        self._installation_key = installation_key
        self._workspaces = StoredWorkspaces(store, unseal=unseal)
        self.sender = SlackSender(
            store=store,
            clock=now,
            workspaces=self._workspaces,
            client=self._client,
            base_url=settings.public_url,
        )

    def _client(self, workspace: Workspace) -> WebClient:
        return web_client(workspace, base_url=self._settings.slack_api_url)

    def start(
        self,
        house: ExitStack,
        *,
        writer: Writer,
        model: LanguageModel | None,
        listens: bool,
        tends: bool,
        ours: Callable[[], bool],
    ) -> Mapping[str, ASGIApp]:
        """Begin; *house* ends it. The paths that it answers, none where it does not listen.

        It ``listens`` where people's requests come in, and ``tends`` where duties are done, each
        time as far as the duty is ``ours``.
        """
        errands = Errands(on_failure=telling.failed)
        house.callback(errands.shutdown)
        surroundings = Surroundings(
            store=self._store,
            writer=writer,
            clock=now,
            entropy=fresh_bits,
            workspaces=self._workspaces,
            people=SlackPeople(self._store, writer=writer, client=self._client),
            client=self._client,
            run=errands.run,
            base_url=self._settings.public_url,
        )
        tools = Installing(store=self._store, writer=writer, seal=self._seal, clock=now)
        self._introduce(house, tools)
        if tends:
            self._tend(house, surroundings, ours=ours)
        if not listens:
            return {}
        heard = self._listen(house, surroundings, model=model)
        return {**heard, **self._receive(tools)}

    def _tend(
        self, house: ExitStack, surroundings: Surroundings, *, ours: Callable[[], bool]
    ) -> None:
        upkeep = Upkeep(
            store=self._store,
            writer=surroundings.writer,
            clock=now,
            workspaces=self._workspaces,
            client=self._client,
            base_url=self._settings.public_url,
        )
        transcripts = Transcripts(surroundings)
        for rounds in (
            Rounds("slack-upkeep", upkeep.tend, seconds=UPKEEP_SECONDS, ours=ours),
            Rounds(
                "slack-transcripts",
                lambda: transcripts.tend(now()),
                seconds=TRANSCRIPT_SECONDS,
                ours=ours,
            ),
        ):
            rounds.start()
            house.callback(rounds.stop)

    def _listen(
        self, house: ExitStack, surroundings: Surroundings, *, model: LanguageModel | None
    ) -> Mapping[str, ASGIApp]:
        settings = self._settings
        triager = Triager(
            store=self._store, writer=surroundings.writer, run=surroundings.run, model=model
        )
        listeners = Errands(on_failure=telling.failed, name="slack-listener")
        house.callback(listeners.shutdown)

        def register(app: App, around: Surroundings) -> None:
            conversing.register(app, around, triager=triager)
            commanding.register(app, around, triager=triager)
            clicking.register(app, around)

        app = make_app(
            surroundings,
            signing_secret=settings.slack_signing_secret or "",
            listeners=listeners,
            api_url=settings.slack_api_url,
            register=register,
        )
        if settings.slack_app_token is not None:
            socket = SocketMode(app, app_token=settings.slack_app_token)
            socket.start()
            house.callback(socket.stop)
        if settings.slack_signing_secret is None:
            return {}
        door = Door(app, signing_secret=settings.slack_signing_secret)
        house.callback(door.close)
        return dict.fromkeys(PATHS, door)

    def _receive(self, tools: Installing) -> Mapping[str, ASGIApp]:
        """Where people come back to who install it in their workspace; none without the app's id,
        its secret and an address to come back to."""
        settings = self._settings
        client_id, secret = settings.slack_client_id, settings.slack_client_secret
        if client_id is None or secret is None or settings.public_url is None:
            return {}
        app = SlackApp(
            client_id=client_id,
            client_secret=secret,
            public_url=settings.public_url,
            api_url=settings.slack_api_url,
        )
        return {OAUTH: Reception(app, tools, key=signing_key(self._installation_key))}

    # -- the workspace of the settings -----------------------------------------------------------

    def _introduce(self, house: ExitStack, tools: Installing) -> None:
        """Tie the workspace of the bot token to its org, as soon as Slack and the database let
        us."""
        token = self._settings.slack_bot_token
        if token is None:
            return
        introduction = Introduction(
            token,
            tools,
            org=self._settings.slack_org,
            api_url=self._settings.slack_api_url,
            on_tied=self._workspaces.forget,
        )
        rounds = Rounds("slack-introduction", introduction, seconds=INTRODUCTION_SECONDS)
        rounds.start()
        house.callback(rounds.stop)


class Introduction:
    """Asks Slack whose a bot token is, and ties that workspace to an org; once done, it rests.

    ``org`` is the code of the org; where it is None there has to be only one. ``on_tied`` is told
    that it is done.
    """

    def __init__(
        self,
        token: str,
        tools: Installing,
        *,
        org: str | None,
        api_url: str | None,
        on_tied: Callable[[], None],
    ) -> None:
        self._on_tied = on_tied
        self._token = token
        self._tools = tools
        self._org = org
        self._api_url = api_url
        self._done = False
        self._told: str | None = None

    def __call__(self) -> None:
        """Try, unless it is done.

        Raises:
            StorageFailed: the database is away.
        """
        if self._done:
            return
        trouble = self._try()
        self._done = trouble is None
        if trouble is not None and trouble != self._told:
            log.warning("not connected to Slack yet", action="slack_not_introduced", reason=trouble)
        self._told = trouble

    def _try(self) -> str | None:
        """What is in the way, None when it is done."""
        org_id = self._org_id()
        if org_id is None:
            return "there is no such org, or more than one: name it with TOCSIN_SLACK_ORG"
        nobody = Workspace(
            team_id="", org_id=org_id, url="", bot_user_id="", bot_id="", token=self._token
        )
        try:
            found, name, scopes = introduced(web_client(nobody, base_url=self._api_url))
        except SlackApiError as wrong:
            return f"Slack refuses the bot token ({wrong.response.get('error', 'unknown')})"
        except NoBot as wrong:
            return str(wrong)
        except (SlackClientError, HTTPException, OSError) as away:
            return f"Slack cannot be reached ({type(away).__name__})"
        workspace = replace(found, org_id=org_id)
        tie(workspace, self._tools, name=name, scopes=scopes)
        self._on_tied()
        return None

    def _org_id(self) -> int | None:
        with self._tools.store.reading() as turn:
            if self._org is not None:
                row = turn.org(self._org)
                return None if row is None else row.org_id
            every = turn.orgs()
        return every[0].org_id if len(every) == 1 else None
