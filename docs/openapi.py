"""Makes ``openapi.json`` of ``tracker/web/`` and ``tracker/intake/``: what the two APIs take.

``python docs/openapi.py`` writes both; a test fails where one is stale. The objects are those of
the schemas beside this file, which the commands' ``--json`` follows too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tracker.model import KINDS
from tracker.policy.rules import RULES
from tracker.web.api import LARGEST, LONGEST, MOST

DOCS = Path(__file__).parent
SCHEMAS = ("history", "changelog", "diff", "blame", "findings")

Value = dict[str, Any]

TEXT: Value = {"type": "string"}
SCHEMA: Value = {"const": 1}


def _ref(name: str) -> Value:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Sequence[str] | None = None, /, **properties: Value) -> Value:
    """``required``: all, where it is not given."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties if required is None else required),
        "properties": properties,
    }


def _refused(reasons: Mapping[str, str], *statuses: str) -> Value:
    """Answers that are problems, by status: all, where none are named."""
    return {
        status: {
            "description": why,
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
        for status, why in reasons.items()
        if not statuses or status in statuses
    }


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


# --- the pages' API -------------------------------------------------------------------------------


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


def of_pages() -> Value:
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
    responses |= _refused(refused)
    return found


def _parameter(name: str) -> Value:
    given = dict(PARAMETERS[name])
    where = given.pop("in")
    found = {"name": given.pop("name", name), "in": where, "required": where == "path"}
    return {**found, **given}


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


def _own() -> Value:
    schema, text = SCHEMA, TEXT
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
                    where={"enum": ["headline", "note", "text", "older-headline", "older-text"]},
                    excerpt={
                        "type": "array",
                        "items": _object(text=text, found={"type": "boolean"}),
                    },
                    at=_ref("instant"),
                    commit=_ref("commit"),
                    note={"type": ["string", "null"]},
                    first={"type": ["integer", "null"], "minimum": 1},
                    last={"type": ["integer", "null"], "minimum": 1},
                    person=text,
                ),
            },
        ),
    }


# --- the intake -----------------------------------------------------------------------------------

INSTANT: Value = {
    "type": "string",
    "format": "date-time",
    "examples": ["2022-05-12T07:45:00-04:00"],
}
REFUSED = {
    "400": "The request cannot be read, or lacks its Idempotency-Key.",
    "401": "The token or signature is missing, unknown, expired or revoked.",
    "403": "The token may not do this, or the path is none that may be written.",
    "404": "There is no such hook or job.",
    "409": "A request with this key is being done: ask again.",
    "412": "Another editor was there: `current` is the commit that stands, `changed` what it did.",
    "413": "The request is larger than 16 MB.",
    "415": "The body is not application/json.",
    "422": "It cannot be recorded, or the key was used for another body.",
    "429": "Too much is waiting.",
    "503": "Not recorded yet: ask again with the same key.",
}


def _answer(description: str, schema: str, **headers: str) -> Value:
    found: Value = {
        "description": description,
        "content": {"application/json": {"schema": _ref(schema)}},
    }
    if headers:
        found["headers"] = {
            name.replace("_", "-"): {"description": said, "schema": TEXT}
            for name, said in headers.items()
        }
    return found


def _header(name: str, description: str, *, required: bool = False, **schema: Any) -> Value:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def _schemas() -> Value:
    said = json.loads((DOCS / "record.schema.json").read_text("utf-8"))
    parts = {
        name: _moved(part)
        for name, part in said["$defs"].items()
        if name not in ("recorded", "would_record", "meanwhile")
    }
    wanted = _needed(parts, {"article", "revision"})
    return dict(sorted({**{name: parts[name] for name in wanted}, **_of_intake()}.items()))


def _needed(parts: Value, first: set[str]) -> set[str]:
    """The parts that some parts lead to, themselves included."""
    found, waiting = set[str](), list(first)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            said = json.dumps(parts[name])
            waiting += [other for other in parts if f'"#/components/schemas/{other}"' in said]
    return found


def _of_intake() -> Value:
    schema = SCHEMA
    return {
        "Problem": {
            "description": "RFC 9457.",
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": TEXT,
                "title": TEXT,
                "status": {"type": "integer"},
                "detail": TEXT,
                "error": TEXT,
                "current": {"type": ["string", "null"]},
                "changed": {"type": "array", "items": TEXT},
            },
        },
        "Index": _object(("schema", "name", "version"), schema=schema, name=TEXT, version=TEXT),
        "Description": {"type": "object", "required": ["openapi", "paths"]},
        "Recording": {
            "description": "One revision, as a line of an import. Either path or slug; either text "
            "or html.",
            "oneOf": [
                {"required": ["path", "text"], "not": _has("slug", "html")},
                {"required": ["slug", "text"], "not": _has("path", "html")},
                {"required": ["path", "html"], "not": _has("slug", "text")},
                {"required": ["slug", "html"], "not": _has("path", "text")},
            ],
            **_object(
                (),
                path={**TEXT, "description": "Below the newsroom's folder; ends in .md."},
                slug={**TEXT, "pattern": "^[A-Za-z0-9][A-Za-z0-9-]{0,99}$"},
                text={**TEXT, "description": "The whole file, exactly as it stood."},
                html={**TEXT, "description": "The body alone, which becomes Markdown."},
                title={**TEXT, "description": "With html: the headline."},
                at={**INSTANT, "description": "When readers first saw it. Default: now."},
                author={**TEXT, "description": "Name <address>; needs the scope author."},
                message={**TEXT, "description": "Of the commit."},
                note={**TEXT, "description": "Words for readers; needs the scope note."},
                kind={"enum": list(KINDS)},
                keep_notes={
                    "type": "boolean",
                    "description": "The text keeps the notes that the article had.",
                },
                url=TEXT,
                id={"type": ["string", "integer"]},
            ),
        },
        "Recorded": {
            "description": "What was recorded: the revision, or a commit where there is no text.",
            **_object(
                ("schema", "unchanged"),
                schema=schema,
                unchanged={"type": "boolean"},
                article=_ref("article"),
                revision=_ref("revision"),
                commit=_ref("commit"),
            ),
        },
        "Waiting": _object(
            ("schema", "job", "state"),
            schema=schema,
            job={"type": "integer"},
            state={"enum": ["waiting", "done", "refused", "failed"]},
        ),
        "Ignored": _object(("schema", "ignored"), schema=schema, ignored=TEXT),
        "Event": {"type": "object", "description": "As the CMS sends it: docs/intake.md."},
    }


def _has(*names: str) -> Value:
    return {"anyOf": [{"required": [name]} for name in names]}


def of_intake() -> Value:
    """The whole description, in OpenAPI 3.1."""
    token: list[Value] = [{"token": []}]
    body = {"required": True, "content": {"application/json": {"schema": _ref("Recording")}}}
    event = {"required": True, "content": {"application/json": {"schema": _ref("Event")}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tracker intake",
            "version": "1",
            "summary": "Revisions from a CMS.",
            "description": "A recording is answered when its commit is on the disk. Send the same "
            "Idempotency-Key again until you are answered: it is recorded once.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/api/": {"get": {
                "operationId": "index", "summary": "What this is.",
                "responses": {"200": _answer("What this is.", "Index")},
            }},
            "/api/openapi.json": {"get": {
                "operationId": "openapi", "summary": "This description.",
                "responses": {"200": _answer("This description.", "Description")},
            }},
            "/api/record": {"post": {
                "operationId": "record", "summary": "Record one revision.", "security": token,
                "parameters": [
                    _header("Idempotency-Key", "New for each recording.", required=True,
                            pattern="^[A-Za-z0-9-]{1,255}$"),
                    _header("If-Match", "The commit that the text was written on, in quotation "
                            "marks, as ETag gave it.", pattern='^"[0-9a-f]{7,64}"$'),
                    _header("If-None-Match", "*: there must be no article yet.", pattern=r"^\*$"),
                    _header("Prefer", "respond-async: do not wait."),
                ],
                "requestBody": body,
                "responses": {
                    "200": _answer("Nothing changed; the revision that stands.", "Recorded",
                                   ETag="The commit that stands, in quotation marks."),
                    "201": _answer("Recorded.", "Recorded",
                                   ETag="The new commit, in quotation marks.",
                                   Idempotent_Replayed="true: it was answered before."),
                    "202": _answer("Kept, to be recorded.", "Waiting", Location="Of the job."),
                    **_refused(REFUSED, *(REFUSED.keys() - {"404"})),
                },
            }},
            "/api/jobs/{number}": {"get": {
                "operationId": "job", "summary": "What became of a recording.", "security": token,
                "parameters": [{
                    "name": "number", "in": "path", "required": True,
                    "schema": {"type": "integer", "minimum": 1, "maximum": 9007199254740991},
                }],
                "responses": {
                    "200": _answer("Nothing changed.", "Recorded"),
                    "201": _answer("Recorded.", "Recorded"),
                    "202": _answer("It waits.", "Waiting"),
                    **_refused(REFUSED, "401", "404", "412", "422", "503"),
                },
            }},
            "/hooks/{name}": {"post": {
                "operationId": "hook", "summary": "An event of a CMS, signed as it signs.",
                "parameters": [{
                    "name": "name", "in": "path", "required": True,
                    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
                }],
                "requestBody": event,
                "responses": {
                    "200": _answer("Nothing that readers see.", "Ignored"),
                    "202": _answer("Kept, to be recorded.", "Waiting"),
                    **_refused(REFUSED, "401", "403", "404", "413", "422", "429", "503"),
                },
            }},
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer",
                "description": "Made by tracker token add; begins with trk_.",
            }},
        },
    }  # fmt: skip


FILES = {"web": of_pages, "intake": of_intake}


def written(folder: str) -> str:
    """The text of the file in a folder of ``tracker/``."""
    return json.dumps(FILES[folder](), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for folder in FILES:
        file = DOCS.parent / "tracker" / folder / "openapi.json"
        file.write_text(written(folder), encoding="utf-8")
