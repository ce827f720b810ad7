"""The settings as a table for people, made from the models that check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from mktui.config.model import Config

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo


def as_markdown(model: type[BaseModel], *, leave_out: tuple[str, ...] = ()) -> str:
    """Return a table: setting, default, unit, what it means."""
    rows = [
        f"| `{name}` | {_default(field)} | {_unit(field)} | {field.description} |"
        for name, field in model.model_fields.items()
        if name not in leave_out
    ]
    return "\n".join(("| setting | default | unit | meaning |", "|---|---|---|---|", *rows))


def json_schema() -> dict[str, Any]:  # Any: JSON
    """Return the JSON schema of the whole file; a router's own pool has the settings of every pool."""
    schema = Config.model_json_schema()
    pool = schema["$defs"]["RouterConfig"]["properties"]["pool"]
    schema["$defs"]["RouterConfig"]["properties"]["pool"] = {
        "$ref": "#/$defs/PoolOptions", "description": pool["description"],
    }  # fmt: skip
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={})  # Any: as many types as settings
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int) and value != "" else "–"


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""
