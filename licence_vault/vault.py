"""The vault, opened: its keys, its log, its tables, the licence types it knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from licence_vault.at_rest import LOOKUP, MASTER, MASTER_SM4, AtRest, at_rest_of
from licence_vault.keystore import Keystore, bureau
from licence_vault.log_folder import LogFolder
from licence_vault.notes import NoteSigner
from onefile.verify.checkpoint import LOG_USE
from onefile.verify.trust import Trust, read_trust
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade

STATUS_USE = "status"
PROFILE_USES = ("receipts", LOG_USE, STATUS_USE, "presentations")
PROFILE_SECRETS = (MASTER_SM4,)


@dataclass(frozen=True)
class Vault:
    """The vault of a home. `url` is the serving database's."""

    home: Path
    url: str
    keystore: Keystore
    at_rest: AtRest
    log: LogFolder
    trust: Trust

    @property
    def signer(self) -> NoteSigner:
        """What signs the log's checkpoints."""
        return NoteSigner.of(self.keystore.active_key(LOG_USE))

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.keystore.active_key(LOG_USE).signs_as

    @contextmanager
    def tables(self) -> Iterator[Connection]:
        """Hold the write transaction on the serving database; errors as `schemas.serving.connection.writing`."""
        with writing(self.url) as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Hold a snapshot of the serving database, to read from: waits for no writer."""
        with looking(self.url) as connection:
            yield connection


def open_vault(home: Path, url: str, passphrase_file: Path, origin: str, at: datetime) -> Vault:
    """Open the vault of a home; on first use make its keys and tables.

    Args:
        home: the folder of all that the product writes.
        url: the serving database.
        passphrase_file: the keystore's passphrase.
        origin: the log's name, taken when its key is made, and not looked at afterwards.
        at: the instant that new keys are dated with.

    Raises:
        VaultError: the keystore cannot be opened, or `origin` cannot be a log's name.
        ServingError: the database cannot be used.
    """
    keystore = bureau(home, passphrase_file, at)
    keystore.ensure((LOG_USE, STATUS_USE), (MASTER, LOOKUP), at, {LOG_USE: origin})
    upgrade(url)
    trust = read_trust(keystore.trust())
    return Vault(home, url, keystore, at_rest_of(keystore), LogFolder(home / "log", trust), trust)
