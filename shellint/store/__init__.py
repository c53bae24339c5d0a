"""Where secrets rest: one sealed file, its data key wrapped by a passphrase.

store.py       get, put, delete: what the rest of the program uses; the lock
document.py    the file's format
sealing.py     the cryptography: the data key's wraps, and the seal of an item
passphrase.py  where the passphrase comes from
"""

from __future__ import annotations

from shellint.store.passphrase import PassphraseSource
from shellint.store.store import Store, open_store

__all__ = ["PassphraseSource", "Store", "open_store"]
