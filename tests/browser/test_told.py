"""How many people were told, on the list and on the case, while modems come and go."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sign
from tests.rig import Rig

pytestmark = pytest.mark.process


def test_who_waits_for_a_modem_is_not_told_and_the_page_follows_the_modems(
    rig: Rig, sign_in: Sign
) -> None:
    for modem in rig.modems:
        modem.unplug()
    alder, rowan = sign_in("alder"), sign_in("rowan")
    with rig.device() as device:
        device.sos()
    row = alder.page.locator("#list tbody tr").first
    expect(row).to_contain_text("none told of 5")
    expect(row).to_contain_text("5 waiting: no modem is up")
    rowan.case()
    people = rowan.page.locator("#people")
    expect(people).to_contain_text("SMS: waiting to be sent (no modem is up)")

    for modem in rig.modems:
        modem.replug()
    expect(row).to_contain_text("0 coming of 5 told")
    expect(row).not_to_contain_text("no modem is up")
    expect(people).not_to_contain_text("no modem is up")
    assert (alder.faults, rowan.faults) == ([], [])
