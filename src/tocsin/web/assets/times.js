// Instants: in the reader's own zone while the pointer is on them or the focus is, and "5 min ago"
// kept true. What stands in the page is UTC, and stays so.
"use strict";
(() => {
 const EVERY = 15000, MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
 const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
 const own = new Intl.DateTimeFormat(undefined, {
  weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
 });
 const utc = (at) => at.toISOString().slice(0, 16).replace("T", " ") + " UTC";

 const age = (at) => {
  const distance = at - Date.now(), far = Math.abs(distance);
  if (far < MINUTE) return "just now";
  const minutes = Math.floor(far / MINUTE), rest = minutes % 60;
  const words = far < HOUR ? minutes + " min"
   : far < 6 * HOUR ? Math.floor(minutes / 60) + " h" + (rest ? " " + rest + " min" : "")
   : far < 2 * DAY ? Math.floor(far / HOUR) + " h" : Math.floor(far / DAY) + " days";
  return distance > 0 ? "in " + words : words + " ago";
 };

 const tell = (event) => {
  const time = event.target.closest && event.target.closest("time[datetime*=T]");
  if (!time) return;
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) time.title = utc(at) + " · " + own.format(at) + " (" + zone + ")";
 };
 document.addEventListener("pointerover", tell);
 document.addEventListener("focusin", tell);

 // What is told as a distance is told anew; what is told as a date stays.
 const DISTANCE = /^(just now|in \d.*|\d.* ago)$/;
 const refresh = () => {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[datetime*=T]")) {
   if (!DISTANCE.test(time.textContent)) continue;
   const now = age(new Date(time.dateTime));
   if (time.textContent !== now) time.textContent = now;
  }
 };
 setInterval(refresh, EVERY);
 document.addEventListener("visibilitychange", refresh);
})();
