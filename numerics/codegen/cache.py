"""Disk cache of generated modules: keyed by content, verified before loading, written atomically."""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from types import ModuleType

import numerics
import theory
from numerics.files import write_atomically
from theory.activation.activation import Activation
from theory.errors import InputError

_SEAL = "# sealed: "
_WRITE_BY_OTHERS = 0o022


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


def cached(name: str, text: Callable[[], str]) -> ModuleType:
    """The cached module of that name, generated where it is missing or was altered."""
    return load_cached(name) or store(name, text())


def load_cached(name: str) -> ModuleType | None:
    """The cached module of that name, or None when it is missing, was altered or is no file of this user.

    Raises
    ------
    InputError
        If others may write to the folder of the cache.
    """
    if name in sys.modules:
        return sys.modules[name]
    path = _own_folder() / f"{name}.py"
    try:
        text = _read(path).decode()
    except (OSError, UnicodeDecodeError):
        return None
    body, _, seal = text.rpartition(_SEAL)
    if hashlib.sha256(body.encode()).hexdigest() != seal.strip():
        return None
    return _executed(name, text, path)


def store(name: str, text: str) -> ModuleType:
    """Import a generated module and keep it in the cache, where that can be written.

    Raises
    ------
    InputError
        If others may write to the folder of the cache.
    """
    sealed = f"{text}{_SEAL}{hashlib.sha256(text.encode()).hexdigest()}\n"
    path = _own_folder() / f"{name}.py"
    with suppress(OSError):  # no space, no permission: the module serves this process alone
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, sealed)
    return _executed(name, sealed, path)


def _own_folder() -> Path:
    """The folder of the cache, in which nobody else may put code that is run here.

    Raises
    ------
    InputError
        If others may.
    """
    folder = cache_directory()
    try:
        found = folder.stat()
    except OSError:
        return folder
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & _WRITE_BY_OTHERS):
        raise InputError(
            f"others may write to '{folder}', and code that they put there would be run: chmod 700 '{folder}', or name a "
            "folder of your own in QUENCHED_CACHE"
        )
    return folder


def _read(path: Path) -> bytes:
    """What a regular file of this user holds; links, pipes and folders are none, and none of them is waited for."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, os.O_RDONLY | flags), "rb") as stream:
        found = os.fstat(stream.fileno())
        if not S_ISREG(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
            raise OSError(f"{path} is no file of this user")
        return stream.read()


def _executed(name: str, text: str, path: Path) -> ModuleType:
    """The module with this text, which is neither read a second time nor taken from a file of bytecode."""
    module = ModuleType(name)
    module.__file__ = str(path)
    exec(compile(text, str(path), "exec"), module.__dict__)
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))  # for tracebacks
    sys.modules[name] = module
    return module
