"""What stands for a modem, the disk or a device is no kinder than the real one."""

import pytest

from engine.errors import ModemSilentError
from engine.ports.modem import InboundSms, ModemEvent
from tests.simulation.day import Day
from tests.simulation.farends import Network
from tests.simulation.modem import AT_ONCE, Hardware, SimModem
from tests.simulation.plan import Item, Plan
from tests.simulation.runtime import Life, World

NUMBER = "+46701740615"


@pytest.fixture
def network() -> Network:
    network = Network(World(1))
    network.on_fault = lambda _: None
    return network


def _modem(network: Network) -> tuple[SimModem, Hardware]:
    hardware = network.hardware["modem-1"]
    life = Life(network.world)
    modem = SimModem(network, hardware, life)
    network.world.call(lambda: modem.open(beat=lambda: None))
    return modem, hardware


def _texts(events: list[ModemEvent]) -> list[str]:
    return [one.text for one in events if isinstance(one, InboundSms)]


def test_a_message_is_announced_once_and_few_are_read_at_one_look(
    network: Network,
) -> None:
    modem, _ = _modem(network)
    for number in range(AT_ONCE + 1):
        network.send_in(NUMBER, str(number))
    assert _texts([*modem.poll(drain=False)]) == ["0", "1", "2", "3"]
    assert _texts([*modem.poll(drain=False)]) == ["4"]
    assert not modem.wait(0)
    assert len(modem.poll(drain=True)) == AT_ONCE + 1


def test_a_store_that_hangs_gives_nothing_and_frees_nothing(network: Network) -> None:
    modem, hardware = _modem(network)
    network.send_in(NUMBER, "SOS")
    world = network.world
    hardware.store_hangs_until_s = world.boottime_s() + 50
    with pytest.raises(ModemSilentError):
        world.call(lambda: modem.poll(drain=False))
    with pytest.raises(ModemSilentError):
        world.call(lambda: modem.delete("1"))
    world.run(60)
    assert _texts([*modem.poll(drain=False)]) == [], "it was announced once"
    assert _texts([*modem.poll(drain=True)]) == ["SOS"]


def test_what_lies_in_a_modem_at_the_end_of_a_day_is_found() -> None:
    day = Day(Plan(1, ()), ends_s=10.0)
    day.network.came.clear()
    day.network.send_in(NUMBER, "SOS")
    day.world.run(1_000)
    day._messages_are_kept()
    violation = day.watching.violation
    assert violation is not None
    assert str(violation) == "I1: a short message that no row has"
    day.world.crash()


def test_a_device_that_is_not_reached_by_its_answer_says_it_again() -> None:
    press = Item(100.0, "input", "answer_lost", "heron", n=2)
    outcome = Day(Plan(1, (press,)), ends_s=4_000.0).run()
    assert outcome.violation is None
    assert outcome.faults["answer_lost"] == 2
    assert outcome.alarms == 1


def test_a_disk_has_room_for_one_group_and_none_for_the_next() -> None:
    press = Item(100.0, "input", "sos", "heron")
    scarce = Item(99.0, "disk", "scarce", n=1, s=60.0)
    outcome = Day(Plan(1, (scarce, press)), ends_s=4_000.0).run()
    assert outcome.violation is None
    assert outcome.faults["scarce"] > 1
    assert outcome.alarms == 1
