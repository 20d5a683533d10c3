// One incident in full: where it stands on its ladder, who was told, what happened, what to do.

import { Actions } from "./actions.js";
import { curve } from "./curve.js";
import { el, icon, setText, setTextOrHide } from "./dom.js";
import { DELIVERIES, iconOf } from "./icons.js";
import { Plan } from "./plan.js";
import { evidence } from "./photo.js";
import { askedBy, detectorLine, dueLine, nameOf, numberLine, standing } from "./phrases.js";
import { clock, fill, lasted, said, span } from "./words.js";

const RUNGS = {
  waiting: ["mdi:clock-outline", ""],
  held: ["mdi:pause-circle-outline", ""],
  taken: ["mdi:check-circle", "good"],
  skipped: ["mdi:minus-circle-outline", ""],
};
const PICTURES = new Set(["photo", "snapshot"]);
// A digest proves something to a mediator; whoever is on duty reads past it.
const DIGEST = /\b[0-9a-f]{64}\b/;

/** Who, and below that by which channels. */
const asked = (who, how) => el("span.asked", {}, el("span", {}, who), " ", el("span.quiet", {}, how));

/** A line of the timeline, its digest smaller than what is read. */
function sentence(line) {
  const [digest] = DIGEST.exec(line) ?? [];
  if (!digest) {
    return [line];
  }
  const [before, after] = line.split(digest);
  return [before, el("code.digest", {}, digest), after];
}

export class IncidentPane {
  /** `hass()` gives the newest; `back()` leaves; `act(incident, deed, data)` does. */
  constructor({ store, words, hass, back, act }) {
    this._store = store;
    this._words = words;
    this._hass = hass;
    this._asked = 0;
    const { parts } = words;
    this._title = el("h2", { tabindex: "-1" });
    this._icon = icon("mdi:alert");
    this._drill = el("span.chip", { hidden: true }, words.drill);
    this._severity = el("span.chip");
    this._state = el("span");
    this._number = el("p.quiet");
    this._due = el("p.countdown");
    this._detectors = el("p");
    this._ladder = el("ol.facts.ways");
    this._told = el("ul.facts.ways");
    this._sources = el("ul.facts");
    this._reached = el("ul.facts");
    this._plans = el("div");
    this._curves = el("div");
    this._photos = el("ul.photos");
    this._shown = new Map();
    this._timeline = el("ol.timeline");
    this._problem = el("p.problem", { role: "alert", hidden: true });
    this._actions = new Actions({
      store,
      words,
      hass,
      label: parts.actions,
      act: (deed, data) => act(this._row, deed, data),
      left: () => this._title.focus(),
    });
    const section = (title, ...content) =>
      el("section", { "aria-label": title }, el("h3", {}, title), ...content);
    this._body = el(
      "div.incident",
      {},
      el("button.back", { type: "button", onclick: back }, icon("mdi:arrow-left"), words.back),
      el(
        "header",
        {},
        el("div.what", {}, this._icon, this._title),
        el("p.chips", {}, this._severity, this._drill, this._state),
        this._number,
        this._due,
        this._detectors,
      ),
      this._problem,
      this._plans,
      section(words.reached.title, this._reached),
      section(parts.ladder, this._ladder),
      section(parts.told, this._told),
      section(parts.sources, this._sources),
      section(words.curve.title, this._curves),
      section(parts.photos, this._photos),
      section(parts.timeline, this._timeline),
      this._actions.element,
    );
    this._empty = el("p.message.quiet", {}, words.none_chosen);
    this.element = el(
      "div.pane.scroll",
      {
        onkeydown: (event) => {
          if (event.key === "Escape") {
            back();
          }
        },
      },
      this._empty,
    );
  }

  get id() {
    return this._row?.id ?? null;
  }

  /** Show an incident of the list, or one by its id alone (from a notice on a phone). */
  async open(row, deed) {
    this._row = row;
    this._detail = null;
    this._shown.clear();
    this._photos.replaceChildren();
    this._curves.replaceChildren();
    this._body.hidden = row.number === undefined;
    this._body.classList.remove("bare");
    this.element.replaceChildren(this._body);
    this.element.scrollTop = 0;
    setTextOrHide(this._problem, "");
    if (row.number !== undefined) {
      this._draw();
      this._title.focus();
      if (deed) {
        this._actions.start(deed);
      }
    }
    await this._load();
  }

  close() {
    this._row = null;
    this.element.replaceChildren(this._empty);
  }

  /** The list has news of this incident; `null` when it is no longer on it. */
  update(row) {
    if (row) {
      this._row = row;
      this._draw();
    }
    this._load();
  }

  tick() {
    if (!this._row?.number) {
      return;
    }
    setText(this._severity, this._words.severity[this._row.severity]);
    setText(this._state, standing(this._store, this._row, this._words));
    setText(this._number, numberLine(this._store, this._row, this._words));
    setText(this._due, this._ended() ?? dueLine(this._store, this._row, this._words));
    for (const item of this._ladder.children) {
      const step = this._row.ladder[Number(item.dataset.step)];
      setText(item.querySelector(".state"), this._rungState(step));
    }
  }

  async _load() {
    const asked = ++this._asked;
    const { id } = this._row;
    try {
      const detail = await this._hass().callWS({
        type: "smart_community/incident",
        incident: id,
        language: this._store.language,
      });
      // A later question may have been answered first.
      if (asked === this._asked && this._row?.id === id) {
        const first = this._row.number === undefined;
        this._detail = detail;
        // Counts in the row, names in the detail: the row's own stay.
        this._row = { ...detail, sources: Object.keys(detail.sources).length };
        this._body.hidden = false;
        this._draw();
        if (first) {
          this._title.focus();
        }
      }
    } catch (error) {
      const problem = await said(this._hass(), error);
      if (asked === this._asked && this._row) {
        this._body.hidden = false;
        // Of an incident that is refused, or that there never was, there is nothing else to show.
        this._body.classList.toggle("bare", this._row.number === undefined);
        setTextOrHide(this._problem, problem);
      }
    }
  }

  _ended() {
    const { status, disposition } = this._row;
    if (status !== "closed" && status !== "superseded") {
      return null;
    }
    return fill(disposition ? this._words.ended_as : this._words.ended, {
      status: this._store.words.status[status],
      disposition: this._words.dispositions[disposition],
    });
  }

  _draw() {
    const { _row: row, _words: words, _store: store } = this;
    this._body.style.setProperty("--severity", `var(--${row.severity})`);
    this._icon.setAttribute("icon", iconOf(row.loop));
    setText(this._title, nameOf(store, row, words));
    this._drill.hidden = !row.drill;
    setTextOrHide(this._detectors, detectorLine(row, words));
    this._ladder.replaceChildren(...row.ladder.map((step, index) => this._rung(step, index)));
    this._told.replaceChildren(...this._tellings(row));
    this._drawDetail();
    this._actions.update(row);
    this.tick();
  }

  _drawDetail() {
    const sources = Object.values(this._detail?.sources ?? {});
    this._sources.parentElement.hidden = !sources.length;
    this._sources.replaceChildren(
      ...sources.map((one) =>
        el(
          one.in_alarm ? "li.bad" : "li",
          {},
          icon(one.in_alarm ? "mdi:bell-ring" : "mdi:bell-off-outline"),
          el(
            "span",
            {},
            `${one.name}${this._words.colon}`,
            one.in_alarm
              ? this._words.source.in_alarm
              : fill(this._words.source.cleared, { time: this._clock(one.cleared_at) }),
          ),
        ),
      ),
    );
    this._drawReached();
    this._drawPlans();
    this._drawCurves();
    this._drawPhotos();
    this._timeline.replaceChildren(
      ...(this._detail?.timeline ?? []).map((entry) =>
        el(
          "li",
          {},
          el("time", { datetime: entry.at }, this._clock(entry.at)),
          " ",
          ...sentence(entry.line.replace(/^\d\d:\d\d:\d\d\s+/, "")),
        ),
      ),
    );
  }

  /** Of a drill: who was reached by what after how long, and who was not. */
  _drawReached() {
    const rows = this._detail?.reached ?? [];
    this._reached.parentElement.hidden = !rows.length;
    this._reached.replaceChildren(
      ...rows.map((row) => {
        const { reached: words } = this._words;
        const got = row.reached_after !== null;
        const sentence = fill(got ? words.after : words.never, {
          who: this._store.nameOf(this._row, row.responder),
          time: lasted(got ? row.reached_after : row.told_after, this._words),
          how: this._store.words.channels[row.by] ?? words[row.by] ?? row.by,
        });
        return el(
          got ? "li.good" : "li.bad",
          {},
          icon(got ? "mdi:check-circle" : "mdi:alert-circle"),
          el("span", {}, sentence),
        );
      }),
    );
  }

  /** A plan on which nothing has changed stays: somebody may be placing a detector on it. */
  _drawPlans() {
    const plans = this._detail?.plans ?? [];
    const drawn = JSON.stringify(plans);
    if (drawn !== this._drawn) {
      this._drawn = drawn;
      const { _words: words, _hass: hass } = this;
      const placed = () => this._load();
      const made = plans.map((plan) => new Plan({ words, hass, plan, placed }).element);
      this._plans.replaceChildren(...made);
    }
  }

  /** A piece of curve that was written never changes: only a new one is fetched. */
  _drawCurves() {
    const curves = this._detail?.curves ?? [];
    this._curves.parentElement.hidden = !curves.length;
    const figures = curves.map((item) => {
      if (!this._shown.has(item.id)) {
        const clocked = (moment) => this._clock(moment);
        this._shown.set(item.id, curve(this._hass(), this._words, clocked, item));
      }
      return this._shown.get(item.id);
    });
    if (this._curves.childElementCount !== figures.length) {
      this._curves.replaceChildren(...figures);
    }
  }

  /** Each picture is fetched once, however often the incident changes. */
  _drawPhotos() {
    const kept = (this._detail?.timeline ?? []).filter(
      (entry) => entry.kind === "evidence" && PICTURES.has(entry.data.what),
    );
    const pictures = kept.map(({ at, data }) => {
      if (!this._shown.has(data.id)) {
        const alt = fill(this._words.photo_of, { time: this._clock(at) });
        this._shown.set(data.id, evidence(this._hass(), data.id, alt));
      }
      return this._shown.get(data.id);
    });
    this._photos.parentElement.hidden = !pictures.length;
    if (this._photos.childElementCount !== pictures.length) {
      this._photos.replaceChildren(...pictures);
    }
  }

  _rung(step, index) {
    const [name, kind] = RUNGS[step.state];
    const who = askedBy(this._store, this._row, step);
    const by = step.channels.map((one) => this._store.words.channels[one] ?? one);
    const next = step.state === "waiting" && step.due === this._row.next_due?.at;
    return el(
      `li${kind ? `.${kind}` : ""}${next ? ".now" : ""}`,
      { "data-step": index, "aria-current": next ? "step" : null },
      icon(name),
      asked(who, by.join(this._words.comma)),
      el("span.state", {}, this._rungState(step)),
    );
  }

  _rungState(step) {
    const left = step.due ? (Date.parse(step.due) - this._store.now()) / 1000 : 0;
    return fill(this._words.rung[step.state], {
      time: step.state === "taken" ? this._clock(step.taken_at) : span(left, this._words),
    });
  }

  _tellings(row) {
    if (!row.told.length) {
      return [el("li", {}, icon("mdi:account-clock"), this._words.told_none)];
    }
    return row.told.flatMap((notice) =>
      Object.entries(notice.channels).map(([channel, state]) => {
        const confirmed = notice.receipt_at && state !== "failed" && state !== "cancelled";
        const [name, kind] = confirmed ? ["mdi:check-all", "good"] : DELIVERIES[state];
        const came = confirmed
          ? fill(this._words.received_at, { time: this._clock(notice.receipt_at) })
          : this._words.delivery[state];
        return el(
          kind ? `li.${kind}` : "li",
          {},
          icon(name),
          asked(
            this._store.nameOf(row, notice.responder),
            this._store.words.channels[channel] ?? channel,
          ),
          el("span.state", {}, came),
        );
      }),
    );
  }

  _clock(moment) {
    return clock(this._hass(), new Date(moment));
  }
}
