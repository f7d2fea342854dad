"""`natalia protocol`: action protocols checked and told in plain words."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.protocol.model import Step
from engine.protocol.parse import load_protocol

app = typer.Typer(
    help="Check and explain action protocols.",
    epilog="Example: natalia protocol check protocols/standard.toml",
    no_args_is_help=True,
    rich_markup_mode=None,
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="An action protocol.")]


@app.command()
def check(file: File) -> None:
    """Check one file; names line, field and cure."""
    protocol = load_protocol(file)
    sys.stdout.write(
        f"{file.name}: {protocol.name} v{protocol.version},"
        f" {len(protocol.steps)} steps: SUCCESS\n"
    )


@app.command()
def explain(file: File) -> None:
    """Tell in plain words what happens, step by step."""
    protocol = load_protocol(file)
    sys.stdout.write(f"{protocol.name}, version {protocol.version}\n")
    signals = ", ".join(sorted(protocol.triggers))
    sys.stdout.write(f"Raised by: {signals}.\n")
    for step in protocol.steps:
        sys.stdout.write(f"- {sentence(step)}\n")


def sentence(step: Step) -> str:
    """Return what a step does, as a sentence."""
    later = step.delay.total_seconds()
    delay = f"{later:.0f} s after " if later else "as soon as "
    begun = {
        "raised": "the alarm is raised",
        "verified": "HQ has verified it",
        "approved": "a second operator has approved",
        "closed": "the alarm is closed",
        "cancelled": "somebody asks to cancel it",
        "duress": "there is a sign of force",
    }.get(step.after, f"step {step.after!r} has run")
    who = {
        "nearest": f"the {step.count} nearest colleagues"
        + (f" within {step.within_m / 1000:.0f} km" if step.within_m else ""),
        "contacts": "the named contacts",
        "duty": "the officer on duty",
        "hq": "HQ",
        "public": "the public",
        "told": "everybody who was told",
        "defender": "the defender",
        "asked": "the colleagues and contacts who were told",
        "silent": "those of them who have not answered",
    }[step.to.value]
    text = f"{step.id}: {delay}{begun}, tell {who} by {' and '.join(step.channels)}"
    if step.every is not None:
        text += f", the next one every {step.every.total_seconds():.0f} s"
        text += "" if step.rounds is None else f", {step.rounds} times"
    if step.requires:
        text += f"; only if {', '.join(step.requires)}"
    if step.stopped_by:
        text += f"; not any more once {' or '.join(step.stopped_by)}"
    return text.replace("_", " ") + "."
