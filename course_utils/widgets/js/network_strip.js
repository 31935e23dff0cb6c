// A few maps of a layer beside each other, one of them chosen.

const LEVELS = 256;
const SHOWN = 48; // pixels of a map's side on the page

/** The colour of each level: grey, or blue over white to red where values are signed. */
function paletteOf({ signed, limit, brightest }) {
  const gain = limit / brightest;
  const grey = (level) => Array(3).fill(Math.min(level * gain, 255));
  return Array.from({ length: LEVELS }, (_, level) => (signed ? divergingColour(((level - 127) / 127) * gain) : grey(level)));
}

function paint(canvas, levels, { height, width, palette }) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  canvas.style.imageRendering = Math.max(width, height) > SHOWN ? "auto" : "pixelated"; // fine maps would flicker
  const picture = new ImageData(width, height);
  levels.forEach((level, i) => {
    picture.data.set(palette[level], 4 * i);
    picture.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

const STEPS = {
  ArrowLeft: () => -1, ArrowUp: () => -1, ArrowRight: () => 1, ArrowDown: () => 1,
  PageUp: (count) => -count, PageDown: (count) => count,
  Home: () => -Infinity, End: () => Infinity,
};

/** count maps at a time; choose(rank) counts over all channels. */
export function mapStrip({ count, choose }) {
  const group = element("div", { role: "radiogroup", class: "cnn-strip" });
  const title = element("p", { class: "cnn-title" });
  const back = button("channels_back", "Channels before these", "◀ Before", () => turn(-count));
  const on = button("channels_on", "Channels after these", "After ▶", () => turn(count));
  const pages = element("div", { class: "cnn-strip-pages" }, back, on);
  const cells = Array.from({ length: count }, (_, place) => stripCell(place));
  group.append(...cells.map(({ element: node }) => node));
  group.addEventListener("keydown", walk);
  let state = { rank: 0, total: 0 };

  function stripCell(place) {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const name = element("span", { class: "cnn-strip-name" });
    const range = element("span", { class: "cnn-strip-range" });
    const node = element("div", { role: "radio", tabindex: -1, class: "cnn-strip-map" }, canvas, name, range);
    node.addEventListener("click", () => pick(state.rank - (state.rank % count) + place));
    return { element: node, canvas, name, range };
  }

  function pick(rank) {
    const inside = Math.min(Math.max(rank, 0), state.total - 1);
    choose(inside);
    cells[inside % count].element.focus({ preventScroll: true });
  }

  function turn(by) {
    choose(Math.min(Math.max(state.rank + by, 0), state.total - 1));
  }

  function walk(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    pick(state.rank + step(count));
  }

  return {
    element: element("div", { class: "cnn-network-strip" }, element("div", { class: "cnn-strip-head" }, title, pages), group),
    /** page as readPage; rank of the chosen channel among `total`. */
    show(page, { rank, total, byStrength }) {
      state = { rank, total };
      const first = rank - (rank % count);
      const how = byStrength ? "largest mean magnitude first" : "in order";
      setText(title, `Maps ${first + 1} to ${first + page.count} of ${total}, ${how}`);
      setAttribute(group, "aria-label", `Map shown enlarged, ${how}`);
      pages.hidden = total <= count;
      back.disabled = first === 0;
      on.disabled = first + page.count >= total;
      cells.forEach((cell, place) => {
        cell.element.hidden = place >= page.count;
        if (place >= page.count) return;
        const chosen = place === rank % count;
        paint(cell.canvas, page.levels(place), page);
        setText(cell.name, String(page.channels[place]));
        setText(cell.range, page.ranges[place]);
        setAttribute(cell.element, "aria-checked", String(chosen));
        setAttribute(cell.element, "aria-label", `Channel ${page.channels[place]}: ${page.ranges[place]}`);
        cell.element.tabIndex = chosen ? 0 : -1;
      });
    },
  };
}
