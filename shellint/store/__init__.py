"""Where secrets rest: a sealed file, its data key wrapped by a key in the operating system's keychain or a passphrase.

store.py           get, put, delete: what the rest of the program uses
keychain_items.py  long-term keys that rest in the keychain
sealed_file.py     the file on the disk
lock.py            the lock that keeps two processes apart
guard.py           how a store is made and opened
document.py        the file's format
sealing.py         the cryptography: the data key's wraps, and the seal of an item
keychain.py        the keychain: chosen by opening it, every call bounded in time
backends.py        which keychains there are
passphrase.py      where the passphrase comes from
"""

from __future__ import annotations

from shellint.store.passphrase import PassphraseSource
from shellint.store.store import Description, Store, open_store

__all__ = ["Description", "PassphraseSource", "Store", "open_store"]
