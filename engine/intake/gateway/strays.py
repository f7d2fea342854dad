"""How much unreadable from nobody we know HQ is shown: bounded, and counted beyond it.

Half an SOS that names nobody looks like the noise of any stranger. Some of it is always
shown; a babbler uses up what its own address is allowed, several of them what their
wire protocol is, and many what all are. In the event loop's thread alone.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many at once, and one more each time that `again_s` have passed."""

    at_once: int
    again_s: float


# Half of what its wire protocol is, and half as often: there is room for others at
# once, and more of it with time.
OF_ONE_ADDRESS = Allowance(at_once=4, again_s=600.0)
OF_ONE_PROTOCOL = Allowance(at_once=8, again_s=300.0)
IN_ALL = Allowance(at_once=32, again_s=60.0)
ADDRESSES_MAX = 10_000


class Strays:
    """Keeps the books: by wire protocol, as many as are configured, and by address.

    Of more addresses than `ADDRESSES_MAX` the one heard of longest ago is forgotten,
    and bounded by its wire protocol alone.
    """

    def __init__(self) -> None:
        """Start with everything allowed."""
        self._all = _Left(IN_ALL)
        self._by_protocol: dict[str, _Left] = {}
        self._by_address: OrderedDict[str, _Left] = OrderedDict()

    def admits(self, protocol: str, now_s: float, address: str = "") -> bool:
        """Say whether one more is shown, and count it where it is.

        Args:
            protocol: that it came by.
            now_s: monotonic seconds.
            address: that it came from; empty where nobody knows it.

        """
        bounds = [
            self._all,
            self._by_protocol.setdefault(protocol, _Left(OF_ONE_PROTOCOL)),
        ]
        if address:
            bounds.append(self._of_address(network_of(address)))
        if any(left.at(now_s) < 1 for left in bounds):
            return False
        for left in bounds:
            left.take()
        return True

    def _of_address(self, network: str) -> "_Left":
        left = self._by_address.setdefault(network, _Left(OF_ONE_ADDRESS))
        self._by_address.move_to_end(network)
        if len(self._by_address) > ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        return left


def network_of(address: str) -> str:
    """Return whose an address is: one of IPv6 has a whole /64 to itself."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, 64), strict=False).network_address)


class _Left:
    """What is left of an allowance."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._left, self._at_s = float(allowance.at_once), 0.0

    def at(self, now_s: float) -> float:
        passed_s = now_s - self._at_s
        more = self._left + passed_s / self._allowance.again_s
        self._left, self._at_s = min(more, float(self._allowance.at_once)), now_s
        return self._left

    def take(self) -> None:
        self._left -= 1
