"""The real engine with a CPU-bound Python thread beside it, where asked for."""

import os
import threading

from engine.cli.main import main


def spin() -> None:
    """Compute for ever, as an import or a drawing in the process would."""
    total = 0
    while True:
        total = (total * 31 + 7) % 1_000_003


if __name__ == "__main__":
    if os.environ.get("NATALIA_BENCH_BUSY"):
        threading.Thread(target=spin, daemon=True).start()
    main()
