"""How much a default run tries: a part of many like cases, and every one of them under the marker ``heavy``."""

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(count: int, cases: Iterable[Any]) -> list[Any]:
    """Cases for ``parametrize``: every `count`-th by default, the others under ``heavy``.

    Where several arguments are parametrized, a case is a tuple of them; anything else is one argument.
    """
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=[pytest.mark.heavy] if k % count else [])
        for k, case in enumerate(cases)
    ]
