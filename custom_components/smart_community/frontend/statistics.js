// Figures of a period: how much happened, how fast people were, how much of it was false.

import { FiguresCard } from "./card.js";
import { ChannelTest, testRow } from "./channel-test.js";
import { el, icon } from "./dom.js";
import { share } from "./phrases.js";
import { clock, fill, lasted, shortDay } from "./words.js";

const PERIODS = [7, 30, 90];
const SVG = "http://www.w3.org/2000/svg";

const mostOf = (days) => Math.max(...days.map((day) => day.incidents));

export class Statistics extends FiguresCard {
  make() {
    this._tests = new Map();
    this._open = new Set();
    return super.make();
  }

  show() {
    const { words } = this;
    const periods = PERIODS.map((days) =>
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(days === this.days),
          onclick: () => this.ask(days),
        },
        fill(words.statistics.days, { days }),
      ),
    );
    return [
      el("div.filters", { role: "group", "aria-label": words.statistics.period }, ...periods),
      ...this.communities.map((community) => this._community(community)),
    ];
  }

  changed(change) {
    if (this.store.lostAt !== null) {
      this._tests.forEach((test) => test.end());
    }
    super.changed(change);
  }

  _community(community) {
    const { all } = community;
    const { statistics: words } = this.words;
    const measured = (seconds) => (seconds === null ? "–" : lasted(seconds, this.words));
    const tiles = [
      [words.incidents, all.incidents],
      [words.active, all.active],
      [words.to_acknowledge, measured(all.to_acknowledge)],
      [words.to_close, measured(all.to_close)],
      [words.false_alarms, share(all, this.words)],
      // Where no loudspeaker asks anybody for anything there is nothing to be proud of.
      ...(all.guided ? [[words.guided, all.guided]] : []),
    ];
    return this.section(
      community,
      el(
        "dl.tiles",
        {},
        ...tiles.map(([name, value]) =>
          el("div.tile", {}, el("dt.quiet", {}, name), el("dd", {}, String(value))),
        ),
      ),
      el("h3", {}, words.by_day),
      this._chart(community.days),
      this._axis(community.days),
      this._legend(),
      this._table(community),
      this._list(community, "withheld", (row) => this._withheld(community, row)),
      this._list(community, "tests", (row) =>
        testRow({
          store: this.store,
          words: this.words,
          community: community.id,
          row,
          time: `${clock(this.hass, new Date(row.at))} `,
        }),
      ),
      community.may.includes("test") ? this._test(community.id) : null,
    );
  }

  /** The newest of what was withheld, or tested; what somebody has opened stays open. */
  _list(community, name, made) {
    const rows = community[name];
    const { title, none } = this.words[name];
    if (!rows.length) {
      return el("p.quiet", {}, none);
    }
    const key = `${community.id}/${name}`;
    const toggled = ({ target }) => this._open[target.open ? "add" : "delete"](key);
    return el(
      "details",
      { open: this._open.has(key), ontoggle: toggled },
      el("summary", {}, fill(title, { count: rows.length })),
      el("ul.facts", {}, ...rows.map(made)),
    );
  }

  _withheld(community, row) {
    const incident = { community: community.id };
    const who = this.store.nameOf(incident, row.responder);
    const how = this.store.words.channels[row.channel] ?? row.channel;
    const time = clock(this.hass, new Date(row.at));
    const end = row.until && clock(this.hass, new Date(row.until));
    const why = end ? fill(this.words.withheld.until, { why: row.reason, time: end }) : row.reason;
    return el(
      "li",
      {},
      icon("mdi:sleep"),
      el(
        "span",
        {},
        el("a", { href: `/smart-community/desk?incident=${row.incident}` }, time),
        ` ${fill(this.words.asked, { who, how })}${why}`,
      ),
    );
  }

  _test(community) {
    if (!this._tests.has(community)) {
      const { store, words } = this;
      const hass = () => this.hass;
      const test = new ChannelTest({ store, words, hass, community, done: () => this._ask() });
      this._tests.set(community, test);
    }
    return this._tests.get(community).element;
  }

  _chart(days) {
    const height = 120;
    const most = Math.max(1, mostOf(days));
    const chart = document.createElementNS(SVG, "svg");
    const { by_day: title, most_a_day: label } = this.words.statistics;
    chart.setAttribute("viewBox", `0 0 ${days.length * 10} ${height}`);
    chart.setAttribute("preserveAspectRatio", "none");
    chart.setAttribute("class", "chart");
    chart.setAttribute("role", "img");
    chart.setAttribute("aria-label", `${title}${this.words.colon}${fill(label, { most })}`);
    const bar = (index, from, count, kind) => {
      const rect = document.createElementNS(SVG, "rect");
      const tall = (count / most) * (height - 4);
      rect.setAttribute("x", index * 10 + 1);
      rect.setAttribute("width", 8);
      rect.setAttribute("y", height - (from / most) * (height - 4) - tall);
      rect.setAttribute("height", tall);
      rect.setAttribute("class", kind);
      return rect;
    };
    days.forEach((day, index) => {
      const real = day.incidents - day.false_alarms;
      chart.append(bar(index, 0, real, "real"), bar(index, real, day.false_alarms, "false"));
    });
    return chart;
  }

  /** From when to when, and how high the highest is; a screen reader has it from the chart. */
  _axis(days) {
    const most = fill(this.words.statistics.most_a_day, { most: mostOf(days) });
    const [first, last] = [days[0], days.at(-1)].map(({ day }) => shortDay(this.hass, day));
    return el(
      "p.axis.quiet",
      { "aria-hidden": "true" },
      ...[first, most, last].map((text) => el("span", {}, text)),
    );
  }

  _legend() {
    const { real, wrong } = this.words.statistics;
    return el(
      "p.legend",
      { "aria-hidden": "true" },
      el("span.real"),
      real,
      el("span.false"),
      wrong,
    );
  }

  /** Loop by loop, for reading and for copying. */
  _table(community) {
    const { statistics: words, loops } = this.words;
    const measured = (seconds) => (seconds === null ? "–" : lasted(seconds, this.words));
    const head = [loops.loop, words.incidents, words.to_acknowledge, words.to_close, words.false_alarms];
    const rows = community.loops
      .filter((row) => row.incidents)
      .toSorted((one, other) => other.incidents - one.incidents)
      .map((row) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, this.store.words.loops[row.loop] ?? row.loop),
          el("td", {}, String(row.incidents)),
          el("td", {}, measured(row.to_acknowledge)),
          el("td", {}, measured(row.to_close)),
          el("td", {}, share(row, this.words)),
        ),
      );
    if (!rows.length) {
      return el("p.message.quiet", {}, words.nothing);
    }
    return el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...rows),
    );
  }
}
