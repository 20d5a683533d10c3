// A photo from the phone's camera: chosen, sent, and shown to those who may see it.

import { el, icon, setText } from "./dom.js";

const KINDS = "image/jpeg,image/png,image/webp";

/** A field for one photo. `file()` is what was chosen; `required` is for the form to ask. */
export class PhotoField {
  constructor({ words, required }) {
    this.required = required;
    this._picture = el("img.preview", { alt: "", hidden: true });
    this._name = el("span", {}, words.ask.photo);
    this.input = el("input.unseen", {
      type: "file",
      name: "photo",
      accept: KINDS,
      // A phone opens its camera; a desk its files.
      capture: "environment",
      onchange: () => this._show(),
    });
    this.element = el(
      "label.photo",
      {},
      icon("mdi:camera"),
      this._name,
      this.input,
      this._picture,
    );
  }

  file() {
    return this.input.files[0] ?? null;
  }

  /** Take a file that was chosen before. */
  put(file) {
    const held = new DataTransfer();
    held.items.add(file);
    this.input.files = held.files;
    this._show();
  }

  _show() {
    const file = this.file();
    URL.revokeObjectURL(this._picture.src);
    this._picture.hidden = file === null;
    if (file !== null) {
      this._picture.src = URL.createObjectURL(file);
      setText(this._name, file.name);
    }
  }
}

/** Send a photo of an incident; returns what `handle` takes as its photo. */
export async function upload(hass, incident, file) {
  return (await send(hass, `photos/${incident}`, file)).id;
}

/** Send a photo for a report that is still being written; returns what `report` takes. */
export async function uploadReport(hass, community, file) {
  return (await send(hass, `photo?community=${encodeURIComponent(community)}`, file)).photo;
}

async function send(hass, path, file) {
  const answer = await hass.fetchWithAuth(`/api/smart_community/${path}`, {
    method: "POST",
    headers: { "Content-Type": file.type },
    body: file,
  });
  const said = await answer.json();
  if (!answer.ok) {
    throw said;
  }
  return said;
}

/** A picture among the evidence, by an address that is signed for a short time. */
export function evidence(hass, id, alt) {
  const picture = el("img", { alt, loading: "lazy" });
  const link = el("a", { target: "_blank", rel: "noopener" }, picture);
  hass
    .callWS({ type: "auth/sign_path", path: `/api/smart_community/evidence/${id}`, expires: 3600 })
    .then(({ path }) => {
      picture.src = path;
      link.href = path;
    });
  return el("li", {}, link);
}
