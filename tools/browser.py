"""Drive a real JupyterLab in a real Chromium: for browser tests and benchmarks."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

INSTALL_CHROMIUM: Final = (
    "no Chromium found: install it with `apt-get install chromium`, "
    "or run `python -m playwright install chromium`"
)
_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_START_SECONDS: Final = 60
_RUN_SECONDS: Final = 180

# "Run All" is dropped silently while the kernel is still connecting
_KERNEL_READY: Final = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
  const kernel = session?.session?.kernel;
  return session?.isReady && kernel?.status === 'idle'
    && kernel?.connectionStatus === 'connected';
}"""
_RUN_ALL: Final = """() => {
  window.ranAll = undefined;
  const { commands } = window.jupyterapp;
  commands.execute('notebook:run-all-cells').then((done) => { window.ranAll = done; });
}"""
_FIRST_ERROR: Final = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  for (const { model } of cells.filter((cell) => cell.model.type === 'code')) {
    const outputs = model.outputs.toJSON();
    const error = outputs.find((output) => output.output_type === 'error');
    if (error) return `${model.sharedModel.source}\n${error.ename}: ${error.evalue}`;
  }
  return 'no cell shows an error';
}"""


def chromium_path(playwright: Playwright) -> str | None:
    """The system's Chromium, else the one Playwright keeps, else ``None``."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    own = playwright.chromium.executable_path
    return found or (own if Path(own).is_file() else None)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A Chromium that ends with the block.

    Raises:
        FileNotFoundError: If there is none, with what to install.
    """
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            raise FileNotFoundError(INSTALL_CHROMIUM)
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def running_lab(root: Path) -> Iterator[str]:
    """A JupyterLab server on ``root``; yields its address, token included.

    Raises:
        RuntimeError: If the server does not answer in time, with what it printed.
    """
    port, token = _free_port(), secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *(f"--port={port}", "--ip=127.0.0.1", f"--ServerApp.root_dir={root}"),
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=",
    ]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as own:
        # settings of its own: the user's theme and layout stay as they are
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": own}
        log = Path(own) / "jupyterlab.log"
        with log.open("w") as written:
            server = subprocess.Popen(
                command, stdout=written, stderr=subprocess.STDOUT, env=environment
            )
        try:
            _wait_until_up(server, f"{address}/api", log)
            yield f"{address}/lab?token={token}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def open_notebook(page: Page, address: str, path: str) -> None:
    """Open a notebook of the server's root and wait for its kernel."""
    page.goto(address.replace("/lab?", f"/lab/tree/{path}?reset&"))
    page.wait_for_function(_KERNEL_READY, timeout=_RUN_SECONDS * 1000)


def run_all(page: Page) -> None:
    """Run every cell of the open notebook and wait for the last one.

    Raises:
        RuntimeError: If a cell fails, with its source and its error.
    """
    page.evaluate(_RUN_ALL)
    patience = _RUN_SECONDS * 1000
    page.wait_for_function("() => window.ranAll !== undefined", timeout=patience)
    if not page.evaluate("() => window.ranAll"):
        raise RuntimeError(f"not every cell ran: {page.evaluate(_FIRST_ERROR)}")
    page.wait_for_function(_KERNEL_READY, timeout=patience)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_up(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)  # not up yet
    raise RuntimeError(f"JupyterLab did not answer; it printed:\n{log.read_text()}")
