"""The format ``c``: the runtime, the network's bytes, their sizes in a header, and an example."""

import json
import re
import struct
from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path

from hyperprune import __version__, files
from hyperprune.export.plain_page import choices_table
from hyperprune.inference.build import sources
from hyperprune.inference.choose import Prefer
from hyperprune.inference.layouts import PANEL
from hyperprune.inference.pack import Packed, pack
from hyperprune.inference.plain import PlainNetwork

FILE, HEADER, ARRAYS = "network.bin", "network.h", "network.c"
MOST_IN_ARRAYS = 1 << 20  # bytes; beyond, compilers take minutes
COMPILE = "cc -O3 -std=c99 -ffp-contract=fast *.c -lm -o example"
_A_LINE = 8  # words


def write(
    network: PlainNetwork,
    folder: Path,
    *,
    int8: bool,
    prefer: Prefer,
    vocabulary: tuple[str, ...] | None = None,
) -> Packed:
    """Write the folder's files.

    Args:
        network: what is exported.
        folder: exists.
        int8: weights as 8-bit whole numbers with a scale for each row.
        prefer: what decides how each matrix is kept, speed or size.
        vocabulary: types of a language model, for ``vocabulary.json``.
    """
    packed = pack(network, int8=int8, prefer=prefer)
    for name, text in sources().items():
        files.write_bytes(folder / name, text.encode())
    example = resources("hyperprune.export").joinpath("example", "main.c").read_bytes()
    files.write_bytes(folder / "main.c", example)
    in_file = len(packed.data) > MOST_IN_ARRAYS
    files.write_bytes(folder / HEADER, _header(network, packed, in_file=in_file).encode())
    if in_file:
        files.write_bytes(folder / FILE, packed.data)
    else:
        files.write_bytes(folder / ARRAYS, "".join(_arrays(packed.data)).encode())
    if vocabulary is not None:
        files.write_bytes(folder / "vocabulary.json", json.dumps(vocabulary, ensure_ascii=False).encode())
    files.write_bytes(folder / "README.md", _readme(network, packed, in_file=in_file).encode())
    return packed


def network_bytes(folder: Path) -> int:
    """Bytes of the network in a folder of this format, as a program holds them."""
    found = re.search(r"NETWORK_BYTES (\d+)u", (folder / HEADER).read_text(encoding="utf-8"))
    assert found is not None
    return int(found[1])


def _header(network: PlainNetwork, packed: Packed, *, in_file: bool) -> str:
    states = sum(network.units) * (2 if network.kind == "lstm" else 1)
    sizes = {
        "BYTES": (f"{len(packed.data)}u", "of the weights and their description"),
        "TYPES": (network.types, "tokens, or 0 where inputs are numbers"),
        "INPUTS": (network.inputs, "numbers of an input, or features of an embedded token"),
        "OUTPUTS": (network.outputs, "numbers that a step gives"),
        "STATE": (states, "numbers of the state of one sequence"),
        "SCRATCH": (_scratch(network), "numbers of scratch for one sequence"),
    }
    lines = [f"#define NETWORK_{name} {value} /* {what} */" for name, (value, what) in sizes.items()]
    if in_file:
        lines.append(f'#define NETWORK_FILE "{FILE}" /* where the weights are */')
    else:
        lines += ["", "extern const uint32_t network_words[NETWORK_BYTES / 4];"]
    return "\n".join(
        [
            f"/* Sizes of the exported network. Written by hyperprune {__version__}. */",
            "#ifndef NETWORK_H",
            "#define NETWORK_H",
            "",
            "#include <stdint.h>",
            "",
            *lines,
            "",
            "#endif",
            "",
        ]
    )


def _scratch(network: PlainNetwork) -> int:
    """Numbers of ``hp_scratch_floats`` for one sequence; the example checks that they agree."""
    widest = max(_padded(n) for n in (network.inputs, *network.units))
    slots = 1 if network.kind == "rnn" else 4
    decoder = 0 if network.decoder is None else _padded(network.outputs)
    return 2 * widest + max(decoder, *(slots * _padded(units) for units in network.units))


def _padded(number: int) -> int:
    return -(-number // PANEL) * PANEL


def _arrays(data: bytes) -> Iterator[str]:
    yield '/* The weights, as hyperprune_rnn.h describes them. */\n#include "network.h"\n\n'
    yield "#if defined(__GNUC__)\n__attribute__((aligned(64)))\n#endif\n"
    yield "const uint32_t network_words[NETWORK_BYTES / 4] = {\n"
    words = struct.unpack(f"<{len(data) // 4}I", data)
    for first in range(0, len(words), _A_LINE):
        yield "    " + ", ".join(f"0x{word:08x}u" for word in words[first : first + _A_LINE]) + ",\n"
    yield "};\n"


def _readme(network: PlainNetwork, packed: Packed, *, in_file: bool) -> str:
    step = "hp_step_token(&network, 1, &token" if network.types else "hp_step(&network, 1, inputs"
    where = (
        f"The weights are in {FILE}: read or map all of it to memory aligned to 4 bytes, and keep it there."
        if in_file
        else f"The weights are arrays in {ARRAYS}."
    )
    words = "bytes" if in_file else "network_words"
    return f"""# A recurrent network in C99

{len(packed.data):,} bytes, {"8-bit weights with a scale for each row" if packed.int8 else "32-bit weights"}.
{where} `hp_read` checks all of it before anything is used. Nothing is allocated and no library is needed.

```c
hp_network network;
static float state[NETWORK_STATE], scratch[NETWORK_SCRATCH], outputs[NETWORK_OUTPUTS];
int code = hp_read(&network, {words}, NETWORK_BYTES);  /* HP_OK, or see hp_message(code) */
code = {step}, state, outputs, scratch);
```

`main.c` is an example that reads steps from its standard input:

```
{COMPILE}
```

{choices_table(packed.choices)}
Sums of products are not in torch's order: outputs differ from it in the last digits, about one part in a
million. Never compile with -ffast-math.

Written by hyperprune {__version__}, whose runtime is under the Apache License 2.0.
"""
