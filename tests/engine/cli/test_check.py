"""`natalia check-config`: everything that can be checked without starting."""

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.certificates import valid_for
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]


def configuration(folder: Path, text: str = "") -> str:
    """Write a configuration with the sample roster; return its path."""
    (folder / "roster.toml").write_text(sample_text())
    path = folder / "natalia.toml"
    path.write_text(f'state = "{folder}/state"\nroster = "roster.toml"\n{text}')
    return str(path)


def test_a_right_one_is_counted_out_and_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path, "[gateway.gt06]\nport = 5023\n")
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert "no modem: nobody gets an SMS" in said
    assert re.search(r"\nIT STARTS: READ THE \d+ WARNINGS ABOVE\n$", said)
    assert not (tmp_path / "state").exists()


def test_a_configuration_that_hears_no_device_is_warned_of_bug_it_was_not(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Without one the engine starts, is ready, and no bracelet reaches it."""
    lacks = "no gateway: no device is heard", "nobody is in the roster"
    path = configuration(tmp_path)
    Path(path).write_text(f'state = "{tmp_path}/state"\n')
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert all(one in said for one in lacks)
    path = configuration(tmp_path, "[gateway.gt06]\nport = 5023\n")
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert not any(one in said for one in lacks)


def test_devices_that_nothing_listens_for_are_counted(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """All was right with it, and their presses would have met a closed port."""
    path = configuration(tmp_path, "[gateway.gt06]\nport = 5023\n")
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert re.search(r"\d+ devices speak 'osmand': no \[gateway.osmand\] hears", said)
    assert "speak 'gt06'" not in said
    udp = f"{sample_text()}\n[[device]]\nid = '1'\nperson = 'heron'\n"
    (tmp_path / "roster.toml").write_text(udp + "wire_protocol = 'gl200'\n")
    ports = "[gateway.gl200_udp]\nport = 5004\n[gateway.osmand]\nport = 5055\n"
    Path(path).write_text(Path(path).read_text() + ports)
    assert natalia(patch, "check-config", path) == 0
    assert "devices speak" not in out.readouterr().out, "by UDP they are heard as well"


def test_as_json(patch: Patch, out: Output, tmp_path: Path) -> None:
    path = configuration(tmp_path, "[gateway.gt06]\nport = 5023\n")
    assert natalia(patch, "check-config", "--json", path) == 0
    facts = json.loads(out.readouterr().out)
    assert facts["wire protocols"] == ["gt06"]
    assert facts["people"] > 200


def test_a_step_that_no_channel_carries_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    modem = '[[modem]]\nname = "modem-1"\nport = "/dev/ttyUSB0"\n'
    path = configuration(tmp_path, modem)
    assert natalia(patch, "check-config", "--json", path) == 0
    warned = [w for w in json.loads(out.readouterr().out)["warnings"] if "step" in w]
    hq = "action protocol 'standard': step 'hq' has no channel that is configured"
    assert f"{hq} (email, webhook)" in warned
    assert not any("'duty'" in one or "'arrest'" in one for one in warned)


MAIL = """
[[channel]]
name = "email"
kind = "email"
[channel.options]
host = "127.0.0.1"
port = 25
security = "none"
sender = "engine@natalia.invalid"
"""
MODEM = '[[modem]]\nname = "modem-1"\nport = "/dev/ttyUSB0"\n'


def warned(patch: Patch, out: Output, path: str) -> list[str]:
    assert natalia(patch, "check-config", "--json", path) == 0
    warnings: list[str] = json.loads(out.readouterr().out)["warnings"]
    return [one for one in warnings if one.startswith("action protocol")]


def test_an_hq_without_an_address_is_warned_of_wherever_it_is_told(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Also in those two that run for whoever has none."""
    said = warned(patch, out, configuration(tmp_path, MODEM + MAIL))
    lost = "step 'hq' finds nobody: no [[hq]] has its channels (email, webhook)"
    for name in ("standard", "unknown", "hq_alone"):
        assert f"action protocol {name!r}: {lost}" in said
    hq = '[[hq]]\nchannel = "email"\naddress = "duty@hq.invalid"\n'
    said = warned(patch, out, configuration(tmp_path, MODEM + MAIL + hq))
    assert not any("[[hq]]" in one for one in said)


def test_an_action_protocol_in_force_that_may_silence_hq_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    folder = tmp_path / "protocols"
    folder.mkdir()
    sample = resources.files("engine.protocol") / "samples" / "unknown.toml"
    text = sample.read_text()
    slip = text.replace('["acknowledged"]', '["somebody_coming"]')
    assert slip != text
    (folder / "unknown.toml").write_text(slip)
    path = configuration(tmp_path, f'[protocols]\nfolder = "{folder}"\n{MODEM}{MAIL}')
    said = [one for one in warned(patch, out, path) if "'duty'" in one]
    begins = "action protocol 'unknown': step 'duty'"
    assert all(one.startswith(begins) for one in said)
    for words in ("until an operator has taken it", "also once an operator has"):
        assert [words in one for one in said].count(True) == 1


def test_defenders_for_whom_a_step_has_nobody_are_named(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    folder = tmp_path / "protocols"
    folder.mkdir()
    sample = resources.files("engine.protocol") / "samples" / "house_raid.toml"
    whole, to = sample.read_text(), 'to = "contacts"\nchannels = ["sms", "call"]'
    assert to in whole
    mine = whole.replace(to, 'to = "contacts"\nchannels = ["email", "matrix"]')
    (folder / "standard.toml").write_text(mine)
    path = configuration(tmp_path, f'[protocols]\nfolder = "{folder}"\n{MODEM}{MAIL}')
    found = [one for one in warned(patch, out, path) if "nobody of 'contacts'" in one]
    assert len(found) == 1, "once for all of them"
    assert "nobody of 'contacts' can be reached by email or matrix (for " in found[0]
    assert " more)" in found[0]


def test_defenders_whose_colleagues_are_all_too_far_are_named_bug_they_were_counted(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    said = warned(patch, out, configuration(tmp_path, MODEM + MAIL))
    far = "no colleague whom it reaches is within 500 km of the defender's"
    (found,) = [one for one in said if far in one]
    assert re.search(r"step 'colleagues': tells nobody.* \(for .* more\)$", found)


def test_defenders_whose_telephone_could_confirm_for_them_are_named(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path, f'[protocols]\ndefault = "arrest"\n{MODEM}{MAIL}')
    roster = tmp_path / "roster.toml"
    text = roster.read_text().replace('action_protocol = "standard"\n', "")
    lost = "step 'day-3': no safe_word is agreed: whoever has the defender's telephone"
    roster.write_text(text)
    (found,) = [one for one in warned(patch, out, path) if lost in one]
    assert found.startswith("action protocol 'arrest': ")
    assert "(for " in found
    first = found.split("(for ")[1].split(",")[0]
    agreed = f'id = "{first}"\nsafe_word = "Marigold"\n'
    roster.write_text(text.replace(f'id = "{first}"\n', agreed, 1))
    (found,) = [one for one in warned(patch, out, path) if lost in one]
    assert f"(for {first}," not in found


def test_a_text_that_changed_underneath_names_whoever_signed_the_one_before(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """What is signed is what `explain` printed; here the shared file changes later."""
    folder = tmp_path / "protocols"
    folder.mkdir()
    shared, mine = folder / "shared.toml", folder / "mine.toml"
    sample = resources.files("engine.protocol") / "samples" / "street_attack.toml"
    shared.write_text(sample.read_text())
    mine.write_text('name = "Mine"\nversion = 1\nbased_on = "shared"\n')
    path = configuration(tmp_path, f'[protocols]\nfolder = "{folder}"\n{MODEM}{MAIL}')
    signed = printed(patch, out, mine)
    agreed = f'id = "heron"\nagreed_text = "{signed}"\n'
    one, other = sample_text().split('id = "heron"\n')
    other = other.replace('action_protocol = "standard"', 'action_protocol = "mine"', 1)
    (tmp_path / "roster.toml").write_text(f"{one}{agreed}{other}")
    assert not [one for one in warned(patch, out, path) if "signed" in one]
    shared.write_text(sample.read_text().replace("count = ", "count = 1"))
    (found,) = [one for one in warned(patch, out, path) if "signed" in one]
    now = printed(patch, out, mine)
    assert now != signed
    changed = f"the text that was signed is {signed}, and this one is {now}: "
    assert found.startswith(f"action protocol 'mine': {changed}")
    assert found.endswith("(for heron)")


def printed(patch: Patch, out: Output, file: Path) -> str:
    assert natalia(patch, "protocol", "explain", str(file)) == 0
    return out.readouterr().out.split("\nText: ")[1].split("\n")[0]


def test_an_action_protocol_that_is_not_there_is_refused(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """A slip of the pen would leave somebody with the default one, and nobody told."""
    path = configuration(tmp_path)
    roster = tmp_path / "roster.toml"
    text, named = roster.read_text(), 'action_protocol = "standard"'
    assert named in text
    roster.write_text(text.replace(named, 'action_protocol = "standrad"', 1))
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().err
    line = 1 + roster.read_text().splitlines().index('action_protocol = "standrad"')
    fault = "person.action_protocol: names no action protocol"
    assert f"roster.toml:{line}: {fault}; did you mean 'standard'?" in said


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "[gateway.gt07]\nport = 1\n",
            "'gt07' is not installed; did you mean 'gt06'?",
        ),
        ('[[channel]]\nname = "x"\nkind = "telex"\n', "telex"),
        ('[[hq]]\nchannel = "email"\naddress = "hq@hq.invalid"\n', "hq[0].channel"),
        ('[[public]]\nchannel = "mastodon"\n', "public[0].channel"),
        (
            '[[auditor.channel]]\nname = "own"\nkind = "telex"\n',
            "auditor.channel[0].kind",
        ),
        (
            '[[auditor.channel]]\nname = "own"\nkind = "email"\n',
            "auditor.channel.own.options.host",
        ),
        (
            '[[auditor.modem]]\nname = "own"\nport = "/dev/x"\ndriver = "telex"\n',
            "auditor.modem[0].driver",
        ),
        ("[console]\nport = 99999\n", "console.port"),
        (
            "[console]\nport = 5023\n[gateway.gt06]\nport = 5023\n",
            "gateway.gt06.port: expected a port of its own, but console has 5023",
        ),
        (
            '[console]\nport = 5023\n[gateway.gt06]\nhost = "0.0.0.0"\nport = 5023\n',
            "gateway.gt06.port: expected a port of its own, but console has 5023",
        ),
        (
            '[[modem]]\nname = "n"\nport = "/dev/y"\noptions = { baudrat = 1 }\n',
            "modem[0].options.baudrat",
        ),
        (
            '[[auditor.modem]]\nname = "n"\nport = "x"\noptions = { baudrat = 1 }\n',
            "auditor.modem[0].options.baudrat",
        ),
        (
            '[[channel]]\nname = "x"\nkind = "email"\noptions = { hots = "x" }\n',
            "channel.x.options.hots",
        ),
        ('[protocols]\ndefault = "mine"\n', "protocols.default"),
        ("colour = 1\n", "colour"),
        ("this is not TOML\n", "natalia.toml"),
    ],
)
def test_a_wrong_one_names_the_key_with_exit_code_3(
    patch: Patch, out: Output, tmp_path: Path, text: str, names: str
) -> None:
    path = configuration(tmp_path)
    Path(path).write_text(
        text + Path(path).read_text()
        if "=" in text and not text.startswith("[")
        else Path(path).read_text() + text
    )
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().err
    assert said.startswith("natalia: ")
    assert names in said
    assert "Traceback" not in said


def test_a_file_that_is_not_there_is_named(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    assert natalia(patch, "check-config", str(tmp_path / "none.toml")) == 3
    assert "none.toml" in out.readouterr().err


def test_ports_that_do_not_meet_are_no_fault(patch: Patch, tmp_path: Path) -> None:
    path = configuration(
        tmp_path,
        '[console]\nhost = "127.0.0.2"\nport = 5023\n[gateway.gt06]\nport = 5023\n'
        "[gateway.h02_udp]\nport = 5023\n"
        "[metrics]\nport = 0\n[gateway.osmand]\nport = 0\n",
    )
    assert natalia(patch, "check-config", path) == 0


def test_a_low_limit_of_open_files_is_warned_of_with_its_cure(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    patch.setattr("engine.process.open_files_max", lambda: 1_024)
    assert natalia(patch, "check-config", configuration(tmp_path)) == 0
    said = out.readouterr().out
    assert "only 1024 files may be open" in said
    assert "LimitNOFILE=65536" in said
    patch.setattr("engine.process.open_files_max", lambda: 65_536)
    assert natalia(patch, "check-config", configuration(tmp_path)) == 0
    assert "may be open" not in out.readouterr().out


@pytest.mark.parametrize(("proxies", "warns"), [("", True), ("['127.0.0.1']", False)])
def test_an_https_console_without_a_named_proxy_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path, *, proxies: str, warns: bool
) -> None:
    named = f"proxies = {proxies}\n" if proxies else ""
    text = f"{named}[console]\nport = 0\naddress = 'https://hq.example'\n"
    assert natalia(patch, "check-config", configuration(tmp_path, text)) == 0
    assert ("no proxy is named" in out.readouterr().out) is warns


def test_a_certificate_that_is_not_there_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    tls = 'tls = { port = 5024, cert_file = "c.pem", key_file = "k.pem" }'
    path = configuration(tmp_path, f"[gateway.gt06]\nport = 5023\n{tls}\n")
    assert natalia(patch, "check-config", path) == 3
    assert "gateway.gt06.tls: expected a PEM certificate" in out.readouterr().out


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "ended on "), (3, "ends on "), (90, None)]
)
def test_a_certificate_that_ends_is_warned_of_with_its_date(
    patch: Patch, out: Output, tmp_path: Path, days: int, words: str | None
) -> None:
    """The engine starts with it, and a device that checks it is not heard."""
    file = valid_for(tmp_path, days)
    tls = f'tls = {{ port = 5024, cert_file = "{file}", key_file = "{file}" }}'
    path = configuration(tmp_path, f"[gateway.gt06]\nport = 5023\n{tls}\n")
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert ("gateway.gt06.tls: the certificate " in said) is (words is not None)
    if words is not None:
        assert re.search(rf"the certificate {words}\d{{4}}-\d\d-\d\d \(UTC\)", said)
        assert "renew cert_file, then: natalia reload" in said


def test_an_edited_roster_beside_an_imported_one_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """Who adds a colleague to the file would think that they are told of alarms."""
    path = configuration(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "roster.toml").write_text(sample_text())
    assert natalia(patch, "check-config", path) == 0
    assert "counts no more" not in out.readouterr().out
    roster = tmp_path / "roster.toml"
    roster.write_text(sample_text().replace("Heron", "Herons"))
    assert natalia(patch, "check-config", path) == 0
    said = out.readouterr().out
    assert "roster: this file counts no more: another one was imported" in said
    assert "or a device enrolled since" in said
    assert "natalia roster import FILE" in said


def test_a_state_folder_that_cannot_be_looked_into_is_said(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path)

    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    patch.setattr(Path, "exists", refuse)
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().err
    assert "state: expected a folder that this user may look into" in said
    assert "Permission denied; mend its permissions" in said
