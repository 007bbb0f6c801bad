"""An installed Chromium without a window, driven over a pipe by the DevTools protocol; needs no package."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # a container's root cannot make a sandbox; only pages of our own are opened
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
)
# The browser reads commands from descriptor 3 and writes to 4.
_LAUNCH = (
    "import os, sys; r, w = (os.dup(os.dup(int(a))) for a in sys.argv[1:3]); "
    "r, w = os.dup2(r, 93), os.dup2(w, 94); os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_PATIENCE = 60.0


def executable() -> str | None:
    """Path of an installed Chromium or Chrome, or of the one that CHROMIUM names."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


class Page:
    """A browser with one page.

    Args:
        path: the browser's executable.

    Attributes:
        requests: addresses that the page asked for, that of the page itself left out.
        complaints: errors and warnings of the console, and exceptions.
    """

    def __init__(self, path: str) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._path, self._count, self._buffer = path, 0, b""
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> "Page":
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        read, self._write = os.pipe()
        self._read, write = os.pipe()
        command = [sys.executable, "-c", _LAUNCH, str(read), str(write), self._path, *_FLAGS]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={self._profile.name}", "about:blank"],
            pass_fds=(read, write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._write)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        self._profile.cleanup()

    def open(
        self,
        place: Path | str,
        *,
        width: int = 1100,
        height: int = 900,
        dark: bool = False,
        scripts: bool = True,
    ) -> None:
        """Open a file or an address and wait until what it asks for is loaded; without scripts if wanted."""
        self.requests.clear()
        self.complaints.clear()
        phone = width < 600
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.call("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self._events.clear()
        own = place if isinstance(place, str) else place.resolve().as_uri()
        self.call("Page.navigate", {"url": own})
        self._wait(lambda event: event["method"] == "Page.loadEventFired")
        self.call("Emulation.setScriptExecutionDisabled", {"value": False})
        self.settle()
        self.requests[:] = [address for address in self.requests if address.split("#")[0] != own]

    def settle(self) -> None:
        """Let scripts, layout and two frames go by."""
        self.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; promises are awaited.

        Raises:
            RuntimeError: it threw.
        """
        parameters = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", parameters)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", script))
        return answer["result"].get("value")

    def point_at(self, selector: str) -> None:
        """Move the mouse to the middle of the first element that a selector finds."""
        x, y = self.evaluate(
            f"(e => {{ e.scrollIntoView({{block: 'center', behavior: 'instant'}}); const b = "
            f"e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] }})"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        self.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})
        self.settle()

    def screenshot(self, target: Path, *, part: tuple[float, float, float, float] | None = None) -> None:
        """Save a PNG of what is in view, or of a part of the page: left, top, width, height in pixels."""
        parameters: dict[str, Any] = {"format": "png", "captureBeyondViewport": part is not None}
        if part is not None:
            parameters["clip"] = dict(zip(("x", "y", "width", "height"), part, strict=True)) | {"scale": 1}
        data = self.call("Page.captureScreenshot", parameters)["data"]
        target.write_bytes(base64.b64decode(data))

    def call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """One command of the DevTools protocol to the page."""
        return self._call(method, parameters or {}, session=self._session)

    def _call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda event: event.get("id") == message["id"])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message, already received or to come, that is wanted."""
        deadline = time.monotonic() + _PATIENCE
        for place, event in enumerate(self._events):
            if "method" in event and wanted(event):
                return self._events.pop(place)
        while True:
            event = self._receive(deadline)
            self._note(event)
            if ("method" in event or "id" in event) and wanted({"method": "", **event}):
                return event
            self._events.append(event)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError(f"the browser gave no answer within {_PATIENCE:.0f} s, or has ended")
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        event: dict[str, Any] = json.loads(text)
        return event

    def _note(self, event: dict[str, Any]) -> None:
        method, given = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(given["exceptionDetails"]["text"])
        elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.complaints.append(given["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(given["args"]))
