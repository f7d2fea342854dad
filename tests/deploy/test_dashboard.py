"""The dashboard: current, about metrics that exist, every panel explained."""

import json
import subprocess
from pathlib import Path

from engine.ports.measures import DECLARATIONS
from tests.deploy.panels import PANELS, queries
from tests.deploy.queries import faults_of, metrics_in
from tests.requires import requires_command
from tools import dashboard


def test_the_dashboard_is_current() -> None:
    assert dashboard.TARGET.read_text(encoding="utf-8") == dashboard.render(), (
        "run: python -m tools.dashboard"
    )


def test_each_query_names_series_that_exist() -> None:
    assert len(queries()) > 40
    assert [fault for query in queries().values() for fault in faults_of(query)] == []


def test_each_query_parses(tmp_path: Path) -> None:
    promtool = requires_command("promtool", package="prometheus promtool")
    rules = [
        {"record": f"panel:{number}", "expr": query}
        for number, query in enumerate(queries().values())
    ]
    # JSON is YAML; as recording rules the queries are parsed without a server.
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(  # noqa: PLW1510 - the code is looked at below
        [promtool, "check", "rules", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_has_a_panel() -> None:
    shown = {name for query in queries().values() for name in metrics_in(query)}
    names = {name.removesuffix("_bucket") for name in shown}
    assert {each.full_name for each in DECLARATIONS} <= names


def test_each_panel_has_a_title_a_unit_and_a_description() -> None:
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(dashboard.render())["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
