"""What the tasks of pulls call. As `dags.work`, of which it is a part."""

from __future__ import annotations

from dags.work import _tells
from onefile import settings


@_tells
def pull(resource: str) -> list[str]:
    """Pull what a resource's source has into the inbox; return the deliveries that are new. No engine is started."""
    import catalog
    from inbox.pulling.pull import Puller

    told = settings.read()
    declared = catalog.current(told.declarations).resource(resource)
    puller = Puller(told.home, told.sources, told.now(), told.timezone, settings.machine_clock)
    return [each.delivery for each in puller.pull(declared) if each.state == "new" and each.delivery]
