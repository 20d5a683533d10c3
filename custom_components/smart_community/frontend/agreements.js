// What was agreed with the residents: where, what, by whom, from when, and whether it still holds.

import { FiguresCard } from "./card.js";
import { el, icon } from "./dom.js";
import { iconOf } from "./icons.js";
import { day, lasted, said } from "./words.js";

const COLUMNS = ["loop", "zone", "threshold", "value", "agreed_by", "valid_from", "hold"];
const LEVELS = ["day", "night"];
const NUMBERS = ["limit", "upper_limit", "count"];
const KEPT = 60_000;

export class Agreements extends FiguresCard {
  show() {
    const agreed = this.communities.filter(({ agreements }) => agreements.length);
    if (!agreed.length) {
      return [el("p.message.quiet", {}, this.words.agreements.none)];
    }
    return agreed.map((community) =>
      this.section(
        community,
        this._table(community),
        el(
          "button.deed.small",
          { type: "button", onclick: () => this._export(community) },
          this.words.agreements.export,
        ),
      ),
    );
  }

  /** Hand the server's table to the browser as a file, for the residents' meeting. */
  async _export({ id, name }) {
    try {
      const { csv } = await this.answer("list_agreements", { community: id });
      // Excel takes a table for UTF-8 only with the mark in front.
      const table = new Blob([`\ufeff${csv}`], { type: "text/csv" });
      const href = URL.createObjectURL(table);
      el("a", { href, download: `${this.words.agreements.title} ${name}.csv` }).click();
      // A browser fetches it after the click; what it has begun to fetch is not taken from it.
      setTimeout(() => URL.revokeObjectURL(href), KEPT);
    } catch (error) {
      this.toast(await said(this.hass, error));
    }
  }

  /** The newest first: it is the one that is asked about. */
  _table({ name, agreements }) {
    const { agreements: words, separator } = this.words;
    const head = COLUMNS.map((key) => el("th", { scope: "col", role: "columnheader" }, words[key]));
    const rows = agreements.toReversed().map((one) => this._row(one));
    // What a table is must be said where its rows are shown as cards: their layout hides it.
    return el(
      "table.stacked",
      { role: "table", "aria-label": `${words.title}${separator}${name}` },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...head)),
      el("tbody", { role: "rowgroup" }, ...rows),
    );
  }

  _row(one) {
    const { agreements: words } = this.words;
    const loop = this.store.words.loops[one.loop] ?? one.loop;
    const cell = (key, text) => el("td", { role: "cell", "data-label": words[key] }, text);
    return el(
      one.hold === "superseded" ? "tr.quiet" : "tr",
      { role: "row" },
      el("th", { scope: "row", role: "rowheader" }, el("div.name", {}, icon(iconOf(one.loop)), el("span", {}, loop))),
      cell("zone", one.zone ? one.zone_name || one.zone : words.everywhere),
      cell("threshold", words.thresholds[one.threshold]),
      cell("value", this._value(one)),
      cell("agreed_by", one.agreed_by),
      cell("valid_from", day(this.hass, new Date(one.valid_from))),
      cell("hold", words.holds[one.hold]),
    );
  }

  _value({ threshold, value, unit }) {
    if (value === null) {
      return this.words.agreements.ended;
    }
    if (LEVELS.includes(threshold)) {
      return `${value}\u00a0dB(A)`;
    }
    return NUMBERS.includes(threshold) ? `${value} ${unit}`.trim() : lasted(value, this.words);
  }
}
