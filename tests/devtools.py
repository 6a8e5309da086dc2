"""One headless chromium for many pages, spoken to over a pipe: what each writes to its console, and what it loads."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Opened(NamedTuple):
    """What a page did: errors of its console, and addresses outside the folder that it asked for."""

    errors: list[str]
    outside: list[str]


class Browser:
    """A page of a running chromium, which goes from address to address."""

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = send, receive
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command; events that come before it are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._receive, 1 << 16)
            assert part, "chromium has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, address: str) -> Opened:
        """Go there and wait until it is loaded."""
        self._events.clear()
        self.call("Page.navigate", url=address)
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._next())
        self.evaluate("1")  # whatever was said by then has come
        return Opened([*self._errors()], [*self._outside()])

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def size(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """The window, and whether the reader wants dark pages."""
        phone = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """What the window shows, or the whole page, as PNG."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        file.write_bytes(base64.b64decode(data))

    def _errors(self) -> Iterator[str]:
        for event in self._events:
            about = event.get("params", {})
            match event.get("method"):
                case "Runtime.exceptionThrown":
                    details = about["exceptionDetails"]
                    yield f"{details['text']} {details.get('exception', {}).get('description', '')}"
                case "Runtime.consoleAPICalled" if about["type"] in ("error", "assert"):
                    yield json.dumps(about["args"])[:300]
                case "Log.entryAdded" if about["entry"]["level"] == "error":
                    yield f"{about['entry']['text']} {about['entry'].get('url', '')}"

    def _outside(self) -> Iterator[str]:
        for event in self._events:
            if event.get("method") == "Network.requestWillBeSent":
                address = event["params"]["request"]["url"]
                if not address.startswith(("file:", "data:", "blob:", "about:")):
                    yield address


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A chromium that keeps what it must keep in `folder`, and ends with the block."""
    (theirs, ours), (mine, its) = os.pipe(), os.pipe()

    # chromium reads from 3 and writes to 4; a shell sets them: preexec_fn would fork beside JAX's threads
    line = f'exec "$@" 3<&{theirs} 4>&{its}'
    command = ["bash", "-c", line, "bash", "chromium", *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, pass_fds=(theirs, its), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(theirs)
    os.close(its)
    try:
        yield Browser(ours, mine)
    finally:
        os.close(ours)
        os.close(mine)
        process.terminate()
        process.wait(30)
