"""One file, and for every fault in it: the key path, what was expected, the cure."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, load_config, parse_config, sound_part
from engine.errors import ConfigError

HERE = Path("/srv/natalia")
EMAIL = {"name": "email", "kind": "email"}
MODEM = {"name": "modem-1", "port": "/dev/ttyUSB0"}
MAIL = {"name": "mail", "kind": "email"}


def config(**table: object) -> Config:
    return parse_config({"state": "state"} | table, HERE)


NULL = {"x_file": "a\0"}
TLS: dict[str, object] = {"port": 2, "cert_file": "c", "key_file": "k"}


def fault(**table: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        config(**table)
    return caught.value


def test_what_is_not_said_binds_to_loopback() -> None:
    made = config(gateway={"gt06": {"port": 5023}})
    listeners = (made.console, made.metrics, made.gateway["gt06"])
    assert {one.host for one in listeners} == {"127.0.0.1"}
    assert (made.console.port, made.metrics.port) == (8620, 9620)


def test_who_names_no_port_keeps_the_usual_one_bug_it_had_to_be_written_again() -> None:
    made = config(console={"address": "https://hq.example"}, metrics={"host": "::1"})
    assert (made.console.port, made.metrics.port) == (8620, 9620)
    assert made.console.host == "127.0.0.1"


def test_relative_paths_count_from_the_files_own_folder() -> None:
    made = config(roster="people.toml", protocols={"folder": "protocols"})
    assert made.state == HERE / "state"
    assert made.roster == HERE / "people.toml"
    assert made.protocols.folder == HERE / "protocols"
    assert parse_config({"state": "/var/lib/n"}, HERE).state == Path("/var/lib/n")


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ({"stat": "x"}, "stat", "did you mean 'state'"),
        ({"console": {"prot": 1}}, "console.prot", "did you mean 'port'"),
        ({"console": {"port": 70000}}, "console.port", "less than or equal"),
        ({"gateway": {"gt06": {"host": "::1"}}}, "gateway.gt06.port", "add port"),
        (
            {"console": {"port": 1, "address": "hq.example"}},
            "console.address",
            "https://, host and port, no path",
        ),
        (
            {"console": {"port": 1, "address": "https://hq.example/alarms?who=x"}},
            "console.address",
            "no path",
        ),
        ({"metrics": {"port": 1, "address": "http://x"}}, "metrics.address", "take it"),
        ({"modem": [{"name": "m"}]}, "modem[0].port", "add port"),
        ({"modem": [{**MODEM, "name": "Modem!"}]}, "modem[0].name", "a letter first"),
        ({"modem": [MODEM, MODEM]}, "modem", "'modem-1' is there twice"),
        ({"auditor": {"channel": [MAIL, MAIL]}}, "auditor.channel", "is there twice"),
        (
            {"modem": [MODEM], "channel": [{**EMAIL, "name": "modem-1"}]},
            "channel[0].name",
            "is taken",
        ),
        ({"channel": [{**EMAIL, "name": "web"}]}, "channel[0].name", "is taken"),
        ({"channel": [{**EMAIL, "name": "sms"}]}, "channel[0].name", "is taken"),
        (
            {"hq": [{"channel": "emial", "address": "x"}], "channel": [EMAIL]},
            "hq[0].channel",
            "one of: email",
        ),
        ({"public": [{"channel": "mastodon"}]}, "public[0].channel", "configured"),
        ({"log": "xml"}, "log", "expected json or text"),
        ({"proxies": ["nginx"]}, "proxies", "such as 127.0.0.1"),
        ({"proxies": ["10.0.0.1/8"]}, "proxies", "such as 127.0.0.1"),
        ({"modem": [{**MODEM, "number": "07"}]}, "modem[0].number", "country code"),
        ({"modem": MODEM}, "modem", "a list of tables; write [[modem]] for each"),
        ({"gateway": {"gt06": 5}}, "gateway.gt06", "a table; write [gateway.gt06]"),
        (
            {"channel": [{**EMAIL, "options": "x"}]},
            "channel[0].options",
            "a table; write it as { ... }",
        ),
        ({"roster": 5}, "roster", "a path; write it in quotes"),
        ({"hq_language": "tlh"}, "hq_language", "one of: en, sv, ru, es, fr, ar"),
        ({"gateway": {"gt06": {"port": "x"}}}, "gateway.gt06.port", "integer"),
        (
            {"gateway": {"gt06": {"port": 1, "tls": {"port": 2, "cert_file": "c"}}}},
            "gateway.gt06.tls.key_file",
            "add key_file",
        ),
        (
            {"gateway": {"gt06": {"port": 1, "tls": {**TLS, "cert": "c"}}}},
            "gateway.gt06.tls.cert",
            "did you mean 'cert_file'",
        ),
        (
            {
                "demo": True,
                "gateway": {"gt06": {"port": 1, "tls": {**TLS, "host": "0.0.0.0"}}},
            },
            "gateway.gt06.tls.host",
            "loopback",
        ),
        (
            {"demo": True, "console": {"host": "0.0.0.0", "port": 1}},
            "console.host",
            "loopback",
        ),
    ],
)
def test_a_fault_names_its_key_and_its_cure(
    table: dict[str, object], key: str, said: str
) -> None:
    error = fault(**table)
    assert error.key == key
    assert said in str(error)


def test_all_faults_of_a_file_are_said_at_once_bug_one_hid_the_others() -> None:
    error = fault(
        colour=3,
        gateway={"gt06": {"prot": 1}},
        metrics={"port": 70000},
        modem=[{"name": "m"}],
    )
    assert [one.key for one in (error, *error.also)] == [
        "gateway.gt06.prot",
        "colour",
        "metrics.port",
        "modem[0].port",
    ], "and no missing port beside the misspelt one"
    said = str(error).splitlines()
    assert len(said) == 4
    assert said[2].startswith("metrics.port: expected less than or equal to 65535; ")


def test_a_key_that_nobody_knows_hides_no_missing_one_bug_of_the_same_table() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"colour": 3, "gateway": {"gt06": {"hots": "::1"}}}, HERE)
    assert [one.key for one in caught.value.each] == [
        "gateway.gt06.hots",
        "colour",
        "state",
        "gateway.gt06.port",
    ]


def test_names_channels_and_language_are_told_together_bug_one_hid_the_others() -> None:
    error = fault(
        modem=[MODEM],
        channel=[{**EMAIL, "name": "web"}, {**EMAIL, "name": "modem-1"}],
        hq=[{"channel": "telex", "address": "x"}, {"channel": "fax", "address": "x"}],
        hq_language="tlh",
        demo=True,
        console={"host": "0.0.0.0", "port": 1},
        metrics={"host": "::", "port": 2},
    )
    assert [one.key for one in error.each] == [
        "channel[0].name",
        "channel[1].name",
        "hq[0].channel",
        "hq[1].channel",
        "hq_language",
        "console.host",
        "metrics.host",
    ]


def test_what_is_sound_beside_a_fault_can_be_looked_at() -> None:
    table = {
        "colour": 3,
        "roster": "people.toml",
        "channel": [{"name": "email"}],
        "hq": [{"channel": "email", "address": "x"}],
        "hq_language": "tlh",
    }
    part, faults = sound_part(table, HERE)
    keys = [one.key for one in faults]
    assert keys == ["colour", "state", "channel[0].kind", "hq_language"]
    assert part is not None
    assert part.roster == HERE / "people.toml"
    assert part.channel == ()
    whole, none = sound_part({"state": "s"}, HERE)
    assert (whole, none) == (parse_config({"state": "s"}, HERE), [])


def test_of_the_environment_nothing_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NATALIA_HQ", "x")
    part, faults = sound_part({"state": "s"}, HERE)
    assert part is None
    assert [one.key for one in faults] == ["NATALIA_HQ (environment)"]


def test_an_options_file_counts_from_there_bug_it_did_from_where_one_stood() -> None:
    """A secret beside the file was found from its folder alone, and not by systemd."""
    options = {"password_file": "mail", "ca_file": "/etc/ca.pem", "host": "mail"}
    channel = {"name": "email", "kind": "email", "options": options}
    modem = {"name": "m", "port": "/dev/x", "options": {"pin_file": "pin"}}
    made = config(channel=[channel], modem=[modem], auditor={"channel": [channel]})
    of_it = {**options, "password_file": str(HERE / "mail")}
    assert made.channel[0].options == of_it
    assert made.auditor.channel[0].options == of_it
    assert made.modem[0].options == {"pin_file": str(HERE / "pin")}


@pytest.mark.parametrize("host", ["", "no such host", "[::1]"])
def test_a_host_is_an_address_bug_an_empty_one_let_everybody_in(host: str) -> None:
    with pytest.raises(ConfigError, match=r"console.host: expected an address or name"):
        config(console={"host": host})


def test_a_folder_is_no_file_and_the_cure_is_no_right_or_encoding(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="it is a folder; name a file"):
        load_config(tmp_path)


def test_a_state_without_a_name_is_no_folder_bug_it_was_the_files_own() -> None:
    assert str(fault(state="")).startswith("state: expected a folder, such as /var")


@pytest.mark.parametrize(
    ("key", "table"),
    [
        ("state", {"state": "a\0"}),
        ("roster", {"roster": "a\0.toml"}),
        ("channel[0].options.x_file", {"channel": [EMAIL | {"options": NULL}]}),
        ("gateway.a.tls.x_file", {"gateway": {"a": {"port": 1, "tls": NULL}}}),
    ],
)
def test_a_null_byte_is_a_fault_bug_it_started_by_the_check_and_failed(
    key: str, table: dict[str, object]
) -> None:
    said = "expected text without a null byte; take it out"
    assert str(fault(**table)) == f"{key}: {said}"


def test_a_missing_state_folder_is_named() -> None:
    with pytest.raises(ConfigError, match=r"state: expected a value; add state"):
        parse_config({}, HERE)


def test_no_fault_says_what_an_address_is() -> None:
    error = fault(hq=[{"channel": "email", "address": ["secret@hq"]}])
    assert "secret" not in str(error)
    assert "secret" not in repr(
        config(channel=[EMAIL], hq=[{"channel": "email", "address": "secret@hq"}])
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "expected a configuration file; check its path"),
        (b"\xff\xfe", "expected a readable UTF-8 file"),
        (b"state = = 1", "expected TOML; mend it"),
    ],
)
def test_a_file_that_is_none_says_so(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "natalia.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        load_config(path)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "natalia.toml"
    path.write_text('state = "here"\n[console]\nport = 0\n')
    made = load_config(path)
    assert made.state == tmp_path.resolve() / "here"
    assert made.console.port == 0


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "natalia.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'state = "here"\n')
    assert load_config(path).state == tmp_path.resolve() / "here"


def test_a_fault_of_the_environment_is_named_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NATALIA_HQ", "x")
    assert fault().key == "NATALIA_HQ (environment)"
    assert str(fault()).endswith(
        "expected JSON; mend its brackets and quotes, or write it into the file"
    ), "the parser's own words named no variable"


@pytest.mark.parametrize(
    ("variable", "value", "key", "said"),
    [
        ("CONSOLE__PORTT", "1", "console.portt", "did you mean 'port'? else unset"),
        ("CONSOLE", '{"portt": 1}', "console.portt", "a known key"),
        ("HQ", '[{"channel": "email", "adress": "x"}]', "hq[0].adress", "'address'?"),
        ("HQ", '[{"channel": "nix", "address": "x"}]', "hq[0].channel", "one of"),
        ("LOG", "jsn", "log", "change the value, or unset the variable"),
        ("GATEWAY__GT06__HOST", "::1", "gateway.gt06.port", "a value; add port"),
        ("HQ__0__CHANNEL", "email", "hq", "a list of tables"),
    ],
)
def test_a_wrong_key_of_the_environment_names_its_variable_bug_it_seemed_the_files(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, key: str, said: str
) -> None:
    monkeypatch.setenv(f"NATALIA_{variable}", value)
    found = fault(console={"host": "::1"})
    assert found.key == f"{key} (environment: NATALIA_{variable})"
    assert said in str(found)
    _, faults = sound_part({"state": "s"}, HERE)
    assert [one.key for one in faults] == [found.key]


def test_a_fault_of_the_file_is_not_laid_to_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def say(variable: str, value: str) -> None:
        monkeypatch.setenv(f"NATALIA_{variable}", value)

    say("HQ", '[{"channel": "email", "address": "x"}]')
    say("LOG", "json")
    say("CONSOLE", '{"port": 1}')
    assert fault(hq=[{"channel": "nix", "address": "x"}]).key == "hq[0].channel"
    assert fault(channel=[EMAIL], log="jsn").key == "log"
    assert fault(channel=[EMAIL], console={"portt": 1}).key == "console.portt"
    say("GATEWAY__GT06__HOST", "::1")
    assert (
        fault(channel=[EMAIL], gateway={"gt06": {"host": "::"}}).key
        == "gateway.gt06.port"
    )


def test_the_environment_says_what_the_file_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `docs/cli.md` has it."""
    for variable, value in (
        ("STATE", "/elsewhere"),
        ("ROSTER", "people.toml"),
        ("CONSOLE__PORT", "8621"),
        ("GATEWAY__GT06__PORT", "5023"),
        ("HQ", '[{"channel": "email", "address": "duty@hq.invalid"}]'),
        ("NO_SUCH_KEY", "x"),
    ):
        monkeypatch.setenv(f"NATALIA_{variable}", value)
    made = config(channel=[EMAIL], console={"host": "::1"})
    assert made.state == HERE / "state", "what the file says wins"
    assert made.roster == HERE / "people.toml"
    assert (made.console.host, made.console.port) == ("::1", 8621)
    assert made.gateway["gt06"].port == 5023
    assert made.hq[0].address == "duty@hq.invalid"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


def said_of(key: str, value: object) -> str:
    """Return what is wrong with it; empty where nothing is."""
    try:
        config(**{key: value})
    except ConfigError as error:
        return str(error)
    return ""


@given(st.sampled_from(sorted(Config.model_fields)), VALUES)
def test_any_value_is_a_configuration_or_a_fault_with_a_key(
    key: str, value: object
) -> None:
    said = said_of(key, value)
    assert said == "" or said.startswith(key)
