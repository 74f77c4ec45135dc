"""A firm with a licence that applies for a food permit: what the tests of prefill stand on."""

from __future__ import annotations

from typing import Any

from onefile.client import Purpose
from tests.counter import ANNA, FIRM, Open, Shop, purpose, said
from tests.papers import AT as ISSUED
from tests.vault import issue_rows, vault_of

ENTERPRISES, POPULATION = "market.enterprises", "police.population"
FIELDS = ("code", "name", "legal_representative", "capital_cents", "status", "cancelled_on", "address", "area")
PERMITS = ("permit_no", "holder_code", "holder_name", "state", "expires_on")
LICENCE = ("ZZBH", "ZZBS", "CZZT")
ANSWERS: dict[str, Any] = {"premises": "rented", "business": "catering", "has_raw_food": False}
WISH: dict[str, Any] = {"items": ["0102"], "applicant": {"number": FIRM}, "answers": ANSWERS}


def firm(number: str = FIRM, **more: object) -> dict[str, Any]:
    """An enterprise's document; its legal representative is Anna."""
    tie = {"relation": "legal_representative", "other_kind": "person", "other_number_type": "citizen",
           "other_number": ANNA, "other_name": "安娜", "since": None, "until": None,
           **said(None, ENTERPRISES)}  # fmt: skip
    return {
        "number_type": "credit_code", "number": number, "name": said("样例餐饮店", ENTERPRISES),
        "legal_representative": said("安娜", ENTERPRISES), "capital_cents": said(3000000, ENTERPRISES),
        "status": said("1", ENTERPRISES), "address": said("样例路1号", ENTERPRISES),
        "area": said("690101", ENTERPRISES), "contradictions": [], "relations": [tie],
        "identifiers": [{"type": "credit_code", "number": number, "resource": ENTERPRISES,
                         "observed_on": "2026-11-01"}],
        **more,
    }  # fmt: skip


def licensed(shop: Shop, **changes: object) -> None:
    """Let the firm hold a business licence."""
    row = {"code": FIRM, "name": "样例餐饮店", "class": "1", "legal_representative": "安娜", "status": "1",
           "legal_representative_number": ANNA, "capital_cents": 3000000, "capital_currency": "CNY",
           "established_on": "2020-01-01", "address": "样例路1号", "scope": "餐饮", "updated_on": "2020-01-01",
           **changes}  # fmt: skip
    issue_rows(vault_of(shop.home, shop.url), [row], "b-licence", ISSUED, "business_licence")


def grants(shop: Shop, consumer: str = "data_bureau", fields: tuple[str, ...] = FIELDS, **more: Any) -> dict[str, str]:
    """Grants of what a food permit needs, by entry."""
    return {
        ENTERPRISES: shop.grant(ENTERPRISES, fields, consumer=consumer, **more),
        "market.food_permits": shop.grant("market.food_permits", PERMITS, consumer=consumer),
        "licence.business_licence": shop.grant(
            "licence.business_licence", LICENCE, consumer=consumer, mode="licence"
        ),
    }  # fmt: skip


def cited(given: dict[str, str], case: str = "D-1", item: str = "0102") -> Purpose:
    return purpose(",".join(given.values()), case, item)


def ask(counter: Open, cites: Purpose, path: str = "", **changes: Any) -> Any:
    """Ask for a prefill as the intake platform does."""
    with counter.ask("intake") as client:
        return client.call("POST", f"/v1/prefill{path}", {**WISH, **changes}, cites)


def handed_in(answer: Any) -> dict[str, Any]:
    """The form as an honest platform hands it in: every value that it was filled with, as text."""
    parts = [*answer["form"], *({"field": c["condition"], "value": c["is_met"], **c} for c in answer["conditions"])]
    return {
        "batches": [answer["attestations"]["batch"]],
        "fields": [
            {"field": each["field"], "value": each["value"], "attestation": each["attestation"]}
            for each in parts if each["attestation"] is not None
        ],
    }  # fmt: skip


def field(answer: Any, name: str) -> Any:
    """One field of an answer's form."""
    (found,) = [each for each in answer["form"] if each["field"] == name]
    return found


def states(answer: Any) -> dict[str, str]:
    """How the materials of an answer stand, by name."""
    return {next(iter(each["names"].values())): each["state"] for each in answer["materials"]}
