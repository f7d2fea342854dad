"""A command ends when it is told to, whatever it was doing."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from engine.cli.ending import Ending

ROUNDS = 200


@pytest.fixture
def ending() -> Iterator[Ending]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    made = Ending()
    made.listen()
    yield made
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_nothing_ends_by_itself(ending: Ending) -> None:
    assert not ending.wait(0.001)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_for_good(ending: Ending, number: signal.Signals) -> None:
    signal.raise_signal(number)
    assert ending.wait(10.0)
    assert ending.wait(0.0)


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("ending")
def test_a_signal_between_any_two_steps_of_waiting_is_no_deadlock() -> None:
    """Signals arrive all the time while it is waited for with hardly a pause."""
    main = threading.get_ident()
    over = threading.Event()

    def shoot() -> None:
        while not over.is_set():
            signal.pthread_kill(main, signal.SIGTERM)

    shooter = threading.Thread(target=shoot)
    shooter.start()
    try:
        for _ in range(ROUNDS):
            fresh = Ending()
            fresh.listen()
            while not fresh.wait(0.00001):
                pass
    finally:
        over.set()
        shooter.join()


def test_the_end_of_an_input_is_a_wish_and_what_is_written_there_is_none() -> None:
    """Whoever started it is gone, however they went."""
    read, write = os.pipe()
    ending = Ending(until_end_of=read)
    try:
        os.write(write, b"anything")
        assert not ending.wait(0)
        os.close(write)
        assert ending.wait(0)
        assert ending.wait(0)
    finally:
        os.close(read)
