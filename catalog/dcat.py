"""The open catalogue as DCAT 3 in the profile DCAT-AP 3.0.1: Turtle and JSON-LD with its context in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from catalog.entries import Entry
from catalog.errors import ExtraMissing
from schemas.model import Code, CodeList

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

EU = "http://publications.europa.eu/resource/authority"
FREQUENCIES = {
    "real_time": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY",
    "half_yearly": "ANNUAL_2", "yearly": "ANNUAL", "irregular": "IRREG",
}  # fmt: skip
"""Update cycles in the Publications Office's list of frequencies."""
ACCESS = {"unconditional": "PUBLIC", "conditional": "RESTRICTED"}
FILE_TYPES = {"csv": "CSV", "jsonl": "JSON", "json": "JSON", "xml": "XML", "xlsx": "XLSX"}
TITLES = (("开放数据目录", "zh"), ("Open data catalogue", "en"))


def graph(entries: Iterable[Entry], classes: CodeList, base: str) -> Graph:
    """Return the graph of entries that may leave. Every node has an address below `base`; there are no blank nodes."""
    try:
        from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, Graph, Literal, URIRef
    except ModuleNotFoundError:
        raise ExtraMissing("rdflib") from None
    made = Graph()
    for prefix, space in (("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("skos", SKOS)):
        made.bind(prefix, space)
    catalogue, house = URIRef(base), URIRef(f"{base}publisher")
    made.add((catalogue, RDF.type, DCAT.Catalog))
    for text, language in TITLES:
        made.add((catalogue, DCTERMS.title, Literal(text, language)))
        made.add((catalogue, DCTERMS.description, Literal(text, language)))
        made.add(
            (
                house,
                FOAF.name,
                Literal({"zh": "政务数据主管部门", "en": "Government data authority"}[language], language),
            )
        )
    made.add((house, RDF.type, FOAF.Agent))
    made.add((catalogue, DCTERMS.publisher, house))
    made.add((catalogue, DCAT.themeTaxonomy, URIRef(f"{base}classes")))
    made.add((URIRef(f"{base}classes"), RDF.type, SKOS.ConceptScheme))
    made.add((URIRef(f"{base}classes"), DCTERMS.title, Literal(classes.label, "zh")))
    for entry in entries:
        made.add((catalogue, DCAT.dataset, _dataset(made, entry, base)))
        for code in entry.classes[-1:]:
            _concept(made, classes.codes[code], base)
    return made


def turtle(made: Graph) -> bytes:
    """Return the graph as Turtle, UTF-8; the same graph gives the same bytes."""
    return made.serialize(format="longturtle", encoding="utf-8")


def json_ld(made: Graph) -> bytes:
    """Return the graph as JSON-LD, UTF-8. Its context stands in it: nothing has to be fetched to read it."""
    context = {prefix: str(space) for prefix, space in made.namespaces() if prefix in ("dcat", "dct", "foaf", "skos")}
    text = made.serialize(format="json-ld", context=context, sort_keys=True, indent=2, ensure_ascii=False)
    return text.encode()


def address(entry: Entry, base: str) -> str:
    """Return the address of an entry below `base`."""
    return f"{base}dataset/{quote(entry.code or entry.id, safe='')}"


def _dataset(made: Graph, entry: Entry, base: str) -> URIRef:
    from rdflib import DCAT, DCTERMS, RDF, XSD, Literal, URIRef

    dataset = URIRef(address(entry, base))
    made.add((dataset, RDF.type, DCAT.Dataset))
    for text, language in ((entry.title, "zh"), (entry.title_en, "en")):
        if text:
            made.add((dataset, DCTERMS.title, Literal(text, language)))
    made.add((dataset, DCTERMS.description, Literal(entry.about)))
    made.add((dataset, DCTERMS.identifier, Literal(entry.code or entry.id)))
    made.add((dataset, DCTERMS.publisher, _department(made, entry, base)))
    for item in entry.items:
        made.add((dataset, DCAT.keyword, Literal(item.label, "zh")))
    for code in entry.classes[-1:]:
        made.add((dataset, DCAT.theme, URIRef(f"{base}class/{code}")))
    if entry.published_on is not None:
        made.add((dataset, DCTERMS.issued, Literal(entry.published_on, datatype=XSD.date)))
    _typed(made, dataset, DCTERMS.accrualPeriodicity, f"frequency/{FREQUENCIES[entry.update_cycle]}", DCTERMS.Frequency)
    access = f"access-right/{ACCESS[entry.openness]}"
    _typed(made, dataset, DCTERMS.accessRights, access, DCTERMS.RightsStatement)
    distribution = URIRef(f"{address(entry, base)}/distribution")
    made.add((dataset, DCAT.distribution, distribution))
    made.add((distribution, RDF.type, DCAT.Distribution))
    made.add((distribution, DCAT.accessURL, URIRef(address(entry, base))))
    if entry.format in FILE_TYPES:
        form = f"file-type/{FILE_TYPES[entry.format]}"
        _typed(made, distribution, DCTERMS.format, form, DCTERMS.MediaTypeOrExtent)
    return dataset


def _typed(made: Graph, subject: URIRef, predicate: URIRef, name: str, kind: URIRef) -> None:
    from rdflib import RDF, URIRef

    made.add((subject, predicate, URIRef(f"{EU}/{name}")))
    made.add((URIRef(f"{EU}/{name}"), RDF.type, kind))


def _department(made: Graph, entry: Entry, base: str) -> URIRef:
    from rdflib import DCTERMS, FOAF, RDF, Literal, URIRef

    department = URIRef(f"{base}department/{quote(entry.provider, safe='')}")
    made.add((department, RDF.type, FOAF.Agent))
    made.add((department, FOAF.name, Literal(entry.provider_name, "zh")))
    if entry.provider_name_en:
        made.add((department, FOAF.name, Literal(entry.provider_name_en, "en")))
    if entry.provider_code:
        made.add((department, DCTERMS.identifier, Literal(entry.provider_code)))
    return department


def _concept(made: Graph, code: Code, base: str) -> None:
    from rdflib import RDF, SKOS, Literal, URIRef

    concept = URIRef(f"{base}class/{code.code}")
    made.add((concept, RDF.type, SKOS.Concept))
    made.add((concept, SKOS.inScheme, URIRef(f"{base}classes")))
    made.add((concept, SKOS.notation, Literal(code.code)))
    made.add((concept, SKOS.prefLabel, Literal(code.name, "zh")))
    made.add((concept, SKOS.prefLabel, Literal(code.name_en, "en")))
