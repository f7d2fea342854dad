"""What is scraped of the auditor."""

from prometheus_client import generate_latest

from engine.auditor.findings import Finding, Ground
from engine.auditor.measures import AuditorMetrics


def test_findings_stand_at_the_last_look_and_looks_add_up() -> None:
    metrics = AuditorMetrics()
    found = [Finding(ground=Ground.OVERDUE, what="alarm/a")] * 2
    metrics.looked(found)
    metrics.shouted(1)
    metrics.looked(())
    metrics.shouted(0)
    said = generate_latest(metrics.registry).decode()
    assert 'natalia_auditor_findings{ground="overdue"} 0.0' in said
    assert "natalia_auditor_shout_failures_total 1.0" in said
    metrics.looked(found)
    said = generate_latest(metrics.registry).decode()
    assert 'natalia_auditor_findings{ground="overdue"} 2.0' in said
    assert "alarm/a" not in said


def test_every_ground_stands_at_nothing_from_the_start() -> None:
    said = generate_latest(AuditorMetrics().registry).decode()
    assert all(f'ground="{ground.value}"}} 0.0' in said for ground in Ground)
    assert "natalia_auditor_looks_total 0.0" in said


def test_when_it_was_started_is_exposed_for_what_failed_before_the_first_scrape() -> (
    None
):
    said = generate_latest(AuditorMetrics().registry).decode()
    assert "\nprocess_start_time_seconds " in said
