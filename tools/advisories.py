"""Is anything that we install known to be vulnerable? Says loudly what it cannot ask.

    python -m tools.advisories

Python: `pip-audit` asks PyPI for each package of `deploy/requirements.txt`. Rust:
`cargo deny` compares `Cargo.lock` with the RustSec database, where it is installed.
Exit code 1 where one is vulnerable; where the data cannot be had, 0 and SKIPPED.
"""

import json
import shutil
import subprocess
import sys

from tools.requirements import FILE, ROOT

SHOWN_MAX = 300
CARGO_DENY = ("cargo", "deny", "--locked", "check", "advisories")
OFFLINE = ("fetch", "resolve host", "network", "connect")


def main() -> int:
    """Ask both; the worse answer counts."""
    return max(python(), rust())


def python() -> int:
    """Return 1 where a package of ours has an advisory."""
    asked = ("--require-hashes", "--disable-pip", "--progress-spinner", "off")
    command = [sys.executable, "-m", "pip_audit", "-r", str(FILE), *asked]
    done = subprocess.run(  # noqa: S603 - our own words
        [*command, "--format", "json"], capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return skipped("Python", done.stderr)
    unknown = [one["name"] for one in found if "skip_reason" in one]
    vulnerable = [one for one in found if one.get("vulns")]
    for one in vulnerable:
        names = ", ".join(found["id"] for found in one["vulns"])
        sys.stdout.write(f"VULNERABLE: {one['name']} {one['version']}: {names}\n")
    if unknown:
        what = f"Python, {len(unknown)} of {len(found)} packages"
        skipped(what, "PyPI has no data of them here")
    elif not vulnerable:
        sys.stdout.write(f"Python: {len(found)} packages, no advisory\n")
    return int(bool(vulnerable))


def rust() -> int:
    """Return 1 where a crate of ours has an advisory."""
    if shutil.which("cargo-deny") is None:
        return skipped("Rust", "no cargo-deny; cargo install --locked cargo-deny")
    done = subprocess.run(  # noqa: S603 - our own words
        CARGO_DENY, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode and any(word in done.stderr for word in OFFLINE):
        return skipped("Rust", done.stderr)
    sys.stdout.write(done.stdout + done.stderr)
    return int(bool(done.returncode))


def skipped(what: str, why: str) -> int:
    """Say that a question was not asked; nothing is known of the answer."""
    sys.stdout.write(f"SKIPPED: advisories of {what}: {why.strip()[-SHOWN_MAX:]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
