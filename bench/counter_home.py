"""The home that the counter is measured on: a hundred thousand made-up people and firms, a licence each, two grants."""

from __future__ import annotations

import json
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import catalog
from catalog import requests as sharing
from catalog.cases import store
from catalog.entries import entries
from catalog.requests import Wanted
from catalog.sharing_store import Actor
from exchange.clients import registry
from exchange.clients.keys import read_key
from exchange.clients.registry import Wish
from licence_vault.drafts import drafts
from licence_vault.issuing import issue
from licence_vault.vault import open_vault
from onefile import client as library
from onefile.verify.reading import instant_text
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.writing import Batch, File
from schemas.subjects import SubjectNumber

FIELDS, LICENCE_FIELDS = ("name", "sex", "birth_on", "address", "area"), ("ZZBH", "ZZBS", "CZZT", "KZ_JYXM")
ITEM, CASE = "0102", "BENCH-1"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Home:
    """A home to be served. `key` is the client's private key, PEM."""

    folder: Path
    url: str
    subjects: int
    key: bytes
    file_grant: str
    licence_grant: str

    @property
    def environ(self) -> dict[str, str]:
        """What a server process is told."""
        return {"ONEFILE_HOME": str(self.folder), "ONEFILE_DATABASE_URL": self.url, "ONEFILE_LANG": "en"}

    def headers(self, grant: str) -> dict[str, str]:
        """Return what a question cites."""
        return {"Onefile-Grant": grant, "Onefile-Item": ITEM, "Onefile-Case": CASE}

    def token(self, url: str) -> str:
        """Return an access token of a server."""
        trust = (self.folder / "keys" / "trust.json").read_bytes()
        with library.Counter(url, "bench", self.key, trust) as ask:
            return ask.token()


def man(number: int) -> str:
    """Return the number of the n-th person; nobody was ever given it."""
    born = f"{1930 + number % 70}{1 + number // 70 % 12:02d}{1 + number // 840 % 28:02d}"
    digits = f"690101{born}{number // 23_520 % 1000:03d}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


def firm(number: int) -> str:
    """Return the credit code of the n-th firm."""
    organisation = f"{number:08d}"
    rest = sum(int(d) * w for d, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    code = "91690101" + organisation + {0: "0", 1: "X"}.get(rest, str(11 - rest))
    total = sum(ALPHABET.index(c) * w for c, w in zip(code, CODE_WEIGHTS, strict=True))
    return code + ALPHABET[(31 - total % 31) % 31]


def prepare(folder: Path, url: str | None, subjects: int) -> Home:
    """Make a home."""
    at = datetime.now(UTC) - timedelta(hours=1)
    url = url or f"sqlite:///{folder / 'serving.db'}"
    upgrade(url)
    began = time.monotonic()
    _publish(url, subjects)
    _license(folder, url, subjects, at)
    key = Ed25519PrivateKey.generate()
    with writing(url) as connection:
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        registry.add(connection, Wish("bench", "bench", "system", "tax"), read_key(public), "bench", at)
        _case(connection, at)
        grants = [_grant(connection, entry, fields, mode, at) for entry, fields, mode in (
            ("police.population", ("number", *FIELDS), "query"),
            ("licence.food_operation_permit", LICENCE_FIELDS, "licence"))]  # fmt: skip
    print(f"{subjects} people and firms in {time.monotonic() - began:.0f} s")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Home(folder, url, subjects, pem, *grants)


def _said(value: object) -> dict[str, object]:
    return {"value": value, "resource": "police.population", "department": "police", "record": "0" * 32,
            "delivery": "police-population-2026-11-01-0a1b2c3d", "row_no": 17, "observed_on": "2026-11-01", "rank": 1,
            "reason": "only"}  # fmt: skip


def _document(number: str) -> str:
    names = ("name", "former_name", "sex", "birth_on", "ethnic_group", "address", "area", "household_no", "phone")
    values: dict[str, object] = {name: _said(f"{name} {number[-4:]}") for name in names}
    return json.dumps({**values, "birth_on": _said("1990-01-01"), "area": _said("690101"), "contradictions": [],
                       "relations": [], "identifiers": []}, ensure_ascii=False)  # fmt: skip


def _publish(url: str, subjects: int) -> None:
    with writing(url) as connection:
        batch = Batch(connection, "person", 1, "2026-11-29T00:00:00Z")
        for start in range(0, subjects, 5000):
            numbers = [man(number) for number in range(start, min(subjects, start + 5000))]
            batch.put([
                File(SubjectNumber("person", "citizen", each).subject_id, "citizen", each, "1", _document(each),
                     (("citizen", each),))
                for each in numbers
            ])  # fmt: skip


def _license(folder: Path, url: str, subjects: int, at: datetime) -> None:
    vault = open_vault(folder, url, folder / "keys" / "passphrase", "bench.example/log", at)
    declared = catalog.load().declarations
    kind = declared.licences["food_operation_permit"]
    for start in range(0, subjects, 20_000):
        rows: list[dict[str, Any]] = [
            {"permit_no": f"JY1{number:013d}", "holder_code": firm(number), "holder_name": f"样例餐饮店{number}号",
             "kind": "1", "items": "热食类食品制售", "issued_on": "2025-01-01", "expires_on": "2029-12-31",
             "state": "valid"}
            for number in range(start, min(subjects, start + 20_000))
        ]  # fmt: skip
        made = drafts(kind, declared.tables[kind.table], rows)
        issue(vault, made, batch_id=f"b-{start}", at=at, day=at.date().isoformat())


def _case(connection: Any, at: datetime) -> None:
    store.register(connection, store.CaseFile(
        "case-1", CASE, None, None, ITEM, "tax", "tax", "bench", "", "promised", "draft", 0, "", "", instant_text(at),
        None, None, 0, 20, 5, None, None, None), [])  # fmt: skip


def _grant(connection: Any, entry_id: str, fields: tuple[str, ...], mode: str, at: datetime) -> str:
    known = catalog.load()
    entry, day = entries(known)[entry_id], at.date()
    wanted = Wanted(fields, "", (), "Order 809", "bench", "bench", mode, day.isoformat(),
                    (day + timedelta(days=30)).isoformat(), 1_000_000_000, "PIA 1")  # fmt: skip
    case = sharing.apply(connection, wanted, entry, Actor("consumer", "tax", "bench", at, day))
    for action, role, department in (("approve", "office", "tax"), ("grant", "provider", entry.provider)):
        if case.state != "granted":
            actor = Actor(role, department, "bench", at, day)
            case = sharing.act(connection, case.id, action, actor, "bench", entry, known.sharing)
    return case.id.replace("R", "G", 1)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of one's own, on a socket in a folder; the value is the URL of its database."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise SystemExit("PostgreSQL is not installed")
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    user = pwd.getpwnam("postgres").pw_uid
    shutil.chown(folder, user)
    bin_folder = found[-1].parent
    subprocess.run([bin_folder / "initdb", "-D", folder / "data", "-U", "onefile", "-A", "trust", "-E", "UTF8"],
                   check=True, capture_output=True, user=user, cwd=folder)  # fmt: skip
    command = [bin_folder / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=",
               "-c", "max_connections=200"]  # fmt: skip
    server = subprocess.Popen(command, user=user, cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while subprocess.run([bin_folder / "pg_isready", "-q", "-h", folder], check=False).returncode:
            time.sleep(0.2)
        yield f"postgresql+psycopg://onefile@/postgres?host={folder}"
    finally:
        server.terminate()
        server.wait(60)
