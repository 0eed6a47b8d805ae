// While a page is open: say so to others, and show how the words in the form read. Without this script both are
// told when the page is opened and when it is saved.
const form = document.querySelector("#content-main form");
const presence = document.getElementById("presence");
const checklist = document.getElementById("checklist");
const HEARTBEAT = 30000; // milliseconds
const PAUSE = 1500; // milliseconds after the last key

async function refresh(place, data) {
  data.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
  const answer = await fetch(place.dataset.address, { method: "POST", body: data }).catch(() => null);
  if (!answer?.ok) return; // away for a moment; the next one tries again
  const text = (await answer.text()).trim();
  // What says the same is left alone, so that a screen reader does not repeat it.
  if (text === place.dataset.shown) return;
  place.dataset.shown = text;
  place.replaceChildren(document.createRange().createContextualFragment(text));
  // The grade has a place of its own, beside the buttons.
  const grade = place.querySelector(".grade");
  if (grade) document.querySelector(".save-bar .grade").replaceWith(grade);
}

if (presence) setInterval(() => refresh(presence, new FormData()), HEARTBEAT);

if (checklist) {
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      refresh(checklist, data);
    }, PAUSE);
  });
}

// The browser asks before words that were typed and not saved go away with the page.
if (form) {
  let unsaved = false;
  form.addEventListener("input", () => (unsaved = true));
  form.addEventListener("submit", () => (unsaved = false));
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
}
