"""What the tests of presentations share: a vault with licences, a use of one, a token to change."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from licence_vault.certificates import Subject, certify, create_ca
from licence_vault.exporting import Kept, find
from licence_vault.pdf import copies
from licence_vault.presentations import minting, sd_jwt
from licence_vault.presentations.minting import Moment, Shown, Use
from licence_vault.signers import Signer
from licence_vault.vault import Vault
from onefile.verify.presentation import USE, Presentation, Question, open_presentation
from onefile.verify.trust import read_trust
from tests.papers import AT
from tests.vault import DECLARED, ids_of, issue_rows, permit, vault_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
ASKED = Question("health", "n-0123456789")
WANTED = Use("health", ("ZZMC", "CZZT", "KZ_JYXM"), "0102", "2026-17", "n-0123456789", "grant G1", "clerk-7")
FOOD = DECLARED.licences["food_operation_permit"]


class House:
    """A vault with two food permits, and what a clerk does with them."""

    def __init__(self, home: Path, algorithm: str = "Ed25519") -> None:
        self.old: dict[str, bytes] = {}
        self.vault: Vault = vault_of(home)
        self.vault.keystore.create_key("presentations-1", use=USE, at=AT, algorithm=algorithm)
        issue_rows(self.vault, [permit(1), permit(2)], "b1")
        self.ids = ids_of(self.vault)

    @property
    def signer(self) -> Signer:
        return self.vault.keystore.signer(USE)

    @property
    def trust(self) -> bytes:
        return self.vault.keystore.trust()

    def kept(self, number: int = 0) -> Kept:
        return find(self.vault, self.ids[number])

    def certified(self) -> None:
        """Let the bureau's own CA certify a key for copies."""
        create_ca(self.vault.keystore, Subject("trial CA", "样例市数据局"), AT, os.urandom)
        self.vault.keystore.create_key("copies-1", use=copies.USE, at=AT, algorithm="ECDSA-P256")
        certify(self.vault.keystore, "copies-1", Subject("copies", "样例市数据局"), AT, os.urandom)

    def copy(self, at: datetime = AT, **changes: object) -> Shown:
        use = replace(WANTED, life=timedelta(days=30), **changes)  # type: ignore[arg-type]  # names of its fields
        return copies.copy(self.vault, self.kept(), FOOD, use, Moment(at, SHANGHAI))

    def show(self, at: datetime = AT, number: int = 0, **changes: object) -> Shown:
        use = replace(WANTED, **changes)  # type: ignore[arg-type]  # names of its fields
        return minting.present(self.vault, self.kept(number), FOOD, use, Moment(at, SHANGHAI))

    def open(self, token: str | bytes, question: Question = ASKED) -> Presentation:
        data = token.encode("ascii") if isinstance(token, str) else token
        return open_presentation(data, read_trust(self.trust), question)


class Token:
    """A presentation taken apart, to change; `text` signs it anew with the key given."""

    def __init__(self, content: bytes) -> None:
        first, *rest = content.decode("ascii").split("~")
        self.header, self.claims = (json.loads(unpadded(part)) for part in first.split(".")[:2])
        self.disclosures, self.binding = rest[:-1], rest[-1]

    def text(self, signer: Signer) -> str:
        token = sd_jwt.signed(self.claims, "dc+sd-jwt", signer)
        return "~".join([token, *self.disclosures, self.binding])

    def add(self, name: str, value: object, is_signed_for: bool = True) -> None:
        disclosure = padded(json.dumps(["c2FsdA", name, value]).encode())
        self.disclosures.append(disclosure)
        if is_signed_for:
            self.claims["_sd"].append(digest(disclosure))


def padded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(text: str) -> str:
    return padded(sha256(text.encode("ascii")).digest())


def header_changed(content: bytes, changes: Mapping[str, object]) -> str:
    """The token with another header, its signature left as it is."""
    head, rest = content.decode("ascii").split(".", 1)
    return f"{padded(json.dumps({**json.loads(unpadded(head)), **changes}).encode())}.{rest}"
