// The page without the stream: the viewer's time zone, clocks that go on, keys, menus. Everything works without it.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);

  // The server computes differences between clocks; only the browser knows where its reader is.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  let isNews = zone && !document.cookie.split("; ").includes(`tz=${encodeURIComponent(zone)}`);
  if (isNews) {
    document.cookie = `tz=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
  }
  document.addEventListener("DOMContentLoaded", () => {
    showKey();
    tick();
    // The list of keys takes the focus; closing it, the browser gives it back.
    byId("keys")?.addEventListener("toggle", (event) => {
      if (event.newState === "open") event.target.querySelector("button").focus();
    });
  });
  // The first page of a new reader was made without the zone: ask once more for its list. htmx starts after `load`.
  document.addEventListener("htmx:after:init", (event) => {
    if (!isNews || event.target.id !== "search") return;
    isNews = false;
    setTimeout(() => window.htmx.trigger(event.target, "refresh"));
  });

  // Clocks. The words of the day come from the server, as "0=probably asleep;6=early morning;…".
  const hours = (document.body.dataset.hours || "").split(";").map((each) => each.split("="));
  const clocks = new Map();
  const clockOf = (name) => {
    if (!clocks.has(name)) {
      const parts = { timeZone: name, hour: "2-digit", minute: "2-digit", weekday: "short", hourCycle: "h23" };
      clocks.set(name, new Intl.DateTimeFormat("en-GB", parts));
    }
    return clocks.get(name);
  };
  const wordsAt = (hour, weekday) => {
    const words = hours.filter(([start]) => hour >= Number(start)).pop()?.[1] ?? "";
    return words === "working hours" && (weekday === "Sat" || weekday === "Sun") ? "weekend" : words;
  };

  const tick = () => {
    const now = new Date();
    for (const element of document.querySelectorAll("[data-zone]")) tickClock(element, now);
    for (const element of document.querySelectorAll("time[data-ago]")) tickAge(element, now);
    for (const element of document.querySelectorAll("[data-day]")) tickDay(element, now);
    // Slack tells no one that a custom status has ended; the server wrote when it would.
    for (const element of document.querySelectorAll("[data-ends]")) {
      if (now >= Number(element.dataset.ends) * 1000) element.remove();
    }
  };

  const partsIn = (zone, now) => {
    try {
      return Object.fromEntries(clockOf(zone).formatToParts(now).map((part) => [part.type, part.value]));
    } catch {
      return null; // a zone that this browser does not know keeps the server's time
    }
  };
  const minutesOf = (parts) => Number(parts.hour) * 60 + Number(parts.minute);
  const placeOf = (minutes) => `${((minutes * 100) / 1440).toFixed(2)}%`;

  const tickClock = (element, now) => {
    const parts = partsIn(element.dataset.zone, now);
    if (!parts) return;
    const time = `${parts.hour}:${parts.minute}`;
    // Midnight could be of either day; on a person's own page the day stands beside it.
    const text = time === "00:00" && element.closest("#people") ? `${parts.weekday} ${time}` : time;
    const clock = element.querySelector(".time-clock");
    if (clock.textContent === text) return;
    clock.textContent = text;
    element.querySelector(".strip-now")?.setAttribute("cx", placeOf(minutesOf(parts)));
    const words = element.querySelector(".time-hour");
    const told = wordsAt(Number(parts.hour), parts.weekday);
    if (words) words.textContent = "capital" in words.dataset ? told[0].toUpperCase() + told.slice(1) : told;
    const day = element.querySelector(".time-day");
    if (day) day.textContent = now.toLocaleDateString("en-GB", { timeZone: element.dataset.zone, weekday: "long" });
  };

  // The line through both days of a profile stands at the viewer's own time.
  const tickDay = (element, now) => {
    const parts = partsIn(element.dataset.day, now);
    if (!parts) return;
    const place = placeOf(minutesOf(parts));
    element.querySelector(".day-tag-text").textContent = `${parts.hour}:${parts.minute}`;
    for (const mark of element.querySelectorAll(".day-tag, .day-tag-text")) mark.setAttribute("x", place);
    for (const end of ["x1", "x2"]) element.querySelector(".day-line").setAttribute(end, place);
    uncover(element, minutesOf(parts));
  };

  // An hour that the time of now would lie over gives way to it.
  const NEAR_PX = 40;
  const uncover = (element, minutes) => {
    const scale = element.querySelector(".day-scale");
    for (const [index, hour] of [...scale.children].entries()) {
      const distance = (Math.abs(minutes - index * 180) / 1440) * scale.clientWidth;
      hour.classList.toggle("is-covered", distance < NEAR_PX);
    }
  };
  const tickAge = (element, now) => {
    const seconds = Math.floor((now - new Date(element.dateTime)) / 1000);
    const count = seconds < 60 ? seconds : Math.floor(seconds / 60);
    if (seconds >= 3600) return; // from here on the server's words name a day
    const noun = `${seconds < 60 ? "second" : "minute"}${count === 1 ? "" : "s"}`;
    const text = seconds < 5 ? "just now" : `${count} ${noun} ago`;
    if (element.textContent !== text) element.textContent = text;
  };
  setInterval(() => document.hidden || tick(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());

  // Keys. Arrows move the real focus, so Tab and screen readers agree with them. Those of one letter can be switched off.
  const hasLetterKeys = () => document.body.dataset.keys !== "off";
  const showKey = () => {
    const key = document.querySelector(".search-key");
    if (key) key.textContent = byId("q").value ? "Esc" : hasLetterKeys() ? "/" : "";
  };
  document.addEventListener("input", (event) => event.target.id === "q" && showKey());

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.isComposing || event.defaultPrevented) return;
    const field = byId("q");
    const isTyping = event.target.matches("input, textarea, select, [contenteditable]");
    const isLetter = !isTyping && !event.ctrlKey && !event.metaKey && hasLetterKeys();
    const isSearch =
      (event.key === "/" && isLetter) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey));
    if (isSearch && field) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "?" && isLetter) {
      byId("keys")?.togglePopover?.();
    } else if (event.key === "Escape") {
      escape(event, field);
    } else if (event.key.startsWith("Arrow") && field) {
      move(event, field);
    }
  });

  const escape = (event, field) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (field && event.target === field) {
      event.preventDefault();
      leave(field);
    }
  };

  const leave = (field) => {
    if (!field.value) {
      field.blur();
      return;
    }
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const move = (event, field) => {
    const names = [...document.querySelectorAll("#people .name")];
    const at = names.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== field) return;
    const step = { ArrowDown: columns(names), ArrowUp: -columns(names), ...sideways(event, names) }[event.key];
    if (!step || (at < 0 && event.key !== "ArrowDown")) return;
    const next = at < 0 ? 0 : at + step;
    const goal = next < 0 ? field : names[next] ?? document.querySelector("a[rel=next]");
    if (!goal) return;
    event.preventDefault();
    goal.focus();
  };
  // How many stand side by side: one in a list, more among cards.
  const columns = (names) => {
    const top = (name) => name.closest("li").offsetTop;
    const count = names.findIndex((name) => top(name) !== top(names[0]));
    return count < 0 ? names.length || 1 : count;
  };
  const sideways = (event, names) => {
    if (document.activeElement === byId("q") || columns(names) === 1) return {};
    const onwards = getComputedStyle(document.body).direction === "rtl" ? -1 : 1;
    return { ArrowRight: onwards, ArrowLeft: -onwards };
  };

  // Menus open without us; with us they also close when the reader goes elsewhere.
  const closeMenus = (but) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(but)) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("focusin", (event) => closeMenus(event.target));

  // The sheet for paper has a button for what every browser can do by itself.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
