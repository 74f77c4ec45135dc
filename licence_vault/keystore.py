"""The bureau's keys: one encrypted file, opened with a passphrase; private keys leave it in no form but a signer.

Every change is made under a lock to what the file holds then, so that two processes lose
nothing of each other's. Beside it lies `trust.json`, the public keys, for every verifier.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock

from licence_vault.contents import Contents, Key, checked, new_key, new_secret, read, trust_file, written
from licence_vault.errors import KeystoreCorrupted, KeystoreExists, KeystoreMissing, NoSuchKey, PassphraseMissing
from licence_vault.hsm import TokenKey
from licence_vault.sealing import MalformedKeystore, SealingKey, derive, seal, unseal
from licence_vault.signers import Signer
from licence_vault.signers import signer as make_signer
from onefile.files import lock, write_whole
from onefile.verify.algorithms import ECDSA_P256

Stamp = tuple[int, int, int]
USES = ("receipts", "ledger")
SECRETS = ("subject-hash", "erased-rows")


class Keystore:
    """An open keystore. Made by `create`, `open` or `bureau`; `repr` shows names only."""

    def __init__(
        self, path: Path, passphrase: bytes, contents: Contents, key: SealingKey, stamp: Stamp | None = None
    ) -> None:  # fmt: skip
        self.path = path
        self.generation = 0
        self._passphrase, self._contents, self._key, self._stamp = passphrase, contents, key, stamp
        self._refreshing = Lock()

    @classmethod
    def create(cls, path: Path, passphrase: bytes) -> Keystore:
        """Make an empty keystore, mode 0600.

        Raises:
            KeystoreExists: there is one; of two processes that create at once, one gets this.
        """
        store = cls(path, passphrase, Contents(), derive(passphrase))
        with lock(_lock_of(path)):
            if path.exists():
                raise KeystoreExists(f"{path.name} is there already: open it, or move it away")
            store._save()
        return store

    @classmethod
    def open(cls, path: Path, passphrase: bytes) -> Keystore:
        """Open a keystore.

        Raises:
            KeystoreMissing: there is none.
            KeystoreCorrupted: the file is damaged.
            WrongPassphrase: the passphrase does not open it.
        """
        stamp = _stamp(path)  # before the file is read: what comes meanwhile is read again
        contents, key = _load(path, passphrase, None)
        return cls(path, passphrase, contents, key, stamp)

    def refresh(self) -> None:
        """Take over what another process changed since; `generation` is another number then. Errors as `open`.

        Where nothing was changed it costs a look at the file's entry in its folder.
        """
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return
        with self._refreshing:
            self._contents, self._key = _load(self.path, self._passphrase, self._key)
            self._stamp = stamp
            self.generation += 1

    @property
    def keys(self) -> tuple[Key, ...]:
        """All keys, the oldest first."""
        return self._contents.keys

    def create_key(self, name: str, *, use: str, at: datetime, algorithm: str = "Ed25519", signs_as: str = "") -> Key:
        """Make a key, keep it, and return it.

        Args:
            signs_as: the name under notes that a `log` or `witness` key signs.

        Raises:
            NameTaken: a key has that name.
            UnknownAlgorithm: `algorithm` is not on the list.
            BadName: `signs_as` is needed, and cannot stand under a note.
        """
        key = new_key(name, use, algorithm, at, signs_as)
        self._change(lambda contents: contents.with_key(key))
        return key

    def add_token_key(self, name: str, *, use: str, at: datetime, token: TokenKey, signs_as: str = "") -> Key:
        """Keep where a key in a security module is, and return it; NameTaken, BadName as `create_key`."""
        self._change(lambda c: c.with_key(checked(Key(name, use, ECDSA_P256, at, None, token, signs_as))))
        return self.key(name)

    def retire_key(self, name: str, at: datetime, lost_at: datetime | None = None) -> None:
        """Let a key sign nothing more; it stays in the file and among the trusted keys.

        Args:
            lost_at: since when somebody else may have it: what it signed counts only with a time stamp from before.

        Raises:
            NoSuchKey: no active key has that name.
        """
        self._change(lambda contents: contents.with_retired(name, at, lost_at))

    def certify(self, name: str, certificate: bytes) -> None:
        """Keep a key's certificate (DER) with it; NoSuchKey when no key has that name."""
        self._change(lambda contents: contents.with_certificate(name, certificate))

    def key(self, name: str) -> Key:
        """Return the key of that name, retired ones too; NoSuchKey when there is none."""
        for key in self._contents.keys:
            if key.name == name:
                return key
        raise NoSuchKey(f"the keystore has no key {name!r}")

    def rotate_key(self, use: str, at: datetime, algorithm: str | None = None) -> Key:
        """Retire the active key for a use, make another in its place, and return that.

        Raises:
            NoSuchKey: no active key has that use.
            UnknownAlgorithm: `algorithm` is not on the list; None: the old key's.
        """
        self._change(lambda contents: contents.rotated(use, algorithm, at))
        return self.active_key(use)

    def active_key(self, use: str) -> Key:
        """Return the youngest active key for a use.

        Raises:
            NoSuchKey: there is none.
        """
        key = self._contents.active(use)
        if key is None:
            raise NoSuchKey(f"the keystore has no active key for {use!r}: create one")
        return key

    @property
    def profile(self) -> str:
        """`international` or `sm`: which algorithms new keys and envelopes have."""
        return self._contents.profile

    def use_profile(self, profile: str, uses: tuple[str, ...], secrets: tuple[str, ...], at: datetime) -> None:
        """Go over to the algorithms of a profile, by rotation: what was signed and sealed before stays good.

        Raises:
            ExtraMissing: the library of its algorithms is not installed.
        """
        self._change(lambda contents: contents.with_profile(profile, uses, secrets, at))

    def has_secret(self, name: str) -> bool:
        """Say whether there is a secret of that name."""
        return any(secret.name == name for secret in self._contents.secrets)

    def create_secret(self, name: str, at: datetime) -> bytes:
        """Make a secret of 32 random bytes, keep it, and return it.

        Raises:
            NameTaken: a secret has that name.
        """
        secret = new_secret(name, at)
        self._change(lambda contents: contents.with_secret(secret))
        return secret.value

    def secret(self, name: str) -> bytes:
        """Return a secret.

        Raises:
            NoSuchKey: there is none of that name.
        """
        for secret in self._contents.secrets:
            if secret.name == name:
                return secret.value
        raise NoSuchKey(f"the keystore has no secret {name!r}")

    def signer(self, use: str) -> Signer:
        """Return the signer for a use: its youngest active key.

        Raises:
            NoSuchKey: no active key has that use.
        """
        key = self.active_key(use)
        return make_signer(key.id, key.private)

    def trust(self) -> bytes:
        """Return the public keys as a trust file, which anybody may have."""
        return trust_file(self._contents)

    def ensure(
        self, uses: tuple[str, ...], secrets: tuple[str, ...], at: datetime, signs_as: Mapping[str, str] | None = None
    ) -> None:
        """Make what is missing: an active key for each use, a secret for each name, the trust file.

        Args:
            signs_as: by use, the name under notes that a new key signs.
        """
        trust_path = self.path.with_name("trust.json")
        is_told = trust_path.exists() and trust_path.read_bytes() == self.trust()
        if self._contents.lacks(uses, secrets) or not is_told:
            self._change(lambda contents: contents.completed(uses, secrets, at, signs_as or {}))

    def __repr__(self) -> str:
        return f"Keystore({self.path.name}, keys={[key.name for key in self.keys]})"

    def _change(self, change: Callable[[Contents], Contents]) -> None:
        with lock(_lock_of(self.path)):
            contents, self._key = _load(self.path, self._passphrase, self._key)
            self._contents = change(contents)
            self._save()

    def _save(self) -> None:
        write_whole(self.path, seal(written(self._contents), self._key))
        write_whole(self.path.with_name("trust.json"), self.trust())
        self._stamp = _stamp(self.path)
        self.generation += 1


def passphrase(path: Path, create: bool = False) -> bytes:
    """Return the passphrase in a file: its bytes without white space around them.

    Args:
        path: the file.
        create: make it with 256 random bits, mode 0600, where it is missing.

    Raises:
        PassphraseMissing: it is not there, cannot be read, or is empty.
    """
    if create:
        with lock(_lock_of(path)):
            if not path.exists():
                write_whole(path, os.urandom(32).hex().encode("ascii") + b"\n")
    try:
        text = path.read_bytes().strip()
    except OSError as error:
        raise PassphraseMissing(path.name, type(error).__name__) from error
    if not text:
        raise PassphraseMissing(path.name, "it is empty")
    return text


def bureau(home: Path, passphrase_file: Path, at: datetime) -> Keystore:
    """Open the bureau's keystore; on first use make it, and a passphrase where the home's own is meant.

    It has an active Ed25519 key for `receipts` and for `ledger` and the secrets
    `subject-hash` and `erased-rows`; `keys/trust.json` holds its public keys.

    Args:
        home: the folder of all that the product writes.
        passphrase_file: `keys/passphrase` in the home, or a file that somebody else provides.
        at: the instant that new keys are dated with.

    Raises:
        KeystoreMissing: there is no keystore, though there once was one.
        KeystoreCorrupted, WrongPassphrase, PassphraseMissing: it cannot be opened.
    """
    folder = home / "keys"
    had_keys = (folder / "trust.json").exists()  # looked for first: it is written last
    if (folder / "keystore.json").exists():
        store = Keystore.open(folder / "keystore.json", passphrase(passphrase_file))
    elif had_keys:
        raise KeystoreMissing(
            "keystore.json is gone, but trust.json tells of keys once made: restore it from the last backup;"
            " to begin anew with other keys, move trust.json away and keep it"
        )
    else:
        secret = passphrase(passphrase_file, create=passphrase_file == folder / "passphrase")
        store = _create_or_open(folder / "keystore.json", secret)
    store.ensure(USES, SECRETS, at)
    return store


def _create_or_open(path: Path, secret: bytes) -> Keystore:
    try:
        return Keystore.create(path, secret)
    except KeystoreExists:  # another process was first, between the look and the lock
        return Keystore.open(path, secret)


def _stamp(path: Path) -> Stamp | None:
    """Return what tells a file from the one before it in its place; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _lock_of(path: Path) -> Path:
    return path.parent.parent / "locks" / f"{path.stem}.lock"


def _load(path: Path, passphrase: bytes, known: SealingKey | None) -> tuple[Contents, SealingKey]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise KeystoreMissing(f"there is no {path.name} in {path.parent.name}: create it, or restore it") from error
    plain, key = unseal(data, path.name, passphrase, known)
    try:
        return read(plain), key
    except MalformedKeystore:
        raise KeystoreCorrupted(path.name, "its content is of another format") from None
