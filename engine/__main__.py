"""`python -m engine` is `natalia`."""

from engine.cli.main import main

main()
