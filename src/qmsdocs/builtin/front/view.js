// What is seen. Texts come onto the page as text nodes only, never as markup.
"use strict";

const SIZES = [50, 200, 1000];
const CHOICES = 60;  // tick boxes of one column
const TOKEN = /^[!-~]{1,24}$/u;  // a number or a code is not broken at its hyphens
const view = { shelf: 0, written: "", open: null, size: SIZES[0], wishes: [], language: "zh", found: [], page: 0 };

const say = (name, values = {}) =>
  Front.head.words[view.language][name].replace(/\{(\w+)\}/gu, (_, key) => String(values[key] ?? ""));
const place = (id) => document.getElementById(id);
const grouped = (count) => count.toLocaleString("en-US");

// An element with properties, attributes (`aria-…`, `role`, `for`) and children.
function make(tag, properties = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in found && !name.includes("-")) found[name] = value;
    else found.setAttribute(name, value);
  }
  found.append(...children.filter((child) => child !== null));
  return found;
}

const button = (text, onclick, properties = {}) => make("button", { type: "button", onclick, ...properties }, text);

// `text` with the places marked that were searched for.
function marked(text, words) {
  const folded = fold(text);
  if (words.length === 0 || folded.length !== text.length) return [text];
  const parts = [];
  let done = 0;
  for (;;) {
    const hits = words.map((word) => [folded.indexOf(word, done), word.length]).filter(([at]) => at >= 0);
    if (hits.length === 0) break;
    const [at, length] = hits.reduce((a, b) => (b[0] < a[0] ? b : a));
    parts.push(text.slice(done, at), make("mark", {}, text.slice(at, at + length)));
    done = at + length;
  }
  return [...parts, text.slice(done)].filter((part) => part !== "");
}

// ── the frame

function drawFrame() {
  const { head } = Front;
  document.documentElement.lang = view.language === "zh" ? "zh-CN" : "en";
  place("title").textContent = head.title;
  place("facts").replaceChildren(
    ...head.facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  place("notes").replaceChildren(...head.notes.map((note) => make("p", {}, note)));
  place("keys").textContent = say("keys");
  place("language").textContent = say("language");
  place("search").placeholder = say("search");
  place("search").setAttribute("aria-label", say("search"));
}

function drawTabs(words) {
  const tabs = Front.shelves.map((shelf) => {
    const count = hits(shelf, words).length;
    return tab(shelf.index, shelf.title, grouped(count), count === 0);
  });
  if (Front.head.charts.length > 0) tabs.push(tab(Front.shelves.length, say("charts"), "", false));
  place("tabs").replaceChildren(...tabs);
}

function tab(index, title, count, isEmpty) {
  const isOpen = index === view.shelf;
  const found = button(title, () => show(index), {
    role: "tab", id: `tab-${index}`, tabIndex: isOpen ? 0 : -1, "aria-selected": String(isOpen), "aria-controls": "shelf",
    className: isEmpty ? "empty" : "",
  });
  found.append(make("span", {}, count));
  return found;
}

function show(index) {
  view.shelf = index;
  view.page = 0;
  draw();
  place(`tab-${index}`).focus({ preventScroll: true });
  if (place("shelf").getBoundingClientRect().top < 0) place("shelf").scrollIntoView();
}

// ── one shelf

function draw() {
  const words = wordsOf(view.written);
  drawTabs(words);
  const shelf = Front.shelves[view.shelf];
  const isCharts = shelf === undefined;
  for (const id of ["tools", "table", "pager", "nothing"]) place(id).hidden = isCharts;
  place("charts").hidden = !isCharts;
  place("heading").textContent = isCharts ? say("charts") : shelf.title;
  place("note").textContent = isCharts ? "" : shelf.note;
  if (isCharts) return drawCharts();
  view.found = wanted(shelf, words, view.wishes[view.shelf]);
  drawFilters(shelf);
  drawHead(shelf);
  drawLines(shelf, words);
}

function drawCharts() {
  place("charts").replaceChildren(...Front.head.charts.map(([title, path]) => make("figure", {},
    make("figcaption", {}, title), make("img", { src: inner(path) ?? "", alt: title, loading: "lazy" }))));
}

function drawHead(shelf) {
  const wish = view.wishes[shelf.index];
  const cells = shelf.columns.map(({ title, kind }, column) => {
    const isBy = wish.column === column;
    const order = isBy ? (wish.isDown ? "descending" : "ascending") : "none";
    const turn = () => {
      Object.assign(wish, isBy && wish.isDown ? { column: null, isDown: false } : { column, isDown: isBy });
      view.page = 0;
      draw();
      place("head").querySelectorAll("button")[column].focus();
    };
    return make("th", { scope: "col", "aria-sort": order, className: kind }, button(title, turn));
  });
  if (hasFiles(shelf)) cells.push(make("th", { scope: "col" }, say("files")));
  place("head").replaceChildren(make("tr", {}, ...cells));
  drawOrder(shelf, wish);
}

// On a phone the heads of the columns have no room; what is sorted by is chosen from a list there.
function drawOrder(shelf, wish) {
  const choose = ({ target: { value } }) => {
    Object.assign(wish, { column: value === "" ? null : Math.abs(value) - 1, isDown: value < 0 });
    draw();
  };
  const option = (value, text) => make("option", { value, selected: value === chosen }, text);
  const chosen = wish.column === null ? "" : String((wish.column + 1) * (wish.isDown ? -1 : 1));
  const options = shelf.columns.flatMap(({ title }, at) => [option(String(at + 1), `${title} ▲`), option(String(-at - 1), `${title} ▼`)]);
  const list = make("select", { id: "order", onchange: choose }, option("", say("order")), ...options);
  list.setAttribute("aria-label", say("order"));
  place("order").replaceWith(list);
}

const hasFiles = (shelf) => shelf.lines.some((line) => line.links.length > 0);

function drawLines(shelf, words) {
  const { found, size } = view;
  const last = Math.max(0, Math.ceil(found.length / size) - 1);
  view.page = Math.min(view.page, last);
  const first = view.page * size;
  const lines = found.slice(first, first + size);
  const withFiles = hasFiles(shelf);
  place("lines").replaceChildren(...lines.map((line) => row(shelf, line, words, withFiles)));
  place("table").className = found.length === 0 ? "empty" : "";
  const count = shelf.lines.length;
  place("count").textContent = Front.missing !== null ? say("missing", { path: Front.missing })
    : Front.isLoading ? say("loading")
    : found.length === count ? say("lines", { count: grouped(count) })
    : say("of", { found: grouped(found.length), count: grouped(count) });
  place("count").className = Front.missing !== null ? "warning" : "";
  place("nothing").textContent = found.length > 0 || Front.isLoading ? "" : say(count > 0 ? "none" : "empty");
  drawPager(first, lines.length, last);
}

function row(shelf, line, words, withFiles) {
  const cells = shelf.columns.map(({ title, kind }, column) => {
    const text = marked(line.cells[column], words);
    const inside = column === 0 ? [make("a", { href: `#${encodeURIComponent(line.key)}` }, ...text)] : text;
    const className = `${kind}${line.cells[column] === "" ? " vacant" : ""}${TOKEN.test(line.cells[column]) ? " token" : ""}`;
    return make("td", { className, "data-title": title }, make("div", {}, ...inside));
  });
  if (words.length > 0) addSnippet(cells[widest(shelf)], line, words);
  if (withFiles) cells.push(fileCell(line));
  return make("tr", { onclick: (event) => { if (event.target.closest("a") === null) open(line.key); } }, ...cells);
}

// Where the first word is only in the rest of the line, a little of the text around it stands below the line's own.
function addSnippet(cell, line, words) {
  const outside = words.find((word) => !line.cells.some((cell) => fold(cell).includes(word)));
  const text = [...line.values, ...line.events].find((value) => outside !== undefined && fold(value).includes(outside));
  if (text === undefined) return;
  const at = Math.max(0, fold(text).indexOf(outside) - 16);
  const shown = (at > 0 ? "…" : "") + text.slice(at, at + 60).replace(/\s+/gu, " ") + (at + 60 < text.length ? "…" : "");
  cell.append(make("div", { className: "snippet" }, ...marked(shown, words)));
}

const widest = (shelf) => Math.max(0, shelf.columns.findLastIndex(({ kind }) => kind === "text"));

function fileCell({ links }) {
  const className = links.length === 0 ? "files vacant" : "files";
  return make("td", { className, "data-title": say("files") }, make("div", {}, ...links.slice(0, 2).map(linked)));
}

function linked([title, path]) {
  const href = inner(path);
  return href === null ? make("span", {}, title) : make("a", { href, target: "_blank", rel: "noopener noreferrer" }, title);
}

function drawPager(first, count, last) {
  const turn = (page) => () => { view.page = page; draw(); place("shelf").scrollIntoView(); };
  const sizes = SIZES.map((size) => make("option", { value: String(size), selected: size === view.size }, String(size)));
  const choose = (event) => { view.size = Number(event.target.value); view.page = 0; draw(); };
  place("pager").hidden = view.found.length <= SIZES[0];
  place("pager").replaceChildren(
    button(say("previous"), turn(view.page - 1), { disabled: view.page === 0 }),
    make("span", {}, say("range", { first: grouped(first + 1), last: grouped(first + count), count: grouped(view.found.length) })),
    button(say("next"), turn(view.page + 1), { disabled: view.page >= last }),
    make("label", {}, say("size"), make("select", { onchange: choose }, ...sizes)));
}

// ── filters

function drawFilters(shelf) {
  const wish = view.wishes[shelf.index];
  const shown = [];
  shelf.columns.forEach((column, index) => {
    if (column.kind === "choice") shown.push(chooser(shelf, column, index, wish));
    if (column.kind === "date" || column.kind === "number") shown.push(spanner(column, index, wish));
  });
  const isFiltered = view.written !== "" || [...wish.ticks.values()].some((chosen) => chosen.size > 0)
    || [...wish.spans.values()].some(([from, to]) => from !== "" || to !== "");
  if (isFiltered) shown.push(button(say("clear"), clear, { className: "clear" }));
  const opened = new Set([...place("filters").querySelectorAll("details[open]")].map((item) => item.id));
  const focus = document.activeElement?.id ?? "";
  place("filters").replaceChildren(...shown);
  for (const id of opened) if (place(id) !== null) place(id).open = true;
  if (focus.startsWith("filter-")) place(focus)?.focus();
}

function chooser(shelf, column, index, wish) {
  const chosen = wish.ticks.get(index) ?? new Set();
  const id = `filter-${shelf.index}-${index}`;
  const all = choices(shelf, index);
  const boxes = all.slice(0, CHOICES).map(([text, count], at) => {
    const tick = (event) => {
      if (event.target.checked) chosen.add(text);
      else chosen.delete(text);
      wish.ticks.set(index, chosen);
      view.page = 0;
      draw();
    };
    const box = make("input", { type: "checkbox", id: `${id}-${at}`, checked: chosen.has(text), onchange: tick });
    return make("label", {}, box, make("span", {}, text === "" ? say("blank") : text), make("small", {}, grouped(count)));
  });
  const rest = all.length - CHOICES;
  const more = rest > 0 ? make("p", {}, say("more", { count: grouped(rest) })) : null;
  const said = chosen.size === 0 ? "" : [...chosen].map((text) => text || say("blank")).join("、");
  return folded(id, column.title, said, ...boxes, more);
}

function spanner(column, index, wish) {
  const span = wish.spans.get(index) ?? ["", ""];
  const id = `filter-${view.shelf}-${index}`;
  const fields = ["from", "to"].map((name, end) => {
    const change = (event) => { span[end] = event.target.value; wish.spans.set(index, span); view.page = 0; draw(); };
    const field = { type: column.kind, id: `${id}-${name}`, value: span[end], onchange: change };
    return make("label", {}, make("span", {}, say(name)), make("input", field));
  });
  return folded(id, column.title, span[0] || span[1] ? span.join("–") : "", ...fields);
}

function folded(id, title, said, ...content) {
  const summary = make("summary", { id: `${id}-title` }, title, said === "" ? null : make("b", {}, said));
  const closeOthers = (event) => {
    if (!event.target.open) return;
    for (const other of place("filters").querySelectorAll("details[open]")) if (other.id !== id) other.open = false;
  };
  return make("details", { id, ontoggle: closeOthers }, summary, make("div", {}, ...content));
}

function clear() {
  view.written = place("search").value = "";
  view.wishes[view.shelf] = { ...wish(), column: view.wishes[view.shelf].column, isDown: view.wishes[view.shelf].isDown };
  view.page = 0;
  draw();
  place("search").focus();
}

const wish = () => ({ ticks: new Map(), spans: new Map(), column: null, isDown: false });

// ── one line

const open = (key) => { location.hash = `#${encodeURIComponent(key)}`; };

function openAsAddressed() {
  let key = "";
  try { key = decodeURIComponent(location.hash.slice(1)); } catch { /* not one of ours */ }
  drawDetail(key === "" ? undefined : Front.byKey.get(key));
}

function drawDetail(line) {
  const before = view.open;
  view.open = line ?? null;
  place("detail").hidden = line === undefined;
  document.body.classList.toggle("open", line !== undefined);
  if (line === undefined) return before === null ? undefined : returnTo(before);
  const words = wordsOf(view.written);
  const { columns, layouts } = line.shelf;
  const pairs = [...columns.map(({ title }, index) => [title, line.cells[index]]),
    ...layouts[line.layout].map((title, index) => [title, line.values[index]])].filter(([, text]) => text !== "");
  place("detail").replaceChildren(
    detailBar(line),
    make("h2", { tabIndex: -1 }, line.key),
    part(line.links, "files", () => make("ul", { className: "files" }, ...line.links.map((link) => make("li", {}, linked(link))))),
    part(pairs, "detail", () => make("dl", {}, ...pairs.map(([title, text]) =>
      make("div", {}, make("dt", {}, title), make("dd", {}, ...marked(text, words)))))),
    part(line.events, "events", () => make("ol", {}, ...line.events.map((event) => make("li", {}, ...marked(event, words))))),
    part(line.related, "related", () => make("ul", {}, ...line.related.map((key) => make("li", {}, ...reference(key))))));
  place("detail").scrollTop = 0;
  place("detail").querySelector("h2").focus({ preventScroll: true });
}

const part = (items, name, content) =>
  items.length === 0 ? "" : make("section", {}, make("h3", {}, say(name)), content());

function reference(key) {
  const line = Front.byKey.get(key);
  if (line === undefined) return [key];
  const said = line.cells.filter((cell) => cell !== "" && cell !== key).slice(0, 4).join(" · ");
  return [make("a", { href: `#${encodeURIComponent(key)}` }, key), make("span", {}, said)];
}

function detailBar(line) {
  const at = view.found.findIndex(({ key }) => key === line.key);
  const step = (name, to) => button(say(name), () => open(view.found[to].key), { disabled: at < 0 || view.found[to] === undefined });
  const close = button(say("close"), () => { location.hash = ""; }, { className: "close" });
  return make("div", { className: "bar" }, step("before", at - 1), step("after", at + 1), close);
}

function returnTo(line) {
  const links = [...place("lines").querySelectorAll("td:first-child a")];
  links.find((link) => link.hash === `#${encodeURIComponent(line.key)}`)?.focus();
}

// ── hands

function onKey(event) {
  const typing = event.target.closest("input, select, summary") !== null;
  if (event.key === "Escape" && view.open !== null) location.hash = "";
  else if (event.key === "/" && !typing) { event.preventDefault(); place("search").focus(); }
  else if (event.key.startsWith("Arrow") && event.target.role === "tab") turnTab(event);
  else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (!typing || event.target.id === "search")) walk(event);
}

function turnTab(event) {
  const tabs = [...place("tabs").children];
  const to = tabs[tabs.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0)];
  if (to !== undefined && to !== event.target) to.click();
}

function walk(event) {
  const links = [...place("lines").querySelectorAll("td:first-child a")];
  const at = links.indexOf(document.activeElement);
  const to = links[at < 0 ? 0 : at + (event.key === "ArrowDown" ? 1 : -1)];
  if (to === undefined || place("detail").contains(document.activeElement)) return;
  event.preventDefault();
  to.focus();
}

function ready() {
  view.language = Front.head.language;
  view.wishes = Front.shelves.map(wish);
  drawFrame();
  place("language").addEventListener("click", () => {
    view.language = view.language === "zh" ? "en" : "zh";
    drawFrame();
    draw();
    if (view.open !== null) drawDetail(view.open);
  });
  let waiting = 0;
  place("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { view.written = event.target.value; view.page = 0; draw(); }, 80);
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", openAsAddressed);
}

// The first lines are drawn at once, the last ones at the end, those between not more often than needed.
let drawnAt = null;
Front.drawn = () => {
  if (drawnAt === null) ready();
  else if (Front.isLoading && performance.now() - drawnAt < 500) return;
  draw();
  if (!Front.isLoading) openAsAddressed();
  drawnAt = Front.byKey.size === 0 ? -Infinity : performance.now();
};
