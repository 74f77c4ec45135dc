"""docs/reference/files.md: what the one files hold, who leads each attribute, and how subjects are tied."""

from __future__ import annotations

import catalog
from schemas.model import Attribute, OneFile, Relation
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
The one file of a person and of an enterprise. The lead's value wins; where the lead is silent, the lower rank wins,
then the later observed day; the others stay visible as contradictions. A value older than *fresh* days counts as
stale when it is read. An attribute without a lead is a listed defect. How to add to a one file:
[declarations](declarations.md).
"""


def page() -> str:
    """Return the page."""
    found = catalog.load()
    return made("One files", INTRODUCTION, *(_section(file, found) for file in found.declarations.files.values()))


def _section(file: OneFile, found: catalog.Catalogue) -> str:
    ended = f" {code(file.ended_on)} says when the subject ended." if file.ended_on else ""
    attributes = [_attribute(attribute, found) for attribute in file.attributes]
    relations = [_relation(relation) for relation in file.relations]
    return "\n\n".join(
        [
            f"## {file.kind} · {file.label}",
            f"{file.about}.{ended} Declared in `{file.place.path}`.",
            table(
                ("attribute", "数据项", "type", "lead", "sources by rank", "fresh", "sensitivity", "about"), attributes
            ),
            table(
                ("relation", "as the other's file calls it", "from", "where", "since", "until", "details"), relations
            ),
        ]
    )


def _attribute(attribute: Attribute, found: catalog.Catalogue) -> tuple[str, ...]:
    sources = [
        f"{source.rank} {source.table}.{source.column}"
        + (f" of {source.subject}" if _needs_subject(source.table, found) else "")
        for source in attribute.sources
    ]
    return (
        code(attribute.name),
        attribute.label,
        f"code of [{attribute.codes}](codes.md#{attribute.codes})" if attribute.codes else attribute.type,
        attribute.lead or "**none**",
        "; ".join(sources),
        str(attribute.fresh_days or ""),
        attribute.sensitivity,
        attribute.about,
    )


def _needs_subject(table_name: str, found: catalog.Catalogue) -> bool:
    """Tell whether a table has several columns for a kind of subject, so that one has to be named."""
    kinds = [subject.kind for subject in found.declarations.tables[table_name].subjects]
    return len(kinds) != len(set(kinds))


def _relation(relation: Relation) -> tuple[str, ...]:
    limits = [f"{column} is {' or '.join(code(value) for value in values)}" for column, values in relation.when.items()]
    return (
        f"{code(relation.name)} {relation.label} (of the {relation.one_kind})",
        f"{code(relation.inverse)} {relation.inverse_label} (of the {relation.other_kind})",
        f"{relation.table}: {relation.one} – {relation.other}",
        "; ".join(limits),
        relation.since or "",
        relation.until or "",
        ", ".join(relation.details),
    )
