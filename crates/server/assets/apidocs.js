// The reference pages work without this file. With it: the reader's key in the examples, a filter of the menu,
// copying, and requests from the page. Nothing leaves for another server, and the key stays in this tab.
"use strict";
(() => {
  const KEY = "whocpa-key";
  const TAB = "whocpa-tab";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Storage may be switched off: then the page forgets.
  const recall = (store, name) => { try { return store().getItem(name) || ""; } catch { return ""; } };
  const keep = (store, name, value) => { try { store().setItem(name, value); } catch { /* forgotten */ } };
  const tab = () => window.sessionStorage;
  const machine = () => window.localStorage;

  const input = one("#key");

  /** Puts a key into every example of the page; an empty one takes it out. A signed-in session calls this too. */
  const setKey = (key) => {
    const value = key.trim();
    if (!input.dataset.own) keep(tab, KEY, value);
    if (input.value !== value && document.activeElement !== input) input.value = value;
    for (const place of all("[data-key]")) {
      place.dataset.plain ||= place.textContent;
      place.textContent = value || place.dataset.plain;
      place.classList.toggle("filled", value !== "");
    }
  };

  /**
   * Puts ids of the reader's own in the examples: the first one of each list that the page names. Nothing is asked while
   * a key is being typed, and nothing without a key where one is needed.
   */
  const fillIds = async () => {
    const key = input.value.trim();
    if (!key && one("[data-key]")) return;
    const places = all("[data-id]").filter((place) => place.dataset.id);
    for (const from of new Set(places.map((place) => place.dataset.id))) {
      let id = "";
      try {
        const headers = key ? { "X-Api-Key": key } : {};
        const answer = await fetch(from, { headers, credentials: "omit", cache: "no-store" });
        id = String((await answer.json()).objects?.[0]?.id ?? "");
      } catch { /* the mark stays */ }
      for (const place of places.filter((place) => place.dataset.id === from)) {
        place.dataset.plain ||= place.textContent;
        place.textContent = id || place.dataset.plain;
        place.classList.toggle("filled", id !== "");
      }
    }
  };
  window.whocpa = Object.freeze({ setKey: (key) => { setKey(key); fillIds(); } });

  one("#key-form").hidden = false;
  one("#key-form").addEventListener("submit", (event) => event.preventDefault());
  // Who is signed in has his own key there; it is not kept anywhere else.
  const own = input.dataset.own;
  input.value = own || recall(tab, KEY);
  input.addEventListener("input", () => setKey(input.value));
  input.addEventListener("change", fillIds);
  setKey(input.value);
  fillIds();

  // The menu
  const filter = one("#filter");
  const resources = all(".side-resource");
  const opened = new Set(resources.filter((resource) => resource.open));
  filter.hidden = false;
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const resource of resources) {
      const fits = words.every((word) => resource.dataset.words.includes(word));
      resource.hidden = !fits;
      resource.open = words.length > 0 ? fits : opened.has(resource);
      found += fits ? 1 : 0;
    }
    for (const group of all(".side-group")) {
      group.hidden = all(".side-resource", group).every((resource) => resource.hidden);
    }
    one("#filter-none").hidden = found > 0;
  });
  // The menu scrolls by itself: show where the reader is.
  const here = one(".side [aria-current]");
  const side = one(".side");
  if (here && here.getBoundingClientRect().bottom > side.getBoundingClientRect().top + side.clientHeight) {
    side.scrollTop = here.getBoundingClientRect().top - side.getBoundingClientRect().top - side.clientHeight / 3;
  }

  // Samples: the last chosen language, and copying
  const chosen = recall(machine, TAB) && one(`#tab-${recall(machine, TAB)}`);
  if (chosen) chosen.checked = true;
  for (const radio of all(".tab-row input")) {
    radio.addEventListener("change", () => keep(machine, TAB, radio.id.slice(4)));
  }

  const form = one("#try-form");
  if (!form) return;
  const box = one("#try");
  const words = box.dataset;
  box.hidden = false;

  if (navigator.clipboard) {
    for (const pane of all(".pane")) {
      const button = document.createElement("button");
      button.className = "copy";
      button.type = "button";
      button.textContent = words.copy;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(one("pre", pane).textContent);
        button.textContent = words.copied;
        setTimeout(() => { button.textContent = words.copy; }, 1500);
      });
      pane.append(button);
    }
  }

  // Trying it
  const request = () => {
    const fields = [...new FormData(form)].filter(([, value]) => value instanceof File ? value.size > 0 : value !== "");
    const id = fields.find(([name]) => name === ":id");
    const params = fields.filter(([name]) => name !== ":id");
    let url = words.path + (id ? encodeURIComponent(id[1].trim()) : "");
    const options = { method: words.verb, headers: {}, credentials: "omit", cache: "no-store" };
    const key = input.value.trim();
    if (key) options.headers["X-Api-Key"] = key;
    if (words.verb !== "GET") {
      // Payments are refused without one, and a try is a request of its own.
      const random = crypto.getRandomValues(new Uint8Array(16));
      options.headers["Idempotency-Key"] = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    if (words.verb === "GET") {
      const query = new URLSearchParams(params).toString();
      if (query) url += `?${query}`;
    } else if (form.dataset.files) {
      options.body = new FormData();
      for (const [name, value] of params) options.body.append(name, value);
    } else if (params.length > 0) {
      options.body = new URLSearchParams(params);
    }
    return [url, options];
  };

  const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };

  const show = (status, line, head, body) => {
    one("#try-answer").hidden = false;
    const mark = one("#try-status");
    mark.textContent = status;
    mark.classList.toggle("bad", !(status >= 200 && status < 300));
    one("#try-url").textContent = line;
    one("#try-head").textContent = head;
    one("#try-body").textContent = body;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = form.elements[":id"];
    if (id && id.value.trim() === "") {
      show("–", words.idMissing, "", "");
      id.focus();
      return;
    }
    const [url, options] = request();
    const button = one("button[type=submit]", form);
    button.disabled = true;
    show("…", words.sending, "", "");
    try {
      const began = performance.now();
      const answer = await fetch(url, options);
      const text = await answer.text();
      const took = Math.round(performance.now() - began);
      const head = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      show(answer.status, `${words.verb} ${url} · ${took} ms`, head, pretty(text));
    } catch (error) {
      show("–", `${words.failed} ${error.message}`, "", "");
    } finally {
      button.disabled = false;
    }
  });
})();
