// The duty desk: what is open, the most urgent first, and one incident beside it.

import { announce } from "./announcer.js";
import { Card } from "./card.js";
import { el, once, setText, setTextOrHide } from "./dom.js";
import { IncidentPane } from "./incident.js";
import { nameOf } from "./phrases.js";
import { Row } from "./row.js";
import { byUrgency } from "./store.js";
import { everySecond } from "./ticker.js";
import { WindowList } from "./window-list.js";
import { fill, said } from "./words.js";

const AMONG_OTHERS = "40rem";
const FILTERS = ["all", "open", "acknowledged", "handled"];
// What may interrupt whoever listens to something else.
const URGENT = new Set(["extreme", "severe"]);

export class DutyDesk extends Card {
  make() {
    this._filter = "all";
    const frame = this._make();
    const fit = () => this._fit();
    const popped = () => this._follow();
    this._list.connected();
    window.addEventListener("resize", fit);
    window.addEventListener("popstate", popped);
    this.until(everySecond(() => this._tick()));
    this.until(() => this._list.disconnected());
    this.until(() => window.removeEventListener("resize", fit));
    this.until(() => window.removeEventListener("popstate", popped));
    // Only when it stands in the page does it know its place.
    queueMicrotask(() => {
      this._fit();
      this._show();
      this._follow();
    });
    return frame;
  }

  _make() {
    const words = this.words;
    this._as = el("p.quiet", { hidden: true });
    this._buttons = FILTERS.map((name) =>
      el("button", {
        type: "button",
        onclick: () => {
          this._filter = name;
          this._show();
        },
      }),
    );
    this._message = el("p.message.quiet");
    this._list = new WindowList({
      label: words.list,
      make: () =>
        new Row({
          store: this.store,
          words,
          open: (incident, deed) => this._open(incident, deed),
          act: (incident, deed, button) => this._actFromRow(incident, deed, button),
          chosen: () => this._pane.id,
        }),
    });
    this._list.element.prepend(this._message);
    this._pane = new IncidentPane({
      store: this.store,
      words,
      hass: () => this.hass,
      back: () => this._back(),
      act: (incident, deed, data) => this._act(incident, deed, data),
    });
    this._frame = el(
      "div.desk",
      {},
      this.banner,
      el(
        "div.top",
        {},
        el("div.filters", { role: "group", "aria-label": words.filters.label }, ...this._buttons),
        this._as,
      ),
      el("div.panes", {}, this._list.element, this._pane.element),
    );
    return this._frame;
  }

  /** As high as what Home Assistant's own header leaves; among other cards one of them. */
  _fit() {
    const top = Math.max(0, Math.round(this.getBoundingClientRect().top + window.scrollY));
    const height = this.isPanel ? `calc(100dvh - ${top}px)` : AMONG_OTHERS;
    this.style.setProperty("--height", height);
  }

  _tick() {
    if (this.store.words) {
      this._list.tick();
      this._pane.tick();
    }
  }

  changed({ added, changed, removed }) {
    this._show();
    this._announce(added.filter(({ community }) => this.shows(community)));
    const { id } = this._pane;
    if (id === null) {
      return;
    }
    const row = [...added, ...changed].find((one) => one.id === id);
    if (row || removed.includes(id)) {
      this._pane.update(row);
    }
  }

  _announce(added) {
    if (added.length) {
      const [first] = added.toSorted(byUrgency);
      const what = nameOf(this.store, first, this.words);
      const { new_alarm: one, new_alarms: many } = this.words;
      const urgent = URGENT.has(first.severity);
      announce(fill(added.length > 1 ? many : one, { what, count: added.length }), { urgent });
    }
  }

  _show() {
    const { store, words } = this;
    const all = this.incidents;
    this._buttons.forEach((button, index) => {
      const name = FILTERS[index];
      const count = name === "all" ? all.length : all.filter((one) => one.status === name).length;
      setText(button, `${words.filters[name]} ${count}`);
      button.setAttribute("aria-pressed", name === this._filter);
    });
    const shown = this._filter === "all" ? all : all.filter((one) => one.status === this._filter);
    this._list.show(shown.sort(byUrgency));
    const reason = shown.length ? "" : this._reason(all.length);
    this._message.classList.toggle("calm", reason === words.none_open);
    setTextOrHide(this._message, reason);
    setTextOrHide(this._as, this._standing());
  }

  _reason(open) {
    const { store, words } = this;
    if (store.communities === null) {
      const { problem } = store;
      return problem ? fill(words.failed, { problem: problem.message ?? "" }) : words.loading;
    }
    if (store.lostAt !== null) {
      return words.not_known;
    }
    if (!this.shown.length) {
      return words.nobody;
    }
    return open ? words.none_match : words.none_open;
  }

  _standing() {
    const communities = this.shown;
    const names = [...new Set(communities.flatMap((one) => one.as))];
    if (names.length) {
      return fill(this.words.as, { name: names.join(this.words.comma) });
    }
    return communities.length ? this.words.as_administrator : "";
  }

  _open(incident, deed) {
    const url = new URL(location.href);
    if (url.searchParams.get("incident") !== incident.id) {
      url.searchParams.set("incident", incident.id);
      // The phone's own "back" leads to the list.
      history[this._pane.id === null ? "pushState" : "replaceState"](null, "", url);
    }
    this._frame.classList.add("open");
    this._pane.open(incident, deed);
    this._list.tick();
  }

  _back() {
    const { id } = this._pane;
    const url = new URL(location.href);
    url.searchParams.delete("incident");
    history.replaceState(null, "", url);
    this._leave(id);
  }

  _leave(id) {
    this._frame.classList.remove("open");
    this._pane.close();
    this._list.tick();
    this._list.focus(id);
  }

  /** Show what the address says: from a notice on a phone, or by the browser's own buttons. */
  _follow() {
    const id = new URL(location.href).searchParams.get("incident");
    if (id === this._pane.id) {
      return;
    }
    if (id === null) {
      this._leave(this._pane.id);
    } else {
      this._frame.classList.add("open");
      this._pane.open(this.store.incidents.get(id) ?? { id }, null);
    }
  }

  async _act(incident, deed, data) {
    const answer = await this.hass.callWS({
      type: "smart_community/act",
      incident: incident.id,
      deed,
      ...data,
    });
    // Shown where it was done: a toast would lie over the next button for five seconds.
    announce(this.words.done[deed]);
    return answer;
  }

  _actFromRow(incident, deed, button) {
    return once(button, async () => {
      try {
        await this._act(incident, deed, {});
      } catch (error) {
        this.toast(await said(this.hass, error));
      }
    });
  }
}
