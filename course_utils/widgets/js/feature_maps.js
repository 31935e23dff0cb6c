// Feature maps as pictures: one enlarged, and those of every layer as a grid to walk in.

const COLOUR_STEPS = 256;
// looked up for every pixel of every map at every touch
const COLOURS = Array.from({ length: COLOUR_STEPS + 1 }, (_, i) => divergingColour((2 * i) / COLOUR_STEPS - 1));

/** The largest magnitude of a layer: one scale for all its channels, before and after. */
export function layerLimit({ values }) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
}

/** A canvas with one pixel for each value; CSS enlarges it. */
function mapCanvas(attributes = {}) {
  const canvas = element("canvas", attributes);
  const context = canvas.getContext("2d");
  let picture = null;

  function sized(height, width) {
    if (picture?.width === width && picture.height === height) return;
    [canvas.width, canvas.height] = [width, height];
    picture = context.createImageData(width, height);
  }

  return {
    element: canvas,
    /** Signed values: blue below 0, white at 0, red above. */
    showMap({ values, height, width }, limit) {
      sized(height, width);
      values.forEach((value, i) => {
        const place = Math.round(((Math.min(Math.max(value / limit, -1), 1) + 1) / 2) * COLOUR_STEPS);
        picture.data.set(COLOURS[place], 4 * i);
        picture.data[4 * i + 3] = 255;
      });
      context.putImageData(picture, 0, 0);
    },
    /** Bytes of an image, one plane (grey) or three (red, green, blue). */
    showImage(bytes, [channels, height, width]) {
      sized(height, width);
      const size = height * width;
      for (let i = 0; i < size; i++) {
        for (let c = 0; c < 3; c++) picture.data[4 * i + c] = bytes[(channels === 3 ? c : 0) * size + i];
        picture.data[4 * i + 3] = 255;
      }
      context.putImageData(picture, 0, 0);
    },
  };
}

/** A titled picture with a note below. */
export function picturePanel(label) {
  const canvas = mapCanvas({ role: "img" });
  const title = element("p", { class: "cnn-title" });
  const note = element("p", { class: "cnn-note" });
  return {
    element: element("div", { class: "cnn-panel cnn-feature-picture" }, title, canvas.element, note),
    showMap: canvas.showMap,
    showImage: canvas.showImage,
    describe(titleText, noteText) {
      setText(title, titleText);
      setText(note, noteText);
      setAttribute(canvas.element, "aria-label", `${label}: ${titleText}. ${noteText}`.trim());
    },
  };
}

/**
 * The maps of every layer, a row each. Arrow keys walk: left and right through the
 * channels, up and down through the layers. `choose` gets a label and a channel.
 */
export function mapsGrid({ maps, choose }) {
  const root = element("div", { class: "cnn-maps", role: "grid", "aria-label": "Feature maps of every layer" });
  const rows = maps.map((layer, row) => layerRow(layer, row));
  root.append(...rows.map(({ element: node }) => node));
  root.addEventListener("keydown", walk);
  let chosen = [0, 0];

  function layerRow({ label, shape: [channels, height, width] }, row) {
    const header = element("div", { role: "rowheader", class: "cnn-layer" }, element("strong", {}, label), `${channels} × ${height} × ${width}`);
    const cells = Array.from({ length: channels }, (_, channel) => mapCell(label, row, channel));
    const line = element("div", { class: "cnn-cells", role: "presentation" }, ...cells.map(({ element: node }) => node));
    return { element: element("div", { role: "row", class: "cnn-layer-row" }, header, line), cells };
  }

  function mapCell(label, row, channel) {
    const canvas = mapCanvas({ "aria-hidden": "true" });
    const node = element("div", { role: "gridcell", class: "cnn-map", tabindex: -1 }, canvas.element);
    node.addEventListener("click", () => pick(row, channel));
    return { element: node, showMap: canvas.showMap, name: `${label}, channel ${channel}` };
  }

  function pick(row, channel) {
    const layer = maps[row];
    const inside = Math.min(Math.max(channel, 0), layer.shape[0] - 1);
    choose(layer.label, inside);
    rows[row].cells[inside].element.focus({ preventScroll: true });
  }

  function walk(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = movedBy(event.key, false, chosen, [maps.length, Infinity]);
    if (!to) return;
    event.preventDefault();
    pick(to[0], to[1]);
  }

  return {
    element: root,
    /** changed as of changedMaps; limits by label. */
    show({ outputs, limits, changed, layer, channel }) {
      chosen = [maps.findIndex(({ label }) => label === layer), channel];
      rows.forEach(({ cells }, row) => {
        const { label } = maps[row];
        cells.forEach((cell, i) => {
          const isChosen = row === chosen[0] && i === channel;
          const differs = changed[row].differ[i];
          cell.showMap(channelOf(outputs[label], i), limits[label]);
          cell.element.tabIndex = isChosen ? 0 : -1;
          setAttribute(cell.element, "aria-selected", String(isChosen));
          setAttribute(cell.element, "aria-label", cell.name + (differs ? ", changed" : ""));
          cell.element.classList.toggle("cnn-differs", differs);
        });
      });
    },
  };
}
