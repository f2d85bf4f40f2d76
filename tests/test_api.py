"""The JSON API: what its description promises, the same objects as the commands', and refusals."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator, FormatChecker
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from tests.desk import Desk
from tests.repositories import Builder
from tracker.web import create_app

ROOT = Path(__file__).parents[1]
NOW = datetime(2022, 6, 20, tzinfo=UTC)
DESCRIPTION = ROOT / "tracker" / "web" / "openapi.json"
OUT = "---\ntitle: The ferry\n---\n\nA ticket costs $12. It leaves Pier 4 at noon.\n"
TOLD = OUT.replace("$12", "$21") + "\nCorrection, May 12, 2022: The price was wrong.\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return newsroom_in(tmp_path_factory.mktemp("api"))


def newsroom_in(folder: Path) -> Path:
    """Two articles, one of which was a draft, edited, corrected, and edited in silence."""
    builder = Builder(folder)
    draft = OUT.replace("title: The ferry\n", "title: The ferry\ndraft: true\n")
    name = "posts/harbor/ferry.md"
    builder.commit("Draft", at="2022-05-09T08:00:00-04:00", write={name: draft})
    builder.commit("Publish", at="2022-05-10T16:30:00-04:00", write={name: OUT})
    builder.commit("Correct", at="2022-05-12T07:45:00-04:00", write={name: TOLD})
    builder.commit("Tram", at="2022-05-13T08:00:00Z", write={"posts/Über & #1.md": "# Tram\n"})
    silent = TOLD.replace("Pier 4", "Pier 9")
    builder.commit("Edit", at="2022-06-13T08:00:00Z", write={name: silent})
    builder.build(checkout=True)
    return builder.folder


@cache
def reader(folder: Path) -> FlaskClient:
    return create_app(folder, now=lambda: NOW).test_client()


@cache
def described() -> Any:
    return json.loads(DESCRIPTION.read_text("utf-8"))


def get(at: FlaskClient, path: str, status: int = 200) -> Any:
    """The object at an address, after it was held against its description."""
    answer = at.get(path)
    assert answer.status_code == status, answer.text
    value = json.loads(answer.text)
    name = "Problem" if status >= 400 else None
    for template, item in described()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "(.+)", re.escape(template))
        if name is None and re.fullmatch(pattern, path.partition("?")[0]):
            schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            name = schema["$ref"].rpartition("/")[2]
            if "{" not in template:
                break
    assert name, path
    whole = {"$ref": f"#/components/schemas/{name}", "components": described()["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)
    media = "application/problem+json" if status >= 400 else "application/json"
    assert answer.mimetype == media
    return value


def stamps(at: FlaskClient) -> list[str]:
    """The stamps of the ferry's versions, oldest first."""
    found = []
    for each in get(at, "/api/history/posts/harbor/ferry")["revisions"]:
        digits = re.sub(r"\D", "", each["at"][:19])
        found.append(f"{digits}-{each['commit'][:10]}")
    return found


def test_the_description_is_made_from_its_table_and_names_every_address(built: Path) -> None:
    made = runpy.run_path(str(ROOT / "docs" / "openapi.py"))
    assert DESCRIPTION.read_text("utf-8") == made["written"]("web"), "run: python docs/openapi.py"
    app = reader(built).application
    rules = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
    }
    assert rules == set(described()["paths"])


def test_the_description_is_openapi(built: Path) -> None:
    value = get(reader(built), "/api/openapi.json")
    assert value["openapi"] == "3.1.0"
    assert value["servers"] == [{"url": "http://localhost"}]
    names = [item["get"]["operationId"] for item in value["paths"].values()]
    assert len(set(names)) == len(names)
    text = json.dumps(value)
    for name in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text):
        assert name in value["components"]["schemas"]
    for schema in value["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_objects_are_those_of_the_commands(
    built: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built, desk.folder, dirs_exist_ok=True)
    monkeypatch.setenv("TRACKER_NOW", NOW.isoformat())
    at = create_app(desk.folder, now=lambda: NOW).test_client()
    where = "posts/harbor/ferry"
    one, two, three = ("2", "3", "4")
    stamp = dict(zip(("1", one, two, three), stamps(at), strict=True))
    for path, words in {
        f"/api/history/{where}": ("history", "ferry"),
        f"/api/history/{where}?limit=2": ("history", "ferry", "--limit", "2"),
        f"/api/history/{where}?substantive=true": ("history", "ferry", "--substantive"),
        f"/api/changelog/{where}": ("changelog", "ferry"),
        f"/api/blame/{where}": ("blame", "ferry"),
        f"/api/findings/{where}": ("check", "ferry"),
        "/api/changelog": ("changelog",),
        "/api/findings": ("check",),
        "/api/revisions": ("history",),
    }.items():
        said = desk.run(*words, "--json").json
        assert get(at, path) == said, path
    shown = desk.ok("show", "ferry", two, "--json").json
    found = get(at, f"/api/version/{stamp[two]}/{where}")
    assert found["text"] == shown["text"] == TOLD
    assert found["revision"]["commit"] == shown["revision"]["commit"]
    diff = desk.ok("diff", "ferry", one, two, "--json").json
    compared = get(at, f"/api/compare/{stamp[one]}/{stamp[two]}/{where}")
    assert {**compared, "article": ""} == {**diff, "article": ""}
    assert compared["substantive"] is True


def test_an_article_says_what_its_clocks_are_and_where_it_is(built: Path) -> None:
    at = reader(built)
    value = get(at, "/api/article/posts/harbor/ferry")
    assert value["published"] == "2022-05-10T16:30:00-04:00"
    assert value["updated"].startswith("2022-05-12")
    assert value["touched"] == "2022-06-13T08:00:00+00:00"
    assert value["latest"] == stamps(at)[-1]
    assert value["history"] == "http://localhost/history/posts/harbor/ferry/"
    listed = get(at, "/api/articles")["articles"]
    assert [each["address"] for each in listed] == ["posts/harbor/ferry", "posts/Über & #1"]
    tram = get(at, "/api/article/posts/%C3%9Cber%20%26%20%231")
    assert tram["article"]["headline"] == "Tram"
    latest = get(at, "/api/version/latest/posts/harbor/ferry")
    assert "Pier 9" in latest["text"]


def test_lists_are_cut_and_lead_to_their_next_part(built: Path) -> None:
    at = reader(built)
    seen: list[Any] = []
    path: str | None = "/api/revisions?limit=2&person=Ada+Editor"
    while path:
        answer = at.get(path)
        assert answer.status_code == 200
        seen += json.loads(answer.text)["revisions"]
        follows = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        path = follows[1] if follows else None
    assert seen == get(at, "/api/revisions")["revisions"]
    assert len(seen) == 5
    for what in ("articles", "findings", "changelog"):
        assert "Link" not in at.get(f"/api/{what}").headers
    assert 'rel="next"' in at.get("/api/articles?limit=1").headers["Link"]
    assert get(at, "/api/articles?offset=2")["articles"] == []


def test_lists_are_filtered(built: Path) -> None:
    at = reader(built)
    assert [
        len(get(at, f"/api/revisions?{query}")["revisions"])
        for query in ("kind=correction", "month=2022-06", "told=false", "substantive=true")
    ] == [1, 1, 1, 2]
    assert len(get(at, "/api/changelog?kind=correction")["entries"]) == 1
    assert get(at, "/api/changelog?kind=update")["entries"] == []
    assert get(at, "/api/findings?rule=note-date")["findings"] == []
    assert len(get(at, "/api/findings?rule=silent-change")["findings"]) == 1


def test_words_are_found(built: Path) -> None:
    found = get(reader(built), "/api/search?q=pier+noon")
    assert found["query"] == "pier noon"
    (hit,) = found["hits"]
    assert hit["article"]["path"] == "posts/harbor/ferry.md"
    marked = [piece["text"].lower() for piece in hit["excerpt"] if piece["found"]]
    assert "pier" in marked


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/api/nothing", 404, "There is nothing at this address."),
        ("/api/article/tram", 404, "There is no article at this address."),
        ("/api/article/../../etc/passwd", 404, "There is no article at this address."),
        ("/api/version/2/posts/harbor/ferry", 404, "The article has no such version."),
        ("/api/version/20220512114500-0000/posts/harbor/ferry", 404, "The article has no such"),
        ("/api/compare/latest/none/posts/harbor/ferry", 404, "The article has no such version."),
        ("/api/articles?limit=0", 400, "“limit” must be a number from 1 to 200."),
        ("/api/articles?limit=%D9%A3", 400, "“limit” must be a number from 1 to 200."),
        ("/api/articles?offset=-1", 400, "“offset” must be a number from 0 to 1000000."),
        ("/api/articles?limit=1&limit=2", 400, "“limit” is given twice."),
        ("/api/articles?page=2", 400, "There is no parameter “page”. There are limit, offset."),
        ("/api/blame/posts/harbor/ferry?x", 400, "There is no parameter “x”. There are none"),
        ("/api/revisions?kind=error", 400, "“kind” must be one of update, correction,"),
        ("/api/revisions?month=2022-13", 400, "“month” must be a month such as 2022-05."),
        ("/api/revisions?told=yes", 400, "“told” must be true or false."),
        ("/api/search", 400, "“q” is missing: it must be text of 1 to 200 characters."),
        ("/api/search?q=", 400, "“q” must be text of 1 to 200 characters."),
        ("/api/search?q=%FF", 400, "The query is not percent-encoded UTF-8"),
        ("/api/findings?rule=none", 400, "“rule” must be one of silent-change,"),
        ("/api/article/" + "x" * 5000, 414, "The address is too long."),
    ],
)
def test_what_cannot_be_is_told_as_a_problem(
    built: Path, path: str, status: int, detail: str
) -> None:
    value = get(reader(built), path, status)
    assert value["detail"].startswith(detail)
    assert value["status"] == status


def test_it_only_reads(built: Path) -> None:
    at = reader(built)
    for method in ("post", "put", "patch", "delete", "options"):
        answer = getattr(at, method)("/api/articles")
        assert answer.status_code == 405
        assert answer.mimetype == "application/problem+json"
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert at.get("/api/articles", headers={"Host": "evil.example"}).status_code == 421
    assert "Access-Control-Allow-Origin" not in at.get("/api/articles").headers


def test_what_did_not_change_is_not_sent_again(built: Path) -> None:
    at = reader(built)
    while at.get("/api/search?q=ferry").status_code == 503:  # until all articles are read
        time.sleep(0.05)
    for path in ("/api/articles", "/api/history/posts/harbor/ferry", "/api/openapi.json"):
        tag = at.get(path).headers["ETag"]
        again = at.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert at.head(path).status_code == 200


def test_another_address_of_an_article_leads_to_its_own(built: Path) -> None:
    answer = reader(built).get("/api/history/posts/harbor/ferry.md?limit=1")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/api/history/posts/harbor/ferry?limit=1")
    stamped = reader(built).get("/api/version/latest/posts/harbor/ferry.md")
    assert stamped.headers["Location"].endswith("/api/version/latest/posts/harbor/ferry")


def test_readers_are_shown_no_drafts_and_no_findings(built: Path, desk: Desk) -> None:
    shutil.copytree(built, desk.folder, dirs_exist_ok=True)
    desk.write("posts/secret.md", "---\ntitle: Secret\ndraft: true\n---\n\nHidden pier words.\n")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "Secret")
    at = create_app(desk.folder, unpublished=False, editors=False).test_client()
    for path in ("articles", "revisions", "changelog", "search?q=hidden"):
        assert "ecret" not in at.get(f"/api/{path}").text
    for path in ("article/posts/secret", "version/latest/posts/secret", "findings"):
        get(at, f"/api/{path}", 404)
    found = get(at, "/api/history/posts/harbor/ferry")
    assert all(each["published"] for each in found["revisions"])


def test_an_empty_newsroom_has_empty_lists(newsroom: Desk) -> None:
    newsroom.git("update-ref", "-d", "HEAD")
    at = create_app(newsroom.folder).test_client()
    for path in ("articles", "revisions", "changelog", "findings"):
        value = get(at, f"/api/{path}")
        assert [] in value.values()
    assert get(at, "/api/search?q=x")["hits"] == []


def test_settings_that_are_wrong_are_told_as_a_problem(built: Path, desk: Desk) -> None:
    shutil.copytree(built, desk.folder, dirs_exist_ok=True)
    desk.write("tracker.toml", "nonsense = 1\n")
    value = get(create_app(desk.folder).test_client(), "/api/articles", 503)
    assert value["detail"] == "The newsroom cannot be read at the moment."


PLAIN = {"Accept-Encoding": "identity"}  # its way into an application undoes no compression


def faults(app: Flask, examples: int) -> int:
    """Ask everything that the description allows, and what it does not; how often it was asked.

    Raises on a wrong answer.
    """
    # A question that is too long is refused as such (414), which is not among its own choices.
    refused = {"negative_data_rejection": {"expected-statuses": [400, 404, 414]}}
    config = SchemathesisConfig.from_dict({"checks": refused})
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)
    (first, *_) = json.loads(app.test_client().get("/api/articles").text)["articles"]
    known = {"address": first["address"], "stamp": "latest", "old": "latest", "new": "latest"}
    bounded = settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                case.call_and_validate(headers=PLAIN)
                for name in case.path_parameters or {}:
                    case.path_parameters[name] = known[name]
                if case.path_parameters and not case.query:
                    assert case.call_and_validate(headers=PLAIN).status_code == 200

            refusable = [name for name in _names(operation) if name != "address"]
            if mode.is_positive or refusable:
                strategy = operation.as_strategy(generation_mode=mode)
                bounded(given(case=strategy)(ask))()
    return asked


def _names(operation: Any) -> list[str]:
    return [each.name for each in (*operation.path_parameters, *operation.query)]


def test_schemathesis_finds_no_fault(built: Path) -> None:
    assert faults(create_app(built), examples=5) > 6 * len(described()["paths"])
