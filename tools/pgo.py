"""The profile that geocore is built after: `python -m tools.pgo`.

Builds geocore with counters in it, has it answer its usual calls
(`bench/geo_training.py`) and keeps how often each of its branches was taken, beside a
manifest that says of which sources and by which compiler. Takes two minutes. `--check`
says whether the sources have changed since.

The profile is of the machine's vectors as well: make it where AVX-512 is.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.geocore_backend import MANIFEST, PROFILE, cargo_arguments, compiler

ROOT = Path(__file__).parents[1]
SOURCES = (
    "Cargo.lock",
    "Cargo.toml",
    ".cargo/config.toml",
    "geocore/Cargo.toml",
    "geocore/src/**/*.rs",
)
CURE = "python -m tools.pgo"
HAS_VECTORS = "avx512f"

# Of what is not kept: how batches are written out, copies that counts turn into loops.
LEFT_OUT = "python3out"


def sources_sha256() -> str:
    """Return the SHA-256 of what the library is made of, by path and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*command: str | Path, **environment: str) -> str:
    """Run a command at the root; what it printed."""
    return subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def merger(host: str) -> Path:
    """Return the program that reads this compiler's counts."""
    tools = Path(run("rustc", "--print", "sysroot").strip(), "lib", "rustlib", host)
    program = tools / "bin" / "llvm-profdata"
    if not program.exists():
        message = "llvm-profdata is missing: rustup component add llvm-tools"
        raise SystemExit(message)
    return program


def counted(host: str, folder: Path) -> Path:
    """Build geocore with counters, have it answer, and return where its counts are."""
    counts = folder / "counts"
    flags = cargo_arguments(host, f"-Cprofile-generate={counts}")
    maturin = Path(sys.executable).with_name("maturin")
    build = (maturin, "build", "--target-dir", "target/pgo", "--out", folder)
    run(*build, "--compatibility", "off", "--interpreter", sys.executable, *flags)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    # What Cargo built to build with has counted as well.
    shutil.rmtree(counts, ignore_errors=True)
    # The folder first: its geocore counts.
    path = os.pathsep.join(map(str, (folder, ROOT)))
    run(sys.executable, "-P", "-m", "bench.geo_training", PYTHONPATH=path)
    return counts


def make() -> str:
    """Make the profile and its manifest; what was made."""
    if HAS_VECTORS not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        message = f"this processor has no {HAS_VECTORS}: its profile would be of less"
        raise SystemExit(message)
    found = compiler()
    program = merger(found["host"])
    with tempfile.TemporaryDirectory() as name:
        counts = counted(found["host"], Path(name))
        # What never ran is left out: it is compiled as if nothing were known of it.
        kept = ("--sparse", f"--no-function={LEFT_OUT}")
        run(program, "merge", *kept, "--output", PROFILE, counts)
    manifest = {
        "compiler": found,
        "python": "{}.{}".format(*sys.version_info),
        "sources_sha256": sources_sha256(),
        "profile_sha256": sha256(PROFILE),
    }
    text = json.dumps(manifest, indent=2)
    MANIFEST.write_text(f"{text}\n", encoding="utf-8")
    return text


def faults() -> str:
    """Return what is wrong with the profile, in a line; nothing where all is well."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    if manifest["profile_sha256"] != sha256(PROFILE):
        return f"{PROFILE.relative_to(ROOT)} is not the one of its manifest: {CURE}"
    if manifest["sources_sha256"] != sources_sha256():
        return f"geocore has changed since its profile was made: {CURE}"
    return ""


def main() -> int | str:
    """Make it, or say whether it is still of these sources."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        return faults() or 0
    sys.stdout.write(f"{make()}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
