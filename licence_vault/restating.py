"""A licence's newest version as a draft again: for what happens to it without a department's new record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta

from licence_vault.drafts import Draft, Holder
from licence_vault.exporting import opened
from licence_vault.statements import WITHDRAWN
from licence_vault.store import Version
from licence_vault.vault import Vault
from schemas.licence_types import METADATA_CODES, LicenceType


def restated(vault: Vault, kinds: Mapping[str, LicenceType], version: Version) -> Draft | None:
    """Return what a version says as a draft of the same licence; None when its type is no longer declared.

    Args:
        kinds: the declared types by code.

    Raises:
        PayloadErased, PayloadDamaged: it cannot be read.
    """
    kind = kinds.get(version.licence_key.partition(".")[0])
    if kind is None:
        return None
    said = json.loads(opened(vault, version).payload)
    since = date.fromisoformat(said["since_on"])
    is_stated = kind.since is not None or version.raw_state == WITHDRAWN or _is_ended_by_time(version)
    return Draft(
        type=kind,
        record=(),
        state=said["state"],
        raw_state=said["raw_state"],
        printed=said["printed_number"],
        holders=tuple(Holder(**holder) for holder in said["holders"]),
        issued_on=date.fromisoformat(said["issued_on"]),
        valid_from=date.fromisoformat(said["valid_from"]),
        valid_until=None if said["valid_until"] is None else date.fromisoformat(said["valid_until"]),
        since_on=since if is_stated else None,
        since_else=since,
        fields=tuple((code, value) for code, value in said["data"].items() if code not in METADATA_CODES),
        key=version.licence_key,
    )


def _is_ended_by_time(version: Version) -> bool:
    """Say whether a version lapsed because its last day was over, and not because its department said so."""
    if version.state != "lapsed" or version.valid_until is None:
        return False
    return date.fromisoformat(version.since_on) == date.fromisoformat(version.valid_until) + timedelta(days=1)
