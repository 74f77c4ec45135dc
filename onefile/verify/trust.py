"""Whose signatures are believed: the trust file, read strictly.

`{"format": "onefile.trust/1", "keys": [{"id", "name", "use", "algorithm", "public", "state",
"created_at", "retired_at", "signs_as", "lost_at"}], "witnesses_needed", "cas", "tsas"}`: `public` is the key's
SubjectPublicKeyInfo (DER) in base64, and `id` follows from it, so a key cannot pose as another. Algorithms are
allow-listed. `signs_as` is the name under which a `log` or `witness` key signs notes; of the
witnesses, `witnesses_needed` (none where it is left out) must have co-signed a checkpoint. `cas` are
certificates (DER, base64) of authorities that certify issuers, `tsas` of those of time; none where they
are left out. A key with `lost_at` counts only with a time stamp from before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from onefile.verify.algorithms import ALGORITHMS, PublicKey, public_key
from onefile.verify.errors import BadSignature, MalformedTrust, UnknownKey, WrongUse
from onefile.verify.reading import Record, parse

FORMAT = "onefile.trust/1"
STATES = ("active", "retired")
NOTE_USES = ("log", "witness")


@dataclass(frozen=True)
class TrustedKey:
    """A public key, what it may sign, and when it ceased to. `lost_at`: since when somebody else may have it."""

    id: str
    name: str
    use: str
    algorithm: str
    state: str
    created_at: datetime
    retired_at: datetime | None
    public: PublicKey
    signs_as: str = ""
    lost_at: datetime | None = None

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the message; raise BadSignature otherwise."""
        if not self.public.holds(signature, message):
            raise BadSignature(self.id)


@dataclass(frozen=True)
class Trust:
    """The keys that are believed, by id, how many witnesses a checkpoint needs, and CAs' certificates (DER)."""

    keys: Mapping[str, TrustedKey]
    witnesses_needed: int = 0
    cas: tuple[bytes, ...] = ()
    tsas: tuple[bytes, ...] = ()

    def of_use(self, use: str) -> tuple[TrustedKey, ...]:
        """Return the keys for a use, retired ones too."""
        return tuple(key for key in self.keys.values() if key.use == use)

    def key(self, key_id: str, use: str) -> TrustedKey:
        """Return the key of that id.

        Raises:
            UnknownKey: there is none.
            WrongUse: it is trusted for something else than `use`.
        """
        if key_id not in self.keys:
            raise UnknownKey(key_id)
        key = self.keys[key_id]
        if key.use != use:
            raise WrongUse(key_id, key.use, use)
        return key


def key_id(public_der: bytes) -> str:
    """Return the id of a public key: the first 32 hexadecimal digits of the SHA-256 of its DER."""
    return sha256(public_der).hexdigest()[:32]


def read_trust(data: bytes) -> Trust:
    """Return the trusted keys in a trust file.

    Raises:
        MalformedTrust: the bytes are no such file, or an id is not its key's.
    """
    top = Record(parse(data, MalformedTrust), "the file", MalformedTrust)
    top.choice("format", (FORMAT,))
    keys = [_key(Record(item, "a key", MalformedTrust)) for item in top.items("keys")]
    by_id = {key.id: key for key in keys}
    if len(by_id) != len(keys):
        raise MalformedTrust("a key stands twice")
    needed = top.count("witnesses_needed") if top.has("witnesses_needed") else 0
    if needed > len({key.signs_as for key in keys if key.use == "witness" and key.lost_at is None}):
        raise MalformedTrust("it demands more witnesses than it has")
    return Trust(by_id, needed, _certificates(top, "cas"), _certificates(top, "tsas"))


def _certificates(top: Record, name: str) -> tuple[bytes, ...]:
    if not top.has(name):
        return ()
    found = [Record({"certificate": item}, f"one of {name}", MalformedTrust) for item in top.items(name)]
    return tuple(_certificate(record) for record in found)


def _certificate(record: Record) -> bytes:
    """Return a certificate's DER, once it can be read as one: a trust file is refused before anything hangs on it."""
    from onefile.verify.certificate import load

    der = record.base64("certificate")
    try:
        load(der)
    except ValueError:
        raise record.wrong("certificate", "a certificate (DER, base64)") from None
    return der


def _key(record: Record) -> TrustedKey:
    der = record.base64("public")
    if record.text("id") != key_id(der):
        raise record.wrong("id", "the id of its public key")
    retired_at = None if record.take("retired_at") is None else record.instant("retired_at")
    state = record.choice("state", STATES)
    if (state == "retired") != (retired_at is not None):
        raise record.wrong("retired_at", "there exactly when the key is retired")
    use, algorithm = record.text("use"), record.choice("algorithm", ALGORITHMS)
    public = public_key(algorithm, der)
    if public is None:
        raise record.wrong("public", f"an {algorithm} key as SubjectPublicKeyInfo")
    return TrustedKey(
        id=key_id(der),
        name=record.text("name"),
        use=use,
        algorithm=algorithm,
        state=state,
        created_at=record.instant("created_at"),
        retired_at=retired_at,
        public=public,
        signs_as=record.text("signs_as") if use in NOTE_USES else "",
        lost_at=record.instant("lost_at") if record.has("lost_at") else None,
    )
