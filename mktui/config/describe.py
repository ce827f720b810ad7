"""The settings as a table for people, made from the models that check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

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
