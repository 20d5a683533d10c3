// The cards, by the names under which a dashboard's configuration knows them.

import { DutyDesk } from "./duty-desk.js";

const CARDS = {
  "smart-community-duty-desk": [DutyDesk, "Smart Community: duty desk"],
};

for (const [name, [card, title]] of Object.entries(CARDS)) {
  if (!customElements.get(name)) {
    customElements.define(name, card);
    (window.customCards ??= []).push({ type: name, name: title, preview: false });
  }
}
