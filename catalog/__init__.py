"""What is shared: the resources of departments, as one value with everything they stand on.

>>> import catalog
>>> catalog.load().resource("market.public_register").table
'registered_enterprise'
"""

from __future__ import annotations

from pathlib import Path

from catalog import checks, resources
from catalog.model import Catalogue
from schemas import declarations as declared
from schemas import layers, working_days
from schemas.errors import Problems

__all__ = ["Catalogue", "load"]


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
    sharing = working_days.gather(found, problems)
    problems.raise_if_any()
    return Catalogue(declarations, known, declared.digest(declarations.digest, known), sharing)
