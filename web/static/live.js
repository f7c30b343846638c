// What the stream does to the page beside swapping rows: the dot, the toast, the length of the strip.
// htmx swaps each fragment into the row of the same id; whoever is not on the page is passed over.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const KEPT_NEWS = 3;
  const PATIENCE_MS = 5000;
  let isLeaving = false;
  let waiting = new Set();
  window.addEventListener("pagehide", () => (isLeaving = true));
  window.addEventListener("pageshow", () => (isLeaving = false));

  // The dot. The server tells how it stands with Slack; whether we still hear the server only we can tell.
  const showOffline = () => {
    const dot = byId("dot");
    if (isLeaving || !dot || dot.dataset.lost) return;
    const now = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    dot.dataset.lost = now;
    paint(dot, "dot-catching", `${dot.dataset.catching} ${now}`);
  };
  const paint = (dot, look, words) => {
    dot.className = `dot ${look}`;
    dot.querySelector(".dot-words").textContent = words;
  };
  // Whoever may no longer look is told so by the server, in place of people who are not theirs to see. A stream that
  // never opened is a failed request like any other; one that does not open again is an error of the stream.
  // Once: the page that says so takes the session back, and asked again it would only offer to sign in.
  let isAsking = false;
  const askAtTheDoor = (status) => {
    if (isAsking || ![401, 403].includes(status)) return;
    isAsking = true;
    location.reload();
  };
  document.addEventListener("htmx:response:error", (event) => askAtTheDoor(event.detail?.ctx?.response?.status));
  // The server painted the dot before anybody listened: without a stream it would go on saying "Live".
  let isHeard = false;
  document.addEventListener("htmx:sse:after:connection", () => (isHeard = true));
  setTimeout(() => isHeard || showOffline(), PATIENCE_MS);
  document.addEventListener("htmx:sse:error", (event) => {
    askAtTheDoor(event.detail?.status);
    showOffline();
    const dot = byId("dot");
    if (dot?.dataset.lost) paint(dot, "dot-offline", `${dot.dataset.offline} ${dot.dataset.lost}`);
  });
  document.addEventListener("htmx:sse:before:connection", (event) => {
    // The first connection of a page is no loss, nor is one that was let go in a background tab.
    if (event.detail.connection.attempt > 0 && !document.hidden) showOffline();
  });
  document.addEventListener("htmx:sse:close", () => setTimeout(reconnect, 3000));
  const reconnect = () => {
    const stream = byId("stream");
    if (stream && !isLeaving) window.htmx.trigger(stream, "reconnect");
  };

  // Rows change in place. Who came, went or would move waits behind the toast: nothing moves under the reader.
  document.addEventListener("htmx:sse:before:message", (event) => {
    const { data, event: name } = event.detail.message;
    if (!name) {
      for (const row of rowsIn(data)) {
        remember(row);
        notice(row);
      }
    }
  });
  document.addEventListener("reset", () => say("reset"));

  // A list may be read before a change and arrive after it. What was told last is kept, and put back where it is newer.
  const told = new Map();
  const KEPT_ROWS = 200;
  const remember = (row) => {
    told.delete(row.id);
    told.set(row.id, row);
    if (told.size > KEPT_ROWS) told.delete(told.keys().next().value);
  };
  const bringUpToDate = () => {
    for (const row of document.querySelectorAll("#people > li")) {
      const newer = told.get(row.id);
      if (newer?.dataset.kind === "erased") {
        row.remove(); // there is no way back from that, whatever a late list still says
        continue;
      }
      if (!newer || Number(newer.dataset.rev) <= Number(row.dataset.rev)) continue;
      const copy = document.importNode(newer, true);
      copy.removeAttribute("hx-swap-oob");
      const letter = copy.querySelector(".letter"); // cards have none
      if (letter) letter.textContent = row.querySelector(".letter").textContent;
      row.replaceWith(copy);
    }
  };

  const rowsIn = (html) =>
    html.includes('id="u-') ? new DOMParser().parseFromString(html, "text/html").querySelectorAll('li[id^="u-"]') : [];

  const notice = (row) => {
    if (row.dataset.kind === "erased") forget(row.dataset.href);
    const person = byId("person");
    if (person) {
      if (row.id === `u-${person.dataset.key}`) say("person");
      return;
    }
    const results = byId("results");
    if (!results) return;
    const old = byId(row.id);
    const fits =
      results.dataset.kinds.split(" ").includes(row.dataset.kind) &&
      results.dataset.states.split(" ").includes(row.dataset.state);
    const hasMoved = old && old.dataset.sort !== row.dataset.sort;
    // Who is not on this page may be on a later one, so only a newcomer counts.
    const isNew = !old && fits && !results.dataset.q && row.dataset.came === "1";
    if ((old && !fits) || hasMoved || isNew) {
      waiting.add(row.id);
      say("people");
    }
  };

  // Whoever was erased leaves the strip at once, as htmx takes their row away.
  const forget = (href) => {
    for (const link of document.querySelectorAll("#news a")) {
      if (link.getAttribute("href") === href) link.closest("li").remove();
    }
  };

  // The toast: one at a time, and it stays until used or closed.
  const say = (what) => {
    const toast = byId("toast");
    if (!toast || (what === "people" && toast.dataset.what === "reset")) return;
    toast.dataset.what = what;
    const many = toast.dataset.many.replace("{}", waiting.size);
    const words = { people: waiting.size === 1 ? toast.dataset.one : many, reset: toast.dataset.reset, person: toast.dataset.person };
    if (!toast.firstChild) toast.append(document.createElement("span"), showLink(toast), closeButton(toast));
    toast.firstChild.textContent = words[what];
  };
  const hush = () => {
    waiting = new Set();
    byId("toast").replaceChildren();
    delete byId("toast").dataset.what;
  };
  const showLink = (toast) => {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = toast.dataset.show;
    link.addEventListener("click", (event) => {
      // On the first page the list is asked for again where it stands, with what has been typed so far.
      if (!byId("search") || new URLSearchParams(location.search).has("after")) return;
      event.preventDefault();
      window.htmx.trigger(byId("search"), "refresh");
      // After a reset the strip may tell of people who are no longer for this reader. Else it is ahead of any answer.
      if (toast.dataset.what === "reset") window.htmx.trigger(byId("news"), "renew");
      hush();
    });
    return link;
  };
  const closeButton = (toast) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.ariaLabel = toast.dataset.close;
    button.addEventListener("click", hush);
    return button;
  };

  document.addEventListener("htmx:after:swap", () => {
    bringUpToDate();
    // htmx keeps no history here (it would ask again for pages we have); a search still leaves its address behind.
    const href = byId("results")?.dataset.href;
    if (href && href !== location.pathname + location.search) history.replaceState(history.state, "", href);
    for (const old of [...document.querySelectorAll("#news > li")].slice(KEPT_NEWS)) old.remove();
    const shown = byId("shown");
    if (shown) shown.textContent = document.querySelectorAll("#people > li").length.toLocaleString("en");
    let previous = "";
    for (const letter of document.querySelectorAll("#people .letter")) {
      // The next fifty bring their first letter along, though it may stand above already.
      if (letter.textContent && letter.textContent === previous) letter.textContent = "";
      previous = letter.textContent || previous;
    }
  });
  // The tint fades once; without its class the next change can show it again.
  document.addEventListener("animationend", (event) => event.target.classList?.remove("is-fresh"));
})();
