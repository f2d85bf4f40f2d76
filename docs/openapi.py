"""Makes ``tracker/web/openapi.json``: the description of the JSON API, from one table.

``python docs/openapi.py`` writes it; a test fails where it is stale. The objects are those of the
schemas beside this file, which the commands' ``--json`` follows too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tracker.model import KINDS
from tracker.policy.rules import RULES
from tracker.web.api import LARGEST, LONGEST, MOST

DOCS = Path(__file__).parent
FILE = DOCS.parent / "tracker" / "web" / "openapi.json"
SCHEMAS = ("history", "changelog", "diff", "blame", "findings")

Value = dict[str, Any]


class Operation(NamedTuple):
    """One address of the API."""

    path: str
    name: str
    summary: str
    parameters: tuple[str, ...]
    answer: str  # a schema among the components
    listed: bool = False  # a Link header leads to the next part
    works: bool = False  # it may take long, and then asks to be asked again


_ARTICLE = "An article's address, as in the pages' addresses; its slashes stand as they are."
_STAMP = {
    "type": "string",
    "pattern": "^(latest|[0-9]{14}-[0-9a-f]{4,64})$",
    "examples": ["20220512114500-9f1c2e7b3d", "latest"],
}

PARAMETERS: dict[str, Value] = {
    "address": {
        "in": "path",
        "description": _ARTICLE,
        "schema": {"type": "string", "minLength": 1},
    },
    "stamp": {"in": "path", "description": "A version's stamp, or latest.", "schema": _STAMP},
    "old": {"in": "path", "description": "The stamp of the older version.", "schema": _STAMP},
    "new": {"in": "path", "description": "The stamp of the newer version.", "schema": _STAMP},
    "limit": {
        "in": "query",
        "description": "How many parts of the list.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 50},
    },
    "offset": {
        "in": "query",
        "description": "How many parts are passed over.",
        "schema": {"type": "integer", "minimum": 0, "maximum": LARGEST, "default": 0},
    },
    "newest": {
        "in": "query",
        "name": "limit",
        "description": "Only so many of the newest revisions; all without it.",
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST},
    },
    "substantive": {
        "in": "query",
        "description": "Only changes of substance, or only the others.",
        "schema": {"type": "boolean"},
    },
    "kind": {
        "in": "query",
        "description": "Only what brought a note of this kind.",
        "schema": {"enum": list(KINDS)},
    },
    "person": {
        "in": "query",
        "description": "Only what this author made.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    },
    "month": {
        "in": "query",
        "description": "Only one month, in the newsroom's zone.",
        "schema": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"},
    },
    "told": {
        "in": "query",
        "description": "true: only what a note tells of; false: only what none does.",
        "schema": {"type": "boolean"},
    },
    "rule": {
        "in": "query",
        "description": "Only findings of this rule.",
        "schema": {"enum": list(RULES)},
    },
    "q": {
        "in": "query",
        "required": True,
        "description": "Words that stand together.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    },
}

_PART = ("limit", "offset")
_SELECTION = ("kind", "person", "month", "substantive", "told")

OPERATIONS = (
    Operation("/api/", "index", "What there is.", (), "Index"),
    Operation("/api/openapi.json", "openapi", "This description.", (), "Description"),
    Operation(
        "/api/articles", "articles", "The articles, last revised first.", _PART, "Articles", True
    ),
    Operation(
        "/api/revisions",
        "revisions",
        "The newsroom's newest revisions.",
        (*_PART, *_SELECTION),
        "Latest",
        True,
    ),
    Operation(
        "/api/changelog",
        "changelog",
        "What readers were told, newest first.",
        (*_PART, "kind"),
        "Changelog",
        True,
        True,
    ),
    Operation(
        "/api/findings",
        "findings",
        "What an editor should look at. Not there where the pages are for readers alone.",
        (*_PART, "rule"),
        "Findings",
        True,
        True,
    ),
    Operation("/api/search", "search", "Where words stand.", (*_PART, "q"), "Hits", True),
    Operation("/api/article/{address}", "article", "What is known of it.", ("address",), "About"),
    Operation(
        "/api/history/{address}",
        "history",
        "Its revisions, oldest first.",
        ("address", "newest", "substantive"),
        "History",
    ),
    Operation(
        "/api/version/{stamp}/{address}",
        "version",
        "One version with its text.",
        ("stamp", "address"),
        "Version",
    ),
    Operation(
        "/api/compare/{old}/{new}/{address}",
        "compare",
        "What changed between two versions.",
        ("old", "new", "address"),
        "Diff",
    ),
    Operation(
        "/api/blame/{address}",
        "blame",
        "Which revision brought each passage of the newest text.",
        ("address",),
        "Blame",
    ),
    Operation(
        "/api/changelog/{address}",
        "articleChangelog",
        "Its dated changelog, newest first.",
        ("address",),
        "Changelog",
    ),
    Operation(
        "/api/findings/{address}",
        "articleFindings",
        "What an editor should look at in it.",
        ("address",),
        "Findings",
    ),
)


def description() -> Value:
    """The whole description, in OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tracker",
            "version": "1",
            "summary": "What changed in published articles, and what readers were told.",
            "description": "It only reads. Every answer has an ETag; ask again with If-None-Match. "
            "Keys that are not described may come later.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {each.path: {"get": _operation(each)} for each in OPERATIONS},
        "components": {"schemas": _components()},
    }


def _operation(each: Operation) -> Value:
    answer: Value = {
        "description": each.summary,
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": _ref(each.answer)}},
    }
    if each.listed:
        answer["headers"]["Link"] = {
            "description": "rel=next leads to the next part, where there is one.",
            "schema": {"type": "string"},
        }
    found: Value = {
        "operationId": each.name,
        "summary": each.summary,
        "parameters": [_parameter(name) for name in each.parameters],
        "responses": {"200": answer, "304": {"description": "Nothing changed since."}},
    }
    responses = found["responses"]
    if "address" in each.parameters:
        responses["301"] = {"description": "The article has another address."}
    refused = {
        "400": "A parameter that is not known, or cannot be.",
        "404": "There is no such article, version or address.",
        "414": "The address is too long.",
        "503": "The newsroom cannot be read, or is being read: ask again.",
    }
    for status, why in refused.items():
        responses[status] = {
            "description": why,
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
    return found


def _parameter(name: str) -> Value:
    given = dict(PARAMETERS[name])
    where = given.pop("in")
    found = {"name": given.pop("name", name), "in": where, "required": where == "path"}
    return {**found, **given}


def _ref(name: str) -> Value:
    return {"$ref": f"#/components/schemas/{name}"}


# --- the objects --------------------------------------------------------------------------------


def _components() -> Value:
    found: Value = {}
    for name in SCHEMAS:
        schema = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
        for key in ("$schema", "$id"):
            schema.pop(key, None)
        for part, what in schema.pop("$defs", {}).items():
            found[part] = _moved(what)
        found[f"{name.capitalize()}"] = _moved(schema)
    history = found["History"]
    if "oneOf" in history or "anyOf" in history:
        # `history --json` is one of two objects; each has an address of its own here.
        one, other = history.get("oneOf") or history["anyOf"]
        found["History"], found["Latest"] = one, other
    found |= _own()
    return dict(sorted(found.items()))


def _moved(value: Any) -> Any:
    """A schema with its references led to the components."""
    if isinstance(value, dict):
        return {
            key: each.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref" and isinstance(each, str)
            else _moved(each)
            for key, each in value.items()
        }
    return [_moved(each) for each in value] if isinstance(value, list) else value


def _object(**properties: Value) -> Value:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _own() -> Value:
    schema = {"const": 1}
    text = {"type": "string"}
    url = {"type": "string", "description": "Absolute; empty where it is not known."}
    instant = {"anyOf": [_ref("instant"), {"type": "null"}]}
    place = {"description": "Its address in the pages and in this API.", **text}
    notes = {"type": "array", "items": _ref("note")}
    return {
        "Problem": {
            "description": "RFC 9457.",
            **_object(
                type={"const": "about:blank"},
                title=text,
                status={"type": "integer"},
                detail=text,
            ),
        },
        "Index": _object(schema=schema, name=text, description=text),
        "Description": {"type": "object", "required": ["openapi", "paths"]},
        "Articles": _object(
            schema=schema,
            articles={
                "type": "array",
                "items": _object(path=text, slug=text, headline=text, address=place),
            },
        ),
        "About": _object(
            schema=schema,
            article=_ref("article"),
            address=place,
            deleted={"type": "boolean"},
            shallow={"type": "boolean"},
            published={**instant, "description": "The first revision that readers could see."},
            updated={**instant, "description": "The newest note that stands and is no refile."},
            touched={**instant, "description": "The newest revision."},
            revisions={"type": "integer", "minimum": 1},
            latest={**text, "description": "The stamp of the newest version."},
            notes=notes,
            original=url,
            history=url,
            timemap=url,
            feed=url,
        ),
        "Version": _object(
            schema=schema, article=_ref("article"), revision=_ref("revision"), text=text
        ),
        "Hits": _object(
            schema=schema,
            query=text,
            hits={
                "type": "array",
                "items": _object(
                    article=_ref("article"),
                    where={"enum": ["headline", "note", "text"]},
                    excerpt={
                        "type": "array",
                        "items": _object(text=text, found={"type": "boolean"}),
                    },
                    at=_ref("instant"),
                    commit=_ref("commit"),
                    note={"type": ["string", "null"]},
                ),
            },
        ),
    }


def written() -> str:
    """The text of the file."""
    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
