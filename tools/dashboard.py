"""Write `deploy/dashboard.json` from the declarations: `python -m tools.dashboard`.

One panel per metric, by its kind, under the heading of its subject; above them the
tiles that answer whether anybody is waiting.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from engine.ports.measures import DECLARATIONS, PREFIX, Declaration, Kind

TARGET = Path(__file__).parents[1] / "deploy" / "dashboard.json"

_COLUMNS = 24
_TILE = (4, 4)
_PANEL = (8, 7)
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# Which heading a metric stands under: the first whose beginning fits.
_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Alarms", ("alarms", "oldest_un", "report_to", "reports", "signals", "device")),
    ("Deliveries", ("deliver", "channel", "planned", "oldest_planned")),
    ("Modems", ("modem",)),
    ("Journal", ("journal",)),
    ("Nearest colleagues", ("proximity",)),
    ("Console", ("console",)),
    ("Engine", ("",)),
)

# Seconds that are promised, drawn as a line.
_PROMISED_S = {
    "report_to_journal_seconds": 0.5,
    "report_to_first_notification_seconds": 2,
    "report_to_acknowledgement_seconds": 60,
    "oldest_unnotified_alarm_seconds": 30,
    "oldest_unacknowledged_alarm_seconds": 60,
}

_MOMENT = "_timestamp_seconds"
_END = f"_expiry{_MOMENT}"
_UNITS = {
    "_seconds": "s",
    "_bytes": "bytes",
    "_ratio": "percentunit",
    "_dbm": "dBm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile:
    title: str
    metric: str
    query: str
    red_from: float
    red_below: bool = False


_TILES = (
    _Tile(
        title="Longest without notification",
        metric="oldest_unnotified_alarm_seconds",
        query='max({}{{kind!~"exercise|test"}})',
        red_from=30,
    ),
    _Tile(
        title="Longest without acknowledgement",
        metric="oldest_unacknowledged_alarm_seconds",
        query='max({}{{kind!~"exercise|test"}})',
        red_from=60,
    ),
    _Tile(
        title="Open alarms",
        metric="alarms",
        query='sum({}{{kind!~"exercise|test"}})',
        red_from=1,
    ),
    _Tile(title="Ready", metric="ready", query="min({})", red_from=1, red_below=True),
    _Tile(title="Reasons to worry", metric="degraded", query="sum({})", red_from=1),
    _Tile(
        title="Consoles connected",
        metric="console_streams",
        query="max({})",
        red_from=1,
        red_below=True,
    ),
)

Json = dict[str, object]


def build() -> Json:
    """Return the dashboard as Grafana's JSON."""
    return {
        "uid": "natalia",
        "title": "Natalia",
        "description": "Made by tools/dashboard.py from engine/ports/measures.py.",
        "tags": ["natalia"],
        "schemaVersion": 39,
        "version": 1,
        "timezone": "utc",
        "refresh": "5s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus"}
            ]
        },
        "panels": list(_panels()),
    }


def render() -> str:
    """Return the committed file's text."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"


def _panels() -> Iterator[Json]:
    declared = {each.name: each for each in DECLARATIONS}
    y = 0
    groups: list[tuple[str, list[Json], tuple[int, int]]] = [
        (
            "Is anybody waiting?",
            [_tile(tile, declared[tile.metric]) for tile in _TILES],
            _TILE,
        )
    ]
    for title, members in _sections():
        groups.append((title, [_panel(each) for each in members], _PANEL))
    number = 0
    for title, panels, (width, height) in groups:
        row: Json = {"type": "row", "title": title, "collapsed": False, "panels": []}
        for at, panel in enumerate([row, *panels]):
            number += 1
            place = _place(at, y, width, height)
            yield {"id": number, "gridPos": place, **panel}
        per_line = _COLUMNS // width
        y += 1 + height * -(-len(panels) // per_line)


def _place(at: int, y: int, width: int, height: int) -> dict[str, int]:
    """Return where the panel of a row stands; 0 is the row's own heading."""
    if at == 0:
        return {"x": 0, "y": y, "w": _COLUMNS, "h": 1}
    line, column = divmod(at - 1, _COLUMNS // width)
    return {
        "x": column * width,
        "y": y + 1 + line * height,
        "w": width,
        "h": height,
    }


def _sections() -> Iterator[tuple[str, Sequence[Declaration]]]:
    left = list(DECLARATIONS)
    for title, beginnings in _SECTIONS:
        members = [each for each in left if each.name.startswith(beginnings)]
        left = [each for each in left if each not in members]
        yield title, members


def _tile(tile: _Tile, declaration: Declaration) -> Json:
    good, bad = ("red", "green") if tile.red_below else ("green", "red")
    steps = [{"color": good, "value": None}, {"color": bad, "value": tile.red_from}]
    return {
        "type": "stat",
        "title": tile.title,
        "description": declaration.help,
        "datasource": _DATASOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": _unit(declaration),
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "options": {"colorMode": "background", "graphMode": "none"},
        "targets": [_target("A", tile.query.format(declaration.full_name), "")],
    }


def _panel(declaration: Declaration) -> Json:
    defaults: Json = {"unit": _unit(declaration), "custom": {"showPoints": "auto"}}
    promised_s = _PROMISED_S.get(declaration.name)
    if promised_s is not None:
        steps = [
            {"color": "green", "value": None},
            {"color": "red", "value": promised_s},
        ]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        defaults["custom"] = {
            "showPoints": "auto",
            "thresholdsStyle": {"mode": "line"},
        }
    return {
        "type": "timeseries",
        "title": _title(declaration.name),
        "description": declaration.help,
        "datasource": _DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": _targets(declaration),
    }


def _title(name: str) -> str:
    if name.endswith(_END):
        name = f"{name.removesuffix(_END)}_left_seconds"
    elif name.endswith(_MOMENT):
        name = f"{name.removesuffix(_MOMENT)}_ago_seconds"
    return name.removesuffix("_total").replace("_", " ")


def _targets(declaration: Declaration) -> list[Json]:
    name = declaration.full_name
    labels = [label.name for label in declaration.labels]
    by = f" by ({', '.join(labels)})" if labels else ""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    match declaration.kind:
        case Kind.COUNTER:
            query = f"sum{by} (increase({name}[$__rate_interval]))"
            return [_target("A", query, legend)]
        case Kind.GAUGE if declaration.name.endswith(_END):
            return [_target("A", f"min{by} ({name}) - time()", legend)]
        case Kind.GAUGE if declaration.name.endswith(_MOMENT):
            # How long ago says more than a number of ten digits.
            return [_target("A", f"time() - max{by} ({name})", legend)]
        case Kind.GAUGE:
            return [_target("A", f"max{by} ({name})", legend)]
        case Kind.HISTOGRAM:
            # Alarms are few: an hour of them makes a quantile, a minute does not.
            rare = declaration.name.startswith("report_to")
            window = "1h" if rare else "$__rate_interval"
            groups = ", ".join(["le", *labels])
            return [
                _target(
                    ref,
                    f"histogram_quantile({share}, sum by ({groups}) "
                    f"(rate({name}_bucket[{window}])))",
                    f"p{round(share * 100)} {legend}".strip(),
                )
                for ref, share in (("A", 0.5), ("B", 0.99))
            ]
        case _:
            assert_never(declaration.kind)


def _target(ref: str, query: str, legend: str) -> Json:
    return {
        "refId": ref,
        "expr": query,
        "legendFormat": legend or "__auto",
        "datasource": _DATASOURCE,
    }


def _unit(declaration: Declaration) -> str:
    assert declaration.full_name.startswith(PREFIX)
    return next(
        (unit for end, unit in _UNITS.items() if declaration.name.endswith(end)),
        "short",
    )


def main(arguments: list[str]) -> int | str:
    """Write the file, or with `--check` return a fault where it is not current."""
    if arguments == ["--check"]:
        current = TARGET.read_text(encoding="utf-8") == render()
        return 0 if current else "deploy/dashboard.json: run python -m tools.dashboard"
    TARGET.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
