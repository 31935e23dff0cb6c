// Lets explorers live without a kernel: a few lines stand in for the widget's model.
(() => {
  const revive = (_, value) => value?.base64 === undefined ? value
    : new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);

  function modelOf(state) {
    const listeners = {};
    return {
      get: (name) => state[name],
      set(name, value) {
        state[name] = value;
        (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
      },
      save_changes() {}, // nobody to tell
      on: (event, listener) => { (listeners[event] ??= []).push(listener); },
      off: (event, listener) => {
        listeners[event] = listeners[event].filter((other) => other !== listener);
      },
    };
  }

  async function enliven(box) {
    const source = window.explorerModules[box.dataset.module];
    const state = JSON.parse(box.querySelector("script").textContent, revive);
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const module = await import(url);
    box.replaceChildren();
    module.default.render({ model: modelOf(state), el: box });
    box.dataset.ready = "yes";
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".live").forEach(enliven);
  });
})();
