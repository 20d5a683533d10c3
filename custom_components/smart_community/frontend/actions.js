// What can be done with an incident: buttons, and the questions that some of them ask.

import { el, setTextOrHide } from "./dom.js";
import { PhotoField, upload } from "./photo.js";
import { askedBy, nextStep } from "./phrases.js";
import { said } from "./words.js";

// What is not for three in the morning.
const SMALL = new Set(["assign", "comment"]);

export class Actions {
  /** `act(deed, data)` does it and throws what the server refuses with. */
  constructor({ store, words, hass, act, label }) {
    this._store = store;
    this._words = words;
    this._hass = hass;
    this._act = act;
    this._offered = "";
    this._form = null;
    this._problem = el("p.problem", { role: "alert", hidden: true });
    this._content = el("div");
    this.element = el(
      "section.actions",
      { "aria-label": label, hidden: true },
      this._problem,
      this._content,
    );
  }

  /** Show what is offered now; a form that is being filled in stays while it can be sent. */
  update(incident) {
    this._incident = incident;
    const offered = JSON.stringify(incident.offered ?? {});
    this.element.hidden = offered === "{}";
    if (this._form !== null && this._form in (incident.offered ?? {})) {
      return;
    }
    if (offered !== this._offered || this._form !== null) {
      this._offered = offered;
      this._showButtons();
    }
  }

  /** Start a deed: at once, or with its form. */
  start(deed) {
    const permit = this._incident.offered[deed];
    if (permit === undefined) {
      return;
    }
    if (deed === "acknowledge" && permit === "allowed") {
      this._do(deed, {});
    } else {
      this._showForm(deed, permit);
    }
  }

  _showButtons(focus) {
    this._form = null;
    const buttons = Object.keys(this._incident.offered).map((deed, index) =>
      el(
        index === 0 ? "button.deed.first" : SMALL.has(deed) ? "button.deed.small" : "button.deed",
        { type: "button", "data-deed": deed, onclick: () => this.start(deed) },
        this._words.deeds[deed],
      ),
    );
    this._content.replaceChildren(el("div.buttons", {}, ...buttons));
    setTextOrHide(this._problem, "");
    if (focus) {
      (buttons.find((button) => button.dataset.deed === focus) ?? buttons[0])?.focus();
    }
  }

  _showForm(deed, permit) {
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
    const cancel = el(
      "button.deed",
      { type: "button", onclick: () => this._showButtons(deed) },
      ask.cancel,
    );
    const form = el(
      "form.form",
      {
        novalidate: true,
        "aria-label": this._words.deeds[deed],
        onsubmit: (event) => {
          event.preventDefault();
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
          const data = { note: note.value };
          for (const name of ["disposition", "responder"]) {
            if (form.elements[name]) {
              data[name] = form.elements[name].value;
            }
          }
          this._do(deed, data, photo?.file());
        },
        onkeydown: (event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            this._showButtons(deed);
          }
        },
      },
      ...fields,
      el("div.buttons", {}, confirm, cancel),
    );
    setTextOrHide(this._problem, "");
    this._content.replaceChildren(form);
    (form.querySelector("input:checked, select, textarea") ?? confirm).focus();
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
    const offered = Object.keys(words).filter((one) => one !== "cleared" || this._incident.quiet);
    const chosen = this._incident.status === "handled" ? "handled" : "false_alarm";
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
    const buttons = [...this._content.querySelectorAll("button")];
    const enable = (enabled) => buttons.forEach((one) => one.toggleAttribute("disabled", !enabled));
    enable(false);
    try {
      if (photo) {
        setTextOrHide(this._problem, this._words.ask.uploading);
        data.photo = await upload(this._hass(), this._incident.id, photo);
      }
      await this._act(deed, data);
      this._form = null;
      this._showButtons();
    } catch (error) {
      setTextOrHide(this._problem, await said(this._hass(), error));
    } finally {
      enable(true);
    }
  }
}
