"""Does every shipped search end with a pruned network that reaches its dense one? The table, one command.

    python benchmarks/promise.py --ptb ../shared/data/ptb --wikitext-2 ../shared/data/wikitext-2 \
        --work runs/promise
    python benchmarks/promise.py --ablation --ptb ../shared/data/ptb --work runs/promise
    python benchmarks/promise.py --table

The first searches all thirteen with all yardsticks: once at each preset's own density, once at 0.10, then
seven of them from two more seeds. It leaves one record a search in benchmarks/promise/records/; a search
whose record stands there is not made again unless its configuration has changed. Kill it at any time: the
same command goes on, in ``--work``, where it was. A search whose text is not given is left for another call.
``--table`` prints the tables of docs/results.md from the records alone.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import promise_ablation
import promise_record
import promise_searches
import promise_table
from hyperprune.errors import HyperpruneError
from hyperprune.search import run
from promise_searches import PTB, SEARCHES, SEEDS, WIKITEXT, Piece

RECORDS = Path(__file__).parent / "promise" / "records"


def search(pieces: list[Piece], corpora: dict[str, str], work: Path, records: Path, workers: int) -> int:
    """Make the searches that have no record; gives how many failed."""
    failed = 0
    for piece in pieces:
        path, digest = records / f"{piece.name}.json", piece.config().digest
        known = promise_record.read(path)
        if known is not None and known.digest == digest:
            continue
        needed = piece.search.corpus
        if needed is not None and needed not in corpora:
            _say(f"{piece.name}: left out, for want of --{needed}")
            continue
        config = piece.config(corpora)
        config = config.model_copy(update={"runtime": config.runtime.model_copy(update={"workers": workers})})
        try:
            found = run(config, work / f"{piece.name}-{digest}")
        except HyperpruneError as error:
            failed += 1
            _say(f"{piece.name}: {error}")
            continue
        record = promise_record.record_of(piece.search.name, digest, found)
        promise_record.write(records, piece.name, record)
        word = "nothing selected" if record.verdict is None else record.verdict.against_dense
        _say(f"{piece.name}: {word}")
    return failed


def ablate(
    names: list[str] | None, seeds: list[int] | None, corpora: dict[str, str], work: Path, records: Path
) -> int:
    """Train the rows of the ablation that have no record; gives how many failed."""
    failed = 0
    for network in promise_ablation.NETWORKS:
        needed = promise_ablation.needs(network)
        if (names is not None and network not in names) or (needed is not None and needed not in corpora):
            _say(f"{network}: left out")
            continue
        for seed in seeds or SEEDS:
            config = promise_ablation.config_of(network, seed, corpora)
            for row in ("dense", *promise_ablation.ROWS):
                name = promise_ablation.file_name(network, row, seed)
                if promise_record.document_of(records / f"{name}.json") is not None:
                    continue
                try:
                    record = promise_ablation.train(config, network, row, work / f"ablation-{network}-{seed}")
                except (HyperpruneError, ValueError) as error:
                    failed += 1
                    _say(f"{name}: {error}")
                    continue
                promise_record.write(records, name, record)
                _say(f"{name}: {record.score.text(record.valid)}")
    return failed


def tables(records: Path) -> str:
    """The Markdown of docs/results.md."""
    found = [(piece, promise_record.read(records / f"{piece.name}.json")) for piece in _known(records)]
    made = [record for _, record in found if record is not None]
    digests = {piece.name: piece.config().digest for piece, record in found if record is not None}
    rows = (
        promise_record.document_of(records / f"{promise_ablation.file_name(network, row, seed)}.json")
        for network in promise_ablation.NETWORKS
        for row in ("dense", *promise_ablation.ROWS)
        for seed in SEEDS
    )
    parts = [promise_ablation.AblationRecord.model_validate(row) for row in rows if row is not None]
    return "\n\n".join((promise_table.table(made, digests), promise_table.ablation(parts)))


def _known(records: Path) -> Iterator[Piece]:
    """All pieces that may have a record, in the order of the table: a search's seeds stand together."""
    for listed in SEARCHES:
        for density in (None, promise_searches.LOW):
            yield from (Piece(listed, seed, density) for seed in SEEDS)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _list(words: str) -> list[str]:
    return words.split(",")


def main() -> int:
    """Search, ablate, or print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(f"--{PTB}", help="folder with the Penn Treebank word files")
    parser.add_argument(f"--{WIKITEXT}", dest="wikitext", help="folder with WikiText-2")
    parser.add_argument("--work", type=Path, help="folder for what is trained")
    parser.add_argument("--only", type=_list, metavar="NAMES", help="some searches, such as demo,co2")
    parser.add_argument("--seeds", type=_list, help="such as 1 or 1,2,3; by default those of the table")
    parser.add_argument("--density", type=float, help="another density than those of the table")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ablation", action="store_true", help="the ablation in place of the searches")
    parser.add_argument("--table", action="store_true", help="print the tables from the records")
    parser.add_argument("--records", type=Path, default=RECORDS, help="where records are kept")
    given = parser.parse_args()
    if given.table:
        print(tables(given.records))
        return 0
    if given.work is None:
        parser.error("what is trained needs a folder: give --work")
    unknown = set(given.only or ()) - {one.name for one in SEARCHES}
    if unknown:
        parser.error(f"unknown search {min(unknown)}: give some of {', '.join(s.name for s in SEARCHES)}")
    corpora = {name: folder for name, folder in ((PTB, given.ptb), (WIKITEXT, given.wikitext)) if folder}
    seeds = None if given.seeds is None else [int(seed) for seed in given.seeds]
    if given.ablation:
        return 1 if ablate(given.only, seeds, corpora, given.work, given.records) else 0
    pieces = promise_searches.pieces(given.only, seeds, given.density)
    return 1 if search(pieces, corpora, given.work, given.records, given.workers) else 0


if __name__ == "__main__":
    sys.exit(main())
