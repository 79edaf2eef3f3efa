"""The house: imports in one direction, no evaluation of text, quick start-up."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from theory.lazy import Later
from theory.models import NAMES

ROOT = Path(__file__).parents[1]
ORDER = ["theory", "numerics", "derivations", "quenched"]  # later may import earlier


def sources(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.module.split(".")[0], node.lineno


@pytest.mark.parametrize("package", ORDER)
def test_imports_run_one_way(package):
    forbidden = ORDER[ORDER.index(package) + 1 :]
    wrong = [
        f"{p.name}:{line} imports {name}" for p in sources(package) for name, line in imported(p) if name in forbidden
    ]
    assert wrong == []


def modules():
    """Every file of the house with its dotted name."""
    for package in ORDER:
        for path in sources(package):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield dotted.removesuffix(".__init__"), path


def imports_of(path, known):
    """The files that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from names & known or {node.module} & known


def test_imports_run_in_no_circle():
    files = dict(modules())
    left = {name: set(imports_of(path, set(files))) - {name} for name, path in files.items()}
    while free := [name for name, needed in left.items() if not needed & set(left)]:
        for name in free:
            del left[name]
    assert not left, f"each of these needs another one: {sorted(left)}"


def test_models_are_named_by_their_declarations_alone():
    named = re.compile(rf"[\"']({'|'.join(NAMES)})[\"']")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for package in ("theory", "numerics", "quenched")
        for path in sources(package)
        if path.parent.name != "models"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if named.search(line)
    ]
    assert found == []


def test_what_is_declared_by_place_exists():
    """`Later` objects, of every declaration."""
    places = re.compile(r'Later\(\s*"([^"]+)"')
    for _, path in modules():
        for place in places.findall(path.read_text()):
            assert Later(place).found is not None


def test_theory_is_symbolic_only():
    numeric = {"numpy", "scipy", "matplotlib", "numba", "jax"}
    assert [f"{p.name}:{line}" for p in sources("theory") for name, line in imported(p) if name in numeric] == []


def test_algorithms_stand_alone():
    allowed = {"numpy", "scipy", "fractions", "functools", "math", "typing", "numerics"}
    for path in sources("numerics/algorithms"):
        assert {name for name, _ in imported(path)} <= allowed
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("numerics"):
                assert node.module.startswith("numerics.algorithms")


def test_names_of_pasted_algorithms_are_unique():
    """They share one generated module, where a second definition would silently replace the first."""
    homes = {}
    for path in sources("numerics/algorithms"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                homes.setdefault(node.name, []).append(path.name)
            for target in node.targets if isinstance(node, ast.Assign) else []:
                for name in target.elts if isinstance(target, ast.Tuple) else [target]:
                    homes.setdefault(name.id, []).append(path.name)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
    assert len(homes) > 100


def test_no_text_is_evaluated():
    """Only the cache runs text: a generated module whose seal it verified."""
    dangerous = {"eval", "exec", "sympify", "parse_expr", "compile"}
    calls = []
    for package in ORDER:
        for path in sources(package):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if name in dangerous and not _harmless(node):
                        calls.append(f"{path.relative_to(ROOT)} {name}")
    assert sorted(calls) == ["numerics/codegen/cache.py compile", "numerics/codegen/cache.py exec"]


def _harmless(node):
    """Harmless: methods called eval or compile, and SymPy's sympify in the mode that refuses text."""
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in {"eval", "compile"} and isinstance(node.func, ast.Attribute):
        return True  # Poly.eval and re.compile: methods, not the builtins
    strict = any(k.arg == "strict" and getattr(k.value, "value", None) is True for k in node.keywords)
    return name == "sympify" and strict  # refuses text


def test_no_test_reads_a_clock():
    """Times are rows of the benchmarks; what ends a hanging test is the one limit in setup.cfg."""
    clocks = {"perf_counter", "process_time", "monotonic", "thread_time", "getrusage", "timeit", "timeout"}
    found = [
        f"{path.name}:{node.lineno}"
        for path in sources("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if clocks & {getattr(node, field, None) for field in ("id", "attr", "arg", "name")}
    ]
    assert found == []


@pytest.mark.parametrize(
    "path", [p for package in ORDER for p in sources(package)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_files_stay_one_room(path):
    assert len(path.read_text().splitlines()) <= 500


def test_import_costs_little_more_than_sympy():
    """import quenched loads neither NumPy nor SciPy; its time is compared with SymPy's in the benchmarks, not here."""
    code = "import quenched, sys; print(sorted({'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_public_name_exists():
    import quenched

    for name in quenched.__all__:
        assert getattr(quenched, name) is not None
    assert set(quenched.__all__) <= set(dir(quenched))
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = quenched.nothing_like_this


@pytest.mark.parametrize("text", ["__import__('os').getcwd()", "x**2"])
def test_objects_are_expected_where_objects_are_documented(text):
    from sympy import SympifyError

    from theory.activation.activation import Activation
    from theory.averages.average import Average
    from theory.errors import InputError

    with pytest.raises(InputError, match="from_text"):
        Activation.from_expression(text)
    with pytest.raises(SympifyError):
        Average(text)
