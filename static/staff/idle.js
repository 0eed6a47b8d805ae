// Signs out a computer that is left alone, after a warning, and keeps what was typed. The server ends the session by
// itself, with or without this script; here it warns, and takes patients' words off the screen.
const { session: SESSION, keep: KEEP, signIn: SIGN_IN } = document.currentScript.dataset;
const WARNING = 120000; // milliseconds before the end
const EARLY = 5000; // milliseconds by which the page is ahead of the server
const SAY_SO = 240000; // milliseconds after which a touch is told to the server, when no page was asked for since
const TICK = 1000;

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
const typedIn = new Set();
let ends = Date.now() + 15 * 60000 - EARLY;
let toldAt = Date.now();
let isLeaving = false;

async function ask(method) {
  const headers = { "X-CSRFToken": token() };
  if (method !== "POST") headers["X-Background"] = "1";
  const answer = await fetch(SESSION, { method, headers }).catch(() => null);
  if (!answer) return; // away for a moment
  if (!answer.ok || method === "DELETE") return;
  ends = Date.now() + (await answer.json()).seconds * 1000 - EARLY;
  if (ends <= Date.now()) await leave();
}

function touched() {
  if (isLeaving || warning.open || Date.now() - toldAt < SAY_SO) return;
  toldAt = Date.now();
  ask("POST");
}

async function leave() {
  if (isLeaving) return;
  isLeaving = true;
  document.body.hidden = true;
  for (const form of typedIn) {
    // As if Enter had been pressed: with the button that is then meant.
    const values = new FormData(form, form.querySelector("button:not([type=button]), input[type=submit]"));
    for (const [name, value] of [...values]) if (value instanceof File) values.delete(name);
    values.set("kept_page", location.pathname);
    const { pathname, search } = new URL(form.action);
    values.set("kept_action", pathname + search);
    const headers = { "X-CSRFToken": token(), "X-Background": "1" };
    await fetch(KEEP, { method: "POST", body: values, headers }).catch(() => null);
  }
  await ask("DELETE");
  // Whoever asks before unsaved words go away has them kept now.
  addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);
  location.assign(`${SIGN_IN}?next=${encodeURIComponent(location.pathname)}`);
}

const warning = document.createElement("dialog");
warning.className = "idle-warning";
warning.setAttribute("aria-labelledby", "idle-title");
warning.innerHTML =
  '<h2 id="idle-title">Are you still there?</h2>' +
  "<p>You will be signed out in <b></b>. What you have typed is kept for you.</p>" +
  '<p class="row"><button type="button" class="button default" autofocus>Stay signed in</button> ' +
  '<button type="button" class="button">Sign out now</button></p>';
const [stay, go] = warning.querySelectorAll("button");
stay.addEventListener("click", () => warning.close());
warning.addEventListener("close", () => {
  toldAt = Date.now();
  ask("POST");
});
go.addEventListener("click", () => leave());
document.body.append(warning);

async function tick() {
  if (isLeaving) return;
  if (ends - Date.now() <= WARNING && !warning.open) {
    await ask("GET"); // somebody may be at work in another tab
    if (ends - Date.now() <= WARNING && !isLeaving) warning.showModal();
  }
  const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  if (left === 0) return leave();
  if (warning.open) {
    // Read out once in a while, not each second.
    const words = left > 60 ? "2 minutes" : left > 30 ? "1 minute" : "30 seconds";
    const place = warning.querySelector("b");
    if (place.textContent !== words) place.textContent = words;
    if (left % 10 === 0) await ask("GET");
    if (ends - Date.now() > WARNING) warning.close();
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[method=post]");
  if (form) typedIn.add(form);
});
document.addEventListener("submit", (event) => typedIn.delete(event.target));
for (const name of ["keydown", "pointerdown", "input"]) addEventListener(name, touched, { passive: true });
setInterval(tick, TICK);
