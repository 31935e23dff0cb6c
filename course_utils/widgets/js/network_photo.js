// The photograph with the pixels that one output sees.

const OPEN_SIDES = [[4, "#ffffff", []], [2, "#9a3412", [5, 3]]]; // width, colour, dashes

const CLEAR = 2; // pixels between frame and box: a small box would lie under its frame

/** A frame without the sides that are cut off at the edge of the image. */
function strokeOpen(context, box, inside, step) {
  const whole = {
    top: box.top === inside.top,
    left: box.left === inside.left,
    bottom: box.top + box.height === inside.top + inside.height,
    right: box.left + box.width === inside.left + inside.width,
  };
  const top = inside.top * step - (whole.top ? CLEAR : 0);
  const left = inside.left * step - (whole.left ? CLEAR : 0);
  const bottom = (inside.top + inside.height) * step + (whole.bottom ? CLEAR : 0);
  const right = (inside.left + inside.width) * step + (whole.right ? CLEAR : 0);
  const sides = [
    [whole.top, left, top, right, top],
    [whole.bottom, left, bottom, right, bottom],
    [whole.left, left, top, left, bottom],
    [whole.right, right, top, right, bottom],
  ];
  for (const [lineWidth, strokeStyle, dashes] of OPEN_SIDES) {
    Object.assign(context, { lineWidth, strokeStyle });
    context.setLineDash(dashes);
    for (const [drawn, x, y, toX, toY] of sides) {
      if (!drawn) continue;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(toX, toY);
      context.stroke();
    }
  }
}

function photoPixels({ shape: [channels, height, width], data }) {
  const { values } = imageFromBytes({ data, dtype: "uint8", height, width });
  const canvas = element("canvas", { width, height });
  const picture = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = values[(channels === 3 ? c : 0) * height * width + i];
    picture.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

/** onPoint([row, col]) gets the pixel that was clicked. */
export function photoPanel({ area, onPoint }) {
  const title = element("p", { class: "cnn-title" });
  const note = element("p", { class: "cnn-note" }, "Framed and bright: what the position sees. A frame with an open side goes on in the padding.");
  const canvas = element("canvas", { role: "img", class: "cnn-pointable" });
  const density = Math.max(window.devicePixelRatio || 1, 1);
  const context = canvas.getContext("2d");
  let [photo, pixels] = [null, null];

  canvas.addEventListener("click", (event) => {
    const bounds = canvas.getBoundingClientRect();
    const [, height, width] = photo.shape;
    const at = (offset, length, count) => Math.min(Math.max(Math.floor((offset / length) * count), 0), count - 1);
    onPoint([at(event.clientY - bounds.top, bounds.height, height), at(event.clientX - bounds.left, bounds.width, width)]);
  });

  function resize(height, width, step) {
    const [w, h] = [Math.round(width * step), Math.round(height * step)];
    if (canvas.style.width === `${w}px` && canvas.style.height === `${h}px`) return;
    Object.assign(canvas.style, { width: `${w}px`, height: `${h}px` });
    [canvas.width, canvas.height] = [w * density, h * density];
  }

  return {
    element: element("div", { class: "cnn-panel cnn-network-photo" }, title, canvas, note),
    /** photo as `_photo`; box as boxOf, null where it is not known. */
    show(given, box, words) {
      if (given !== photo) pixels = photoPixels(given);
      photo = given;
      const [, height, width] = given.shape;
      const step = area / Math.max(height, width);
      resize(height, width, step);
      context.setTransform(density, 0, 0, density, 0, 0);
      context.imageSmoothingEnabled = step < 1;
      context.drawImage(pixels, 0, 0, width * step, height * step);
      const inside = box && insideOf(box, [height, width]);
      if (box) {
        context.fillStyle = "rgb(0 0 0 / 50%)";
        context.fillRect(0, 0, width * step, height * step);
      }
      if (inside) {
        const { top, left } = inside;
        context.drawImage(
          pixels, left, top, inside.width, inside.height,
          left * step, top * step, inside.width * step, inside.height * step,
        );
        strokeOpen(context, box, inside, step);
      }
      setText(title, `${given.label}, ${height} × ${width}`);
      setAttribute(canvas, "aria-label", `${given.label}. ${words}`);
    },
  };
}
