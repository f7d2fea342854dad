"""The `Telemetry` that Prometheus scrapes."""

import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import product
from math import isnan
from pathlib import PurePath
from types import FrameType
from typing import TypeVar, assert_never

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from engine.ports.measures import DECLARATIONS, Declaration, Kind, Label

logger = logging.getLogger(__name__)

PLACES_MAX = 100
"""So many are named in the log: what is refused may be refused a thousand times."""

_Collector = Counter | Gauge | Histogram
_Kind = TypeVar("_Kind", Counter, Gauge, Histogram)


class Metrics:
    """`engine.ports.telemetry.Telemetry` over prometheus-client.

    Safe from any thread. A measurement that `DECLARATIONS` does not know is
    counted in `natalia_telemetry_errors_total`, its place in the code logged once, and
    dropped: measuring never harms an alarm. With `strict`, as in tests, it raises
    AssertionError instead.
    """

    def __init__(
        self,
        known: Mapping[str, Iterable[str]] | None = None,
        *,
        version: str = "unknown",
        python: str = "unknown",
        strict: bool = False,
    ) -> None:
        """Declare everything.

        Args:
            known: the configuration's names per label that has no enumeration:
                `channel`, `modem`, `child`, `actor`, `protocol`.
            version: of the engine, for `build_info`.
            python: version of the interpreter, for `build_info`.
            strict: raise on misuse.

        """
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library's gap
        self._strict = strict
        self._registry = CollectorRegistry(auto_describe=False)
        self._declared = {each.name: each for each in DECLARATIONS}
        self._names: dict[str, set[str]] = defaultdict(set)
        self._retired: dict[str, set[str]] = defaultdict(set)
        for label, values in (known or {}).items():
            self._names[label].update(values)
        self._names["version"] = {version}
        self._names["python"] = {python}
        # Labels are checked once for each series: there are as many as are declared.
        self._series_known: dict[tuple[object, ...], object] = {}
        self._places: set[str] = set()
        self._collectors = {
            name: _collector(each, self._registry)
            for name, each in self._declared.items()
        }
        ProcessCollector(registry=self._registry)
        for each in DECLARATIONS:
            self._start_at_zero(each)
        self.gauge("build_info", 1, version=version, python=python)

    def admit(self, label: str, *values: str) -> None:
        """Add configured names to a label that has no enumeration (`channel` ...)."""
        self._names[label].update(values)
        self._retired[label].difference_update(values)
        for each in DECLARATIONS:
            if any(one.name == label and one.values is None for one in each.labels):
                self._start_at_zero(each)

    def retire(self, label: str, value: str) -> None:
        """Show the gauges of a configured name no more; what it was counts on.

        A measurement that comes late is taken all the same.
        """
        self._retired[label].add(value)
        for each in DECLARATIONS:
            labels = [one.name for one in each.labels]
            if each.kind is not Kind.GAUGE or label not in labels:
                continue
            at, collector = labels.index(label), self._collectors[each.name]
            for metric in list(collector.collect()):
                for sample in metric.samples:
                    values = [sample.labels[one] for one in labels]
                    if values[at] == value:
                        collector.remove(*values)
        self._series_known.clear()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        series = self._series(name, Counter, labels)
        if series is None:
            return
        if amount >= 0:
            series.inc(amount)
        else:
            self._refuse("value", name)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        series = self._series(name, Gauge, labels)
        if series is not None:
            series.set(value)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put one observation into a histogram; seconds where it is a time."""
        series = self._series(name, Histogram, labels)
        if series is None:
            return
        if isnan(value):
            self._refuse("value", name)
        else:
            series.observe(value)

    def sample(self, name: str, source: Callable[[], float], **labels: str) -> None:
        """Let `source` give a gauge's value at each scrape, in the scrape's thread.

        For ages and depths: a stuck actor cannot leave them standing at a good
        value. A source that raises shows as NaN.
        """

        def read() -> float:
            try:
                return source()
            except Exception:  # noqa: BLE001 - one source must not end the scrape
                return float("nan")

        series = self._series(name, Gauge, labels)
        if series is not None:
            series.set_function(read)

    def expose(self) -> tuple[bytes, str]:
        """Return the exposition and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def _series(
        self, name: str, kind: type[_Kind], labels: Mapping[str, str]
    ) -> _Kind | None:
        key = (kind, name, *labels.items())
        known = self._series_known.get(key)
        if isinstance(known, kind):
            return known
        found = self._checked_series(name, kind, labels)
        if found is not None:
            self._series_known[key] = found
        return found

    def _checked_series(
        self, name: str, kind: type[_Kind], labels: Mapping[str, str]
    ) -> _Kind | None:
        collector = self._collectors.get(name)
        if not isinstance(collector, kind):
            self._refuse("name", name)
            return None
        declared = self._declared[name].labels
        if not declared and not labels:
            return collector
        if len(declared) != len(labels) or not all(
            labels.get(label.name) in self._choices(label) for label in declared
        ):
            self._refuse("labels", name)
            return None
        return collector.labels(*(labels[label.name] for label in declared))

    def _choices(self, label: Label) -> Collection[str]:
        return self._names[label.name] if label.values is None else label.values

    def _refuse(self, problem: str, name: str) -> None:
        # The name is not repeated in the exposition: it may be anything.
        if self._strict:
            raise AssertionError(problem, name)
        errors = self._collectors["telemetry_errors_total"]
        assert isinstance(errors, Counter)
        errors.labels(problem).inc()
        place = _place(sys._getframe())  # noqa: SLF001 - who measures, and nothing of it
        if place not in self._places and len(self._places) < PLACES_MAX:
            self._places.add(place)
            told = {"problem": problem}
            logger.warning("a measurement is refused at %s", place, extra=told)

    def _start_at_zero(self, declaration: Declaration) -> None:
        if declaration.labels and declaration.starts:
            collector = self._collectors[declaration.name]
            shown = [
                [
                    one
                    for one in self._choices(label)
                    if one not in self._retired[label.name]
                ]
                for label in declaration.labels
            ]
            for values in product(*shown):
                collector.labels(*values)


def _place(frame: FrameType | None) -> str:
    """Return the first place outside of this module, by file, line and function."""
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    if frame is None:
        return "unknown"
    name = PurePath(frame.f_code.co_filename).name
    return f"{name}:{frame.f_lineno} in {frame.f_code.co_name}"


def _collector(declaration: Declaration, registry: CollectorRegistry) -> _Collector:
    names = [label.name for label in declaration.labels]
    title, text = declaration.full_name, declaration.help
    match declaration.kind:
        case Kind.COUNTER:
            return Counter(title, text, names, registry=registry)
        case Kind.GAUGE:
            return Gauge(title, text, names, registry=registry)
        case Kind.HISTOGRAM:
            buckets = declaration.buckets
            return Histogram(title, text, names, buckets=buckets, registry=registry)
        case _:
            assert_never(declaration.kind)
