// While the server cannot be reached: says so above the list and beneath the field, and asks again by itself.
// It loads behind live.js, whose dot has noted by then since when nothing was heard.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const FIRST_MS = 1000;
  const LONGEST_MS = 10_000;

  // The bar: the people stay on the page, and it says how old they are.
  const showBar = () => {
    const [bar, since] = [byId("away"), byId("dot")?.dataset.lost];
    if (!bar || !since || !bar.hidden) return;
    bar.hidden = false;
    byId("away-words").textContent = bar.dataset.words.replace("{}", since);
  };
  const hideBar = () => {
    const bar = byId("away");
    if (!bar || bar.hidden) return;
    byId("away-words").textContent = "";
    bar.hidden = true;
  };

  // A search that got no answer is kept in mind, and asked again until it has one.
  let isLost = false;
  let wait_ms = FIRST_MS;
  let timer = 0;
  const lose = (event) => {
    if (event.target.id !== "search") return;
    isLost = true;
    const note = byId("unasked");
    if (note && !note.textContent) note.textContent = note.dataset.words;
    clearTimeout(timer);
    timer = setTimeout(askAgain, wait_ms);
    wait_ms = Math.min(wait_ms * 2, LONGEST_MS);
  };
  const askAgain = () => {
    if (!isLost) return;
    if (document.hidden) timer = setTimeout(askAgain, LONGEST_MS);
    else window.htmx.trigger(byId("search"), "refresh");
  };
  const find = (event) => {
    if (event.target.id !== "search" || !(event.detail?.ctx?.response?.status < 500)) return;
    isLost = false;
    wait_ms = FIRST_MS;
    clearTimeout(timer);
    byId("unasked").textContent = "";
  };
  document.addEventListener("htmx:error", lose);
  document.addEventListener("htmx:response:error", (event) => event.detail?.ctx?.response?.status >= 500 && lose(event));
  document.addEventListener("htmx:after:request", find);

  // The stream waits longer after each failure; whoever shows that they are here need not wait.
  const tryNow = () => {
    wait_ms = FIRST_MS;
    const sse = byId("stream")?._htmx?.sse;
    if (sse) sse.delayCanceller?.();
    else document.dispatchEvent(new Event("visibilitychange")); // it never opened, and is begun again
    askAgain();
  };
  const isAway = () => isLost || !(byId("away")?.hidden ?? true);
  document.addEventListener("htmx:sse:error", showBar);
  document.addEventListener("htmx:sse:after:connection", () => {
    hideBar();
    askAgain();
  });
  for (const sign of ["online", "focus"]) window.addEventListener(sign, () => isAway() && tryNow());
  document.addEventListener("visibilitychange", (event) => event.isTrusted && !document.hidden && isAway() && tryNow());
  document.addEventListener("input", (event) => event.target.id === "q" && !isLost && isAway() && tryNow());
  document.addEventListener("click", (event) => event.target.closest("#try-now") && tryNow());
})();
