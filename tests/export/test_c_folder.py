"""The exported C: compiled by strangers' rules, and step by step what torch gives."""

import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from plain_nets import Case, case, relative

from hyperprune.export import check_formats, export
from hyperprune.export.check import Check
from hyperprune.inference.build import sources
from hyperprune.inference.pack import pack

TOLERANCE = 1e-5
STRICT = ("-Wall", "-Wextra", "-Werror", "-std=c99", "-pedantic")
SANITIZED = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], list[Path]]:
    """The runtime compiled once for each list of flags: networks differ in their own files alone."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    known: dict[tuple[str, ...], list[Path]] = {}

    def compiled(flags: tuple[str, ...]) -> list[Path]:
        if flags not in known:
            place = tmp_path_factory.mktemp("runtime")
            for name, text in sources().items():
                (place / name).write_text(text)
            names = sorted(path.name for path in place.glob("*.c"))
            subprocess.run(["gcc", *flags, "-c", *names], cwd=place, check=True)
            known[flags] = sorted(place.glob("*.o"))
        return known[flags]

    return compiled


Objects = Callable[[tuple[str, ...]], list[Path]]


def program(folder: Path, objects: Objects, *flags: str) -> Path:
    """The example of a folder."""
    own = [name for name in ("main.c", "network.c") if (folder / name).exists()]
    built = ["gcc", *flags, *own, *map(str, objects(flags)), "-lm", "-o", "example"]
    subprocess.run(built, cwd=folder, check=True)
    return folder / "example"


def answers(folder: Path, objects: Objects, inputs: torch.Tensor, *flags: str) -> torch.Tensor:
    """What the example gives for a sequence, ``(time, 1, outputs)``."""
    text = "\n".join(" ".join(f"{number:.9g}" for number in row.flatten().tolist()) for row in inputs)
    done = subprocess.run(
        [program(folder, objects, *flags)], cwd=folder, input=text, capture_output=True, text=True, check=True
    )
    return torch.tensor([[float(n) for n in line.split()] for line in done.stdout.splitlines()])[:, None]


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports are not compiled a first time by their own check."""
    checks = check_formats.CHECKS | {"c": lambda *_: Check("nothing", 0.0, 0, 0, real=False)}
    monkeypatch.setattr(check_formats, "CHECKS", checks)


def folder_of(made: Case, place: Path, **choices: object) -> Path:
    return export(made.module, place, "c", **choices).folder


def expected(made: Case) -> torch.Tensor:
    with torch.no_grad():
        return made.module(made.inputs)[0]


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("types", [0, 11])
@pytest.mark.usefixtures("unchecked")
def test_steps_are_those_of_torch(tmp_path: Path, objects: Objects, kind: str, types: int) -> None:
    made = case(kind, types=types)
    found = answers(folder_of(made, tmp_path / "out"), objects, made.inputs, *STRICT, *SANITIZED)
    assert relative(found, expected(made)) < TOLERANCE


@pytest.mark.parametrize("flags", [("-DHP_PORTABLE",), ("-mavx2", "-mfma"), ("-march=native",)], ids=str)
@pytest.mark.usefixtures("unchecked")
def test_every_kernel_gives_the_same(tmp_path: Path, objects: Objects, flags: tuple[str, ...]) -> None:
    if "-mavx2" in flags and "avx2" not in _processor():
        pytest.skip("this processor has no AVX2")
    for block in ((16, 1), (8, 4), (1, 1), (64, 64)):
        for int8 in (False, True):
            made = case("lstm", inputs=50, hidden=50, layers=1, block=block, density=0.2)
            folder = folder_of(made, tmp_path / f"{block}-{int8}", int8=int8)
            found = answers(folder, objects, made.inputs, *STRICT, "-O3", *flags)
            if int8:
                plain = answers(folder, objects, made.inputs, *STRICT, *SANITIZED)
                assert relative(found, plain) < TOLERANCE
            else:
                assert relative(found, expected(made)) < TOLERANCE


@pytest.mark.usefixtures("unchecked")
def test_large_weights_are_in_a_file_that_is_checked(tmp_path: Path, objects: Objects) -> None:
    made = case("gru", inputs=300, hidden=300, layers=1, density=0.9)
    folder = folder_of(made, tmp_path / "out")
    assert not (folder / "network.c").exists()
    path = folder / "network.bin"
    assert path.stat().st_size > 1 << 20
    assert relative(answers(folder, objects, made.inputs, *STRICT), expected(made)) < TOLERANCE
    data = path.read_bytes()
    middle = len(data) // 2
    flipped = data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]
    for damaged in (data[:-4], data + b"\0\0\0\0", flipped, None):
        path.unlink() if damaged is None else path.write_bytes(damaged)
        done = subprocess.run(
            [folder / "example"], cwd=folder, input="", capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""


@pytest.mark.usefixtures("unchecked")
def test_input_that_is_no_token_ends_in_one_line(tmp_path: Path, objects: Objects) -> None:
    built = program(folder_of(case("gru", types=11), tmp_path / "out"), objects, *STRICT, *SANITIZED)
    for text in ("11\n", "-1\n", "99999999999999999999\n", "word\n", "3\n4 x\n"):
        done = subprocess.run([built], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 2, text
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_the_readme_says_how_to_compile(tmp_path: Path) -> None:
    folder = folder_of(case("gru", types=11), tmp_path / "out")
    (command,) = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("cc ")]
    done = subprocess.run(command, cwd=folder, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = subprocess.run(["./example"], cwd=folder, input="3 5\n", capture_output=True, text=True, check=True)
    assert [len(line.split()) for line in run.stdout.splitlines()] == [7, 7]


def test_no_function_allocates() -> None:
    for name, text in sources().items():
        assert "alloc" not in text.replace("no allocation", ""), name


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else platform.processor()


def test_bytes_of_weights_in_arrays_are_those_of_the_program(tmp_path: Path) -> None:
    """They were those of the source text, three times as many."""
    made = case("gru", types=0)
    done = export(made.module, tmp_path / "out", "c", inputs=made.inputs)
    assert done.weights_bytes == len(pack(made.plain, prefer="size").data)
