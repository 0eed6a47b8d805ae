// Drag the rows of an ordered list, or move them with Up and Down without a reload. The numbers follow the rows, and
// the server takes the order from the numbers.
for (const list of document.querySelectorAll('[data-module="order"]')) {
  const rows = () => [...list.children];
  let dragged = null;

  const renumber = () =>
    rows().forEach((row, index, all) => {
      row.querySelector("input").value = index + 1;
      row.querySelector("[name=_up]").disabled = index === 0;
      row.querySelector("[name=_down]").disabled = index === all.length - 1;
    });

  for (const row of rows()) {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
    });
    row.addEventListener("dragend", () => {
      dragged = null;
      renumber();
    });
    row.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const box = row.getBoundingClientRect();
      const after = event.clientY > box.top + box.height / 2;
      if (dragged !== row) list.insertBefore(dragged, after ? row.nextSibling : row);
    });
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li");
    if (button.name === "_up") row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    renumber();
    (button.disabled ? row.querySelector("button:not(:disabled)") : button).focus();
  });
}
