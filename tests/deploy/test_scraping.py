"""The shipped scrape configuration in a real Prometheus, with and without auditor."""

import re
from pathlib import Path

import pytest

from tests.deploy.prometheus_server import prometheus_with

pytestmark = pytest.mark.process

DEPLOY = Path(__file__).parents[2] / "deploy"
SHIPPED = (DEPLOY / "prometheus.yml").read_text(encoding="utf-8")
GONE = 'ALERTS{alertname="NataliaAuditorGone"}'
AUDITOR = 'up{job="natalia-auditor"} == bool 0'
ENGINE = 'up{job="natalia"} == bool 0'
TARGETS = re.search(r"echo '(.+)' > auditor\.json", SHIPPED)


def installed(folder: Path) -> Path:
    """Copy what is shipped, each second instead of each minute, to free ports."""
    quick = re.sub(r"(interval|timeout): \d+[sm]", r"\1: 1s", SHIPPED)
    # Nothing listens there: whoever is scraped is gone.
    quick = quick.replace("127.0.0.1:9620", "127.0.0.1:1")
    (folder / "prometheus.yml").write_text(quick)
    (folder / "alerts.yml").write_text((DEPLOY / "alerts.yml").read_text())
    return folder / "prometheus.yml"


def test_where_nobody_runs_an_auditor_none_is_missed_bug_an_alert_said_it_is_gone(
    tmp_path: Path,
) -> None:
    with prometheus_with(installed(tmp_path), tmp_path) as server:
        assert server.wait_for(ENGINE, seconds=20), "the engine is scraped"
        several = 'count_over_time(up{job="natalia"}[1m]) > 3'
        assert server.wait_for(several, seconds=20), "and so would be an auditor"
        assert server.query(AUDITOR) == []
        assert server.query(GONE) == []


def test_an_auditor_that_is_named_and_gone_is_missed(tmp_path: Path) -> None:
    assert TARGETS is not None
    named = TARGETS[1].replace("9621", "2")
    (tmp_path / "auditor.json").write_text(named)
    with prometheus_with(installed(tmp_path), tmp_path) as server:
        assert server.wait_for(AUDITOR, seconds=20)
        assert server.wait_for(GONE, seconds=20)
