"""`natalia protocol`: an action protocol checked, played, explained and compared."""

import json
from importlib import resources
from pathlib import Path

import pytest

from engine.protocol.findings import Fault, Warned
from engine.roster.sample import sample_text
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]

SAMPLES = Path(str(resources.files("engine.protocol") / "samples"))
STANDARD = str(SAMPLES / "standard.toml")
HQ_ALONE = """
name = "Mine"
version = 1

[all_clear]
needs = {}

[[step]]
id = "hq"
to = "hq"
channels = ["email"]
text = "hq"
"""


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.toml")), ids=lambda f: f.stem)
def test_every_sample_is_sound_and_has_no_fault_of_its_own(
    patch: Patch, out: Output, file: Path
) -> None:
    """But wording: one voice ended three of them, after which nobody asked."""
    assert natalia(patch, "protocol", "check", str(file), "--json") == 0
    findings = json.loads(out.readouterr().out)["findings"]
    faults = {one["fault"] for one in findings} - {"unreviewed", "text_too_long"}
    assert faults == set()


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.toml")), ids=lambda f: f.stem)
def test_every_sample_can_be_told(patch: Patch, out: Output, file: Path) -> None:
    assert natalia(patch, "protocol", "explain", str(file)) == 0
    assert "This is what happens when" in out.readouterr().out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown", "when a device that nobody has enrolled calls for help.\n\n1. "),
        ("hq_alone", "when a device says what no action protocol of its carrier"),
    ],
)
def test_a_file_that_runs_whatever_its_triggers_are_promises_no_trigger(
    patch: Patch, out: Output, name: str, words: str
) -> None:
    """It said that HQ alone is told when somebody presses for help."""
    assert natalia(patch, "protocol", "explain", str(SAMPLES / f"{name}.toml")) == 0
    said = out.readouterr().out
    assert words in said
    assert "press for help" not in said
    assert "risk window" not in said


def test_check_counts_a_defenders_people(patch: Patch, out: Output) -> None:
    street = str(SAMPLES / "street_attack.toml")
    assert natalia(patch, "protocol", "check", street, "--for", "heron") == 0
    said = out.readouterr().out
    assert "single_point   contacts: one person alone of 'contacts'" in said
    count = len(said.splitlines()) - 1
    assert said.endswith(f"steps: READ THE {count} FINDINGS ABOVE\n")
    assert "SUCCESS" not in said


def test_success_is_said_where_nothing_is_found(patch: Patch, out: Output) -> None:
    patch.setattr("engine.protocol.lint.lint", lambda *_, **__: ())
    assert natalia(patch, "protocol", "check", STANDARD, "--for", "heron") == 0
    assert out.readouterr().out.endswith("steps: SUCCESS\n")
    one = Warned(fault=Fault.NOBODY, step="", words="x")
    patch.setattr("engine.protocol.lint.lint", lambda *_, **__: (one,))
    assert natalia(patch, "protocol", "check", STANDARD, "--for", "heron") == 0
    assert out.readouterr().out.endswith("steps: READ THE 1 FINDING ABOVE\n")


def test_check_ends_with_4_where_it_is_strict_and_finds_something(
    patch: Patch, out: Output
) -> None:
    assert natalia(patch, "protocol", "check", STANDARD, "--strict") == 4
    assert "not reviewed" in out.readouterr().out


@pytest.mark.parametrize(("needs", "code"), [(2, 0), (10, 4)])
def test_check_ends_with_4_where_an_all_clear_takes_more_people_than_there_are(
    patch: Patch, out: Output, tmp_path: Path, needs: int, code: int
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(HQ_ALONE.format(needs))
    assert natalia(patch, "protocol", "check", str(mine), "--for", "heron") == code
    assert ("nobody could ever end it" in out.readouterr().out) == bool(code)
    assert natalia(patch, "protocol", "check", str(mine)) == 0, "nobody is counted"


@pytest.mark.parametrize(("file", "is_said"), [("standard", True), ("arrest", False)])
def test_check_says_where_the_defender_has_signed_another_text(
    patch: Patch,
    out: Output,
    tmp_path: Path,
    file: str,
    is_said: bool,  # noqa: FBT001 - a case
) -> None:
    roster = tmp_path / "roster.toml"
    one, other = sample_text().split('id = "heron"\n')
    assert 'action_protocol = "standard"' in other.split("[[person]]")[0]
    roster.write_text(f'{one}id = "heron"\nagreed_text = "{"0" * 16}"\n{other}')
    command = ("protocol", "check", str(SAMPLES / f"{file}.toml"), "--for", "heron")
    assert natalia(patch, *command, "--roster", str(roster)) == 0
    said = out.readouterr().out
    assert (f"changed        the text that was signed is {'0' * 16}" in said) is is_said


def test_check_names_a_defender_who_is_not_there(patch: Patch, out: Output) -> None:
    assert natalia(patch, "protocol", "check", STANDARD, "--for", "nobody-here") == 3
    assert "roster.toml: --for: nobody has the id" in out.readouterr().err


def test_check_names_whoever_was_meant_and_whoever_is_no_defender(
    patch: Patch, out: Output
) -> None:
    """An operator seemed to be a defender without a colleague."""
    for person, words in (
        ("Heron", "nobody has the id 'Heron'; did you mean 'heron'?"),
        ("alder", "'alder' is no defender: no alarm of theirs has these steps"),
    ):
        assert natalia(patch, "protocol", "check", STANDARD, "--for", person) == 3
        assert out.readouterr().err == f"natalia: roster.toml: --for: {words}\n"


def test_a_roster_of_which_nobody_is_counted_is_refused(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    roster = str(tmp_path / "none.toml")
    assert natalia(patch, "protocol", "check", STANDARD, "--roster", roster) == 2
    said = out.readouterr().err
    assert "--roster: needs --for, the defender whose people are counted" in said


def test_a_wrong_one_names_line_and_field(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    text = (SAMPLES / "standard.toml").read_text()
    file.write_text(text.replace('to = "nearest"', 'to = "nearby"', 1))
    assert natalia(patch, "protocol", "check", str(file)) == 3
    said = out.readouterr().err
    assert said.startswith("natalia: mine.toml")
    assert "to" in said


def test_a_time_line_is_printed_and_drawn(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg = tmp_path / "line.svg"
    assert natalia(patch, "protocol", "simulate", STANDARD, "--svg", str(svg)) == 0
    said = out.readouterr().out
    assert said.startswith(" 0:00:00   people         the alarm is raised: SOS\n")
    assert " 0:01:30   people         officer-1 at HQ takes it\n" in said
    assert svg.read_text().startswith("<svg ")
    assert "<title>Standard v2</title>" in svg.read_text()


def test_a_drawing_says_what_was_supposed(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg = tmp_path / "line.svg"
    words = ("--nobody-answers", "--modem-down", "--position-missing")
    done = natalia(patch, "protocol", "simulate", STANDARD, *words, "--svg", str(svg))
    assert (done, out.readouterr().err) == (0, "")
    title = "Standard v2, nobody answers, modem down, position missing"
    assert f"<title>{title}</title>" in svg.read_text()


def test_what_if_hq_falls_asleep_is_on_the_time_line_and_drawn(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg = tmp_path / "line.svg"
    words = ("simulate", STANDARD, "--what-if", "hq-asleep", "--svg", str(svg))
    assert natalia(patch, "protocol", *words) == 0
    lapse = "officer-1 at HQ has done nothing: it waits for HQ again"
    assert f" 0:31:30 ! people         {lapse}\n" in out.readouterr().out
    assert "Standard v2, HQ falls asleep" in svg.read_text()
    assert lapse in svg.read_text()


def test_where_nobody_answers_the_drawing_has_nobody_who_declines(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg = tmp_path / "line.svg"
    ifs = ("--nobody-answers", "--what-if", "declines", "--what-if", "hq-asleep")
    words = ("simulate", STANDARD, *ifs, "--minutes", "5", "--svg", str(svg))
    assert natalia(patch, "protocol", *words) == 0
    assert "answers: cannot" not in out.readouterr().out
    assert "<title>Standard v2, nobody answers</title>" in svg.read_text()


@pytest.mark.parametrize(
    ("more", "title"),
    [((), "it is published"), (("--what-if", "hq-asleep"), "HQ falls asleep")],
)
def test_what_if_it_is_published_is_played_unless_hq_sleeps(
    patch: Patch, out: Output, tmp_path: Path, more: tuple[str, ...], title: str
) -> None:
    svg = tmp_path / "line.svg"
    words = ("simulate", STANDARD, "--what-if", "published", *more, "--svg", str(svg))
    assert natalia(patch, "protocol", *words) == 0
    posts = " 0:10:00   publish        public to public\n" in out.readouterr().out
    assert posts is not bool(more)
    assert f"<title>Standard v2, {title}</title>" in svg.read_text()


def test_what_a_colleague_and_the_defender_do_may_be_supposed(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg = tmp_path / "line.svg"
    words = ("simulate", str(SAMPLES / "street_attack.toml"), "--svg", str(svg))
    ifs = [("--what-if", one) for one in ("declines", "cancelled", "moves")]
    assert natalia(patch, "protocol", *words, *(w for one in ifs for w in one)) == 0
    said = out.readouterr().out
    assert " 0:00:10   people         somebody asks to call it off" in said
    assert " 0:01:00   people         colleague-1 answers: cannot" in said
    assert " 0:04:00   people         colleague-2 answers: coming" in said
    assert " 0:05:00   people         the device says that they are elsewhere" in said
    assert "the nearest declines, called off, the defender moves" in svg.read_text()


def counted(folder: Path) -> str:
    """Write a street attack with a countdown of half a minute; return its path."""
    text = (SAMPLES / "street_attack.toml").read_text()
    file = folder / "mine.toml"
    file.write_text(text.replace("version = 2", "version = 2\ncountdown_s = 30"))
    return str(file)


def test_any_trigger_of_the_file_can_be_played_with_its_countdown(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg, file = tmp_path / "line.svg", counted(tmp_path)
    waits = "colleagues and contacts are not told for 30 seconds: a countdown"
    for trigger, words, near, is_counted in (
        ("sos", "SOS", 30, True),
        ("fall", "fall", 30, True),
        ("removed", "removed", 0, False),
        ("check_in_missed", "check-in missed", 0, False),
        ("jammed", "jammed", 0, False),
    ):
        said = ("simulate", file, "--trigger", trigger, "--svg", str(svg))
        assert natalia(patch, "protocol", *said, "--json") == 0
        moments = json.loads(out.readouterr().out)
        assert moments[0]["words"] == f"the alarm is raised: {words}"
        assert (moments[1]["words"] == waits) is is_counted
        assert next(m for m in moments if m["lane"] == "near")["after_s"] == near
        drawn = svg.read_text()
        assert f"the alarm is raised: {words}" in drawn
        title = "Street attack v2" + ("" if trigger == "sos" else f", {words}")
        assert f"<title>{title}</title>" in drawn


def test_what_raises_nothing_by_the_file_is_refused_with_what_does(
    patch: Patch, out: Output
) -> None:
    assert natalia(patch, "protocol", "simulate", STANDARD, "--trigger", "remove") == 3
    said = out.readouterr().err
    assert said == (
        "natalia: standard.toml: --trigger: 'remove' raises nothing by this file; did"
        " you mean 'removed'? One of: check_in_missed, removed, sos; within a risk"
        " window also: jammed, low_battery, power_off, silent\n"
    )


def test_a_cancel_by_force_is_played_and_drawn(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg, alone = tmp_path / "line.svg", tmp_path / "alone.toml"
    text = (SAMPLES / "standard.toml").read_text()
    alone.write_text(text.replace("[all_clear]\nneeds = 2", "[all_clear]\nneeds = 1"))
    words = ("simulate", str(alone), "--what-if", "forced", "--svg", str(svg))
    assert natalia(patch, "protocol", *words) == 0
    said = out.readouterr().out
    assert " 0:00:10   people         somebody asks to call it off, with the" in said
    assert "officer-1 closes it after a sign of force: for the defender's" in said
    assert " stop " not in said, "nobody hears of an end"
    assert "<title>Standard v2, called off by force</title>" in svg.read_text()


def test_what_if_no_modem_works_and_nobody_answers(patch: Patch, out: Output) -> None:
    words = ("simulate", STANDARD, "--modem-down", "--nobody-answers", "--json")
    assert natalia(patch, "protocol", *words, "--minutes", "5") == 0
    moments = json.loads(out.readouterr().out)
    bad = {m["lane"] for m in moments if m["is_bad"]}
    assert bad == {"colleagues", "duty", "widen"}
    assert max(m["after_s"] for m in moments) <= 300


def test_a_protocol_by_which_nothing_would_go_out_ends_with_4(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "Mine"\nversion = 1\n[[step]]\nid = "near"\nto = "nearest"\n'
        'channels = ["sms"]\ntext = "sos"\n'
    )
    assert natalia(patch, "protocol", "simulate", str(file), "--colleagues", "0") == 4
    assert "! near           round 1, 0 found" in out.readouterr().out


def test_a_protocol_that_hangs_on_the_modem_alone_ends_with_4_without_it(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "Mine"\nversion = 1\n[[step]]\nid = "near"\nto = "nearest"\n'
        'channels = ["sms"]\ntext = "sos"\n'
    )
    assert natalia(patch, "protocol", "simulate", str(file)) == 0
    assert natalia(patch, "protocol", "simulate", str(file), "--modem-down") == 4
    assert (
        "! near           sms to colleague-1 not sent: no modem\n"
        in out.readouterr().out
    )


@pytest.mark.parametrize("minutes", ["0", "inf", "nan", "1e15", "-5"])
def test_a_time_that_cannot_be_played_is_refused(
    patch: Patch, out: Output, minutes: str
) -> None:
    words = ("simulate", STANDARD, "--minutes", minutes)
    assert natalia(patch, "protocol", *words) == 2
    assert "Invalid value for '--minutes'" in out.readouterr().err


def test_a_drawing_that_cannot_be_written_names_the_file(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    svg = str(tmp_path / "nowhere" / "line.svg")
    assert natalia(patch, "protocol", "simulate", STANDARD, "--svg", svg) == 3
    assert "line.svg: --svg: cannot be written" in out.readouterr().err


def test_diff_says_what_has_changed_and_ends_with_1(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    assert natalia(patch, "protocol", "diff", STANDARD, STANDARD) == 0
    assert out.readouterr().out == ""
    file = tmp_path / "mine.toml"
    text = (SAMPLES / "standard.toml").read_text()
    file.write_text(text.replace("every_s = 60", "every_s = 90"))
    assert natalia(patch, "protocol", "diff", STANDARD, str(file)) == 1
    assert out.readouterr().out == "~ duty: every 1 minute -> 90 seconds\n"


@pytest.mark.parametrize(
    ("name", "version", "is_said"),
    [("Standard", 2, True), ("Standard", 3, False), ("Mine", 2, False)],
)
def test_diff_says_where_the_version_was_forgotten(
    patch: Patch,
    out: Output,
    tmp_path: Path,
    name: str,
    version: int,
    is_said: bool,  # noqa: FBT001 - a case
) -> None:
    file = tmp_path / "mine.toml"
    text = (
        (SAMPLES / "standard.toml").read_text().replace("every_s = 60", "every_s = 90")
    )
    text = text.replace("version = 2", f"version = {version}")
    file.write_text(text.replace('"Standard"', f'"{name}"'))
    assert natalia(patch, "protocol", "diff", STANDARD, str(file)) == 1
    said = "natalia: mine.toml: version 2 is followed by 2: raise it\n"
    assert out.readouterr().err == (said if is_said else "")
    assert natalia(patch, "protocol", "diff", STANDARD, STANDARD) == 0
    assert out.readouterr().err == ""


def test_a_file_that_cannot_be_read_is_said_with_its_cure(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.toml"
    foreign.write_bytes(b"\xff\xfe")
    for path, words in (
        (tmp_path / "none.toml", "cannot be read: it is not there; check the path"),
        (tmp_path, "cannot be read: it is a folder; name a file"),
        (foreign, "is no UTF-8 text: save it as UTF-8"),
    ):
        assert natalia(patch, "protocol", "check", str(path)) == 3
        said = f"{path.name}: file: {words}\n"
        assert out.readouterr().err == f"natalia: {said}"
