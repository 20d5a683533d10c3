// What can be done with an incident: buttons, and the questions that some of them ask.

import { busy, el, renew, setTextOrHide } from "./dom.js";
import { PhotoField, upload } from "./photo.js";
import { askedBy, nextStep } from "./phrases.js";
import { said } from "./words.js";

// What is not for three in the morning: on a phone behind a button of its own.
const SMALL = new Set(["assign", "comment"]);
// What somebody was writing, by incident: {deed, values, file}. Home Assistant makes the cards anew
// whenever its connection comes back, and a look at another incident must not cost a note either.
const drafts = new Map();

export class Actions {
  /**
   * `act(deed, data)` does it and throws what the server refuses with; `left()` is called when the
   * keyboard was here and nothing is left to be done.
   */
  constructor({ store, words, hass, act, left, label }) {
    this._store = store;
    this._words = words;
    this._hass = hass;
    this._act = act;
    this._left = left;
    this._offered = "";
    this._form = null;
    this._more = false;
    this._doing = false;
    this._problem = el("p.problem", { role: "alert", hidden: true });
    // Said aloud by the announcer: a live region that was hidden is passed over by some readers.
    this._said = el("p.said", { hidden: true });
    this._content = el("div");
    this.element = el(
      "section.actions",
      { "aria-label": label, hidden: true },
      this._said,
      this._problem,
      this._content,
    );
  }

  /** Show what is offered now; a form that is being filled in stays while it can be sent. */
  update(incident) {
    const other = this._incident?.id !== incident.id;
    this._incident = incident;
    const offers = incident.offered ?? {};
    const offered = JSON.stringify(offers);
    const held = this._held;
    this.element.hidden = offered === "{}";
    if (other) {
      // What was asked about another incident is not asked about this one.
      this._form = null;
      this._offered = "";
      this._more = false;
      setTextOrHide(this._said, "");
    }
    if (this._form !== null && this._form in offers) {
      return;
    }
    if (offered !== this._offered || this._form !== null) {
      this._offered = offered;
      const draft = other ? drafts.get(incident.id) : undefined;
      if (draft && draft.deed in offers) {
        this._showForm(draft.deed, offers[draft.deed], draft);
      } else {
        this._showButtons(held ? "" : null);
      }
    }
  }

  /** Whether the keyboard is here. */
  get _held() {
    const { activeElement } = this.element.getRootNode();
    return Boolean(activeElement) && this._content.contains(activeElement);
  }

  /** Start a deed: at once, or with its form. */
  start(deed) {
    const permit = this._incident.offered?.[deed];
    if (permit === undefined || this._doing) {
      return;
    }
    setTextOrHide(this._said, "");
    if (deed === "acknowledge" && permit === "allowed") {
      this._do(deed, {});
    } else {
      this._showForm(deed, permit);
    }
  }

  /** `focus`: the deed at which the keyboard is to be afterwards, if it was here; null if it was not. */
  _showButtons(focus = null) {
    this._form = null;
    const deeds = Object.keys(this._incident.offered ?? {});
    const button = (deed, index) =>
      el(
        index === 0 ? "button.deed.first" : SMALL.has(deed) ? "button.deed.small" : "button.deed",
        { type: "button", "data-deed": deed, onclick: () => this.start(deed) },
        this._words.deeds[deed],
      );
    const buttons = deeds.map(button);
    const more = el(
      "button.deed.more",
      {
        type: "button",
        "aria-expanded": String(this._more),
        onclick: () => {
          this._more = !this._more;
          this._showButtons();
        },
      },
      this._words.more,
    );
    const late = deeds.findIndex((deed) => SMALL.has(deed));
    const content = late > 0 ? buttons.toSpliced(late, 0, more) : buttons;
    const row = el(this._more || late <= 0 ? "div.buttons.deeds.all" : "div.buttons.deeds", {}, ...content);
    renew(this._content, [row]);
    setTextOrHide(this._problem, "");
    if (focus && buttons.length) {
      (buttons.find((one) => one.dataset.deed === focus) ?? buttons[0]).focus();
    } else if (focus !== null && !buttons.length) {
      this._left();
    }
  }

  _showForm(deed, permit, draft = null) {
    this._form = deed;
    const { ask, dispositions, missing } = this._words;
    const needsReason = permit === "needs_reason";
    const needsNote = needsReason || deed === "comment" || this._needsNote(deed);
    const note = el("textarea", { name: "note", required: needsNote, rows: 3 });
    const fields = [];
    if (deed === "close") {
      fields.push(this._dispositions(ask.disposition, dispositions));
    }
    if (deed === "assign") {
      fields.push(el("label.field", {}, ask.responder, this._responders()));
    } else if (deed === "escalate" && !needsReason) {
      fields.push(el("p", {}, this._next(ask)));
    } else {
      const title = needsReason
        ? ask.reason
        : deed === "comment"
          ? ask.comment
          : needsNote
            ? ask.note
            : ask.note_optional;
      fields.push(el("label.field", {}, title, note));
    }
    const photo =
      deed === "handle"
        ? new PhotoField({ words: this._words, required: this._incident.proof === "photo" })
        : null;
    if (photo) {
      fields.push(photo.element);
    }
    const confirm = el("button.deed.first", { type: "submit" }, ask.confirm[deed]);
    const leave = () => {
      drafts.delete(this._incident.id);
      this._showButtons(deed);
    };
    const cancel = el("button.deed", { type: "button", onclick: leave }, ask.cancel);
    const data = () => {
      const { elements } = form;
      const asked = ["note", "disposition", "responder"].filter((name) => elements[name]);
      return Object.fromEntries(asked.map((name) => [name, elements[name].value]));
    };
    const form = el(
      "form.form",
      {
        novalidate: true,
        "aria-label": this._words.deeds[deed],
        oninput: () => drafts.set(this._incident.id, { deed, values: data(), file: photo?.file() }),
        onsubmit: (event) => {
          event.preventDefault();
          if (this._doing) {
            return;
          }
          if (note.isConnected && note.required && !note.value.trim()) {
            setTextOrHide(this._problem, needsReason ? missing.reason : missing.note);
            note.focus();
            return;
          }
          if (photo?.required && !photo.file()) {
            setTextOrHide(this._problem, missing.photo);
            photo.input.focus();
            return;
          }
          this._do(deed, data(), photo?.file());
        },
        onkeydown: (event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            leave();
          }
        },
      },
      ...fields,
      el("div.buttons", {}, confirm, cancel),
    );
    setTextOrHide(this._problem, "");
    this._content.replaceChildren(form);
    if (draft === null) {
      (form.querySelector("input:checked, select, textarea") ?? confirm).focus();
      return;
    }
    for (const [name, value] of Object.entries(draft.values)) {
      form.elements[name].value = value;
    }
    if (draft.file) {
      photo?.put(draft.file);
    }
  }

  /** A note is asked for where the loop wants one: to handle, and to close what was not handled. */
  _needsNote(deed) {
    return deed === "handle" && this._incident.proof === "note";
  }

  _next(ask) {
    const step = nextStep(this._incident);
    return step ? `${ask.escalate} (${askedBy(this._store, this._incident, step)})` : ask.no_next;
  }

  _responders() {
    const names = Object.entries(this._store.namesIn(this._incident));
    return el(
      "select",
      { name: "responder" },
      ...names.map(([key, name]) =>
        el("option", { value: key, selected: key === this._incident.assignee }, name),
      ),
    );
  }

  _dispositions(legend, words) {
    const { quiet, status, storm } = this._incident;
    // What still sounds has not cleared; nor are many places a false alarm while one of them does.
    const refused = quiet ? [] : storm ? ["cleared", "false_alarm"] : ["cleared"];
    const offered = Object.keys(words).filter((one) => !refused.includes(one));
    const chosen = storm || status === "handled" ? "handled" : "false_alarm";
    const choices = offered.map((one) =>
      el(
        "label.choice",
        {},
        el("input", { type: "radio", name: "disposition", value: one, checked: one === chosen }),
        words[one],
      ),
    );
    return el("fieldset", {}, el("legend", {}, legend), ...choices);
  }

  async _do(deed, data, photo = null) {
    const { id } = this._incident;
    const held = this._held;
    this._doing = true;
    busy(this._content, true);
    try {
      if (photo) {
        setTextOrHide(this._problem, this._words.ask.uploading);
        data.photo = await upload(this._hass(), id, photo);
      }
      await this._act(deed, data);
      drafts.delete(id);
      if (this._incident.id === id) {
        this._showButtons(held ? deed : null);
        setTextOrHide(this._said, this._words.done[deed]);
      }
    } catch (error) {
      const problem = await said(this._hass(), error);
      if (this._incident.id === id) {
        setTextOrHide(this._problem, problem);
      }
    } finally {
      this._doing = false;
      busy(this._content, false);
    }
  }
}
