"""What is made from the keystore, and made anew once another process changed it: for processes that live long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from licence_vault.keystore import Keystore

Made = TypeVar("Made")


class Current(Generic[Made]):
    """Something made from a keystore as it is now. Called, it returns it; `Keystore.refresh` looks at the file."""

    def __init__(self, keystore: Keystore, make: Callable[[Keystore], Made]) -> None:
        self._keystore, self._make = keystore, make
        self._kept = keystore.generation, make(keystore)

    def __call__(self) -> Made:
        """Return it; made anew where the keystore has other contents than when it was made."""
        generation = self._keystore.generation
        if self._kept[0] != generation:
            self._kept = generation, self._make(self._keystore)
        return self._kept[1]
