"""Plans that have failed once: run by the tests ever since."""

from pathlib import Path

from tests.simulation.plan import Plan

KEPT = Path(__file__).with_name("kept.jsonl")


def kept() -> list[Plan]:
    """Return every kept plan, oldest first."""
    lines = KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() else []
    return [Plan.from_json(line) for line in lines if line]


def keep(plan: Plan) -> None:
    """Keep a plan for good."""
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(plan.to_json() + "\n")
