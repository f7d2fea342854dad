"""The auditor's own ways: each of its addresses is tried, whatever became of one."""

from typing import TYPE_CHECKING, cast

import pytest

from engine.auditor.ways import ByChannel, ByModem
from engine.errors import DeliveryError, EngineError
from engine.ports.channel import PersonalMessage, Receipt
from engine.ports.modem import SendResult, SubmitOutcome
from engine.values import ChannelName
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from engine.ports.modem import ModemDriver


def unwatched() -> None: ...


class Box:
    """A channel that keeps what it is given."""

    name = ChannelName("own")
    carries = PersonalMessage
    timeout_s = 1.0

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.sent: list[PersonalMessage] = []

    def send(self, notification: PersonalMessage) -> Receipt:
        if notification.address in self.refused:
            raise DeliveryError(self.name, "550 no such user", retry=False)
        self.sent.append(notification)
        return Receipt(reference="")

    def check(self) -> None: ...

    def rest(self) -> None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def test_a_channel_reaches_every_address_under_keys_of_its_own() -> None:
    box = Box()
    ByChannel(box, ["one@hq.example", "two@hq.example"], ManualClock()).tell(
        "words", unwatched
    )
    assert [n.address for n in box.sent] == ["one@hq.example", "two@hq.example"]
    assert len({n.key for n in box.sent}) == 2
    assert {n.text for n in box.sent} == {"words"}


def test_an_address_that_is_refused_does_not_keep_the_next_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    box = Box("gone@hq.example")
    way = ByChannel(box, ["gone@hq.example", "duty@hq.example"], ManualClock())
    assert way.tell("words", unwatched) == 1
    assert [n.address for n in box.sent] == ["duty@hq.example"]
    assert "own: its address 1 of 2 was not told: own: 550 no such user" in caplog.text
    assert "gone@" not in caplog.text, "whose it is stands in the configuration"


def test_an_adapter_that_fails_in_its_own_manner_does_not_keep_the_next_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Box):
        def send(self, notification: PersonalMessage) -> Receipt:
            if notification.address in self.refused:
                raise KeyError(notification.address)
            return super().send(notification)

        def rest(self) -> None:
            raise KeyError(self.refused[0])

    box = Broken("gone@hq.example")
    way = ByChannel(box, ["gone@hq.example", "duty@hq.example"], ManualClock())
    assert way.tell("words", unwatched) == 1
    assert [n.address for n in box.sent] == ["duty@hq.example"]
    assert "own: its address 1 of 2 was not told: KeyError at " in caplog.text
    assert "gone@" not in caplog.text


def test_a_channel_that_reaches_nobody_is_no_way() -> None:
    addresses = ["gone@hq.example", "left@hq.example"]
    with pytest.raises(DeliveryError):
        ByChannel(Box(*addresses), addresses, ManualClock()).tell("words", unwatched)


def test_a_number_that_a_modem_refuses_does_not_keep_the_next_one() -> None:
    called: list[str] = []
    lost = SubmitOutcome(result=SendResult.REJECTED, code="21")

    class Refusing:
        def open(self, *, beat: object) -> None: ...

        def close(self) -> None: ...

        def fit(self, _: object) -> str:
            return "words"

        def submit(self, number: str, _: str, **__: object) -> SubmitOutcome:
            called.append(number)
            if number.endswith("1"):
                modem = "own"
                raise DeliveryError(modem, "no such number", retry=False)
            is_out = number.endswith("2")
            return lost if is_out else SubmitOutcome(result=SendResult.SENT)

    driver = cast("ModemDriver", Refusing())
    beats: list[str] = []
    way = ByModem("own", driver, ["+15005550001", "+15005550002", "+15005550006"])
    assert way.tell("words", lambda: beats.append("beat")) == 2
    assert called == ["+15005550001", "+15005550002", "+15005550006"]
    assert len(beats) == 3, "systemd hears of each"
    with pytest.raises(EngineError):
        ByModem("own", driver, ["+15005550002"]).tell("words", unwatched)


def test_a_modem_is_opened_for_a_message_and_given_back() -> None:
    from tests.simulation.farends import Network  # noqa: PLC0415 - one use
    from tests.simulation.modem import SimModem  # noqa: PLC0415 - likewise
    from tests.simulation.runtime import Life, World  # noqa: PLC0415 - likewise

    world = World(1)
    network = Network(world)
    network.contact = lambda *_: None
    network.confirmed = lambda *_: None
    network.on_arrival = lambda *_: None
    modem = SimModem(network, network.hardware["modem-1"], Life(world))
    world.call(lambda: ByModem("own", modem, ["+15005550006"]).tell("words", unwatched))
    assert [(number, text) for _, _, number, text in network.arrived] == [
        ("+15005550006", "words")
    ]
