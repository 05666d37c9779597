"""A headless Chromium spoken to over a pipe: pages opened from files, what they ask of the network, what they say.

The protocol is Chromium's own (--remote-debugging-pipe): JSON messages that end in a zero byte, read by the browser
from file descriptor 3 and written to 4. No driver and no further package is needed.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--no-default-browser-check", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb"),
)
Message = dict[str, Any]


def find() -> str | None:
    """Return the program, None where no such browser is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A running browser with one page, and the events that the page gave rise to."""

    def __init__(self, process: subprocess.Popen[bytes], write: int, read: int) -> None:
        self._process, self._write, self._read = process, write, read
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._session = ""
        self.events: list[Message] = []
        target = self._send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable")

    def open(self, file: Path, width: int = 1280, height: int = 900, *, scheme: str = "light") -> None:
        """Open a file in a window of this size and colour scheme, and wait until it is loaded."""
        self.resize(width, height)
        self.emulate(scheme=scheme)
        self.events.clear()
        self._send("Page.navigate", {"url": file.resolve().as_uri()})
        self._wait("Page.loadEventFired")
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def resize(self, width: int, height: int) -> None:
        """Give the window a size in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._send("Emulation.setDeviceMetricsOverride", size)

    def emulate(self, *, scheme: str = "light", media: str = "") -> None:
        """Prefer light or dark, on the screen or (media "print") on paper."""
        self._send(
            "Emulation.setEmulatedMedia",
            {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript comes to, promises awaited."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = self._send("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description", answer))
        return answer["result"].get("value")

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        self._send("Input.insertText", {"text": text})

    def press(self, key: str, code: int) -> None:
        """Press and release a key: its name and its Windows key code."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
        self._send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **about})
        if key == "Enter":
            self._send("Input.dispatchKeyEvent", {"type": "char", "text": "\r", **about})
        self._send("Input.dispatchKeyEvent", {"type": "keyUp", **about})

    def requested(self) -> list[str]:
        """Return every address that the page asked for, itself included."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """Return exceptions, messages on the console and the browser's own log (policy violations, errors)."""
        said = []
        for event in self.events:
            match event["method"]:
                case "Runtime.exceptionThrown":
                    said.append(event["params"]["exceptionDetails"]["text"])
                case "Runtime.consoleAPICalled":
                    said.append(" ".join(str(a.get("value")) for a in event["params"]["args"]))
                case "Log.entryAdded":
                    said.append(event["params"]["entry"]["text"])
        return said

    def accessibility(self) -> list[Message]:
        """Return the nodes of the tree that a screen reader is given."""
        nodes: list[Message] = self._send("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a PNG of the window, or of the whole page."""
        asked: Message = {"format": "png"}
        if whole:
            size = self._send("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
            asked |= {"clip": clip, "captureBeyondViewport": True}
        return base64.b64decode(self._send("Page.captureScreenshot", asked)["data"])

    def pdf(self) -> bytes:
        """Return the page as it prints."""
        return base64.b64decode(self._send("Page.printToPDF", {"preferCSSPageSize": True})["data"])

    def _send(self, method: str, parameters: Mapping[str, Any] | None = None) -> Message:
        number = next(self._numbers)
        message: Message = {"id": number, "method": method, "params": dict(parameters or {})}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: Message = answer["result"]
                return result
            self.events.append(answer)

    def _wait(self, method: str) -> None:
        while not any(event["method"] == method for event in self.events):
            self.events.append(self._receive())

    def _receive(self) -> Message:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(until - time.monotonic(), 0.0))
            data = os.read(self._read, 1 << 16) if ready else b""
            if not data:
                raise AssertionError("the browser does not answer" if not ready else "the browser went away")
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        answer: Message = json.loads(text)
        return answer


@contextmanager
def running() -> Iterator[Browser]:
    """Start a browser with a profile of its own, and end it again; there must be one (see `find`)."""
    program = find()
    assert program is not None, "no browser is installed"
    to_browser, from_browser = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # the shell puts the pipes where the browser looks for them: 3 to read, 4 to write
        script = f'exec 3<&{to_browser[0]} 4>&{from_browser[1]}; exec "$@"'
        flags = (*FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank")
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", program, *flags],
            pass_fds=(to_browser[0], from_browser[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        try:
            yield Browser(process, to_browser[1], from_browser[0])
        finally:
            os.close(to_browser[1])
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(from_browser[0])
