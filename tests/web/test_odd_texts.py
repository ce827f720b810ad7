"""What a router says need be no text: it makes an answer that its document allows all the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from mktui.web.endpoints import READS
from mktui.web.openapi import document
from tests.terminal.recorded import fleet


@pytest.mark.parametrize("read", READS)
def test_what_a_router_says_that_is_no_text_makes_an_answer_all_the_same(read: Any) -> None:
    whole = fleet()
    router = whole.routers[0]
    odd = replace(
        router,
        health=replace(router.health, reasons=("failure: \udcff",)),
        facts=replace(router.facts, version="\udcff"),
    )
    answer = json.loads(read.text(replace(whole, routers=(odd, *whole.routers[1:]))))
    schema = {"$ref": f"#/components/schemas/{read.answer.__name__}", "components": document()["components"]}
    Draft202012Validator(schema).validate(answer)
