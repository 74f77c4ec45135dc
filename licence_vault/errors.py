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


class PayloadErased(VaultError):
    """The payload's key was destroyed: nobody can read it any more."""

    def __init__(self, licence_id: str) -> None:
        super().__init__(
            f"the content of licence {licence_id} was erased: its entry in the log stays, and says no more"
        )


class PayloadDamaged(VaultError):
    """A sealed payload is not what was sealed for that licence."""

    def __init__(self, licence_id: str) -> None:
        super().__init__(f"the content kept for licence {licence_id} was altered or swapped: restore the database")


class LogAndTableDiffer(VaultError):
    """The log and the licence table do not tell the same: one of them was set back, or altered."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"the log and the licence table differ: {detail}; nothing was issued: restore both from one backup, then"
            " `onefile vault audit`"
        )


class ClockWentBack(VaultError):
    """The batch would be dated before the one that is the last in the log."""

    def __init__(self, at: str, last: str) -> None:
        super().__init__(f"the present instant {at} is before the last batch's, {last}: set the clock right")


class AlreadyErased(VaultError):
    """The licence's content was erased before."""

    def __init__(self) -> None:
        super().__init__("the licence's content was erased before: there is nothing left to destroy")


class NoSuchLicence(VaultError):
    """The vault has no licence of that identifier."""

    def __init__(self) -> None:
        super().__init__(
            "the vault has no such licence: look at the identifier's spelling, version and check character"
        )


class UnknownLicenceType(VaultError):
    """No licence type of that name is declared."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(f"no licence type {found!a} is declared: {known}")


class LogForked(VaultError):
    """A log is not what it was before, grown: somebody removed, altered or re-wrote entries."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the log is not what it was, grown: {detail}; keep both checkpoints and tell its authority")


class LogUnreachable(VaultError):
    """A file of a log cannot be had."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the log's {path} cannot be read: look at its folder or address, and at the network")


class CertificateRefused(VaultError):
    """A certificate cannot be kept or made for a key."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the certificate is not taken: {detail}; ask its authority for one of this very key")


class NotStamped(VaultError):
    """A checkpoint could not be given a time stamp, or has none."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"there is no time stamp: {detail}; ask the authority again, or another one")


class HsmFailed(VaultError):
    """A hardware security module cannot be reached, or refuses."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the security module does not work: {detail}; look at module, token label, PIN and key label")
