"""Dashboard, rules and names against the running service after one alarm."""

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.ports.measures import DECLARATIONS, Kind
from tests.deploy.panels import queries
from tests.deploy.prometheus_server import prometheus_scraping
from tests.requires import requires_command

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]

# Declared and not yet observed by any code: each one is an open gap.
UNOBSERVED: set[str] = set()
# The demo's devices do without TLS; tests/process/test_tls.py has the metric.
IN_CLEAR = {"gateway certificate left seconds A"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run the demo, which is the service with far ends; give its metrics' address."""
    with subprocess.Popen(
        [sys.executable, "-m", "engine", "demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = ""
        for line in process.stdout:
            if found := re.search(r"metrics +http://([\d.:]+)/", line):
                address = found[1]
            if "Every step" in line:
                break
        else:
            pytest.fail("the demo ended before every step was seen")
        yield address
        process.send_signal(signal.SIGINT)
        process.stdout.read()


def test_every_panel_has_data_from_the_running_service(
    address: str, tmp_path: Path
) -> None:
    with prometheus_scraping(address, tmp_path) as prometheus:
        enough = "count_over_time(natalia_ready[1m]) >= 3"
        assert prometheus.wait_for(enough, seconds=30)
        empty = {
            title for title, query in queries().items() if not prometheus.query(query)
        }
        assert empty == IN_CLEAR
        unobserved = {
            each.name
            for each in DECLARATIONS
            if each.kind is Kind.HISTOGRAM
            if not any(prometheus.query(f"sum({each.full_name}_count)"))
        }
        assert unobserved == UNOBSERVED
        # What is only pending would fire after a while; nobody looks at this console.
        quiet = "NataliaWatchdog|NataliaNobodyWatching"
        alerts = f'ALERTS{{alertname!~"{quiet}"}}'
        assert prometheus.query(alerts) == []


def test_promtool_finds_nothing_against_the_running_service(address: str) -> None:
    promtool = requires_command("promtool", package="prometheus promtool")
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        exposition = answer.read()
    done = subprocess.run(  # noqa: PLW1510 - the code is looked at below
        [promtool, "check", "metrics"], input=exposition, capture_output=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_service_reports_nothing_that_is_not_declared(address: str) -> None:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        exposition = answer.read().decode()
    errors = re.findall(
        r"^natalia_telemetry_errors_total\S* (\S+)$", exposition, re.MULTILINE
    )
    assert len(errors) == 3
    assert set(errors) == {"0.0"}
