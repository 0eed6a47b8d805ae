// Warns before a computer that is left alone is signed out, keeps what was typed, and takes patients' words off the
// screen. The server ends the session by itself, with or without this script.
const { session: SESSION, keep: KEEP, signIn: SIGN_IN, seconds, ticket: TICKET } = document.currentScript.dataset;
const WARNING = 120000; // milliseconds before the end
const SAY_SO = 240000; // milliseconds after which a touch is told to the server, when no page was asked for since
const TICK = 1000;
const AGAIN = 3000; // milliseconds after which what could not be kept is sent again

const typedIn = new Set();
let ends = Date.now() + seconds * 1000; // by the clock of this computer
let toldAt = Date.now();
let isLeaving = false;

async function ask(method) {
  const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
  if (method === "GET") headers["X-Background"] = "1";
  const answer = await fetch(SESSION, { method, headers }).catch(() => null);
  if (answer?.status === 200) ends = Date.now() + (await answer.json()).seconds * 1000;
}

function touched() {
  if (isLeaving || warning.open || Date.now() - toldAt < SAY_SO) return;
  toldAt = Date.now();
  ask("POST");
}

function keptOf(form) {
  // Only a form that says so is sent again by a button that nobody has pressed; others can be read and copied.
  const button = "kept" in form.dataset ? form.querySelector("button:not([type=button]), input[type=submit]") : null;
  const values = new FormData(form, button);
  for (const [name, value] of [...values]) if (value instanceof File) values.delete(name);
  values.set("kept_ticket", TICKET);
  values.set("kept_page", location.pathname);
  values.set("kept_action", button ? form.getAttribute("action") || location.pathname + location.search : "");
  return values;
}

async function keep(values) {
  for (;;) {
    const answer = await fetch(KEEP, { method: "POST", body: values }).catch(() => null);
    if (answer && answer.status < 500) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN)); // no network yet, or the server is away
  }
}

// `asked`: somebody pressed the button; otherwise the server has ended the session already.
async function leave(asked) {
  if (isLeaving) return;
  isLeaving = true;
  const kept = [...typedIn].filter((form) => !form.querySelector("[type=password]")).map(keptOf);
  warning.close();
  cover.hidden = false;
  document.getElementById("container").hidden = true;
  await Promise.all(kept.map(keep));
  if (asked) await ask("DELETE");
  // Whoever asks before unsaved words go away has them kept now.
  addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);
  location.assign(`${SIGN_IN}?next=${encodeURIComponent(location.pathname)}`);
}

const cover = document.createElement("div");
cover.className = "idle-cover";
cover.hidden = true;
cover.setAttribute("role", "status");
cover.innerHTML = "<p>You are being signed out. What you have typed is being kept.</p>";

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
  if (isLeaving) return;
  toldAt = Date.now();
  ask("POST");
});
go.addEventListener("click", () => leave(true));
document.body.append(warning, cover);

async function tick() {
  const left = () => ends - Date.now();
  if (isLeaving || left() > WARNING) return;
  await ask("GET"); // somebody may be at work in another tab
  if (isLeaving) return;
  if (left() <= 0) return leave(false);
  if (left() > WARNING) {
    if (warning.open) warning.close();
    return;
  }
  if (!warning.open) warning.showModal();
  // Said anew three times, not each second.
  const words = left() > 60000 ? "2 minutes" : left() > 30000 ? "1 minute" : "30 seconds";
  const place = warning.querySelector("b");
  if (place.textContent !== words) place.textContent = words;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[method=post]:not([role=search])");
  if (form) typedIn.add(form);
});
document.addEventListener("submit", (event) => typedIn.delete(event.target));
for (const name of ["keydown", "pointerdown", "input"]) addEventListener(name, touched, { passive: true });
let asking = false;
setInterval(async () => {
  if (asking) return;
  asking = true;
  await tick();
  asking = false;
}, TICK);
