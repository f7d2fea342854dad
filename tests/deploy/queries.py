"""What a PromQL query names, held against the declarations."""

import re
from functools import cache

from engine.auditor.measures import AuditorMetrics
from engine.ports.measures import DECLARATIONS, PREFIX, Kind

_DECLARED = {each.full_name: each for each in DECLARATIONS}


def metrics_in(query: str) -> set[str]:
    """Return our metrics' names as they stand in a query."""
    return set(re.findall(rf"\b{PREFIX}\w+", query))


def faults_of_prose(text: str) -> list[str]:
    """Return what a page names that is neither a metric nor a series."""
    whole = {name for name, each in _DECLARED.items() if each.kind is Kind.HISTOGRAM}
    known = "|".join(rf"{name}\b(?!_)" for name in sorted(whole))
    return faults_of(re.sub(known, "", text))


def faults_of(query: str) -> list[str]:
    """Return what a query names that no declaration has."""
    faults = [
        f"{series} is not declared"
        for series in sorted(metrics_in(query))
        if series not in _series()
    ]
    for series, matchers in re.findall(rf"\b({PREFIX}\w+)\{{([^}}]*)\}}", query):
        labels = _series().get(series, {})
        for name, value in re.findall(r'(\w+)\s*=~?\s*"([^"]*)"', matchers):
            if name not in labels:
                faults.append(f"{series} has no label {name}")
            elif (values := labels[name]) is not None and value not in values:
                faults.append(f"{series} has no {name} {value}")
    return faults


def _series() -> dict[str, dict[str, tuple[str, ...] | None]]:
    """Return every series name of the exposition with its labels' values."""
    found: dict[str, dict[str, tuple[str, ...] | None]] = {}
    for name, each in _DECLARED.items():
        labels = {label.name: label.values for label in each.labels}
        if each.kind is Kind.HISTOGRAM:
            found |= {f"{name}_sum": labels, f"{name}_count": labels}
            found[f"{name}_bucket"] = {**labels, "le": None}
        else:
            found[name] = labels
    return found | _of_the_auditor()


@cache
def _of_the_auditor() -> dict[str, dict[str, tuple[str, ...] | None]]:
    """Return what the auditor exposes, on a port of its own."""
    found: dict[str, dict[str, tuple[str, ...] | None]] = {}
    for metric in AuditorMetrics().registry.collect():
        for sample in metric.samples:
            found.setdefault(sample.name, dict.fromkeys(sample.labels))
    return found
