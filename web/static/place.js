// Where the reader is stays where it was: after more rows, after a filter, and after coming back from a person.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const names = () => [...document.querySelectorAll("#people .name")];
  const here = () => `place ${location.pathname}${location.search}`;
  const MOST_PAGES = 20;

  // Fifty more: the link goes with its pager, so the focus goes on to the first of the new.
  let before = -1;
  let goal = null;
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches?.("a[rel=next]")) before = names().length;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (before < 0 || names().length <= before) return;
    const first = names()[before];
    before = -1;
    if (goal) setTimeout(goOn);
    else first.focus({ preventScroll: true });
  });

  // Where fewer than fifty are left, the link says how many.
  const PAGE_SIZE = 50;
  const nameTheRest = () => {
    const [link, total] = [document.querySelector("a[rel=next]"), byId("count-words")?.textContent ?? ""];
    const left = /^[\d,]+$/.test(total) ? Number(total.replaceAll(",", "")) - names().length : PAGE_SIZE;
    const isWhole = !new URLSearchParams(location.search).has("after");
    if (link && isWhole && left > 0 && left < PAGE_SIZE) link.textContent = `Show the last ${left}`;
  };
  document.addEventListener("DOMContentLoaded", nameTheRest);
  document.addEventListener("htmx:after:swap", nameTheRest);

  // Back from a person: as many pages as there were, the same height, and the focus on whom one had opened.
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("#people > li");
    if (!row || !event.target.closest("a")) return;
    sessionStorage.setItem(here(), JSON.stringify({ count: names().length, top: scrollY, id: row.id }));
  });
  const isReturn = () => performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const goOn = () => {
    const next = document.querySelector("a[rel=next]");
    if (next && names().length < goal.count && goal.pages++ < MOST_PAGES) return next.click();
    scrollTo(0, goal.top);
    byId(goal.id)?.querySelector(".name").focus({ preventScroll: true });
    goal = null;
  };
  document.addEventListener("htmx:after:process", (event) => {
    const kept = sessionStorage.getItem(here());
    if (event.target !== document.body || !kept || !isReturn()) return;
    sessionStorage.removeItem(here());
    goal = { ...JSON.parse(kept), pages: 0 };
    goOn();
  });

  // Filters are links: on a narrow page their panel opens again, and the focus stays on the value that was chosen.
  document.addEventListener("click", (event) => {
    const choice = event.target.closest?.("#rail a.choice");
    if (!choice) return;
    sessionStorage.setItem("filter", choice.querySelector(".choice-label").textContent);
    // What was typed a moment ago is not in the links yet.
    const url = new URL(choice.href);
    const typed = byId("q").value.trim();
    if (typed) url.searchParams.set("q", typed);
    else url.searchParams.delete("q");
    if (typed !== (new URL(choice.href).searchParams.get("q") ?? "")) choice.href = url.href;
  });
  document.addEventListener("DOMContentLoaded", () => {
    const label = sessionStorage.getItem("filter");
    sessionStorage.removeItem("filter");
    const choices = [...document.querySelectorAll("#rail a.choice")];
    const choice = choices.find((each) => each.querySelector(".choice-label").textContent === label);
    if (!choice) return;
    byId("rail").open = true;
    choice.focus({ preventScroll: true });
  });

  // The view is kept by the browser, not by the address: a step back between two views would show the same one.
  document.addEventListener("click", (event) => {
    const view = event.target.closest?.(".segments-view a");
    if (!view || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    location.replace(view.href);
  });
})();
