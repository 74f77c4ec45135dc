"""The reference of the formats says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from onefile.verify import proof, receipt, trust
from onefile.verify.merkle import leaf_hash
from tests.papers import content_of, new_bureau, proof_of, receipt_over

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "receipts.md").read_text(encoding="utf-8")


def test_every_field_of_the_three_files_is_in_the_reference(tmp_path):
    content = content_of(receipt_over())
    fields = [*content, *(f"rejected[].{name}" for name in content["rejected"][0]), *json.loads(proof_of(1))]
    fields += [f"keys[].{name}" for name in json.loads(new_bureau(tmp_path).trust())["keys"][0]]
    assert [name for name in fields if f"| `{name}` |" not in PAGE] == []


@pytest.mark.parametrize("name", [receipt.FORMAT, receipt.PAYLOAD_TYPE, proof.FORMAT, trust.FORMAT, *trust.ALGORITHMS])
def test_every_name_that_stands_fixed_is_in_the_reference(name):
    assert f"`{name}`" in PAGE


def test_the_vectors_of_the_reference_hold():
    rows = re.findall(r"^\| (\(empty\)|`[0-9a-f]+`) \| `([0-9a-f]{64})` \|$", PAGE, re.MULTILINE)
    assert [leaf_hash(bytes.fromhex(text.strip("`").replace("(empty)", ""))).hex() for text, _ in rows] == [
        digest for _, digest in rows
    ]
    assert len(rows) == 3
