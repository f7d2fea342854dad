"""What a far end keeps, and how it is told to behave."""

import threading

from adapters.demo.farends.shelf import Mode, Shelf, Switch


def test_a_shelf_keeps_the_order_in_which_things_came() -> None:
    shelf = Shelf[int]()
    for item in (3, 1, 2):
        shelf.add(item)
    assert shelf.items() == (3, 1, 2)


def test_waiting_returns_what_another_thread_brings() -> None:
    shelf = Shelf[int]()
    shelf.add(1)
    thread = threading.Thread(target=shelf.add, args=(7,))
    thread.start()
    assert shelf.wait_for(lambda item: item > 5, timeout_s=5) == 7
    thread.join()


def test_whoever_listens_is_told_of_each_that_comes_from_then_on() -> None:
    shelf, told = Shelf[int](), list[int]()
    shelf.add(1)
    shelf.listen(told.append)
    shelf.add(2)
    shelf.add(3)
    assert told == [2, 3]


def test_waiting_in_vain_returns_none() -> None:
    shelf = Shelf[int]()
    shelf.add(1)
    assert shelf.wait_for(lambda item: item > 5, timeout_s=0.01) is None


def test_whoever_hangs_goes_on_when_the_mode_changes() -> None:
    switch = Switch()
    assert switch.mode is Mode.SERVE
    switch.hang()
    switch.turn(Mode.HANG)
    hanging = threading.Thread(target=switch.hang)
    hanging.start()
    assert hanging.is_alive()
    switch.turn(Mode.DROP)
    hanging.join(5)
    assert not hanging.is_alive()
