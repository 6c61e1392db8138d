// The dashboard with the keyboard alone: "?" shows what there is. Single letters, never while one
// types and never with a modifier; whoever is disturbed by them (speech input) switches them off.
"use strict";
(() => {
 const OFF = "tocsin.keys.off", SOON = 1500;
 const PLACES = { h: ["/", "Now"], t: ["/tickets", "Tickets"], m: ["/maintenance", "Maintenance"],
  s: ["/measures", "Measures"], a: ["/admin", "Administration"] };
 const ROWS = "main .lines > li, main .sheet tbody tr, main [data-row]";

 const kept = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
 const keep = (off) => { try { off ? localStorage.setItem(OFF, "1") : localStorage.removeItem(OFF); } catch { /* a private window forgets it */ } };
 let off = kept(), going = 0, dialog = null;

 const link = (path) => document.querySelector('nav a[href="' + path + '"]');
 const marked = (key) => [...document.querySelectorAll("[data-key]")]
  .find((one) => one.dataset.key === key && !one.disabled && one.getClientRects().length);
 const search = () => document.querySelector('main input[type="search"]');

 const rows = () => [...document.querySelectorAll(ROWS)]
  .map((row) => row.querySelector("a[href]")).filter((one) => one && one.getClientRects().length);
 const move = (step) => {
  const found = rows();
  if (!found.length) return false;
  const row = document.activeElement.closest(ROWS);
  const at = row ? found.findIndex((one) => row.contains(one)) : -1;
  const next = at < 0 ? (step > 0 ? 0 : found.length - 1) : Math.min(found.length - 1, Math.max(0, at + step));
  found[next].focus({ focusVisible: true });
  found[next].scrollIntoView({ block: "nearest" });
  return true;
 };

 const use = (element) => {
  if (element.matches("input:not([type=submit]), textarea, select")) element.focus();
  else element.click();
 };

 const made = (tag, text, parent) => {
  const one = document.createElement(tag);
  if (text) one.textContent = text;
  if (parent) parent.append(one);
  return one;
 };
 const told = (element) => (element.getAttribute("aria-label") || element.dataset.keyName
  || element.textContent || "").trim().replace(/\s+/g, " ");

 const listed = () => {
  const found = [["?", "These keys"]];
  for (const [key, [path, name]] of Object.entries(PLACES)) if (link(path)) found.push(["g " + key, "Go to " + name]);
  found.push(["/", "Search tickets"], ["j", "Next in the list"], ["k", "The one before"], ["Enter", "Open it"]);
  const seen = new Set();
  for (const one of document.querySelectorAll("[data-key]")) {
   if (seen.has(one.dataset.key) || marked(one.dataset.key) !== one) continue;
   seen.add(one.dataset.key);
   found.push([one.dataset.key, told(one)]);
  }
  return found;
 };

 const help = () => {
  if (dialog) dialog.remove();
  dialog = document.createElement("dialog");
  dialog.className = "keys";
  dialog.setAttribute("aria-labelledby", "keys-title");
  const title = made("h2", "Keys", dialog);
  title.id = "keys-title";
  const list = made("dl", "", dialog);
  for (const [key, name] of listed()) {
   const pair = made("div", "", list), term = made("dt", "", pair);
   for (const part of key.split(" ")) made("kbd", part, term);
   made("dd", name, pair);
  }
  const label = made("label", "", dialog), box = made("input", "", label);
  box.type = "checkbox";
  box.checked = !off;
  label.append(" Use single keys in this browser");
  box.addEventListener("change", () => { off = !box.checked; keep(off); });
  const form = made("form", "", dialog);
  form.method = "dialog";
  made("button", "Close", form);
  dialog.addEventListener("close", () => { dialog.remove(); dialog = null; opener.focus({ preventScroll: true }); });
  const before = document.activeElement;
  const opener = before && before !== document.body ? before : document.getElementById("main");
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("button").focus();
 };

 document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (off || document.querySelector("dialog[open]")) return;
  const at = event.target;
  if (at.isContentEditable || (at.matches && at.matches("input, textarea, select"))) return;
  const key = event.key, after = going && Date.now() - going < SOON;
  going = 0;
  let done = true;
  if (after) {
   // Whatever follows a "g" is a place: no action is done by it.
   if (PLACES[key] && link(PLACES[key][0])) link(PLACES[key][0]).click();
   else done = false;
  }
  else if (key === "j" || key === "k") done = move(key === "j" ? 1 : -1);
  else if (event.repeat) done = false;
  else if (key === "?") help();
  else if (key === "/") { if (search()) search().focus(); else location.assign("/tickets#q"); }
  else if (key === "g" && !marked("g")) going = Date.now();
  else if (key.length === 1 && marked(key)) use(marked(key));
  else done = false;
  if (done) event.preventDefault();
 });

 if (location.hash === "#q" && search()) search().focus();
 // For those who switched the keys off, and those who never heard of them.
 const foot = made("footer", "", document.body), button = made("button", "Keys: ?", foot);
 foot.className = "keys-foot";
 button.type = "button";
 button.className = "quiet";
 button.setAttribute("aria-haspopup", "dialog");
 button.addEventListener("click", help);
})();
