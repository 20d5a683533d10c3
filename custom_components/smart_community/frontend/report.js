// A person's report: what was seen, where on the plan, with a photo from the phone's camera.

import { Card } from "./card.js";
import { el, icon, once, setTextOrHide } from "./dom.js";
import { PhotoField, uploadReport } from "./photo.js";
import { PointPicker } from "./plan.js";
import { fill, said } from "./words.js";

// What people see more often than a detector does.
const FIRST = "illegal_renovation";
const ELSEWHERE = "-";
// What is being written: {values, point, file}. It outlives its card, which Home Assistant makes anew
// whenever its connection comes back.
let draft = null;

export class Report extends Card {
  make() {
    // Whoever comes back to the view finds what they were writing.
    this._problem ??= el("p.problem", { role: "alert", hidden: true });
    this._content ??= el("div");
    return el("div.page", {}, this._content);
  }

  changed() {
    const mine = this.shown;
    // A page that has just been opened may know the areas a moment later than the incidents.
    if (this._form || !this.store.words || !this.store.communities || !this.hass.areas) {
      return;
    }
    this._communities = mine;
    this._content.replaceChildren(mine.length ? this._make() : el("p.message", {}, this.words.nobody));
  }

  states() {
    if (!this._form) {
      this.changed();
    }
  }

  _make() {
    const { report: words } = this.words;
    const options = (pairs, chosen) =>
      pairs.map(([value, text]) => el("option", { value, selected: value === chosen }, text));
    const areas = Object.values(this.hass.areas ?? {})
      .map((area) => [area.area_id, area.name])
      .toSorted(([, one], [, other]) => one.localeCompare(other));
    const loops = Object.entries(this.store.words.loops);
    this._loop = el("select", { name: "loop" }, ...options(loops, FIRST));
    this._community = el(
      "select",
      { name: "community" },
      ...options(this._communities.map((one) => [one.id, one.name])),
    );
    this._area = el(
      "select",
      { name: "area", onchange: () => this._showPlace() },
      // Nobody is to be sent to the first place of the list because none was chosen.
      ...options([["", words.choose], ...areas, [ELSEWHERE, words.elsewhere]]),
    );
    this._where = el("input", { name: "where", type: "text", autocomplete: "off" });
    this._whereField = el("label.field", {}, words.where, this._where);
    this._plan = el("div");
    this._text = el("textarea", { name: "text", rows: 3 });
    this._photo = new PhotoField({ words: this.words, required: false });
    this._send = el("button.deed.first", { type: "submit" }, words.send);
    const field = (title, input) => el("label.field", {}, title, input);
    this._form = el(
      "form.form",
      {
        novalidate: true,
        "aria-label": words.title,
        oninput: () => this._keep(),
        onclick: () => this._picker && this._keep(),
        onsubmit: (event) => {
          event.preventDefault();
          once(this._send, () => this._submit());
        },
      },
      this._communities.length > 1 ? field(words.community, this._community) : null,
      field(words.what, this._loop),
      field(words.area, this._area),
      this._whereField,
      this._plan,
      field(words.text, this._text),
      this._photo.element,
      this._problem,
      el("div.buttons", {}, this._send),
    );
    if (draft) {
      this._inputs.forEach((input, index) => (input.value = draft.values[index]));
      if (draft.file) {
        this._photo.put(draft.file);
      }
    }
    this._showPlace(draft?.point);
    return this._form;
  }

  get _inputs() {
    return [this._loop, this._community, this._area, this._where, this._text];
  }

  _keep() {
    const values = this._inputs.map(({ value }) => value);
    draft = { values, point: this._picker?.point, file: this._photo.file() };
  }

  /** The plan of the area that is chosen, or a field for words where there is none. */
  _showPlace(point = null) {
    const area = this.hass.areas?.[this._area.value];
    this._whereField.hidden = this._area.value !== ELSEWHERE;
    this._picker = area?.picture
      ? new PointPicker({ words: this.words, picture: area.picture, name: area.name, point })
      : null;
    this._plan.replaceChildren(...(this._picker ? [this._picker.element] : []));
  }

  async _submit() {
    const { report: words } = this.words;
    const elsewhere = this._area.value === ELSEWHERE;
    const zone = elsewhere ? this._where.value.trim() : this._area.value;
    if (!zone) {
      setTextOrHide(this._problem, words.missing_where);
      (elsewhere ? this._where : this._area).focus();
      return;
    }
    setTextOrHide(this._problem, words.sending);
    try {
      const community = this._community.value;
      const data = { community, loop: this._loop.value, zone, text: this._text.value };
      Object.assign(data, this._picker?.point ?? {});
      const file = this._photo.file();
      if (file) {
        data.photo = await this._kept(community, file);
      }
      const answer = await this.answer("report", data);
      this._sent(answer, Boolean(file) && !answer.evidence);
    } catch (error) {
      setTextOrHide(this._problem, await said(this.hass, error));
    }
  }

  /** Send the photo; "" if the disk does not take it: the report goes without. */
  async _kept(community, file) {
    try {
      return await uploadReport(this.hass, community, file);
    } catch (error) {
      if (error.translation_key === "evidence_not_written") {
        return "";
      }
      throw error;
    }
  }

  _sent({ number, incident }, photoLost) {
    draft = null;
    const { report: words } = this.words;
    const again = el(
      "button.deed",
      {
        type: "button",
        onclick: () => {
          this._form = null;
          this._problem.hidden = true;
          this.changed();
        },
      },
      words.again,
    );
    const done = el("p.done", { role: "status", tabindex: "-1" }, icon("mdi:check-circle"));
    done.append(fill(words.sent, { number }));
    const link = el("a.deed.first", { href: `/smart-community/desk?incident=${incident}` }, words.show);
    const lost = photoLost ? el("p.problem", {}, words.photo_lost) : null;
    this._content.replaceChildren(...[done, lost].filter(Boolean), el("div.buttons", {}, link, again));
    done.focus();
  }
}
