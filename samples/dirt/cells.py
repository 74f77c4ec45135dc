"""Which cells of a resource a defect may stand in, so that what must come of it can be told for certain."""

from __future__ import annotations

from samples.dirt.kinds import NUMBERS, Cell
from samples.writing.texts import Writer
from schemas.model import Column, Declarations


def cells(writer: Writer, declarations: Declarations) -> tuple[Cell, ...]:
    """Return the headers that become one column whatever else stands in the row, and those that hold money."""
    table = writer.table
    earlier = {column.not_before for column in table.columns}
    mapped = {mapping.column: mapping for mapping in writer.resource.columns}
    found = []
    for header, mappings in writer.mappings.items():
        is_sure = len(mappings) == 1 and not mappings[0].when and header not in writer.conditions
        if not is_sure and not writer.is_money(header):
            continue
        mapping = next((m for m in mappings if table.column(m.column).type != "code"), mappings[0])
        column = table.column(mapping.column)
        before = column.not_before if column.not_before in mapped else None
        found.append(
            Cell(
                header=header,
                column=column,
                mapping=mapping,
                is_key=column.name in table.key,
                earlier=table.column(before) if before else None,
                is_earlier=column.name in earlier,
                empty=writer.resource.empty,
                codes=declarations.codes,
            )
        )
    return tuple(found)


def conflict_cell(found: tuple[Cell, ...]) -> Cell | None:
    """Return a text of the record that may be another while the key is the same; None when there is none."""

    def is_free(column: Column) -> bool:
        return column.type == "string" and column.pattern is None

    free = [cell for cell in found if is_free(cell.column) and not cell.is_key]
    return next((cell for cell in free if cell.column.required), free[0] if free else None)


def swapped_cells(found: tuple[Cell, ...]) -> tuple[Cell, Cell] | None:
    """Return a number and a name that may stand in each other's place; None when there are none.

    The name is as long as no number is, so that it is told by its length.
    """
    number = next((cell for cell in found if cell.column.type in NUMBERS and not cell.has("remove", "prefix")), None)
    name = next((cell for cell in found if cell.has("name") and not cell.is_key and cell.column.required), None)
    return None if number is None or name is None else (number, name)
