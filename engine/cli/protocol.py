"""`natalia protocol`: action protocols checked, played, explained and compared."""

import json
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from engine.cli.faults import faults_told
from engine.errors import DataError, cure_of
from engine.protocol.parse import load_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports.modem import ModemDriver
    from engine.protocol.findings import Reach
    from engine.protocol.lint import Fit
    from engine.protocol.model import ActionProtocol
    from engine.rehearsal.play import Moment
    from engine.rehearsal.world import WhatIf

EXIT_DEGRADED = 4
MINUTES_MAX = 527_040
"""A year."""


class Supposed(StrEnum):
    """What may be supposed of HQ, a colleague and the defender."""

    HQ_ASLEEP = "hq-asleep"
    DECLINES = "declines"
    CANCELLED = "cancelled"
    FORCED = "forced"
    MOVES = "moves"
    PUBLISHED = "published"


class Language(StrEnum):
    """What an agreement is told in."""

    EN = "en"
    SV = "sv"
    RU = "ru"
    ES = "es"
    FR = "fr"
    AR = "ar"


_SUPPOSED = {
    Supposed.HQ_ASLEEP: "HQ falls asleep",
    Supposed.DECLINES: "the nearest declines",
    Supposed.CANCELLED: "called off",
    Supposed.FORCED: "called off by force",
    Supposed.MOVES: "the defender moves",
    Supposed.PUBLISHED: "it is published",
}

app = typer.Typer(
    add_completion=False,
    help="Check, play, explain and compare action protocols.",
    epilog="Example: natalia protocol check protocols/standard.toml --for heron"
    " --roster roster.toml",
    no_args_is_help=True,
    rich_markup_mode=None,
)
OR_SAMPLE = "or a sample's name (street_attack)"
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", readable=False, help=f"An action protocol, {OR_SAMPLE}."
    ),
]
Svg = Annotated[
    Path | None,
    # It is written, and `_write` says where that fails.
    typer.Option(readable=False, help="Draw the time line into this file."),
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command(epilog="Example: natalia protocol check mine.toml --for heron --json")
def check(
    file: File,
    person: Annotated[
        str, typer.Option("--for", help="The defender whose people are counted.")
    ] = "",
    roster: Annotated[
        Path | None,
        typer.Option(readable=False, help="The roster; without: the sample."),
    ] = None,
    modems: Annotated[int, typer.Option(min=1, help="Modems that send.")] = 2,
    strict: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--strict", help="End with 4 where anything is found.")
    ] = False,
    as_json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Check one file: what is impossible is refused, what will not help is named.

    Found are steps that never come, people who cannot be reached, one thing on which
    all hangs, texts that do not fit into one SMS in some language, deadlines that
    nobody can meet, fields that do nothing, texts that are not for whom they go to,
    a text that is not the one signed, and words that nobody has reviewed. The last
    line says whether there is anything to read; the exit code is 0 all the same,
    unless --strict, or where it takes more people than there are.
    """
    from engine.clock import SystemClock  # noqa: PLC0415 - loaded when used
    from engine.protocol.findings import Fault  # noqa: PLC0415 - likewise
    from engine.protocol.lint import lint  # noqa: PLC0415 - likewise

    with faults_told(as_json=as_json):
        protocol = load_named(file)
        reach = _reach(person, roster, modems, protocol=file.stem)
    today = SystemClock().now().to_datetime().date()
    found = lint(protocol, fit=_fit(), reach=reach, today=today)
    if as_json:
        facts = {"name": protocol.name, "version": protocol.version}
        listed = [asdict(one) for one in found]
        sys.stdout.write(json.dumps({**facts, "findings": listed}, indent=1) + "\n")
    else:
        for one in found:
            where = f"{one.step}: " if one.step else ""
            sys.stdout.write(f"{one.fault.value:<14} {where}{one.words}\n")
        what = f"{protocol.name} v{protocol.version}, {len(protocol.steps)} steps"
        uncounted = "" if person else "; nobody counted, name a defender with --for"
        sys.stdout.write(f"{file.name}: {what}{uncounted}: {_verdict(len(found))}\n")
    impossible = any(one.fault is Fault.IMPOSSIBLE for one in found)
    if impossible or (strict and found):
        raise typer.Exit(EXIT_DEGRADED)


@app.command(epilog="Example: natalia protocol explain mine.toml > to-sign.txt")
def explain(
    file: File,
    language: Annotated[
        Language, typer.Option(help="What the defender reads.")
    ] = Language.EN,
    as_json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Tell in plain words what happens, for the defender to read and to sign.

    Nobody signs what they cannot read: take the defender's own language. Words that
    nobody who speaks it has reviewed are marked so, in that language and in English.
    The digest after the text is the same in each.
    """
    from engine.clock import SystemClock  # noqa: PLC0415 - loaded when used
    from engine.protocol.explain import explained, explanation, unreviewed  # noqa: PLC0415 - likewise

    with faults_told(as_json=as_json):
        protocol = load_named(file)
    today = SystemClock().now().to_datetime().date()
    if not as_json:
        text = explanation(
            protocol, stands_in=file.stem, language=language, today=today
        )
        _tell(text, language)
        return
    told = explained(protocol, stands_in=file.stem, language=language)
    steps = [
        {"step": step.id, "words": words}
        for step, words in zip(protocol.steps, told.steps, strict=True)
    ]
    doubts = unreviewed(language, today)
    facts = {
        "name": protocol.name,
        "version": protocol.version,
        "text": protocol.printed_digest,
        "language": language.value,
        "is_reviewed": not doubts,
        "unreviewed": doubts,
        "begins": told.begins,
        "steps": steps,
        "rules": told.rules,
    }
    sys.stdout.write(json.dumps(facts, indent=1) + "\n")


def _tell(text: str, language: Language) -> None:
    """Print a page, or say why its letters cannot be."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        # Escapes, which do elsewhere, are nothing that a defender could sign.
        text.encode(encoding)
    except UnicodeEncodeError as error:
        lacks = f"{encoding} has not all letters of {language.value!r}"
        where, reason = "standard output", f"{lacks}; print UTF-8: set PYTHONUTF8=1"
        raise DataError(where, None, "--language", reason) from error
    sys.stdout.write(text)


@app.command(epilog="Example: natalia protocol diff old.toml new.toml")
def diff(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="OLD", readable=False, help=f"The older one, {OR_SAMPLE}."
        ),
    ],
    after: Annotated[
        Path,
        typer.Argument(
            metavar="NEW", readable=False, help=f"The newer one, {OR_SAMPLE}."
        ),
    ],
    as_json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Tell what has changed: + new, - gone, ~ changed, > moved. Exit code 1 if any."""
    from engine.protocol.diff import differences  # noqa: PLC0415 - loaded when used

    with faults_told(as_json=as_json):
        older, newer = load_named(before), load_named(after)
    lines = differences(older, newer)
    if as_json:
        sys.stdout.write(json.dumps(lines, indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    if lines and older.name == newer.name and newer.version <= older.version:
        # Two texts that were signed under one number cannot be told apart.
        said = f"version {older.version} is followed by {newer.version}: raise it"
        sys.stderr.write(f"natalia: {after.name}: {said}\n")
    if lines:
        raise typer.Exit(1)


@app.command(
    epilog="Example: natalia protocol simulate mine.toml --trigger removed --svg t.svg"
)
def simulate(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    file: File,
    trigger: Annotated[
        str, typer.Option(help="What it begins with; without: a press for help.")
    ] = "",
    nobody_answers: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--nobody-answers", help="No colleague, nobody at HQ.")
    ] = False,
    modem_down: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--modem-down", help="No SMS and no call goes out.")
    ] = False,
    position_missing: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--position-missing", help="Nobody knows where it is.")
    ] = False,
    colleagues: Annotated[int, typer.Option(min=0, help="How many there are.")] = 12,
    what_if: Annotated[
        list[Supposed] | None, typer.Option(help="What else; may be repeated.")
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=1, max=MINUTES_MAX, help="For how long.")
    ] = 120,
    svg: Svg = None,
    as_json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Play it in virtual time, by the deciding that alarms run on; nothing is sent.

    Exit code 4 where in all that time no message would have gone out.
    """
    from engine.rehearsal.drawing import drawing  # noqa: PLC0415 - loaded when used
    from engine.rehearsal.play import play  # noqa: PLC0415 - likewise
    from engine.rehearsal.triggers import trigger_of  # noqa: PLC0415 - likewise
    from engine.rehearsal.world import WhatIf  # noqa: PLC0415 - likewise

    with faults_told(as_json=as_json):
        protocol = load_named(file)
        begins = trigger_of(protocol, trigger, file=file.name)
    supposed = frozenset(what_if or ())
    world = WhatIf(
        trigger=begins,
        modem_down=modem_down,
        position_missing=position_missing,
        colleagues=colleagues,
    )
    world = _supposing(protocol, world, supposed)
    world = world.with_nobody() if nobody_answers else world
    moments = play(protocol, world, until=timedelta(minutes=minutes))
    if svg is not None:
        said = {
            "nobody answers": nobody_answers,
            "modem down": modem_down,
            "position missing": position_missing,
        } | _said(supposed, nobody=nobody_answers)
        ifs = [words for words, is_so in said.items() if is_so]
        with faults_told(as_json=as_json):
            _write(svg, drawing(_title(protocol, world, ifs), moments))
    _show(moments, as_json=as_json)
    # What the engine tells HQ by itself is nothing that the file plans.
    planned = (moment for moment in moments if not moment.lane.startswith("_"))
    if not any(moment.is_out for moment in planned):
        raise typer.Exit(EXIT_DEGRADED)


def _said(supposed: frozenset[Supposed], *, nobody: bool) -> dict[str, bool]:
    """Return what is supposed; who does not answer, or sleeps, does nothing else."""
    gone = {Supposed.DECLINES, Supposed.HQ_ASLEEP} if nobody else set[Supposed]()
    if nobody or Supposed.HQ_ASLEEP in supposed:
        gone.add(Supposed.PUBLISHED)
    return {words: one in supposed - gone for one, words in _SUPPOSED.items()}


def _title(protocol: "ActionProtocol", world: "WhatIf", ifs: list[str]) -> str:
    from engine.rehearsal.telling import signal_words  # noqa: PLC0415 - loaded when used
    from engine.values import Signal  # noqa: PLC0415 - likewise

    begins = [] if world.trigger is Signal.SOS else [signal_words(world.trigger)]
    return ", ".join([f"{protocol.name} v{protocol.version}", *begins, *ifs])


def _supposing(
    protocol: "ActionProtocol", world: "WhatIf", supposed: frozenset[Supposed]
) -> "WhatIf":
    """Return the same world with what is supposed of HQ, a colleague, the defender."""
    from engine.rehearsal.triggers import in_time  # noqa: PLC0415 - loaded when used

    called_off = not supposed.isdisjoint({Supposed.CANCELLED, Supposed.FORCED})
    at = in_time(protocol, world.trigger) if called_off else None
    world = replace(
        world,
        declines=timedelta(minutes=1) if Supposed.DECLINES in supposed else None,
        cancelled=at,
        forced=Supposed.FORCED in supposed,
        moves=timedelta(minutes=5) if Supposed.MOVES in supposed else None,
        published=timedelta(minutes=10) if Supposed.PUBLISHED in supposed else None,
    )
    return world.with_hq_asleep() if Supposed.HQ_ASLEEP in supposed else world


def _verdict(findings: int) -> str:
    if not findings:
        return "SUCCESS"
    return f"READ THE {findings} FINDING{'S' if findings > 1 else ''} ABOVE"


def _write(svg: Path, text: str) -> None:
    try:
        if svg.is_file() and not _is_drawing(svg):
            reason = "is there already, and is no drawing: name another file"
            raise DataError(svg.name, None, "--svg", reason)
        svg.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = f"cannot be written: {cure_of(error)}"
        raise DataError(svg.name, None, "--svg", reason) from error


def _is_drawing(file: Path) -> bool:
    """Say whether a file may be drawn over: it may be the action protocol itself."""
    with file.open("rb") as opened:
        return opened.read(4) in {b"<svg", b""}


def _show(moments: "tuple[Moment, ...]", *, as_json: bool) -> None:
    from engine.rehearsal.drawing import clock  # noqa: PLC0415 - loaded when used

    if as_json:
        facts = [
            {
                "after_s": moment.after.total_seconds(),
                "lane": moment.lane,
                "words": moment.words,
                "is_bad": moment.is_bad,
            }
            for moment in moments
        ]
        sys.stdout.write(json.dumps(facts, indent=1) + "\n")
        return
    for moment in moments:
        mark = "!" if moment.is_bad else " "
        sys.stdout.write(
            f"{clock(moment.after):>8} {mark} {moment.lane:<14} {moment.words}\n"
        )


def _fit() -> "Fit":
    """Return how the built-in modem cuts a text; nothing is opened."""
    from engine import plugins  # noqa: PLC0415 - loaded when used
    from engine.clock import SystemClock  # noqa: PLC0415 - likewise
    from engine.metrics import Metrics  # noqa: PLC0415 - likewise

    kind = cast(
        "Callable[..., ModemDriver]", plugins.load(plugins.MODEM, "serial", "serial")
    )
    driver = kind("/dev/null", clock=SystemClock(), telemetry=Metrics(), options={})
    return driver.fit


def _reach(person: str, roster: Path | None, modems: int, *, protocol: str) -> "Reach":
    from engine.protocol.findings import Reach  # noqa: PLC0415 - loaded when used
    from engine.rehearsal.reach import reach_of  # noqa: PLC0415 - likewise
    from engine.roster.parse import load_roster  # noqa: PLC0415 - likewise
    from engine.roster.sample import SAMPLE_FILE, sample_roster  # noqa: PLC0415 - likewise

    if not person and roster is not None:
        message = "needs --for, the defender whose people are counted"
        raise typer.BadParameter(message, param_hint="--roster")
    if not person:
        return Reach(people={}, modems=modems)
    read = sample_roster() if roster is None else load_roster([roster])
    name = SAMPLE_FILE if roster is None else roster.name
    return reach_of(read, person, file=name, modems=modems, protocol=protocol)
