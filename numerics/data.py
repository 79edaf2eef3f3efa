"""Results as plain data, the content of the command line's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def as_data(value: Any) -> Any:
    """Dictionaries, lists, numbers and words: dataclasses by their fields, a complex number as [re, im]."""
    if is_dataclass(value):
        return {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_data(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(entry) for entry in value]
    return [value.real, value.imag] if isinstance(value, complex) else value
