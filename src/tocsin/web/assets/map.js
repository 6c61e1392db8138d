// Looking closer at the map: buttons, keys, wheel, drag and pinch. Signs and codes keep their size,
// so what lies together comes apart, and more codes find room. What one looks at stands in the
// address, by the nearest metro and how far the middle is from it in pixels: #map=8/ams or
// #map=8/ams/-40/12. So it holds in every window. Nothing moves by itself.
"use strict";
(() => {
 const frame = document.querySelector("[data-map]");
 if (!frame) return;
 const MOST = 64, STEP = 1.6, A_DRAG = 4, HASH = /^#map=(\d+(?:\.\d+)?)\/([^/]+)(?:\/(-?\d+)\/(-?\d+))?$/;
 const between = (least, value, most) => Math.min(most, Math.max(least, value));

 const sheets = [...frame.querySelectorAll("svg.map")].map((svg) => {
  const { width, height } = svg.viewBox.baseVal;
  const signs = [...svg.querySelectorAll("[data-at]")].map((sign) => {
   const [x, y] = sign.dataset.at.split(" ").map(Number), text = sign.querySelector("text");
   return { sign, text, x, y, gap: text.x.baseVal[0].value - x, code: text.textContent };
  });
  // What is drawn last is the worst: it is written first.
  const [worstX, worstY] = svg.dataset.worst.split(" ").map(Number);
  return { svg, width, height, signs: signs.reverse(), worst: { x: worstX, y: worstY } };
 });
 const shown = () => sheets.find((one) => one.svg.getClientRects().length) || sheets[0];

 // How many times as large, and what is in the middle of the sheet that is shown.
 let sheet = shown(), times = 1, x = sheet.width / 2, y = sheet.height / 2, drawing = 0, noting = 0, aimed = false;

 const middle = (toX, toY) => {
  const wide = sheet.width / times / 2, high = sheet.height / times / 2;
  x = between(wide, toX, sheet.width - wide);
  y = between(high, toY, sheet.height - high);
 };
 const box = () => {
  const width = sheet.width / times, height = sheet.height / times;
  return { x: x - width / 2, y: y - height / 2, width, height };
 };
 const place = () => {
  const off = (one) => Math.hypot(one.x - x, one.y - y);
  const near = sheet.signs.reduce((best, one) => off(one) < off(best) ? one : best);
  return { code: near.code, right: Math.round((x - near.x) * times), down: Math.round((y - near.y) * times) };
 };
 const go = ({ code, right, down }) => {
  const near = sheet.signs.find((one) => one.code === code);
  if (near) middle(near.x + right / times, near.y + down / times);
  return Boolean(near);
 };

 const write = () => {
  const high = parseFloat(getComputedStyle(sheet.svg.querySelector("text")).fontSize), kept = [];
  for (const { text, x: from, y: level, gap } of sheet.signs) {
   const left = from * times + gap, right = left + text.getComputedTextLength(), at = level * times, sign = gap - 5;
   const free = kept.every((one) => left >= one.right || right <= one.left || Math.abs(at - one.at) >= high);
   // A sign that is drawn over a code hides it as well.
   kept.push({ left: from * times - sign, right: free ? right : from * times + sign, at });
   text.classList.toggle("crowded", !free);
  }
 };
 const draw = () => {
  drawing = 0;
  const now = box(), small = 1 / times;
  sheet.svg.setAttribute("viewBox", [now.x, now.y, now.width, now.height].map((one) => one.toFixed(3)).join(" "));
  for (const one of sheet.signs) one.sign.setAttribute("transform", `translate(${one.x} ${one.y}) scale(${small}) translate(${-one.x} ${-one.y})`);
  write();
  frame.classList.toggle("closer", times > 1);
  told.textContent = times > 1 ? `${+times.toFixed(1)} times as large` : "";
 };
 const note = () => {
  const { code, right, down } = place();
  const hash = times > 1 ? `#map=${+times.toFixed(2)}/${encodeURIComponent(code)}/${right}/${down}` : "";
  if (hash !== location.hash && (hash || HASH.test(location.hash))) history.replaceState(history.state, "", location.pathname + location.search + hash);
 };
 const changed = () => {
  if (!drawing) drawing = requestAnimationFrame(draw);
  clearTimeout(noting);
  noting = setTimeout(note, 250);
 };

 // What is at that point of the sheet stays where it is on the screen.
 const look = (factor, point) => {
  const was = times, { x: toX, y: toY } = point ?? { x, y };
  times = between(1, times * factor, MOST);
  middle(toX + (x - toX) * was / times, toY + (y - toY) * was / times);
  aimed = false;
  changed();
 };
 const move = (right, down) => { middle(x + right, y + down); aimed = false; changed(); };
 // Without a pointer one looks at what is worst, until one has looked elsewhere.
 const closer = () => {
  const aims = aimed || times === 1;
  look(STEP);
  if (aims) middle(sheet.worst.x, sheet.worst.y);
  aimed = aims;
 };
 const farther = () => look(1 / STEP);
 const whole = () => look(0);
 const at = (clientX, clientY) => {
  const now = box(), rect = sheet.svg.getBoundingClientRect(), one = now.width / rect.width;
  return { x: now.x + (clientX - rect.left) * one, y: now.y + (clientY - rect.top) * one, one };
 };

 // -- buttons and keys
 const row = document.createElement("div");
 row.className = "closer-row";
 const told = document.createElement("span");
 told.className = "small soft";
 told.setAttribute("role", "status");
 const hint = document.createElement("span");
 hint.className = "small soft hint";
 hint.textContent = "Drag, Ctrl and wheel, or + − 0 and arrows on the map";
 const button = (text, name, act) => {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "quiet";
  one.textContent = text;
  if (name) one.setAttribute("aria-label", name);
  one.addEventListener("click", act);
  return one;
 };
 row.append(hint, told, button("+", "Look closer", closer), button("−", "Look from farther", farther), button("Whole", "", whole));
 frame.before(row);
 frame.tabIndex = 0;
 frame.setAttribute("role", "group");
 frame.setAttribute("aria-label", "Map: plus looks closer, minus from farther, 0 shows the whole, arrows move");

 const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
 frame.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event, arrow = ARROWS[key];
  if (key === "+" || key === "=") closer();
  else if (key === "-" || key === "_") farther();
  else if (key === "0") whole();
  else if (arrow && times > 1) { const { width, height } = box(); move(arrow[0] * width / 5, arrow[1] * height / 5); }
  else return;
  event.preventDefault();
 });

 // -- wheel: whoever only scrolls past is not held up
 frame.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !frame.contains(document.activeElement)) return;
  if (!event.ctrlKey && event.deltaY > 0 && times === 1) return;
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : 1;
  look(2 ** between(-1, -event.deltaY * lines / (event.ctrlKey ? 100 : 250), 1), at(event.clientX, event.clientY));
 }, { passive: false });

 // -- drag and pinch
 const held = new Map();
 let dragged = false, apart = 0;
 const far = () => { const [a, b] = [...held.values()]; return Math.hypot(a.x - b.x, a.y - b.y) || 1; };
 frame.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  if (!held.size) dragged = false;
  held.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (held.size === 2) apart = far();
 });
 frame.addEventListener("pointermove", (event) => {
  const was = held.get(event.pointerId);
  if (!was) return;
  const right = event.clientX - was.x, down = event.clientY - was.y;
  if (held.size === 1) {
   if (times === 1 || (!dragged && Math.hypot(right, down) < A_DRAG)) return;
   if (!dragged) frame.setPointerCapture(event.pointerId);
   dragged = true;
   const { one } = at(0, 0);
   move(-right * one, -down * one);
  }
  held.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (held.size === 2) {
   dragged = true;
   const [a, b] = [...held.values()], now = far(), { one } = at(0, 0);
   move(-right * one / 2, -down * one / 2);
   look(now / apart, at((a.x + b.x) / 2, (a.y + b.y) / 2));
   apart = now;
  }
 });
 const gone = (event) => { held.delete(event.pointerId); };
 for (const name of ["pointerup", "pointercancel"]) addEventListener(name, gone);
 // Two fingers are for the map; one scrolls the page until one has looked closer.
 const two = (event) => { if (event.touches.length > 1 && event.cancelable) event.preventDefault(); };
 for (const name of ["touchstart", "touchmove"]) frame.addEventListener(name, two, { passive: false });
 frame.addEventListener("dragstart", (event) => event.preventDefault());
 frame.addEventListener("click", (event) => {
  if (!dragged) return;
  dragged = false;
  event.preventDefault();
  event.stopPropagation();
 }, true);

 // -- the address
 const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
 const asked = () => {
  const [, much, code, right, down] = HASH.exec(location.hash) || [];
  if (!much) return false;
  const before = times;
  times = between(1, Number(much), MOST);
  if (!go({ code: decoded(code), right: Number(right || 0), down: Number(down || 0) })) { times = before; return false; }
  aimed = false;
  changed();
  return true;
 };
 addEventListener("hashchange", asked);
 addEventListener("resize", () => {
  const was = place();
  if (shown() !== sheet) { sheet = shown(); if (!go(was)) middle(0, 0); }
  changed();
 });
 if (asked()) row.scrollIntoView({ block: "nearest", behavior: "instant" });
 else draw();
})();
