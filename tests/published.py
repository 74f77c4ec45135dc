"""Files as they are published, for tests of what is shown of them: a person and an enterprise that do not exist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from schemas.serving import migration
from schemas.serving.connection import writing
from schemas.serving.writing import Batch, File
from schemas.subjects import subject_numbers

PERSON = "69010119900101123X"
OLD = "690101900101123"
SPOUSE = "690101199102022229"
ENTERPRISE = "91690101MA00000158"
PURPOSE = ["--purpose", "item 12, case 7"]


def stated(value: Any, day: str, source: str = "police.population", **more: Any) -> dict[str, Any]:
    department = source.partition(".")[0]
    lineage = {"resource": source, "department": department, "record": "f" * 64, "delivery": "d-1", "row_no": 3}
    return {"value": value, **lineage, "observed_on": day, "rank": 1, "reason": "lead", **more}


def document(number_type: str, number: str, **content: Any) -> dict[str, Any]:
    identifiers = [
        {"type": number_type, "number": number, "resource": "police.population", "observed_on": "2020-01-01"}
    ]
    return {"number_type": number_type, "number": number, "identifiers": identifiers, **content}


ZHANG = document(
    "citizen",
    PERSON,
    name=stated("张三", "2026-01-31"),
    sex=stated("1", "2026-01-31"),
    birth_on=stated("1990-01-01", "2026-01-31", reason="only"),
    area=stated("110105001", "2026-11-23"),
    marital_status=stated("20", "2026-11-01", "civil_affairs.marriages"),
    insurance_base_cents=stated(1234567, "2025-01-01", "human_resources.social_insurance", reason="rank"),
    contradictions=[
        {"attribute": "name", **stated("张山", "2025-06-01", "education.certificates", rank=3, reason="lead")},
    ],
    relations=[
        {
            "relation": "spouse", "other_kind": "person", "other_number_type": "citizen", "other_number": SPOUSE,
            "since": "2019-05-20", "details": {"kind": "20"}, **stated(None, "2019-05-20", "civil_affairs.marriages"),
        }
    ],
)  # fmt: skip
COMPANY = document(
    "credit_code",
    ENTERPRISE,
    name=stated("某某有限公司", "2026-11-22", "market.enterprises"),
    capital_cents=stated(50000000000, "2026-11-22", "market.enterprises"),
    capital_currency=stated("USD", "2026-11-22", "market.enterprises"),
    cancelled_on=stated("2026-05-01", "2026-11-22", "market.enterprises"),
    contradictions=[
        {"attribute": "capital_cents", **stated("40000000000", "2026-01-01", "market.public_register", reason="rank")}
    ],
    relations=[
        {
            "relation": "shareholder", "other_kind": "person", "other_number_type": "citizen", "other_number": PERSON,
            "since": "2020-01-01", "until": "2024-01-01",
            "details": {"subscribed_cents": "1000000", "currency": "CNY", "share": "0.02000000"},
            **stated(None, "2020-01-01", "market.shareholders"),
        }
    ],
)  # fmt: skip


def publish(home: Path, *documents: dict[str, Any]) -> None:
    url = f"sqlite:///{home}/serving.db"
    migration.upgrade(url)
    with writing(url) as connection:
        for content in documents:
            (known,) = subject_numbers(content["number"])
            pairs = tuple((each["type"], each["number"]) for each in content["identifiers"])
            text = json.dumps({"subject_id": known.subject_id, **content}, ensure_ascii=False)
            made = File(known.subject_id, known.number_type, known.number, "1", text, pairs)
            Batch(connection, known.kind, 12, "2026-11-23T00:30:00Z").put([made])
