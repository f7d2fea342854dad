"""SIGHUP is a wish, and ends nothing."""

import os
import signal

from engine.cli.hangup import Hangup


def test_hangups_since_the_last_look_are_one_wish_and_end_no_process() -> None:
    before = signal.getsignal(signal.SIGHUP)
    hangup = Hangup()
    hangup.listen()
    try:
        assert not hangup.take()
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
        assert hangup.take()
        assert not hangup.take()
    finally:
        signal.signal(signal.SIGHUP, before)
