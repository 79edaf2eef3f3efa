"""Other names for the parameters of an activation whose own names are taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from theory.text.lexer import tokenize


def free_names(names: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Another name for each that is taken: ``p`` becomes ``phi_p``."""
    return {name: f"phi_{name}" for name in names if name in taken}


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text of an activation with parameters renamed."""
    for token in reversed(tokenize(text) if names else []):
        if token.text in names:
            text = text[: token.start] + names[token.text] + text[token.end :]
    return text
