"""Disk cache of generated modules: keyed by content, verified before loading, written atomically."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numerics
import theory
from theory.activation.activation import Activation
from theory.errors import InputError

_SEAL = "# sealed: "


def cache_directory() -> Path:
    """Folder of the cache: ``QUENCHED_CACHE``, else the user's cache folder."""
    if chosen := os.environ.get("QUENCHED_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "quenched"


@lru_cache(maxsize=1)
def toolkit_digest() -> str:
    """Hash of the toolkit's own sources: a change of any rule makes every cached module stale."""
    digest = hashlib.sha256()
    for package in (theory, numerics):
        root = Path(package.__file__ or "").parent
        for path in sorted(root.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def content_key(model: str, activation: Activation) -> str:
    """Key of a generated module: toolkit sources, model and the canonical form of the activation."""
    assumptions = [f"{p.name}:{sorted(k for k, v in p.assumptions0.items() if v)}" for p in activation.parameters]
    parts = [toolkit_digest(), model, activation.canonical, activation.text, *assumptions]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing; a device or pipe is written to, not replaced."""
    path = path.resolve()  # the file behind a symbolic link
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".quenched-{os.getpid()}-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as stream:  # with the permissions of any new file
            stream.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def cached(name: str, text: Callable[[], str]) -> ModuleType:
    """The cached module of that name, generated where it is missing or was altered."""
    return load_cached(name) or store(name, text())


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file that a user asked for, whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        write_atomically(Path(path), content)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot write '{str(path)[:200]}': {reason}") from error


def load_cached(name: str) -> ModuleType | None:
    """The cached module of that name, or None when it is missing or was altered."""
    if name in sys.modules:
        return sys.modules[name]
    path = cache_directory() / f"{name}.py"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    body, _, seal = text.rpartition(_SEAL)
    if hashlib.sha256(body.encode()).hexdigest() != seal.strip():
        return None
    return _import(name, path)


def store(name: str, text: str) -> ModuleType:
    """Write a generated module to the cache and import it; without a writable cache, from a temporary folder."""
    sealed = f"{text}{_SEAL}{hashlib.sha256(text.encode()).hexdigest()}\n"
    try:
        path = cache_directory() / f"{name}.py"
        write_atomically(path, sealed)
        return _import(name, path)
    except OSError:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.py"
            path.write_text(sealed, encoding="utf-8")
            return _import(name, path)


def _import(name: str, path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise OSError(f"cannot import {path}")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    sys.modules[name] = module
    return module
