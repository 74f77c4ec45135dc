"""The home that prefill is measured on: firms with a file and a business licence each, and cases of some of them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import Connection, insert

import catalog
from bench.counter_home import Home, _grant, firm
from exchange.clients import registry
from exchange.clients.keys import read_key
from exchange.clients.registry import Wish
from ledger.entry import subject_hash
from licence_vault.drafts import drafts
from licence_vault.issuing import issue
from licence_vault.vault import Vault, open_vault
from onefile.verify.reading import instant_text
from schemas.serving.connection import writing
from schemas.serving.migration import upgrade
from schemas.serving.tables import counter_tables
from schemas.serving.writing import Batch, File
from schemas.subjects import SubjectNumber

CASES = 5_000
"""How many firms have a case; their files lie anywhere among all."""
GRANTS = (
    (
        "market.enterprises",
        ("code", "name", "legal_representative", "status", "cancelled_on", "address", "area"),
        "query",
    ),
    ("market.food_permits", ("permit_no", "holder_code", "state", "expires_on"), "query"),
    ("licence.business_licence", ("ZZBH", "ZZBS", "CZZT"), "licence"),
)


def case_of(number: int) -> str:
    """Return the number of a firm's case."""
    return f"PF-{number}"


def prepare(folder: Path, url: str | None, subjects: int) -> Home:
    """Make the home; say how long it took."""
    began, at = time.monotonic(), datetime.now(UTC) - timedelta(minutes=5)
    folder.mkdir(parents=True)
    url = url or f"sqlite:///{folder}/serving.db"
    upgrade(url)
    vault = open_vault(folder, url, folder / "keys" / "passphrase", "bench.example/log", at)
    _publish(url, subjects)
    _license(vault, subjects, at)
    key = Ed25519PrivateKey.generate()
    with writing(url) as connection:
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        registry.add(connection, Wish("bench", "bench", "system", "tax"), read_key(public), "bench", at)
        _cases(connection, vault.keystore.secret("subject-hash"), min(CASES, subjects), at)
        grants = [_grant(connection, entry, fields, mode, at) for entry, fields, mode in GRANTS]
        if connection.dialect.name == "postgresql":  # as a server does by itself within a minute
            connection.exec_driver_sql("ANALYZE")
    print(f"{subjects} firms, {min(CASES, subjects)} cases in {time.monotonic() - began:.0f} s")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Home(folder, url, subjects, pem, ",".join(grants), grants[-1])


def _said(value: object) -> dict[str, object]:
    return {"value": value, "resource": "market.enterprises", "department": "market", "record": "0" * 32,
            "delivery": "market-enterprises-2026-11-01-0a1b2c3d", "row_no": 17, "observed_on": "2026-11-01", "rank": 1,
            "reason": "lead"}  # fmt: skip


def _document(code: str) -> str:
    values: dict[str, Any] = {
        "name": f"样例餐饮店{code[-5:]}", "legal_representative": "安娜", "status": "1", "address": "样例路1号",
        "area": "690101", "capital_cents": 3_000_000, "industry": "H62", "established_on": "2020-01-01",
    }  # fmt: skip
    known = {"type": "credit_code", "number": code, "resource": "market.enterprises", "observed_on": "2026-11-01"}
    return json.dumps({
        "number_type": "credit_code", "number": code, **{name: _said(value) for name, value in values.items()},
        "contradictions": [], "relations": [], "identifiers": [known],
    }, ensure_ascii=False)  # fmt: skip


def _publish(url: str, subjects: int) -> None:
    with writing(url) as connection:
        batch = Batch(connection, "enterprise", 1, "2026-11-29T00:00:00Z")
        for start in range(0, subjects, 5000):
            codes = [firm(number) for number in range(start, min(subjects, start + 5000))]
            batch.put([
                File(SubjectNumber("enterprise", "credit_code", each).subject_id, "credit_code", each, "1",
                     _document(each), (("credit_code", each),))
                for each in codes
            ])  # fmt: skip


def _license(vault: Vault, subjects: int, at: datetime) -> None:
    declared = catalog.load().declarations
    kind = declared.licences["business_licence"]
    for start in range(0, subjects, 20_000):
        rows: list[dict[str, Any]] = [
            {"code": firm(number), "name": f"样例餐饮店{number}号", "class": "1", "legal_representative": "安娜",
             "legal_representative_number": "690101199001010018", "capital_cents": 3_000_000, "capital_currency": "CNY",
             "established_on": "2020-01-01", "address": "样例路1号", "scope": "餐饮", "status": "1",
             "updated_on": "2020-01-01"}
            for number in range(start, min(subjects, start + 20_000))
        ]  # fmt: skip
        made = drafts(kind, declared.tables[kind.table], rows)
        issue(vault, made, batch_id=f"b-{start}", at=at, day=at.date().isoformat())


def _cases(connection: Connection, secret: bytes, count: int, at: datetime) -> None:
    rows, parties = [], []
    for number in range(count):
        subject = SubjectNumber("enterprise", "credit_code", firm(number)).subject_id
        rows.append({
            "case_id": f"c-{number:06d}", "draft_no": case_of(number), "case_no": None, "parent_id": None,
            "item": "0102", "department": "tax", "registrar": "tax", "registered_by": "bench", "stage": "",
            "kind": "promised", "state": "draft", "step_count": 0, "officer": "", "result": "",
            "opened_at": instant_text(at), "accepted_on": None, "stopped_on": None, "stopped_days": 0, "legal_days": 20,
            "promised_days": 5, "legal_due_on": None, "promised_due_on": None, "closed_at": None,
        })  # fmt: skip
        parties.append(
            {"case_id": f"c-{number:06d}", "subject_hash": subject_hash(secret, subject), "role": "applicant"}
        )
    connection.execute(insert(counter_tables.CASE_FILE), rows)
    connection.execute(insert(counter_tables.CASE_PARTY), parties)
