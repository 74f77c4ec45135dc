"""Materials deposited at the counter, and used: what the tests of shared materials stand on."""

from __future__ import annotations

import json
from typing import Any

from schemas.subjects import subject_numbers
from tests import scans
from tests.counter import FIRM, Open

LEASE = {"kind": "lease_contract", "holder": FIRM, "case": "D-1", "verified_by": "王", "verified_against": "original",
         "verified_on": "2026-11-30", "dated_on": "2026-10-01"}  # fmt: skip
SCAN = scans.pdf(2)
FIELDS = ("file", "deposited_on", "verified_by", "verified_on")


def deposit(counter: Open, data: bytes = SCAN, client: str = "intake", name: str = "a.pdf", **changes: Any) -> Any:
    files = {"file": (name, data, "application/octet-stream")}
    about = json.dumps({**LEASE, **changes})
    return counter.http.post("/v1/materials", data={"about": about}, files=files, headers=counter.bearer(client))


def granted(counter: Open, kind: str = "lease_contract", fields: tuple[str, ...] = FIELDS) -> str:
    return counter.shop.grant(f"material.{kind}", fields, consumer="data_bureau", mode="file")


def get(counter: Open, grant: str, path: str, case: str = "D-1", item: str = "0102") -> Any:
    cites = {"Onefile-Grant": grant, "Onefile-Item": item, "Onefile-Case": case}
    return counter.http.get(f"/v1/materials{path and '/'}{path}", headers=counter.bearer("intake", **cites))


def me(counter: Open, method: str = "GET", end: str = "", number: str = FIRM) -> Any:
    subject_id = subject_numbers(number)[0].subject_id
    token = counter.counter.tokens.make("applicant", subject_id, counter.shop.at, assurance=2)
    return counter.http.request(method, f"/v1/me/materials{end}", headers={"Authorization": f"Bearer {token}"})
