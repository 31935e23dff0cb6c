// The network explorer: the view of one NetworkExplorer of Python.

const NETWORK_STATE = ["architecture", "image", "order", "_where", "_images", "_network", "_photo", "_answer", "_page", "_problem"];
const AREA = 236;
const MAPS = 12; // as in Python
const BY_STRENGTH = "strongest first";
const MOST_PAGES = 64; // of at most 200 kB
const PATIENCE = 150; // ms: an answer of Python within this time does not flicker

function renderNetwork({ model, el }) {
  const status = announcer();
  const hintId = uniqueId("cnn-hint");
  const hint = element("p", { class: "cnn-hidden", id: hintId }, "Arrow keys move the position, with Shift by 8; Home, End, Page Up and Page Down go to the edges.");
  const photo = photoPanel({ area: AREA + HEADER, onPoint: (pixel) => goTo(positionAt(layer(), pixel)) });
  const map = createPanel({
    title: "Map", caption: "Map", area: AREA, largest: 40, interactive: true,
    onPoint: (row, col, type) => type === "click" && goTo(atField(row, col), true), onKey: pressed, describedBy: hintId,
  });
  const top = topTable();
  const strip = mapStrip({ count: MAPS, choose: (rank) => setWhere({ rank }) });
  const facts = factsTable(model.get("_facts"));
  const words = element("div", { class: "cnn-texts" });
  const problem = element("p", { class: "cnn-notes cnn-alarm" });
  const lists = layerLists({ network: () => model.get("_network"), place: layerPlace, choose: chooseLayer });
  const fixedLists = [architectureChoice(), imageChoice(), orderChoice()];
  const pages = new Map(); // what Python has sent, so that going back needs no answer
  let timer = 0;
  let field = null; // what the enlarged map shows now

  const layer = () => model.get("_network").layers[layerPlace()];
  const size = () => outputSize(layer());
  const isOpening = () => model.get("_network").name !== model.get("architecture");

  function layerPlace() {
    const { layers } = model.get("_network");
    return Math.max(layers.findIndex(({ name }) => name === model.get("_where").layer), 0);
  }

  function set(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  function setWhere(changes) {
    if (!isOpening()) set("_where", { ...model.get("_where"), ...changes });
  }

  function chooseLayer(place) {
    const next = model.get("_network").layers[place];
    setWhere({ layer: next.name, position: movedTo(layer(), position(), next), rank: 0 });
  }

  function position() {
    const [height, width] = size();
    const [row, col] = model.get("_where").position;
    return [Math.min(row, height - 1), Math.min(col, width - 1)];
  }

  function goTo(place, focus = false) {
    if (place) setWhere({ position: place });
    if (focus) map.focus();
  }

  /** A pixel of the enlarged map, which may be smaller than the layer's. */
  function atField(row, col) {
    const [height, width] = size();
    return [Math.floor(((row + 0.5) / field.height) * height), Math.floor(((col + 0.5) / field.width) * width)];
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = movedBy(event.key, event.shiftKey, position(), size());
    if (!place) return;
    event.preventDefault();
    goTo(place, true);
  }

  /** The maps of the chosen layer; null until Python has sent them. */
  function pageNow() {
    const { layer: name, rank } = model.get("_where");
    const wanted = [model.get("architecture"), model.get("image"), model.get("order"), name, Math.floor(rank / MAPS)];
    const [source, key] = [model.get("_page"), JSON.stringify(wanted)];
    if (JSON.stringify(source.key) === key && pages.get(key)?.source !== source) {
      pages.delete(key);
      pages.set(key, { source, page: readPage(source) });
      if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value);
    }
    return pages.get(key)?.page ?? null;
  }

  function draw() {
    clearTimeout(timer);
    lists.refresh();
    fixedLists.forEach((list) => list.refresh());
    facts.show(layer().facts);
    const page = pageNow();
    const [seen, said] = [fieldWords(), page?.count ? channelWords(page) : ""];
    photo.show(model.get("_photo"), boxOf(layer(), position()), seen);
    if (page) drawMaps(page, said);
    else timer = setTimeout(() => drawMaps(null, ""), PATIENCE);
    const { top: best, lines } = model.get("_answer");
    top.element.hidden = best.length === 0;
    top.show(model.get("_network").title, best);
    showWords([seen, said, ...lines].filter(Boolean));
    setText(problem, model.get("_problem") || waitingWords());
    const first = layerText(layerPlace(), model.get("_network").layers.length, layer());
    status.say([model.get("_problem"), first, seen, said].join(" ").trim());
  }

  function drawMaps(page, said) {
    const [place, { rank }] = [position(), model.get("_where")];
    const [height, width] = size();
    const shown = page?.count ? enlarged(page, rank % MAPS, [height, width]) : enlarged(null, 0, [height, width]);
    field = shown.field;
    const [down, across] = [field.height / height, field.width / width];
    const title = `${page?.count ? `Channel ${page.channels[rank % MAPS]}` : "Positions only"}, ${height} × ${width}`;
    map.setTitle(title);
    map.setNote(page ? shown.scale.text : "Waiting for Python; a page without a running kernel shows no other activations.");
    map.showPicture({
      field,
      scale: shown.scale,
      label: `${title} positions; arrow keys move the position. Now row ${place[0]}, column ${place[1]}. ${said}`,
      window: { top: place[0] * down, left: place[1] * across, height: down, width: across },
      dashed: false,
    });
    strip.element.hidden = !page?.count;
    if (page?.count) strip.show(page, { rank, total: channelCount(layer()), byStrength: model.get("order") === BY_STRENGTH });
  }

  function waitingWords() {
    return isOpening() ? "Opening the network …" : "";
  }

  function fieldWords() {
    const box = boxOf(layer(), position());
    const isMap = layer().output.length === 4;
    return box ? fieldText(isMap ? position() : null, box, model.get("_network").size) : unknownText(layer().lost_at);
  }

  function channelWords(page) {
    const [[height, width], [row, col], { rank }] = [size(), position(), model.get("_where")];
    const isMap = layer().output.length === 4;
    const here = isMap ? page.valueAt(rank % MAPS, [row / height, col / width]) : null;
    return channelText(page, rank % MAPS, { rank, count: channelCount(layer()), byStrength: model.get("order") === BY_STRENGTH, here });
  }

  function showWords(sentences) {
    while (words.children.length < sentences.length) words.append(element("p"));
    Array.from(words.children).forEach((node, i) => setText(node, sentences[i] ?? ""));
  }

  function architectureChoice() {
    return choice({
      name: "architecture", options: () => model.get("_architectures"),
      get: () => model.get("architecture"), set: (name) => set("architecture", name),
    });
  }

  function imageChoice() {
    return choice({ name: "image", options: () => model.get("_images"), get: () => model.get("image"), set: (name) => set("image", name) });
  }

  function orderChoice() {
    return choice({
      name: "order", label: "maps", options: () => [BY_STRENGTH, "in order"].map((order) => [order, order]),
      get: () => model.get("order"), set: (order) => set("order", order),
    });
  }

  const root = element(
    "section",
    { class: "cnn-explorer cnn-network", "aria-label": "Network explorer" },
    element("div", { class: "cnn-controls" }, ...fixedLists.map((list) => list.element)),
    element("div", { class: "cnn-controls cnn-network-lists" }, ...lists.elements),
    problem,
    element("div", { class: "cnn-stage" }, photo.element, map.element, top.element),
    words, strip.element, facts.element, hint, status.element,
  );
  keepKeys(root);
  el.replaceChildren(root);
  const stopFollowing = follow(model, NETWORK_STATE, once(draw));
  return () => {
    clearTimeout(timer);
    status.hush();
    stopFollowing();
  };
}

/** Several states arrive in one go: draw when all of them are there. */
function once(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      draw();
    });
  };
}
