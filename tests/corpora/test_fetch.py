"""Fetching a data set from a server on 127.0.0.1: whole, damaged, cut off, slow, silent, resumed."""

import hashlib
import importlib.util
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperprune.corpora import CorpusConfig, cache_folder, fetch, load
from hyperprune.corpora.datasets import DATASETS, Dataset, RemoteFile
from hyperprune.errors import CorpusError, DownloadError, RunFolderError, UnknownNameError
from hyperprune.files import locked

SHARED = Path(__file__).parents[3] / "shared" / "data"
_spec = importlib.util.spec_from_file_location("fetch_server", Path(__file__).with_name("server.py"))
assert _spec is not None
assert _spec.loader is not None
_server = importlib.util.module_from_spec(_spec)
sys.modules["fetch_server"] = _server
_spec.loader.exec_module(_server)
Server, serving = _server.Server, _server.serving

PARTS = ("train", "valid", "test")


def _text(seed: int, words: int) -> bytes:
    chance = random.Random(seed)
    return b" ".join(b"w%d" % chance.randrange(50) for _ in range(words)) + b"\n"


CONTENT = {f"/ptb.{part}.txt": _text(n, 40_000 if part == "train" else 500) for n, part in enumerate(PARTS)}


@pytest.fixture(autouse=True)
def _small_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data set ptb with small files, an empty cache, and no proxy in between."""
    files = {
        path.removeprefix("/ptb."): RemoteFile(path[1:], hashlib.sha256(data).hexdigest(), len(data))
        for path, data in CONTENT.items()
    }
    monkeypatch.setitem(DATASETS, "ptb", Dataset("small", "http://127.0.0.1:9", files))
    monkeypatch.setenv("HYPERPRUNE_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("hyperprune.corpora.download._PAUSE", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server(dict(CONTENT))) as running:
        yield running


def _held(tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "cache" / "ptb"
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != ".lock"}


def _whole() -> dict[str, bytes]:
    return {path.removeprefix("/ptb."): data for path, data in CONTENT.items()}


def test_whole_download_is_kept_and_not_done_again(tmp_path: Path, server: Server) -> None:
    heard: list[tuple[str, int, int | None]] = []
    folder = fetch("ptb", server.url, lambda *event: heard.append(event))
    assert folder == cache_folder() / "ptb"
    assert _held(tmp_path) == _whole()
    train = CONTENT["/ptb.train.txt"]
    assert heard[0] == ("ptb.train.txt", 0, len(train))
    assert ("ptb.train.txt", len(train), len(train)) in heard
    asked = len(server.requests)
    fetch("ptb", server.url)
    assert len(server.requests) == asked


def test_fetched_name_is_a_corpus(server: Server) -> None:
    with pytest.raises(CorpusError, match="hyperprune data get ptb"):
        load(CorpusConfig(source="ptb"))
    fetch("ptb", server.url)
    config = CorpusConfig(source="ptb")
    assert config.source == "ptb"
    assert len(load(config).train) == 40_001
    (cache_folder() / "ptb" / "valid.txt").write_text("other text\n")
    load.cache_clear()
    with pytest.raises(CorpusError, match=r"valid\.txt is damaged"):
        load(config)
    fetch("ptb", server.url)
    assert len(load(config).train) == 40_001


def test_damaged_file_is_not_kept(tmp_path: Path, server: Server) -> None:
    good = server.files["/ptb.train.txt"]
    server.files["/ptb.train.txt"] = good[:-2] + b"x\n"
    with pytest.raises(DownloadError, match=r"not the published file.*--url"):
        fetch("ptb", server.url)
    assert _held(tmp_path) == {}
    server.files["/ptb.train.txt"] = good
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()


def test_cut_off_download_goes_on_by_itself(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.cuts = 40_960, 3
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()
    ranges = [wanted for path, wanted in server.requests if path == "/ptb.train.txt"]
    assert ranges == ["", "bytes=40960-", "bytes=81920-", "bytes=122880-"]


def test_cut_off_for_good_is_resumed_by_the_next_call(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.cuts = 70_000, 1
    real = server.files["/ptb.train.txt"]

    def stop(name: str, received: int, total: int | None) -> None:
        if received >= 32_768:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("ptb", server.url, stop)
    left = _held(tmp_path)
    assert list(left) == ["ptb.train.txt.part"]
    assert real.startswith(left["ptb.train.txt.part"])
    server.cuts = 0
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()
    assert server.requests[1] == ("/ptb.train.txt", f"bytes={len(left['ptb.train.txt.part'])}-")


def test_server_that_always_cuts_off_is_given_up_with_what_to_do(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.cuts, server.ignore_ranges = 20_480, 99, True
    with pytest.raises(DownloadError, match=r"cut off after 20,480 bytes: give the same command again"):
        fetch("ptb", server.url)
    server.cuts = 0
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()


def test_part_of_another_file_is_given_up(tmp_path: Path, server: Server) -> None:
    """What an earlier version left is longer than the file: the server says 416, and all begins anew."""
    folder = tmp_path / "cache" / "ptb"
    folder.mkdir(parents=True)
    (folder / "ptb.train.txt.part").write_bytes(b"x" * 10**6)
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()


def test_slow_server_is_waited_for_and_a_silent_one_is_not(tmp_path: Path, server: Server) -> None:
    server.pause = 0.05
    fetch("ptb", server.url, timeout=0.5)
    assert _held(tmp_path) == _whole()
    (tmp_path / "cache" / "ptb" / "train.txt").unlink()
    server.silent = True
    with pytest.raises(DownloadError, match=r"sent nothing for 0\.5 s"):
        fetch("ptb", server.url, timeout=0.5)


def test_mirror_may_use_our_names(tmp_path: Path) -> None:
    ours = {f"/data/{name}": data for name, data in _whole().items()}
    with serving(Server(ours)) as server:
        fetch("ptb", f"{server.url}/data/")
    assert _held(tmp_path) == _whole()


def test_addresses_that_lead_nowhere_are_named(server: Server) -> None:
    with pytest.raises(DownloadError, match=r"answers 404 Not Found: .*--url"):
        fetch("ptb", f"{server.url}/elsewhere")
    with pytest.raises(DownloadError, match="cannot reach http://127"):
        fetch("ptb")
    with pytest.raises(DownloadError, match="is no address"):
        fetch("ptb", "mirror")
    with pytest.raises(UnknownNameError, match="choose one of ptb, wikitext-2"):
        fetch("ptb2")


def test_second_process_is_refused(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "cache" / "ptb"
    folder.mkdir(parents=True)
    with locked(folder), pytest.raises(RunFolderError, match="in use"):
        fetch("ptb", server.url)


@pytest.mark.parametrize("name", ["ptb", "wikitext-2"])
def test_published_hashes_are_those_of_the_files(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    if not (SHARED / name).is_dir():
        pytest.skip(f"the corpus {name} is not beside this checkout")
    for file, remote in DATASETS[name].files.items():
        data = (SHARED / name / file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (remote.size, remote.sha256)
