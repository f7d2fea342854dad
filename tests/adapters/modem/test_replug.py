"""Which modem is ours, whatever its port is called after a restart."""

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.modem import replug
from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from adapters.modem.transport import SerialTransport
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink
from engine.clock import SystemClock
from engine.errors import ModemGoneError
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import ALICE, BOB, CountingTelemetry, Rig, rig
from tests.adapters.modem.scripted import OK, WORKS, ScriptedModem, driver_of
from tests.adapters.modem.test_bring_up import Slow
from tests.fakes import ManualClock


def options_of(folder: Path, memory: Path | None) -> ModemOptions:
    return ModemOptions(
        command_s=0.4,
        answer_s=0.2,
        by_id_folder=str(folder),
        imei_file="" if memory is None else str(memory),
    )


def elsewhere_after_a_restart(r: Rig, options: ModemOptions) -> SerialModem:
    """Give the port another name while nobody runs; return the driver of a new life."""
    r.driver.close()
    r.modem.unplug()
    r.modem.replug(PtyLink(Path(options.by_id_folder) / "usb-virtual-if02-port0"))
    return SerialModem(
        r.driver.port, clock=SystemClock(), telemetry=r.telemetry, options=options
    )


def test_a_port_with_another_name_after_a_restart_is_found(tmp_path: Path) -> None:
    memory, folder = tmp_path / "imei", tmp_path / "by-id"
    folder.mkdir()
    options = options_of(folder, memory)
    other = folder / "a-modem-that-is-not-it"
    with (
        rig(folder, options=options) as r,
        VirtualModem(BOB, clock=SystemClock(), link=PtyLink(other)),
    ):
        assert stat.S_IMODE(memory.stat().st_mode) == 0o600
        r.driver = elsewhere_after_a_restart(r, options)
        assert r.driver.open().imei == r.modem.state.imei
        assert r.submit().result is SendResult.SENT


def test_without_a_memory_no_other_port_is_taken_for_it(tmp_path: Path) -> None:
    options = options_of(tmp_path, None)
    with rig(tmp_path, options=options) as r:
        r.driver = elsewhere_after_a_restart(r, options)
        with pytest.raises(ModemGoneError):
            r.driver.open()


@pytest.mark.parametrize(
    "written",
    ["490154203237518", "49-015420-323751-8", "49015420323751", "4901542032375105"],
)
@pytest.mark.parametrize(
    "told", ["490154203237518", "49015420323751", "4901542032375105"]
)
def test_an_imei_with_another_end_is_the_same_modems_bug_it_never_came_up(
    clock: ManualClock, written: str, told: str
) -> None:
    """Without its check digit, or with its software's version, or as on its label."""
    modem = ScriptedModem(clock, WORKS | {"AT+CGSN": f"\r\n{told}\r\n{OK}"})
    driver = driver_of(modem, ModemOptions(imei=written))
    assert driver.open().registered


def test_another_imei_is_another_modems(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS)
    with pytest.raises(ModemGoneError, match="another modem"):
        driver_of(modem, ModemOptions(imei="490154203237609")).open()


def test_a_stick_that_was_exchanged_is_the_one_that_is_remembered(
    tmp_path: Path,
) -> None:
    memory, folder = tmp_path / "imei", tmp_path / "by-id"
    folder.mkdir()
    options = options_of(folder, memory)
    with rig(folder, options=options) as r:
        r.modem.state.imei = "490154203237518"
        assert r.driver.open().imei == "490154203237518"
        r.driver = elsewhere_after_a_restart(r, options)
        assert r.driver.open().imei == "490154203237518"


@pytest.mark.parametrize("words", [b"", b"\xff\xfe", b"1 2 3"])
def test_a_memory_that_nobody_can_read_stops_no_modem(
    tmp_path: Path, words: bytes
) -> None:
    memory = tmp_path / "imei"
    memory.write_bytes(words)
    with rig(tmp_path, options=options_of(tmp_path, memory)) as r:
        assert r.submit().result is SendResult.SENT
        assert memory.read_text().split() == [r.modem.state.imei]


def test_a_memory_that_nobody_can_write_stops_no_modem(tmp_path: Path) -> None:
    memory = tmp_path / "no-folder" / "imei"
    with rig(tmp_path, options=options_of(tmp_path, memory)) as r:
        assert r.submit().result is SendResult.SENT


@contextmanager
def two_that_change_names(
    tmp_path: Path, *, pins: bool, imei: bool
) -> Iterator[tuple[VirtualModem, VirtualModem, list[SerialModem]]]:
    """Give two modems of one engine each the other's name while nobody runs."""
    folder, clock = tmp_path / "by-id", SystemClock()
    folder.mkdir()
    names, codes = [folder / "a", folder / "b"], ("1111", "2222") if pins else ("", "")
    with (
        VirtualModem(ALICE, clock=clock, link=PtyLink(names[0]), pin=codes[0]) as one,
        VirtualModem(BOB, clock=clock, link=PtyLink(names[1]), pin=codes[1]) as two,
    ):

        def drivers() -> list[SerialModem]:
            return [
                SerialModem(
                    str(name),
                    clock=clock,
                    telemetry=CountingTelemetry(),
                    options=replace(
                        options_of(folder, tmp_path / f"imei-{name.name}"),
                        pin=pin,
                        pin_file=str(tmp_path / f"pin-{name.name}"),
                        imei=modem.state.imei if imei else "",
                    ),
                )
                for name, pin, modem in zip(names, codes, (one, two), strict=True)
            ]

        for driver in drivers():
            driver.open()
            driver.close()
        for modem in (one, two):
            modem.unplug()
        one.replug(PtyLink(tmp_path / "aside"))
        two.replug(PtyLink(names[0]))
        one.unplug()
        one.replug(PtyLink(names[1]))
        found = drivers()
        try:
            yield one, two, found
        finally:
            for driver in found:
                driver.close()


@pytest.mark.parametrize("imei", [False, True])
@pytest.mark.parametrize("pins", [False, True])
def test_two_whose_names_have_changed_places_are_both_found_bug_neither_was(
    tmp_path: Path, *, pins: bool, imei: bool
) -> None:
    """Each spent a try of the other's SIM, whose PIN is another, and looked no further;
    without PINs the second was told that the first has its port, for good.
    """
    with two_that_change_names(tmp_path, pins=pins, imei=imei) as (one, two, drivers):
        told = [driver.open().imei for driver in drivers]
        assert told == [one.state.imei, two.state.imei]
        assert [one.state.pin_tries_left, two.state.pin_tries_left] == [3, 3]


def test_one_that_another_looks_at_for_a_moment_is_found_all_the_same(
    tmp_path: Path,
) -> None:
    with two_that_change_names(tmp_path, pins=True, imei=False) as (one, _, drivers):
        holder = SerialTransport(str(tmp_path / "by-id" / "b"))
        holder.open()
        moment = threading.Timer(0.5, holder.close)
        moment.start()
        assert drivers[0].open().imei == one.state.imei
        moment.join()


def test_one_that_wakes_up_tells_its_imei_bug_what_it_owed_was_taken_for_that(
    clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick that was just plugged in is slow with its first answer."""
    modem = Slow(clock, WORKS)
    modem.busy_until_s = clock.boottime_s() + 2.1
    monkeypatch.setattr(replug, "SerialTransport", lambda *_, **__: modem)
    port = tmp_path / "usb-port0"
    port.touch()
    options = ModemOptions(by_id_folder=str(tmp_path))
    found = replug.find_port("490154203237518", options, clock, lambda: None)
    assert found == str(port)
