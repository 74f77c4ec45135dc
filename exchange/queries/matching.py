"""Match (核验): does what the asker has agree with what is held? Told is whether it agrees, and never a value."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from catalog.marking import Marks, of_subject
from catalog.model import Catalogue
from exchange.queries import stating
from exchange.queries.files import document_of
from exchange.queries.finding import Sought
from exchange.queries.granted import Scope, covers

AGREES, DIFFERS, NO_SUBJECT, NOT_HELD, NOT_COMPARED = "agrees", "differs", "no_such_subject", "not_held", "not_compared"
NAME = "name"


def match(
    sought: Sought, scopes: Mapping[str, Scope], given: Mapping[str, str], catalogue: Catalogue
) -> dict[str, Any]:  # fmt: skip
    """Compare what is given with what granted resources state; where the name differs, nothing else is compared.

    Returns:
        `outcome`, and by field how it compares: `not_held` where no granted resource states it. Where that is the name,
        it is the outcome, too.
    """
    found = []
    for published in sought.files:
        scope = scopes.get(published.kind)
        document = document_of(published)
        if scope is not None and any(covers(scope, each, catalogue, document) for each in scope.rows):
            found.append(_compared(document, scope, given, catalogue))
    if not found:
        return {"outcome": NO_SUBJECT, "fields": {}}
    best = min(found, key=lambda fields: sum(value != AGREES for value in fields.values()))
    return {"outcome": DIFFERS if DIFFERS in best.values() else best[NAME], "fields": best}


def disputed(told: Mapping[str, str], sought: Sought, marked: Marks) -> list[str]:
    """Return the fields that were compared with a value that is in question."""
    open_ = {attribute for file in sought.files for attribute in of_subject(marked, file.subject_id)}
    return sorted(field for field, how in told.items() if how in (AGREES, DIFFERS) and field in open_)


def statements(document: Mapping[str, Any], scope: Scope, name: str, catalogue: Catalogue) -> list[Any]:
    """Return the values of an attribute that granted resources state, the file's own first."""
    return [each["value"] for each in stated(document, scope, name, catalogue)]


def stated(
    document: Mapping[str, Any], scope: Scope, name: str, catalogue: Catalogue
) -> list[Mapping[str, Any]]:  # fmt: skip
    """Return what granted resources state of an attribute, each with its source, the file's own first."""
    allowed = {each for each in scope.attributes.get(name, ()) if covers(scope, each, catalogue, document)}
    return stating.stated(document, name, allowed)


def _compared(
    document: Mapping[str, Any], scope: Scope, given: Mapping[str, str], catalogue: Catalogue
) -> dict[str, str]:  # fmt: skip
    name = _compare(statements(document, scope, NAME, catalogue), given[NAME])
    if name != AGREES:
        return {field: name if field == NAME else NOT_COMPARED for field in given}
    return {field: _compare(statements(document, scope, field, catalogue), value) for field, value in given.items()}


def _compare(held: Iterable[Any], given: str) -> str:
    values = list(held)
    if not values:
        return NOT_HELD
    return AGREES if plain(str(values[0])) == plain(given) else DIFFERS


def plain(text: str) -> str:
    """Return a text as it is compared: NFKC, no white space, one kind of middle dot, no case."""
    folded = unicodedata.normalize("NFKC", text).replace("·", "•").replace("‧", "•").replace("・", "•")
    return "".join(folded.split()).casefold()
