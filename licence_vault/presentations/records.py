"""The record of presentations: each one that was made, and each one that was refused, before anybody hears of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from schemas.serving.tables import LICENCE_PRESENTATION

GIVEN = "given"
OUTCOMES = {
    GIVEN: "已出示",
    "refused": "已拒绝",
    "not_in_force": "证照不在有效状态",
    "field_not_disclosable": "字段不可披露",
    "nothing_to_show": "没有可出示的字段",
    "no_consent": "持证人未授权",
    "life_too_long": "期限过长",
    "too_much": "字段过多，一页放不下",
    "bad_holder_key": "持证人密钥不可用",
    "code_unknown": "用证码不存在",
    "code_used": "用证码已使用",
    "code_late": "用证码已过期",
    "code_for_other": "用证码供其他单位使用",
}
KINDS = ("sd-jwt", "copy")


@dataclass(frozen=True)
class Recorded:
    """A row of `licence_presentation`. `licence_key` and `version` are None where a code led to no licence."""

    presentation_id: str
    licence_key: str | None
    version: int | None
    kind: str
    audience: str
    item: str
    case_no: str
    operator: str
    fields: tuple[str, ...]
    made_at: str
    ends_at: str | None
    basis: str
    outcome: str


def put(connection: Connection, record: Recorded) -> None:
    """Write a record down."""
    row = {**asdict(record), "fields": json.dumps(list(record.fields))}
    connection.execute(insert(LICENCE_PRESENTATION).values(**row))


def of_licence(connection: Connection, licence_key: str) -> list[Recorded]:
    """Return the records of a licence, the oldest first."""
    table = LICENCE_PRESENTATION.c
    rows = select(LICENCE_PRESENTATION).where(table.licence_key == licence_key)
    return [_read(row._mapping) for row in connection.execute(rows.order_by(table.made_at, table.presentation_id))]


def refused(connection: Connection) -> list[Recorded]:
    """Return the records of what was refused, the oldest first, those that led to no licence too."""
    table = LICENCE_PRESENTATION.c
    rows = select(LICENCE_PRESENTATION).where(table.outcome != GIVEN)
    return [_read(row._mapping) for row in connection.execute(rows.order_by(table.made_at, table.presentation_id))]


def _read(row: Mapping[Any, Any]) -> Recorded:
    values = {str(name): value for name, value in row.items()}
    return Recorded(**{**values, "fields": tuple(json.loads(values["fields"]))})
