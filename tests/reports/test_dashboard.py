"""Optuna's dashboard on a run folder: what it shows, in a real browser too, and that it can harm nothing."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chromium
from hyperprune.errors import ConfigurationError
from hyperprune.search import Event, RoundBegan, RunFolder, SearchConfig, SearchResult, run

pytest.importorskip("optuna_dashboard", reason="needs the extra dashboard")
import optuna
from optuna.trial import TrialState

from hyperprune.reports import gather
from hyperprune.reports.dashboard import Window, server
from hyperprune.reports.dashboard.pictures import Pictures
from hyperprune.reports.dashboard.study import copied
from hyperprune.search.asking.study import stored_study

BROWSER = chromium.executable()
Searched = tuple[RunFolder, SearchResult]


class Client:
    """Asks a served window, as a page of it would."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=60) as answer:
            return bytes(answer.read())

    def study(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.get("/api/studies/0"))
        return document

    def refused(self, path: str, method: str = "GET", **headers: str) -> int:
        request = urllib.request.Request(
            f"{self.address}{path}", method=method, data=b"{}" if method != "GET" else None, headers=headers
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)
        return caught.value.code


def _serving(folder: RunFolder) -> Iterator[Client]:
    with server(Window(folder), 0) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield Client(listening.server_port)
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def client(searched: Searched) -> Iterator[Client]:
    yield from _serving(searched[0])


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_candidate_is_there_with_value_story_and_picture(client: Client, searched: Searched) -> None:
    _, result = searched
    study = client.study()
    assert "is selected" in study["note"]["body"]
    assert len(study["artifacts"]) == 1, "the dense network's spectra"
    assert len(study["trials"]) == len(result.candidates)
    for trial, candidate in zip(study["trials"], result.candidates, strict=True):
        assert trial["values"] == [candidate.pool_metric]
        assert [v["value"] for v in trial["intermediate_values"]] == list(candidate.curve.ls_distance)
        known = {entry["key"]: entry["value"] for entry in trial["user_attrs"]}
        assert known["standing"] == candidate.standing
        story = trial["note"]["body"]
        assert f"Candidate {candidate.number}" in story
        if candidate.final is not None:
            assert f"test perplexity {candidate.final.test_score:.2f}" in story
        if candidate.duplicate_of is not None:
            assert f"same as {candidate.duplicate_of}" in story
        (artifact,) = trial["artifacts"]
        assert artifact["mimetype"] == "image/png"
        picture = client.get(f"/artifacts/0/{trial['trial_id']}/{artifact['artifact_id']}")
        assert picture.startswith(b"\x89PNG")


def test_stories_tell_each_ranking(client: Client, searched: Searched) -> None:
    stories = [trial["note"]["body"] for trial in client.study()["trials"]]
    for ranking in searched[1].rounds:
        for place, number in enumerate(ranking.ranking, 1):
            onward = "survived" if number in ranking.promoted else "fell"
            line = f"After epoch {ranking.until}: place {place} of {len(ranking.ranking)}"
            assert any(part.startswith(line) and onward in part for part in stories[number].splitlines())


def test_it_changes_nothing(searched: Searched, tmp_path: Path) -> None:
    """Not by being looked at, and not by what a page could ask for."""
    shutil.copytree(searched[0].path, tmp_path / "run")
    before = _hashes(tmp_path / "run")
    for client in _serving(RunFolder(tmp_path / "run")):
        study = client.study()
        client.get(f"/artifacts/0/0/{study['trials'][0]['artifacts'][0]['artifact_id']}")
        client.get("/csv/0")
        assert client.refused("/api/studies/0", "DELETE") == 405
        assert client.refused("/api/studies/0/note", "PUT") == 405
        assert client.refused("/api/trials/0/tell", "POST") == 405
        assert len(client.study()["trials"]) == len(study["trials"])
    assert _hashes(tmp_path / "run") == before


def test_only_this_machine_is_answered(client: Client) -> None:
    """A page of the web can point a name of its own at 127.0.0.1; its name is in what it asks."""
    assert client.refused("/api/studies/0", Host="evil.example:80") == 403
    assert client.refused("/artifacts/0/0/0000ffff-00000001") == 404


def test_a_port_in_use_says_so(client: Client, searched: Searched) -> None:
    port = int(client.address.rsplit(":", 1)[1])
    with pytest.raises(ConfigurationError, match=f"cannot listen on port {port} .*--port"):
        server(Window(searched[0]), port)
    with pytest.raises(ConfigurationError, match="70000"):
        server(Window(searched[0]), 70_000)


class Killed(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.slow
def test_it_follows_a_search_that_goes_on(
    config: SearchConfig, searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the pool, looked at, and gone on with while it is served."""
    monkeypatch.setattr("hyperprune.reports.dashboard.window._EVERY", 0.0)
    monkeypatch.setattr("hyperprune.reports.dashboard.window._SHARE", 1e9)

    def stop(event: Event) -> None:
        if isinstance(event, RoundBegan) and event.name == "finals":
            raise Killed

    with pytest.raises(Killed):
        run(config, tmp_path / "run", listener=stop)
    for client in _serving(RunFolder(tmp_path / "run")):
        study = client.study()
        assert "has not ended" in study["note"]["body"]
        assert len(study["trials"]) == config.search.candidates
        assert not any("Trained to the end" in trial["note"]["body"] for trial in study["trials"])
        result = run(config, tmp_path / "run")
        assert result == searched[1]
        time.sleep(0.01)
        ended = client.study()
        assert "is selected" in ended["note"]["body"]
        story = ended["trials"][result.finalists[0].number]["note"]["body"]
        assert "Trained to the end" in story


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome on the PATH or in CHROMIUM")
def test_in_a_browser(client: Client, searched: Searched) -> None:
    """Story and picture of the selected candidate; nothing is asked of another machine, nothing complains."""
    assert BROWSER is not None
    selected = searched[1].selected
    with chromium.Page(BROWSER) as page:
        page.open(f"{client.address}/dashboard/studies/0/trials?numbers={selected}", width=1300, height=1600)
        assert _until(page, "document.body.innerText.includes('Trained to the end')")
        assert _until(
            page, "[...document.images].some(i => i.src.includes('/artifacts/') && i.naturalWidth > 400)"
        )
        page.open(f"{client.address}/dashboard/studies/0", width=1300, height=1600)
        assert _until(page, "document.body.innerText.includes('ls, l2, first epochs')")
        assert _until(page, "document.querySelectorAll('.js-plotly-plot').length >= 3")
        elsewhere = [
            asked for asked in page.requests if not asked.startswith((client.address, "data:", "blob:"))
        ]
        assert elsewhere == []
        assert page.complaints == []


def _until(page: chromium.Page, condition: str) -> bool:
    """Wait for what the page's scripts draw."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if page.evaluate(condition):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_command_serves_until_ctrl_c(searched: Searched) -> None:
    command = [sys.executable, "-m", "hyperprune", "dashboard", str(searched[0].path), "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_eliminated_candidates_are_pruned_and_the_selected_is_marked(
    searched: tuple[RunFolder, SearchResult],
) -> None:
    folder, result = searched
    findings = gather(folder)
    storage = copied(findings, stored_study(folder.database).trials, Pictures(findings), {})
    study = optuna.load_study(study_name="hyperprune", storage=storage)
    states = {candidate.number: candidate.standing for candidate in result.candidates}
    for trial in study.trials:
        assert (trial.state == TrialState.PRUNED) == (states[trial.number] == "eliminated")
        assert trial.user_attrs["selected"] == (trial.number == result.selected)
    assert states[study.best_trial.number] in ("selected", "finalist", "duplicate")
    assert stored_study(folder.database).attributes["selected"] == result.selected
