"""Whatever is asked, sent and left out, in whatever order: no rule of provisioning is broken.

What shall follow is worked out here a second time, from the samples and tickets themselves, by a
model that knows nothing of how the machine does it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.core.provisioning.modelled import WAYS, Port, Stands, Told
from tests.core.provisioning.watching import ORIGIN, runs
from tests.core.records_in_memory import OrgInMemory, network, pubkey, replayed
from tocsin.core import incident, maintenance
from tocsin.core.commands import (
    ChangeStatus,
    OpenIncident,
    PlanMaintenance,
    TicketCommand,
)
from tocsin.core.errors import Forbidden, LinkNotHardDrained, NotFound, Refusal
from tocsin.core.evidence import SYSTEM_ACCESS, Access
from tocsin.core.facts import Actor, Event
from tocsin.core.instants import MINUTE
from tocsin.core.permissions import permit
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.assessment import assess
from tocsin.core.provisioning.commands import AcceptLink, Advance, Demand, Judge, Waive, Wish
from tocsin.core.provisioning.coverage import marked
from tocsin.core.provisioning.criteria import Silence
from tocsin.core.provisioning.following import Following, begun, followed
from tocsin.core.provisioning.judging import Known, link_case
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.telemetry import Counted
from tocsin.core.provisioning.windows import Window, minute_of
from tocsin.core.record_commands import CreateContributor, CreateMember
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import RegisterLink, RemoveLink, SideDraft
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_fold import evolve
from tocsin.core.words import Role

WAN, DZX, AMS = "link:ams-1:fra-1", "link:dzx", "device:ams-1"
LINKS: Final = (WAN, DZX)
ASSETS: Final = (WAN, DZX, AMS)
PUBKEYS: Final = {WAN: pubkey(21), DZX: pubkey(22), AMS: pubkey(11)}
SIDES: Final = {
    WAN: ((pubkey(11), "Ethernet1"), (pubkey(12), "Ethernet1")),
    DZX: ((pubkey(11), "Ethernet7"), (pubkey(12), "Ethernet8")),
}
HOUR_OF_BURN_IN: Final = replace(
    DEFAULT_POLICY, burn_in_hours=1, reactivation_burn_in_minutes=12, missing_minutes=48
)
"""Of an hour two minutes may be missing, of twelve minutes none."""

PEOPLE: Final = {
    "owner": Access(role=Role.MEMBER, member_id="alpha-member", contributor_id="alpha"),
    "far side": Access(role=Role.MEMBER, member_id="beta-member", contributor_id="beta"),
    "stranger": Access(role=Role.SRE_LEAD, member_id="gamma-lead", contributor_id="gamma"),
    "nobody's": Access(role=Role.MEMBER, member_id="free", contributor_id=None),
    "viewer": Access(role=Role.VIEWER, member_id="eve", contributor_id="alpha"),
    "admin": Access(role=Role.ORG_ADMIN, member_id="admin", contributor_id=None),
}
DRAINS: Final = ("soft_drained", "hard_drained")


class Provisioning(RuleBasedStateMachine):
    """Two links between two contributors and a device of one of them, with a third contributor, an
    admin, and members who have no say."""

    @initialize()
    def begin(self) -> None:
        self.org: OrgInMemory = network()
        self.org.ask(
            "contributor:gamma",
            CreateContributor(contributor_id="gamma", code="gamma", name="Gamma", pubkey=pubkey(3)),
        )
        self.org.ask(
            "member:gamma-lead",
            CreateMember(member_id="gamma-lead", name="Gia", role="sre_lead", contributor="gamma"),
        )
        self.org.ask(
            DZX,
            RegisterLink(
                link_id="dzx",
                pubkey=pubkey(22),
                code="ams-1:fra-1:dzx",
                link_type="DZX",
                side_a=SideDraft(device="ams-1", interface="Ethernet7"),
                side_z=SideDraft(device="fra-1", interface="Ethernet8"),
                contributor="alpha",
            ),
        )
        self.model = {asset: Stands() for asset in ASSETS}
        self.model[DZX] = Stands(status="requested", accepted=False)
        self.ports = {name: Port() for sides in SIDES.values() for name in sides}
        self.told: list[Told] = []
        self.waived: dict[tuple[str, str], datetime] = {}
        self.silent = False
        self.lived = minute_of(self.org.at)

    # -- evidence --------------------------------------------------------------------------------

    @rule(
        minutes=st.sampled_from([1, 3, 12, 12, 61, 61]),
        ways=st.lists(st.sampled_from(WAYS), min_size=4, max_size=4),
        quiet=st.booleans(),
        unheard=st.sampled_from([None, None, pubkey(11), pubkey(12)]),
    )
    def time_passes(
        self, minutes: int, ways: list[str], quiet: bool, unheard: str | None = None
    ) -> None:
        """Every interface lives in its way, and one device is not heard: for one minute in the
        middle when the rest is quiet, else for all of them."""
        until = minute_of(self.org.at) + minutes * MINUTE
        while self.lived < until:
            here = not quiet or (until - self.lived) // MINUTE == (minutes + 1) // 2
            for (name, port), way in zip(self.ports.items(), ways, strict=True):
                lives = "missing" if name[0] == unheard else way
                port.live(self.lived, lives if here else "clean")
            self.lived += MINUTE
        self.org.at = until + timedelta(seconds=30)

    @rule(link=st.sampled_from(LINKS))
    def a_good_hour_passes(self, link: str) -> None:
        """What a link needs that shall come into service, if nothing else is in its way."""
        self.somebody_accepts("far side", link)
        self.somebody_wishes("owner", link, "activated")
        self.time_passes(61, ["clean"] * 4, False)
        self.the_monitor_judges(link)
        self.the_activator_lets_it_go_on(link)

    @rule(link=st.sampled_from(LINKS))
    def errors_are_counted(self, link: str) -> None:
        """What impairs a link that is healthy, and only that."""
        self.time_passes(3, ["errors"] * 4, True)
        self.the_monitor_judges(link)
        self.the_activator_lets_it_go_on(link)

    @rule(link=st.sampled_from(LINKS), minutes=st.sampled_from([1, 3]))
    def a_device_is_not_heard_for_a_while(self, link: str, minutes: int) -> None:
        """What moves nothing, in either direction."""
        self.time_passes(minutes, ["clean"] * 4, False, unheard=pubkey(12))
        self.the_monitor_judges(link)

    @rule(silent=st.sampled_from([True, False, False]))
    def a_source_falls_silent_or_answers(self, silent: bool) -> None:
        self.silent = silent

    @rule(stream=st.sampled_from(LINKS))
    def the_monitor_judges(self, stream: str) -> None:
        found = self.model[stream]
        if found.gone:
            return
        state = self.org.states[stream]
        assert isinstance(state, Link)
        at = self.org.at
        shall = self._health(stream, minute_of(at - timedelta(seconds=20)), at)
        known = self._known(minute_of(at - timedelta(seconds=20)))
        case = link_case(state, known, HOUR_OF_BURN_IN, codes={})
        judged = assess(case.criteria, case.life, at=at)
        assert judged.health.value == shall, judged.reasons
        if judged.changed:
            assert judged.reasons
            self.org.ask(stream, Judge(health=judged.health.value, reasons=judged.reasons))
            found.health = shall

    @rule(health=st.sampled_from(["unknown", "pending", "healthy", "healthy", "impaired"]))
    def a_device_is_judged(self, health: str) -> None:
        self.org.ask(AMS, Judge(health=health, reasons=("as the sequence has it",)))
        self.model[AMS].health = health

    def _known(self, until: datetime) -> Known:
        away = Silence(source="town", why="it is away")
        return Known(
            until=until,
            counters=away if self.silent else self._followed(until),
            config_agent=away,
            telemetry_agent=away,
            qa=away,
        )

    def _followed(self, until: datetime) -> Following:
        window = Window(start=until - 60 * MINUTE, end=until)
        earlier, within = {}, {}
        heard: dict[str, list[datetime]] = {}
        for name, port in self.ports.items():
            if before := [row for row in port.rows if row[0] < window.start]:
                earlier[name] = runs(before)
            if inside := [row for row in port.rows if row[0] in window]:
                within[name] = runs(inside)
                heard.setdefault(name[0], []).extend(at for at, _ in inside)
        baseline = Counted(
            window=Window(start=window.start, end=window.start), origin=ORIGIN, interfaces=earlier
        )
        new = Counted(
            window=window,
            origin=ORIGIN,
            interfaces=within,
            covered={device: marked(window, those) for device, those in heard.items()},
        )
        return followed(begun(at=window.start, baseline=baseline), new, keep_minutes=60)

    # -- what evidence comes to, a second time ---------------------------------------------------

    def _health(self, stream: str, until: datetime, at: datetime) -> str:
        """What the health of a link shall be after it is judged."""
        found = self.model[stream]
        minutes = 12 if found.before else 60
        allowed = 0 if found.before else 2
        start = until - minutes * MINUTE
        sides = [
            name
            for name, criterion in zip(SIDES[stream], ("side_a", "side_z"), strict=True)
            if not at < self.waived.get((stream, criterion), at)
        ]
        ready = found.status in (*DRAINS, "activated")
        if self.silent and sides:
            return found.health
        if (
            found.desired == "activated"
            and ready
            and all(self._clean(name, start, until, allowed) for name in sides)
        ):
            return "healthy"
        if found.health == "healthy" and any(self._erred(name, start, until) for name in sides):
            return "impaired"
        if found.health == "unknown" and all(
            self._erred(name, start, until) or self._heard_of(name, start, until, allowed)
            for name in sides
        ):
            return "pending"
        return found.health

    def _rose(self, name: tuple[str, str], place: int, start: datetime, until: datetime) -> bool:
        """Whether a counter was seen higher than before, in the window."""
        values = [
            (at, row[place])
            for at, row in self.ports[name].rows
            if at < until and row[place] is not None
        ]
        return any(
            later is not None and earlier is not None and later > earlier and at >= start
            for (_, earlier), (at, later) in pairwise(values)
        )

    def _erred(self, name: tuple[str, str], start: datetime, until: datetime) -> bool:
        return self._rose(name, 2, start, until)

    def _missing(self, device: str, start: datetime, until: datetime) -> int:
        heard = {
            minute_of(at)
            for name, port in self.ports.items()
            if name[0] == device
            for at, _ in port.rows
            if start <= at < until
        }
        return (until - start) // MINUTE - len(heard)

    def _clean(self, name: tuple[str, str], start: datetime, until: datetime, allowed: int) -> bool:
        return (
            self._heard_of(name, start, until, allowed)
            and self._rose(name, 0, start, until)
            and not self._erred(name, start, until)
        )

    def _heard_of(
        self, name: tuple[str, str], start: datetime, until: datetime, allowed: int
    ) -> bool:
        """Whether enough is known of an interface to say that it is well, or that it is not."""
        rows = [(at, row) for at, row in self.ports[name].rows if at < until]
        return (
            any(row[2] is not None for _, row in rows)
            and any(at >= start for at, _ in rows)
            and rows[0][0] < start + (allowed + 1) * MINUTE
            and self._missing(name[0], start, until) <= allowed
        )

    # -- people ----------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(sorted(PEOPLE)),
        asset=st.sampled_from(ASSETS),
        desired=st.sampled_from([*["activated"] * 8, *DRAINS, *DRAINS, "deleted"]),
    )
    def somebody_wishes(self, who: str, asset: str, desired: str) -> None:
        found = self.model[asset]
        may = who in ("admin", "owner") or (
            who == "far side" and asset in LINKS and desired in DRAINS
        )
        refused = self._ask(asset, Wish(desired=desired), who)
        if not may:
            assert isinstance(refused, Forbidden), refused
        elif found.gone:
            assert isinstance(refused, NotFound)
        elif desired == "deleted" and found.status != "hard_drained":
            assert refused is not None
            assert refused.code in ("link_not_hard_drained", "device_not_hard_drained")
        else:
            assert refused is None
            found.desired = desired
            if desired == "hard_drained" and found.status == "requested":
                found.status = "hard_drained"

    @rule(who=st.sampled_from(sorted(PEOPLE)), link=st.sampled_from(LINKS))
    def somebody_accepts(self, who: str, link: str) -> None:
        found = self.model[link]
        refused = self._ask(link, AcceptLink(), who)
        if who not in ("far side", "admin"):
            assert isinstance(refused, Forbidden)
        elif found.gone:
            assert isinstance(refused, NotFound)
        else:
            assert refused is None
            found.accepted = True
            if found.status == "requested":
                found.status = "hard_drained"

    @rule(who=st.sampled_from(sorted(PEOPLE)), link=st.sampled_from(LINKS), late=st.integers(0, 4))
    def somebody_deletes(self, who: str, link: str, late: int) -> None:
        found = self.model[link]
        if late and found.status == "hard_drained":
            # What is gone is gone for the rest of the sequence: most of them are left alone.
            return
        refused = self._ask(link, RemoveLink(), who)
        if who not in ("owner", "admin"):
            assert isinstance(refused, Forbidden)
        elif found.gone:
            assert isinstance(refused, NotFound)
        elif found.status != "hard_drained":
            assert isinstance(refused, LinkNotHardDrained)
        else:
            assert refused is None
            found.gone = True

    @rule(
        who=st.sampled_from(["admin", "admin", "admin", "owner", "stranger"]),
        link=st.sampled_from(LINKS),
        side=st.sampled_from(["side_a", "side_z"]),
        minutes=st.integers(0, 200),
    )
    def somebody_waives(self, who: str, link: str, side: str, minutes: int) -> None:
        until = self.org.at + minutes * MINUTE
        command = (
            Waive(criterion=side, reason="standby", until=until)
            if minutes
            else Demand(criterion=side)
        )
        refused = self._ask(link, command, who)
        if who != "admin":
            assert isinstance(refused, Forbidden)
        elif self.model[link].gone:
            assert isinstance(refused, NotFound)
        else:
            assert refused is None
            self.waived.pop((link, side), None)
            if minutes:
                self.waived[link, side] = until

    def _ask(
        self, stream: str, command: Wish | AcceptLink | RemoveLink | Waive | Demand, who: str
    ) -> Refusal | None:
        try:
            self.org.ask(stream, command, PEOPLE[who])
        except Refusal as refused:
            return refused
        return None

    # -- tickets ---------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(["owner", "far side", "stranger", "nobody's", "admin"]),
        on=st.sets(st.sampled_from(ASSETS), min_size=1),
        severity=st.sampled_from(["sev1", "sev2", "sev3"]),
    )
    def somebody_opens_an_incident(self, who: str, on: set[str], severity: str) -> None:
        number = len(self.told)
        here = tuple(sorted(one for one in on if not self.model[one].gone))
        if not here:
            return
        opened = self._ticket(
            None,
            OpenIncident(
                ticket_id=f"{number}",
                refs=(f"I20261120-{number:04d}",),
                title="Fibre cut",
                description="No light.",
                severity=severity,
                devices=tuple(PUBKEYS[one] for one in here if one == AMS),
                links=tuple(PUBKEYS[one] for one in here if one != AMS),
            ),
            PEOPLE[who],
        )
        grave = severity in ("sev1", "sev2")
        self.told.append(Told(opened, here, self._has_effect(who), grave=grave))

    @rule(
        who=st.sampled_from(["owner", "far side", "stranger", "nobody's", "admin"]),
        asset=st.sampled_from(ASSETS),
        ahead=st.integers(1, 20),
        minutes=st.sampled_from([5, 60, 600]),
    )
    def somebody_plans_a_maintenance(self, who: str, asset: str, ahead: int, minutes: int) -> None:
        number = len(self.told)
        if self.model[asset].gone:
            return
        begins = self.org.at + ahead * MINUTE
        ends = begins + minutes * MINUTE
        planned = self._ticket(
            None,
            PlanMaintenance(
                ticket_id=f"{number}",
                refs=(f"M20261120-{number:04d}",),
                title="Swap optic",
                description="On one side.",
                devices=(PUBKEYS[asset],) if asset == AMS else (),
                links=(PUBKEYS[asset],) if asset != AMS else (),
                start_at=begins,
                end_at=ends,
            ),
            PEOPLE[who],
        )
        self.told.append(Told(planned, (asset,), self._has_effect(who), window=(begins, ends)))

    @precondition(lambda self: any(one.grave and not one.over for one in self.told))
    @rule(data=st.data())
    def an_incident_is_resolved(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.told if one.grave and not one.over]))
        resolve = ChangeStatus(status="resolved", resolution="spliced")
        one.ticket = self._ticket(one.ticket, resolve, SYSTEM_ACCESS)
        one.over = True

    def _has_effect(self, who: str) -> frozenset[str]:
        """On what somebody's word has effect: one's own assets, and links that end at them."""
        match who:
            case "admin":
                return frozenset(ASSETS)
            case "owner":
                return frozenset(ASSETS)
            case "far side":
                return frozenset(LINKS)
            case _:
                return frozenset()

    def _ticket(self, state: Ticket | None, command: TicketCommand, access: Access) -> Ticket:
        given = replace(self.org.given(access), entry_id=f"entry-{self.org.at}")
        permit(command, state, given)
        sort = "maintenance" if isinstance(command, PlanMaintenance) else "incident"
        machine = maintenance if sort == "maintenance" else incident
        for payload in machine.decide(state, command, given):
            self.org.at += timedelta(seconds=1)
            event = Event(
                id=f"ticket-{self.org.at}",
                org_id=1,
                stream=f"{sort}:{len(self.told) if state is None else state.id}",
                version=1 if state is None else state.version + 1,
                position=1,
                recorded_at=self.org.at,
                actor=Actor(type="user", id=access.member_id, name="Somebody"),
                via="api",
                payload=payload,
            )
            state = evolve(state, event)
        assert state is not None
        return state

    # -- the activator ---------------------------------------------------------------------------

    @rule(asset=st.sampled_from(ASSETS))
    def the_activator_lets_it_go_on(self, asset: str) -> None:
        found = self.model[asset]
        if found.gone:
            return
        self.org.holding = [one.ticket for one in self.told]
        held = any(one.forbids(asset, self.org.at) for one in self.told)
        moved = self.org.ask(asset, Advance())
        if found.desired in DRAINS:
            if not (found.status == "requested" and found.desired == "hard_drained"):
                found.status = found.desired
        elif found.desired == "deleted":
            # A device that links end at stays.
            links = any(not self.model[link].gone for link in LINKS)
            found.gone = found.status == "hard_drained" and not (asset == AMS and links)
        elif found.health == "healthy" and found.accepted and found.status in DRAINS and not held:
            found.status, found.before = "activated", True
        self.org.holding = [one.ticket for one in self.told]
        if not found.gone:
            assert not (moved and self.org.ask(asset, Advance())), "every change is made once"

    # -- always ----------------------------------------------------------------------------------

    @invariant()
    def all_stands_as_the_model_has_it(self) -> None:
        for asset, shall in getattr(self, "model", {}).items():
            state = self.org.states[asset]
            assert isinstance(state, Device | Link)
            assert (state.removed_at is not None) is shall.gone, asset
            life: Life = state.life
            assert (life.status.value, life.desired.value, life.health.value) == (
                shall.status,
                shall.desired,
                shall.health,
            ), asset
            assert life.accepted is shall.accepted

    def teardown(self) -> None:
        if hasattr(self, "org"):
            assert replayed(self.org.log) == self.org.states


TestAnySequence = Provisioning.TestCase
TestAnySequence.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
