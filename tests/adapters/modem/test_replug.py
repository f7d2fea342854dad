"""Which modem is ours, whatever its port is called after a restart."""

import stat
from pathlib import Path

import pytest

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink
from engine.clock import SystemClock
from engine.errors import ModemGoneError
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import BOB, Rig, rig


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
