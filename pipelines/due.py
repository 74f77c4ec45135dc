"""What the declarations of today are not applied to yet. No engine is started, nor loaded: it is asked for often."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import commit_check, declared, finished, names
from pipelines.workshop import Workshop
from schemas import feeds
from schemas.model import OneFile, Resource


@dataclass(frozen=True)
class Due:
    """What is by other declarations than today's: resources to read again, kinds of files to make anew."""

    resources: tuple[Resource, ...]
    kinds: tuple[OneFile, ...]

    def __bool__(self) -> bool:
        return bool(self.resources or self.kinds)


def due(shop: Workshop) -> Due:
    """Return what the declarations of today are not applied to."""
    settled = finished.settled_resources(shop)
    resources = declared.unread(shop.home, shop.resources.values(), shop.declarations, settled)
    again = {resource.table for resource in resources}
    kinds = [file for file in shop.declarations.files.values() if _is_due(shop, file, again)]
    return Due(tuple(resources), tuple(kinds))


def _is_due(shop: Workshop, file: OneFile, again: set[str]) -> bool:
    name = declared.of_kind(file.kind)
    if not commit_check.has_commits(shop.place, names.gold(file.kind)):
        return False  # none was made, whatever was about to be
    is_fed_anew = not again.isdisjoint(feeds.feeding_tables(shop.declarations, file.kind))
    return is_fed_anew or not declared.is_made_by(shop.home, name, declared.making(file, shop.declarations))
