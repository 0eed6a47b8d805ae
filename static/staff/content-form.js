// While a page is open: show how the words in the form read.
const form = document.querySelector("#content-main form");
const checklist = document.getElementById("checklist");
const PAUSE = 1500; // milliseconds after the last key

async function read() {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  await refresh(checklist, data);
  // The grade has a place of its own, beside the buttons.
  const grade = checklist.querySelector(".grade");
  if (grade) document.querySelector(".save-bar .grade").replaceWith(grade);
}

if (checklist) {
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(read, PAUSE);
  });
}

if (form) {
  guard([form]);
  form.dataset.kept = ""; // its first button saves a draft, which patients do not see
}
