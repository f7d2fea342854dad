"""A PIN is tried once for each SIM and configuration, over restarts too."""

import errno
import os
import stat
from pathlib import Path

import pytest
import serial

from adapters.modem import pins
from adapters.modem.options import ModemOptions
from adapters.modem.pins import FilePinStore, MemoryPinStore, PinStore, pin_key
from adapters.modem.virtual_console import VirtualConsole
from engine.errors import ModemError
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import rig
from tests.adapters.modem.scripted import OK, SILENCE, WORKS, ScriptedModem, driver_of
from tests.fakes import ManualClock


def _options(tmp_path: Path, pin: str) -> ModemOptions:
    return ModemOptions(
        pin=pin, pin_file=str(tmp_path / "tried"), command_s=0.4, answer_s=0.2
    )


def test_a_right_pin_opens_the_sim_every_time(tmp_path: Path) -> None:
    with rig(tmp_path, options=_options(tmp_path, "1234"), pin="1234") as r:
        assert r.driver.health().registered
        r.modem.restart()
        assert r.driver.open().registered


def test_a_wrong_pin_is_tried_once_and_never_again(tmp_path: Path) -> None:
    options = _options(tmp_path, "0000")
    for words in ("was refused", "refused before", "refused before"):
        with rig(tmp_path, options=options, pin="1234", opened=False) as r:
            with pytest.raises(ModemError, match=words):
                r.driver.open()
            for _ in range(3):
                with pytest.raises(ModemError, match="refused before"):
                    r.driver.open()
            assert r.modem.state.pin_tries_left == (2 if words == "was refused" else 3)
    with rig(tmp_path, options=_options(tmp_path, "1234"), pin="1234") as r:
        assert r.driver.health().registered


@pytest.mark.parametrize("said", [SILENCE, "\r\n+CME ERROR: 14\r\n"])
def test_a_pin_whose_ok_was_lost_is_not_barred_bug_the_next_start_stayed_locked(
    clock: ManualClock, said: str
) -> None:
    locked = [True]

    def enter(_: str) -> str:
        locked[0] = False
        return said

    def state(_: str) -> str:
        told = "SIM PIN" if locked[0] else "READY"
        return f"\r\n+CPIN: {told}\r\n\r\nOK\r\n"

    answers = WORKS | {"AT+CPIN?": state, 'AT+CPIN="1234"': enter}
    modem = ScriptedModem(clock, answers)
    driver = driver_of(modem, ModemOptions(pin="1234"))
    for _ in range(2):
        locked[0] = True
        assert driver.open().registered
    assert modem.commands.count('AT+CPIN="1234"') == 2


@pytest.mark.parametrize(
    ("told", "is_tried"),
    [
        ("\r\n+CPINR: SIM PIN,3,3\r\n\r\nOK\r\n", True),
        ("\r\n+CPINR: SIM PIN,2,3\r\n\r\nOK\r\n", False),
        ("\r\nERROR\r\n", False),
    ],
)
def test_a_try_amid_which_the_power_went_is_none_of_a_wrong_pin_bug_barred_for_ever(
    clock: ManualClock, tmp_path: Path, told: str, *, is_tried: bool
) -> None:
    options = _options(tmp_path, "1234")
    asks = f"\r\n+CPIN: SIM PIN\r\n{OK}"
    full = f"\r\n+CPINR: SIM PIN,3,3\r\n{OK}"
    dying = WORKS | {"AT+CPIN?": asks, 'AT+CPINR="SIM PIN"': full}
    modem = ScriptedModem(clock, dying)

    def dies(_: str) -> str:
        modem.answers["AT+CPIN?"] = SILENCE
        return SILENCE

    modem.answers['AT+CPIN="1234"'] = dies
    with pytest.raises(ModemError, match="had no answer"):
        driver_of(modem, options).open()

    def enter(_: str) -> str:
        back.answers["AT+CPIN?"] = f"\r\n+CPIN: READY\r\n{OK}"
        return OK

    again = dying | {'AT+CPINR="SIM PIN"': told, 'AT+CPIN="1234"': enter}
    back = ScriptedModem(clock, again)
    driver = driver_of(back, options)
    if is_tried:
        assert driver.open().registered
    else:
        with pytest.raises(ModemError, match="had no answer"):
            driver.open()
    assert ('AT+CPIN="1234"' in back.commands) is is_tried


@pytest.mark.parametrize("pin", ["PIN is 1234", '12";+CFUN=0;', "123", "123456789"])
def test_what_is_no_pin_costs_no_try_bug_was_tried(tmp_path: Path, pin: str) -> None:
    with rig(tmp_path, options=_options(tmp_path, pin), pin="1234", opened=False) as r:
        with pytest.raises(ModemError, match="not 4 to 8 digits") as raised:
            r.driver.open()
        assert r.modem.state.pin_tries_left == 3
    assert pin not in str(raised.value)


def test_a_sim_that_wants_its_puk_is_left_to_a_person(tmp_path: Path) -> None:
    with rig(
        tmp_path, options=_options(tmp_path, "1234"), pin="1234", opened=False
    ) as r:
        console = VirtualConsole([r.modem])
        assert console.run("puk") == 'SIM PUK: AT+CPIN="12345678","NEW PIN"'
        for _ in range(3):
            with pytest.raises(ModemError, match="SIM PUK"):
                r.driver.open()
        with serial.Serial(r.modem.port, timeout=2) as person:
            for puk, answer in (("87654321", b"ERROR"), ("12345678", b"OK")):
                person.write(f'AT+CPIN="{puk}","1234"\r'.encode())
                assert person.read_until(answer).endswith(answer)
                person.read_until(b"\r\n")
        assert r.modem.state.lock == "READY"
        assert r.driver.open().registered


def test_a_sim_is_locked_while_it_runs_and_opened_at_the_next_start(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, options=_options(tmp_path, "1234")) as r:
        console = VirtualConsole([r.modem])
        assert console.run("pin 1234") == "SIM PIN"
        assert r.driver.open().registered
        assert r.modem.state.lock == "READY"
        assert console.run("pin") == "READY"


def test_a_sim_that_asks_again_while_it_runs_is_opened_bug_stayed_locked(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, options=_options(tmp_path, "1234")) as r:
        r.modem.want_pin("1234")
        refused = r.submit("refused")
        assert (refused.result, refused.code) == (SendResult.REJECTED, "cme 11")
        assert refused.retry
        assert r.submit("sent").result is SendResult.SENT
        r.modem.want_pin("1234")
        assert not r.driver.health().registered
        assert r.driver.health().registered
        assert r.sent_texts() == ["sent"]


def test_a_sim_that_no_pin_opens_is_no_modem_until_somebody_has_helped(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, options=_options(tmp_path, "1234")) as r:
        r.modem.want_puk()
        assert r.submit("refused").code == "cme 12"
        for _ in range(2):
            with pytest.raises(ModemError, match="SIM PUK"):
                r.driver.poll(drain=False)
        r.modem.want_pin("")
        assert r.driver.open().registered
        assert r.submit("sent").result is SendResult.SENT


def test_the_last_try_is_left_to_a_person(tmp_path: Path) -> None:
    with rig(
        tmp_path, options=_options(tmp_path, "1234"), pin="1234", opened=False
    ) as r:
        r.modem.state.pin_tries_left = 1
        with pytest.raises(ModemError, match="one PIN try left"):
            r.driver.open()
        assert r.modem.state.pin_tries_left == 1


@pytest.mark.parametrize("broken", ["no folder", "no text"])
def test_what_cannot_be_remembered_is_not_tried_bug_crashed_for_ever(
    tmp_path: Path, broken: str
) -> None:
    path = tmp_path / ("gone/tried" if broken == "no folder" else "tried")
    if broken == "no text":
        path.write_bytes(b"\xff\xfe")
    options = ModemOptions(pin="1234", pin_file=str(path), command_s=0.4, answer_s=0.2)
    with rig(tmp_path, options=options, pin="1234", opened=False) as r:
        with pytest.raises(ModemError, match="cannot be remembered"):
            r.driver.open()
        assert r.modem.state.pin_tries_left == 3
        assert r.modem.state.lock == "SIM PIN"


def _takes_no_write(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(pins, "remember", fails)


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EIO])
def test_a_disk_that_takes_no_write_locks_no_sim_out_bug_no_sos_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The SIM counts tries itself, and has all of them again once it is open."""
    _takes_no_write(monkeypatch, number)
    with rig(tmp_path, options=_options(tmp_path, "1234"), pin="1234") as r:
        assert r.driver.health().registered
        r.modem.restart()
        assert r.driver.open().registered


@pytest.mark.parametrize("number", [errno.EIO, errno.EUCLEAN, errno.EBADMSG])
@pytest.mark.parametrize("left", [2, 3])
def test_nor_does_one_that_does_not_give_the_memory_bug_no_sos_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, left: int
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(pins, "remembered", fails)
    with rig(
        tmp_path, options=_options(tmp_path, "1234"), pin="1234", opened=False
    ) as r:
        r.modem.state.pin_tries_left = left
        if left == 3:
            assert r.driver.open().registered
            return
        with pytest.raises(ModemError, match="cannot be remembered"):
            r.driver.open()
        assert r.modem.state.pin_tries_left == left


@pytest.mark.parametrize("left", [2, 3])
def test_on_such_a_disk_a_wrong_pin_costs_one_try_over_all_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    _takes_no_write(monkeypatch, errno.EROFS)
    options = _options(tmp_path, "0000")
    with rig(tmp_path, options=options, pin="1234", opened=False) as r:
        r.modem.state.pin_tries_left = left
        for _ in range(3):
            with pytest.raises(ModemError, match=r"was refused|be remembered"):
                r.driver.open()
        assert r.modem.state.pin_tries_left == 2


@pytest.mark.parametrize("told", [SILENCE, "\r\nERROR\r\n"])
def test_on_such_a_disk_a_sim_that_tells_no_count_is_left_to_a_person(
    clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    _takes_no_write(monkeypatch, errno.EROFS)
    asks = f"\r\n+CPIN: SIM PIN\r\n{OK}"
    answers = WORKS | {"AT+CPIN?": asks, 'AT+CPINR="SIM PIN"': told}
    modem = ScriptedModem(clock, answers)
    with pytest.raises(ModemError, match="cannot be remembered"):
        driver_of(modem, _options(tmp_path, "1234")).open()
    assert 'AT+CPIN="1234"' not in modem.commands


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_store_bars_and_allows(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "tried"
    store: PinStore = MemoryPinStore() if kind == "memory" else FilePinStore(path)
    key, other = pin_key("8946", "1234"), pin_key("8946", "4321")
    assert not store.is_barred(key)
    store.bar(key)
    store.bar(other)
    assert store.is_barred(key)
    assert not store.is_barred(key, is_untried=True)
    store.allow(key)
    assert not store.is_barred(key)
    assert store.is_barred(other)
    store.refuse(other)
    assert store.is_barred(other, is_untried=True)
    store.allow(other)
    assert not store.is_barred(other)


def test_two_modems_whose_names_have_dots_write_two_files(tmp_path: Path) -> None:
    (tmp_path / "pin-modem.1.new").mkdir()
    FilePinStore(tmp_path / "pin-modem.2").bar(pin_key("8946", "1234"))
    with pytest.raises(OSError, match="directory"):
        FilePinStore(tmp_path / "pin-modem.1").bar(pin_key("8946", "1234"))


def test_the_file_tells_neither_pin_nor_sim_and_is_for_its_owner(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tried"
    FilePinStore(path).bar(pin_key("8946000000", "1234"))
    assert FilePinStore(path).is_barred(pin_key("8946000000", "1234"))
    assert "1234" not in path.read_text().replace(pin_key("8946000000", "1234"), "")
    assert "8946000000" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
