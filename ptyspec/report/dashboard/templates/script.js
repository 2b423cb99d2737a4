"use strict";
// Everything works without this: it adds the filter, opens what an anchor points into, shows JSON in place.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const input = byId("find");
  byId("tools").hidden = false;

  const entries = all("[data-find]").map((element) => [element, element.dataset.find.toLowerCase()]);
  const squares = all("[data-dim]").map((element) => [element, element.dataset.dim.toLowerCase()]);
  const groups = all("details.group").filter((group) => group.querySelector("[data-find]"));
  const before = new Map();

  function filter() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    let count = 0;
    for (const [element, text] of entries) {
      element.hidden = !fits(text);
      count += element.hidden ? 0 : 1;
    }
    for (const [element, text] of squares) element.classList.toggle("dim", !fits(text));
    for (const group of groups) {
      if (!before.has(group)) before.set(group, group.open);
      const some = group.querySelector("[data-find]:not([hidden])") !== null;
      group.hidden = !some;
      group.open = words.length ? some : before.get(group);
    }
    if (!words.length) before.clear();
    byId("found").textContent = words.length ? `${count} of ${entries.length} entries` : "";
  }

  function reveal() {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) { input.value = ""; filter(); }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  }

  function show(pointer) {
    const parts = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const data = JSON.parse(byId("data").textContent);
    byId("json-title").textContent = `report.json#${pointer}`;
    byId("json-text").textContent = JSON.stringify(parts.reduce((node, part) => node[part], data), null, 1);
    byId("json").showModal();
  }

  input.addEventListener("input", filter);
  addEventListener("hashchange", reveal);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); input.focus(); }
    if (event.key === "Escape" && event.target === input) { input.value = ""; filter(); }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-json]");
    if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); show(link.dataset.json); }
    const same = event.target.closest("a[href^='#']");
    if (same && same.hash === location.hash) reveal();
  });
  byId("json-close").addEventListener("click", () => byId("json").close());

  const button = byId("theme");
  const dark = () => (document.documentElement.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const told = () => button.setAttribute("aria-pressed", String(dark()));
  button.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; told(); });
  told();

  if (location.hash) reveal();
})();
