// What pages share that stay open for a while: they say so to others, and keep words from going away unsaved. Without
// this script both are told when a page is opened and when it is saved.
const HEARTBEAT = 30000; // milliseconds

async function refresh(place, data) {
  data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  // Nobody touched anything: this alone keeps nobody signed in.
  const headers = { "X-Background": "1" };
  const answer = await fetch(place.dataset.address, { method: "POST", body: data, headers }).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // away for a moment, or signed out; the next one tries again
  const text = (await answer.text()).trim();
  // What says the same is left alone, so that a screen reader does not repeat it.
  if (text === place.dataset.shown) return;
  place.dataset.shown = text;
  place.replaceChildren(document.createRange().createContextualFragment(text));
}

const presence = document.getElementById("presence");
if (presence) setInterval(() => refresh(presence, new FormData()), HEARTBEAT);

// The browser asks before words that were typed and not saved go away with the page.
function guard(forms) {
  let unsaved = false;
  for (const form of forms) {
    form.addEventListener("input", () => (unsaved = true));
    form.addEventListener("submit", () => (unsaved = false));
  }
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
}
