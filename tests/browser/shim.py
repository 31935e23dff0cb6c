"""A page that shows an explorer without Jupyter: a few lines stand in for the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anywidget import AnyWidget
from playwright.sync_api import Page

from tools.publishing.explorers import state_json

Opener = Callable[..., Page]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Explorer</title>
<style>body {{ margin: 0; padding: 16px; background: {ground}; }} {css}</style></head>
<body {attributes}><main id="widget"></main>
<script type="text/plain" id="source">{module}</script>
<script type="module">
const revive = (_, value) => value?.base64 === undefined ? value
  : new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);
const state = JSON.parse(document.getElementById("state").textContent, revive);
const listeners = {{}};
window.saves = 0;
window.model = {{
  get: (name) => state[name],
  set(name, value) {{
    state[name] = value;
    (listeners[`change:${{name}}`] ?? []).forEach((listener) => listener());
  }},
  save_changes: () => {{ window.saves += 1; }},
  on: (event, listener) => {{ (listeners[event] ??= []).push(listener); }},
  off: (event, listener) => {{
    listeners[event] = listeners[event].filter((other) => other !== listener);
  }},
}};
const source = document.getElementById("source").textContent;
const blob = new Blob([source], {{ type: "text/javascript" }});
const module = await import(URL.createObjectURL(blob));
const el = document.getElementById("widget");
window.remove = module.default.render({{ model, el }});
document.body.dataset.ready = "yes";
</script>
<script type="application/json" id="state">{state}</script></body></html>"""

_GROUNDS = {"light": "#ffffff", "dark": "#111111"}


def shim_page(explorer: AnyWidget, theme: str = "light") -> str:
    """One self-contained HTML page with the explorer in the colours of JupyterLab."""
    light = "true" if theme == "light" else "false"
    return _PAGE.format(
        css=explorer._css,
        module=explorer._esm,
        state=state_json(explorer),
        ground=_GROUNDS[theme],
        attributes=f'data-jp-theme-light="{light}"',
    )


def show(
    open_page: Opener, explorer: AnyWidget, theme: str = "light", **context: Any
) -> Page:
    """Open a page with the explorer and wait until it is drawn."""
    page = open_page(shim_page(explorer, theme), **context)
    page.wait_for_selector("[data-ready=yes]", state="attached")
    return page


def cells(page: Page, panel: str) -> list[str]:
    """The texts of a grid of numbers, row after row."""
    return page.locator(
        f"table:has(caption:text-is('{panel}')) td[data-row]"
    ).all_inner_texts()


def state(page: Page, name: str) -> Any:
    """A state as Python would read it."""
    return page.evaluate("(name) => model.get(name)", name)


def press(page: Page, control: str, *keys: str) -> None:
    """Press keys on a control."""
    page.locator(f"[data-control='{control}']").focus()
    for key in keys:
        page.keyboard.press(key)
