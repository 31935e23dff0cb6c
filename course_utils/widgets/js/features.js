// The feature-map explorer: the view of one FeatureMapExplorer of Python.

const FEATURE_STATE = ["image_index", "layer", "channel", "in_channel", "_edits", "_pictures", "_network"];
const COLOUR_NAMES = ["red", "green", "blue"];

function renderFeatures({ model, el }) {
  const names = model.get("_class_names");
  const network = readNetwork(model.get("_network"));
  const pictures = readPictures(model.get("_pictures"));
  const status = announcer();
  const imagePanel = picturePanel("Image");
  const mapPanel = picturePanel("Feature map");
  const kernel = kernelPanel({ get: kernelNow, set: setKernel, given: kernelGiven, resetAll: () => set({ _edits: [] }), complain });
  const grid = mapsGrid({ maps: network.maps, choose });
  const classes = classesTable(names);
  const words = element("div", { class: "cnn-texts" });
  const alarm = element("p", { class: "cnn-notes cnn-alarm" });
  const seen = { index: -1, edits: null }; // what has been computed, and for what
  const controls = [imageSlider(), layerChoice(), channelSlider(), inChannelSlider()];

  function set(changes) {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  }

  /** The state, each index within what there is: traits arrive one by one. */
  function state() {
    const layer = network.maps.find(({ label }) => label === model.get("layer")) ?? network.maps[0];
    const convolution = convolutionAt(network, layer.label);
    const inChannels = convolution ? network.weights[convolution.name].shape[1] : 1;
    return {
      index: Math.min(model.get("image_index"), pictures.count - 1),
      layer,
      convolution,
      inChannels,
      channel: Math.min(model.get("channel"), layer.shape[0] - 1),
      inChannel: Math.min(model.get("in_channel"), inChannels - 1),
    };
  }

  function place() {
    const { convolution, channel, inChannel } = state();
    return { layer: convolution.name, out_channel: channel, in_channel: inChannel };
  }

  function kernelGiven() {
    const { convolution, channel, inChannel } = state();
    return convolution ? kernelOf(network.weights[convolution.name], channel, inChannel) : null;
  }

  function kernelNow() {
    const { convolution, channel, inChannel } = state();
    const edit = model.get("_edits").find(
      (e) => e.layer === convolution?.name && e.out_channel === channel && e.in_channel === inChannel,
    );
    return edit?.kernel ?? kernelGiven();
  }

  function setKernel(values) {
    set({ _edits: withKernel(model.get("_edits"), network.weights, place(), values) });
  }

  function choose(label, channel) {
    const layer = network.maps.find((other) => other.label === label);
    const convolution = convolutionAt(network, label);
    const inChannels = convolution ? network.weights[convolution.name].shape[1] : 1;
    set({
      layer: label,
      channel: Math.min(channel, layer.shape[0] - 1),
      in_channel: Math.min(model.get("in_channel"), inChannels - 1),
    });
  }

  function complain(text) {
    setText(alarm, text);
    if (text) status.say(text);
  }

  /** Only what the state changes: the network as given runs once an image. */
  function compute() {
    const { index } = state();
    const edits = model.get("_edits");
    const input = pictures.input(index);
    const sameImage = seen.index === index;
    if (!sameImage) {
      seen.before = reading(network, network.weights, input);
      seen.limits = Object.fromEntries(network.maps.map(({ label }) => [label, layerLimit(seen.before.outputs[label])]));
    }
    if (!sameImage || seen.edits !== edits) {
      seen.now = edits.length ? reading(network, editedWeights(network.weights, edits), input) : seen.before;
      seen.changed = changedMaps(network, seen.now, seen.before);
    }
    Object.assign(seen, { index, edits });
  }

  function draw() {
    compute();
    const { index, layer, channel, convolution, inChannel } = state();
    const { now, before, limits, changed, edits } = seen;
    const label = pictures.labels[index];
    const sentences = featureSentences({ now, before, edits, changed, label, layer: layer.label, channel, names });
    controls.forEach((control) => control.refresh());
    imagePanel.showImage(pictures.bytes(index), pictures.shape);
    imagePanel.describe(`Image ${index}: ${names[label]}`, "");
    mapPanel.showMap(channelOf(now.outputs[layer.label], channel), limits[layer.label]);
    const limit = formatNumber(limits[layer.label]);
    mapPanel.describe(`${layer.label}, channel ${channel}`, `${sentences[0]} Blue: −${limit}, white: 0, red: ${limit}.`);
    if (convolution) kernel.refresh(`Kernel of ${convolution.name}`, `in_channel ${channelName(inChannel)}, out_channel ${channel}`);
    else kernel.refresh("Kernel", "No convolution comes before this layer.");
    grid.show({ outputs: now.outputs, limits, changed, layer: layer.label, channel });
    classes.show({ now, before, label });
    setText(alarm, "");
    showWords(sentences);
    status.say([sentences[2], sentences[1], sentences[0]].join(" "));
  }

  function showWords(sentences) {
    const shown = [sentences[1], sentences[2], sentences[3] ?? ""];
    while (words.children.length < shown.length) words.append(element("p"));
    shown.forEach((text, i) => setText(words.children[i], text));
  }

  /** The in_channels of the first convolution of a colour image are its colours. */
  function channelName(inChannel) {
    const { convolution, inChannels } = state();
    const first = network.layers.find(({ kind }) => kind === "convolution");
    const colours = convolution === first && inChannels === 3 && pictures.shape[0] === 3;
    return colours ? `${inChannel} (${COLOUR_NAMES[inChannel]})` : String(inChannel);
  }

  function imageSlider() {
    return slider({
      name: "image_index", label: "image", min: 0, max: pictures.count - 1, wide: true,
      format: (i) => `${i}: ${names[pictures.labels[i]]}`,
      get: () => state().index,
      set: (image_index) => set({ image_index }),
    });
  }

  function layerChoice() {
    return choice({
      name: "layer",
      options: () => network.maps.map(({ label, shape }) => [label, `${label}: ${shape.join(" × ")}`]),
      get: () => state().layer.label,
      set: (label) => choose(label, state().channel),
    });
  }

  function channelSlider() {
    return following({
      name: "channel", last: () => state().layer.shape[0] - 1, get: () => state().channel, set: (channel) => set({ channel }),
    });
  }

  function inChannelSlider() {
    return following({
      name: "in_channel", last: () => state().inChannels - 1, format: channelName, get: () => state().inChannel,
      set: (in_channel) => set({ in_channel }),
    });
  }

  const root = element(
    "section",
    { class: "cnn-explorer cnn-features", "aria-label": "Feature-map explorer" },
    element("div", { class: "cnn-controls" }, ...controls.map((control) => control.element)),
    element("div", { class: "cnn-stage" }, imagePanel.element, kernel.element, mapPanel.element),
    element("div", { class: "cnn-feature-results" }, titled("Maps of every layer", grid.element), titled("Prediction", classes.element)),
    words,
    alarm,
    status.element,
  );
  keepKeys(root);
  el.replaceChildren(root);
  const stopFollowing = follow(model, FEATURE_STATE, draw);
  return () => {
    status.hush();
    stopFollowing();
  };
}

function titled(text, node) {
  return element("div", { class: "cnn-feature-part" }, element("p", { class: "cnn-title" }, text), node);
}
