// Sorts and filters a page's tables, and draws its plots. It makes no markup of what it reads: text stays text.
"use strict";

const scales = {
  ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, "%": 0.01, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15,
  KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
};

/** "1.25 µs" as a number, so that it sorts between "900 ns" and "2 ms"; other text as it is. */
function keyOf(cell) {
  const text = cell ? cell.textContent.trim() : "";
  const parts = /^[#[(]?([-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\*?\s*([kMGTP](?=FLOP|B)|[^\s/]*)/.exec(text);
  if (!parts) return text;
  return Number(parts[1].replace("−", "-")) * (scales[parts[2]] ?? 1);
}

const byText = new Intl.Collator("en", { numeric: true }).compare;
const isEmpty = (key) => key === "" || key === "–";

/** Rows without the figure go last, whichever way is up. */
function compareKeys(a, b, direction) {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) - isEmpty(b);
  if (typeof a === "number" && typeof b === "number") return direction * (a - b);
  return direction * byText(String(a), String(b));
}

/** A row and those that continue it. */
function rowGroups(body) {
  const groups = [];
  for (const row of body.rows)
    if (row.classList.contains("more") && groups.length) groups.at(-1).push(row);
    else groups.push([row]);
  return groups;
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const direction = head.ariaSort === "ascending" ? -1 : 1;
      for (const other of heads) other.ariaSort = null;
      head.ariaSort = direction > 0 ? "ascending" : "descending";
      const body = table.tBodies[0];
      const keyed = rowGroups(body).map((rows) => {
        // A cell that spans columns is no figure of any of them.
        const cell = rows[0].cells[column];
        return { rows, key: cell && cell.colSpan === 1 ? keyOf(cell) : "" };
      });
      keyed.sort((a, b) => compareKeys(a.key, b.key, direction));
      body.append(...keyed.flatMap((group) => group.rows));
    });
  });
}

function makeFilterable(table) {
  const total = rowGroups(table.tBodies[0]).length;
  if (total < 12) return;
  // Of a large table this takes as long as all else, so it waits until somebody filters.
  let groups;
  const texts = () => groups ??= rowGroups(table.tBodies[0]).map((rows) => ({
    rows, text: rows.map((row) => row.textContent).join(" ").toLowerCase(),
  }));
  const label = document.createElement("label");
  const field = document.createElement("input");
  const count = document.createElement("span");
  label.className = "filter";
  field.type = "search";
  field.placeholder = "filter: all of these words";
  label.append(field, count);
  table.parentNode.before(label);
  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { rows, text } of texts()) {
      const fits = words.every((word) => text.includes(word));
      shown += fits;
      for (const row of rows) row.hidden = !fits;
    }
    count.textContent = words.length ? `${shown} of ${total} rows` : `${total} rows`;
  };
  field.addEventListener("input", filter);
  table.showAll = () => {
    field.value = "";
    filter();
  };
  count.textContent = `${total} rows`;
}

/** Shows the row that a link leads to, whatever hides it. */
function showTarget() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!row) return;
  for (const folded of document.querySelectorAll("details")) if (folded.contains(row)) folded.open = true;
  if (row.hidden) row.closest("table").showAll();
  for (const old of document.querySelectorAll("tr.target")) old.classList.remove("target");
  row.classList.add("target");
  row.scrollIntoView({ block: "center" });
}

/** Colours are the text's own, so that plots follow light, dark and paper without being drawn again. */
const faint = { domainColor: "currentColor", tickColor: "currentColor", gridColor: "currentColor" };
const config = {
  background: null,
  // A family that is named, as text is measured before it stands in the page.
  font: 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
  view: { stroke: null },
  axis: {
    ...faint, labelColor: "currentColor", titleColor: "currentColor", titleFontWeight: "normal", labelFontSize: 12,
    titleFontSize: 12, gridOpacity: 0.13, domainOpacity: 0.5, tickOpacity: 0.5,
  },
  legend: {
    labelColor: "currentColor", titleColor: "currentColor", orient: "top", title: null, labelFontSize: 12, symbolSize: 90,
  },
  header: { labelColor: "currentColor", titleColor: "currentColor" },
  title: { color: "currentColor", anchor: "start", fontWeight: "normal" },
  text: { color: "currentColor", fontSize: 11 },
};

const narrow = matchMedia("(max-width: 48em)");

/** As many words on a line as its letters allow. */
function wrapped(text, letters) {
  const lines = [""];
  for (const word of text.split(" "))
    if (lines.at(-1) === "") lines[lines.length - 1] = word;
    else if (lines.at(-1).length + 1 + word.length <= letters) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  return lines.join("\n");
}

/**
 * Names of a plot's rows that have no room beside them stand above them, whole, in lines of their own. `usermeta.names`
 * is the field of such names.
 */
function placeNames(specification, width) {
  const field = specification.usermeta?.names;
  if (!field) return;
  const size = 11, line = 14, { x, y } = specification.encoding, count = y.sort.length;
  const longest = Math.max(...y.sort.map((name) => name.length));
  if (longest * 6.6 < Math.min(y.axis.labelLimit, 0.56 * width)) return;
  const names = y.sort.map((name) => wrapped(name, Math.floor(width / (0.62 * size))));
  const lines = Math.max(...names.map((name) => name.split("\n").length));
  // Empty lines first, so that each name stands on its row.
  const shown = new Map(y.sort.map((name, i) => [name, "\n".repeat(lines - names[i].split("\n").length) + names[i]]));
  for (const row of specification.data.values) row[field] = shown.get(row[field]);
  y.sort = [...shown.values()];
  const gap = line * lines + 8, row = specification.height / count;
  specification.height = (gap + row) * count;
  y.scale = { paddingInner: gap / (gap + row), paddingOuter: gap / (gap + row) / 2, align: 1 };
  y.axis = {
    ...y.axis, labelExpr: "split(datum.label, '\\n')", labelAlign: "left", labelBaseline: "top", labelPadding: 0, labelLimit: width,
    labelOffset: 4 - gap - row / 2, labelFontSize: size, labelLineHeight: line, grid: false,
  };
  if (x.type === "nominal")
    x.axis = { ...x.axis, labelFontSize: size, labelExpr: "split(replace(datum.label, ' + ', '\\n+ '), '\\n')" };
}

let drawn = 0, drawnNarrow;

async function drawPlots() {
  // Paper takes the plots as they are, made smaller.
  if (drawnNarrow === narrow.matches || matchMedia("print").matches) return;
  drawnNarrow = narrow.matches;
  delete document.documentElement.dataset.page;
  for (const place of document.querySelectorAll(".plot")) {
    const specification = JSON.parse(document.getElementById(place.dataset.specification).textContent);
    config.legend.columns = narrow.matches ? 2 : 6;
    placeNames(specification, place.clientWidth);
    try {
      // `ast`: expressions are interpreted, as the page forbids text to become code.
      await vegaEmbed(place, specification, {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, config, loader: { target: "_self" },
      });
      if (!place.dataset.drawn) performance.mark(`plot ${++drawn}`);
      place.dataset.drawn = "yes";
    } catch (error) {
      place.textContent = `This plot could not be drawn: ${error.message}`;
      console.error(error);
    }
    // The page answers between two plots.
    await new Promise((resolve) => setTimeout(resolve));
  }
  performance.mark("all plots");
  document.documentElement.dataset.page = "drawn";
}

for (const table of document.querySelectorAll("table")) {
  makeSortable(table);
  makeFilterable(table);
}
addEventListener("hashchange", showTarget);
showTarget();
performance.mark("tables");
if (typeof vegaEmbed === "function") {
  drawPlots();
  narrow.addEventListener("change", drawPlots);
}
