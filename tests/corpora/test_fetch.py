"""Fetching a data set from a server on 127.0.0.1: whole, damaged, cut off, slow, silent, hostile."""

import gzip
import hashlib
import importlib.util
import os
import random
import sys
import types
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
    monkeypatch.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda _: None))  # between attempts


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


def test_cut_off_download_is_tried_again(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.cuts = 40_960, 2
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()
    assert [path for path, _ in server.requests].count("/ptb.train.txt") == 3


def test_server_that_always_cuts_off_is_given_up_with_what_to_do(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.cuts = 20_480, 99
    with pytest.raises(DownloadError, match=r"cut off: run the same command again"):
        fetch("ptb", server.url)
    assert _held(tmp_path) == {}
    server.cuts = 0
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()


def test_what_a_kill_left_is_deleted(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "cache" / "ptb"
    folder.mkdir(parents=True)
    left = folder / f".train.txt.{'a' * 16}.part"
    left.mkdir()
    (left / "ptb.train.txt").write_text("half")
    fetch("ptb", server.url)
    assert _held(tmp_path) == _whole()


def test_stopped_by_the_user_nothing_is_left(tmp_path: Path, server: Server) -> None:
    def stop(name: str, received: int, total: int | None) -> None:
        if received >= 32_768:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("ptb", server.url, stop)
    assert _held(tmp_path) == {}


def test_an_endless_stream_ends_at_the_known_size(tmp_path: Path, server: Server) -> None:
    server.endless = True
    with pytest.raises(DownloadError, match=r"continues after its [\d,]+ bytes"):
        fetch("ptb", server.url)
    assert _held(tmp_path) == {}


def test_a_packed_answer_is_not_unpacked(tmp_path: Path, server: Server) -> None:
    """A megabyte of gzip is a gigabyte of zeros."""
    server.files["/ptb.train.txt"] = gzip.compress(bytes(10**8))
    server.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(DownloadError, match="is compressed"):
        fetch("ptb", server.url)
    assert _held(tmp_path) == {}


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x", "1e9", "100"])
def test_a_length_that_is_not_the_known_one_is_refused(tmp_path: Path, server: Server, length: str) -> None:
    server.headers = {"Content-Length": length}
    with pytest.raises(DownloadError, match=r"http://127.*(--url|again)"):
        fetch("ptb", server.url)
    assert _held(tmp_path) == {}


@pytest.mark.parametrize(
    "target",
    [
        "http://" + "a" * 300 + ".example/x",
        "http://[::1/x",
        "http://\udcff\udcfe/",
        "gopher://x/y",
        "http://127.0.0.1:99999/x",
        "loop/",
        "",
    ],
)
def test_a_bad_redirect_is_one_line(tmp_path: Path, server: Server, target: str) -> None:
    server.redirect = target
    with pytest.raises(DownloadError) as raised:
        fetch("ptb", server.url)
    assert "\n" not in str(raised.value)
    assert _held(tmp_path) == {}


def test_a_redirect_with_an_endless_body_is_not_read(tmp_path: Path, server: Server) -> None:
    server.redirect, server.endless = "/nowhere.txt", True
    with pytest.raises(DownloadError, match="answers 404"):
        fetch("ptb", server.url)


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No silence is ever as long as the time limit of a read, and yet the file would take a year."""
    monkeypatch.setattr("hyperprune.corpora.progress.SLOWEST", 10**6)
    server.drip = 0.05
    with pytest.raises(DownloadError, match="did not arrive completely within"):
        fetch("ptb", server.url, timeout=0.2)
    assert _held(tmp_path) == {}


def test_a_fetched_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path, server: Server) -> None:
    before = os.umask(0o022)
    try:
        folder = fetch("ptb", server.url)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


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
    with pytest.raises(DownloadError, match="is not an address"):
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
