// Pure arithmetic of small networks: volumes in, volumes out, no document.
// Proven equal to torch by tests/browser/test_widgets_features.py.
// A volume is {values, shape}; shape is [C, H, W], or [features] for a vector, and
// values lie in torch's order.

/** A volume with rows and columns around it; pads: above, below, left, right. */
function padVolume({ values, shape: [channels, height, width] }, [above, below, left, right], paddingMode, fill) {
  const [rows, cols] = [height + above + below, width + left + right];
  const padded = new Float64Array(channels * rows * cols).fill(fill);
  for (let row = 0; row < rows; row++) {
    const fromRow = sourceIndex(row - above, height, paddingMode);
    if (fromRow < 0) continue;
    for (let col = 0; col < cols; col++) {
      const fromCol = sourceIndex(col - left, width, paddingMode);
      if (fromCol < 0) continue;
      for (let channel = 0; channel < channels; channel++) {
        padded[(channel * rows + row) * cols + col] = values[(channel * height + fromRow) * width + fromCol];
      }
    }
  }
  return { values: padded, rows, cols };
}

/** nn.Conv2d: every out_channel adds up one kernel for each in_channel of its group. */
function convolveVolume(input, layer, { weight, bias, shape: [, perGroup, tapsDown, tapsAcross] }) {
  const { shape, pads, stride, dilation, groups, padding_mode } = layer;
  const [channels, height, width] = shape;
  const padded = padVolume(input, pads, padding_mode, 0);
  const values = new Float64Array(channels * height * width);
  for (let out = 0; out < channels; out++) {
    const plane = values.subarray(out * height * width, (out + 1) * height * width);
    if (bias) plane.fill(bias[out]);
    const firstIn = Math.floor(out / (channels / groups)) * perGroup;
    for (let tap = 0; tap < perGroup * tapsDown * tapsAcross; tap++) {
      const [i, j] = [Math.floor(tap / tapsAcross) % tapsDown, tap % tapsAcross];
      const from = firstIn + Math.floor(tap / (tapsDown * tapsAcross));
      const factor = weight[out * perGroup * tapsDown * tapsAcross + tap];
      for (let row = 0; row < height; row++) {
        const line = (from * padded.rows + row * stride[0] + i * dilation[0]) * padded.cols + j * dilation[1];
        for (let col = 0; col < width; col++) {
          plane[row * width + col] += factor * padded.values[line + col * stride[1]];
        }
      }
    }
  }
  return { values, shape };
}

/** nn.MaxPool2d and nn.AvgPool2d: each window of each channel becomes `combine`. */
function poolVolume(input, layer, fill, combine) {
  const { shape, pads, stride, kernel_size: taps, dilation = [1, 1] } = layer;
  const [channels, height, width] = shape;
  const padded = padVolume(input, pads, "zeros", fill);
  const values = new Float64Array(channels * height * width);
  const window = new Float64Array(taps[0] * taps[1]);
  for (let at = 0; at < values.length; at++) {
    const [row, col] = [Math.floor(at / width) % height, at % width];
    const channel = Math.floor(at / (height * width));
    for (let tap = 0; tap < window.length; tap++) {
      const down = row * stride[0] + Math.floor(tap / taps[1]) * dilation[0];
      const across = col * stride[1] + (tap % taps[1]) * dilation[1];
      window[tap] = padded.values[(channel * padded.rows + down) * padded.cols + across];
    }
    values[at] = combine(window, row, col);
  }
  return { values, shape };
}

function largest(window) {
  let most = -Infinity;
  for (const value of window) if (value > most) most = value;
  return most;
}

/** How many numbers of each window an average divides by. */
function averageOf(input, { pads, stride, kernel_size: taps, count_include_pad }) {
  const inside = (place, step, count, before, size) =>
    Math.min(place * step + count - before, size) - Math.max(place * step - before, 0);
  const [, height, width] = input.shape;
  return (window, row, col) => {
    const count = count_include_pad
      ? window.length
      : inside(row, stride[0], taps[0], pads[0], height) * inside(col, stride[1], taps[1], pads[2], width);
    return window.reduce((sum, value) => sum + value, 0) / count;
  };
}

function linear({ values: given }, { shape }, { weight, bias }) {
  const values = Float64Array.from({ length: shape[0] }, (_, out) => bias?.[out] ?? 0);
  for (let out = 0; out < shape[0]; out++) {
    for (let i = 0; i < given.length; i++) values[out] += weight[out * given.length + i] * given[i];
  }
  return { values, shape };
}

const LAYERS = {
  convolution: convolveVolume,
  linear,
  relu: ({ values }, { shape }) => ({ values: values.map((value) => Math.max(value, 0)), shape }),
  max: (input, layer) => poolVolume(input, layer, -Infinity, largest),
  average: (input, layer) => poolVolume(input, layer, 0, averageOf(input, layer)),
  scale({ values }, { shape, scale, shift }) {
    const size = shape[1] * shape[2];
    return { values: values.map((value, i) => value * scale[Math.floor(i / size)] + shift[Math.floor(i / size)]), shape };
  },
  flatten: ({ values }, { shape }) => ({ values, shape }),
  same: ({ values }, { shape }) => ({ values, shape }),
};

/** What each layer gives, in order. */
export function runNetwork(layers, weights, image) {
  let current = image;
  return layers.map((layer) => (current = LAYERS[layer.kind](current, layer, weights[layer.name])));
}

/** One image of bytes as the network takes it: (value / 255 − mean) / std. */
export function normalisedImage(bytes, shape, mean, std) {
  const size = shape[1] * shape[2];
  const values = Float64Array.from(bytes, (value, i) => {
    const channel = Math.floor(i / size);
    return (value / 255 - mean[channel]) / std[channel];
  });
  return { values, shape };
}

/** The weights with some kernels replaced; layers without a change are shared. */
export function editedWeights(weights, edits) {
  const changed = { ...weights };
  for (const { layer, out_channel, in_channel, kernel } of edits) {
    if (changed[layer] === weights[layer]) {
      changed[layer] = { ...weights[layer], weight: Float32Array.from(weights[layer].weight) };
    }
    const { weight, shape } = changed[layer];
    weight.set(kernel.flat(), kernelStart(shape, out_channel, in_channel));
  }
  return changed;
}

function kernelStart([, perGroup, height, width], outChannel, inChannel) {
  return (outChannel * perGroup + inChannel) * height * width;
}

/** One kernel of a convolution as rows of numbers. */
export function kernelOf({ weight, shape }, outChannel, inChannel) {
  const [, , height, width] = shape;
  const start = kernelStart(shape, outChannel, inChannel);
  return Array.from({ length: height }, (_, row) => Array.from(weight.slice(start + row * width, start + (row + 1) * width)));
}

export function softmax(logits) {
  const most = largest(logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** One channel of a volume as an image. */
export function channelOf({ values, shape: [, height, width] }, channel) {
  const size = height * width;
  return { values: values.subarray(channel * size, (channel + 1) * size), height, width };
}
