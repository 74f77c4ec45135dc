"""What is to be erased of one resource does not wait for another's."""

from __future__ import annotations

import pytest

from inbox.errors import NotErasable
from onefile.errors import Busy
from pipelines import purging
from pipelines.errors import ErasureFailed

FAULTS = {
    "b.busy": Busy("held by another run"),
    "c.form": ErasureFailed("c.form", NotErasable("d-1", "c.form", "xml"), "d-1"),
    "d.disk": OSError("no such device"),
}


def test_a_resource_that_cannot_be_purged_holds_up_no_other() -> None:
    met = []

    def purge_one(resource: str) -> int:
        met.append(resource)
        if resource in FAULTS:
            raise FAULTS[resource]
        return 2

    with pytest.raises(ErasureFailed, match=r"records of b\.busy are still to be erased, for: held by") as found:
        purging.one_by_one(["a.one", *FAULTS, "e.last"], purge_one)
    assert met == ["a.one", *FAULTS, "e.last"]
    assert (found.value.resource, found.value.exit_code) == ("b.busy", Busy.exit_code)
    assert found.value.__cause__ is FAULTS["b.busy"]
    assert purging.one_by_one(["a.one", "e.last"], purge_one) == 4


def test_the_error_names_the_delivery_whose_files_could_not_be_overwritten() -> None:
    def purge_one(resource: str) -> int:
        raise FAULTS[resource]

    with pytest.raises(ErasureFailed, match=r"records of c\.form, delivery d-1 are"):
        purging.one_by_one(["c.form"], purge_one)
    with pytest.raises(ErasureFailed, match=r"records of d\.disk are still to be erased, for: no such device"):
        purging.one_by_one(["d.disk", "c.form"], purge_one)


def test_other_errors_are_not_put_off() -> None:
    def purge_one(resource: str) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        purging.one_by_one(["a.one"], purge_one)
