"""`deploy/requirements.txt`: what the engine is installed with, each file by its hash.

    python -m tools.requirements            write it, from uv.lock
    python -m tools.requirements --check    say whether it is what uv.lock says

`pip install --require-hashes` takes no package that is not in it, and none whose file
is another one.
"""

import argparse
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "deploy" / "requirements.txt"
UV = ROOT / ".boot" / "bin" / "uv"
CURE = "run `python -m tools.requirements`"
HEAD = """\
# What natalia-engine needs, by `python -m tools.requirements` from uv.lock.
# pip install --require-hashes -r deploy/requirements.txt
"""


def made() -> str:
    """Return the file as the lock has it; nothing is resolved or fetched."""
    command = [str(UV), "export", "--frozen", "--offline", "--no-default-groups"]
    form = ["--no-emit-project", "--no-annotate", "--no-header"]
    done = subprocess.run(  # noqa: S603 - our own words
        [*command, *form], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return HEAD + done.stdout


def main() -> int | str:
    """Write it, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        FILE.write_text(made(), encoding="utf-8")
        return 0
    if not FILE.is_file() or FILE.read_text(encoding="utf-8") != made():
        return f"{FILE.relative_to(ROOT)} is not what uv.lock says: {CURE}"
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
