// The part that asks Python to compute: size, steps, run and stop, progress, picture.

const SETTINGS = ["pair", "style_weight", "style_layers", "picture_size", "steps"];
const PATIENCE = 4000; // milliseconds until we say that Python does not answer
const NO_ANSWER =
  "Python does not answer. It is busy with another cell, or this page has no kernel; the stored pictures work without one.";

export function runPanel({ model, set, status }) {
  const panel = stylePanel("live");
  const bar = element("progress", { "aria-label": "Progress of the run", max: 1, value: 0 });
  const words = element("p", { class: "cnn-style-message" });
  const start = button("run", "Run for real", "Run for real", () => ask("run"));
  const stop = button("stop", "Stop the run", "Stop", () => ask("stop"));
  const choices = [
    numberChoice("picture_size", "size in pixels"),
    numberChoice("steps", "steps"),
  ];
  let waiting = 0;
  let drawn = null;
  [panel.canvas.width, panel.canvas.height] = [192, 192]; // so that nothing jumps later

  function numberChoice(name, label) {
    return choice({
      name,
      label,
      options: () => model.get("_sizes")[name].map((value) => [String(value), String(value)]),
      get: () => String(model.get(name)),
      set: (value) => set({ [name]: Number(value) }),
    });
  }

  function ask(kind) {
    clearTimeout(waiting);
    setText(words, kind === "run" ? "Waiting for Python…" : "Stopping…");
    waiting = setTimeout(() => say(NO_ANSWER), PATIENCE);
    // a message overtakes changes of state that wait for a busy kernel: it says them all
    const settings = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
    model.send?.({ kind, settings }); // a page without a kernel may have no such thing
  }

  function say(text) {
    setText(words, text);
    status.say(text);
  }

  async function show(bytes) {
    drawn = bytes;
    const image = await createImageBitmap(new Blob([bytes], { type: "image/webp" }));
    if (drawn === bytes) panel.draw(image); // a later picture may have been faster
  }

  return {
    element: element(
      "div",
      { class: "cnn-style-run", role: "group", "aria-label": "Run for real" },
      panel.element,
      element("div", { class: "cnn-controls" }, ...choices.map((one) => one.element)),
      element("div", { class: "cnn-style-buttons" }, start, stop, bar),
      words,
    ),
    refresh() {
      const run = model.get("_run");
      choices.forEach((one) => one.refresh());
      const running = run.state === "running";
      start.disabled = running;
      stop.disabled = !running;
      bar.value = run.steps ? run.step / run.steps : 0;
      setAttribute(bar, "aria-valuetext", run.steps ? `step ${run.step} of ${run.steps}` : "not started");
      words.classList.toggle("cnn-alarm", run.state === "failed");
      if (run.picture) {
        panel.describe("Computed here", `Computed here: ${run.what}, after step ${run.step} of ${run.steps}`);
        if (run.picture !== drawn) show(run.picture);
      } else {
        panel.describe("Computed here", "Nothing computed yet");
        panel.clear();
      }
      if (run.state === "idle") return setText(words, run.message);
      clearTimeout(waiting);
      // every step would be too much to hear: only how it began and how it ended
      if (running && run.step > 0) setText(words, run.message);
      else say(run.message);
    },
    hush: () => clearTimeout(waiting),
  };
}
