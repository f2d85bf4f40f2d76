"""The description of the intake: whole, true, and without a request that faults."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from tests.test_intake import GHOST, Office, opened
from tracker.intake.api import DESCRIPTION

ROOT = Path(__file__).parents[1]
REFUSED = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    yield from opened(tmp_path_factory.mktemp("intake") / "newsroom", GHOST)


def test_the_description_is_made_from_its_table_and_names_every_address(office: Office) -> None:
    made = runpy.run_path(str(ROOT / "docs" / "openapi.py"))
    assert DESCRIPTION.read_text("utf-8") == made["written"]("intake"), (
        "run: python docs/openapi.py"
    )
    rules = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.rule) for each in office.app.url_map.iter_rules()
    }
    assert rules == set(made["of_intake"]()["paths"])


def faults(office: Office, examples: int) -> int:
    """Send all that the description allows, and what it does not; how often it was asked."""
    checks = {
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED]},
        "missing_required_header": {"expected-statuses": [400, 401]},
    }
    config = SchemathesisConfig.from_dict({"checks": checks})
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", office.app, config=config)
    token = office.token(f"schemathesis-{examples}", scopes=("record", "note", "author"))
    office.intake.patience = 5
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
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                case.call_and_validate(
                    headers={"Accept-Encoding": "identity", "Authorization": f"Bearer {token}"},
                )

            operation = found.ok()
            if mode.is_positive or operation.method == "post":
                bounded(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    return asked


def test_schemathesis_finds_no_fault(office: Office) -> None:
    assert faults(office, examples=8) > 30
    office.git("fsck", "--strict")
