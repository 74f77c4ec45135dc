"""What a keystore holds, as frozen values: keys and secrets, and how they are written down.

`{"keys": [{"name", "use", "algorithm", "created_at", "retired_at", "private",
"signs_as", "certificate"}], "secrets": [{"name", "created_at", "value"}]}`, in the order they were
made; `signs_as` stands with keys that sign notes only, `certificate` (DER) with some. These bytes are never
stored but sealed (`licence_vault.sealing`).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from licence_vault.canonical import canonical
from licence_vault.errors import BadName, NameTaken, NoSuchKey, UnknownAlgorithm
from licence_vault.hsm import TokenKey
from licence_vault.sealing import MalformedKeystore
from licence_vault.signers import PrivateKey, generate, private_key, public_der, secret_bytes
from onefile.verify import trust
from onefile.verify.algorithms import ALGORITHMS, ED25519, SM2_SM3
from onefile.verify.note import is_name
from onefile.verify.reading import Record, instant_text, parse

KEY_BYTES = {SM2_SM3: 96}
"""Sizes of private keys that are not 32 bytes: an SM2 key is kept with its point."""
INTERNATIONAL, SM = "international", "sm"
PROFILES = {INTERNATIONAL: ED25519, SM: SM2_SM3}
"""The algorithm of new keys by the keystore's one setting."""
CA_USE = "ca"
"""The use of the key that certifies others."""


@dataclass(frozen=True)
class Key:
    """A signing key. `name` is one of its kind; `use` says what it signs, and may pass on to a younger key.

    `signs_as` is the name that stands under the notes it signs (a log's, a witness's), or empty. `certificate` is its
    X.509 certificate (DER), or empty. `lost_at`: since when somebody else may have it.
    """

    name: str
    use: str
    algorithm: str
    created_at: datetime
    retired_at: datetime | None
    private: PrivateKey = field(repr=False)
    signs_as: str = ""
    certificate: bytes = b""
    lost_at: datetime | None = None

    @property
    def public_der(self) -> bytes:
        """The public key as SubjectPublicKeyInfo."""
        return public_der(self.private)

    @property
    def id(self) -> str:
        """What verifiers find the public key by."""
        return trust.key_id(self.public_der)

    @property
    def state(self) -> str:
        """`active` or `retired`; a retired key signs nothing, and what it signed stays good."""
        return "active" if self.retired_at is None else "retired"


@dataclass(frozen=True)
class Secret:
    """32 random bytes under a name, for keyed hashes."""

    name: str
    created_at: datetime
    value: bytes = field(repr=False)


@dataclass(frozen=True)
class Contents:
    """All of a keystore. Every change gives a new value."""

    keys: tuple[Key, ...] = ()
    secrets: tuple[Secret, ...] = ()
    profile: str = INTERNATIONAL

    def with_key(self, key: Key) -> Contents:
        """Add a key; NameTaken when a key has its name."""
        if any(other.name == key.name for other in self.keys):
            raise NameTaken(f"the keystore has a key {key.name!r} already: choose another name")
        return replace(self, keys=(*self.keys, key))

    def with_retired(self, name: str, at: datetime, lost_at: datetime | None = None) -> Contents:
        """Retire the key of that name, as lost since `lost_at` if given; NoSuchKey when no active key has it."""
        if not any(key.name == name and key.retired_at is None for key in self.keys):
            raise NoSuchKey(f"the keystore has no active key {name!r}")
        return replace(
            self, keys=tuple(replace(k, retired_at=at, lost_at=lost_at) if k.name == name else k for k in self.keys)
        )

    def with_certificate(self, name: str, certificate: bytes) -> Contents:
        """Give the key of that name a certificate (DER); NoSuchKey when no key has it."""
        if not any(key.name == name for key in self.keys):
            raise NoSuchKey(f"the keystore has no key {name!r}")
        kept = (replace(k, certificate=certificate) if k.name == name else k for k in self.keys)
        return replace(self, keys=tuple(kept))

    def with_secret(self, secret: Secret) -> Contents:
        """Add a secret; NameTaken when a secret has its name."""
        if any(other.name == secret.name for other in self.secrets):
            raise NameTaken(f"the keystore has a secret {secret.name!r} already: choose another name")
        return replace(self, secrets=(*self.secrets, secret))

    def active(self, use: str) -> Key | None:
        """Return the youngest active key for a use, or None."""
        return next((key for key in reversed(self.keys) if key.use == use and key.retired_at is None), None)

    def rotated(self, use: str, algorithm: str | None, at: datetime) -> Contents:
        """Put a fresh key in the place of the active one for a use, which is retired; NoSuchKey when none is."""
        old = self.active(use)
        if old is None:
            raise NoSuchKey(f"the keystore has no active key for {use!r} to put another in the place of: create one")
        if isinstance(old.private, TokenKey):
            raise UnknownAlgorithm(
                f"{old.name!r} is in a security module: make the next there by `onefile vault keys create --hsm …`,"
                " then retire this one"
            )
        names = {key.name for key in self.keys}
        name = next(n for n in (f"{use}-{i}" for i in range(1, len(names) + 2)) if n not in names)
        fresh = new_key(name, use, algorithm or old.algorithm, at, old.signs_as)
        return self.with_retired(old.name, at).with_key(fresh)

    def with_profile(self, profile: str, uses: tuple[str, ...], secrets: tuple[str, ...], at: datetime) -> Contents:
        """Go over to the algorithms of a profile: active keys for these uses are rotated, secrets added."""
        whole = replace(self, profile=profile)
        for use in uses:
            active = whole.active(use)
            if active is not None and active.algorithm != PROFILES[profile]:
                whole = whole.rotated(use, PROFILES[profile], at)
        return whole.completed((), secrets, at, {})

    def lacks(self, uses: tuple[str, ...], secrets: tuple[str, ...]) -> bool:
        """Say whether a use has no active key, or a secret is missing."""
        names = {secret.name for secret in self.secrets}
        return not names.issuperset(secrets) or any(self.active(use) is None for use in uses)

    def completed(
        self, uses: tuple[str, ...], secrets: tuple[str, ...], at: datetime, signs_as: Mapping[str, str]
    ) -> Contents:
        """Add what it lacks of these: keys named `<use>-<number>`, and secrets."""
        whole = self
        for use in uses:
            if whole.active(use) is None:
                number = 1 + sum(key.use == use for key in whole.keys)
                name = signs_as.get(use, "")
                whole = whole.with_key(new_key(f"{use}-{number}", use, PROFILES[self.profile], at, name))
        for name in secrets:
            if all(secret.name != name for secret in whole.secrets):
                whole = whole.with_secret(new_secret(name, at))
        return whole


def new_key(name: str, use: str, algorithm: str, at: datetime, signs_as: str = "") -> Key:
    """Return a fresh key.

    Raises:
        UnknownAlgorithm: the algorithm is not on the list.
        BadName: the key is to sign notes, and the name it would sign as cannot stand there.
    """
    if algorithm not in ALGORITHMS:
        raise UnknownAlgorithm(f"algorithm {algorithm!r} is not known: {' or '.join(ALGORITHMS)} is wanted")
    return checked(Key(name, use, algorithm, at, None, generate(algorithm), signs_as))


def checked(key: Key) -> Key:
    """Return a key that may be kept; BadName when it is to sign notes, and its name cannot stand there."""
    if key.use in trust.NOTE_USES and not is_name(key.signs_as):
        raise BadName(
            f"a key for {key.use!r} signs under a name like city.example/log: without spaces and +, not empty"
        )
    return key


def new_secret(name: str, at: datetime) -> Secret:
    """Return a fresh secret of 32 bytes."""
    return Secret(name, at, os.urandom(32))


def written(contents: Contents) -> bytes:
    """Return the contents as the bytes to be sealed."""
    keys = [{**_public_fields(key), **_certificate(key), **_private(key)} for key in contents.keys]
    secrets = [
        {"name": secret.name, "created_at": instant_text(secret.created_at), "value": _base64(secret.value)}
        for secret in contents.secrets
    ]
    profile = {} if contents.profile == INTERNATIONAL else {"profile": contents.profile}
    return canonical({"keys": keys, "secrets": secrets, **profile})


def read(plain: bytes) -> Contents:
    """Return the contents in unsealed bytes.

    Raises:
        MalformedKeystore: they are of another format.
    """
    top = Record(parse(plain, MalformedKeystore), "the content", MalformedKeystore)
    keys = [_read_key(Record(item, "a key", MalformedKeystore)) for item in top.items("keys")]
    records = [Record(item, "a secret", MalformedKeystore) for item in top.items("secrets")]
    secrets = [Secret(record.text("name"), record.instant("created_at"), record.base64("value")) for record in records]
    profile = top.choice("profile", tuple(PROFILES)) if top.has("profile") else INTERNATIONAL
    return Contents(tuple(keys), tuple(secrets), profile)


def trust_file(contents: Contents) -> bytes:
    """Return the public keys, retired ones too, as a trust file, which anybody may have."""
    keys = [
        {**_public_fields(key), "id": key.id, "state": key.state, "public": _base64(key.public_der)}
        for key in contents.keys
    ]
    cas = [_base64(key.certificate) for key in contents.keys if key.use == CA_USE and key.certificate]
    return canonical({"format": trust.FORMAT, "keys": keys, **({"cas": cas} if cas else {})}) + b"\n"


def _private(key: Key) -> dict[str, object]:
    """Return what is kept of a private key: its bytes, or where it is."""
    if isinstance(key.private, TokenKey):
        kept = key.private
        place = {"module": kept.module, "token": kept.token, "label": kept.label, "pin": kept.pin}
        return {"token": {**place, "public": _base64(kept.public)}}
    return {"private": _base64(secret_bytes(key.private))}


def _read_private(record: Record, algorithm: str) -> PrivateKey:
    if record.has("token"):
        place = Record(record.take("token"), "the token", MalformedKeystore)
        texts = {name: place.text(name) for name in ("module", "token", "label", "pin")}
        return TokenKey(**texts, public=place.base64("public"))
    private = record.base64("private")
    if len(private) != KEY_BYTES.get(algorithm, 32):
        raise record.wrong("private", "of the size of such a key")
    return private_key(algorithm, private)


def _certificate(key: Key) -> dict[str, object]:
    return {"certificate": _base64(key.certificate)} if key.certificate else {}


def _public_fields(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "use": key.use,
        "algorithm": key.algorithm,
        "created_at": instant_text(key.created_at),
        "retired_at": None if key.retired_at is None else instant_text(key.retired_at),
        **({"signs_as": key.signs_as} if key.signs_as else {}),
        **({"lost_at": instant_text(key.lost_at)} if key.lost_at else {}),
    }


def _read_key(record: Record) -> Key:
    algorithm = record.choice("algorithm", ALGORITHMS)
    return Key(
        name=record.text("name"),
        use=record.text("use"),
        algorithm=algorithm,
        created_at=record.instant("created_at"),
        retired_at=None if record.take("retired_at") is None else record.instant("retired_at"),
        private=_read_private(record, algorithm),
        signs_as=record.text("signs_as") if record.has("signs_as") else "",
        certificate=record.base64("certificate") if record.has("certificate") else b"",
        lost_at=record.instant("lost_at") if record.has("lost_at") else None,
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
