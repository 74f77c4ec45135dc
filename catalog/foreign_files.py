"""The door for files of other catalogues: bytes become records, or are refused. Nothing is ever fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.sax import SAXException

from catalog.errors import ExtraMissing, ForeignFileRefused
from catalog.mapping import ForeignMapping

MAX_BYTES = 64 * 2**20
MAX_TRIPLES = 500_000
MAX_DEPTH = 3
PREFIXES = {
    "http://purl.org/dc/terms/": "dct",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/ns/dcat#": "dcat",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://www.w3.org/2004/02/skos/core#": "skos",
    "http://www.w3.org/2006/vcard/ns#": "vcard",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://schema.org/": "schema",
    "https://schema.org/": "schema",
}


def records(data: bytes, mapping: ForeignMapping) -> list[Any]:
    """Return the records of a file, in its order; in RDF every dcat:Dataset, by address.

    Raises:
        ForeignFileRefused: too large, no UTF-8, broken, nested too deep, too many statements, a remote context, a
            document type, or no list of records where the mapping says.
    """
    if len(data) > MAX_BYTES:
        raise ForeignFileRefused(f"{len(data)} bytes", f"at most {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ForeignFileRefused(f"what is no UTF-8 in line {line}", "the file saved as UTF-8") from None
    if mapping.format == "json":
        return _listed(_json(text), mapping.records)
    if mapping.format == "json-ld":
        _check_contexts(_json(text))
    if mapping.format == "rdf-xml" and ("<!DOCTYPE" in text or "<!ENTITY" in text):
        raise ForeignFileRefused("a document type or an entity", "RDF/XML without either")
    return list(_datasets(_graph(text, mapping.format)))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ForeignFileRefused(
            f"broken JSON in line {error.lineno}, column {error.colno}", "well-formed JSON"
        ) from None
    except RecursionError:
        raise ForeignFileRefused("JSON nested without end", "a catalogue") from None


def _listed(found: Any, path: str) -> list[Any]:
    for name in filter(None, path.split(".")):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise ForeignFileRefused(f"no list of records at {path or 'the top'}", "`records` of the mapping set right")
    return found


def _check_contexts(found: Any) -> None:
    """Refuse whatever a JSON-LD reader would go and fetch."""
    stack = [found]
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(each)
        elif isinstance(each, dict):
            context = each.get("@context")
            parts = context if isinstance(context, list) else [context]
            if "@import" in each or any(isinstance(part, str) for part in parts):
                raise ForeignFileRefused("a remote JSON-LD context", "its context in the file; nothing is fetched")
            stack.extend(each.values())


def _graph(text: str, form: str) -> Any:
    try:
        from rdflib import Graph
        from rdflib.exceptions import Error as RdfError
        from rdflib.plugins.stores.memory import Memory
    except ModuleNotFoundError:
        raise ExtraMissing("rdflib") from None

    class Bounded(Memory):  # every reader of rdflib ends here, whatever graph it makes over the store
        count = 0

        def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
            self.count += 1
            if self.count > MAX_TRIPLES:
                raise ForeignFileRefused(f"more than {MAX_TRIPLES} statements", "a catalogue in parts")
            super().add(triple, context, quoted)

    made = Graph(store=Bounded())
    try:
        made.parse(data=text, format={"rdf-xml": "xml"}.get(form, form), publicID="https://foreign.invalid/")
    except RecursionError:
        raise ForeignFileRefused("statements nested without end", "a catalogue") from None
    except (
        SyntaxError,
        SAXException,
        RdfError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as error:
        raise ForeignFileRefused(f"broken {form}{_near(error)}", f"well-formed {form}") from None
    return made


def _near(error: Exception) -> str:
    """Say the line that a reader of rdflib, counting from 0, or of XML stopped at."""
    if isinstance(error, SAXException):
        line = getattr(error, "getLineNumber", lambda: None)()
        return "" if line is None else f" near line {line}"
    lines = getattr(error, "lines", None)
    return "" if lines is None else f" near line {lines + 1}"


def _datasets(made: Any) -> Iterator[dict[str, Any]]:
    from rdflib import DCAT, RDF

    for subject in sorted(made.subjects(RDF.type, DCAT.Dataset), key=str):
        yield _record(made, subject, MAX_DEPTH)


def _record(made: Any, subject: Any, depth: int) -> dict[str, Any]:
    """Return what is said of a node by prefixed names, literals also by language, nodes as records of their own."""
    from rdflib import BNode, Literal

    found: dict[str, Any] = {} if isinstance(subject, BNode) else {"@id": str(subject)}
    for predicate, said in sorted(made.predicate_objects(subject), key=lambda pair: (str(pair[0]), str(pair[1]))):
        name = _short(str(predicate))
        if isinstance(said, Literal):
            found.setdefault(name, []).append(str(said))
            if said.language:
                found.setdefault(f"{name}@{said.language.split('-')[0]}", []).append(str(said))
        elif depth > 0:
            found.setdefault(name, []).append(_record(made, said, depth - 1))
    return found


def _short(address: str) -> str:
    for space, prefix in PREFIXES.items():
        if address.startswith(space):
            return f"{prefix}:{address[len(space) :]}"
    return address
