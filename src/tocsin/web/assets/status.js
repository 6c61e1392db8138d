// What a status page does with a script, and does as well without one: it looks again every half
// minute, tells times in the reader's own zone, and keeps "5 min ago" true.
"use strict";
(() => {
  const EVERY = 30000;
  const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const own = new Intl.DateTimeFormat(undefined, {
    weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  let seen = null;
  let lost = null;

  const age = (at) => {
    const distance = at - Date.now(), far = Math.abs(distance);
    if (far < MINUTE) return "just now";
    const minutes = Math.floor(far / MINUTE), rest = minutes % 60;
    const words = far < HOUR ? minutes + " min"
      : far < 6 * HOUR ? Math.floor(minutes / 60) + " h" + (rest ? " " + rest + " min" : "")
      : far < 2 * DAY ? Math.floor(far / HOUR) + " h" : Math.floor(far / DAY) + " days";
    return distance > 0 ? "in " + words : words + " ago";
  };

  const tellTimes = () => {
    for (const time of document.querySelectorAll("time[datetime*=T]")) {
      const at = new Date(time.dateTime);
      const until = time.dataset.until && new Date(time.dataset.until);
      time.title = (until ? own.formatRange(at, until) : own.format(at)) + " (" + zone + ")";
      if ("age" in time.dataset) time.textContent = age(at);
    }
  };

  // The element that the reader is looking at stays where it is when what is above it grows.
  const keepingPlace = (change) => {
    const marked = [...document.querySelectorAll("#main [id]")];
    const anchor = scrollY > 0 && marked.find((one) => one.getBoundingClientRect().top >= 0);
    const before = anchor && anchor.getBoundingClientRect().top;
    const focused = document.activeElement && document.activeElement.id;
    change();
    const after = anchor && document.getElementById(anchor.id);
    if (after) scrollBy({ top: after.getBoundingClientRect().top - before, behavior: "instant" });
    if (focused && document.activeElement === document.body) {
      document.getElementById(focused)?.focus({ preventScroll: true });
    }
  };

  const renew = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const next = fresh.getElementById("main"), now = document.getElementById("main");
    if (!next || !now) return;
    for (const details of now.querySelectorAll("details[open]")) {
      const same = details.closest("[id]");
      fresh.getElementById(same && same.id)?.querySelector("details")?.setAttribute("open", "");
    }
    const said = fresh.getElementById("headline")?.textContent;
    const news = said !== document.getElementById("headline")?.textContent;
    // Nobody is torn away from a link they are on: the rest changes once they have left it.
    if (!news && now.contains(document.activeElement) && document.activeElement !== now) return;
    keepingPlace(() => {
      now.className = next.className;
      now.replaceChildren(...document.adoptNode(next).childNodes);
    });
    document.title = fresh.title;
    const icon = document.querySelector("link[rel=icon]"), newIcon = fresh.querySelector("link[rel=icon]");
    if (icon && newIcon) icon.href = newIcon.getAttribute("href");
    if (news && said) document.getElementById("said").textContent = said;
  };

  const sayLost = () => {
    lost ??= new Date();
    document.getElementById("said").textContent =
      "This page could not be renewed since " + own.format(lost) + ".";
    document.getElementById("said").className = "lost";
  };

  const look = async () => {
    if (document.hidden) return;
    try {
      const headers = seen ? { "If-None-Match": seen } : {};
      const answer = await fetch(location.href, { cache: "no-store", headers });
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      const tag = answer.headers.get("etag");
      if (lost) {
        lost = null;
        document.getElementById("said").textContent = "";
        document.getElementById("said").className = "unseen";
      }
      if (answer.ok) {
        renew(await answer.text());
        seen = tag;
      }
    } catch {
      sayLost();
    }
    tellTimes();
  };

  tellTimes();
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
