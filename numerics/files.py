"""Files that a user asks for: refused before any work where they cannot be written, written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from theory.errors import InputError, gathering

FIGURES = (".png", ".pdf", ".svg")
TABLES = (".csv", ".npz")
"""Suffixes of the formats that can be written."""


def check_file(path: str | Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a file of another format, or one in a folder that does not exist or may not be written to.

    Raises
    ------
    InputError
    """
    if suffixes and Path(path).suffix.lower() not in suffixes:
        allowed = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise InputError(f"cannot tell the format of '{str(path)[:200]}': its name must end in {allowed}")
    try:
        place = Path(path).resolve()  # the file behind a symbolic link
        folder = place.parent
        if place.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not folder.is_dir():
            raise OSError(errno.ENOTDIR, f"there is no folder '{str(folder)[:200]}'")
        if not os.access(place if place.exists() and not place.is_file() else folder, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def check_figure(path: str | Path) -> None:
    """Refuse a figure that cannot be written, or where matplotlib is not installed.

    Raises
    ------
    InputError
    """
    with gathering() as problems:
        with gathering(problems):
            check_file(path, FIGURES)
        if find_spec("matplotlib") is None:
            problems.append("a figure needs the extra plot: pip install 'quenched[plot]'")


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file that a user asked for, whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    check_file(path)
    place = Path(path).resolve()
    try:
        if place.exists() and not place.is_file():  # a device or a pipe
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        else:
            write_atomically(place, content)
    except OSError as error:
        raise _unwritable(path, error) from error


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing; a link or pipe of that name is replaced, not followed."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".quenched-{os.getpid()}-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as stream:  # with the permissions of any new file
            stream.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _unwritable(path: str | Path, error: OSError | ValueError) -> InputError:
    reason = getattr(error, "strerror", None) or error  # ValueError: a null character in the name
    return InputError(f"cannot write '{str(path)[:200]}': {reason}")
