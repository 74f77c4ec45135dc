"""How the table of the one files of a kind is laid out."""

from __future__ import annotations

from pyspark.sql.types import StructField, StructType

from pipelines.table_design import CHANGE_FEED, STRIKING, TableDesign
from schemas.model import OneFile


def described(schema: StructType, file: OneFile) -> StructType:
    """Return the columns of assembled files with what each means as its comment."""
    about = {a.name: f"{a.label}: {a.about}" for a in file.attributes} | {
        "subject_id": "internal id of the subject",
        "number_type": "type of the number the subject is known by",
        "number": "the number the subject is known by",
        "contradictions": "what other resources say otherwise, with why they lost",
        "agreements": "which other resources state a value as the file has it, and where",
        "relations": "ties to other subjects, as records state them",
        "identifiers": "numbers of the subject, each with who stated it first",
        "_digest": "SHA-256 over the whole file",
    }
    return StructType(
        [
            StructField(field.name, field.dataType, field.name != "subject_id", {"comment": about[field.name]})
            for field in schema.fields
        ]
    )


def design(file: OneFile) -> TableDesign:
    return TableDesign(
        about=f"one file per {file.kind}: {file.about}",
        constraints={"has_number": "number IS NOT NULL", "has_digest": "length(_digest) = 64"},
        cluster_by=("subject_id",),
        properties=CHANGE_FEED | STRIKING,
    )
