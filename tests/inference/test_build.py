"""The runtime is built once, atomically, and anew where anything that decides it has changed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperprune.inference import build
from hyperprune.inference.build import BuildError, library


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    try:
        build.compiler()
    except BuildError as error:
        pytest.skip(f"needs a C compiler: {error}")
    monkeypatch.setenv(build.VARIABLE, str(tmp_path / "kernels"))
    library.cache_clear()
    yield tmp_path / "kernels"
    library.cache_clear()


def test_it_is_built_once(cache: Path) -> None:
    path, how = library()
    assert path.parent == cache
    assert "-O3" in how
    made = path.stat().st_mtime_ns
    library.cache_clear()
    again, how = library()
    assert again == path
    assert "before" in how
    assert path.stat().st_mtime_ns == made
    assert [entry.name for entry in cache.iterdir()] == [path.name]


def test_other_sources_are_built_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = library()
    changed = {name: f"/* changed */\n{text}" for name, text in build.sources().items()}
    monkeypatch.setattr(build, "sources", lambda: changed)
    library.cache_clear()
    second, _ = library()
    assert second != first


def test_a_compiler_without_native_flags_builds_portable_code(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain-cc"
    plain.write_text(
        '#!/bin/sh\ncase "$*" in *-march=native*) echo "unknown argument -march" >&2; exit 1;; esac\n'
        f'exec {build.compiler()} "$@"\n'
    )
    plain.chmod(0o755)
    monkeypatch.setenv("CC", str(plain))
    _, how = library()
    assert "-march=native" not in how


def test_a_compiler_that_fails_is_named_with_its_words(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken-cc"
    broken.write_text("#!/bin/sh\necho 'no licence today' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    with pytest.raises(BuildError, match=r"broken-cc.*no licence today"):
        library()
    assert list(cache.iterdir()) == []


def test_processes_that_build_at_once_do_not_meet(cache: Path) -> None:
    code = "from hyperprune.inference.build import library; print(library()[0])"
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    found = {process.communicate()[0] for process in running}
    assert all(process.returncode == 0 for process in running)
    assert len(found) == 1
    assert len(list(cache.iterdir())) == 1
