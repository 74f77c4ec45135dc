"""What a case has already: what its earlier stages took or made, and the promises that were made in it."""

from __future__ import annotations

from sqlalchemy import Connection

from catalog.cases.store import CaseFile
from catalog.prefill import promises
from catalog.prefill.view import Circumstances, Taken
from exchange.prefill import keeping
from licence_vault.at_rest import AtRest
from schemas.model import Declarations
from schemas.service_items import APPLICANT

DONE = ("granted", "delivered")
"""States of a stage whose result there is."""
TOOK = ("handed_in", "deposited")
"""How materials came that a stage has, and the next one need not ask for."""


def of_case(
    connection: Connection, case: CaseFile, stages: list[CaseFile], declared: Declarations, at_rest: AtRest
) -> Circumstances:  # fmt: skip
    """Return the circumstances of a case and its other stages.

    Materials that were deposited earlier are put in by whoever keeps them.
    """
    names = {item.code: item.name for item in declared.items.values()}
    taken: dict[tuple[str, ...], Taken] = {
        ("result", APPLICANT, names[each.item]): Taken(each.item, each.number, (each.closed_at or each.opened_at)[:10])
        for each in stages
        if each.state in DONE and each.item in names
    }
    for stage, kept in keeping.of_stages(connection, at_rest, stages):
        for each in kept.attachments:
            if each.how in TOOK:
                taken.setdefault(each.identity, Taken(each.item, stage.number, kept.kept_on))
    made = promises.of_case(connection, case)
    return Circumstances(
        taken=taken, promises={(names.get(each.item, each.item), each.material): each.standing for each in made}
    )
