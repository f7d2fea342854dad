"""The committed dashboard's panels and their queries."""

import json
from typing import Any

from tools import dashboard

PANELS: list[dict[str, Any]] = [
    panel
    for panel in json.loads(dashboard.TARGET.read_text(encoding="utf-8"))["panels"]
    if panel["type"] != "row"
]


def queries(window: str = "1m") -> dict[str, str]:
    """Return every panel's queries by title, Grafana's variables replaced."""
    return {
        f"{panel['title']} {target['refId']}": target["expr"].replace(
            "$__rate_interval", window
        )
        for panel in PANELS
        for target in panel["targets"]
    }
