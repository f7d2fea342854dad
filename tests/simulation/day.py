"""One virtual day of the whole engine, from one seed."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from tests.simulation.acts import ACTS
from tests.simulation.devices import Devices
from tests.simulation.disk import Disk
from tests.simulation.farends import Network
from tests.simulation.host import Host
from tests.simulation.invariants import ViolationError, Watching
from tests.simulation.orders import CARRIER, Asked
from tests.simulation.people import People, secrets
from tests.simulation.plan import (
    CALM_S,
    DAY_S,
    FAULTS_END_S,
    MONTH_S,
    Item,
    Plan,
)
from tests.simulation.recalled import recall
from tests.simulation.runtime import Life, World
from tests.simulation.scheduler import DeadlockError, LivelockError
from tests.simulation.tables import PRESSES
from tests.simulation.watchers import LogWatch

STARTED_WITHIN_S = 120.0
RESTART_S = 1.0
DOWN_S = 3.0
READ_WITHIN_S = 300.0
"""So long after it came a short message may lie in a modem at the end of the day."""
GOES_ON_S = 300.0
"""How long a safety day goes on after the last of its faults has begun."""


@dataclass(slots=True)
class Outcome:
    """What a day came to. `faults` counts those that have really struck."""

    seed: int
    trace: str = ""
    violation: ViolationError | None = None
    faults: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    commits: int = 0
    contacts: int = 0
    alarms: int = 0
    duplicates_max: int = 0
    recovery_s: list[float] = field(default_factory=list)
    """From each start that found something unsent to the first contact after it."""
    first_told_s: float = 0.0
    switches: int = 0


class Day:
    """Runs a plan on a machine of its own."""

    def __init__(self, plan: Plan, ends_s: float = DAY_S) -> None:
        self.ends_s = ends_s
        self.plan = plan
        medium, begins_at = plan.begins_on()
        self.world = World(plan.seed, begins_at)
        self.disk = Disk(medium)
        self.watching = Watching(self.disk, secrets())
        self.network = Network(self.world)
        self.host = Host(self.world, self.disk, self.network, self.watching)
        whats = {item.what for item in plan.items}
        self.is_safety = "safety" in whats
        self.people = People(
            self.host, self.watching, two_at_once="two_at_once" in whats
        )
        self.people.wishes = frozenset(whats)
        self.people.did = self.struck
        self.devices = Devices(self.host, self.watching)
        self.devices.did = self.struck
        self.asked = Asked()
        self.outcome = Outcome(plan.seed)
        self.crash_at_contact: tuple[int, str] | None = None
        self.stop_wanted = False
        self.kills_wanted = 0
        self.unsent_since_s: float | None = None
        if self.is_safety:
            self.struck("safety")
            last_s = max(item.at_s for item in plan.items)
            self.ends_s = min(ends_s, last_s + GOES_ON_S)
            self.watching.calm_since_s = inf  # nothing has to come right
        self.faults_end_s = FAULTS_END_S
        if "month" in whats:
            self.struck("month")
            self.ends_s, self.faults_end_s = MONTH_S, MONTH_S - CALM_S
        if "upgrade" in whats:
            self.struck("upgrade")
            recall(self.watching, self.disk, begins_at)
        self.watching.now_s = self.world.boottime_s
        self.disk.on_commit = self.watching.committed
        self.disk.on_fault = self.struck
        self.network.on_fault = self.struck
        self.network.on_arrival = self._arrived
        self.network.contact = self._contact
        self.network.confirmed = self._confirmed
        self.network.on_ring = self._rings
        self.network.rejected = self.watching.from_memory.not_sent

    def run(self) -> Outcome:
        """Run the day; the first violation ends it."""
        log, watch = logging.getLogger("engine"), LogWatch(self.watching)
        level, spread = log.level, log.propagate
        log.addHandler(watch)
        log.propagate = False
        log.setLevel(logging.INFO)
        try:
            with self.watching.rows.by_engine():
                self._run()
        except ViolationError as error:
            self.outcome.violation = error
        except (DeadlockError, LivelockError) as error:
            self.outcome.violation = ViolationError("I2", type(error).__name__)
        finally:
            log.removeHandler(watch)
            log.propagate = spread
            log.setLevel(level)
            self.world.crash()
        return self._tell()

    def _run(self) -> None:
        for item in self.plan.items:
            if item.family == "roster" and not item.at_s:
                ACTS[item.what](self, item)  # while no engine runs
            else:
                self.world.begin(self._at(item), "plan")
        self.people.go_on()
        if not self.is_safety:
            self.world.begin(self._faults_end, "plan")
        while not self._is_evening():
            self._live()
        self.watching.rows_hold()
        if not self.is_safety:
            self.watching.everybody_was_heard()
            self._messages_are_kept()
            self._orders_are_given()
        self._check()

    def _live(self) -> None:
        """Start a process and run it to its end, or the day's."""
        host, world = self.host, self.world
        self.outcome.lives += 1
        is_unsent = bool(self.disk.unsettled)
        self.unsent_since_s = world.boottime_s() if is_unsent else None
        host.boot()
        engine = host.engine
        assert engine is not None
        life, watching = host.life, self.watching

        def is_to_end() -> bool:  # asked before every step of the world
            return (
                life.doomed
                or self.stop_wanted
                or watching.violation is not None
                or engine.failure is not None  # it is over
                or engine.returned.is_set()
            )

        is_up = world.run_until(
            lambda: engine.ready.is_set() or is_to_end() or self._is_evening(),
            STARTED_WITHIN_S,
        )
        if not (is_up or self.is_safety):
            self.watching.found("I2", "an engine that does not become ready")
        world.run_until(is_to_end, self.ends_s - world.boottime_s())
        self._check()
        self._overdue()
        if self.stop_wanted and not host.is_over:
            engine.stop()
        self.stop_wanted = False
        host.kill()
        self.watching.acknowledged_is_kept()
        self._check()
        if self._is_evening():
            return
        self.watching.crashes += 1
        world.run(RESTART_S if self.kills_wanted else DOWN_S)
        self.kills_wanted = max(0, self.kills_wanted - 1)
        calm_s = max(self.watching.calm_since_s, world.boottime_s())
        self.watching.calm_since_s = calm_s

    def _messages_are_kept(self) -> None:
        """I1: what came to a modem is in the journal, and takes no place there."""
        last_s = self.world.boottime_s() - READ_WITHIN_S
        for key, came_s in self.network.came.items():
            if came_s < last_s and key not in self.disk.medium.inbound:
                self.watching.found("I1", "a short message that no row has")
        places = sum(len(one.stored) for one in self.network.hardware.values())
        if places > sum(at_s >= last_s for at_s in self.network.came.values()):
            self.watching.found("I1", "a short message is never taken off its SIM")

    def _orders_are_given(self) -> None:
        failed = [n for what, n in self.host.failures.items() if "orders:" in what]
        starts = self.outcome.lives + sum(failed)
        is_enrolled = CARRIER not in self.watching.timed.strangers
        broken = self.asked.broken(self.disk, starts, is_enrolled=is_enrolled)
        for invariant, what in broken:
            self.watching.found(invariant, what)

    def _is_evening(self) -> bool:
        return self.world.boottime_s() >= self.ends_s

    def _check(self) -> None:
        if self.watching.violation is not None:
            raise self.watching.violation

    def _overdue(self) -> None:
        host = self.host
        if host.engine is not None and not host.is_over and host.clock is not None:
            now_s = self.world.boottime_s()
            self.watching.told_from_memory(host.life)
            self.watching.nothing_is_overdue(now_s, host.clock.now().ms)

    # what happens --------------------------------------------------------------------

    def _at(self, item: Item) -> Callable[[], None]:
        def happen() -> None:
            self.world.sleep(item.at_s)
            self._overdue()
            act = ACTS.get(item.what)
            if item.family == "input" and item.what in PRESSES:
                self.struck(item.what)
                self.devices.press(item)
            elif act is not None:
                self._disturb(item)
                act(self, item)

        return happen

    def _disturb(self, item: Item) -> None:
        if item.family in {"process", "disk", "modem", "channel", "time"}:
            lasts_s = item.s if item.family != "process" else 60.0
            until_s = self.world.boottime_s() + lasts_s + 60.0
            calm_s = max(self.watching.calm_since_s, until_s)
            self.watching.calm_since_s = calm_s

    def _faults_end(self) -> None:
        self.world.sleep(self.faults_end_s)
        self.network.restore()
        self.disk.crash_in = self.crash_at_contact = None
        self.disk.failing = ""
        self.host.life.exhausts.clear()
        self.disk.full_until_s = self.disk.slow_until_s = 0.0
        self.disk.scarce_until_s = self.disk.unread_until_s = 0.0
        self.disk.read_errors = 0
        self.people.asleep_until_s = 0.0
        self.devices.unheard.clear()

    def struck(self, what: str) -> None:
        """Count a fault that has really struck."""
        self.outcome.faults[what] += 1

    def _arrived(self, channel: str, address: str, text: str) -> None:
        self.people.arrival(channel, address, text)

    def _rings(self, when: str, route: str) -> None:
        there = [one.name for one in self.network.hardware.values() if one.is_open]
        self.watching.rings_at(when, route, there)

    def _confirmed(self, route: str, kind: str) -> None:
        self.watching.told_the_engine(route, kind)

    def _contact(
        self, life: Life, route: str, when: str, address: str, text: str
    ) -> None:
        self.world.note(f"{route} {when}")
        self.watching.contact(life, route, when, address, text)
        if when == "before":
            self._contacted()
        crash = self.crash_at_contact
        if crash is None or crash[1] != when:
            return
        left = crash[0] - 1
        self.crash_at_contact = (left, when) if left else None
        if not left:
            self.struck(f"contact_{when}")
            if when == "before":
                self.watching.not_sent(route)
            life.doom()

    def _contacted(self) -> None:
        self.outcome.contacts += 1
        if self.unsent_since_s is not None:
            took_s = self.world.boottime_s() - self.unsent_since_s
            self.outcome.recovery_s.append(took_s)
            self.unsent_since_s = None

    def _tell(self) -> Outcome:
        outcome = self.outcome
        outcome.trace = self.world.trace
        outcome.switches = self.world.switches
        outcome.commits = self.disk.commits
        outcome.first_told_s = max(self.watching.first_told_s.values(), default=0.0)
        outcome.alarms = len(self.watching.alarms)
        outcome.duplicates_max = _most_alike(self.watching)
        return outcome


def _most_alike(watching: Watching) -> int:
    """Return how often one notification went out, its repeats counted with it."""
    chains = Counter[str]()
    for effect, times in watching.sent.items():
        chains[effect.rpartition(".")[0]] += times - watching.unsent[effect]
    return max(chains.values(), default=0)


def run(plan: Plan) -> Outcome:
    """Run one day."""
    return Day(plan).run()
