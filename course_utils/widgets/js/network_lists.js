// The lists of the network explorer: a layer by its number, or by stage, block and name.

/** What an entry of the list says beside the name: the kind, unless the name has it. */
function layerLabel({ name, kind }, blockName) {
  const short = name.startsWith(`${blockName}.`) || name.startsWith(`${blockName} `) ? name.slice(blockName.length + 1) : name;
  return short.includes(kind) ? short : `${short}: ${kind}`;
}

function blockLabel({ name, layers }, all) {
  return layers.length === 1 ? layerLabel(all[layers[0]], "") : `${name}: ${layers.length} layers`;
}

/**
 * network() → `_network`; place() → the chosen layer's place; choose(place).
 * Stages, blocks and layers are lists within each other; a list of one is hidden.
 */
export function layerLists({ network, place, choose }) {
  const holds = ({ layers }) => layers.includes(place());
  const stage = () => network().stages.findIndex(({ blocks }) => blocks.some(holds));
  const blocks = () => network().stages[stage()].blocks;
  const block = () => blocks().findIndex(holds);
  const layers = () => blocks()[block()].layers;

  const number = following({
    name: "layer_number", label: "layer", wide: true,
    last: () => network().layers.length - 1,
    format: (i) => `${i + 1} of ${network().layers.length}`,
    get: place,
    set: choose,
  });
  const stages = choice({
    name: "stage", label: "stage: height × width of its maps",
    options: () => network().stages.map(({ title }, i) => [String(i), title]),
    get: () => String(stage()),
    set: (i) => choose(network().stages[i].blocks[0].layers[0]),
  });
  const inStage = choice({
    name: "block", label: "block",
    options: () => blocks().map((one, i) => [String(i), blockLabel(one, network().layers)]),
    get: () => String(block()),
    set: (i) => choose(blocks()[i].layers[0]),
  });
  const inBlock = choice({
    name: "layer", label: "layer in the block",
    options: () => layers().map((i) => [String(i), layerLabel(network().layers[i], blocks()[block()].name)]),
    get: () => String(place()),
    set: (i) => choose(Number(i)),
  });

  return {
    elements: [number, stages, inStage, inBlock].map((control) => control.element),
    refresh() {
      [number, stages, inStage, inBlock].forEach((control) => control.refresh());
      // kept in place: what stands below must not jump
      inStage.element.classList.toggle("cnn-away", blocks().length === 1);
      inBlock.element.classList.toggle("cnn-away", layers().length === 1);
    },
  };
}
