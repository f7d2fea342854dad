"""How geocore is built (PEP 517): by maturin, after a profile of its usual calls.

What those run lies together then, and what they do not is out of their way: a call
whose code is in no cache waits for fewer lines of it. Why, and what it is worth:
docs/adr/0017-geocore-is-built-after-a-profile.md.

A profile is of one compiler. Another names functions otherwise and may not be able to
read it; by that one geocore is built without.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import maturin
from maturin import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Settings = Mapping[str, Any] | None

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

FOLDER = Path(__file__).parents[1] / "geocore" / "pgo"
PROFILE = FOLDER / "calls.profdata"
MANIFEST = FOLDER / "calls.json"

# LLVM would inline small functions before it counts, or reads counts, and then leaves
# loops of the search as they are that it makes vectors of: a batch took a fifth more.
AS_IT_IS = ("-Cllvm-args=-disable-preinline",)

# What decides how functions are named, and whether a profile can be read.
OF_A_COMPILER = ("release", "host", "LLVM version")


def compiler() -> dict[str, str]:
    """Return what `rustc -vV` says of the compiler; nothing where there is none."""
    rustc = os.environ.get("RUSTC", "rustc")
    try:
        said = subprocess.run(  # noqa: S603 - the compiler that Cargo would call
            [rustc, "-vV"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return {}
    lines = (line.split(": ", 1) for line in said.splitlines())
    found = {name: what for name, *values in lines for what in values}
    return {name: found.get(name, "") for name in OF_A_COMPILER}


def cargo_arguments(host: str, *rustflags: str) -> list[str]:
    """Return what maturin tells Cargo so that rustc gets flags beside our own.

    An array, not `RUSTFLAGS`: that takes the place of `.cargo/config.toml`'s, and is
    split where a path has a space.
    """
    flags = ["--cfg", "geocore_profile_guided", *AS_IT_IS, *rustflags]
    return ["--config", f"target.{host}.rustflags={json.dumps(flags)}"]


def profile_arguments(found: Mapping[str, str]) -> list[str]:
    """Return what builds geocore after its profile; nothing by another compiler."""
    made_by = json.loads(MANIFEST.read_text(encoding="utf-8"))["compiler"]
    if found != made_by:
        print(  # noqa: T201 - a build backend speaks by its output
            f"geocore: built without its profile, which is of rustc "
            f"{made_by['release']} ({made_by['host']}) and this is "
            f"{found.get('release', 'none')}; `python -m tools.pgo` makes one of this"
        )
        return []
    return cargo_arguments(found["host"], f"-Cprofile-use={PROFILE}")


def settings(given: Settings) -> dict[str, Any]:
    """Return a frontend's settings with our arguments before its own."""
    ours, theirs = profile_arguments(compiler()), maturin.get_maturin_pep517_args(given)
    return {**(given or {}), "maturin.build-args": shlex.join([*ours, *theirs])}


def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel; its name."""
    given = settings(config_settings)
    name: str = maturin.build_wheel(wheel_directory, given, metadata_directory)
    return name


def build_editable(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel that refers to the sources; its name."""
    given = settings(config_settings)
    name: str = maturin.build_editable(wheel_directory, given, metadata_directory)
    return name
