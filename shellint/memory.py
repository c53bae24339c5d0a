"""What a process that answers many commands keeps from one to the next; one that answers a single one forgets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from shellint.store.document import Document

__all__ = ["Memory"]


@dataclass(slots=True)
class Memory:
    """Opened data keys by the id of their store, and the last content of each store's file with its state on disk."""

    data_keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    documents: dict[Path, tuple[tuple[int, ...], Document]] = field(default_factory=dict, repr=False)

    def lock(self) -> None:
        """Forget what opens the stores; what is under way has it until it is done, and leaves nothing of it here."""
        self.data_keys, self.documents = {}, {}
