// Keeps a page true while one looks: the server tells what happened, the page is asked for again,
// and only the regions that are marked for it are changed. Without this script the page is as it
// was when it was asked for; nothing else is lost.
"use strict";
(() => {
  const main = document.getElementById("main");
  const pulse = document.getElementById("pulse");
  if (!main || !pulse || !main.dataset.follow || !window.EventSource) return;
  const follow = main.dataset.follow;
  const SOON = 120, REST = follow === "*" ? 1500 : 300;
  let timer = 0, busy = false, again = false, last = 0;

  const say = (text) => {
    if (pulse.textContent === text) return;
    pulse.textContent = text;
    // What is as it should be stands quietly in the bar; anything else stands over the page.
    pulse.classList.toggle("live", text === "Live");
  };

  // Whoever types, or has opened a choice, is not disturbed: that region waits until they leave it.
  const inUse = (region) => {
    const active = document.activeElement;
    if (!active || !region.contains(active)) return false;
    return active.matches("input:not([type=hidden]), textarea, select");
  };
  const begun = (one) => {
    if (one.tagName !== "SELECT") return one.defaultValue;
    return ([...one.options].find((option) => option.defaultSelected) ?? one.options[0])?.value;
  };
  const touched = (region) => [...region.querySelectorAll("textarea, select, input:not([type=hidden])")]
    .some((one) => one.type === "checkbox" || one.type === "radio"
      ? one.checked !== one.defaultChecked : one.value !== begun(one));

  const keepOpen = (now, next) => {
    const own = now.matches("details[id]") ? [now] : [];
    for (const one of [...own, ...now.querySelectorAll("details[id]")]) {
      const same = one === now ? next : next.querySelector("#" + CSS.escape(one.id));
      if (same) same.open = one.open;
    }
  };

  // What the reader looks at stays where it is when something above it grows.
  const keepingPlace = (change) => {
    const marks = scrollY > 0 ? [...main.querySelectorAll("[id]")] : [];
    const anchor = marks.find((one) => one.getBoundingClientRect().top >= 0);
    const before = anchor ? anchor.getBoundingClientRect().top : 0;
    const focused = document.activeElement && document.activeElement.id;
    change();
    const after = anchor && document.getElementById(anchor.id);
    if (after) scrollBy({ top: after.getBoundingClientRect().top - before, behavior: "instant" });
    if (focused && document.activeElement === document.body) {
      document.getElementById(focused)?.focus({ preventScroll: true });
    }
  };

  const swap = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    let waiting = false, changed = false;
    keepingPlace(() => {
      for (const now of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(now.id);
        if (!next) continue;
        keepOpen(now, next);
        if (next.isEqualNode(now)) continue;
        if (inUse(now) || touched(now)) { waiting = true; continue; }
        now.replaceWith(document.adoptNode(next));
        changed = true;
      }
    });
    document.title = fresh.title;
    const position = fresh.getElementById("main")?.dataset.position;
    if (position) main.dataset.position = position;
    if (waiting) say("Something changed here; it is shown once you leave the field.");
    else say("Live");
    if (changed) document.dispatchEvent(new CustomEvent("tocsin:changed"));
  };

  const renew = async () => {
    if (busy) { again = true; return; }
    busy = true;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
      if (answer.ok) swap(await answer.text());
      else if (answer.status === 401 || answer.type === "opaqueredirect") ended();
    } catch {
      say("Not connected; trying again");
    } finally {
      busy = false;
      if (again) { again = false; soon(); }
    }
  };

  const soon = () => {
    if (timer) return;
    const wait = Math.max(SOON, last + REST - Date.now());
    timer = setTimeout(() => { timer = 0; renew(); }, wait);
  };

  let source = null;
  const ended = () => {
    source?.close();
    say("You are signed out. Reload the page to sign in again; what you typed here is kept by the form.");
  };

  const listen = () => {
    source = new EventSource("/live?after=" + main.dataset.position);
    source.onopen = () => say("Live");
    source.onmessage = (message) => {
      const event = JSON.parse(message.data);
      if (follow === "*" || follow.split(" ").includes(event.stream)) soon();
    };
    source.onerror = () => {
      say("Not connected; trying again");
      // Refused, not interrupted: the page itself says why.
      if (source.readyState === EventSource.CLOSED) { renew(); setTimeout(listen, 5000); }
    };
  };

  addEventListener("focusout", () => { if (pulse.textContent.startsWith("Something")) soon(); });
  // A page that is not looked at need not hold a connection: six are all a browser has.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; } else if (!source) { listen(); soon(); }
  });
  addEventListener("pagehide", () => source?.close());
  if (!document.hidden) listen();
})();
