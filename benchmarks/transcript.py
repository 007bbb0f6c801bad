"""Gives the commands of docs/first-ten-minutes.md and pastes what they print into it.

    python benchmarks/transcript.py            # rewrites the page
    python benchmarks/transcript.py --check    # only runs the commands and compares their exit statuses

Every block that begins with ```console holds lines ``$ COMMAND``; the rest of the block is replaced by the
real output. Commands run one after the other in one empty folder, shown as ~/text. A block whose first line
is ``# expect N`` in an HTML comment before it must end with that status; others must end with 0.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "first-ten-minutes.md"
BLOCK = re.compile(r"(?:<!-- expect (\d+) -->\n)?```console\n(.*?)```\n", re.DOTALL)
SHOWN = "~/text"


def main() -> int:
    """Run all blocks; write the page, or only check."""
    page = PAGE.read_text(encoding="utf-8")
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "text"
        tools = Path(scratch) / "bin"
        folder.mkdir()
        tools.mkdir()
        _install(tools)
        environment = os.environ | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HYPERPRUNE_DATA": str(Path(scratch) / "cache"),
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "TERM": "dumb",
        }

        def run(block: re.Match[str]) -> str:
            expected = int(block[1] or 0)
            lines: list[str] = []
            for command in re.findall(r"^\$ (.*)$", block[2], re.MULTILINE):
                done = subprocess.run(
                    ["bash", "-c", command],
                    cwd=folder,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                print(f"$ {command}   (status {done.returncode})", flush=True)
                if done.returncode != expected:
                    wrong.append(f"{command}: status {done.returncode}, not {expected}\n{done.stdout}")
                lines += [f"$ {command}", *_neutral(done.stdout, Path(scratch))]
            head = f"<!-- expect {block[1]} -->\n" if block[1] else ""
            return f"{head}```console\n" + "\n".join(lines) + "\n```\n"

        written = BLOCK.sub(run, page)
    if wrong:
        print("\n".join(wrong))
        return 1
    if "--check" not in sys.argv:
        PAGE.write_text(written, encoding="utf-8")
    return 0


def _install(tools: Path) -> None:
    """A command called hyperprune that is this tree's."""
    source = PAGE.parents[1] / "src"
    script = tools / "hyperprune"
    script.write_text(
        f"#!/usr/bin/env bash\nPYTHONPATH={shlex.quote(str(source))} "
        f'exec {shlex.quote(sys.executable)} -m hyperprune "$@"\n'
    )
    script.chmod(0o755)


def _neutral(text: str, scratch: Path) -> list[str]:
    """Without this machine's paths, and without the blanks that a terminal does not show."""
    text = text.replace(str(scratch / "text"), SHOWN).replace(
        str(scratch / "cache"), "~/.cache/hyperprune/data"
    )
    assert str(scratch) not in text, text
    lines = [line.rstrip() for line in text.splitlines()]
    return [line for line in lines if line]


if __name__ == "__main__":
    sys.exit(main())
