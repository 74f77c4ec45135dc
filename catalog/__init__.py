"""What is shared: the resources of departments, as one value with everything they stand on.

>>> import catalog
>>> catalog.load().resource("market.public_register").table
'registered_enterprise'
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

from catalog import checks, resources
from catalog.model import Catalogue
from schemas import archives, layers, watching, working_days
from schemas import declarations as declared
from schemas.errors import Problems

__all__ = ["Catalogue", "current", "load", "to_show"]


def load(overlays: tuple[Path, ...] = (), with_items: bool = True) -> Catalogue:
    """Read everything that is declared, built-in and laid over, and check it.

    Args:
        with_items: service items, bundles and kinds of material too; a verb that needs none starts a tenth of a second
            earlier without them.

    Raises:
        DeclarationsRefused: with every problem of all files together.
    """
    problems = Problems()
    found = layers.layers(overlays, problems)
    declarations = declared.gather(found, problems, with_items)
    known = resources.gather(found, declarations, problems)
    checks.check(declarations, known, problems)
    sharing, watch = working_days.gather(found, problems), watching.gather(found, problems)
    items = declarations.items if with_items else None
    archived = archives.gather(found, declarations.departments, items, problems)
    problems.raise_if_any()
    return Catalogue(declarations, known, declared.digest(declarations.digest, known), sharing, watch, archived)


def to_show(overlays: tuple[Path, ...] = ()) -> Catalogue:
    """Return what `load` returns for a verb that shows something: no items, and resources read when asked for.

    Its digest is that of the declarations without the resources.

    Raises:
        DeclarationsRefused: with every problem of the files that are read.
    """
    problems = Problems()
    found = layers.layers(overlays, problems)
    declarations = declared.gather(found, problems, False)
    known = resources.LazyResources(found, declarations, problems)
    sharing, watch = working_days.gather(found, problems), watching.gather(found, problems)
    problems.raise_if_any()
    return Catalogue(declarations, known, declarations.digest, sharing, watch)


def current(overlays: tuple[Path, ...] = ()) -> Catalogue:
    """Return what `load` returns, read anew only where a file of it has changed since this process read it.

    Raises:
        DeclarationsRefused: with every problem of all files together.
    """
    return _loaded(overlays, tuple(_state(overlays)))


@functools.lru_cache(maxsize=4)
def _loaded(overlays: tuple[Path, ...], _state: tuple[tuple[str, int, int], ...]) -> Catalogue:
    return load(overlays)


def _state(overlays: tuple[Path, ...]) -> Iterator[tuple[str, int, int]]:
    """Yield path, instant of change (nanoseconds) and size (bytes) of each file that may declare something."""
    built_in = layers.built_in()
    for root in (built_in.departments.parent, built_in.folders["resources"], *overlays):
        for folder, _, files in os.walk(root):
            for name in sorted(files):
                if not name.endswith((".py", ".pyc")):
                    seen = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - hundreds, for each task
                    yield f"{folder}/{name}", seen.st_mtime_ns, seen.st_size
