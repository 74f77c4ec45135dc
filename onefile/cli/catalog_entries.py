"""What `onefile catalog` reads: declared entries, those that were imported, the index over all of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog import Catalogue
    from catalog.entries import Entry


def all_entries(settings: Settings) -> tuple[Catalogue, dict[str, Entry]]:
    """Return the declarations, and every entry by id: those declared, then those imported that are still listed."""
    import catalog
    from catalog.entries import entries

    known = catalog.load(settings.declarations)
    return known, {**entries(known), **_imported(settings)}


def _imported(settings: Settings) -> dict[str, Entry]:
    from catalog.versions import foreign
    from schemas.serving.connection import looking
    from schemas.serving.errors import NothingPublished
    from schemas.serving.reading import reading

    try:
        with reading(settings.database_url):
            pass  # it is there, and of this release's shape
    except NothingPublished:
        return {}
    with looking(settings.database_url) as connection:
        return {name: entry for name, (entry, is_vanished) in foreign(connection).items() if not is_vanished}


def index_of(settings: Settings, entries: dict[str, Entry]) -> Path:
    """Return the search index of these entries; it is made where it is missing or of others."""
    from catalog.search import build, is_fresh

    path = settings.home / "catalog" / "search.db"
    written = json.dumps([entry.as_json() for entry in entries.values()], ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(written.encode()).hexdigest()
    if not is_fresh(path, digest):
        build(path, entries.values(), digest)
    return path
