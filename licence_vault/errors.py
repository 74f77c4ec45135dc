"""What can go wrong with what signs. No message holds key material or a passphrase."""

from __future__ import annotations

from onefile.errors import OneFileError


class VaultError(OneFileError):
    """The root of this package's errors."""


class KeystoreMissing(VaultError):
    """There is no keystore where one must be."""


class KeystoreExists(VaultError):
    """A keystore is there already, and is not written over."""


class KeystoreCorrupted(VaultError):
    """The keystore file is not what was written: damaged, cut short, or no keystore at all."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name} is damaged ({detail}): restore it from the last backup")


class WrongPassphrase(VaultError):
    """The file is undamaged, but the passphrase does not open it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the passphrase does not open {name}: check ONEFILE_PASSPHRASE_FILE")


class PassphraseMissing(VaultError):
    """The passphrase file is not there, cannot be read, or is empty."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"no passphrase in {name} ({detail}): put it there, or set ONEFILE_PASSPHRASE_FILE")


class NoSuchKey(VaultError):
    """The keystore has no such key or secret, or none that may still sign."""


class NameTaken(VaultError):
    """A key or secret of that name is there already."""


class UnknownAlgorithm(VaultError):
    """The algorithm is not on the list."""


class ReceiptContradicts(VaultError):
    """A receipt was to be signed that no verifier would take."""


class NoSuchRow(VaultError):
    """The delivery has no row of that number."""


class RowsDiffer(VaultError):
    """The rows kept are not the rows that the receipt was given for."""


class BadName(VaultError):
    """A key cannot sign notes under that name."""


class LogDamaged(VaultError):
    """Files of the log are missing, or are not what its signed checkpoint says."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"the log is damaged at {where} ({detail}): restore log/ from a copy, and audit it")


class OtherLog(VaultError):
    """The folder holds a log of another name than the key that is to sign it."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the folder holds the log {found!a}, the key signs for {wanted!a}: use that log's key")


class EntryTooLong(VaultError):
    """An entry has no bytes, or more than 65,535."""

    def __init__(self, index: int) -> None:
        super().__init__(f"entry {index} of the batch is empty or beyond 65,535 bytes: nothing was appended")
