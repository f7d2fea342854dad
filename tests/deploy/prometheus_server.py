"""A real Prometheus for a test: scrapes one address, answers queries."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.panels import queries
from tests.requires import requires_command

_START_S = 20


class PrometheusServer:
    """A running Prometheus; times in seconds of real time."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, promql: str) -> list[float]:
        """Return the values of an instant query, now."""
        asked = urllib.parse.urlencode({"query": promql})
        answer = self._get(f"/api/v1/query?{asked}")
        return [float(series["value"][1]) for series in answer["data"]["result"]]

    def wait_for(self, promql: str, *, seconds: float) -> bool:
        """Wait until a query has an answer that is not 0."""
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            if any(self.query(promql)):
                return True
            time.sleep(0.2)  # noqa: TID251 - another process's pace
        return False

    def silent_panels(self) -> list[str]:
        """Return the dashboard's queries that give no number now."""
        return [
            f"{title}: {query}"
            for title, query in queries().items()
            if not any(value == value for value in self.query(query))  # noqa: PLR0124 - NaN
        ]

    def is_ready(self) -> bool:
        """Say whether it answers at all."""
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _get(self, path: str) -> dict[str, dict[str, list[dict[str, list[str]]]]]:
        with urllib.request.urlopen(self._url + path, timeout=5) as answer:
            return dict(json.load(answer))


@contextmanager
def prometheus_scraping(address: str, folder: Path) -> Iterator[PrometheusServer]:
    """Run a Prometheus that scrapes `host:port` each second, with our rules."""
    configuration = folder / "prometheus.yml"
    rules = Path(__file__).parents[2] / "deploy" / "alerts.yml"
    job = {"job_name": "natalia", "static_configs": [{"targets": [address]}]}
    configuration.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(rules)],
                "scrape_configs": [job],
            }
        )
    )
    with prometheus_with(configuration, folder) as server:
        yield server


@contextmanager
def prometheus_with(configuration: Path, folder: Path) -> Iterator[PrometheusServer]:
    """Run a Prometheus with a whole configuration; `folder` is for what it keeps."""
    command = requires_command("prometheus", package="prometheus")
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                command,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={listen}",
            ],
            stderr=log,
        )
    server = PrometheusServer(f"http://{listen}")
    try:
        last = time.monotonic() + _START_S
        while not server.is_ready():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < last, "Prometheus does not come up"
            time.sleep(0.1)  # noqa: TID251 - another process's pace
        yield server
    finally:
        process.terminate()
        process.wait(10)
