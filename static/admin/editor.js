// The rich-text editor of the admin. Each text area that treatments/widgets.py marks gets one in its place. The text
// area keeps what the server put there until somebody changes something; from then on it sends the editor's HTML.

const setup = JSON.parse(document.getElementById("editor-setup").textContent);
const library = await import(setup.library);
const { Blockquote, Bold, BulletList, Document, Editor, Gapcursor, HardBreak, Heading, History } = library;
const { Link, ListItem, OrderedList, Paragraph, Text } = library;

// -- What a text may hold ---------------------------------------------------------------------------

const mayLink = (address) =>
  setup.links.some((start) => address.startsWith(start)) && !/^\/[/\\]/.test(address);

const SiteLink = Link.extend({
  addKeyboardShortcuts() {
    return { "Mod-k": ({ editor }) => (openLinks(editor), true) };
  },
}).configure({ autolink: false, isAllowedUri: mayLink });

// Headings of other programs become one of our two levels, as they do on the server.
const TwoHeadings = Heading.extend({
  marks: "link",
  parseHTML: () => [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: level < 3 ? 2 : 3 } })),
}).configure({ levels: [2, 3] });

const Note = Blockquote.extend({ parseHTML: () => [{ tag: "blockquote" }, { tag: "div.note" }] });

// The weight of letters is the one thing that pasted styles can tell; `cleaned` keeps it as data.
const isBold = (node) => /^(bold|[6-9]00)$/.test(node.dataset.weight);
const RealBold = Bold.extend({
  parseHTML: () => [
    { tag: "strong" },
    { tag: "b", getAttrs: (node) => (!node.dataset.weight || isBold(node)) && null },
    { tag: "span[data-weight]", getAttrs: (node) => isBold(node) && null },
  ],
});

const WORDS = [Paragraph, Text, RealBold, SiteLink, History];
const LOOKS = {
  full: [Document, ...WORDS, TwoHeadings, BulletList, OrderedList, ListItem, Note, HardBreak, Gapcursor],
  inline: [Document.extend({ content: "paragraph" }), ...WORDS],
  items: [Document.extend({ content: "paragraph+" }), ...WORDS],
};

// What is pasted loses all attributes but these before the browser parses it, which would refuse styles and scripts
// loudly. Word writes the items of a list as paragraphs that begin with a drawn bullet or number.
function cleaned(html) {
  const drawn = /<!(?:--)?\[if !supportLists\](?:--)?>([^]*?)<!(?:--)?\[endif\](?:--)?>/i;
  return html
    .replace(/<p\b[^>]*mso-list:[^>]*>([^]*?)<\/p>/gi, (paragraph, words) => {
      const list = /\d[.)]/.test(drawn.exec(words)?.[1] ?? "") ? "ol" : "ul";
      return `<${list}><li>${words.replace(drawn, "")}</li></${list}>`;
    })
    .replace(/<\/(ul|ol)>\s*<\1>/g, "")
    .replace(/<(style|script|head)\b[^]*?<\/\1>/gi, "")
    .replace(/<([a-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi, (tag, name, attributes) => {
      const kept = attributes.match(/(?<=\s)(href|start|data-pm-slice)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/gi) ?? [];
      const [, weight] = attributes.match(/(?<![\w-])font-weight:\s*(\w+)/i) ?? [];
      if (weight) kept.push(`data-weight="${weight}"`);
      return `<${[name, ...kept].join(" ")}>`;
    });
}

// -- The toolbar --------------------------------------------------------------------------------------

const button = (name, run, active) => ({ name, run, active });
const toggle = (name, command, ...state) =>
  button(
    name,
    (editor) => editor.chain().focus()[command](...state.slice(1)).run(),
    (editor) => editor.isActive(...state),
  );

const BOLD = toggle("Bold", "toggleBold", "bold");
const BLOCKS = [
  toggle("Heading", "toggleHeading", "heading", { level: 2 }),
  toggle("Smaller heading", "toggleHeading", "heading", { level: 3 }),
  toggle("List", "toggleBulletList", "bulletList"),
  toggle("Numbered list", "toggleOrderedList", "orderedList"),
  toggle("Note", "toggleBlockquote", "blockquote"),
];
const LINKS = [
  button("Link", (editor) => openLinks(editor), (editor) => editor.isActive("link")),
  button("Glossary term", (editor) => openTerms(editor)),
];
const HISTORY = [
  { name: "Undo", run: (editor) => editor.chain().focus().undo().run(), possible: (editor) => editor.can().undo() },
  { name: "Redo", run: (editor) => editor.chain().focus().redo().run(), possible: (editor) => editor.can().redo() },
];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// One stop for the Tab key; the arrow keys go from button to button.
function makeToolbar(editor, look, label) {
  const toolbar = element("div", { class: "prose-toolbar", role: "toolbar", "aria-label": `Format of ${label}` });
  const actions = [BOLD, ...(look === "full" ? BLOCKS : []), ...LINKS, ...HISTORY];
  const buttons = actions.map((action, index) => {
    const made = element("button", { type: "button", tabindex: index ? -1 : 0 }, action.name);
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", () => action.run(editor));
    return made;
  });
  toolbar.append(...buttons);
  toolbar.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(event.target);
    const last = buttons.length - 1;
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: last }[event.key];
    if (there === undefined) return;
    event.preventDefault();
    buttons[here].tabIndex = -1;
    const next = buttons[Math.min(Math.max(there, 0), last)];
    next.tabIndex = 0;
    next.focus();
  });
  const show = () =>
    actions.forEach((action, index) => {
      if (action.active) buttons[index].setAttribute("aria-pressed", action.active(editor));
      if (action.possible) buttons[index].setAttribute("aria-disabled", !action.possible(editor));
    });
  show();
  editor.on("transaction", show);
  return toolbar;
}

// -- The dialog for links -------------------------------------------------------------------------------

const field = (label, attributes) => {
  const input = element("input", { autocomplete: "off", ...attributes });
  return [element("label", {}, label, input), input];
};

function openDialog(editor, { title, entries, search, words, own }) {
  const { href = "" } = editor.getAttributes("link");
  const [searchLabel, searchInput] = field(search, { type: "search" });
  const choices = element("ul", { class: "prose-choices" });
  const count = element("p", { role: "status" });
  const mistake = element("p", { class: "errornote", role: "alert", hidden: "" });
  const [addressLabel, addressInput] = field("Or write an address", { type: "text" });
  const close = element("button", { type: "button" }, "Cancel");
  const remove = element("button", { type: "button" }, "Remove the link");
  const form = element("form", { method: "dialog" }, element("h2", { id: "prose-dialog" }, title), searchLabel);
  form.append(count, choices);
  const buttons = element("div", { class: "prose-buttons" });
  if (own) {
    form.append(addressLabel, mistake);
    buttons.append(element("button", { class: "default" }, "Use this address"));
  }
  if (href) buttons.append(remove);
  form.append(buttons);
  buttons.append(close);
  const dialog = element("dialog", { class: "prose-dialog", "aria-labelledby": "prose-dialog" }, form);

  const link = (address, name) => {
    dialog.close();
    const chain = editor.chain().focus().extendMarkRange("link");
    const mark = { type: "link", attrs: { href: address } };
    if (editor.state.selection.empty && !href) chain.insertContent({ type: "text", text: name, marks: [mark] }).run();
    else chain.setLink({ href: address }).run();
  };
  const fill = () => {
    const wanted = searchInput.value.trim().toLowerCase();
    const found = entries.filter((entry) => `${entry.title} ${entry.address}`.toLowerCase().includes(wanted));
    choices.replaceChildren(
      ...found.map((entry) => {
        const choice = element("button", { type: "button" }, entry.title, " ", element("small", {}, entry.address));
        choice.addEventListener("click", () => link(entry.address, entry.title));
        return element("li", {}, choice);
      }),
    );
    count.textContent = found.length === 1 ? "1 found" : `${found.length} found`;
  };

  searchInput.addEventListener("input", fill);
  searchInput.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (searchInput.value.trim()) choices.querySelector("button")?.click();
  });
  form.addEventListener("keydown", (event) => {
    const stops = [searchInput, ...choices.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !stops.includes(event.target)) return;
    event.preventDefault();
    stops[stops.indexOf(event.target) + step]?.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = addressInput.value.trim();
    if (own && mayLink(address)) return link(address, address);
    mistake.textContent = "Start the address with / for a page of this site, with https://, tel: or mailto:.";
    mistake.hidden = false;
    addressInput.focus();
  });
  remove.addEventListener("click", () => {
    dialog.close();
    editor.chain().focus().extendMarkRange("link").unsetLink().run();
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    editor.commands.focus();
  });

  addressInput.value = href;
  searchInput.value = words;
  fill();
  if (!choices.children.length) {
    searchInput.value = "";
    fill();
  }
  document.body.append(dialog);
  dialog.showModal();
  searchInput.select();
}

function openLinks(editor) {
  openDialog(editor, { title: "Link", entries: setup.pages, search: "Find a page of this site", words: "", own: true });
}

function openTerms(editor) {
  const { from, to } = editor.state.selection;
  const words = editor.state.doc.textBetween(from, to, " ");
  openDialog(editor, { title: "Glossary term", entries: setup.terms, search: "Find a term", words, own: false });
}

// -- The editor in place of a text area -----------------------------------------------------------------

function start(textarea) {
  // After a step back in the browser, the text area holds what the editor had sent.
  const typed = textarea.value.startsWith(setup.mark) && textarea.value.slice(setup.mark.length);
  // Somebody was quicker than this script, and goes on in the text area.
  if (!typed && textarea.value !== textarea.defaultValue) return;
  const { look, html } = textarea.dataset;
  const label = document.querySelector(`label[for="${CSS.escape(textarea.id)}"]`);
  const attributes = { id: `${textarea.id}_editor`, role: "textbox", "aria-multiline": look !== "inline", dir: "auto" };
  for (const name of ["aria-describedby", "aria-invalid"])
    if (textarea.hasAttribute(name)) attributes[name] = textarea.getAttribute(name);
  if (label) {
    label.id ||= `${textarea.id}_label`;
    attributes["aria-labelledby"] = label.id;
  }
  const editor = new Editor({
    content: typed || html,
    extensions: LOOKS[look],
    injectCSS: false, // our style sheet has it, because the page allows no styles made at run time
    editorProps: { attributes, transformPastedHTML: cleaned },
    onUpdate: () => {
      textarea.value = editor.isEmpty ? "" : setup.mark + editor.getHTML();
      textarea.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  const name = label ? label.textContent.trim().replace(/:$/, "") : textarea.name;
  const frame = element("div", { class: `prose-editor prose-${look}` }, makeToolbar(editor, look, name));
  frame.append(editor.view.dom);
  textarea.before(frame);
  if (document.activeElement === textarea) editor.commands.focus();
  textarea.hidden = true;
  if (label) {
    label.removeAttribute("for"); // it would lead to the hidden text area
    label.addEventListener("click", () => editor.commands.focus());
  }
}

document.querySelectorAll("textarea[data-look]").forEach(start);
