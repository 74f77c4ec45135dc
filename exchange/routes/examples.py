"""An example of what each call sends, by method and path: in the OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ANNA = {"number": "690101199001010018"}
_WHY = {"reason": "见办公室第 12 号函"}
_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----"""
_PARTIES = [{**_ANNA, "role": "applicant"}]

BODIES: Mapping[str, Any] = {
    "POST /v1/cases": {"draft": "DRAFT-1", "item": "0102", "department": "market", "parties": _PARTIES},
    "POST /v1/cases/{number}/steps": {
        "step": "receive", "at": "2026-11-30T09:00:00+08:00", "case_no": "SL-2026-77", "officer": "王",
    },
    "POST /v1/files/query": {"subjects": [_ANNA], "fields": ["name", "birth_on"]},
    "POST /v1/files/match": {"subjects": [{**_ANNA, "name": "安娜", "fields": {"birth_on": "1990-01-01"}}]},
    "POST /v1/files/predicates": {
        "subjects": [_ANNA], "questions": [{"predicate": "age_at_least", "value": "60"},
                                           {"predicate": "is_listed", "resource": "market.penalties"}],
    },
    "POST /v1/prefill": {
        "items": ["0102"], "applicant": {"number": "91690101MA00000158"}, "agent": _ANNA,
        "answers": {"premises": "rented", "business": "catering", "has_raw_food": False},
    },
    "POST /v1/prefill/check": {
        "items": ["0102"], "applicant": {"number": "91690101MA00000158"}, "agent": _ANNA, "answers": {},
        "batches": ["eyJhbGciOiJFZERTQSJ9.eyJjYXNlIjoiRFJBRlQtMSJ9.c2lnbmF0dXJl"],
        "fields": [{"field": "applicant.name", "value": "样例餐饮店", "is_amended": True, "attestation": None}],
    },
    "POST /v1/cases/{number}/promises": {"item": "0102", "material": "safety_rules"},
    "POST /v1/cases/{number}/promises/{promise_id}/settlement": {"outcome": "broken", "reason": "现场核查不符"},
    "POST /v1/records/query": {"subjects": [_ANNA], "resource": "market.penalties"},
    "POST /v1/licences/search": {"searches": [{"holder": "690101199001010018", "type": "business_licence"}]},
    "POST /v1/verify": {"paper": "JVBERi0xLjcK", "encoding": "base64"},
    "POST /v1/requests": {
        "entry": "police.population", "fields": ["number", "name"], "basis": "国务院令第 809 号", "items": ["0102"],
        "scenario": "食品经营许可", "scope": "申请人", "mode": "query", "valid_from": "2026-12-01",
        "valid_until": "2027-11-30", "quota": 500,
    },
    "POST /v1/requests/{request_id}/steps": {"action": "approve", "role": "office", **_WHY},
    "POST /v1/grants/{grant_id}/steps": {"action": "suspend", "role": "provider", **_WHY},
    "POST /v1/objections": {"attribute": "address", "reason": "我已于去年迁出"},
    "POST /v1/objections/{number}/steps": {
        "action": "correct", "role": "provider", "reason": "已核实", "delivery": "police-2026-12-01",
    },
    "POST /v1/verifications": {"subject": _ANNA, "attribute": "address", "reason": "与户口簿不一致"},
    "POST /v1/verifications/{number}/steps": {"action": "confirm", "role": "provider", "reason": "与底册一致"},
    "POST /v1/disputes": {"about": "G20261129-0001", "role": "consumer", **_WHY},
    "POST /v1/disputes/{number}/steps": {"action": "decide", "role": "authority", **_WHY},
    "POST /v1/mandates": {
        "agent": "690101198502030020", "relation": "agent", "source": "委托书第 7 号", "scope": ["0102"],
        "since": "2026-12-01", "until": "2027-06-30",
    },
    "POST /v1/clients": {"client_id": "market-permits", "name": "许可系统", "department": "market", "key": _KEY},
    "POST /v1/clients/{client_id}/keys": {"key": _KEY, "overlap_days": 7},
    "POST /v1/clients/{client_id}/revocation": {"reason": "密钥遗失"},
    "POST /v1/subscriptions": {"grant": "G20261129-0001"},
    "PUT /v1/notices/target": {"url": "https://market.city.example/notices"},
    "POST /v1/findings/{number}/settlement": {"reason": "补录了办件编号"},
    "POST /v1/incidents": {"grants": ["G20261129-0001"], "reason": "密钥外泄", "since": "2026-11-29T08:00:00+08:00"},
    "POST /v1/incidents/{incident_id}/closing": _WHY,
}  # fmt: skip
