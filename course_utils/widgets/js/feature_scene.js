// What one state of the feature-map explorer shows, without a document.

/** Decode what Python sends once: weights and images come as bytes. */
export function readNetwork({ layers, weights }) {
  const numbers = (data, length) =>
    data === null ? null : imageFromBytes({ data, dtype: "float32", height: 1, width: length }).values;
  const decoded = Object.entries(weights).map(([name, { shape, weight, bias }]) => [
    name,
    { shape, weight: numbers(weight), bias: numbers(bias) },
  ]);
  return { layers, weights: Object.fromEntries(decoded), maps: layers.filter(({ shape }) => shape.length === 3) };
}

/** The images of `_pictures`: each as bytes and as the network takes it. */
export function readPictures({ shape, data, labels, mean, std }) {
  const [count, channels, height, width] = shape;
  const { values } = imageFromBytes({ data, dtype: "uint8", height, width });
  const size = channels * height * width;
  return {
    count,
    labels,
    shape: [channels, height, width],
    bytes: (index) => values.subarray(index * size, (index + 1) * size),
    input(index) {
      return normalisedImage(this.bytes(index), this.shape, mean, std);
    },
  };
}

/** The convolution whose out_channel is the channel of this layer; undefined before the first. */
export function convolutionAt({ layers }, label) {
  const place = layers.findIndex((layer) => layer.label === label);
  return layers.slice(0, place + 1).findLast(({ kind }) => kind === "convolution");
}

/** Everything a run gives: each layer's volume by label, logits and probabilities. */
export function reading({ layers }, weights, input) {
  const volumes = runNetwork(layers, weights, input);
  const logits = volumes[volumes.length - 1].values;
  const outputs = Object.fromEntries(layers.map(({ label }, i) => [label, volumes[i]]));
  return { outputs, logits, probabilities: softmax(logits) };
}

/** Which maps of each layer differ from those of the network as it was given. */
export function changedMaps({ maps }, now, before) {
  return maps.map(({ label, shape: [channels] }) => {
    const differ = Array.from({ length: channels }, (_, channel) => {
      const [new_, old] = [channelOf(now.outputs[label], channel), channelOf(before.outputs[label], channel)];
      return changedMask(new_, old).some(Boolean);
    });
    return { label, differ };
  });
}

/** The edits with one kernel replaced, or without it where it is the given one. */
export function withKernel(edits, weights, { layer, out_channel, in_channel }, kernel) {
  const others = edits.filter((e) => e.layer !== layer || e.out_channel !== out_channel || e.in_channel !== in_channel);
  const given = kernelOf(weights[layer], out_channel, in_channel).flat();
  const same = kernel.flat().every((value, i) => Math.fround(value) === given[i]);
  if (same) return others;
  const rank = (a, b) => (a.layer < b.layer ? -1 : a.layer > b.layer ? 1 : a.out_channel - b.out_channel || a.in_channel - b.in_channel);
  return [...others, { layer, out_channel, in_channel, kernel }].sort(rank);
}

/** The sentences below: the same as `FeatureMapExplorer.table().sentences`. */
export function featureSentences({ now, before, edits, changed, label, layer, channel, names }) {
  const counts = changed.map(({ label: name, differ }) => [name, differ.filter(Boolean).length, differ.length]);
  return [
    mapText(layer, channel, channelOf(now.outputs[layer], channel)),
    predictionText(now.probabilities, label, names),
    changeText(edits, before.probabilities, now.probabilities, names),
    ...(edits.length ? [spreadText(counts)] : []),
  ];
}
