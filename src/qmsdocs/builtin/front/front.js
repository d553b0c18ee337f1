// The lines, which of them are wanted, and in which order. Nothing here draws.
"use strict";

const Front = {
  head: null,        // title, facts, notes, charts, language, words, chunks, shelves: what data-000.js says
  shelves: [],       // of the head, each with its `lines`
  byKey: new Map(),  // key → line
  missing: null,     // the data file that could not be loaded
  isLoading: true,
  drawn: () => {},   // told after each data file
};

// The one call every data file makes. The text is JSON, so that no name in it (`__proto__`) can be more than a name.
function qmsdocs(text) {
  const said = JSON.parse(text);
  if (Front.head === null) begin(said);
  else said.lines.forEach((line) => take(Front.shelves[said.shelf], line));
}

function begin(head) {
  Front.head = head;
  Front.shelves = head.shelves.map((shelf, index) => Object.assign(shelf, { index, lines: [] }));
  load(1);
}

function take(shelf, [key, cells, layout, values, events, links, related]) {
  const text = fold([key, ...cells, ...values, ...events].join("\n"));
  const line = { shelf, place: shelf.lines.length, key, cells, layout, values, events, links, related, text };
  shelf.lines.push(line);
  if (!Front.byKey.has(key)) Front.byKey.set(key, line);
}

// One file after the other, so that the first lines are seen at once and the page stays alive meanwhile.
function load(number) {
  Front.isLoading = number <= Front.head.chunks;
  Front.drawn();
  if (!Front.isLoading) return;
  const script = document.createElement("script");
  script.src = `front/data-${String(number).padStart(3, "0")}.js`;
  script.onload = () => { script.remove(); load(number + 1); };
  script.onerror = () => { Front.missing = script.getAttribute("src"); Front.isLoading = false; Front.drawn(); };
  document.head.append(script);
}

// Capitals and full-width signs are all the same to a search.
const fold = (text) => text.normalize("NFKC").toLowerCase();

const wordsOf = (written) => fold(written).split(/\s+/u).filter((word) => word !== "");

// The lines of a shelf that hold all `words`; remembered, since counting and showing both ask.
function hits(shelf, words) {
  const asked = `${shelf.lines.length} ${words.join(" ")}`;
  if (shelf.asked !== asked) {
    shelf.hits = shelf.lines.filter(({ text }) => words.every((word) => text.includes(word)));
    shelf.asked = asked;
  }
  return shelf.hits;
}

// The lines of a shelf that hold all `words` and pass its filters, in the wanted order.
// wish: {ticks: Map(column → Set of texts), spans: Map(column → [from, to]), column, isDown}
function wanted(shelf, words, wish) {
  const tests = [...ticked(wish.ticks), ...within(shelf, wish.spans)];
  const found = hits(shelf, words).filter(({ cells }) => tests.every((test) => test(cells)));
  return wish.column === null ? found : sorted(shelf, found, wish);
}

const ticked = (ticks) =>
  [...ticks].filter(([, chosen]) => chosen.size > 0).map(([column, chosen]) => (cells) => chosen.has(cells[column]));

function within(shelf, spans) {
  return [...spans].filter(([, [from, to]]) => from !== "" || to !== "").map(([column, [from, to]]) => {
    if (shelf.columns[column].kind !== "date") {
      const [low, high] = [from === "" ? -Infinity : Number(from), to === "" ? Infinity : Number(to)];
      return (cells) => { const value = numberOf(cells[column]); return value >= low && value <= high; };
    }
    return (cells) => {
      const day = cells[column].slice(0, 10);
      return day !== "" && (from === "" || day >= from) && (to === "" || day <= to);
    };
  });
}

const numberOf = (text) => (text.trim() === "" ? NaN : Number.parseFloat(text.replace(/[,\s]/gu, "")));

const collator = new Intl.Collator("zh-Hans-CN", { numeric: true });

// Empty cells stand last either way. Equal texts are compared once.
function sorted(shelf, lines, { column, isDown }) {
  const kind = shelf.columns[column].kind;
  const value = kind === "number" ? (line) => numberOf(line.cells[column]) : ranks(lines, column, kind);
  const keyed = lines.map((line) => [line, value(line)]);
  const sign = isDown ? -1 : 1;
  keyed.sort(([a, x], [b, y]) => {
    const [noX, noY] = [Number.isNaN(x), Number.isNaN(y)];
    if (noX || noY) return noX - noY || a.place - b.place;
    return sign * (x - y) || a.place - b.place;
  });
  return keyed.map(([line]) => line);
}

function ranks(lines, column, kind) {
  const texts = [...new Set(lines.map((line) => line.cells[column]))].filter((text) => text !== "");
  if (kind === "date") texts.sort();
  else texts.sort(collator.compare);
  const rank = new Map(texts.map((text, place) => [text, place]));
  return (line) => rank.get(line.cells[column]) ?? NaN;
}

// The different texts of a column and how often each stands there, the most frequent first.
function choices(shelf, column) {
  const counts = new Map();
  for (const { cells } of shelf.lines) counts.set(cells[column], (counts.get(cells[column]) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || collator.compare(a, b));
}

// A path inside this folder as a link, or null: no scheme, no way up, no other host.
function inner(path) {
  const parts = path.split("/");
  const isInside = !/[:\\]/u.test(path) && parts.every((part) => part !== "" && part !== "." && part !== "..");
  return isInside ? "./" + parts.map(encodeURIComponent).join("/") : null;
}
