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
  const groups = rowGroups(table.tBodies[0]).map((rows) => ({
    rows, text: rows.map((row) => row.textContent).join(" ").toLowerCase(),
  }));
  if (groups.length < 8) return;
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
    for (const { rows, text } of groups) {
      const fits = words.every((word) => text.includes(word));
      shown += fits;
      for (const row of rows) row.hidden = !fits;
    }
    count.textContent = words.length ? `${shown} of ${groups.length} rows` : `${groups.length} rows`;
  };
  field.addEventListener("input", filter);
  table.showAll = () => {
    field.value = "";
    filter();
  };
  filter();
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
    columns: { expr: "width < 480 ? 3 : 6" },
  },
  header: { labelColor: "currentColor", titleColor: "currentColor" },
  title: { color: "currentColor", anchor: "start", fontWeight: "normal" },
  text: { color: "currentColor", fontSize: 11 },
};

async function drawPlots() {
  for (const place of document.querySelectorAll(".plot")) {
    const specification = JSON.parse(document.getElementById(place.dataset.specification).textContent);
    try {
      // `ast`: expressions are interpreted, as the page forbids text to become code.
      await vegaEmbed(place, specification, {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, config, loader: { target: "_self" },
      });
      place.dataset.drawn = "yes";
    } catch (error) {
      place.textContent = `This plot could not be drawn: ${error.message}`;
      console.error(error);
    }
    // The page answers between two plots.
    await new Promise((resolve) => setTimeout(resolve));
  }
  document.documentElement.dataset.page = "drawn";
}

for (const table of document.querySelectorAll("table")) {
  makeSortable(table);
  makeFilterable(table);
}
addEventListener("hashchange", showTarget);
showTarget();
if (typeof vegaEmbed === "function") drawPlots();
