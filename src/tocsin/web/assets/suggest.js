// Names while one types: fields marked with data-suggest become comboboxes (ARIA 1.2), which ask
// the server what begins so. With data-several the last of the names in the field is completed.
// Without this script the browser offers what stands in the page.
"use strict";
(() => {
 const WAIT = 90;
 const said = document.createElement("p");
 said.className = "unseen";
 said.setAttribute("role", "status");
 document.body.append(said);

 const begun = (text, several) => several ? text.match(/[^,\s]*$/)[0] : text.trim();
 const namesIn = (text) => text.split(/[,\s]+/).filter(Boolean);

 const combobox = (input) => {
  const several = "several" in input.dataset, what = input.dataset.suggest;
  const box = document.createElement("span"), list = document.createElement("div");
  let options = [], active = -1, timer = 0, asking = null;

  const focused = document.activeElement === input;
  box.className = "looked";
  list.className = "offered";
  list.id = input.id + "-options";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  input.replaceWith(box);
  box.append(input, list);
  if (focused) input.focus({ preventScroll: true });
  input.removeAttribute("list");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  const close = () => {
   clearTimeout(timer);
   if (asking) asking.abort();
   asking = null;
   list.hidden = true;
   options = [];
   active = -1;
   input.setAttribute("aria-expanded", "false");
   input.removeAttribute("aria-activedescendant");
  };

  const mark = (index) => {
   if (options[active]) options[active].node.setAttribute("aria-selected", "false");
   active = index;
   const chosen = options[active];
   if (!chosen) { input.removeAttribute("aria-activedescendant"); return; }
   chosen.node.setAttribute("aria-selected", "true");
   chosen.node.scrollIntoView({ block: "nearest" });
   input.setAttribute("aria-activedescendant", chosen.node.id);
  };

  const take = (value) => {
   if (several) {
    const before = namesIn(input.value.replace(/[^,\s]*$/, ""));
    input.value = [...before, value].join(", ") + ", ";
   } else {
    input.value = value;
   }
   close();
   said.textContent = value + " taken.";
   input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const show = (found) => {
   const named = several ? new Set(namesIn(input.value)) : new Set();
   const usable = found.filter((one) => !several || (!named.has(one.value) && !/[,\s]/.test(one.value)));
   list.replaceChildren();
   options = usable.map((one, index) => {
    const node = document.createElement("div"), name = document.createElement("span");
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", "false");
    node.id = list.id + "-" + index;
    name.dir = "auto";
    name.textContent = one.text;
    node.append(name);
    if (one.about) {
     const about = document.createElement("span");
     about.className = "small soft";
     about.dir = "auto";
     about.textContent = one.about;
     node.append(" ", about);
    }
    node.addEventListener("pointerdown", (event) => event.preventDefault());
    node.addEventListener("click", () => take(one.value));
    list.append(node);
    return { node, value: one.value };
   });
   active = -1;
   input.removeAttribute("aria-activedescendant");
   list.hidden = options.length === 0;
   input.setAttribute("aria-expanded", String(options.length > 0));
   said.textContent = options.length === 0 ? "Nothing is called so."
    : options.length === 1 ? "One suggestion." : options.length + " suggestions.";
  };

  const ask = async (then) => {
   if (asking) asking.abort();
   const mine = asking = new AbortController();
   const words = begun(input.value, several);
   const query = new URLSearchParams({ what, q: words });
   try {
    const answer = await fetch("/suggest?" + query, { signal: mine.signal, headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    if (asking !== mine || document.activeElement !== input) return;
    show(found);
    if (then && options.length) mark(then > 0 ? 0 : options.length - 1);
   } catch (wrong) {
    if (wrong.name === "AbortError") return;
    close();
    said.textContent = "Names cannot be looked up just now; type them in full.";
   }
  };

  input.addEventListener("input", () => {
   clearTimeout(timer);
   if (begun(input.value, several) === "") { close(); return; }
   timer = setTimeout(ask, WAIT, 0);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
   if (event.isComposing || event.ctrlKey || event.metaKey) return;
   const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
   if (step) {
    event.preventDefault();
    if (list.hidden) { ask(step); return; }
    const many = options.length + 1;
    mark((active + 1 + step + many) % many - 1);
   } else if (event.key === "Enter" && active >= 0) {
    event.preventDefault();
    take(options[active].value);
   } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    event.stopPropagation();
    close();
   }
  });
 };

 const enhance = (input) => {
  if (input.getAttribute("role") !== "combobox") combobox(input);
 };
 for (const input of document.querySelectorAll("input[data-suggest]")) enhance(input);
 // Regions that are exchanged while one looks bring fields of their own.
 document.addEventListener("focusin", (event) => {
  if (event.target.matches && event.target.matches("input[data-suggest]")) enhance(event.target);
 });
})();
