"""The runtime in C, built by the machine's compiler when it is first used, and kept in the cache.

A compiler is never needed: without one, networks run on torch.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import lru_cache
from importlib.resources import files as resources
from pathlib import Path

from hyperprune.errors import HyperpruneError

VARIABLE = "HYPERPRUNE_KERNELS"  # names another folder for what was built
FLAGS = ("-O3", "-march=native", "-std=c99", "-ffp-contract=fast", "-fPIC", "-shared")
_PLAIN = tuple(flag for flag in FLAGS if flag != "-march=native")  # for compilers that don't know it
_COMPILERS = ("cc", "gcc", "clang")
_SECONDS = 120


class BuildError(HyperpruneError):
    """The runtime cannot be built here; the message says why."""


def sources() -> dict[str, str]:
    """The files of the runtime by name."""
    folder = resources("hyperprune.inference").joinpath("runtime")
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith((".c", ".h"))
    }


@lru_cache(maxsize=4)
def library(*further: str) -> tuple[Path, str]:
    """The built runtime, and a line that says how it came to be.

    Args:
        further: flags after the usual ones, such as ``-DHP_PORTABLE``.

    Raises:
        BuildError: there is no compiler, or it fails.
    """
    command = compiler()
    problems = []
    for flags in ((*FLAGS, *further), (*_PLAIN, *further)):
        target = _folder() / f"runtime-{_key(command, flags)}.so"
        if target.is_file():
            return target, f"built by {command} before, {target}"
        try:
            _build(command, flags, target)
        except (OSError, subprocess.SubprocessError) as error:
            problems.append(_reason(error))
            continue
        return target, f"built by {command} {' '.join(flags)}"
    raise BuildError(f"{command} cannot build the kernels ({problems[-1]}): fix it, or name another in CC")


def compiler() -> str:
    """The C compiler of this machine: the one that CC names, or cc, gcc or clang.

    Raises:
        BuildError: there is none.
    """
    named = os.environ.get("CC")
    for name in (named,) if named else _COMPILERS:
        found = shutil.which(name)
        if found:
            return found
    tried = named or ", ".join(_COMPILERS)
    raise BuildError(f"there is no C compiler here ({tried}): install one, or name it in the variable CC")


def _folder() -> Path:
    """Of this user alone: what lies here is loaded as code."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).absolute()
    import pooch  # takes a tenth of a second, which only this needs

    return Path(pooch.os_cache("hyperprune")) / "kernels"


def _key(command: str, flags: tuple[str, ...]) -> str:
    """Hash of everything that decides what comes out: sources, flags, compiler, and the processor."""
    digest = hashlib.sha256()
    for name, text in sources().items():
        digest.update(f"{name}\0{text}\0".encode())
    version = subprocess.run(
        [command, "--version"], capture_output=True, check=False, timeout=_SECONDS
    ).stdout
    for part in (*flags, command, version.decode(errors="replace"), platform.machine(), _processor()):
        digest.update(f"{part}\0".encode())
    return digest.hexdigest()[:32]


def _processor() -> str:
    """What the processor can do, where the system says it: a cache may be shared by several machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())


def _build(command: str, flags: tuple[str, ...], target: Path) -> None:
    """Compile beside the target and rename: processes that build at the same time do not meet."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as place:
        for name, text in sources().items():
            (Path(place) / name).write_text(text, encoding="utf-8")
        made = Path(place) / target.name
        inputs = [name for name in sources() if name.endswith(".c")]
        subprocess.run(
            [command, *flags, "-o", made.name, *inputs],
            cwd=place,
            check=True,
            capture_output=True,
            timeout=_SECONDS,
        )
        os.replace(made, target)


def _reason(error: BaseException) -> str:
    said = getattr(error, "stderr", None)
    lines = said.decode(errors="replace").strip().splitlines() if said else []
    return lines[0] if lines else str(error)
