"""What is struck out of a file is written and read as the protocol of Delta has it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

from pipelines import striking
from pipelines.errors import LakeDamaged
from pipelines.pen import Design

PROTOCOL = bytes.fromhex("d1d33964 0100000000000000 00000000 3a300000 01000000 0000 0200 10000000 0300 0400 0500")
"""What the engine wrote where it struck out the rows 3, 4 and 5."""


@pytest.fixture
def design(tmp_path: Path) -> Design:
    folder = tmp_path / "gold" / "rows"
    folder.mkdir(parents=True)
    return Design(str(folder), 3, pa.schema([]), (), (), strikes=True)


def test_letters_are_those_of_the_standard() -> None:
    assert striking.z85(bytes.fromhex("864fd26fb559f75b")) == "HelloWorld"  # ZeroMQ RFC 32, test case
    assert striking.from_z85("HelloWorld") == bytes.fromhex("864fd26fb559f75b")


@pytest.mark.parametrize("text", ["Hello`orld", "HelloWorl", "Héllo", "#####"])
def test_other_letters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        striking.from_z85(text)


@given(st.binary(min_size=16, max_size=16))
def test_an_id_is_read_back(content: bytes) -> None:
    assert striking.from_z85(striking.z85(content)) == content


def test_places_are_the_bytes_that_the_engine_writes() -> None:
    assert striking.packed(BitMap64([3, 4, 5])) == PROTOCOL
    assert list(striking.unpacked(PROTOCOL)) == [3, 4, 5]


@given(st.sets(st.integers(0, 2**33), max_size=50))
def test_places_are_read_back(places: set[int]) -> None:
    assert {*striking.unpacked(striking.packed(BitMap64(places)))} == places


def test_a_vector_lies_where_its_letters_say() -> None:
    name = "deletion_vector_9e85ba51-79dd-4114-9cd5-bc5e2fd9fdcd.bin"  # as the engine named it
    assert striking.place({"storageType": "u", "pathOrInlineDv": "O}T:MDeg+2OyLnUfwlrG"}) == name
    assert striking.place({"storageType": "u", "pathOrInlineDv": "aBO}T:MDeg+2OyLnUfwlrG"}) == f"aB/{name}"
    assert striking.place({"storageType": "i", "pathOrInlineDv": "..."}) is None


def test_a_vector_in_the_log_itself_is_read(design: Design) -> None:
    content = PROTOCOL + bytes(-len(PROTOCOL) % 4)
    told = {"storageType": "i", "pathOrInlineDv": striking.z85(content), "sizeInBytes": len(PROTOCOL), "cardinality": 3}
    assert list(striking.read(design.folder, told)) == [3, 4, 5]


def test_vectors_of_several_files_stand_in_one_file_that_nobody_else_may_read(design: Design) -> None:
    struck = {"a": BitMap64([1]), "b": BitMap64(range(0, 100_000, 3)), "c": BitMap64([2**32 + 1])}
    told = striking.write(design, struck)
    assert {name: striking.read(design.folder, vector) for name, vector in told.items()} == struck
    (file,) = Path(design.folder).glob("*.bin")
    assert file.name == striking.place(told["a"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert Path(design.folder, f".{file.name}.crc").exists()
    assert uuid.UUID(file.stem.removeprefix("deletion_vector_")).version == 4
    assert striking.write(design, {}) == {}


@pytest.mark.parametrize("at", [0, 3, 6, 20, -6, -2])
def test_a_vector_of_which_a_bit_is_another_is_refused_by_its_name(design: Design, at: int) -> None:
    told = striking.write(design, {"a": BitMap64([3, 4, 5])})["a"]
    (file,) = Path(design.folder).glob("*.bin")
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(LakeDamaged, match=f"lake/gold/rows/{file.name}"):
        striking.read(design.folder, told)


def test_a_vector_that_is_gone_cut_off_or_of_other_rows_is_refused(design: Design) -> None:
    told = striking.write(design, {"a": BitMap64([3, 4, 5])})["a"]
    (file,) = Path(design.folder).glob("*.bin")
    for other in (
        {"cardinality": 4},
        {"offset": 2},
        {"sizeInBytes": 20},
        {"storageType": "p"},
        {"pathOrInlineDv": "x"},
    ):
        with pytest.raises(LakeDamaged):
            striking.read(design.folder, {**told, **other})
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(LakeDamaged):
        striking.read(design.folder, told)
    file.unlink()
    with pytest.raises(LakeDamaged, match="FileNotFoundError"):
        striking.read(design.folder, told)
