"""What the tests of the vault share: a log of one's own, keys that a witness or another bureau has, and kills."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import catalog
from licence_vault import store
from licence_vault.drafts import drafts
from licence_vault.issuing import Issued, issue
from licence_vault.keystore import Keystore, bureau
from licence_vault.log_folder import LogFolder
from licence_vault.notes import NoteSigner
from licence_vault.payloads import place_of
from licence_vault.vault import Vault, open_vault
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


def vault_of(home: Path, url: str | None = None, at: datetime = AT) -> Vault:
    """The vault of a home."""
    return open_vault(home, url or f"sqlite:///{home / 'serving.db'}", home / "keys" / "passphrase", ORIGIN, at)


DECLARED = catalog.load().declarations


def permit(number: int, **changes: object) -> dict[str, object]:
    """A row of `food_permit`, made up; `changes` to its columns."""
    return {
        "permit_no": f"JY1{number:013d}",
        "holder_code": "116901000005202685",
        "holder_name": f"样例餐饮店{number}号",
        "kind": "1",
        "items": "热食类食品制售",
        "issued_on": "2025-01-01",
        "expires_on": "2029-12-31",
        "state": "valid",
        **changes,
    }


def issue_rows(
    vault: Vault,
    rows: Iterable[Mapping[str, object]],
    batch_id: str,
    at: datetime = AT,
    kind: str = "food_operation_permit",
) -> Issued:
    """Issue rows of a licence type's table as one batch."""
    licence = DECLARED.licences[kind]
    made = drafts(licence, DECLARED.tables[licence.table], rows)
    return issue(vault, made, batch_id=batch_id, at=at, day=at.date().isoformat())


def ids_of(vault: Vault) -> list[str]:
    """The identifiers of all versions, in the log's order."""
    with vault.tables() as connection:
        _, size = store.counts(connection)
        found = list(store.versions(connection, 0, size))
    return [place_of(version.licence_key, version.version).id for version in found]
