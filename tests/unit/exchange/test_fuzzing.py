"""A fuzzer over the description: no 5xx, and no status that is not described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.counter import AT, Open, Shop, person

EXAMPLES = 6
"""Of each call; `make torture` takes more."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    shop = Shop(tmp_path_factory.mktemp("fuzz") / "var")
    shop.publish(person("690101199001010018", "安娜"))
    shop.client("intake", "data_bureau", "intake")
    shop.client("market-app", "market")
    with shop.open() as counter:
        counter.case()
        counter.shop.grant("police.population", ("number", "name"))
        yield counter


@pytest.fixture(scope="module")
def api_schema(opened: Open) -> Any:
    described = opened.http.get("/openapi.json").json()
    return schemathesis.openapi.from_dict(described)


def test_the_description_is_openapi_3_1_with_every_status_and_example(opened: Open) -> None:
    described = opened.http.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    for path, calls in described["paths"].items():
        for call in calls.values():
            assert {"400", "422", "500", "503"} <= set(call["responses"]), path


def test_what_a_fuzzer_sends_is_answered_as_described(opened: Open, api_schema: Any, in_full: bool) -> None:
    tokens = {
        "client": opened.ask("market-app").token(),
        "intake": opened.ask("intake").token(),
        "engineer": opened.official("engineer", "auditor", "office"),
        "applicant": opened.counter.tokens.make("applicant", "p-" + "0" * 32, AT, assurance=2),
    }
    failures: list[str] = []
    for operation in api_schema.get_all_operations():
        call = operation.ok()
        for name, token in tokens.items():
            _fuzz(opened, call, token, EXAMPLES * (20 if in_full else 1), f"{name} {call.label}", failures)
    assert failures == [], "\n".join(failures)


def _fuzz(opened: Open, call: Any, token: str, examples: int, label: str, failures: list[str]) -> None:
    from hypothesis import given, reject

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=call.as_strategy())
    def run(case: Any) -> None:
        kwargs = case.as_transport_kwargs(base_url=opened.counter.settings.counter_url)
        headers = {**dict(kwargs.pop("headers", {})), "Authorization": f"Bearer {token}"}
        kwargs.pop("cookies", None)
        headers = {k: v.encode("latin-1", "replace") if isinstance(v, str) else v for k, v in headers.items()}
        request = opened.http.build_request(headers=headers, **kwargs)
        try:
            request.read()  # some parts of a form are none that a client can send
        except (AttributeError, TypeError):
            reject()
        response = opened.http.send(request, follow_redirects=False)
        described = {int(status) for status in call.definition.raw["responses"] if status.isdigit()}
        if response.status_code >= 500:
            failures.append(f"{label}: {response.status_code}")
        elif response.status_code not in described:
            failures.append(f"{label}: {response.status_code} is not described")

    run()
