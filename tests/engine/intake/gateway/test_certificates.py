"""Until when a certificate is good is read as OpenSSL does, and told in time."""

import base64
import logging
import ssl
import subprocess
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.health import Health
from engine.intake.gateway.certificates import (
    SOON,
    CertificateWatch,
    Standing,
    Validity,
    amiss,
    standing,
    validity,
)
from engine.values import Instant
from tests.certificates import valid_for
from tests.fakes import ManualClock
from tests.requires import requires_command

BEGINS = Instant.parse("2026-10-01T00:00:00Z")
ENDS = Instant.parse("2026-11-30T12:00:00Z")
FOUND = Validity(begins=BEGINS, ends=ENDS)
MOMENT = timedelta(milliseconds=1)


def of_openssl(file: Path, what: str) -> Instant:
    """Return a date of a certificate as OpenSSL prints it."""
    openssl = requires_command("openssl", package="openssl")
    words = [str(openssl), "x509", "-in", str(file), "-noout", f"-{what}"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    moment_s = ssl.cert_time_to_seconds(done.stdout.strip().partition("=")[2])
    return Instant(int(moment_s) * 1000)


@pytest.mark.parametrize("days", [-1, 1, 40, 20_000])
def test_both_dates_are_those_of_openssl_in_either_form_of_a_date(
    tmp_path: Path, days: int
) -> None:
    """From 2050 on a year has four digits."""
    file = valid_for(tmp_path, days)
    assert validity(file) == Validity(
        begins=of_openssl(file, "startdate"), ends=of_openssl(file, "enddate")
    )


def test_of_several_the_first_that_ends_counts(tmp_path: Path) -> None:
    long, short = valid_for(tmp_path, 100), valid_for(tmp_path, 3)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(long.read_bytes() + short.read_bytes())
    found = validity(chain)
    assert found is not None
    assert found.ends == of_openssl(short, "enddate")


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----"])
def test_a_file_without_one_says_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "none.pem"
    path.write_text(text)
    assert validity(path) is None


@given(der=st.binary(max_size=300), cut=st.integers(0, 600))
def test_no_bytes_break_it(der: bytes, cut: int, certificate: Path) -> None:
    pem, end, _ = certificate.read_text().partition("-----END CERTIFICATE-----")
    good = ssl.PEM_cert_to_DER_cert(pem + end)
    path = certificate.with_name("any.pem")
    for each in (der, good[:cut], good[:cut] + der):
        text = base64.b64encode(each)
        path.write_bytes(b"-----BEGIN CERTIFICATE-----\n%s\n-----END" % text)
        validity(path)


@pytest.mark.parametrize(
    ("now", "expected", "words"),
    [
        (BEGINS.plus(-MOMENT), Standing.NOT_YET, "is good from 2026-10-01 (UTC) on"),
        (BEGINS, Standing.GOOD, None),
        (ENDS.plus(-SOON), Standing.GOOD, None),
        (ENDS.plus(MOMENT - SOON), Standing.ENDS_SOON, "2026-11-30 (UTC), in 13 days"),
        (ENDS.plus(timedelta(hours=-25)), Standing.ENDS_SOON, "in 1 day:"),
        (ENDS, Standing.ENDS_SOON, "in 0 days"),
        (ENDS.plus(MOMENT), Standing.ENDED, "ended on 2026-11-30 (UTC)"),
    ],
)
def test_it_is_amiss_from_a_fortnight_before_it_ends(
    now: Instant, expected: Standing, words: str | None
) -> None:
    assert standing(FOUND, now) is expected
    said = amiss(FOUND, now)
    assert (said is None) is (words is None)
    if said is not None and words is not None:
        assert words in said
        assert "renew cert_file, then: natalia reload" in said


@dataclass
class Shown:
    """What is measured."""

    seen: list[tuple[str, float, dict[str, str]]] = field(default_factory=list)

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.seen.append((name, value, labels))

    def observe(self, name: str, value: float, **labels: str) -> None: ...


def test_one_in_use_is_told_as_it_nears_its_end_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It ended, and nobody but the devices that were shut out knew."""
    shown, clock = Shown(), ManualClock(ENDS.plus(-SOON))
    health = Health(Shown())
    watch = CertificateWatch(lambda: {"gt06": FOUND}, health, shown)
    watch.look(clock.now())
    assert (health.reasons(), caplog.messages) == ({}, [])
    name = "gateway_certificate_expiry_timestamp_seconds"
    assert shown.seen == [(name, ENDS.ms / 1000, {"protocol": "gt06"})]
    for _ in range(3):
        clock.advance(60)
        watch.look(clock.now())
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith("gateway.gt06.tls: the certificate ends on")
    assert health.reasons() == {}
    clock.set(ENDS.plus(MOMENT))
    watch.look(clock.now())
    assert health.reasons() == {"certificate_ended": ("gateway.gt06.tls",)}
    assert caplog.records[-1].levelno == logging.ERROR
    assert len(caplog.records) == 2
