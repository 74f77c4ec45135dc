"""Which licence takes the place of a deposited scan (a kind of material declares which types do), and its retiring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, select

from licence_vault import store
from licence_vault.materials import keeping
from licence_vault.materials.keeping import HELD
from licence_vault.standing import standing
from licence_vault.vault import Vault
from schemas.licence_types import LicenceType
from schemas.service_items import MaterialKind
from schemas.serving.material_tables import MATERIAL
from schemas.serving.tables import LICENCE, LICENCE_HOLDER

ROW = MATERIAL.c


def covering(
    connection: Connection, kind: MaterialKind, types: Iterable[LicenceType], holder_hash: bytes, on: date, at: datetime
) -> str:  # fmt: skip
    """Return the key of a holder's licence in force that covers materials of a kind; empty where there is none.

    Args:
        types: all licence types that are declared.
        holder_hash: what licences find the holder by (`AtRest.holder`).
        on: the day in the world; at: what was recorded later does not count.
    """
    codes = {each.code for each in types if each.name in kind.covered_by}
    if not codes:
        return ""
    for key, versions in store.versions_of_holder(connection, holder_hash).items():
        told = standing(versions, on, at) if key.partition(".")[0] in codes else None
        if told is not None and told[0] == "valid":
            return key
    return ""


def retire_covered(
    vault: Vault, kinds: Mapping[str, MaterialKind], types: Iterable[LicenceType], on: date, at: datetime
) -> int:  # fmt: skip
    """Retire every scan that a licence in force covers by now, each with the licence as its note; return how many.

    Again it changes nothing. Only scans whose holder has a licence of a type that covers them are looked at.
    """
    declared = list(types)
    with vault.looking() as connection:
        found = dict(_covered(connection, kinds, declared, on, at))
    if not found:
        return 0
    with vault.tables() as connection:
        for material in keeping.of_ids(connection, found):
            keeping.retire(connection, material, found[material.material_id], at)
    return len(found)


def _covered(
    connection: Connection, kinds: Mapping[str, MaterialKind], types: list[LicenceType], on: date, at: datetime
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Yield the scans that a licence covers: material and licence."""
    for kind in kinds.values():
        if not kind.covered_by:
            continue
        asked = (
            select(ROW.material_id, ROW.holder_hash)
            .join(LICENCE_HOLDER, LICENCE_HOLDER.c.holder_hash == ROW.holder_hash)
            .join(LICENCE, LICENCE.c.licence_key == LICENCE_HOLDER.c.licence_key)
            .where(ROW.state == HELD, ROW.kind == kind.name, LICENCE.c.type_name.in_(kind.covered_by))
            .distinct()
        )
        for material_id, holder_hash in connection.execute(asked).all():
            licence = covering(connection, kind, types, bytes(holder_hash), on, at)
            if licence:
                yield str(material_id), licence
