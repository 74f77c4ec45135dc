"""Files that a department's tool leaves in a folder: what is being written waits, what is whole is delivered once."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.pulling import folders
from inbox.pulling.errors import SourceOdd, SourceUnusable
from tests.pulled import ZONE, Pull, shops

CSV = "编号,信用代码,开业,类别\nAB0001,,,\n"
PLAIN = '{from: SHOPS, files: {name: "shops-*.csv"}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sftp"
    made.mkdir()
    return made


def pull(folder: Path, source: str = PLAIN, form: str = "format: csv") -> Pull:
    made = Pull(folder.parent / "var", shops(folder.parent / "declared", source, form), f"file://{folder}")
    made.clock = datetime.now(UTC) + timedelta(seconds=61)
    return made


def drop(folder: Path, name: str, text: str = CSV, day: int = 29) -> Path:
    path = folder / name
    path.write_text(text)
    changed_on(path, day)
    return path


def changed_on(path: Path, day: int) -> None:
    """Let a file say that it was changed last on a day of October 2026."""
    at = datetime(2026, 10, day, 4, 0, tzinfo=UTC).timestamp()
    os.utime(path, (at, at))


def states(made: Pull) -> list[tuple[str, int]]:
    return [(each.state, each.rows) for each in made()]


def test_a_file_that_is_whole_is_delivered_once_with_the_day_of_its_last_change(folder: Path) -> None:
    drop(folder, "shops-1.csv")
    made = pull(folder)
    [done] = made()
    assert (done.state, done.rows) == ("new", 1)
    assert str(done.delivery).startswith("market-shops-2026-10-29-")
    assert states(made) == [("nothing", 0)]
    assert [arrival.status for arrival in made.receive()] == ["taken"]
    drop(folder, "shops-1.csv")  # sent again, as it was
    assert states(made) == [("nothing", 0)]
    drop(folder, "shops-1.csv", CSV + "AB0002,,,\n")
    assert states(made) == [("new", 2)]


def test_a_file_that_is_being_written_waits_whatever_its_writer_says_of_its_time(folder: Path) -> None:
    made = pull(folder)
    for name in ("shops-1.csv.part", ".shops-1.csv", "shops-2.csv.tmp", "shops-3.csv~", "other.csv"):
        drop(folder, name)
    assert states(made) == [("nothing", 0)]
    drop(folder, "shops-4.csv")
    made.clock = datetime.now(UTC) + timedelta(seconds=59)
    assert states(made) == [("nothing", 0)]
    made.clock += timedelta(seconds=5)
    assert states(made) == [("new", 1)]


def test_a_file_that_grows_while_it_is_copied_waits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drop(folder, "shops-1.csv")
    whole = folders.shutil.copyfileobj

    def grows(there: object, here: object, size: int) -> None:
        whole(there, here, size)
        with path.open("a") as file:
            file.write("AB0002")

    made = pull(folder)
    with monkeypatch.context() as patch:
        patch.setattr(folders.shutil, "copyfileobj", grows)
        assert states(made) == [("nothing", 0)]
    assert made.waiting() == []


def test_with_a_marker_a_file_waits_for_it_and_both_may_be_removed(folder: Path) -> None:
    source = '{from: SHOPS, files: {name: "*.csv", ready: .ok, remove: true}}'
    drop(folder, "shops.csv")
    made = pull(folder, source)
    assert states(made) == [("nothing", 0)]
    drop(folder, "shops.csv.ok", "")
    assert states(made) == [("new", 1)]
    assert list(folder.iterdir()) == []
    assert states(made) == [("nothing", 0)]


def test_killed_before_it_was_noted_the_same_file_is_the_same_delivery(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "shops.csv")
    made = pull(folder, '{from: SHOPS, files: {name: "*.csv", remove: true}}')
    with monkeypatch.context() as killed:
        killed.setattr("inbox.pulling.pull.write_mark", _killed)
        with pytest.raises(KeyboardInterrupt):
            made()
    assert len(made.waiting()) == 1
    made.clock += timedelta(days=3)
    assert states(made) == [("waiting", 1)]
    assert (len(made.waiting()), list(folder.iterdir())) == (1, [])


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_period_may_stand_in_the_name(folder: Path) -> None:
    source = '{from: SHOPS, files: {name: "*.csv", period: "shops-([0-9]+)"}}'
    drop(folder, "shops-202610.csv")
    drop(folder, "shops-20261031.csv", CSV + "AB0003,,,\n")
    assert sorted(str(each.delivery)[:-9] for each in pull(folder, source)()) == [
        "market-shops-2026-10", "market-shops-2026-10-31"]  # fmt: skip
    drop(folder, "shops-20261399.csv")
    drop(folder, "shops-20261501.csv", CSV + "AB0004,,,\n")
    drop(folder, "shops-20261101.csv", CSV + "AB0005,,,\n")
    with pytest.raises(SourceOdd, match="a period that is none"):
        pull(folder, source)()
    assert any(name.startswith("market-shops-2026-11-01") for name in pull(folder, source).waiting())


def test_a_file_that_cannot_be_read_or_removed_holds_up_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(folder, "shops-1.csv")
    drop(folder, "shops-2.csv", CSV + "AB0002,,,\n")
    made = pull(folder, '{from: SHOPS, files: {name: "*.csv", remove: true}}')
    whole, unlink = folders.open_plain, Path.unlink

    def denied(path: Path) -> object:
        if path.name == "shops-1.csv" and path.parent == folder:
            raise PermissionError
        return whole(path)

    def kept(path: Path, **more: bool) -> None:
        if path.parent == folder:
            raise PermissionError
        unlink(path, **more)

    monkeypatch.setattr(folders, "open_plain", denied)
    monkeypatch.setattr(Path, "unlink", kept)
    with pytest.raises(SourceOdd, match="cannot be read or removed, and all else was delivered"):
        made()
    assert len(made.waiting()) == 1
    monkeypatch.undo()
    assert states(made) == [("new", 1)]
    assert list(folder.iterdir()) == []


def test_a_writer_whose_clock_is_ahead_is_not_waited_for(folder: Path) -> None:
    path = drop(folder, "shops-1.csv")
    os.utime(path, (2**32, 2**32))  # the year 2106
    made = pull(folder)
    [done] = made()
    assert done.state == "new"
    assert str(done.delivery).startswith(f"market-shops-{datetime.now(UTC).astimezone(ZONE).date()}")


def test_a_broken_file_is_delivered_for_its_department_to_get_the_receipt(folder: Path) -> None:
    drop(folder, "shops-1.csv", "编号,信用代码,开业,类别\nAB0001\n")
    drop(folder, "shops-2.csv")
    made = pull(folder)
    assert states(made) == [("new", 0), ("new", 1)]
    refused, taken = sorted(made.receive(), key=lambda each: each.status)
    assert (refused.status, refused.refusal.reason) == ("refused", "fields_differ")
    assert taken.status == "taken"


def test_links_and_names_that_cannot_be_used_are_told_and_hold_up_nothing(folder: Path) -> None:
    (folder / "shops-0.csv").symlink_to("/etc/passwd")
    drop(folder, "shops-110105194912310021.csv")
    drop(folder, "shops-2.csv")
    made = pull(folder)
    with pytest.raises(SourceOdd, match="name cannot be used") as told:
        made()
    assert "a link or folder" in str(told.value)
    assert "110105" not in str(told.value)
    assert len(made.waiting()) == 1


def test_an_archive_may_be_dropped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "shops.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    changed_on(folder / "shops.zip", 29)
    made = pull(folder, '{from: SHOPS, files: {name: "*.zip"}}', "format: csv\npacked: zip")
    assert states(made) == [("new", 2)]
    assert [arrival.status for arrival in made.receive()] == ["taken"]


@pytest.mark.parametrize("address", ["file://host/x", "file:relative", "file:///nowhere/at/all", "https://x"])
def test_an_address_of_no_folder_is_told(folder: Path, address: str) -> None:
    made = pull(folder)
    made.text = address
    with pytest.raises(SourceUnusable, match="folder"):
        made()
