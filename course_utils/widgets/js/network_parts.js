// The tables and the enlarged map of the network explorer.

/** Facts about the layer: a table with a header cell in each row. */
export function factsTable(labels) {
  const values = labels.map(() => element("td"));
  const rows = labels.map((label, i) => element("tr", {}, element("th", { scope: "row" }, label), values[i]));
  const caption = element("caption", { class: "cnn-hidden" }, "The chosen layer");
  return {
    element: element("table", { class: "cnn-facts" }, caption, element("tbody", {}, ...rows)),
    show: (facts) => facts.forEach((text, i) => setText(values[i], text)),
  };
}

/** The most probable classes, with a bar each. */
export function topTable() {
  const body = element("tbody");
  const head = ["class", "probability"].map((text) => element("th", { scope: "col" }, text));
  const caption = element("caption", { class: "cnn-hidden" }, "The most probable classes");
  const table = element("table", { class: "cnn-classes" }, caption, element("thead", {}, element("tr", {}, ...head)), body);
  const title = element("p", { class: "cnn-title" });

  function row([name, probability]) {
    const track = element("span", { class: "cnn-track", "aria-hidden": "true" }, element("span", { class: "cnn-bar" }));
    track.style.setProperty("--share", `${(100 * probability).toFixed(1)}%`);
    const number = element("span", { class: "cnn-number" }, fixedNumber(probability));
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, track, number));
  }

  return {
    element: element("div", { class: "cnn-network-top" }, title, table),
    show(name, top) {
      setText(title, `${name} says`);
      body.replaceChildren(...top.map(row));
    },
  };
}

const MOST_SQUARES = 64; // per side: finer ones would only flicker
const SQUARES = { colour: (value) => (value ? [186, 193, 200] : [205, 211, 217]), text: "No activations: each square is a position." };

/** What the enlarged map shows: a channel, or where there is none the bare positions. */
export function enlarged(page, place, [height, width]) {
  if (!page) {
    const isSquared = Math.max(height, width) <= MOST_SQUARES;
    const values = Float32Array.from({ length: height * width }, (_, i) => Number(isSquared && (Math.floor(i / width) + i) % 2));
    return { field: { values, height, width }, scale: SQUARES };
  }
  const levels = page.levels(place);
  const end = roundedValue(page.brightest, page.brightest);
  const text = page.signed ? `Blue: −${end} and below, white: 0, red: ${end} and above.` : `Black: 0, white: ${end} and above.`;
  return {
    field: { values: levels, height: page.height, width: page.width },
    scale: { colour: (level) => page.palette[level], text },
  };
}
