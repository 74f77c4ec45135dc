"""What the tests of the vault share: a log of one's own, keys that a witness or another bureau has, and kills."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from licence_vault.keystore import Keystore, bureau
from licence_vault.log_folder import LogFolder
from licence_vault.notes import NoteSigner
from onefile.verify.trust import Trust, read_trust
from tests.papers import AT

ORIGIN = "city.example/log"


def keystore_with_log(home: Path, algorithm: str = "Ed25519") -> Keystore:
    """A bureau whose log has a key."""
    store = bureau(home, home / "keys" / "passphrase", AT)
    store.create_key("log-1", use="log", at=AT, algorithm=algorithm, signs_as=ORIGIN)
    return store


def log_of(home: Path, store: Keystore) -> tuple[LogFolder, NoteSigner]:
    """The log in a home, and what signs it."""
    return LogFolder(home / "log", trust_of(store)), NoteSigner.of(store.active_key("log"))


def trust_of(*stores: Keystore) -> Trust:
    """What a verifier trusts who has the trust file of one or several keystores."""
    return Trust({key_id: key for store in stores for key_id, key in read_trust(store.trust()).keys.items()})


def killed_at_each_step(work: Callable[[], None], events: tuple[str, ...] = ("open", "os.rename")) -> Iterator[int]:
    """Run the work again and again in a process of its own, killed at its first, second, third … such event.

    Yields the number of the event after each kill, for the caller to look and clean up; ends
    once the work came to its end. Events are those of `sys.addaudithook`.
    """
    number = 0
    while True:
        number += 1
        child = os.fork()
        if child == 0:
            _die_at(number, events)
            code = 2
            try:
                work()
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, 137), f"the work failed at step {number}"
        yield number
        if code == 0:
            return


def _die_at(number: int, events: tuple[str, ...]) -> None:
    left = number

    def hook(event: str, arguments: object) -> None:
        nonlocal left
        if event in events:
            left -= 1
            if left == 0:
                os._exit(137)

    sys.addaudithook(hook)
