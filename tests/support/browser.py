"""Chromium as a reader opens a page in it: without a window, every request, dialog and complaint of it noted."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from program import tool

PATIENCE = 60.0
_OWN = re.compile(rb"^[A-Z]+ (http://)?[a-z0-9.]*\.?(google|googleapis|gstatic)\.com[:/]")
# Chromium is spoken to on descriptors 3 and 4; a shell cannot pass on higher ones.
_START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)
_QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-default-apps "
    "--disable-extensions --disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider "
    "--no-pings --disable-domain-reliability --metrics-recording-only --lang=zh-CN --remote-debugging-pipe"
)


@dataclass
class Browser:
    """One tab. What it asked for, said and complained of since it was begun."""

    reading: int
    writing: int
    asked: list[bytes]  # whatever went out to the network at all
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    session: str = ""
    count: int = 0
    rest: bytes = b""
    loaded: int = 0

    def open(self, path: Path, fragment: str = "") -> None:
        """The file is opened and loaded; data it loads later may still be missing."""
        for address in ("about:blank", path.resolve().as_uri() + fragment):
            loaded = self.loaded
            self.call("Page.navigate", url=address)
            self._until(lambda before=loaded: self.loaded > before)

    def run(self, script: str) -> Any:
        """The value of a script, promises waited for."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def worked(self, script: str) -> float:
        """Milliseconds of computing that a script and what it draws cost, however busy the machine is."""
        self.call("Performance.enable", timeDomain="threadTicks")
        before = self._computed()
        self.run(script)
        return (self._computed() - before) * 1000

    def _computed(self) -> float:
        found = {item["name"]: item["value"] for item in self.call("Performance.getMetrics")["metrics"]}
        return float(found["TaskDuration"])

    def wait(self, script: str) -> None:
        """Returns when the script is true."""
        end = time.monotonic() + PATIENCE
        while not self.run(f"Boolean({script})"):
            assert time.monotonic() < end, script
            time.sleep(0.02)

    def size(self, width: int, height: int) -> None:
        """The window has this size."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def write(self, text: str) -> None:
        """The text is typed where the cursor stands."""
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """The key is pressed and let go."""
        codes = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        common = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0]))}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def picture(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def printed(self, path: Path) -> None:
        """What would be printed, as PDF."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"]))

    @property
    def text(self) -> str:
        """All words that are seen."""
        return str(self.run("document.body.innerText"))

    @property
    def leaked(self) -> list[bytes]:
        """What went out to the network, what Chromium asks its maker by itself apart."""
        return [said for said in self.asked if not _OWN.search(said)]

    # ── the pipe

    def call(self, method: str, **parameters: object) -> Any:
        """What Chromium answers to a command."""
        self.count += 1
        said: dict[str, object] = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            said["sessionId"] = self.session
        data = json.dumps(said).encode() + b"\0"
        while data:
            data = data[os.write(self.writing, data) :]
        number, answer = self.count, []

        def answered() -> bool:
            return bool(answer)

        self._until(answered, number, answer)
        assert "error" not in answer[0], (method, answer[0])
        return answer[0].get("result", {})

    def _until(self, is_done: Any, number: int = 0, answer: list[Any] | None = None) -> None:
        end = time.monotonic() + PATIENCE
        while not is_done():
            for said in self._said(end):
                if said.get("id") == number and answer is not None:
                    answer.append(said)
                elif "method" in said:
                    self._note(said["method"], said.get("params", {}))

    def _said(self, end: float) -> Iterator[Any]:
        ready, _, _ = select.select([self.reading], [], [], max(0.0, end - time.monotonic()))
        assert ready, "Chromium does not answer"
        read = os.read(self.reading, 1 << 20)
        assert read, "Chromium ended"
        *whole, self.rest = (self.rest + read).split(b"\0")
        return map(json.loads, whole)

    def _note(self, method: str, said: Mapping[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self.loaded += 1
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Page.javascriptDialogOpening":
                self.dialogs.append(said["message"])
                self.complaints.append("dialog")
            case "Log.entryAdded":
                self.complaints.append(said["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["exceptionDetails"]))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser whose every way to the network leads to a listener that only notes what comes."""
    command = tool("chromium")
    (to_it, from_us), (to_us, from_it) = os.pipe(), os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_it, from_it)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _listener() as (port, asked):
        words = [sys.executable, "-c", _START, *map(str, high), command, *_QUIET.split(), f"--user-data-dir={profile}"]
        words += [f"--proxy-server=127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>", "about:blank"]
        running = subprocess.Popen(words, pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (*high, to_it, from_it):
            os.close(end)
        try:
            browser = Browser(to_us, from_us, asked)
            _attach(browser)
            yield browser
            browser.session = ""
            browser.call("Browser.close")
        finally:
            os.close(to_us)
            os.close(from_us)
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _attach(browser: Browser) -> None:
    [page] = [t for t in browser.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
    browser.session = browser.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log"):
        browser.call(f"{domain}.enable")


@contextmanager
def _listener() -> Iterator[tuple[int, list[bytes]]]:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(2)
                    try:
                        asked.append(connection.recv(300))
                    except OSError:
                        asked.append(b"")

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], asked
        server.shutdown(socket.SHUT_RDWR)
