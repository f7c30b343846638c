// Keeps the page fresh without loading it anew. What the server sends is elements as lists: [tag, attributes, children];
// text in them only ever becomes text.
"use strict";

const EVERY_MS = 1000;
const AWAY = "The pretend Slack does not answer. Has the demo ended?";
const HARMLESS = /^(?!on)[a-z][a-z-]*$/;
const role = document.querySelector("input[name=as]").value;
const tab = document.querySelector('[data-live="home"]') ? "home" : "talk";
let looking = null;
let timer = 0;
let isAway = false;

function build(node) {
  if (typeof node === "string") return document.createTextNode(node);
  const [tag, attributes, children] = node;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (HARMLESS.test(name) && name !== "style") element.setAttribute(name, value);
  }
  element.append(...children.map(build));
  return element;
}

// Elements that are named and signed as before are left alone: with their focus, their text, and unread to the ear.
function renew(place, nodes) {
  const standing = new Map([...place.children].map((each) => [each.dataset.key, each]));
  const focus = place.contains(document.activeElement) ? document.activeElement : null;
  const around = focus && [...place.children].find((each) => each.contains(focus))?.dataset.key;
  let next = place.firstElementChild;
  for (const node of nodes) {
    const attributes = node[1];
    let element = standing.get(attributes["data-key"]);
    standing.delete(attributes["data-key"]);
    if (!element || element.dataset.same !== attributes["data-same"]) {
      const made = build(node);
      if (element) {
        if (element === next) next = made;
        element.replaceWith(made);
      }
      element = made;
    }
    if (element === next) next = next.nextElementSibling;
    else place.insertBefore(element, next);
  }
  for (const left of standing.values()) left.remove();
  if (!focus || focus.isConnected) return;
  const now = [...place.children].find((each) => each.dataset.key === around);
  [...(now?.querySelectorAll("a, button, input, select, textarea") ?? [])].find((each) => isLike(each, focus))?.focus();
}

function isLike(one, other) {
  return one.localName === other.localName && ["name", "value", "href"].every((key) => one[key] === other[key]);
}

function show(live) {
  for (const [name, nodes] of Object.entries(live)) {
    const place = document.querySelector(`[data-live="${name}"]`);
    if (!place) continue;
    const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
    renew(place, nodes);
    if (name === "talk" && isAtEnd) place.scrollTop = place.scrollHeight;
  }
}

async function look() {
  clearTimeout(timer);
  looking?.abort();
  const mine = (looking = new AbortController());
  try {
    const answer = await fetch(`/page/state?${new URLSearchParams({ as: role, tab })}`, { signal: mine.signal });
    if (answer.ok) show((await answer.json()).live);
    if (isAway) complain("");
    isAway = false;
  } catch (error) {
    if (error.name === "AbortError") return;
    isAway = true;
    complain(AWAY);
  }
  if (!document.hidden) timer = setTimeout(look, EVERY_MS);
}

function complain(words) {
  const place = document.getElementById("trouble");
  if (words === place.textContent) return;
  place.textContent = words;
  place.hidden = !words;
}

async function send(form, more) {
  complain("");
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of more) body.set(name, value);
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body });
    await look();
    if (!answer.ok) complain((await answer.json()).error);
  } catch {
    complain(AWAY);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.quiet) return;
  event.preventDefault();
  const pressed = event.submitter?.name ? [[event.submitter.name, event.submitter.value]] : [];
  send(form, pressed);
  if (form.dataset.quiet !== "type") return;
  const talk = document.querySelector('[data-live="talk"]');
  form.elements.typed.value = "";
  setTimeout(look, 50); // what was typed stands there before the answer does
  talk.scrollTop = talk.scrollHeight;
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-press], a[data-type]");
  if (!link) return;
  if (link.dataset.press) {
    send(link.closest("form"), [["press", link.dataset.press]]); // the link itself opens beside this page
    return;
  }
  event.preventDefault();
  const box = document.getElementById("say");
  box.value = link.dataset.type;
  box.focus();
});

// In a field of the app Enter presses the button beside it, not the first of the form.
document.addEventListener("keydown", (event) => {
  const field = event.target.closest(".blocks input");
  if (event.key !== "Enter" || !field) return;
  event.preventDefault();
  field.closest(".field")?.querySelector("button")?.click();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else look();
});

const talk = document.querySelector('[data-live="talk"]');
if (talk) talk.scrollTop = talk.scrollHeight;
look();
