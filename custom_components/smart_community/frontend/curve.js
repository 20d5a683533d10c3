// What a noise meter measured around an incident: its curve, the limit that it is judged by, and the
// levels that a mediation asks for.

import { el } from "./dom.js";
import { fill, lasted } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [600, 160];
// The figures stand beside the curve, which would strike them through.
const LEFT = 36;
// A piece is often written for the very reading that ends it: it is drawn on to the edge, since
// without a width of its own it would be a bare stroke up or down.
const RIGHT = WIDTH - 8;
// How long a reading holds at most, as it does in the levels (core/curve.py), in milliseconds.
const HOLD = 300_000;
const LEVELS = ["laeq", "lmax", "l10", "l50", "l90"];

/** A piece of evidence as a figure; the curve itself comes a moment later. */
export function curve(hass, words, clock, item) {
  const { limits = [] } = item; // none without a rule, as for what a person has reported
  const limit = limits.length ? [limitLine(words, clock, item)] : [];
  const chart = draw("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "curve",
    role: "img",
    "aria-label": [
      fill(words.curve.of, {
        name: item.name,
        from: clock(item.from),
        to: clock(item.to),
        level: item.laeq,
      }),
      ...limit,
    ].join(words.semicolon),
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
    .then((csv) => plot(chart, samples(csv), item, limits))
    .catch(() => title.append(el("span.problem", { role: "alert" }, ` ${words.curve.gone}`)));
  const legend = el(
    "ul.key",
    {},
    key("measured", words.curve.measured),
    key("laeq", words.curve.laeq),
    ...limit.map((text) => key("limit", text)),
  );
  return el("figure.measured", {}, title, chart, legend, levels);
}

/** "Limit for the average over 3:00: 55 dB(A), from 22:00 45 dB(A)" */
function limitLine(words, clock, { limits, limit_over: over }) {
  const [first, ...later] = limits;
  const held = later.map(({ from, level }) =>
    fill(words.curve.limit_from, { time: clock(from), level }),
  );
  const time = lasted(over, words);
  return [fill(words.curve.limit, { time, level: first.level }), ...held].join(words.comma);
}

/** A line of the chart with what it means. */
function key(kind, text) {
  const sample = draw("svg", { viewBox: "0 0 32 8", class: "curve", "aria-hidden": "true" });
  sample.append(line(0, 32, 4, kind));
  return el("li", {}, sample, text);
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

function plot(chart, all, { laeq, to }, limits) {
  const levels = all.map((one) => one.level).filter((level) => level !== null);
  if (!levels.length) {
    return;
  }
  const drawn = [...levels, laeq, ...limits.map(({ level }) => level)];
  const low = Math.floor((Math.min(...drawn) - 1) / 10) * 10;
  const high = Math.ceil((Math.max(...drawn) + 1) / 10) * 10;
  const [first, end] = [all[0].at, Date.parse(to)];
  const x = (at) => LEFT + ((at - first) / Math.max(end - first, 1)) * (RIGHT - LEFT);
  const y = (level) => HEIGHT - ((level - low) / (high - low)) * HEIGHT;
  for (let level = low + 10; level < high; level += 10) {
    chart.append(line(LEFT, WIDTH, y(level), "grid"), label(level, y(level)));
  }
  chart.append(label("dB", HEIGHT / 16));
  // A reading holds until the next one, as the meter's own display does.
  let path = "";
  let drawnTo = null;
  all.forEach(({ at, level }, index) => {
    if (level === null) {
      return;
    }
    path += at === drawnTo ? `V${y(level)}` : `M${x(at)},${y(level)}`;
    const next = all[index + 1];
    drawnTo = Math.min(next?.at ?? end, at + HOLD);
    path += `H${next || drawnTo < end ? x(drawnTo) : WIDTH}`;
  });
  chart.append(draw("path", { d: path, class: "measured" }), line(LEFT, WIDTH, y(laeq), "laeq"));
  // A limit may have begun before the first reading, or after the last.
  const edge = (from) => Math.min(Math.max(x(Date.parse(from)), LEFT), WIDTH);
  limits.forEach(({ from, level }, index) => {
    const until = limits[index + 1];
    chart.append(line(index ? edge(from) : LEFT, until ? edge(until.from) : WIDTH, y(level), "limit"));
  });
}

const line = (from, to, at, kind) =>
  draw("line", { x1: from, x2: to, y1: at, y2: at, class: kind });

function label(said, at) {
  const text = draw("text", { x: 2, y: at, class: "label", "dominant-baseline": "middle" });
  text.textContent = said;
  return text;
}

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  return element;
}
