"""Thread settings: fixed before the first heavy import, because they change bits and cannot change later."""

import os
import sys

from ptyspec.errors import ConfigError
from ptyspec.networks.framework import backend

BLAS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")


def default_threads() -> int:
    """Threads inside one operation: PTYSPEC_THREADS, else 2, never more than this process may use.

    Raises ConfigError when PTYSPEC_THREADS is not a positive whole number.
    """
    asked = os.environ.get("PTYSPEC_THREADS")
    if asked is None:
        return min(2, usable_cpus())
    if not asked.isdigit() or int(asked) < 1:
        what = "PTYSPEC_THREADS is not a positive whole number"
        step = "unset it, or set it to the number of threads, such as 2"
        raise ConfigError(what, value=asked, limit=">= 1", source="environment", next_step=step)
    return int(asked)


def usable_cpus() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_threads(intra: int, inter: int = 1) -> None:
    """Fix the threads of TensorFlow, BLAS and OpenMP for this process and those it starts.

    `intra` threads work inside one operation, `inter` operations run side by side. Call it before the first heavy
    import: a numpy that is already loaded is limited too, a loaded TensorFlow no longer can be. oneDNN keeps its
    default (clause: same seed, same threads, same backend, same bits).

    Raises ConfigError for counts below 1, or when TensorFlow was imported with other settings.
    """
    if intra < 1 or inter < 1:
        counts = {"intra": intra, "inter": inter}
        raise ConfigError("thread counts start at 1", value=counts, limit=">= 1")
    wanted = {"TF_NUM_INTRAOP_THREADS": str(intra), "TF_NUM_INTEROP_THREADS": str(inter)}
    wanted |= dict.fromkeys(("OMP_NUM_THREADS", *BLAS), str(intra))
    if "tensorflow" in sys.modules:
        _refuse_change(wanted)
    os.environ.update(wanted)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", backend())
    if "numpy" in sys.modules:
        # The environment is read when the BLAS library loads, which has happened.
        from threadpoolctl import threadpool_limits

        threadpool_limits(intra)


def current_threads() -> dict[str, int | str]:
    """Return everything fixed before the first operation that changes bits: part of every run's key.

    `intra`, `inter`, `omp`: counts, 0 where the library decides; `onednn`: `default`, `0` or `1`; `backend`.
    """
    env = os.environ
    counted = {"intra": "TF_NUM_INTRAOP_THREADS", "inter": "TF_NUM_INTEROP_THREADS"}
    asked = {key: env.get(name, "") for key, name in (counted | {"omp": "OMP_NUM_THREADS"}).items()}
    return {
        **{key: int(value) if value.isdigit() else 0 for key, value in asked.items()},
        "onednn": env.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "backend": backend(),
    }


def _refuse_change(wanted: dict[str, str]) -> None:
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        if os.environ.get(name) != wanted[name]:
            what = "TensorFlow is already imported with other thread settings"
            value, limit = f"{name}={os.environ.get(name)}", f"{name}={wanted[name]}"
            step = "call set_threads before importing tensorflow, or set PTYSPEC_THREADS first"
            raise ConfigError(what, value=value, limit=limit, source="environment", next_step=step)
