"""What `check-config` says of modems and channels; constructs them, opens nothing."""

from functools import partial
from pathlib import Path

from engine import plugins
from engine.cli.check_rights import no_start
from engine.clock import SystemClock
from engine.config import ChannelTable, Config, ModemTable
from engine.errors import ConfigError, Gathered
from engine.loading import load_channels, load_modems
from engine.start import metrics_of


def of_adapters(config: Config) -> tuple[list[ConfigError], list[str]]:
    """Return every fault of modems and channels, the auditor's too, and warnings.

    A warning is a secret's file that is amiss: systemd hands it to the service alone,
    and whoever checks may not see it.
    """
    auditor = config.auditor
    update = {"channel": auditor.channel, "modem": auditor.modem}
    faults, amiss = _of_tables(config)
    own, own_amiss = _of_tables(config.model_copy(update=update), of="the auditor")
    auditors = [one.under(partial("{}.{}".format, "auditor")) for one in own]
    return faults + auditors, amiss + [f"auditor: {one}" for one in own_amiss]


def _of_tables(
    config: Config, of: str = "the engine"
) -> tuple[list[ConfigError], list[str]]:
    modems, amiss = Gathered(), []
    for number, modem in enumerate(config.modem):
        with modems.block():
            _make_modem(config, number, modem)
    faults = modems.faults
    for number, channel in enumerate(config.channel):
        gathered = Gathered()
        with gathered.block():
            _make_channel(config, number, channel)
        secrets = [one for one in gathered.faults if _is_secret(one, channel)]
        faults += [one for one in gathered.faults if one not in secrets]
        amiss += [f"{one}{no_start(_file_of(one, channel), of=of)}" for one in secrets]
    return faults, amiss


def _is_secret(fault: ConfigError, table: ChannelTable) -> bool:
    """Say whether it is of a file that the configuration does name."""
    key = fault.key.rpartition(".")[2]
    return key.endswith("_file") and isinstance(table.options.get(key), str)


def _file_of(fault: ConfigError, table: ChannelTable) -> Path:
    return Path(str(table.options[fault.key.rpartition(".")[2]]))


def _make_modem(config: Config, number: int, table: ModemTable) -> None:
    alone = config.model_copy(update={"modem": (table,)})
    try:
        load_modems(alone, SystemClock(), metrics_of(config))
    except ConfigError as error:
        # There it is the only one.
        raise error.under(
            lambda key: key.replace("modem[0]", f"modem[{number}]", 1)
        ) from error


def _make_channel(config: Config, number: int, table: ChannelTable) -> None:
    plugins.load(plugins.CHANNEL, table.kind, f"channel[{number}].kind")
    alone = config.model_copy(
        update={"channel": (table.model_copy(update={"lanes": 1}),)}
    )
    load_channels(alone, SystemClock(), metrics_of(config))
