"""The declarations, and the `Telemetry` that is made from them."""

import ast
import re
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from engine.metrics import PLACES_MAX, Metrics
from engine.ports.measures import DECLARATIONS, Kind
from tests.requires import requires_command
from tools import metrics_doc

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports.telemetry import Telemetry

ROOT = Path(__file__).parents[2]

KNOWN = {"channel": ["email"], "modem": ["north"], "child": ["journal"]}


def value(metrics: Metrics, sample: str, **labels: str) -> float | None:
    """Return one sample of the exposition, None where it is not there."""
    text = metrics.expose()[0].decode()
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            if each.name == sample and each.labels == labels:
                return each.value
    return None


def test_a_counter_a_gauge_and_a_histogram_show_in_the_exposition() -> None:
    metrics = Metrics(KNOWN, strict=True)
    telemetry: Telemetry = metrics
    telemetry.count("deliveries_total", channel="email", outcome="accepted")
    telemetry.count("deliveries_total", 2, outcome="accepted", channel="email")
    telemetry.gauge("modem_signal_dbm", -71, modem="north")
    telemetry.observe("journal_commit_seconds", 0.004)

    accepted = {"channel": "email", "outcome": "accepted"}
    assert value(metrics, "natalia_deliveries_total", **accepted) == 3
    assert value(metrics, "natalia_modem_signal_dbm", modem="north") == -71
    buckets = "natalia_journal_commit_seconds_bucket"
    assert value(metrics, buckets, le="0.0025") == 0
    assert value(metrics, buckets, le="0.005") == 1


def test_counters_begin_at_zero_so_that_the_first_failure_is_a_rise() -> None:
    metrics = Metrics(KNOWN)
    labels = {"channel": "email", "outcome": "unknown"}
    assert value(metrics, "natalia_deliveries_total", **labels) == 0


def test_a_signal_strength_nobody_has_measured_is_absent_rather_than_zero() -> None:
    metrics = Metrics(KNOWN)
    assert value(metrics, "natalia_modem_up", modem="north") == 0
    assert value(metrics, "natalia_modem_signal_dbm", modem="north") is None


def test_a_name_admitted_later_is_known_from_then_on() -> None:
    metrics = Metrics(KNOWN, strict=True)
    with pytest.raises(AssertionError):
        metrics.count("deliveries_total", channel="webhook", outcome="accepted")
    metrics.admit("channel", "webhook")
    labels = {"channel": "webhook", "outcome": "accepted"}
    assert value(metrics, "natalia_deliveries_total", **labels) == 0
    metrics.count("deliveries_total", channel="webhook", outcome="accepted")
    assert value(metrics, "natalia_deliveries_total", **labels) == 1


@pytest.mark.parametrize(
    ("problem", "misuse"),
    [
        ("name", lambda m: m.count("no_such_total")),
        ("name", lambda m: m.gauge("deliveries_total", 1)),
        ("labels", lambda m: m.gauge("channel_up", 1)),
        ("labels", lambda m: m.gauge("channel_up", 1, channel="+46700000000")),
        ("labels", lambda m: m.gauge("ready", 1, channel="email")),
        ("value", lambda m: m.observe("journal_commit_seconds", float("nan"))),
        ("value", lambda m: m.count("quarantined_commands_total", -1)),
    ],
)
def test_a_misuse_is_counted_in_production_and_raises_in_tests(
    problem: str, misuse: "Callable[[Metrics], None]"
) -> None:
    metrics = Metrics(KNOWN)
    misuse(metrics)
    assert value(metrics, "natalia_telemetry_errors_total", problem=problem) == 1
    assert b"+46700000000" not in metrics.expose()[0]
    with pytest.raises(AssertionError):
        misuse(Metrics(KNOWN, strict=True))


def test_where_a_measurement_is_refused_is_logged_once_bug_nobody_could_find_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics(KNOWN)
    for _ in range(3):
        metrics.gauge("channel_up", 1, channel="+46700000000")
    (record,) = caplog.records
    here = "test_where_a_measurement_is_refused_is_logged_once_bug_nobody_could_find_it"
    assert re.fullmatch(
        rf"a measurement is refused at test_metrics\.py:\d+ in {here}",
        record.getMessage(),
    )
    assert vars(record)["problem"] == "labels"


def test_a_flood_of_refused_measurements_fills_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics(KNOWN)
    for line in range(PLACES_MAX * 2):
        code = compile("\n" * line + "metrics.count('x')", "adapter.py", "exec")
        exec(code, {"metrics": metrics})
    assert len(caplog.records) == PLACES_MAX


NAMES = [each.name for each in DECLARATIONS]


@given(
    name=st.sampled_from(NAMES) | st.text(max_size=20),
    amount=st.floats(),
    labels=st.dictionaries(
        st.sampled_from(["channel", "modem", "state", "reason", "x"]),
        st.sampled_from(["email", "north", "raised"]) | st.text(max_size=8),
        max_size=2,
    ),
)
def test_nothing_that_is_reported_raises_or_spoils_the_exposition(
    name: str, amount: float, labels: dict[str, str]
) -> None:
    metrics = Metrics(KNOWN)
    metrics.count(name, amount, **labels)
    metrics.gauge(name, amount, **labels)
    metrics.observe(name, amount, **labels)
    metrics.sample(name, lambda: amount, **labels)
    assert value(metrics, "natalia_build_info", version="unknown", python="unknown")


def test_a_sampled_gauge_is_asked_at_each_scrape_and_may_fail() -> None:
    metrics = Metrics(KNOWN, strict=True)
    ages = iter([3.0, 4.0])
    metrics.sample("oldest_planned_effect_seconds", lambda: next(ages))
    name = "natalia_oldest_planned_effect_seconds"
    assert [value(metrics, name), value(metrics, name)] == [3, 4]
    assert str(value(metrics, name)) == "nan"


def test_counting_from_many_threads_loses_nothing() -> None:
    metrics = Metrics(KNOWN, strict=True)

    def work() -> None:
        for _ in range(500):
            metrics.count("restarts_total", child="journal")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(metrics, "natalia_restarts_total", child="journal") == 4000


def test_two_instances_in_one_process_keep_apart() -> None:
    one, other = Metrics(KNOWN), Metrics(KNOWN)
    one.gauge("ready", 1)
    assert value(other, "natalia_ready") == 0


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("report_to_journal_seconds", {0.5}),
        ("report_to_first_notification_seconds", {0.01, 2, 5, 10, 30}),
        ("report_to_acknowledgement_seconds", {60}),
        ("proximity_lookup_seconds", {1e-4, 1e-3}),
    ],
)
def test_each_promised_limit_is_a_bucket(name: str, limits: set[float]) -> None:
    (declaration,) = (each for each in DECLARATIONS if each.name == name)
    assert limits <= set(declaration.buckets)


def test_each_metric_is_declared_once_and_only_counters_are_totals() -> None:
    assert len(NAMES) == len(set(NAMES))
    for each in DECLARATIONS:
        assert each.name.endswith("_total") == (each.kind is Kind.COUNTER), each.name
        assert bool(each.buckets) == (each.kind is Kind.HISTOGRAM), each.name
        assert list(each.buckets) == sorted(set(each.buckets)), each.name
        assert each.help.endswith("."), each.name


def test_the_page_of_metrics_is_current() -> None:
    assert metrics_doc.TARGET.read_text(encoding="utf-8") == metrics_doc.render(), (
        "run: python -m tools.metrics_doc"
    )


def test_promtool_finds_nothing_against_the_names() -> None:
    # Debian 12 has it in `prometheus`, Debian 13 in a package of its own.
    promtool = requires_command("promtool", package="prometheus promtool")
    metrics = Metrics(KNOWN)
    metrics.gauge("modem_signal_dbm", -71, modem="north")
    found = subprocess.run(  # noqa: PLW1510 - the code is looked at below
        [promtool, "check", "metrics"], input=metrics.expose()[0], capture_output=True
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, b"")


def reported() -> dict[str, list[str]]:
    """Return what the code reports under a literal name, with its labels' names."""
    found: dict[str, list[str]] = {}
    for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="count" | "gauge" | "observe" | "sample"),
                    args=[ast.Constant(value=str() as name), *_],
                    keywords=keywords,
                ) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name):
                    found[name] = sorted(str(keyword.arg) for keyword in keywords)
    return found


def test_what_the_code_reports_is_declared_with_just_these_labels() -> None:
    declared = {
        each.name: sorted(label.name for label in each.labels) for each in DECLARATIONS
    }
    calls = reported()
    assert len(calls) > 20
    wrong = {name: got for name, got in calls.items() if declared.get(name) != got}
    assert wrong == {}


def test_a_retired_name_shows_no_gauge_until_it_is_configured_again() -> None:
    metrics = Metrics(KNOWN, strict=True)
    metrics.gauge("modem_up", 1, modem="north")
    metrics.count("modem_messages_total", modem="north")
    metrics.retire("modem", "north")
    metrics.admit("modem", "south")
    assert value(metrics, "natalia_modem_up", modem="north") is None
    assert value(metrics, "natalia_modem_up", modem="south") == 0
    assert value(metrics, "natalia_modem_messages_total", modem="north") == 1
    metrics.gauge("modem_up", 1, modem="north")
    assert value(metrics, "natalia_modem_up", modem="north") == 1, "told late"
    metrics.retire("modem", "north")
    metrics.admit("modem", "north")
    assert value(metrics, "natalia_modem_up", modem="north") == 0
