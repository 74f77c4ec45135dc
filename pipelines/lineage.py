"""OpenLineage events of what a delivery became: datasets, schemas and which column came from which.

Airflow's provider tells of runs; schema and column lineage are told here, from the declarations.
Events name columns, tables and deliveries, and hold no value.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset
from openlineage.client.transport import Transport
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport

from pipelines import names, types
from pipelines.workshop import Workshop
from schemas import feeds
from schemas.model import Resource, Table

NAMESPACE = "onefile"
PRODUCER = "onefile/pipelines"


def emit(shop: Workshop, delivery_id: str) -> None:
    """Tell of a settled delivery: bronze went in, silver and quarantine came out."""
    delivery, resource = shop.delivery(delivery_id)
    table = shop.declarations.tables[resource.table]
    event = conform_event(delivery_id, resource, table, delivery.received_at)
    _send(shop, event)


def emit_assembled(shop: Workshop, kind: str, version: int) -> None:
    """Tell of one files that were assembled: silver went in, this version of gold came out."""
    tables = feeds.feeding_tables(shop.declarations, kind)
    _send(shop, _event(f"{kind}_file", str(version), shop.at, [names.silver(t) for t in tables], names.gold(kind)))


def emit_published(shop: Workshop, kind: str, version: int) -> None:
    """Tell of one files that were published: this version of gold went in, the serving database came out."""
    _send(shop, _event(f"publication.{kind}", str(version), shop.at, [names.gold(kind)], "serving/subject"))


def emit_brought(shop: Workshop, resource_id: str, release: int) -> None:
    """Tell of a resource's rows that were brought to the counter, as of this version of the releases."""
    source, output = names.silver(shop.resource(resource_id).table), "serving/subject_record"
    _send(shop, _event(f"records.{resource_id}", str(release), shop.at, [source, names.RELEASE], output))


def _send(shop: Workshop, event: RunEvent) -> None:
    OpenLineageClient(transport=_transport(shop.settings.lineage)).emit(event)


def _event(job: str, run: str, at: datetime, inputs: Sequence[str], output: str) -> RunEvent:
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=at.isoformat(),
        run=Run(runId=str(uuid.uuid5(uuid.NAMESPACE_URL, f"onefile:{job}:{run}"))),
        job=Job(namespace=NAMESPACE, name=job),
        producer=PRODUCER,
        inputs=[InputDataset(NAMESPACE, name) for name in inputs],
        outputs=[OutputDataset(NAMESPACE, output)],
    )


def conform_event(delivery_id: str, resource: Resource, table: Table, at: datetime) -> RunEvent:
    """Return the event. The same delivery gives the same event."""
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=at.isoformat(),
        run=Run(runId=str(uuid.uuid5(uuid.NAMESPACE_URL, f"onefile:conform:{delivery_id}"))),
        job=Job(namespace=NAMESPACE, name=f"ingest.{resource.id}.conform"),
        producer=PRODUCER,
        inputs=[InputDataset(NAMESPACE, names.bronze(resource.id), facets={"schema": _bronze_schema(resource)})],
        outputs=[
            OutputDataset(
                NAMESPACE,
                names.silver(table.name),
                facets={"schema": _silver_schema(table), "columnLineage": _columns(resource)},
            ),
            OutputDataset(NAMESPACE, names.quarantine(resource.id)),
        ],
    )


def _transport(target: str) -> Transport:
    if target.startswith(("http://", "https://")):
        return HttpTransport(HttpConfig(url=target))
    return FileTransport(FileConfig(log_file_path=target, append=True))


def _bronze_schema(resource: Resource) -> schema_dataset.SchemaDatasetFacet:
    called = names.columns_of(resource)
    return schema_dataset.SchemaDatasetFacet(
        fields=[
            schema_dataset.SchemaDatasetFacetFields(name=column, type="string", description=header)
            for header, column in called.items()
        ]
    )


def _silver_schema(table: Table) -> schema_dataset.SchemaDatasetFacet:
    return schema_dataset.SchemaDatasetFacet(
        fields=[
            schema_dataset.SchemaDatasetFacetFields(
                name=c.name,
                type=types.spark_type(c.type, c.precision, c.scale).simpleString(),
                description=f"{c.label}: {c.about}",
            )
            for c in table.columns
        ]
    )


def _columns(resource: Resource) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    called = names.columns_of(resource)
    source = names.bronze(resource.id)
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            mapping.column: column_lineage_dataset.Fields(
                inputFields=[column_lineage_dataset.InputField(NAMESPACE, source, called[mapping.source])],
                transformationDescription=", ".join(cleaner.name for cleaner in mapping.clean) or "read as declared",
                transformationType="IDENTITY" if not mapping.clean else "TRANSFORMATION",
            )
            for mapping in resource.columns
            if mapping.source is not None
        }
    )
