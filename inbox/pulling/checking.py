"""Whether a resource could be pulled as it is set here, as far as that shows without asking its system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from inbox.pulling import databases, folders
from inbox.pulling.addresses import address
from inbox.pulling.drivers import Zone
from inbox.pulling.web import Service
from schemas.model import Resource
from schemas.sources import DatabaseSource, FilesSource, HttpSource


def check(resource: Resource, sources: Mapping[str, str], at: datetime, timezone: ZoneInfo) -> None:
    """Look at a resource's source: its setting, the file with it, the address, the driver, the folder; none is asked.

    Raises:
        SourceUnusable: it cannot be used so.
    """
    if resource.source is None:
        return
    there, way = address(sources, resource.source.setting), resource.source.way
    if isinstance(way, FilesSource):
        folders.folder_of(there)
    elif isinstance(way, HttpSource):
        Service(there, way.timeout_seconds, lambda _: None)
    elif isinstance(way, DatabaseSource):
        databases.opened(there, Zone.at(at, timezone)).close()
    else:
        raise ValueError(f"a source of {type(way).__name__} has no reader")
