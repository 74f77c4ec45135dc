"""Closed cases are archived: packed, signed, held by the four checks, kept sealed, written out on record."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.cases import store
from licence_vault.archive import keeping as archives
from licence_vault.archive.errors import NotArchivable, NotPassed
from licence_vault.materials.errors import FileRefused
from onefile.cli.main import run
from onefile.verify import archive as packages
from onefile.verify.archive_verdict import judge_archive
from onefile.verify.errors import VerificationError
from pipelines.archiving import Archivist, archive, archive_closed
from schemas.archives import Archives
from tests import scans
from tests.counter import CATALOGUE, FIRM, Open, Shop
from tests.deposited import SCAN, deposit, me
from tests.documents import ROOT
from tests.papers import AT as ISSUED
from tests.prefilled import ask, cited, firm, grants, handed_in, licensed
from tests.vault import ids_of, issue_rows, permit, vault_of


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.publish(firm())
    licensed(shop)
    shop.client("market-own", "market")
    return shop


@pytest.fixture
def closed(counter: Open) -> Open:
    """A case with a scan, a form, a result and a licence, granted and delivered."""
    counter.case(parties=(FIRM,))
    deposit(counter)
    given = cited(grants(counter.shop))
    form = handed_in(ask(counter, given))
    came = [{"item": "0102", "material": "lease_contract", "how": "deposited", "ref": "M", "dated_on": "2026-10-01"}]
    ask(counter, given, "/check", **form, materials=came, is_final=True)
    vault = vault_of(counter.shop.home, counter.shop.url)
    issue_rows(vault, [permit(1, holder_code=FIRM)], "b-1", ISSUED)
    steps(counter, "receive", "accept", "grant")
    deposit(counter, scans.pdf(4), "market-own", kind="articles_of_association", verified_against="issued")
    steps(counter, "deliver", result="准予许可", licences=[ids_of(vault)[-1]])
    return counter


def steps(counter: Open, *names: str, case: str = "D-1", **more: Any) -> None:
    with counter.ask("intake") as client:
        for step in names:
            told = {"step": step, "at": counter.shop.at.isoformat(), **more}
            if step == "receive":
                told["case_no"] = f"SL-{case}"
            client.call("POST", f"/v1/cases/{case}/steps", told)


def archivist(counter: Open, **changes: Any) -> Archivist:
    shop = counter.counter
    made = Archivist(shop.vault, shop.materials, CATALOGUE, counter.shop.home, shop.settings.timezone, None,
                     counter.shop.at, "tests")  # fmt: skip
    return replace(made, **changes)


def case_of(counter: Open, number: str = "D-1") -> Any:
    with counter.counter.database.looking() as connection:
        return store.find(connection, number)


@pytest.fixture
def package(closed: Open, tmp_path: Path) -> Iterator[Path]:
    """The package of that case, written into a folder by the command, and the trust file beside it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**closed.shop.environ, "ONEFILE_NOW": closed.shop.at.isoformat()}.items():
            patch.setenv(name, value)
        assert run(["archive", "make", "D-1"]) == 0
        assert run(["archive", "export", "SL-D-1", "--out", str(tmp_path / "p"), "--purpose", "transfer 2026"]) == 0
        (tmp_path / "trust.json").write_bytes(closed.trust)
        yield tmp_path / "p"


def test_a_closed_case_is_one_package_that_plain_tools_and_our_verifier_check(package: Path, closed: Open) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "manifest-sha256.txt"], cwd=package, check=True)
    assert (package / "bagit.txt").read_bytes() == packages.BAGIT_TEXT
    done = subprocess.run(
        [sys.executable, "-m", "onefile.verify", "archive.json.dsse", "--trust", "../trust.json", "--lang", "en"],
        cwd=package, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[1:]) == (
        0, ["authentic: passed", "whole: passed", "usable: passed", "safe: passed"],
    ), done.stderr  # fmt: skip
    assert run(["verify", str(package / "archive.json.dsse"), "--trust", str(package.parent / "trust.json")]) == 0
    assert run(["archive", "check", "SL-D-1"]) == 0
    assert [path for path in package.rglob("*") if path.stat().st_mode & 0o077] == []


def test_a_package_has_the_case_its_materials_results_licences_and_looks_described(package: Path, closed: Open) -> None:
    told = json.loads((package / "data/metadata.json").read_text("utf-8"))
    assert [told[name] for name in ("package", "fonds", "year", "item", "case", "retention", "keep_until")] == [
        "0105-2026-0102-SL-D-1", "0105", 2026, "0102", "SL-D-1", "30", "2056-12-31",
    ]  # fmt: skip
    named = {each["path"]: each for each in told["files"]}
    assert list(named) == [
        "data/case.json", "data/needs.json", "data/form.json", "data/materials/001.pdf", "data/results/002.pdf",
        "data/results/licence-001.json", "data/looks.jsonl", "data/trust.json",
    ]  # fmt: skip
    assert (package / "data/materials/001.pdf").read_bytes() == SCAN
    scan = named["data/materials/001.pdf"]
    assert (scan["kind"], scan["verified_by"], scan["pages"], scan["scanned_by"]) == ("lease_contract", "王", 2, "none")
    assert named["data/results/002.pdf"]["origin"] == "result"
    case = json.loads((package / "data/case.json").read_text("utf-8"))
    assert [each["step"] for each in case["steps"]] == ["receive", "accept", "grant", "deliver"]
    looks = [json.loads(line)["kind"] for line in (package / "data/looks.jsonl").read_text("utf-8").splitlines()]
    assert {"materials.deposit", "prefill.fill"} <= set(looks)
    licence = package / "data/results/licence-001.json"
    trust = str(package.parent / "trust.json")
    assert run(["verify", str(licence), "--trust", trust, "--on", "2026-11-30"]) == 3, "genuine; no status list here"
    assert not [path for path in package.rglob("*") if FIRM in path.name]


def test_writing_a_package_out_is_a_look_at_whoever_is_in_it(package: Path, closed: Open) -> None:
    (look,) = [entry for entry in closed.counter.ledger.ledger.entries() if entry.basis == "onefile archive"]
    assert (look.purpose, look.case, look.fields, look.subject is not None) == (
        "transfer 2026", "SL-D-1", ("archive",), True,
    )  # fmt: skip
    assert run(["archive", "export", "D-1", "--out", str(package), "--purpose", "again"]) == 1, "it is there already"


def test_in_the_home_a_package_lies_sealed_and_is_neither_swept_nor_lost_with_a_withdrawal(
    package: Path, closed: Open, tmp_path: Path
) -> None:
    folder = closed.shop.home / "materials"
    assert not any(b"metadata.json" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    (lease,) = [each for each in me(closed).json()["materials"] if each["kind"] == "lease_contract"]
    me(closed, "POST", f"/{lease['material_id']}/withdrawal")
    for path in folder.glob("*/*"):
        os.utime(path, (0, 0))
    assert run(["material", "sweep"]) == 0
    assert run(["archive", "export", "D-1", "--out", str(tmp_path / "again"), "--purpose", "x"]) == 0
    assert (tmp_path / "again/data/materials/001.pdf").read_bytes() == SCAN
    made = archive(archivist(closed), case_of(closed))
    assert archive(archivist(closed), case_of(closed)) == made, "a case has one package"


def test_what_was_taken_back_before_is_a_note_in_its_place(closed: Open) -> None:
    (lease,) = [each for each in me(closed).json()["materials"] if each["kind"] == "lease_contract"]
    me(closed, "POST", f"/{lease['material_id']}/withdrawal")
    by = archivist(closed)
    files = archives.opened(by.materials, archive(by, case_of(closed)))
    assert json.loads(files["data/materials/001.json"])["state"] == "withdrawn"
    assert SCAN not in files.values()


def rewrite(package: Path, path: str, content: bytes) -> None:
    (package / path).write_bytes(content)


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file altered": (lambda p: rewrite(p, "data/materials/001.pdf", SCAN + b"x"), "whole"),
    "a file of another type in its place": (lambda p: rewrite(p, "data/materials/001.pdf", b"MZ"), "usable"),
    "the test string put in": (
        lambda p: rewrite(p, "data/materials/001.pdf", b"%PDF-" + packages._TEST_STRING), "safe",
    ),
    "a file gone": (lambda p: (p / "data/results/002.pdf").unlink(), "whole"),
    "a file too many": (lambda p: rewrite(p, "data/more.pdf", b"%PDF-"), "whole"),
    "a file too many beside": (lambda p: rewrite(p, "more.txt", b"x"), "whole"),
    "the manifest altered": (
        lambda p: rewrite(p, "manifest-sha256.txt", (p / "manifest-sha256.txt").read_bytes().replace(b"a", b"b", 1)),
        "authentic",
    ),
    "the manifest gone": (lambda p: (p / "manifest-sha256.txt").unlink(), "authentic"),
    "the metadata altered": (
        lambda p: rewrite(p, "data/metadata.json", (p / "data/metadata.json").read_bytes() + b" "), "usable",
    ),
    "two files swapped": (
        lambda p: (p / "data/results/002.pdf").replace(p / "data/materials/001.pdf"), "whole",
    ),
    "bagit altered": (lambda p: rewrite(p, "bagit.txt", b"x"), "whole"),
}  # fmt: skip


def test_each_tampering_with_a_package_fails_the_check_that_it_concerns(package: Path, tmp_path: Path) -> None:
    trust = (tmp_path / "trust.json").read_bytes()
    for number, (name, (harm, check)) in enumerate(TAMPERINGS.items()):
        other = tmp_path / f"harmed-{number}"
        shutil.copytree(package, other)
        harm(other)
        verdict = judge_archive((other / "archive.json.dsse").read_bytes(), trust, other)
        assert verdict.checks[check], name
        assert verdict.exit_code == 4, name
        assert run(["verify", str(other / "archive.json.dsse"), "--trust", str(tmp_path / "trust.json")]) == 4, name


def test_an_envelope_of_another_package_or_a_stranger_s_key_proves_nothing(package: Path, tmp_path: Path) -> None:
    envelope = (package / "archive.json.dsse").read_bytes()
    stranger = Shop(tmp_path / "stranger")
    with stranger.open() as opened, pytest.raises(VerificationError):
        judge_archive(envelope, opened.trust, package)
    with pytest.raises(VerificationError):
        judge_archive(
            envelope.replace(b'"payload":"e', b'"payload":"f'), (tmp_path / "trust.json").read_bytes(), package
        )


def test_a_case_that_is_open_or_whose_fonds_or_period_nobody_declared_waits(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    with pytest.raises(NotArchivable, match="once it is delivered"):
        archive(archivist(counter), case_of(counter))
    steps(counter, "receive", "withdraw", reason="撤回")
    by = archivist(counter)
    for declared, said in ((Archives({}, by.known.archives.retention), "fonds number"),
                           (Archives(by.known.archives.fonds, {}), "retention period")):  # fmt: skip
        bare = replace(by, known=replace(by.known, archives=declared))
        with pytest.raises(NotArchivable, match=said):
            archive(bare, case_of(counter))
        assert archive_closed(bare) == {"archived": 0, "waiting": 1}
    counter.case("D-2", parties=(FIRM,))
    counter.case("D-3", parties=(FIRM,))
    steps(counter, "abandon", case="D-3")
    assert [archive_closed(by) for _ in range(2)] == [{"archived": 1, "waiting": 0}, {"archived": 0, "waiting": 0}]


def test_what_was_promised_for_later_is_brought_to_the_closed_case_and_archived_with_it(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    with counter.ask("intake") as client:
        made = client.call("POST", "/v1/cases/D-1/promises", {"item": "0102", "material": "safety_rules"})
    steps(counter, "receive", "accept", "grant", "deliver")
    by = archivist(counter)
    with pytest.raises(NotArchivable, match="a promise was not settled"):
        archive(by, case_of(counter))
    assert archive_closed(by) == {"archived": 0, "waiting": 1}
    assert deposit(counter).status_code == 201
    with counter.ask("intake") as client:
        client.call("POST", f"/v1/cases/D-1/promises/{made['promise_id']}/settlement", {"outcome": "kept"})
    assert deposit(counter, scans.pdf(3)).json()["code"] == "case_closed", "nothing is promised any more"
    assert archive_closed(by) == {"archived": 1, "waiting": 0}
    with by.vault.looking() as connection:
        kept = archives.find(connection, case_of(counter).case_id)
    files = archives.opened(by.materials, kept)
    assert [path for path in files if path.startswith("data/materials/")] == ["data/materials/001.pdf"]


def test_a_case_that_is_archived_takes_nothing_more(closed: Open) -> None:
    archive(archivist(closed), case_of(closed))
    late = deposit(closed, scans.pdf(5), "market-own", kind="articles_of_association", verified_against="issued")
    assert (late.status_code, late.json()["code"]) == (409, "case_archived")


def test_what_is_deposited_while_a_case_is_archived_is_waited_for(
    closed: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*given: Any) -> Any:
        made = put(*given)
        deposit(closed, scans.pdf(5), "market-own", kind="articles_of_association", verified_against="issued")
        return made

    put = archives.put
    monkeypatch.setattr("pipelines.archiving.archives.put", late)
    with pytest.raises(NotArchivable, match="meanwhile"):
        archive(archivist(closed), case_of(closed))
    monkeypatch.undo()
    assert archive(archivist(closed), case_of(closed)).files > 0


def test_a_material_that_a_scanner_finds_harmful_later_stops_the_package(closed: Open) -> None:
    def finds(_: bytes) -> None:
        raise FileRefused("malware")

    with pytest.raises(NotPassed, match="harmful"):
        archive(archivist(closed, scan=finds), case_of(closed))
    assert archive_closed(archivist(closed, scan=finds)) == {"archived": 0, "waiting": 1}


def test_a_result_that_names_a_licence_which_is_none_of_ours_stops_the_package(counter: Open) -> None:
    counter.case(parties=(FIRM,))
    steps(counter, "receive", "accept", "grant")
    steps(counter, "deliver", licences=["1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"])
    with pytest.raises(NotArchivable, match="the vault cannot give"):
        archive(archivist(counter), case_of(counter))
