// What a page of an account can do more of with a script: copy a link, print codes, ask for a passkey.
for (const one of document.querySelectorAll(".needs-script, [data-copies]")) one.hidden = false;

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    await navigator.clipboard?.writeText(field.value);
    button.textContent = "Copied";
  });
}

document.querySelector("[data-prints]")?.addEventListener("click", () => print());

// The person changed their mind, or the browser has no passkey for this site.
document.addEventListener("allauth.error", (event) => {
  const words = document.getElementById("passkey-error");
  if (!words) return;
  event.preventDefault();
  words.hidden = false;
  words.focus();
});
