"""One run starts with an empty cache of generated modules, which its processes share."""

import os

# small matrices, and one process on every core already: more threads inside one product cost more than they give
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# the same examples in every run: a red test stays red
settings.register_profile("reproducible", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("reproducible")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    previous = os.environ.get("QUENCHED_CACHE")
    base = tmp_path_factory.getbasetemp()  # of this process; one level up, of the run
    os.environ["QUENCHED_CACHE"] = str((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache")
    yield
    if previous is None:
        del os.environ["QUENCHED_CACHE"]
    else:
        os.environ["QUENCHED_CACHE"] = previous
