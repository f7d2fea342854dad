"""Notification channels other than SMS; entry points `natalia_engine.channel`.

A new one is a file with a class that satisfies `engine.ports.channel.Channel` and is
made as `Cls(name, options, clock=..., telemetry=...)`, a test file that inherits
`tests/adapters/channels/contract.py`, and a line in `pyproject.toml`.
"""
