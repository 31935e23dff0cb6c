// A matrix as a table of its numbers, with a movable window frame over it.

const HEADER = 18; // pixels for the row and column indices

/**
 * show({height, width, values, tints, marks, origin, window, active}) → decimals written
 *   values[i] the number of cell i, or null for a blank one
 *   tints[i]  −1 (blue) to 1 (red), for signed values
 *   marks[i]  class names of cell i;  origin  index of the first row and column
 *   window    {top, left, height, width} in cells, or null
 *   active    [row, col] of the current cell, or null
 */
export function createGrid({ caption, area, largest, headers = true, interactive = false, onPoint }) {
  const table = element("table", interactive ? { role: "grid" } : {});
  const frame = element("div", { class: "cnn-window", "aria-hidden": "true" });
  const box = element("div", { class: "cnn-grid" }, table, frame);
  const edge = headers ? HEADER : 0;
  let shape = "";
  let cells = [];
  let cellSize = largest;

  function build(height, width, [firstRow, firstCol]) {
    const index = (i) => (i < 0 ? `−${-i}` : String(i));
    const body = element("tbody");
    cells = [];
    for (let row = 0; row < height; row++) {
      const line = element("tr");
      if (headers) line.append(element("th", { scope: "row" }, index(firstRow + row)));
      for (let col = 0; col < width; col++) {
        const cell = element("td", { "data-row": row, "data-col": col });
        if (interactive) cell.setAttribute("role", "gridcell");
        line.append(cell);
        cells.push({ cell, text: null, mark: null, tint: null, active: null });
      }
      body.append(line);
    }
    table.replaceChildren(element("caption", { class: "cnn-hidden" }, caption));
    if (headers) table.append(element("thead", {}, headerRow(width, firstCol, index)));
    table.append(body);
    cellSize = Math.floor(Math.min(largest, area / Math.max(height, width)));
    box.style.setProperty("--cell", `${cellSize}px`);
    box.style.setProperty("--edge", `${edge}px`);
  }

  function headerRow(width, firstCol, index) {
    const columns = Array.from({ length: width }, (_, col) =>
      element("th", { scope: "col" }, index(firstCol + col)),
    );
    return element("tr", {}, element("td"), ...columns);
  }

  function paint(entry, text, mark, tint, active) {
    if (entry.text !== text) entry.cell.textContent = entry.text = text;
    if (entry.mark !== mark) entry.cell.className = entry.mark = mark;
    if (entry.tint !== tint) {
      entry.tint = tint;
      entry.cell.style.setProperty("--tint", (Math.abs(tint) * 0.5).toFixed(3));
      entry.cell.dataset.sign = tint > 0 ? "plus" : tint < 0 ? "minus" : "none";
    }
    if (interactive && entry.active !== active) {
      entry.active = active;
      entry.cell.tabIndex = active ? 0 : -1;
      if (active) entry.cell.setAttribute("aria-current", "true");
      else entry.cell.removeAttribute("aria-current");
    }
  }

  function show({ height, width, values, tints, marks, origin = [0, 0], window = null, active = null }) {
    const next = `${height}x${width}@${origin}`;
    if (next !== shape) build(height, width, origin);
    shape = next;
    const { texts, size, decimals } = fittingTexts(values, cellSize);
    box.style.setProperty("--digits", `${size.toFixed(1)}px`);
    cells.forEach((entry, i) => {
      const isActive = active !== null && i === active[0] * width + active[1];
      const mark = (marks?.[i] ?? "") + (isActive ? " cnn-active" : "");
      paint(entry, texts[i], mark, tints?.[i] ?? 0, isActive);
    });
    placeFrame(window);
    return decimals;
  }

  function placeFrame(window) {
    frame.hidden = window === null;
    if (window === null) return;
    frame.style.width = `${window.width * cellSize}px`;
    frame.style.height = `${window.height * cellSize}px`;
    frame.style.transform = `translate(${edge + window.left * cellSize}px, ${edge + window.top * cellSize}px)`;
  }

  function point(event) {
    const cell = event.target.closest?.("td[data-row]");
    if (cell) onPoint(Number(cell.dataset.row), Number(cell.dataset.col), event.type);
  }

  if (onPoint) onPointer(table, point);

  return {
    element: box,
    show,
    hasFocus: () => table.contains(table.getRootNode().activeElement),
    focus() {
      cells.find((entry) => entry.active)?.cell.focus({ preventScroll: true });
    },
  };
}

const LEGIBLE = 7; // pixels: below this, a decimal less is worth more

/** The width of a text in units of its font size, for the usual sans-serif faces. */
function textWidth(text) {
  const wide = { ".": 0.32, "−": 0.84, "-": 0.42, "∞": 0.84 };
  return Array.from(text, (character) => wide[character] ?? 0.64).reduce((sum, w) => sum + w, 0);
}

/** Numbers written with as many decimals, two at most, as stay legible in a cell. */
export function fittingTexts(values, cellSize, most = 2) {
  const texts = values.map((value) => (value === null ? "" : formatNumber(value, most)));
  const widest = texts.reduce((width, text) => Math.max(width, textWidth(text)), 0.64);
  const size = Math.min(cellSize * 0.42, 17, (cellSize * 0.74) / widest);
  if (size < LEGIBLE && most > 0) return fittingTexts(values, cellSize, most - 1);
  return { texts, size, decimals: most };
}

/** −1 … 1 for each value, relative to the largest magnitude. */
export function signedTints(values) {
  const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return Array.from(values, (value) => value / limit);
}
