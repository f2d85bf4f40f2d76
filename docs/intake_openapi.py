"""Makes ``tracker/intake/openapi.json``: the description of what ``tracker intake`` takes.

``python docs/intake_openapi.py`` writes it; a test fails where it is stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracker.model import KINDS

DOCS = Path(__file__).parent
FILE = DOCS.parent / "tracker" / "intake" / "openapi.json"

Value = dict[str, Any]

TEXT: Value = {"type": "string"}
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


def _object(required: tuple[str, ...] = (), **properties: Value) -> Value:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def _ref(name: str) -> Value:
    return {"$ref": f"#/components/schemas/{name}"}


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


def _refused(*statuses: str) -> Value:
    return {
        status: {
            "description": REFUSED[status],
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
        for status in statuses
    }


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
    return dict(sorted({**{name: parts[name] for name in wanted}, **_own()}.items()))


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


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: each.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref" and isinstance(each, str)
            else _moved(each)
            for key, each in value.items()
        }
    return [_moved(each) for each in value] if isinstance(value, list) else value


def _own() -> Value:
    schema = {"const": 1}
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


def description() -> Value:
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
                    **_refused(*(status for status in REFUSED if status != "404")),
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
                    **_refused("401", "404", "412", "422", "503"),
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
                    **_refused("401", "403", "404", "413", "422", "429", "503"),
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


def written() -> str:
    """The text of the file."""
    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
