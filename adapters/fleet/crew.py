"""A fleet at work: connects its devices, lets them report and press, and counts."""

import asyncio
import gc
import resource
from collections.abc import Callable, Mapping

from adapters.fleet.handsets import key_of
from adapters.fleet.line import Line
from adapters.fleet.plan import Wish, carriers, presses
from adapters.fleet.tally import Tally, total
from engine.ports.clock import Clock

AT_ONCE = 256
LOOK_S = 5.0
LINGER_S = 15.0
Where = Mapping[str, tuple[str, int]]
Progress = Callable[[float, Mapping[str, Tally]], None]


class Crew:
    """Runs one fleet once, in an event loop of its own."""

    def __init__(self, wish: Wish, where: Where, clock: Clock) -> None:
        """Take what to do, and host and port for each wire protocol of the wish."""
        self._wish = wish
        self.tallies = {name: Tally() for name in wish.names}
        self.lines: list[Line] = []
        for carrier in carriers(wish):
            name = key_of(carrier.handset)
            self.tallies[name].devices += 1
            line = Line(carrier, where[name], self.tallies[name], clock)
            self.lines.append(line)

    async def run(self, stop: asyncio.Event, tell: Progress, tell_s: float) -> None:
        """Connect, report until the time is over or `stop` is set, hang up.

        Args:
            stop: ends it early.
            tell: hears every `tell_s` how far it is: seconds since all are connected,
                and the tallies.
            tell_s: how often.

        """
        allow_sockets(self._wish.fleet + 256)
        await self._connect(stop)
        # Else each search for cycles would be measured as the service's answers.
        gc.freeze()
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for line in self.lines:
            self._report_at(line, begun_s + line.carrier.first_s, stop)
        tasks = [
            loop.create_task(self._press(begun_s, stop)),
            loop.create_task(self._look(stop)),
            loop.create_task(self._tell(begun_s, stop, tell, tell_s)),
        ]
        await _until(stop, self._wish.for_s)
        stop.set()
        await self._linger(loop.time() + LINGER_S)
        for task in tasks:
            task.cancel()
        for line in self.lines:
            line.close()
        await asyncio.sleep(0)

    async def _connect(self, stop: asyncio.Event) -> None:
        """Connect everybody, so many at once, and wait until they are logged in.

        Who is refused tries again later, and is not waited for.
        """
        waiting = iter(self.lines)

        async def next_one() -> None:
            for line in waiting:
                if stop.is_set():
                    return
                await line.open()

        await asyncio.gather(*(next_one() for _ in range(AT_ONCE)))
        loop = asyncio.get_running_loop()
        until_s = loop.time() + LINGER_S
        while any(line.is_logging_in for line in self.lines):
            if stop.is_set() or loop.time() > until_s:
                return
            await asyncio.sleep(0.05)

    def _report_at(self, line: Line, at_s: float, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()

        def report() -> None:
            if not stop.is_set():
                line.say(sos=False)
                self._report_at(line, at_s + self._wish.every_s, stop)

        loop.call_at(at_s, report)

    async def _press(self, begun_s: float, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        for after_s, number in presses(self._wish):
            await asyncio.sleep(begun_s + after_s - loop.time())
            if stop.is_set():
                return
            self.lines[number].say(sos=True)

    async def _look(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(LOOK_S)
            for line in self.lines:
                line.look()

    async def _tell(
        self, begun_s: float, stop: asyncio.Event, tell: Progress, tell_s: float
    ) -> None:
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            await asyncio.sleep(tell_s)
            tell(loop.time() - begun_s, self.tallies)

    async def _linger(self, until_s: float) -> None:
        """Wait a while for the answers to what was said last."""
        loop = asyncio.get_running_loop()
        while total(self.tallies).open and loop.time() < until_s:
            for line in self.lines:
                line.look()
            await asyncio.sleep(0.05)


async def _until(stop: asyncio.Event, for_s: float) -> None:
    if not for_s:
        await stop.wait()
        return
    loop = asyncio.get_running_loop()
    timer = loop.call_later(for_s, stop.set)
    await stop.wait()
    timer.cancel()


def allow_sockets(count: int) -> None:
    """Raise the limit of open files as far as this process may.

    Raises:
        FleetError: `count` is more than may be open.

    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    most = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < count:
        raise FleetError(count, most)


class FleetError(Exception):
    """The fleet cannot be run here; says why and what helps."""

    def __init__(self, wanted: int, most: int) -> None:
        """Say how many files may be open."""
        super().__init__(
            f"a fleet needs {wanted} open files, {most} are allowed;"
            f" raise the limit (ulimit -n {wanted}) or take a smaller fleet"
        )
