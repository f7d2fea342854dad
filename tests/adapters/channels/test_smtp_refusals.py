"""What a mail server's no is worth: of us, of one recipient, or no answer at all."""

from pathlib import Path

import pytest

from adapters.channels.smtp import SmtpChannel
from adapters.demo.farends.shelf import Switch
from engine.errors import ConfigError, DeliveryError, DeliveryUnknownError, RefusalOf
from engine.ports.channel import Channel, PersonalMessage
from tests.adapters.channels.contract import LoopbackClock, Rig
from tests.scripted_mail import HANGS_UP, TAKES_ALL, ScriptedMail

OF_US = (
    ("greeting", b"554 too many connections\r\n"),
    ("EHLO", b"550 go away\r\n"),
    ("STARTTLS", b"502 not here\r\n"),
    ("AUTH", b"535 5.7.8 wrong\r\n"),
    ("AUTH", b"334 a\r\n"),
    ("MAIL", b"552 5.2.2 too much today\r\n"),
    ("RCPT", b"554 5.7.1 client host blocked\r\n"),
    ("RCPT", b"554 5.3.2 not now\r\n"),
    ("RCPT", b"550 5.1.8 access denied, bad outbound sender\r\n"),
    ("RCPT", b"530 sign in first\r\n"),
    ("RCPT", b"550 5.4.14 round and round\r\n"),
    ("RCPT", b"503 sign in first\r\n"),
    ("DATA", b"503 5.5.1 for whom?\r\n"),
    ("DATA", b"550-5.4.5 so many an hour\r\n550 5.4.5 and no more\r\n"),
    ("content", b"550 5.7.1 so many an hour\r\n"),
)
OF_THE_MESSAGE = (
    ("RCPT", b"550 5.1.1 unknown\r\n"),
    ("RCPT", b"550 5.4.1 access denied\r\n"),
    ("RCPT", b"553 no such name\r\n"),
    ("RCPT", b"504 5.5.2 need an address with its domain\r\n"),
    ("RCPT", b"550 5.1.1 unknown, of 5.7.1 nothing\r\n"),
    ("content", b"552 5.3x too large\r\n"),
    ("content", b"554 5.6.0 malformed\r\n"),
)
NO_ANSWERS = (
    *(b"354 a\r\n", b"220 a\r\n", b"100 a\r\n", b"25\r\n", b"650 a\r\n"),
    *(b"550-a\r\n250 b\r\n", b"250-a\r\n550 b\r\n", b"250-a\r\n421 bye\r\n"),
)


def channel_to(server: ScriptedMail, **options: object) -> Channel[PersonalMessage]:
    """Return a channel whose waits are short."""
    return rig_of(server).channel(**options)


def rig_of(server: ScriptedMail, clock: LoopbackClock | None = None) -> Rig:
    """Return a rig whose far end is scripted, and whose waits are short."""
    return Rig(
        cls=SmtpChannel,
        clock=clock or LoopbackClock(),
        options={
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "sender": "duty@hq.example",
            "read_timeout_s": 1,
        },
        address_key="host",
        switch=Switch(),
        kept=lambda: len(server.contents),
    )


Usual = dict[str, bytes]


@pytest.fixture(params=[{}, TAKES_ALL], ids=["one by one", "together"])
def usual(request: pytest.FixtureRequest) -> Usual:
    """Give the script of a server that takes commands one by one, or together."""
    script: Usual = request.param
    return script


@pytest.fixture
def sign_in(tmp_path: Path) -> dict[str, object]:
    """Give the options of a sign-in."""
    path = tmp_path / "password"
    path.touch(mode=0o600)
    path.write_text("correct horse")
    return {"username": "duty", "password_file": path}


@pytest.mark.parametrize(("step", "said"), OF_US)
def test_what_a_server_says_of_us_may_be_over_in_a_minute(
    step: str, said: bytes, sign_in: dict[str, object], usual: Usual
) -> None:
    """A server that restarts, a quota, or whoever speaks in its place before TLS."""
    with ScriptedMail({**usual, step: said}) as server:
        options = sign_in if step == "AUTH" else {}
        if step == "STARTTLS":
            options = {"security": "starttls"}
        channel = channel_to(server, **options)
        with pytest.raises(DeliveryError) as refusal:
            channel.send(rig_of(server).now())
    assert refusal.value.retry is True


@pytest.mark.parametrize(("step", "said"), OF_THE_MESSAGE)
def test_what_it_says_of_one_recipient_or_one_content_is_for_good(
    step: str, said: bytes, usual: Usual
) -> None:
    with (
        ScriptedMail({**usual, step: said}) as server,
        pytest.raises(DeliveryError) as refusal,
    ):
        channel_to(server).send(rig_of(server).now())
    assert refusal.value.retry is False


@pytest.mark.parametrize(
    ("step", "said", "of"),
    [
        *((step, said, RefusalOf.MESSAGE) for step, said in OF_THE_MESSAGE),
        ("greeting", b"554 too many connections\r\n", RefusalOf.CHANNEL),
        ("MAIL", b"550 5.7.1 not you\r\n", RefusalOf.CHANNEL),
        ("RCPT", b"421 4.7.0 closing\r\n", RefusalOf.CHANNEL),
        ("RCPT", b"530 sign in first\r\n", RefusalOf.CHANNEL),
        ("RCPT", b"503 sign in first\r\n", RefusalOf.CHANNEL),
        ("RCPT", b"550 5.1.8 bad outbound sender\r\n", RefusalOf.CHANNEL),
        ("RCPT", b"450 4.1.8 no such domain\r\n", RefusalOf.CHANNEL),
        ("RCPT", b"550 5.7.1 denied\r\n", RefusalOf.EITHER),
        ("RCPT", b"550 5.7.133 not for you\r\n", RefusalOf.EITHER),
        ("RCPT", b"451 4.7.1 grey\r\n", RefusalOf.EITHER),
        ("RCPT", b"450 4.7.1 grey\r\n", RefusalOf.EITHER),
        ("RCPT", b"452 no room\r\n", RefusalOf.EITHER),
        ("RCPT", b"450 busy\r\n", RefusalOf.MESSAGE),
        ("RCPT", b"450 4.2.1 busy\r\n", RefusalOf.MESSAGE),
        ("RCPT", b"452 4.2.2 full\r\n", RefusalOf.MESSAGE),
        ("RCPT", b"452 4.3.1 no room\r\n", RefusalOf.EITHER),
        ("content", b"554 5.7.1 spam\r\n", RefusalOf.EITHER),
    ],
)
def test_what_is_refused_is_the_channel_or_this_message_or_nobody_knows(
    step: str, said: bytes, of: RefusalOf, usual: Usual
) -> None:
    with (
        ScriptedMail({**usual, step: said}) as server,
        pytest.raises(DeliveryError) as refusal,
    ):
        channel_to(server).send(rig_of(server).now())
    assert refusal.value.of is of


@pytest.mark.parametrize("said", NO_ANSWERS)
def test_what_is_neither_yes_nor_no_to_a_content_leaves_it_unknown(
    said: bytes, usual: Usual
) -> None:
    """It may have been taken: a server that says 354 twice has taken it as ever."""
    with (
        ScriptedMail({**usual, "content": said}) as server,
        pytest.raises(DeliveryUnknownError),
    ):
        channel_to(server).send(rig_of(server).now())
    assert len(server.contents) == 1


EARLY = b"354 a\r\n250 2.0.0 queued as 4711\r\n"


@pytest.mark.parametrize(
    "early", [EARLY, b"354 a\r\n250", b"354 a\r\n250-a\r\n250 b\r\n"]
)
def test_what_is_said_of_a_content_before_it_has_come_is_no_proof(
    early: bytes, usual: Usual
) -> None:
    """A server that answered both in one packet, and hung up, had taken it."""
    with (
        ScriptedMail({**usual, "DATA": early, "content": HANGS_UP}) as server,
        pytest.raises(DeliveryUnknownError),
    ):
        channel_to(server).send(rig_of(server).now())
    assert len(server.contents) == 1, "it is sent all the same: it may be taken"


def test_behind_the_content_a_server_out_of_step_is_believed_for_one_mail(
    usual: Usual,
) -> None:
    answer = b"250 2.0.0 queued as 0815\r\n"
    with ScriptedMail({**usual, "DATA": EARLY, "content": answer}) as server:
        channel = channel_to(server)
        for _ in range(2):
            assert channel.send(rig_of(server).now()).reference == "0815"
        channel.close()
    assert len(server.talks) == 2, "each over a connection of its own"


@pytest.mark.parametrize("said", [b"421 closing\r\n", b"554 no\r\n"])
def test_a_refusal_before_the_content_is_certain(said: bytes, usual: Usual) -> None:
    with (
        ScriptedMail({**usual, "DATA": b"354 a\r\n" + said}) as server,
        pytest.raises(DeliveryError) as refusal,
    ):
        channel_to(server).send(rig_of(server).now())
    assert refusal.value.retry is True
    assert not any(server.contents)


def test_a_server_that_has_gone_before_the_content_has_certainly_not_got_it(
    usual: Usual,
) -> None:
    with (
        ScriptedMail({**usual, "DATA": HANGS_UP}) as server,
        pytest.raises(DeliveryError),
    ):
        channel_to(server).send(rig_of(server).now())


def test_a_server_that_talks_on_and_on_before_the_content_is_left(usual: Usual) -> None:
    flood = b"354 a\r\n" + b"250-a\r\n" * 20_000
    errors = (DeliveryError, DeliveryUnknownError)
    with ScriptedMail({**usual, "DATA": flood}) as server, pytest.raises(errors):
        channel_to(server).send(rig_of(server).now())


def test_a_name_outside_ascii_is_a_configuration_fault_and_no_crash_at_each_mail(
    sign_in: dict[str, object], usual: Usual
) -> None:
    with ScriptedMail(usual) as server, pytest.raises(ConfigError) as fault:
        channel_to(server, **{**sign_in, "username": "dûty"})
    assert fault.value.key == "channel.tested.options.username"
