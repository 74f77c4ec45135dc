"""What a publication changes in values that were there before: what was published may have been shown to somebody.

`corrected`: another value, observed no later than the one before, so that one was wrong. `withdrawn`: nobody states it
any more. `changed`: another value, observed later; the one before was true, as far as it was known.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from schemas.serving.disclosure_tables import VALUE_CHANGE
from schemas.serving.event_tables import EVENT_SUBSCRIPTION
from schemas.serving.tables import SUBJECT

CORRECTED, WITHDRAWN, CHANGED = "corrected", "withdrawn", "changed"
BY = "@"
"""What stands between an attribute and the resource that states it, where the file's value stays."""
ADDED = "added"
"""A row that nobody was shown before: for whoever follows the resource, and nothing to be recalled."""
RECORD = "record"
"""What stands in `value_change.kind` for a value of a resource's row: `attribute` is `<resource>.<column>`."""
Change = tuple[str, str, str, str]
"""What becomes of a value: subject id, kind, attribute, how."""
_RELATIONS = "relations"
_BESIDE = ("contradictions", "agreements")
"""Where a document has what resources state whose statements did not win."""
_TIE = ("other_kind", "other_number_type", "other_number", "since", "until")


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each attribute whose value is another in the later document, and how; relations as `relations.<name>`.

    Where the file's value stays and one resource says something else than before, it is `<attribute>@<resource>`: that
    resource's statement may have been shown to whoever was granted no other.
    """
    changed = {}
    for name, was in before.items():
        if isinstance(was, dict) and was.get("value") is not None:
            found = how(was, after.get(name))
            if found:
                changed[name] = found
    yield from changed.items()
    other = _saying_other(before, after)
    said, now_said = _statements(before, other), _statements(after, other)
    for (name, resource), statement in said.items():
        found = how(statement, now_said.get((name, resource)))
        if found and name not in changed:
            yield f"{name}{BY}{resource}", found
    is_tied_so = before.get(_RELATIONS) == after.get(_RELATIONS)  # as for most: to compare ties one by one takes long
    ties, now = ({}, {}) if is_tied_so else (_ties(before), _ties(after))
    for name, tied in ties.items():
        if tied - now.get(name, set()):
            yield f"{_RELATIONS}.{name}", CHANGED if name in now else WITHDRAWN


def note(connection: Connection, subject_ids: Iterable[str], stamp: tuple[int, str]) -> None:
    """Note what was published of subjects that are about to be taken out.

    Args:
        stamp: the version of gold and the instant that come with it.
    """
    ids = list(subject_ids)
    for start in range(0, len(ids), 500):
        row = SUBJECT.c
        asked = select(row.subject_id, row.kind, row.document).where(row.subject_id.in_(ids[start : start + 500]))
        keep(connection, (
            (subject_id, kind, name, changed)
            for subject_id, kind, document in connection.execute(asked)
            for name, changed in changes(read(document), {})
        ), stamp)  # fmt: skip


def read(document: str) -> dict[str, Any]:
    """Return what a published document says; numbers that are not whole as texts."""
    found: dict[str, Any] = json.loads(document, parse_float=str)
    return found


def keep(connection: Connection, found: Iterable[Change], stamp: tuple[int, str]) -> None:
    """Keep what becomes of values; `stamp` as of `note`."""
    rows = [
        {"subject_id": subject_id, "kind": kind, "attribute": name, "how": changed, "lake_version": stamp[0],
         "changed_at": stamp[1], "recalled_at": stamp[1] if changed == ADDED else None}
        for subject_id, kind, name, changed in found
    ]  # fmt: skip
    if rows:
        connection.execute(insert(VALUE_CHANGE), rows)


def is_followed(connection: Connection, resource: str) -> bool:
    """Say whether somebody follows what changes of a resource."""
    row = EVENT_SUBSCRIPTION.c
    asked = select(row.subscription_no).where(row.entry_id == resource, row.ended_at.is_(None)).limit(1)
    return connection.execute(asked).first() is not None


def how(was: Mapping[str, Any], found: object) -> str | None:
    """Say what became of a stated value, each with `value` and `observed_on`; None where it is the same."""
    if not isinstance(found, dict) or found.get("value") is None:
        return WITHDRAWN
    if found["value"] == was["value"]:
        return None
    return CORRECTED if str(found.get("observed_on") or "") <= str(was.get("observed_on") or "") else CHANGED


def _saying_other(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the attributes of which a resource may say something else."""
    other = {name for name, value in before.items() if isinstance(value, dict) and value != after.get(name)}
    for beside in _BESIDE:
        was, found = before.get(beside) or [], after.get(beside) or []
        other |= {each["attribute"] for each in (*was, *found)} if was != found else set()
    return other


def _statements(document: Mapping[str, Any], names: Collection[str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what each resource states of some attributes, values as texts: those that lost are kept as such."""
    won = {name: value for name, value in document.items() if isinstance(value, dict)}
    told = list(won.items())
    told += [(each["attribute"], each) for each in document.get("contradictions") or []]
    told += [
        (each["attribute"], {**each, "value": won.get(each["attribute"], {}).get("value")})
        for each in document.get("agreements") or []
    ]
    return {
        (name, str(each["resource"])): {**each, "value": _text(each["value"])}
        for name, each in told
        if name in names and each.get("resource") and each.get("value") is not None
    }


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _ties(document: Mapping[str, Any]) -> dict[str, set[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for tie in document.get(_RELATIONS) or []:
        details = tie.get("details")
        said = (*(tie.get(name) for name in _TIE), json.dumps(details, sort_keys=True) if details else None)
        found.setdefault(str(tie["relation"]), set()).add(said)
    return found
