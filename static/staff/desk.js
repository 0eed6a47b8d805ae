// The desk by keyboard. All of it can be done without this script.
const keysOff = document.getElementById("keys-off");
const OFF = "desk-keys-off";

function remembered() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false; // storage is switched off
  }
}

if (keysOff) {
  keysOff.checked = remembered();
  keysOff.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, keysOff.checked ? "1" : "");
    } catch {
      // It holds until the page is left.
    }
  });
}

const isTyping = (element) => element.matches("input:not([type=checkbox]):not([type=submit]), textarea, select");
const rows = [...document.querySelectorAll("[data-row]")];

function step(by) {
  const at = rows.findIndex((link) => link.closest("tr").contains(document.activeElement));
  rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

function press(element) {
  if (element.matches("summary")) {
    element.parentElement.open = true;
    element.parentElement.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  } else if (element.matches("input, textarea")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || (keysOff ? keysOff.checked : remembered())) return;
  if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
  if (isTyping(event.target)) return;
  const keys = document.getElementById("keys");
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (event.key === "?" && keys) {
    keys.open = !keys.open;
    keys.querySelector("summary").focus();
  } else if (rows.length && event.key === "j") step(1);
  else if (rows.length && event.key === "k") step(-1);
  else if (rows.length && event.key === "x") {
    document.activeElement.closest("tr")?.querySelector("[name=pick]")?.click();
  } else if (target) press(target);
  else return;
  event.preventDefault();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

guard(document.querySelectorAll(".request form, .by-phone form"));
