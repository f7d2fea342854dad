"""Several mails over one connection, and when a new one is the better one."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.policy import Compat32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.smtp import PLAIN
from adapters.channels.smtp_session import KEPT_S, MAILS_MAX
from engine.errors import DeliveryError, DeliveryUnknownError
from engine.values import EffectId
from tests.adapters.channels.contract import LoopbackClock, Rig
from tests.adapters.channels.test_smtp_refusals import rig_of
from tests.scripted_mail import HANGS_UP, TAKES_ALL, ScriptedMail


@pytest.fixture(params=[{}, TAKES_ALL], ids=["one by one", "together"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedMail]:
    """Give a mail server that answers as usual until its script is changed."""
    with ScriptedMail(request.param) as server:
        yield server


class Later(LoopbackClock):
    """The machine's clock, of which somebody has slept some seconds."""

    slept_s = 0.0

    def boottime_s(self) -> float:
        return super().boottime_s() + self.slept_s


class Mails:
    """Mails of one channel, one after another."""

    def __init__(self, server: ScriptedMail, **options: object) -> None:
        self.clock = Later()
        self._rig: Rig = rig_of(server, clock=self.clock)
        self.channel = self._rig.channel(**options)
        self._sent = 0

    def send(self, number: int = 1) -> None:
        for _ in range(number):
            self._sent += 1
            key = EffectId(f"effect {self._sent}")
            self.channel.send(replace(self._rig.now(), key=key))

    def send_to(self, address: str) -> None:
        self.channel.send(replace(self._rig.now(), address=address))


@pytest.fixture
def mails(server: ScriptedMail) -> Iterator[Mails]:
    """Give a channel that is closed before its server ends."""
    mails = Mails(server)
    yield mails
    mails.channel.close()


def ids_of(server: ScriptedMail) -> list[bytes]:
    """Return the Message-ID of each content, as it came."""
    lines = [content.split(b"\r\n") for content in server.contents]
    return [next(one for one in c if one.startswith(b"Message-ID")) for c in lines]


def test_mails_one_after_another_go_over_one_connection(
    server: ScriptedMail, mails: Mails
) -> None:
    """A handshake and a sign-in for each cost a flood seconds."""
    mails.send(3)
    (said,) = server.talks
    assert (said["greeting"], said["MAIL"], said["DATA"]) == (1, 3, 3)
    assert len(set(ids_of(server))) == 3


def test_after_a_few_mails_there_is_a_new_connection(
    server: ScriptedMail, mails: Mails
) -> None:
    mails.send(MAILS_MAX + 1)
    first, second = server.talks
    assert (first["MAIL"], first["QUIT"]) == (MAILS_MAX, 1)
    assert (second["MAIL"], second["QUIT"]) == (1, 0)


def test_a_connection_that_was_not_used_for_a_while_is_given_up(
    server: ScriptedMail, mails: Mails
) -> None:
    mails.send()
    mails.clock.slept_s = KEPT_S + 1
    mails.send()
    first, second = server.talks
    assert (first["MAIL"], first["QUIT"]) == (1, 1)
    assert second["MAIL"] == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("content 1", b"250 a\r\n421 too long idle\r\n"),
        ("content 1", b"250 a\r\n250 a\r\n"),
        ("MAIL 2", b"452 4.5.3 too many mails\r\n"),
        ("MAIL 2", b"550 5.5.1 one only\r\n"),
        ("MAIL 2", b"421 bye\r\n"),
        ("MAIL 2", HANGS_UP),
        ("MAIL 2", b""),
    ],
)
def test_what_the_first_connection_does_not_take_goes_over_a_second(
    server: ScriptedMail, mails: Mails, step: str, said: bytes
) -> None:
    """Nothing of it was sent, so that nothing is sent twice."""
    server.script[step] = said
    if not said:
        server.script |= {"RCPT 2": b"", "DATA 2": b""}
    mails.send(2)
    assert len(server.talks) == 2
    assert len(set(ids_of(server))) == len(server.contents) == 2


def test_a_server_that_has_hung_up_since_costs_nothing(
    server: ScriptedMail, mails: Mails
) -> None:
    server.script["content 1"] = b"250 a\r\n"
    mails.send()
    server.hang_up()
    mails.send()
    assert len(server.talks) == len(server.contents) == 2


def test_a_recipient_that_is_refused_is_refused_over_any_connection(
    server: ScriptedMail, mails: Mails
) -> None:
    server.script["RCPT 2"] = b"550 5.1.1 unknown\r\n"
    mails.send()
    with pytest.raises(DeliveryError) as refusal:
        mails.send()
    assert refusal.value.retry is False
    assert len(server.talks) == len(server.contents) == 1
    mails.send()
    assert len(server.talks) == 2, "not over one in the middle of a mail"


def test_what_is_lost_after_the_content_is_unknown_and_not_sent_again(
    server: ScriptedMail, mails: Mails
) -> None:
    server.script["content 2"] = HANGS_UP
    mails.send()
    with pytest.raises(DeliveryUnknownError):
        mails.send()
    assert len(server.talks) == 1
    assert len(server.contents) == 2


def test_an_interrupt_of_the_second_mail_begins_no_second_connection(
    server: ScriptedMail, mails: Mails
) -> None:
    server.script["MAIL 2"] = b""
    mails.send()
    cutter = threading.Timer(0.3, mails.channel.interrupt)
    cutter.start()
    with pytest.raises(DeliveryError) as failure:
        mails.send()
    cutter.join()
    assert failure.value.retry is True
    assert len(server.talks) == 1


def test_who_rests_says_good_bye(server: ScriptedMail, mails: Mails) -> None:
    mails.send()
    mails.channel.rest()
    mails.channel.rest()
    assert server.talks[0]["QUIT"] == 1


def test_a_good_bye_that_nobody_answers_holds_up_no_mail(
    server: ScriptedMail, mails: Mails
) -> None:
    """The network had forgotten the connection: an SOS waited a second for that."""
    server.script["QUIT"] = b""
    mails.send()
    mails.clock.slept_s = KEPT_S + 1
    began_s = time.perf_counter()
    mails.send()
    assert time.perf_counter() - began_s < 0.5
    first, second = server.talks
    assert (first["QUIT"], second["MAIL"]) == (1, 1)


def test_a_good_bye_that_nobody_answers_holds_up_no_stop(
    server: ScriptedMail, mails: Mails
) -> None:
    """It took all the time that a worker has for its stop."""
    server.script["QUIT"] = b""
    mails.send()
    began_s = time.perf_counter()
    mails.channel.close()
    assert time.perf_counter() - began_s < 0.5


def test_much_may_be_said_of_each_mail(server: ScriptedMail, mails: Mails) -> None:
    """All replies of one mail together have a bound; over twenty it was reached."""
    server.script["MAIL"] = b"250-" + b"a" * 900 + b"\r\n"
    server.script["MAIL"] = server.script["MAIL"] * 8 + b"250 a\r\n"
    mails.send(MAILS_MAX)
    assert len(server.talks) == 1


AT_ONCE = {"MAIL": b"", "RCPT": b"", "DATA": b"250 a\r\n250 a\r\n354 a\r\n"}
"""It answers when it has heard all of it."""


def test_who_takes_commands_together_is_told_for_whom_in_the_same_breath() -> None:
    with ScriptedMail(TAKES_ALL | AT_ONCE) as server:
        mails = Mails(server)
        mails.send(2)
        mails.channel.close()
    (said,) = server.talks
    assert (said["MAIL"], said["RCPT"], said["DATA"], said["content"]) == (2, 2, 2, 2)


def test_who_does_not_say_so_is_told_one_by_one() -> None:
    with ScriptedMail({}, forgets=True) as server:
        mails = Mails(server)
        mails.send(2)
        mails.channel.close()
    assert len(server.contents) == 2


def test_what_forgets_what_comes_together_is_told_one_by_one_from_then_on() -> None:
    """A proxy that knows one command at a time, before a server that knows more."""
    with ScriptedMail(TAKES_ALL, forgets=True) as server:
        mails = Mails(server)
        with pytest.raises(DeliveryError) as failure:
            mails.send()
        mails.send(2)
        mails.channel.close()
    assert failure.value.retry is True
    assert [one["content"] for one in server.talks] == [0, 2]


def test_who_takes_long_for_all_of_it_is_told_one_by_one_from_then_on() -> None:
    """Each further mail waited 2 s for that, and then for a new connection."""
    with ScriptedMail(TAKES_ALL) as server:
        mails = Mails(server)
        mails.send()
        server.script |= {"MAIL 2": b"", "RCPT 2": b"", "DATA 2": b""}
        server.forgets = True
        mails.send()
        mails.channel.close()
    assert len(server.contents) == len(server.talks) == 2


@pytest.mark.parametrize("no", [b"550 5.1.1 unknown", b"451 4.7.1 grey", b"421 bye"])
def test_a_recipient_that_is_refused_costs_nobody_else_the_same_breath(
    no: bytes,
) -> None:
    with ScriptedMail(TAKES_ALL | AT_ONCE) as server:
        server.script["DATA"] = b"250 a\r\n" + no + b"\r\n354 a\r\n"
        mails = Mails(server)
        with pytest.raises(DeliveryError):
            mails.send()
        server.script |= AT_ONCE
        mails.send()
        mails.channel.close()
    assert len(server.contents) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("DATA", b"503 not yet\r\n"),
        ("DATA", b"250 a\r\n"),
        ("RCPT", b"354 a\r\n"),
        ("RCPT", b""),
        ("MAIL", b"503 sign in first\r\n"),
    ],
)
def test_who_is_out_of_step_after_all_is_told_one_by_one(
    step: str, said: bytes
) -> None:
    with ScriptedMail(TAKES_ALL | {step: said}) as server:
        mails = Mails(server)
        with pytest.raises(DeliveryError) as failure:
            mails.send()
        server.script = AT_ONCE | TAKES_ALL
        with pytest.raises(DeliveryError):
            mails.send()
        mails.channel.close()
    assert failure.value.retry is True
    assert server.talks[-1]["RCPT"] == 0


def test_a_refusal_that_may_be_of_another_command_is_not_for_good() -> None:
    """A mail of which the recipient was lost on the way was refused, and given up."""
    with ScriptedMail(TAKES_ALL | {"RCPT": b""}) as server:
        server.script["DATA"] = b"554 5.5.1 no valid recipients\r\n"
        mails = Mails(server)
        with pytest.raises(DeliveryError) as failure:
            mails.send()
        mails.channel.close()
    assert failure.value.retry is True


def test_an_address_outside_ascii_goes_with_the_rest() -> None:
    ehlo = b"250-a\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
    with ScriptedMail({"EHLO": ehlo} | AT_ONCE) as server:
        mails = Mails(server)
        mails.send_to("dûty@hq.example")
        mails.channel.close()
    assert len(server.contents) == 1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=90))
def test_a_short_header_is_written_as_the_library_writes_it(value: str) -> None:
    library = Compat32(linesep="\r\n")
    written = PLAIN.fold_binary("Subject", value)
    assert written == library.fold_binary("Subject", value)
