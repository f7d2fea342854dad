"""The log prints what helps and nobody's data, whoever logs and however."""

import fcntl
import io
import json
import logging
import os
import re
import select
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import log
from engine.errors import DeliveryError
from engine.values import Instant


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Configure the log as JSON into a string; put everything back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    # A server that ran in this process has left it silent, as the engine wants it.
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)
    stream = io.StringIO()
    with warnings.catch_warnings():
        log.configure("json", stream=stream)
        yield stream
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before[0], before[1]
    for package in log.OURS:
        logging.getLogger(package).setLevel(logging.NOTSET)
    logging.getLogger("pykka").disabled = False
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


@pytest.fixture
def without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every line written, however often its template was."""
    monkeypatch.setattr(log, "REPEATS_MAX", 1 << 30)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """Return the lines so far, each from its JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def only_line(stream: io.StringIO) -> dict[str, object]:
    """Return the one line."""
    (line,) = lines(stream)
    return line


def test_a_line_has_time_level_logger_and_event(written: io.StringIO) -> None:
    logging.getLogger("engine.supervision").warning("%s is restarted", "journal")
    line = only_line(written)
    assert line["event"] == "journal is restarted"
    assert (line["level"], line["logger"]) == ("warning", "engine.supervision")
    assert Instant.parse(str(line["timestamp"]))


def test_structlog_and_logging_come_out_alike(written: io.StringIO) -> None:
    structlog.get_logger("engine.x").warning("port lost", modem="north", attempt=2)
    line = only_line(written)
    assert line["event"] == "port lost"
    assert (line["modem"], line["attempt"]) == ("north", 2)
    assert (line["level"], line["logger"]) == ("warning", "engine.x")


def test_what_a_caller_gives_as_extra_comes_out_where_it_is_listed(
    written: io.StringIO,
) -> None:
    """Of a decoder that failed nothing said which one it was."""
    said = {"protocol": "h02", "bytes": 12, "person": "Maria"}
    logging.getLogger("adapters.x").error("it failed", extra=said)
    line = only_line(written)
    assert (line["protocol"], line["bytes"]) == ("h02", 12)
    written.seek(0)
    written.truncate()
    logging.getLogger("uvicorn.error").error("it failed", extra=said)
    assert "h02" not in written.getvalue()
    assert "Maria" not in written.getvalue()


def test_a_field_that_is_not_listed_is_withheld_and_counted(
    written: io.StringIO,
) -> None:
    structlog.get_logger("engine.x").info("told", person="Maria", text="help")
    line = only_line(written)
    assert line["withheld"] == 2
    assert "Maria" not in written.getvalue()


def test_an_alarm_is_known_by_its_id_and_a_number_is_no_id(
    written: io.StringIO,
) -> None:
    logger = structlog.get_logger("engine.x")
    logger.info("raised", alarm="a1b2c3d4e5f6")
    logger.info("raised", alarm="467012345678")
    assert [line["alarm"] for line in lines(written)] == ["a1b2c3d4e5f6", "[number]"]


def test_an_exception_is_its_class_and_frames(written: io.StringIO) -> None:
    try:
        try:
            int("Maria Heron")
        except ValueError as error:
            message = "Maria Heron"
            raise KeyError(message) from error
    except KeyError:
        logging.getLogger("engine.x").exception("it failed")
    line = only_line(written)
    assert str(line["exception"]).startswith("KeyError (test_log.py:")
    assert "<- ValueError (test_log.py:" in str(line["exception"])
    assert "Maria" not in written.getvalue()


def test_the_text_of_our_own_errors_is_kept(written: io.StringIO) -> None:
    error = DeliveryError("email", "RCPT was answered 550", retry=False)
    logging.getLogger("engine.x").error("failed", exc_info=error)
    structlog.get_logger("engine.x").error("failed", error=error)
    first, second = lines(written)
    wanted = "DeliveryError: email: RCPT was answered 550"
    assert str(first["exception"]).startswith(wanted)
    assert second["error"] == wanted


def test_another_librarys_message_is_shown_without_its_arguments(
    written: io.StringIO,
) -> None:
    logging.getLogger("smtp").error("mail to %s failed", "Maria")
    assert only_line(written)["event"] == "mail to %s failed"


def test_other_libraries_speak_from_warning_on_and_pykka_never(
    written: io.StringIO,
) -> None:
    for name in ("httpx2", "httpcore2.connection", "uvicorn.access", "mail.log"):
        logging.getLogger(name).info("GET https://example.org/Maria")
        logging.getLogger(name).debug("connect")
    logging.getLogger("pykka").critical("Unhandled exception in %s", "Maria")
    assert written.getvalue() == ""


def test_a_line_break_in_a_message_forges_no_line(written: io.StringIO) -> None:
    logging.getLogger("engine.x").info('a\n{"event":"forged"}\x1b[2J')
    assert only_line(written)["event"] == 'a {"event":"forged"} [2J'


def test_a_bad_call_is_told_of_without_its_arguments(written: io.StringIO) -> None:
    # Without pytest's own handler, which would fail on the call itself.
    log.configure("json", stream=written)
    logging.getLogger("engine.x").error("%d left", "Maria")
    line = only_line(written)
    assert line["event"] == "a log line could not be written"
    assert str(line["logger"]).startswith("test_log.py:")


def test_uncaught_exceptions_are_logged_without_their_texts(
    written: io.StringIO,
) -> None:
    error = ValueError("Maria")
    sys.excepthook(ValueError, error, None)
    arguments = (ValueError, error, None, None)
    threading.excepthook(threading.ExceptHookArgs(arguments))
    assert [line["level"] for line in lines(written)] == ["critical", "critical"]
    assert "Maria" not in written.getvalue()


def test_a_warning_is_a_line(written: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("Maria", stacklevel=1)
    line = only_line(written)
    assert str(line["event"]).startswith("UserWarning at test_log.py:")
    assert "Maria" not in written.getvalue()


def test_text_is_for_people(written: io.StringIO) -> None:
    stream = io.StringIO()
    log.configure("text", stream=stream)
    logging.getLogger("engine.x").warning("port lost")
    assert written.getvalue() == ""
    assert "level='warning' event='port lost'" in stream.getvalue()


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="xml"):
        log.configure("xml")


@pytest.mark.parametrize(
    "harmless",
    [
        "commit took 0.25 s for 256 requests",
        "journal is restarted after 3 failures",
        "listening at 127.0.0.1:8620",
        "modem north: +CMS ERROR: 512, repeated on south",
        "DeliveryError: webhook: answered 503",
        "(actor.py:120 on_receive > journal.py:77 append)",
    ],
)
def test_what_helps_is_not_masked(harmless: str) -> None:
    assert log.mask(harmless) == harmless


@pytest.mark.parametrize(
    "personal",
    [
        "+46 70-123 45 67",
        "0046701234567",
        "(070) 123.45.67",
        "٠٧٠١٢٣٤٥٦٧",
        "359339075012345",
        "41.31151,69.27974",
        "41.3, 69.2",
        "-33.92584",
        "41°18'41\"N",
        "4118.6906,N",
        "8928308280fffff",
        "8FVC9G8F+6X",
        "heron@example.org",
        "203.0.113.9",
        "2001:db8::17",
        "fe80:0:0:0:1:2:3:4",
    ],
)
def test_what_is_personal_is_masked_wherever_it_stands(personal: str) -> None:
    for text in (personal, f"to {personal} failed", f"x={personal};", f"<{personal}>"):
        assert personal not in log.mask(text)
        assert re.search(r"\d{6}", log.mask(text)) is None


NUMBERS = st.from_regex(r"\+?[1-9][0-9]{7,14}", fullmatch=True)
PLACES = st.tuples(
    st.floats(-90, 90).map("{:.5f}".format), st.floats(-180, 180).map("{:.5f}".format)
)
MAILS = st.from_regex(r"[a-z]{3,8}@[a-z]{3,8}\.org", fullmatch=True)
FILLER = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=12)
KEYS = st.sampled_from(["reason", "alarm", "channel", "person", "port", "text"])


def say_plainly(logger: str, text: str, key: str) -> None:
    logging.getLogger(logger).error("it happened: " + text)  # noqa: G003 - a bad caller
    structlog.get_logger(logger).error(text, **{key: text})


def say_by_argument(logger: str, text: str, key: str) -> None:
    logging.getLogger(logger).error("to %s", text, extra={key: text})


def say_by_exception(logger: str, text: str, key: str) -> None:
    try:
        int(f"{text} is no number")
    except ValueError:
        structlog.get_logger(logger).exception("failed", **{key: [text]})


@pytest.mark.usefixtures("without_a_limit")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    number=NUMBERS,
    place=PLACES,
    mail=MAILS,
    filler=FILLER,
    key=KEYS,
    logger=st.sampled_from(["engine.x", "adapters.y", "uvicorn.error", "other"]),
    say=st.sampled_from([say_plainly, say_by_argument, say_by_exception]),
)
def test_seeded_personal_data_is_in_no_line(
    written: io.StringIO,
    *,
    number: str,
    place: tuple[str, str],
    mail: str,
    filler: str,
    key: str,
    logger: str,
    say: Callable[[str, str, str], None],
) -> None:
    written.seek(0)
    written.truncate()
    lat, lon = place
    say(logger, f"{filler} {number} {filler} {lat},{lon} {filler} {mail}", key)
    shown = written.getvalue()
    assert shown
    for secret in (number.lstrip("+"), f"{lat},{lon}", mail):
        assert secret not in shown


@pytest.mark.usefixtures("without_a_limit")
def test_what_nobody_takes_is_let_go_and_counted_bug_who_wrote_it_stood_still() -> None:
    """A collector that hangs leaves its pipe full; whoever logs has people to tell."""
    reader, writer = os.pipe()
    kept_bytes = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4 * select.PIPE_BUF)
    logger = logging.getLogger("tests.unread")
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        handler = log._Handler(stream)
        logger.addHandler(handler)
        logger.propagate = False
        for number in range(1000):
            logger.warning("a line, and one after it: %d", number)
        assert 0 < handler._lost < 1000
        kept = os.read(reader, kept_bytes).decode().splitlines()
        assert len(kept) + handler._lost == 1000
        logger.warning("one that is taken")
        told = os.read(reader, kept_bytes).decode().splitlines()
        assert told == [log._LOST, "one that is taken"]
        logger.removeHandler(handler)
        logger.propagate = True
    os.close(reader)


@pytest.mark.parametrize("letter", ["T", "Ж", "\N{POLICE CAR}"])
def test_a_long_line_in_a_pipe_is_whole_json_bug_its_end_was_cut_off(
    letter: str, written: io.StringIO
) -> None:
    """A collector read nothing of it: when it was and how grave stand at the end."""
    root, (reader, writer) = logging.getLogger(), os.pipe()
    said = letter * 2_000
    extra = dict.fromkeys(("reason", "problem", "error", "outcome", "state"), said)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        piped = log._Handler(stream)
        piped.setFormatter(root.handlers[0].formatter)
        root.handlers[:] = [piped]
        logging.getLogger("engine.x").error(said, extra=extra)
        octets = os.read(reader, 16 * select.PIPE_BUF)
    assert not written.getvalue()
    os.close(reader)
    line = json.loads(octets)
    assert len(octets) <= select.PIPE_BUF
    assert octets.endswith(b"}\n")
    assert line["level"] == "error"
    assert line["event"].startswith(letter * 50)


def flood(number: int, **extra: object) -> None:
    logger = logging.getLogger("engine.intake")
    for one in range(number):
        logger.warning("%s connections came at once", one, extra=extra)


def ages(seconds: float) -> None:
    """Have all that was counted so far be older."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, log._Handler):
            for one in handler._repeats._by_place.values():
                one.since_s -= seconds


def test_a_template_is_written_sixty_times_a_minute_and_then_counted(
    written: io.StringIO,
) -> None:
    flood(1_000)
    assert len(lines(written)) == log.REPEATS_MAX
    ages(59)
    flood(1)
    assert len(lines(written)) == log.REPEATS_MAX
    ages(2)
    flood(1)
    *_, said, again = lines(written)
    assert said["event"] == (
        "941 lines like this were left out: %s connections came at once"
    )
    assert said["count"] == 941
    assert again["event"] == "0 connections came at once"
    assert len(lines(written)) == log.REPEATS_MAX + 2


def test_what_was_left_out_is_told_though_nothing_more_is_logged(
    written: io.StringIO,
) -> None:
    flood(100)
    log.tell_left_out()
    assert len(lines(written)) == log.REPEATS_MAX
    ages(60)
    log.tell_left_out()
    log.tell_left_out()
    assert lines(written)[-1]["count"] == 40
    assert len(lines(written)) == log.REPEATS_MAX + 1
    flood(70)
    log.tell_left_out(at_end=True)
    assert lines(written)[-1]["count"] == 10


def test_a_flood_of_one_template_leaves_out_no_other_and_no_case(
    written: io.StringIO,
) -> None:
    flood(1_000)
    before = len(lines(written))
    logging.getLogger("engine.intake").warning("another")
    flood(200, alarm="0a1b2c3d")
    logging.getLogger("engine.intake").critical("the end")
    assert len(lines(written)) == before + 202


def test_a_library_that_varies_its_text_is_one_template(written: io.StringIO) -> None:
    for number in range(1_000):
        logging.getLogger("asyncio").error(f"socket {number} failed\nfd={number}")  # noqa: G004 - as asyncio does
    assert len(lines(written)) == log.REPEATS_MAX
    log.tell_left_out(at_end=True)
    assert "socket 0 failed" in str(lines(written)[-1]["event"])
    assert "fd=" not in str(lines(written)[-1]["event"])
