"""Children that fail, hang and note what happens to them, for supervisors' tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec, Strategy
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from tests.simulation.runtime import World


@dataclass(frozen=True, slots=True)
class Command:
    """What the supervisor tells once more after a crash."""

    command_id: str
    crashes: bool | str = True


@dataclass(frozen=True, slots=True)
class Hang:
    """A call that blocks, and is made to return by an interrupt if at all."""

    seconds: float
    beats_every_s: float = 0.0


@dataclass
class Far:
    """What a blocking child waits on, as a driver does; interrupted from outside."""

    world: World
    interrupted: bool = False
    interruptible: bool = True
    calls: list[float] = field(default_factory=list)

    def interrupt(self) -> None:
        self.calls.append(self.world.boottime_s())
        self.interrupted = self.interruptible

    def wait(self, seconds: float) -> None:
        until_s = self.world.boottime_s() + seconds
        while not self.interrupted and self.world.boottime_s() < until_s:
            self.world.sleep(0.01)


class Worker(SupervisedActor[object]):
    """Notes its life in a log that all of a test's workers share."""

    def __init__(
        self,
        *,
        link: Link,
        log: list[str],
        far: Far | None = None,
        fault: Callable[[], str] = lambda: "",
    ) -> None:
        super().__init__(link=link)
        self.log, self.far, self.fault = log, far, fault
        if fault() == "constructor":
            raise OSError

    def started(self) -> None:
        match self.fault():
            case "start":
                raise OSError
            case "slow start":
                self.clock.sleep(2)
            case "never starts":
                self.clock.sleep(3600)
        self.log.append(f"+{self.link.name}")

    def stopping(self) -> None:
        if self.fault() == "slow stop":
            self.clock.sleep(0.2)
        self.log.append(f"-{self.link.name}")

    def handle(self, message: object) -> object:
        match message:
            case BaseException():
                raise message
            case Command(crashes=True):
                raise ZeroDivisionError
            case Command(crashes="at first") if self.log.count("+a") == 1:
                raise ZeroDivisionError
            case Command():
                self.log.append(f"{self.link.name} did {message.command_id}")
            case Hang():
                self._hang(message)
                self.log.append(f"{self.link.name} went on")
            case "stop":
                self.stop()
        return message

    def _hang(self, hang: Hang) -> None:
        if self.far is not None:
            self.far.wait(hang.seconds)
            self.beat()
            return
        until_s = self.clock.boottime_s() + hang.seconds
        while self.clock.boottime_s() < until_s:
            self.clock.sleep(hang.beats_every_s or hang.seconds)
            if hang.beats_every_s:
                self.beat()


@dataclass
class Observed:
    """A status listener that remembers, and a place for what is quarantined."""

    failures: list[tuple[str, Failure]] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    down_now: set[str] = field(default_factory=set)
    quarantined: list[tuple[str, object]] = field(default_factory=list)

    def failed(self, child: str, failure: Failure) -> None:
        self.failures.append((child, failure))

    def restarted(self, child: str) -> None:
        self.restarts.append(child)

    def down(self, child: str, *, is_down: bool) -> None:
        (self.down_now.add if is_down else self.down_now.discard)(child)

    def quarantine(self, child: str, message: object) -> None:
        self.quarantined.append((child, message))


class Bench:
    """One tree in one world."""

    def __init__(self, seed: int = 1, look_s: float = 1.0) -> None:
        self.world = World(seed)
        self.observed = Observed()
        self.log: list[str] = []
        self.ready_at_s: float | None = None
        self.root_failure: Failure | None = None
        self.tree = Tree(
            clock=self.world,
            chance=self.world.chance,
            spawn=self.world.spawn,
            status=self.observed,
            on_quarantine=self.observed.quarantine,
            look_s=look_s,
        )

    def worker(self, name: str, **limits: object) -> ChildSpec:
        """Return a spec; arguments of the worker and of the spec in one."""
        arguments: dict[str, object] = {"log": self.log}
        arguments |= {k: limits.pop(k) for k in ("far", "fault") if k in limits}
        return ChildSpec(name=name, actor=Worker, arguments=arguments, **limits)  # type: ignore[arg-type] # limits of a spec, by name

    def start(self, strategy: Strategy, children: Sequence[ChildSpec]) -> Root:
        """Start a root supervisor and let a second pass."""
        self.root = self.start_root(supervisor("root", strategy, children))
        self.world.run(1)
        return self.root

    def start_root(self, spec: ChildSpec) -> Root:
        """Start a root of any kind."""
        return Root(
            spec, self.tree, on_ready=self._on_ready, on_failure=self._on_failure
        )

    def tell(self, name: str, message: object, then_run_s: float = 0.5) -> None:
        """Tell a child by its name, and let time pass."""
        assert self.tree.names.tell(name, message)
        self.world.run(then_run_s)

    def take_log(self) -> list[str]:
        """Return what was noted since the last call."""
        taken = self.log.copy()
        self.log.clear()
        return taken

    def _on_ready(self) -> None:
        self.ready_at_s = self.world.boottime_s()

    def _on_failure(self, failure: Failure) -> None:
        self.root_failure = failure
