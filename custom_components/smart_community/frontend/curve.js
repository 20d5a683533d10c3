// What a noise meter measured around an incident: its curve, and the levels that a mediation asks for.

import { el } from "./dom.js";
import { fill } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [600, 160];
const LEVELS = ["laeq", "lmax", "l10", "l50", "l90"];

/** A piece of evidence as a figure; the curve itself comes a moment later. */
export function curve(hass, words, clock, item) {
  const chart = draw("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "curve",
    role: "img",
    "aria-label": fill(words.curve.of, {
      name: item.name,
      from: clock(item.from),
      to: clock(item.to),
      level: item.laeq,
    }),
  });
  const title = el("figcaption", {}, `${item.name}${words.colon}${clock(item.from)} – ${clock(item.to)}`);
  const levels = el(
    "dl.levels",
    {},
    ...LEVELS.map((name) =>
      el("div", {}, el("dt.quiet", {}, words.curve[name]), el("dd", {}, `${item[name]} dB`)),
    ),
  );
  hass
    .fetchWithAuth(`/api/smart_community/evidence/${item.id}`)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
    .then((csv) => plot(chart, samples(csv), item.laeq))
    .catch(() => title.append(el("span.problem", { role: "alert" }, ` ${words.curve.gone}`)));
  return el("figure.measured", {}, title, chart, levels);
}

/** The rows of the file, `at,level`; a row without a level ends what the meter said before. */
function samples(csv) {
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.split(","))
    .map(([at, level]) => ({ at: Date.parse(at), level: level === "" ? null : Number(level) }));
}

function plot(chart, all, laeq) {
  const levels = all.map((one) => one.level).filter((level) => level !== null);
  if (!levels.length) {
    return;
  }
  const low = Math.floor(Math.min(...levels, laeq) / 10) * 10;
  const high = Math.ceil((Math.max(...levels, laeq) + 1) / 10) * 10;
  const [first, last] = [all[0].at, all.at(-1).at];
  const x = (at) => (last > first ? ((at - first) / (last - first)) * WIDTH : 0);
  const y = (level) => HEIGHT - ((level - low) / (high - low)) * HEIGHT;
  for (let level = low + 10; level < high; level += 10) {
    chart.append(line(0, WIDTH, y(level), "grid"), label(level, y(level)));
  }
  // A reading holds until the next one, as the meter's own display does.
  let path = "";
  all.forEach(({ at, level }, index) => {
    const before = index ? all[index - 1].level : null;
    if (level !== null) {
      path += before === null ? `M${x(at)},${y(level)}` : `H${x(at)}V${y(level)}`;
    } else if (before !== null) {
      path += `H${x(at)}`;
    }
  });
  chart.append(draw("path", { d: path, class: "measured" }), line(0, WIDTH, y(laeq), "laeq"));
}

const line = (from, to, at, kind) =>
  draw("line", { x1: from, x2: to, y1: at, y2: at, class: kind });

function label(level, at) {
  const text = draw("text", { x: 4, y: at - 3, class: "label" });
  text.textContent = `${level} dB`;
  return text;
}

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  return element;
}
