"""Every panel's query against a real Prometheus that scrapes real expositions."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import pytest

from engine.metrics import Metrics
from engine.ports.measures import DECLARATIONS, Kind
from tests.deploy.prometheus_server import prometheus_scraping

pytestmark = pytest.mark.process

KNOWN = {
    "channel": ["sms", "email"],
    "modem": ["north", "south"],
    "child": ["journal", "north"],
    "actor": ["journal", "alarm"],
    "protocol": ["gt06"],
}


def work(metrics: Metrics) -> None:
    """Report once under every declared name and label value."""
    for each in DECLARATIONS:
        choices = [label.values or KNOWN.get(label.name, []) for label in each.labels]
        for values in product(*choices):
            names = (label.name for label in each.labels)
            labels = dict(zip(names, values, strict=True))
            match each.kind:
                case Kind.COUNTER:
                    metrics.count(each.name, 1, **labels)
                case Kind.GAUGE:
                    metrics.gauge(each.name, 1, **labels)
                case Kind.HISTOGRAM:
                    metrics.observe(each.name, each.buckets[2], **labels)


@pytest.fixture
def address() -> Iterator[str]:
    """Serve the exposition of an engine that is busy between scrapes."""
    metrics = Metrics(KNOWN, version="0", python="3", strict=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            work(metrics)
            body, content_type = metrics.expose()
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    host, port = server.server_address[:2]
    yield f"{host!s}:{port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_panel_has_data_and_every_rule_is_evaluated(
    address: str, tmp_path: Path
) -> None:
    with prometheus_scraping(address, tmp_path) as prometheus:
        enough = "count_over_time(natalia_ready[1m]) >= 3"
        assert prometheus.wait_for(enough, seconds=30)
        assert prometheus.silent_panels() == []
        watchdog = 'ALERTS{alertname="NataliaWatchdog",alertstate="firing"}'
        assert prometheus.wait_for(watchdog, seconds=10)
        assert prometheus.query('ALERTS{alertname="NataliaEngineGone"}') == []


def test_a_panel_without_data_is_noticed(tmp_path: Path) -> None:
    with prometheus_scraping("127.0.0.1:9", tmp_path) as prometheus:
        assert len(prometheus.silent_panels()) > 40
