"""`natalia device`: list, show, enrol, test and imitate alarm devices."""

from typing import Any, cast

import typer
from typer.core import TyperGroup

from engine import plugins

IMITATES = "Let a fleet of simulated devices report, and press, over real sockets."


class _Group(TyperGroup):
    """A group that has the commands of adapters too; they are loaded when called."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # typer's own context
        """Return every command's name."""
        return [*super().list_commands(ctx), *plugins.names(plugins.DEVICE_COMMAND)]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # typer's own context
        """Return one command."""
        if cmd_name not in plugins.names(plugins.DEVICE_COMMAND):
            return super().get_command(ctx, cmd_name)
        found = plugins.load(plugins.DEVICE_COMMAND, cmd_name, cmd_name)
        command = typer.main.get_command(cast("typer.Typer", found))
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Group,
    help="Alarm devices: bracelets, pendants, watches, trackers, telephones.",
    epilog="Example: natalia device list --state /var/lib/natalia",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback()
def device() -> None:
    """Alarm devices: bracelets, pendants, watches, trackers, telephones."""
