"""`owntracks`: the app's messages, and our convention for an SOS."""

import base64
import json
import string
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.owntracks import Owntracks
from engine.ports.device import HttpDecoded, HttpRequest, ReportKind
from engine.values import DeviceId, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.vectors import (
    RECEIVED_AT,
    Outcome,
    Vector,
    http_request,
    parametrized,
)

URL = "https://sos.example.org:5144"
PLACE = {"_type": "location", "lat": 50.0, "lon": 14.0, "tst": 1772360430, "tid": "HE"}


def decode(message: object, **headers: str) -> HttpDecoded:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    request = HttpRequest(method="POST", path="/", query="", headers=headers, body=body)
    return Owntracks().decode(request, RECEIVED_AT)


@parametrized("owntracks")
def test_a_captured_message_is_read_as_its_source_does(vector: Vector) -> None:
    decoded = Owntracks().decode(http_request(vector), RECEIVED_AT)
    assert_agrees(vector, Outcome(reports=list(decoded.reports)))
    assert decoded.status == 200
    assert decoded.answer == b"[]"


@pytest.mark.parametrize("key", ["tag", "poi"])
@pytest.mark.parametrize(
    "word", ["SOS", "sos", "help", "SOS!", "Help me, now", "помогите", "sos2"]
)
def test_the_agreed_word_is_an_sos_and_no_check_in(key: str, word: str) -> None:
    (report,) = decode({**PLACE, key: word, "t": "u"}).reports
    assert report.signals == {Signal.SOS}


@pytest.mark.parametrize("word", ["home", "Sosnovka", "helper", ""])
def test_another_place_is_none(word: str) -> None:
    assert not decode({**PLACE, "poi": word}).reports[0].signals


def test_an_sos_with_an_unreadable_place_is_an_sos() -> None:
    (report,) = decode({**PLACE, "tag": "SOS", "lat": None}).reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


@pytest.mark.parametrize("key", ["tst", "acc", "batt", "vel", "cog", "alt"])
@pytest.mark.parametrize("value", [None, "7", True])
def test_a_reading_that_is_no_number_cost_the_place(key: str, value: object) -> None:
    place = {"_type": "location", "tag": "SOS", "lat": 50.1, "lon": 14.4, "tst": 1}
    (report,) = decode({**place, "batt": 50, key: value}).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None
    assert report.attributes["incomplete"] == "true"
    assert (report.battery_ratio is None) == (key == "batt")


def test_a_publish_by_hand_is_a_check_in() -> None:
    assert decode({**PLACE, "t": "u"}).reports[0].signals == {Signal.CHECK_IN}


def test_the_headers_of_the_app_name_the_device() -> None:
    headers = {"X-Limit-U": "heron", "X-Limit-D": "phone"}
    assert decode(PLACE, **headers).reports[0].device == "heron/phone"


def test_a_will_is_a_heartbeat_and_an_encrypted_message_is_shown() -> None:
    assert decode({"_type": "lwt"}).reports[0].kind is ReportKind.HEARTBEAT
    (sealed,) = decode({"_type": "encrypted", "data": "AAAA"}).reports
    assert sealed.kind is ReportKind.UNDECODABLE


def test_nothing_is_nothing_and_no_json_is_shown() -> None:
    assert decode(b"").reports == ()
    torn = decode(json.dumps(PLACE).encode()[:-3])
    assert torn.status == 400
    assert torn.reports[0].kind is ReportKind.UNDECODABLE


@given(st.binary(max_size=300))
def test_no_body_raises(body: bytes) -> None:
    assert decode(body).status in {200, 400}


@given(
    st.dictionaries(
        st.sampled_from([*PLACE, "acc", "vel", "cog", "alt", "batt", "t", "tag"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    )
)
def test_no_message_raises(message: dict[str, object]) -> None:
    assert decode({**PLACE, **message}).status == 200


def test_a_reading_that_is_none_costs_no_place() -> None:
    message = {"_type": "location", "lat": 50.1, "lon": 14.4, "tst": 1772361630}
    for key in ("batt", "vel", "cog", "alt"):
        (report,) = decode(message | {key: None}).reports
        assert report.kind is ReportKind.REPORT
        assert report.fix is not None
        assert report.attributes["incomplete"] == "true"


def inline(uri: str) -> dict[str, object]:
    """Return the configuration in a URL, as the app reads it: by its query."""
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.path) == ("owntracks", "", "/config")
    ((name, value),) = parse_qsl(parts.query, strict_parsing=True)
    assert name == "inline"
    # iOS takes it as it stands in the URL, Android as a form's field.
    assert parts.query == f"inline={value}"
    found: dict[str, object] = json.loads(base64.b64decode(value, validate=True))
    return found


def test_a_qr_code_sets_up_owntracks_as_its_booklet_has_it() -> None:
    wire = Owntracks()
    device = wire.device_of("a1b2c3")
    uri = wire.setup_uri(URL, device, secret="s3cret-long", heartbeat_s=3600)
    assert inline(uri) == {
        "_type": "configuration",
        "mode": 3,
        "url": URL,
        "auth": True,
        "username": "a1b2c3",
        "password": "s3cret-long",
        "deviceId": "phone",
        "tid": "a1",
        "monitoring": 1,
        "ping": 20,
    }


@given(st.text(string.ascii_letters + string.digits + "-_", min_size=2, max_size=60))
def test_any_id_and_secret_of_ours_is_read_back_whole(text: str) -> None:
    wire = Owntracks()
    device = wire.device_of(text[:50])
    found = inline(wire.setup_uri(URL, device, secret=text, heartbeat_s=None))
    assert found["password"] == text
    headers = {"X-Limit-U": str(found["username"]), "X-Limit-D": str(found["deviceId"])}
    assert decode(PLACE, **headers).reports[0].device == device


@pytest.mark.parametrize("name", ["heron", "heron/", "/phone", "a/b/c"])
def test_an_id_that_owntracks_cannot_send_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="USER/DEVICE"):
        Owntracks().setup_uri(URL, DeviceId(name), secret="", heartbeat_s=None)
