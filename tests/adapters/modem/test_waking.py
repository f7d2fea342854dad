"""Whoever waits for the end of a program hears of it."""

import subprocess
import sys

import pytest

AT_ANOTHER = """
import signal, threading
def end():
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Timer(1.5, end).start()
"""
PROGRAMS = {
    "virtual modems": "from adapters.modem.cli import app; app(['virtual', '--json'])",
    "what it waits by": (
        "from queue import SimpleQueue\n"
        "from adapters.modem.waking import next_of\n"
        "ended = SimpleQueue()\n"
        "signal.signal(signal.SIGTERM, lambda *_: ended.put(None))\n"
        "next_of(ended)\n"
    ),
}


@pytest.mark.process
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_signal_ends_it_whichever_thread_is_given_it(program: str) -> None:
    """Who waited without a time for it was never woken up: the modems ran on."""
    with subprocess.Popen(
        [sys.executable, "-c", AT_ANOTHER + PROGRAMS[program]],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.wait(15) == 0
        finally:
            process.kill()
