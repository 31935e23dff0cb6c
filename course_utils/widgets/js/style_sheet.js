// Stored pictures: one file holds all results of a pair; a canvas shows one of them.

/** Decodes the file of a pair once; `redraw` is called when that is done. */
export function pictureReader(pairs, redraw) {
  const decoded = new Map();
  return {
    /** The picture of a pair, or null as long as it is being decoded. */
    get(pair, part) {
      const key = `${pair}/${part}`;
      if (!decoded.has(key)) {
        decoded.set(key, null);
        const file = new Blob([pairs[pair][part]], { type: "image/webp" });
        createImageBitmap(file).then((image) => {
          decoded.set(key, image);
          redraw();
        });
      }
      return decoded.get(key);
    },
  };
}

/** A titled canvas whose picture says in words what it is. */
export function stylePanel(name) {
  const canvas = element("canvas", { role: "img", class: `cnn-style-${name}` });
  const title = element("p", { class: "cnn-title" });
  const context = canvas.getContext("2d");

  return {
    element: element("div", { class: "cnn-panel" }, title, canvas),
    canvas,
    describe(heading, label) {
      setText(title, heading);
      setAttribute(canvas, "aria-label", label);
    },
    /** Draw a part of an image, or all of it. */
    draw(image, x = 0, y = 0, width = image.width, height = image.height) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      context.drawImage(image, x, y, width, height, 0, 0, width, height);
    },
    clear() {
      context.clearRect(0, 0, canvas.width, canvas.height);
    },
  };
}
