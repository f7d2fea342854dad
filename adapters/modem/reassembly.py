"""Long messages from their parts: any order, copies, and parts that never come.

Parts stay in the modem's storage until the whole is deleted, so that a restart
loses none: the next drain brings them again. Those that came straight, which no store
has, are kept here for as long.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from adapters.modem.inbound import hole, is_cut
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_text import UserData, decode_units
from engine.ports.modem import InboundSms

_MESSAGES_MAX = 64
_PLACES_MAX = 15
_TOLD_MAX = 16
SOON_S = 5.0
"""How long a word for help waits for what is said with it."""
INCOMPLETE = "incomplete"
_Key = tuple[str, int, int, bool]


@dataclass(slots=True)
class _Message:
    since_s: float
    parts: dict[int, tuple[InboundSms, Deliver]] = field(default_factory=dict)
    tell_s: float | None = None
    """When it is told as it is by then, since it may be a call for help."""


class Reassembly:
    """Collects parts by sender, reference, total and width of the reference.

    Holds at most 64 incomplete messages, and of the modem's storage no more than
    `places_max` places; a further one lets the oldest go out as it is. A flood costs
    completeness, never memory, nor the room in which a call for help arrives.
    """

    def __init__(
        self,
        *,
        timeout_s: float,
        urgent_words: Sequence[str] = (),
        help_words: Sequence[str] = (),
    ) -> None:
        """Begin empty.

        Args:
            timeout_s: after this an incomplete message is given out as it is.
            urgent_words: a part with one of them is given out at once, and again
                with the whole.
            help_words: with one of these the parts that are there by then are given
                out after `SOON_S`, and again with the whole.

        """
        self.places_max = _PLACES_MAX
        self._told: dict[_Key, _Message] = {}
        self._timeout_s = timeout_s
        self._urgent = tuple(word.casefold() for word in urgent_words)
        self._help = tuple(word.casefold() for word in help_words)
        self._messages: dict[_Key, _Message] = {}

    def add(
        self, message: InboundSms, decoded: Deliver, now_s: float
    ) -> Sequence[InboundSms]:
        """Return a message that is whole now, at once where it never had parts."""
        concat = decoded.user_data.concat
        if concat is None or concat.total == 1:
            return (message,)
        key = (message.sender, concat.reference, concat.total, concat.wide)
        again = self._told_before(key, message, decoded)
        if again is not None:
            return (again,)
        out: list[InboundSms] = []
        if key not in self._messages and len(self._messages) >= _MESSAGES_MAX:
            out.append(self._oldest())
        pending = self._messages.setdefault(key, _Message(since_s=now_s))
        before = pending.parts.get(concat.number)
        if before is not None and _differ(before[1], decoded):
            out.append(self._tell(key))
            pending, before = self._messages.setdefault(key, _Message(now_s)), None
        is_new = before is None
        if before is not None:
            message = replace(message, slot=_both(before[0].slot, message.slot))
        pending.parts[concat.number] = (message, decoded)
        if len(pending.parts) == concat.total:
            out.append(self._tell(key))
        elif is_new and _has_any(self._urgent, message):
            out.append(_early(key, pending))
            pending.tell_s = None
        elif is_new and _has_any(self._help, message) and pending.tell_s is None:
            pending.tell_s = now_s + SOON_S
        while sum(map(_places, self._messages.values())) > self.places_max:
            # One that lies in no store makes no room, and nobody could read it again.
            out.append(self._oldest(_places))
        return out

    def _oldest(self, counts: Callable[[_Message], int] = bool) -> InboundSms:
        among = [key for key, one in self._messages.items() if counts(one)]
        return self._tell(min(among, key=lambda key: self._messages[key].since_s))

    def _tell(self, key: _Key) -> InboundSms:
        """Give a message out; its parts are kept where a drain cannot bring them all.

        The modem may fall silent before anybody has the message, and a part that is
        read again then finds the others.
        """
        told = self._messages.pop(key)
        slots = [part.slot for part, _ in told.parts.values()]
        if any(slots) and not all(slots):
            self._told.pop(key, None)
            self._told[key] = told
            if len(self._told) > _TOLD_MAX:
                del self._told[next(iter(self._told))]
        return _joined(key, told)

    def _told_before(
        self, key: _Key, message: InboundSms, decoded: Deliver
    ) -> InboundSms | None:
        """Return what was told with this part, which was read from its place again."""
        told, concat = self._told.get(key), decoded.user_data.concat
        part = None if told is None or concat is None else told.parts.get(concat.number)
        if told is None or part is None or not message.slot:
            return None
        is_same = message.slot in part[0].slot.split("+") and message.pdu == part[0].pdu
        return _joined(key, told) if is_same else None

    def deleted(self, slot: str) -> None:
        """Forget what was told of these places: somebody has it, and they are free."""
        free = set(slot.split("+"))
        for key, told in list(self._told.items()):
            slots = "+".join(part.slot for part, _ in told.parts.values())
            if not free.isdisjoint(filter(None, slots.split("+"))):
                del self._told[key]

    def forget_stored(self) -> None:
        """Forget the parts that lie in a store: a drain brings those that are there."""
        self.places_max = _PLACES_MAX
        for key, pending in list(self._messages.items()):
            parts = pending.parts.items()
            pending.parts = {one: part for one, part in parts if not part[0].slot}
            if not pending.parts:
                del self._messages[key]

    def overdue(self, now_s: float) -> Sequence[InboundSms]:
        """Return incomplete messages that have waited long enough, marked as such."""
        soon: list[InboundSms] = []
        for key, pending in self._messages.items():
            if pending.tell_s is not None and now_s >= pending.tell_s:
                soon.append(_early(key, pending))
                pending.tell_s = None
        late = [
            key
            for key, pending in self._messages.items()
            if now_s - pending.since_s >= self._timeout_s
        ]
        return [*soon, *map(self._tell, late)]


def _places(pending: _Message) -> int:
    """Return how many places of the modem's storage the parts take."""
    slots = (part.slot for part, _ in pending.parts.values())
    return sum(len(slot.split("+")) for slot in slots if slot)


def _has_any(words: Sequence[str], message: InboundSms) -> bool:
    text = message.text.casefold()
    return any(word in text for word in words)


def _early(key: _Key, pending: _Message) -> InboundSms:
    """Return what is there, without a slot: parts are deleted with the whole.

    Deleted now, their places could hold another message by then.
    """
    return replace(_joined(key, pending), slot="")


def _differ(part: Deliver, other: Deliver) -> bool:
    """Return whether parts of one number are no copies: another message's reference.

    Some devices give every message the same one. The earlier message, of which a part
    is lost then, goes out as it is.
    """
    return part.user_data.units != other.user_data.units


def _both(slot: str, other: str) -> str:
    """Return the places of a part that came twice, each once."""
    return "+".join(dict.fromkeys(s for s in f"{slot}+{other}".split("+") if s))


def _joined(key: _Key, pending: _Message) -> InboundSms:
    _, reference, total, _ = key
    first_message, first = pending.parts[min(pending.parts)]
    text: list[str] = []
    run, run_of = b"", first.user_data
    for number in range(1, total + 1):
        part = pending.parts.get(number)
        if part is None:
            text += (_decoded(run_of, run), hole(number, total))
            run = b""
            continue
        data = part[1].user_data
        if _coding(data) != _coding(run_of):
            text.append(_decoded(run_of, run))
            run, run_of = b"", data
        run += data.units
        if is_cut(part[1]):
            text += (_decoded(run_of, run), hole(number, total))
            run = b""
    text.append(_decoded(run_of, run))
    messages = [pending.parts[number][0] for number in sorted(pending.parts)]
    flags = [flag for message in messages for flag in message.flags]
    whole = len(messages) == total
    return InboundSms(
        slot="+".join(message.slot for message in messages if message.slot),
        sender=first_message.sender,
        text="".join(text),
        sent_at=first_message.sent_at,
        pdu="+".join(message.pdu for message in messages),
        part=None if whole else (reference, len(messages), total),
        flags=tuple(dict.fromkeys(flags if whole else [*flags, INCOMPLETE])),
    )


def _coding(data: UserData) -> tuple[str, int, int]:
    return data.charset, data.locking, data.single


def _decoded(like: UserData, units: bytes) -> str:
    return decode_units(like.charset, units, locking=like.locking, single=like.single)
