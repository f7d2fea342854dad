"""`natalia device` has its own commands and those that adapters bring."""

import pytest
import typer
from typer.testing import CliRunner

from engine import plugins
from engine.cli import device

RUN = CliRunner()


def test_a_command_of_an_adapter_is_one_of_the_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = typer.Typer()

    @app.command()
    def imitate() -> None:
        """Imitate something."""
        typer.echo("imitated")

    loaded: list[str] = []

    def load(group: str, name: str, key: str) -> object:
        loaded.append(f"{group}/{name}/{key}")
        return app

    monkeypatch.setattr(plugins, "names", lambda _: ("imitate",))
    monkeypatch.setattr(plugins, "load", load)
    told = RUN.invoke(device.app, ["imitate"])
    assert (told.exit_code, told.output) == (0, "imitated\n")
    assert loaded == ["natalia_engine.device_command/imitate/imitate"]
    assert "Imitate something." in RUN.invoke(device.app, ["--help"]).output
