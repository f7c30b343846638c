// What the stream does to the page beside swapping rows: the dot, the toast, the length of the strip.
// htmx swaps each fragment into the row of the same id; whoever is not on the page is passed over.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const KEPT_NEWS = 3;
  const PATIENCE_MS = 5000;
  const AGAIN_MS = 3000;
  let isLeaving = false;
  let waiting = new Set();
  let doubtful = new Set();
  window.addEventListener("pagehide", () => (isLeaving = true));
  window.addEventListener("pageshow", () => (isLeaving = false));

  // A tab that nobody sees holds no stream: a browser opens six connections to one address, and no seventh. htmx lets
  // go of the stream of a tab that is hidden, and takes it up behind its last id; one that begins hidden waits here.
  let isOpening = false;
  const follow = () => {
    const stream = byId("stream");
    if (!stream || document.hidden || isLeaving || isOpening || stream._htmx?.sse) return;
    isOpening = true;
    window.htmx.trigger(stream, "follow");
  };
  document.addEventListener("htmx:after:process", (event) => event.target === document.body && setTimeout(follow));
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.target.id !== "stream") return;
    isOpening = false;
    setTimeout(follow, AGAIN_MS); // unless it is open by now
  });
  let isBack = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) isBack = true;
    else follow(); // of a stream that is there, htmx takes no notice of it
  });

  // The dot. The server tells how it stands with Slack; whether we still hear the server only we can tell.
  let heardAt = new Date();
  const showOffline = () => {
    const dot = byId("dot");
    if (isLeaving || !dot || dot.dataset.lost) return;
    const time = heardAt.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    dot.dataset.lost = time;
    paint(dot, "dot-catching", `${dot.dataset.catching} ${time}`);
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
  document.addEventListener("htmx:sse:after:connection", () => {
    isHeard = true;
    // Hidden while it was being opened: htmx hears of that once it listens.
    if (document.hidden) setTimeout(() => document.dispatchEvent(new Event("visibilitychange")));
  });
  setTimeout(() => isHeard || document.hidden || showOffline(), PATIENCE_MS);
  document.addEventListener("htmx:sse:error", (event) => {
    askAtTheDoor(event.detail?.status);
    showOffline();
    const dot = byId("dot");
    if (dot?.dataset.lost) paint(dot, "dot-offline", `${dot.dataset.offline} ${dot.dataset.lost}`);
  });
  document.addEventListener("htmx:sse:before:connection", (event) => {
    // The first connection of a page is no loss; one that was let go while nobody looked left the page behind.
    if (event.detail.connection.attempt > 0 && !document.hidden) showOffline();
  });
  document.addEventListener("htmx:sse:close", () => setTimeout(follow, AGAIN_MS));

  // Rows change in place. Who came, went or would move waits behind the toast: nothing moves under the reader.
  document.addEventListener("htmx:sse:before:message", (event) => {
    const { data, event: name } = event.detail.message;
    heardAt = new Date();
    if (!name) {
      isBack = false;
      for (const row of rowsIn(data)) {
        remember(row);
        notice(row);
      }
    }
  });
  // Whoever was away for long reads the list as it is now; before somebody's eyes nothing moves unasked.
  document.addEventListener("reset", () => {
    if (isBack && isWholeList()) readAnew();
    else say("reset");
    isBack = false;
  });
  const isWholeList = () =>
    byId("search") &&
    !new URLSearchParams(location.search).has("after") &&
    document.querySelectorAll("#people > li").length <= Number(byId("results")?.dataset.pageSize);
  const readAnew = () => {
    window.htmx.trigger(byId("search"), "refresh");
    if (byId("news")) window.htmx.trigger(byId("news"), "renew");
    hush();
  };

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
      const letter = copy.querySelector(".letter");
      if (letter) letter.textContent = row.querySelector(".letter")?.textContent ?? "";
      const focused = [...row.querySelectorAll("a")].indexOf(document.activeElement);
      row.replaceWith(copy);
      if (focused >= 0) copy.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
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
    } else if (old && asksFor(results, row)) {
      doubtful.add(row.id);
      if (!waiting.size) say("perhaps");
    }
  };

  // Only the server knows whom a filter finds; a row that changed in what the filter asks for may be none of them.
  const asksFor = (results, row) => {
    const changed = (row.dataset.changed ?? "").split(" ");
    return (results.dataset.columns ?? "").split(" ").some((column) => column && changed.includes(column));
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
    if (!toast || (["people", "perhaps"].includes(what) && toast.dataset.what === "reset")) return;
    toast.dataset.what = what;
    const { one, many, onePerhaps, manyPerhaps, reset, person } = toast.dataset;
    const counted = (size, single, several) => (size === 1 ? single : several.replace("{}", size));
    const words = {
      people: counted(waiting.size, one, many),
      perhaps: counted(doubtful.size, onePerhaps, manyPerhaps),
      reset,
      person,
    };
    if (!toast.firstChild) toast.append(document.createElement("span"), showLink(toast), closeButton(toast));
    toast.firstChild.textContent = words[what];
  };
  const hush = () => {
    waiting = new Set();
    doubtful = new Set();
    const hadFocus = byId("toast").contains(document.activeElement);
    byId("toast").replaceChildren();
    if (hadFocus) (byId("results") ?? byId("main")).focus({ preventScroll: true });
    delete byId("toast").dataset.what;
  };
  // A new answer shows whatever waited when it was asked for, whoever asked.
  let asked = { waiting: new Set(), doubtful: new Set(), what: undefined };
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.id === "search") {
      asked = { waiting: new Set(waiting), doubtful: new Set(doubtful), what: byId("toast").dataset.what };
    }
  });
  document.addEventListener("htmx:after:request", (event) => {
    if (event.target.id !== "search" || !(event.detail?.ctx?.response?.status < 400)) return;
    for (const id of asked.waiting) waiting.delete(id);
    for (const id of asked.doubtful) doubtful.delete(id);
    const { what } = byId("toast").dataset;
    if (what === "people" && waiting.size) say("people");
    else if (what === "perhaps" && doubtful.size) say("perhaps");
    else if (what === asked.what && what) {
      if (what === "reset") window.htmx.trigger(byId("news"), "renew");
      hush();
    }
  });

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
  // The age at the foot.
  const tickAges = () => {
    for (const element of document.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(Math.floor((Date.now() - new Date(element.dateTime)) / 1000), 0);
      if (seconds >= 3600) continue; // from here on the server's words name a day
      const text = seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
      if (element.textContent !== text) element.textContent = text;
    }
  };
  setInterval(() => document.hidden || tickAges(), 1000);

  // The tint fades once; without its class the next change can show it again.
  document.addEventListener("animationend", (event) => event.target.classList?.remove("is-fresh"));
})();
