"""The door for files of other catalogues: bytes become records, or are refused. Nothing is ever fetched."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXException

from catalog.errors import ExtraMissing, ForeignFileRefused
from catalog.mapping import ForeignMapping
from catalog.paths import Record, listed

MAX_BYTES = 64 * 2**20
MAX_TRIPLES = 500_000
MAX_DEPTH = 3
MAX_XML_DEPTH = 50
MAX_CELL = 1_000_000
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


@dataclass(frozen=True)
class ForeignFile:
    """A file that was read: its records in its order, and the whole of it where it is nested (JSON, XML), else None."""

    records: list[Record]
    root: Any = None


def records(data: bytes, mapping: ForeignMapping) -> ForeignFile:
    """Return the records of a file, in its order; in RDF every dcat:Dataset, by address.

    Raises:
        ForeignFileRefused: too large, not in its encoding, broken, nested too deep, too many statements, a remote
            context, a document type, or no list of records where the mapping says.
    """
    if len(data) > MAX_BYTES:
        raise ForeignFileRefused(f"{len(data)} bytes", f"at most {MAX_BYTES}")
    text = _decoded(data, mapping.encoding)
    if mapping.format in ("json", "xml"):
        root = read_json(text) if mapping.format == "json" else _xml(text)
        return ForeignFile(_records(root, mapping), root)
    if mapping.format == "jsonl":
        return ForeignFile(list(_lines(text)))
    if mapping.format == "csv":
        return ForeignFile(list(_rows(text, mapping)))
    if mapping.format == "json-ld":
        _check_contexts(read_json(text))
    if mapping.format == "turtle" and text.count("_:") + text.count("[") >= 2 * MAX_TRIPLES:  # two a statement at most
        raise ForeignFileRefused(f"more than {MAX_TRIPLES} statements", "a catalogue in parts")
    if mapping.format == "rdf-xml" and ("<!DOCTYPE" in text or "<!ENTITY" in text):
        raise ForeignFileRefused("a document type or an entity", "RDF/XML without either")
    return ForeignFile([Record(each) for each in _datasets(_graph(text, mapping.format))])


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode({"utf-8": "utf-8-sig"}.get(encoding, encoding))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        named = encoding.upper()
        raise ForeignFileRefused(
            f"what is no {named} in line {line}", f"the file saved as {named}, or its `encoding` in the mapping"
        ) from None


def read_json(text: str) -> Any:
    """Read JSON; raise ForeignFileRefused with the place where it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ForeignFileRefused(
            f"broken JSON in line {error.lineno}, column {error.colno}", "well-formed JSON"
        ) from None
    except RecursionError:
        raise ForeignFileRefused("JSON nested without end", "a catalogue") from None
    except ValueError:  # a number of thousands of digits
        raise ForeignFileRefused("a number that is too long", "well-formed JSON") from None


def _records(root: Any, mapping: ForeignMapping) -> list[Record]:
    found = listed(root, mapping.records)
    path = mapping.records.text if mapping.records is not None else "the top"
    if found is None or (mapping.records is None and not isinstance(root, list)):
        raise ForeignFileRefused(f"no list of records at {path}", "`records` of the mapping set right")
    return found


def _lines(text: str) -> Iterator[Record]:
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            yield Record(json.loads(line))
        except (ValueError, RecursionError):
            yield Record(None, fault="a line that is no JSON")


def _rows(text: str, mapping: ForeignMapping) -> Iterator[Record]:
    csv.field_size_limit(MAX_CELL)
    lines = io.StringIO(text, newline="")
    for _ in range(mapping.skip_lines):
        lines.readline()
    reader = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    try:
        headings = [cell.strip() for cell in next(reader, [])]
        if len(set(headings)) < len(headings) or not any(headings):
            raise ForeignFileRefused("headings that are none, or one twice", "a row of headings; see `skip_lines`")
        for row in reader:
            if len(row) > len(headings) or (row and len(row) < len(headings)):
                yield Record(None, fault=f"{len(row)} cells under {len(headings)} headings")
            elif any(cell.strip() for cell in row):
                yield Record(dict(zip(headings, row, strict=True)))
    except csv.Error:
        raise ForeignFileRefused(f"broken CSV near line {reader.line_num}", "CSV with its quotes closed") from None


def _xml(text: str) -> Any:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ForeignFileRefused("a document type or an entity", "XML without either")
    try:
        root = ET.fromstring(text.encode())
    except ET.ParseError as error:
        raise ForeignFileRefused(f"broken XML in line {error.position[0]}", "well-formed XML") from None
    return {_local(root.tag): _element(root, 0)}


def _element(element: ET.Element, depth: int) -> Any:
    """Return an element: its text where it holds no more, else what is in it by name, attributes as `@name`."""
    if depth > MAX_XML_DEPTH:
        raise ForeignFileRefused("XML nested without end", f"at most {MAX_XML_DEPTH} levels")
    text = "".join((element.text or "", *(child.tail or "" for child in element))).strip()
    if not len(element) and not element.attrib:
        return text
    found: dict[str, Any] = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    if text:
        found["#text"] = text
    for child in element:
        found.setdefault(_local(child.tag), []).append(_element(child, depth + 1))
    return found


def _local(tag: str) -> str:
    return str(tag).rpartition("}")[2]


def _check_contexts(found: Any) -> None:
    """Refuse whatever a JSON-LD reader would go and fetch, and more nodes than there may be statements."""
    stack, nodes = [found], 0
    while stack:
        each = stack.pop()
        nodes += isinstance(each, dict)
        if nodes > MAX_TRIPLES:
            raise ForeignFileRefused(f"more than {MAX_TRIPLES} statements", "a catalogue in parts")
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
