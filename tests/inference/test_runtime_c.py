"""The reader in C against damaged bytes, under the address and undefined-behaviour sanitizers."""

import random
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from plain_nets import case

from hyperprune.inference.build import sources
from hyperprune.inference.layouts import LAYOUTS
from hyperprune.inference.pack import pack

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

# reads networks, each after its size, and runs those that are read; prints how many
DRIVER = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hyperprune_rnn.h"

int main(void) {
    uint32_t size;
    int read = 0, refused = 0;
    while (fread(&size, 4, 1, stdin) == 1) {
        void *bytes = malloc(size); /* of exactly this size, so that a byte too many is seen */
        hp_network network;
        if (fread(bytes, 1, size, stdin) != size) return 3;
        if (hp_read(&network, bytes, size) == HP_OK) {
            float *state = calloc(2 * hp_state_floats(&network), 4);
            float *scratch = malloc(4 * hp_scratch_floats(&network, 2));
            float *outputs = malloc(2 * 4 * hp_outputs(&network));
            float *inputs = calloc(2 * network.header->inputs, 4);
            int32_t tokens[2] = {0, 1};
            if (network.header->types > 0)
                hp_step_token(&network, 2, tokens, state, outputs, scratch);
            else
                hp_step(&network, 2, inputs, state, outputs, scratch);
            free(state), free(scratch), free(outputs), free(inputs);
            read++;
        } else {
            refused++;
        }
        free(bytes);
    }
    printf("%d %d\\n", read, refused);
    return 0;
}
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    place = tmp_path_factory.mktemp("driver")
    for name, text in sources().items():
        (place / name).write_text(text)
    (place / "driver.c").write_text(DRIVER)
    files = sorted(path.name for path in place.glob("*.c"))
    subprocess.run(["gcc", *STRICT, *SANITIZED, *files, "-o", "driver"], cwd=place, check=True)
    return place / "driver"


def read(driver: Path, networks: list[bytes]) -> tuple[int, int]:
    """How many were read and run, and how many refused; anything else fails the test."""
    given = b"".join(struct.pack("<I", len(data)) + data for data in networks)
    done = subprocess.run([driver], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    good, refused = done.stdout.split()
    return int(good), int(refused)


def signed(data: bytes) -> bytes:
    """With the checksum and the size that fit."""
    head = struct.pack("<IIII", *struct.unpack("<II", data[:8]), len(data), zlib.crc32(data[16:]))
    return head + data[16:]


def whole_networks() -> list[bytes]:
    return [
        pack(case(kind, types=types, density=0.5).plain, layout=layout, int8=int8).data
        for kind in ("lstm", "gru", "rnn")
        for types in (0, 11)
        for layout in LAYOUTS
        for int8 in (False, True)
    ]


def test_whole_networks_are_read_and_run(driver: Path) -> None:
    networks = whole_networks()
    assert read(driver, networks) == (len(networks), 0)
    assert all(signed(data) == data for data in networks)


def test_truncated_and_lengthened_networks_are_refused(driver: Path) -> None:
    data = whole_networks()[0]
    sizes = [0, 1, 15, 16, 100, 116, 300, len(data) // 2, len(data) - 1]
    networks = [data[:size] for size in sizes] + [data + b"\0" * 4]
    assert read(driver, networks) == (0, len(networks))
    cut = [signed(data[: size // 4 * 4]) for size in sizes if size >= 116]
    assert read(driver, cut) == (0, len(cut))


def test_a_changed_byte_is_refused(driver: Path) -> None:
    draw = random.Random(0)
    networks = []
    for data in whole_networks():
        changed = bytearray(data)
        changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        networks.append(bytes(changed))
    assert read(driver, networks) == (0, len(networks))


@pytest.mark.parametrize("seed", range(3))
def test_changed_words_with_a_right_checksum_touch_nothing_else(driver: Path, seed: int) -> None:
    """Sizes, places and indices of strangers: refused, or run within the bytes; the sanitizers watch."""
    draw, networks = random.Random(seed), []
    for data in whole_networks() * 12:
        changed = bytearray(data)
        records = 116 + 88 * 2  # header and two layers
        for _ in range(draw.choice([1, 1, 1, 2, 4])):
            place = 4 * draw.randrange(4, (records if draw.random() < 0.7 else len(data)) // 4)
            (old,) = struct.unpack_from("<I", changed, place)
            near = [old + 1, max(old - 1, 0), old * 2, old ^ (1 << draw.randrange(32))]
            far = [0, 1, 3, 2**31, 2**32 - 1, 2**32 - 64, len(data), len(data) - 4, draw.randrange(2**32)]
            struct.pack_into("<I", changed, place, draw.choice(near + far) % 2**32)
        networks.append(signed(bytes(changed)))
    good, refused = read(driver, networks)
    assert good + refused == len(networks)
    assert refused > len(networks) // 2


@pytest.mark.parametrize("flags", [[], ["-mavx2", "-mfma"], ["-DHP_PORTABLE"], ["-march=native"]], ids=str)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_it_compiles_without_a_warning(tmp_path: Path, flags: list[str], level: str) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    for name, text in sources().items():
        (tmp_path / name).write_text(text)
    for name in ("hyperprune_rnn.c", "hyperprune_read.c"):
        command = ["gcc", *STRICT, level, *flags, "-c", name, "-o", "made.o"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        if "unrecognized command-line option" in done.stderr:
            pytest.skip(f"this machine's gcc has no {flags}")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
