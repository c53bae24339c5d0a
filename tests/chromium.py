"""A real Chromium without a window: started by whoever opens a page, then looked at and clicked through chromedriver.

https://www.w3.org/TR/webdriver2/ in the few commands that are needed, over plain HTTP.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.rig.programs import program

__all__ = ["Chromium"]

SECONDS = 60.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # by which WebDriver names an element
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # the tests may run as root, in a container
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--remote-debugging-port=0",
)


class Chromium:
    """The browser of a desktop, whose profile is in `directory`; `command` opens a page in it."""

    def __init__(self, directory: Path) -> None:
        self._profile = directory / "profile"
        self._driver = program("chromedriver")
        self.command = directory / "chromium"
        options = " ".join((*_OPTIONS, f"--user-data-dir={self._profile}"))
        self.command.write_text(f'#!/bin/sh\nHOME={directory} exec {program("chromium")} {options} "$1"\n')
        self.command.chmod(0o755)
        self._process: subprocess.Popen[str] | None = None
        self._base = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate(timeout=SECONDS)
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        wait(lambda: not self.processes(), "the browser to end")

    def processes(self) -> list[psutil.Process]:
        """Return those of the browser, known by its profile."""
        return [process for process in psutil.process_iter() if f"--user-data-dir={self._profile}" in _words(process)]

    def attach(self) -> None:
        """Wait until somebody has started it, and take control."""
        port_file = self._profile / "DevToolsActivePort"
        wait(lambda: port_file.exists() and port_file.read_text().count("\n"), "the browser to be started")
        port = port_file.read_text().splitlines()[0]
        self._process = subprocess.Popen([self._driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        started = next(line for line in self._process.stdout if "started successfully on port" in line)
        (own_port,) = re.findall(r"port (\d+)", started)
        self._base = f"http://127.0.0.1:{own_port}"
        options = {"goog:chromeOptions": {"debuggerAddress": f"127.0.0.1:{port}"}}
        session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self._base += f"/session/{session['sessionId']}"

    def click(self, css: str) -> None:
        """Click an element, once it is there."""

        def clicked() -> bool:
            found = self._send("POST", "/elements", {"using": "css selector", "value": css})
            return bool(found) and self._send("POST", f"/element/{found[0][_ELEMENT]}/click", {}) is None

        wait(clicked, f"{css} on the page")

    def wait_for_title(self, title: str) -> None:
        """Wait until the page has this title."""
        wait(lambda: self._send("GET", "/title") == title, f"a page with the title {title}")

    def text(self) -> str:
        """Return what a person reads on the page."""
        (body,) = self._send("POST", "/elements", {"using": "css selector", "value": "body"})
        return str(self._send("GET", f"/element/{body[_ELEMENT]}/text"))

    def _send(self, method: str, path: str, content: object = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SECONDS) as response:
            return json.load(response)["value"]


def wait(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition; what chromedriver refuses, for a page that is just changing, is not yet one.

    Raises TimeoutError that names it.
    """
    until = time.monotonic() + SECONDS
    said = ""
    while True:
        try:
            if condition():
                return
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode()
        if time.monotonic() > until:
            raise TimeoutError(f"waited for {what} {said}")
        time.sleep(0.05)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
