"""What Prometheus scrapes of the auditor: a registry and a port of its own."""

from collections import Counter
from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    ProcessCollector,
    start_http_server,
)
from prometheus_client import Counter as Count

from engine.auditor.findings import Finding, Ground


class AuditorMetrics:
    """`natalia_auditor_*`; safe from any thread."""

    def __init__(self) -> None:
        """Declare everything; every ground stands at 0."""
        self.registry = CollectorRegistry(auto_describe=False)
        self._findings = Gauge(
            "natalia_auditor_findings",
            "What stands still at the last look, by ground.",
            ["ground"],
            registry=self.registry,
        )
        self._looks = Count(
            "natalia_auditor_looks",
            "Looks at the journal; one that stands still is no auditor.",
            registry=self.registry,
        )
        self._failures = Count(
            "natalia_auditor_shout_failures",
            "Ways, and people of a way that reached others, that failed to be told.",
            registry=self.registry,
        )
        # With its start: what failed before the first scrape is an increase of nothing.
        ProcessCollector(registry=self.registry)
        for ground in Ground:
            self._findings.labels(ground.value)

    def looked(self, found: Sequence[Finding]) -> None:
        """Take what a look came to."""
        counts = Counter(finding.ground for finding in found)
        for ground in Ground:
            self._findings.labels(ground.value).set(counts[ground])
        self._looks.inc()

    def shouted(self, failed: int) -> None:
        """Take how often it could not be told."""
        self._failures.inc(failed)

    def serve(self, host: str, port: int) -> None:
        """Listen for scrapes, on a thread of its own."""
        start_http_server(port, host, registry=self.registry)
