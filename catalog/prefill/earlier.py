"""Earlier cases: what a form may take over from them. Pure.

The same item again copies the whole case: what the applicant wrote, and its attachments, each with whether it is fresh.
Another item is offered the fields that it has in common, as the applicant's own word. Values that came from sources are
not taken over: they are asked for anew, under the grants of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from catalog.prefill.needs import Field, Needs
from onefile.verify.form import AMENDED, NEVER
from schemas.model import Declarations

OWN = (AMENDED, NEVER)
"""What fields were that the applicant wrote."""
COPY, OWN_WORD = "copy", "own_word"
MOST_CASES, DEPOSITED = 10, "deposited"


@dataclass(frozen=True)
class Written:
    """A field as the applicant wrote it: its id, its label (Chinese), its value."""

    id: str
    label: str
    value: object = field(repr=False)


@dataclass(frozen=True)
class Attachment:
    """A material as it came in an earlier case. `ref` is what the platform calls it, `dated_on` its day, if told."""

    item: str
    material: str
    how: str
    ref: str
    dated_on: str | None
    identity: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """The form of an earlier case."""

    case: str
    items: tuple[str, ...]
    kept_on: str
    fields: tuple[Written, ...]
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Offer:
    """A value of an earlier case for a field: `copy` of the same item, or the applicant's `own_word` of another."""

    how: str
    case: str
    kept_on: str
    value: object = field(repr=False)


@dataclass(frozen=True)
class Copied:
    """An attachment of an earlier case of the same item; `is_fresh` None: nobody declares how long it is."""

    case: str
    attachment: Attachment
    is_fresh: bool | None


def offers(each: Field, kept: Iterable[Kept], items: frozenset[str]) -> list[Offer]:
    """Return what earlier cases, the newest first, have for a field that no source fills; each value once.

    Args:
        items: the codes of the items that are applied for.
    """
    if each.state not in ("applicant", "not_available"):
        return []
    found: dict[str, Offer] = {}
    for case in kept:
        how = COPY if items & set(case.items) else OWN_WORD
        for written in case.fields:
            if written.id == each.id or written.label == _plain(each.entry.label.zh):
                found.setdefault(repr(written.value), Offer(how, case.case, case.kept_on, written.value))
    return sorted(found.values(), key=lambda offer: offer.how != COPY)


def copies(
    known: Declarations, kept: Iterable[Kept], needs: Needs, on: date, counting: Mapping[str, bool]
) -> list[Copied]:  # fmt: skip
    """Return the attachments of the newest earlier case of each item that is applied for.

    Args:
        counting: of materials that were deposited (`ref` is their id), whether they count still.
    """
    found: dict[tuple[str, str], Copied] = {}
    wanted = {(known.items[item].code, name) for m in needs.materials for item, name in m.demand.names.items()}
    for case in kept:
        for attachment in case.attachments:
            key = (attachment.item, attachment.material)
            if key in wanted and attachment.ref and key not in found:
                is_fresh = _is_fresh(known, attachment, on)
                if attachment.how == DEPOSITED:
                    is_fresh = counting.get(attachment.ref, False)
                found[key] = Copied(case.case, attachment, is_fresh)
    return list(found.values())


def _is_fresh(known: Declarations, attachment: Attachment, on: date) -> bool | None:
    """Say whether an attachment may be taken again on a day, by the kind of material that it is."""
    kind = known.materials.get(attachment.identity[2]) if attachment.identity[:1] == ("material",) else None
    if kind is None or attachment.dated_on is None:
        return None
    if kind.fresh_days is None:
        return True
    return date.fromisoformat(attachment.dated_on) + timedelta(days=kind.fresh_days) >= on


def written_by_applicant(found: Needs, values: Mapping[str, object], states: Mapping[str, str]) -> list[Written]:
    """Return the fields of a form that the applicant wrote, for his next case."""
    return [
        Written(each.id, _plain(each.entry.label.zh), values[each.id])
        for each in found.form
        if states.get(each.id) in OWN and values[each.id] not in (None, "")
    ]


def _plain(label: str) -> str:
    return "".join(label.split())
