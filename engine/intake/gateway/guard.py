"""Who may stay connected: bounds for each address that never shut out a known device.

Nobody is refused at the door, since a known device may stand behind the same address
as a flood: carriers put thousands behind one, and after an outage all come at once.
Whoever is too many makes the one go that has been there longest without saying who
they are, once it has had time to. A device that has said so counts no more, whatever
its address; of each device's own connections the latest few stay. Strangers have one
share of the descriptors, known devices another. In the event loop's thread alone.

The console has one as well: there a signed-in session is what a device is here.
"""

from collections import OrderedDict
from collections.abc import Callable

from engine.descriptors import STRANGERS_MOST
from engine.values import DeviceId

STRANGERS_MAX = 256
# A log-in follows its connection within a round trip, over the slowest of networks.
GRACE_S = 10.0
OF_ONE_DEVICE_MAX = 64

LetGo = Callable[[], None]


class Guard:
    """Keeps the books; a guest is the function that closes its connection."""

    def __init__(
        self,
        is_enrolled: Callable[[DeviceId], bool] = lambda _: False,
        *,
        strangers_max: int = STRANGERS_MOST,
        known_max: int = STRANGERS_MOST,
    ) -> None:
        """Start with nobody; `is_enrolled` says whether a device is one of ours."""
        self.is_enrolled = is_enrolled
        self.strangers_max, self.known_max = strangers_max, known_max
        self._strangers: OrderedDict[LetGo, tuple[str, float]] = OrderedDict()
        self._by_address: dict[str, OrderedDict[LetGo, None]] = {}
        self._known: dict[str, OrderedDict[LetGo, None]] = {}
        self._known_count = 0
        self.let_go = 0
        """How many were closed to make room."""

    @property
    def strangers(self) -> int:
        """How many have not said who they are."""
        return len(self._strangers)

    def entered(self, guest: LetGo, address: str, now_s: float) -> None:
        """Let somebody in; who is too many makes the oldest stranger go."""
        self._strangers[guest] = (address, now_s)
        same = self._by_address.setdefault(address, OrderedDict())
        same[guest] = None
        oldest = next(iter(same))
        _, since_s = self._strangers[oldest]
        if len(same) > STRANGERS_MAX and now_s - since_s >= GRACE_S:
            self._close(oldest)
        elif len(self._strangers) > max(1, self.strangers_max):
            self.make_room()

    def make_room(self) -> None:
        """Close the oldest stranger, if there is one."""
        if self._strangers:
            self._close(next(iter(self._strangers)))

    def is_known(self, guest: LetGo, device: str) -> None:
        """Take note that it is an enrolled device: it stays.

        Where all of them have more than their share, one goes of the device with most.
        """
        self._forget_stranger(guest)
        own = self._known.setdefault(device, OrderedDict())
        self._known_count += guest not in own
        own[guest] = None
        own.move_to_end(guest)
        most = OF_ONE_DEVICE_MAX
        if self._known_count > self.known_max:
            own, most = max(self._known.values(), key=len), 1
        if len(own) > most:
            oldest, _ = own.popitem(last=False)
            self._known_count -= 1
            self._close(oldest)

    def left(self, guest: LetGo, device: str | None = None) -> None:
        """Take note that a connection is gone."""
        self._forget_stranger(guest)
        if device is not None and device in self._known:
            own = self._known[device]
            self._known_count -= guest in own
            own.pop(guest, None)
            if not own:
                del self._known[device]

    def close_all(self) -> None:
        """Close everybody: who stays connected to nobody would speak unheard."""
        known = [guest for own in self._known.values() for guest in own]
        for guest in (*self._strangers, *known):
            guest()

    def _close(self, guest: LetGo) -> None:
        self._forget_stranger(guest)
        self.let_go += 1
        guest()

    def _forget_stranger(self, guest: LetGo) -> None:
        found = self._strangers.pop(guest, None)
        if found is None:
            return
        address, _ = found
        same = self._by_address[address]
        same.pop(guest, None)
        if not same:
            del self._by_address[address]
