"""Store fifty keys, as one of several processes: `python -m tests.store_writer DIRECTORY PREFIX`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.store_helpers import store_in

if __name__ == "__main__":
    store = store_in(Path(sys.argv[1]), lock_seconds=60)
    for number in range(50):
        store.put("key", f"{sys.argv[2]}{number}", sys.argv[2].encode())
