"""The files of a bucket are what the rules say, read record by record and value by value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.pandas.types import to_arrow_schema

from pipelines import assembly, digests, filing, identity
from pipelines.bridging import NONE
from schemas.model import Attribute, AttributeSource, OneFile
from tests.drawn import PLACE

NUMBERS = ("690101199003070016", "690101196001010011", "990101198001010018")
LEAD, DAY = "police", date(2026, 1, 1)


def _attribute(name: str, kind: str, *sources: tuple[str, str, int]) -> Attribute:
    found = tuple(AttributeSource(table, column, "person", rank) for table, column, rank in sources)
    return Attribute(name, name, name, kind, None, 18, 2, LEAD, None, "personal", found, PLACE)


FILE = OneFile(
    "person", "人", "test",
    (
        _attribute("name", "string", ("register", "name", 1), ("jobs", "name", 2), ("schools", "name", 2)),
        _attribute("died_on", "date", ("register", "died_on", 1), ("jobs", "died_on", 1)),
    ),
    (), "died_on", PLACE,
)  # fmt: skip
TABLES = ("register", "jobs", "schools")
BRANCHES = tuple(filing.Branch(table, "person", {"name": "_string_1", "died_on": "_date_1"}) for table in TABLES)
SCHEMA = to_arrow_schema(assembly.schema_of(FILE), timezone="UTC")
PLAN = filing.Plan(FILE, BRANCHES, (), (), SCHEMA, identity.numbers(NONE, "person"))

days = st.integers(0, 3).map(lambda later: DAY + timedelta(later))
record = st.fixed_dictionaries(
    {
        filing.BRANCH: st.integers(0, 2),
        filing.NUMBER: st.sampled_from(NUMBERS),
        "_department": st.sampled_from([LEAD, "hr", "tax"]),
        "_part": st.sampled_from(["a", "b"]),
        "_valid_from": days,
        "_seq": st.integers(1, 2),
        "_row_no": st.integers(1, 2),
        "_string_1": st.none() | st.sampled_from(["安", "安娜", 'a"\\\n', "\x1f"]),
        "_date_1": st.none() | days,
    }
)


@given(st.lists(record, max_size=12))
def test_winners_reasons_and_losers_are_those_of_the_rules_read_one_by_one(drawn: list[dict[str, Any]]) -> None:
    records = [
        {name: value for name, value in each.items() if name != "_part"}
        | {
            "_resource": f"{each['_department']}.{each['_part']}",
            "_key": f"key-{place}",
            "_delivery": f"D{each['_seq']}",
        }
        for place, each in enumerate(drawn)
    ]
    files = filing.files(_table(records), PLAN)
    assert digests.of_files(files).equals(files["_digest"].combine_chunks())
    made = {row["number"]: row for row in files.to_pylist()}
    assert made.keys() == {each[filing.NUMBER] for each in records}
    for number, file in made.items():
        mine = [each for each in records if each[filing.NUMBER] == number]
        died = _candidates(FILE.attributes[1], mine, None)
        named = _candidates(FILE.attributes[0], mine, died[0]["value"] if died else None)
        assert file["died_on"] == _winner(died)
        assert file["name"] == _winner(named)
        others = sorted([*_others("name", named), *_others("died_on", died)], key=lambda told: [*told.values()])
        assert file["contradictions"] == [told for told in others if told["reason"] != "agrees"]
        agreeing = [told for told in others if told["reason"] == "agrees"]
        assert file["agreements"] == [
            {name: told[name] for name in ("attribute", *filing.LINEAGE)} for told in agreeing
        ]
        assert (file["identifiers"][0]["observed_on"], file["identifiers"][0]["resource"]) == min(
            (each["_valid_from"], each["_resource"]) for each in mine
        )
        assert file["_digest"] == _digest(file)


@given(st.lists(record, min_size=1, max_size=12))
def test_files_made_part_by_part_are_those_made_at_once(drawn: list[dict[str, Any]]) -> None:
    rows = _table([
        each | {"_resource": each["_department"], "_key": f"key-{place}", "_delivery": "D1"}
        for place, each in enumerate(drawn)
    ])  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filing, "AT_ONCE", 2)
        made = filing.part_by_part(rows, PLAN)
    assert made.sort_by("subject_id").equals(filing.files(rows, PLAN).sort_by("subject_id"))


INSTANT = datetime(2026, 1, 1, 8, 30, 15, 123456, UTC)
KINDS = {"string": "安", "date": DAY, "instant": INSTANT, "decimal": Decimal("-0.50"), "long": -7, "boolean": True}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_read_again_has_its_digest_and_one_that_was_altered_has_not(kind: str) -> None:
    file = replace(FILE, attributes=(*FILE.attributes, _attribute("told", kind, ("register", "told", 1))))
    schema = to_arrow_schema(assembly.schema_of(file), timezone="UTC")
    branches = (filing.Branch("register", "person", BRANCHES[0].slots | {"told": "_told"}), *BRANCHES[1:])
    rows = _table([
        {filing.BRANCH: 0, filing.NUMBER: number, filing.SEQ: 1, "_resource": "police.a", "_department": LEAD,
         "_key": "key", "_delivery": "D1", "_row_no": 1, "_valid_from": DAY, "_string_1": None, "_date_1": None}
        for number in NUMBERS
    ])  # fmt: skip
    values = pa.array([KINDS[kind], None, KINDS[kind]], schema.field("told").type.field("value").type)
    plan = replace(PLAN, file=file, branches=branches, schema=schema)
    files = filing.files(rows.append_column("_told", values), plan)
    assert [*digests.in_task(files.to_batches())] == []
    others = files["told"].combine_chunks().take(pa.array([1, 1, 2]))
    altered = files.set_column(files.column_names.index("told"), "told", others)
    found = pa.Table.from_batches(digests.in_task(altered.to_batches()))["subject_id"].to_pylist()
    told = zip(files["subject_id"].to_pylist(), files["told"].is_valid().to_pylist(), strict=True)
    assert found == [subject for subject, is_told in told if is_told][:1]


def _table(records: Sequence[dict[str, Any]]) -> pa.Table:
    kinds = {filing.BRANCH: pa.int32(), filing.SEQ: pa.int64(), "_row_no": pa.int64()}
    kinds |= {"_valid_from": pa.date32(), "_date_1": pa.date32()}
    names = [filing.BRANCH, filing.NUMBER, filing.SEQ, *filing.LINEAGE.values(), "_string_1", "_date_1"]
    return pa.table({n: pa.array([each[n] for each in records], kinds.get(n, pa.string())) for n in names})


def _candidates(attribute: Attribute, records: list[dict[str, Any]], ended_on: date | None) -> list[dict[str, Any]]:
    """Return what records say, the best first."""
    found = []
    for each in records:
        for source in attribute.sources:
            value = each["_string_1" if source.column == "name" else "_date_1"]
            if TABLES[each[filing.BRANCH]] == source.table and value is not None:
                is_lead = each["_department"] == LEAD
                is_after = ended_on is not None and each["_valid_from"] > ended_on and not is_lead
                told = {name: each[column] for name, column in filing.LINEAGE.items()}
                age, learnt = -each["_valid_from"].toordinal(), (-each["_seq"], -each["_row_no"])
                order = (not is_lead, is_after, source.rank, age, *learnt, str(value), *map(str, told.values()))
                found.append({"order": order, "value": value, "told": told, "rank": source.rank})
    return sorted(found, key=lambda candidate: candidate["order"])


def _winner(candidates: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not candidates:
        return None
    first, *others = candidates
    not_lead, is_after, rank, age = first["order"][:4]
    reason = "later"
    if not not_lead:
        reason = "lead"
    elif is_after:
        reason = "after_end"
    elif not others:
        reason = "only"
    elif rank < others[0]["order"][2] or others[0]["order"][1] != is_after:
        reason = "rank"
    elif age < others[0]["order"][3]:
        reason = "fresher"
    return {"value": first["value"], **first["told"], "rank": first["rank"], "reason": reason}


def _others(attribute: str, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the best candidate of each other resource, with why it lost, or that it agrees."""
    seen = {candidates[0]["told"]["resource"]} if candidates else set()
    found = []
    for candidate in candidates:
        resource, first = candidate["told"]["resource"], candidates[0]
        if resource not in seen:
            reasons = ["agrees"] if candidate["value"] == first["value"] else []
            reasons += ["after_end"] if candidate["order"][1] else []
            reasons += ["lead"] if first["order"][0] != candidate["order"][0] else []
            reasons += ["rank"] if first["rank"] < candidate["rank"] else []
            reasons += ["fresher"] if first["order"][3] < candidate["order"][3] else []
            told = {"attribute": attribute, "value": str(candidate["value"]), **candidate["told"]}
            found.append({**told, "rank": candidate["rank"], "reason": [*reasons, "later"][0]})
        seen.add(resource)
    return found


def _digest(file: dict[str, Any]) -> str:
    """Hash a file as the engine writes it in JSON: no nulls, what is escaped in capitals."""
    content = {name: file[name] for name in sorted(file) if name != "_digest" and file[name] is not None}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.replace("\\u001f", "\\u001F").encode()).hexdigest()
