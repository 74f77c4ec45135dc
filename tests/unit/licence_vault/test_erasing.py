"""Erasing: the content is gone from the database's bytes, the log stays whole, and nothing brings it back."""

from __future__ import annotations

import pytest

from licence_vault import store
from licence_vault.auditing import audit
from licence_vault.erasing import erase
from licence_vault.errors import AlreadyErased, NoSuchLicence, PayloadErased
from licence_vault.exporting import find
from tests.papers import AT
from tests.statements import stated, told, waiting
from tests.vault import ids_of, vault_of


@pytest.fixture
def vault(tmp_path):
    vault = vault_of(tmp_path)
    told(vault, stated(1, 1), stated(1, 2, items="冷食"), stated(2, 1))
    return vault


def key_and_wrapped(vault):
    with vault.tables() as connection:
        versions = list(store.versions(connection, 0, 2))
    return versions[0].licence_key, [version.wrapped_key for version in versions]


def test_an_erased_licence_says_nothing_more_and_the_log_stays_whole(vault):
    key, _ = key_and_wrapped(vault)
    done = erase(vault, key, at=AT, operator="clerk-7", reason="PIPL art. 47")
    assert (done.versions, done.originals) == (2, 0)
    with pytest.raises(PayloadErased):
        find(vault, ids_of(vault)[0])
    find(vault, ids_of(vault)[2])
    assert (audit(vault).leaves, audit(vault).erased) == (3, 2)


def test_its_keys_are_gone_from_the_databases_bytes(vault, tmp_path):
    key, wrapped = key_and_wrapped(vault)
    erase(vault, key, at=AT, operator="clerk-7", reason="PIPL art. 47")
    left = b"".join(path.read_bytes() for path in tmp_path.glob("serving.db*"))
    assert wrapped
    assert not any(each in left for each in wrapped)


def test_the_next_delivery_does_not_bring_it_back(vault):
    key, _ = key_and_wrapped(vault)
    erase(vault, key, at=AT, operator="clerk-7", reason="PIPL art. 47")
    done = told(vault, stated(1, 3, items="热食"), batch="b-2")
    assert (done.batch.issued, waiting(vault)) == (0, [("d-3", 1, "state", "erased")])


def test_what_is_not_there_or_erased_already_is_refused(vault):
    key, _ = key_and_wrapped(vault)
    with pytest.raises(NoSuchLicence):
        erase(vault, "x.y.z", at=AT, operator="clerk-7", reason="PIPL art. 47")
    erase(vault, key, at=AT, operator="clerk-7", reason="PIPL art. 47")
    with pytest.raises(AlreadyErased):
        erase(vault, key, at=AT, operator="clerk-7", reason="PIPL art. 47")
