"""Alarms by SMS, through a modem, into the real service."""

import re
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import build
from engine.roster.model import Role
from engine.roster.sample import sample_roster, sample_text
from engine.values import Instant
from tests.engine.intake.test_tracker_octets import message, record
from tests.rig import HERON_IMEI, TOLD_S, Rig, eventually

pytestmark = pytest.mark.process

STILL_WAIT = 3
LAPWING, SIM, FOREIGN = "+998460000011", "+998460000999", "+15550001111"


def with_sim() -> str:
    """Return the sample roster, Heron's bracelet with a SIM of its own."""
    enrolled, text = f'id = "{HERON_IMEI}"\n', sample_text()
    assert enrolled in text
    return text.replace(enrolled, f'{enrolled}number = "{SIM}"\n')


def _open(rig: Rig, kind: str = "real") -> list[dict[str, object]]:
    return [row for row in rig.alarms() if row["kind"] == kind]


def lines(rig: Rig) -> list[str]:
    """Return the time line of the one real case, in words."""
    found = rig.alarm(str(_open(rig)[0]["id"]))["lines"]
    assert isinstance(found, list)
    return [str(line["text"]) for line in found]


def _held(sender: str, text: str, sent: Instant) -> tuple[str, int]:
    """Return a message as it comes that the network took at some time."""
    pdu = Deliver(
        sender=Address(text=sender, toa=0x91),
        user_data=build(text, Charset.GSM7),
        sent_at=sent.to_datetime(),
    )
    return encode_deliver(pdu)


def test_somebody_who_writes_sos_with_their_sign_is_an_alarm_for_their_circle(
    rig: Rig,
) -> None:
    rig.modems[0].inject(LAPWING, "sos Lantern")
    assert rig.sms_to("cormorant")
    told = rig.told()
    assert "lapwing" not in told, "nothing goes to the defender's own telephone"
    (alarm,) = _open(rig)
    assert alarm["alias"] == "Lapwing"


def test_a_forged_number_alone_reaches_hq_and_no_colleague(rig: Rig) -> None:
    rig.modems[0].inject(LAPWING, "SOS")
    assert rig.mail.mails.wait_for(
        lambda mail: "sender not proven" in mail.text, TOLD_S
    )
    assert rig.sms_to("alder"), "who is on duty"
    assert set(rig.told()) == {"alder"}
    rig.modems[1].inject(FOREIGN, "help me!")
    assert eventually(lambda: _open(rig, "notice"))
    assert len(_open(rig)) == 1


def test_a_long_message_in_parts_back_to_front_is_one_alarm(rig: Rig) -> None:
    rig.modems[0].faults.shuffle = True
    words = "They are at the door and there are four of them. " * 5
    rig.modems[0].inject(LAPWING, f"{words} SOS Lantern")
    assert rig.sms_to("cormorant")
    assert len(_open(rig)) == 1


def test_a_tracker_by_the_number_of_its_sim_is_its_defenders_alarm(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("tracker")
    with Rig(folder=folder, roster_text=with_sim()) as rig:
        rig.modems[0].inject(SIM, "help me! lat: 41.311510 long: 69.279740 F:4.32V")
        sms = rig.sms_to("lapwing")
        assert sms is not None
        assert "41.31151,69.27974" in sms.text


def test_an_sos_that_lay_for_hours_is_told_as_late_and_an_answer_so_old_calms_nobody(
    rig: Rig,
) -> None:
    """Both counted as of now: two hours later somebody was *coming*."""
    then = rig.clock.now().plus(timedelta(hours=-2, minutes=-10))
    rig.modems[0].deliver(*_held(LAPWING, "SOS Lantern", then))
    sms = rig.sms_to("cormorant")
    assert sms is not None
    # In Russian no room is left for more than how old it is.
    assert "2 ч позже" in sms.text
    assert rig.mail.mails.wait_for(lambda mail: "2 h late" in mail.text, TOLD_S)
    assert any(f"sent {then.to_datetime():%F %H:%M} UTC" in one for one in lines(rig))

    code = re.search(r"([0-9A-Z]{4}) 1", sms.text)
    assert code is not None, sms.text
    said = f"{code[1]} coming"
    rig.modems[0].deliver(*_held(sms.number, said, then))
    assert eventually(lambda: any(one.startswith("colleague") for one in lines(rig)))
    assert _open(rig)[0]["coming"] == 0
    rig.modems[0].inject(sms.number, said)
    assert eventually(lambda: _open(rig)[0]["coming"] == 1)


def test_a_tracker_that_calls_is_shown_to_hq_and_no_stranger_is(
    tmp_path: Path,
) -> None:
    with Rig(folder=tmp_path, roster_text=with_sim()) as rig:
        rig.modems[0].inject(SIM, "tracker")  # it is up, and says who calls
        assert eventually(rig.alarms)
        rig.modems[1].ring(FOREIGN)
        rig.modems[0].ring(SIM)
        assert eventually(lambda: rig.alarms()[0]["presses"] == 2)
        (notice,) = rig.alarms()
        assert (notice["kind"], notice["alias"]) == ("notice", "Heron")


def test_a_trackers_binary_message_from_a_number_without_its_country_is_one_too(
    tmp_path: Path,
) -> None:
    with Rig(folder=tmp_path, roster_text=with_sim()) as rig:
        data = message(record((236, 1)))
        pdu = Deliver(
            sender=Address(text="0460000999", toa=0xA1),
            user_data=build(data.decode("latin-1"), Charset.DATA),
            dcs=0xF6,
            sent_at=rig.clock.now().to_datetime(),
        )
        rig.modems[0].deliver(*encode_deliver(pdu))
        sms = rig.sms_to("lapwing")
        assert sms is not None
        assert "41.31151,69.27974" in sms.text
        (alarm,) = _open(rig)
        assert alarm["alias"] == "Heron"


def test_a_call_for_help_is_read_between_two_messages_of_a_long_queue(
    tmp_path: Path,
) -> None:
    """It lay in the modem until all that waited had been sent: minutes, in a flood."""
    defenders = (one for one in sample_roster().people if one.has(Role.DEFENDER))
    # With their sign: of an unconfirmed call the officer alone is told, in one page.
    senders = [(str(one.numbers[0]), one.sign) for one in islice(defenders, 12)]
    with Rig(folder=tmp_path, modems_wanted=1) as rig:
        (modem,) = rig.modems
        up = 'natalia_modem_up{modem="modem-1"}'
        assert eventually(lambda: rig.metric(up) == 1.0)
        modem.faults.latency_s = 1.0
        for number, sign in senders[:-1]:
            modem.inject(number, f"SOS {sign}")
        eventually(lambda: len(rig.alarms()) == len(senders) - 1)
        number, sign = senders[-1]
        modem.inject(number, f"SOS {sign}")
        eventually(lambda: len(rig.rows("SELECT 1 FROM inbound")) == len(senders))
        waits = "SELECT 1 FROM effect WHERE channel = 'sms' AND state = 'planned'"
        assert len(rig.rows(waits)) >= STILL_WAIT, "others are told yet"
