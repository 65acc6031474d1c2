"""Builds the preloaded library that counts syncs and lets them fail, and runs a program under it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


def build(folder: Path) -> Path | None:
    """The library, or None where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    made = folder / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, SOURCE, "-ldl"], check=True)
    return made


def run_again(folder: Path, fail: Path | None = None) -> int | None:
    """Run this very script under the shim; its exit status, or None where there is no compiler."""
    library = build(folder)
    if library is None:
        return None
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    if fail is not None:
        environment["WAGLAN_SHIM_FAIL"] = str(fail)
    return subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode


def loaded() -> bool:
    """Whether this process runs under it."""
    return os.environ.get("LD_PRELOAD", "").endswith("shim.so")


def syncs() -> int:
    """How many syncs this process has made."""
    return int(ctypes.CDLL(None).shim_syncs())


def failures() -> int:
    """How many were made to fail."""
    return int(ctypes.CDLL(None).shim_failures())
