// Pure arithmetic of convolution and pooling: numbers in, numbers out, no document.
// Proven equal to torch by tests/browser/test_widgets_equal_torch.py.
// An image is {values, height, width}; values lie row after row.

export const PADDING_REACH = {
  reflect: { verb: "mirror", most: (size) => size - 1 },
  circular: { verb: "wrap", most: (size) => size },
};

function requireAtLeast(name, value, minimum) {
  if (value < minimum) throw new RangeError(`${name} is ${value}; it must be at least ${minimum}`);
}

export function convOutputSize(size, kernelSize, stride, padding, dilation) {
  requireAtLeast("size", size, 1);
  requireAtLeast("kernel_size", kernelSize, 1);
  requireAtLeast("stride", stride, 1);
  requireAtLeast("padding", padding, 0);
  requireAtLeast("dilation", dilation, 1);
  const span = dilation * (kernelSize - 1) + 1;
  const padded = size + 2 * padding;
  if (padded < span) {
    throw new RangeError(
      `kernel spans ${span} pixels but the padded input has only ${padded}; ` +
        "lower kernel_size or dilation, or raise padding",
    );
  }
  return Math.floor((padded - span) / stride) + 1;
}

export function requirePaddingFits(height, width, padding, paddingMode) {
  const reach = PADDING_REACH[paddingMode];
  if (!reach) return;
  for (const [size, axis] of [[height, "rows"], [width, "columns"]]) {
    if (padding > reach.most(size)) {
      throw new RangeError(
        `padding is ${padding} but the input has only ${size} ${axis}, so ${paddingMode} ` +
          `padding can ${reach.verb} at most ${reach.most(size)}; ` +
          "lower padding, or choose another padding_mode",
      );
    }
  }
}

/** The input index that padded position `index` (negative in the padding) shows, or -1. */
export function sourceIndex(index, size, paddingMode) {
  if (index >= 0 && index < size) return index;
  if (paddingMode === "replicate") return Math.min(Math.max(index, 0), size - 1);
  if (paddingMode === "circular") return (index + size) % size;
  if (paddingMode === "reflect") return index < 0 ? -index : 2 * (size - 1) - index;
  return -1;
}

/** The image with `padding` pixels more on each side; `fill` where no pixel is copied. */
export function padImage(image, padding, paddingMode, fill = 0) {
  const height = image.height + 2 * padding;
  const width = image.width + 2 * padding;
  const values = new Float64Array(height * width).fill(fill);
  for (let row = 0; row < height; row++) {
    const fromRow = sourceIndex(row - padding, image.height, paddingMode);
    if (fromRow < 0) continue;
    for (let col = 0; col < width; col++) {
      const fromCol = sourceIndex(col - padding, image.width, paddingMode);
      if (fromCol >= 0) values[row * width + col] = image.values[fromRow * image.width + fromCol];
    }
  }
  return { values, height, width };
}

/** Cross-correlation as nn.Conv2d does it: the kernel is not flipped. */
export function convolve(image, kernel, { stride, padding, padding_mode, dilation }) {
  const [kernelHeight, kernelWidth] = [kernel.length, kernel[0].length];
  requirePaddingFits(image.height, image.width, padding, padding_mode);
  const height = convOutputSize(image.height, kernelHeight, stride, padding, dilation);
  const width = convOutputSize(image.width, kernelWidth, stride, padding, dilation);
  const padded = padImage(image, padding, padding_mode);
  const values = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      let sum = 0;
      for (let i = 0; i < kernelHeight; i++) {
        const start = (row * stride + i * dilation) * padded.width + col * stride;
        for (let j = 0; j < kernelWidth; j++) {
          sum += padded.values[start + j * dilation] * kernel[i][j];
        }
      }
      values[row * width + col] = sum;
    }
  }
  return { values, height, width };
}

/** The padded rows (or columns) that one window touches. */
export function windowIndices(position, kernelSize, stride, dilation) {
  return Array.from({ length: kernelSize }, (_, tap) => position * stride + tap * dilation);
}

/** The values of a padded image on the given rows and columns, row after row. */
export function windowValues(padded, rows, cols) {
  return rows.flatMap((row) => cols.map((col) => padded.values[row * padded.width + col]));
}

/** Which padded rows (or columns) no window ever touches: floor, gaps or dilation. */
export function neverVisited(paddedSize, outputSize, kernelSize, stride, dilation) {
  const visited = new Set();
  for (let position = 0; position < outputSize; position++) {
    windowIndices(position, kernelSize, stride, dilation).forEach((index) => visited.add(index));
  }
  return Array.from({ length: paddedSize }, (_, index) => index).filter((i) => !visited.has(i));
}

export function poolOutputSize(size, kernelSize, stride, padding) {
  requireAtLeast("size", size, 1);
  requireAtLeast("kernel_size", kernelSize, 1);
  requireAtLeast("stride", stride, 1);
  requireAtLeast("padding", padding, 0);
  if (padding > Math.floor(kernelSize / 2)) {
    throw new RangeError(
      `padding is ${padding}; a pooling allows at most half of kernel_size, ` +
        `${Math.floor(kernelSize / 2)} for kernel_size ${kernelSize}: lower padding`,
    );
  }
  return convOutputSize(size, kernelSize, stride, padding, 1);
}

/** What nn.MaxPool2d and nn.AvgPool2d put around the input. */
export function poolFill(mode) {
  return mode === "max" ? -Infinity : 0;
}

export function poolValue(mode, values) {
  if (mode === "max") return values.reduce((best, value) => Math.max(best, value), -Infinity);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function pool(image, { mode, kernel_size, stride, padding }) {
  const height = poolOutputSize(image.height, kernel_size, stride, padding);
  const width = poolOutputSize(image.width, kernel_size, stride, padding);
  const padded = padImage(image, padding, "zeros", poolFill(mode));
  const values = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    const rows = windowIndices(row, kernel_size, stride, 1);
    for (let col = 0; col < width; col++) {
      const cols = windowIndices(col, kernel_size, stride, 1);
      values[row * width + col] = poolValue(mode, windowValues(padded, rows, cols));
    }
  }
  return { values, height, width };
}

/** The image moved down and right; the old border is repeated where pixels enter. */
export function shiftImage(image, down, right) {
  const { height, width } = image;
  const values = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    const fromRow = sourceIndex(row - down, height, "replicate");
    for (let col = 0; col < width; col++) {
      const fromCol = sourceIndex(col - right, width, "replicate");
      values[row * width + col] = image.values[fromRow * width + fromCol];
    }
  }
  return { values, height, width };
}

/** True where two outputs differ by more than rounding, the rule of torch.isclose. */
export function changedMask(output, reference) {
  return Array.from(output.values, (value, i) => {
    const before = reference.values[i];
    return Math.abs(value - before) > 1e-6 + 1e-5 * Math.abs(before);
  });
}
