"""The rich-text editor in a real browser: what staff see and do, and what is stored afterwards."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_every_page import RULES
from treatments import publishing, schema
from treatments.models import GlossaryTerm, Treatment

WORD = """<html><head><style>p {color: red}</style></head><body><!--StartFragment-->
<p class=MsoNormal style='color:red' onclick="alert(1)"><b style='mso-bidi-font-weight:normal'>Eat</b>
nothing<o:p></o:p></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><!--[if !supportLists]--><span style='mso-list:Ignore'>·<span>
&nbsp;</span></span><!--[endif]-->First<o:p></o:p></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><!--[if !supportLists]--><span style='mso-list:Ignore'>·<span>
&nbsp;</span></span><!--[endif]-->Second<o:p></o:p></p>
<table><tr><td>A <a href="javascript:alert(1)">cell</a><img src="https://evil.example/x.png"></td></tr></table>
<script>alert(1)</script><!--EndFragment--></body></html>"""


@pytest.fixture
def term(staff_page):
    term = GlossaryTerm.objects.get(slug="taper")
    before, term.meaning = term.meaning, "One two three."
    term.save()
    publishing.keep(term)
    yield term
    term = GlossaryTerm.objects.get(pk=term.pk)
    term.meaning = before
    term.save()
    publishing.keep(term)


def save(page, term) -> str:
    """Save the form and return what is stored."""
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    return GlossaryTerm.objects.get(pk=term.pk).meaning


def editor_of(page, label="Meaning:"):
    expect(page.locator("textarea[data-look]:not([hidden])")).to_have_count(0)
    return page.get_by_label(label)


def press(page, name, label="Meaning"):
    page.get_by_role("toolbar", name=f"Format of {label}").get_by_role("button", name=name, exact=True).click()


def write(page, words):
    page.keyboard.type(words)


def select(page, keys):
    """Press keys that only move the selection; the editor learns of it a moment later, from the browser."""
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".ProseMirror:focus")).to_be_visible()
    page.keyboard.press(keys)
    page.wait_for_timeout(150)  # milliseconds


def test_all_the_formats_are_stored_in_the_small_format(staff_page, term):
    page = staff_page(term)
    editor = editor_of(page)
    expect(editor).to_have_text("One two three.")
    page.get_by_text("Meaning:", exact=True).click()
    expect(editor).to_be_focused()
    select(page, "Control+a")
    write(page, "Title")
    press(page, "Heading")
    page.keyboard.press("Enter")
    write(page, "Some ")
    press(page, "Bold")
    write(page, "bold")
    press(page, "Bold")
    write(page, " words, 2 * 3 and [a](b) # x.")
    page.keyboard.press("Enter")
    press(page, "Smaller heading")
    write(page, "Less")
    page.keyboard.press("Enter")
    press(page, "List")
    write(page, "first")
    page.keyboard.press("Enter")
    write(page, "second")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    press(page, "Numbered list")
    write(page, "one")
    page.keyboard.press("Enter")
    write(page, "two")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    press(page, "Note")
    write(page, "Take care")
    assert save(page, term) == (
        "## Title\n\nSome **bold** words, 2 \\* 3 and \\[a\\](b) # x.\n\n### Less\n\n- first\n- second\n\n"
        "1. one\n2. two\n\n> Take care"
    )


def test_links_are_picked_from_the_site_or_written(staff_page, term):
    page = staff_page(term)
    editor_of(page).click()
    select(page, "Control+a")
    press(page, "Link")
    page.get_by_label("Or write an address").fill("javascript:alert(1)")
    page.get_by_role("button", name="Use this address").click()
    expect(page.get_by_role("alert")).to_contain_text("Start the address with")
    page.get_by_label("Find a page of this site").fill("cord stim")
    page.get_by_role("dialog").get_by_role("button", name="Spinal cord stimulation").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert save(page, term) == "[One two three.](/treatments/spinal-cord-stimulation/)"

    page.goto(f"/admin/treatments/glossaryterm/{term.pk}/change/")
    editor_of(page).get_by_role("link").click()
    press(page, "Link")
    expect(page.get_by_label("Or write an address")).to_have_value("/treatments/spinal-cord-stimulation/")
    page.get_by_label("Or write an address").fill("tel:911")
    page.get_by_role("button", name="Use this address").click()
    assert save(page, term) == "[One two three.](tel:911)"

    page.goto(f"/admin/treatments/glossaryterm/{term.pk}/change/")
    editor_of(page).get_by_role("link").click()
    press(page, "Link")
    page.get_by_role("button", name="Remove the link").click()
    select(page, "Control+End")
    press(page, "Glossary term")
    page.get_by_label("Find a term").fill("ablation")
    page.keyboard.press("Enter")
    assert save(page, term).startswith("One two three.[Ablation](/glossary/#ablation)")


def test_everything_works_by_keyboard(staff_page, term):
    page = staff_page(term)
    expect(editor_of(page)).to_be_visible()
    page.get_by_label("Not explained on pages:").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("Tab")
    expect(editor_of(page)).to_be_focused()
    select(page, "Control+a")
    page.keyboard.press("Shift+Tab")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Note")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Note")).to_have_attribute("aria-pressed", "true")
    expect(editor_of(page)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Find a page of this site")).to_be_focused()
    page.keyboard.press("Escape")
    expect(editor_of(page)).to_be_focused()
    page.keyboard.press("Control+k")
    write(page, "hyperbaric")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    select(page, "Control+End")
    write(page, " Now.")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    assert save(page, term) == "> [One two three.](/treatments/hbot/) Now."


def test_words_pasted_from_word_are_cleaned(staff_page, term):
    page = staff_page(term)
    editor = editor_of(page)
    editor.click()
    select(page, "Control+a")
    paste(editor, WORD)
    assert save(page, term) == "**Eat** nothing\n\n- First\n- Second\n\nA cell"


def paste(editor, html):
    editor.evaluate(
        """(one, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            one.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        html,
    )


def test_what_was_typed_is_there_after_a_mistake(staff_page, term):
    page = staff_page(term)
    editor_of(page).click()
    select(page, "Control+End")
    press(page, "Bold")
    write(page, " Four.")
    page.get_by_label("Term:").fill("")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("This field is required")).to_be_visible()
    expect(editor_of(page).locator("strong")).to_have_text("Four.")
    editor_of(page).fill("")
    page.get_by_label("Term:").fill(term.term)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("This field is required")).to_be_visible()
    expect(editor_of(page)).to_have_attribute("aria-invalid", "true")
    assert GlossaryTerm.objects.get(pk=term.pk).meaning == "One two three."


def test_without_scripts_the_small_format_is_written_as_before(staff_page, term):
    page = staff_page(term, java_script_enabled=False)
    words = page.get_by_label("Meaning:")
    assert words.input_value() == "One two three."
    words.fill("## A\n\n- b")
    assert save(page, term) == "## A\n\n- b"


def test_editors_change_no_word_by_themselves(staff_page):
    """Each of a treatment's editors sends its text, and all of them are stored as they were."""
    treatment = Treatment.objects.get(slug="radiofrequency-ablation")
    before = schema.to_record(treatment)
    page = staff_page(treatment)
    editors = page.locator(".ProseMirror")
    expect(editors).to_have_count(page.locator("textarea[data-look]").count())
    assert editors.count() > 20
    for editor in editors.all():
        editor.focus()
        page.keyboard.press("x")
        page.keyboard.press("Backspace")
    sent = page.locator("textarea[data-look]").evaluate_all("all => all.map(one => one.value)")
    assert all(value == "" or value.startswith("<!--rich text-->") for value in sent)
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert schema.to_record(Treatment.objects.get(pk=treatment.pk)) == before


def test_items_and_short_texts_have_no_more_than_they_can_show(staff_page):
    page = staff_page(Treatment.objects.get(slug="radiofrequency-ablation"))
    items = editor_of(page, "Questions to ask:")
    toolbar = page.get_by_role("toolbar", name="Format of Questions to ask")
    expect(toolbar.get_by_role("button")).to_have_text(["Bold", "Link", "Glossary term", "Undo", "Redo"])
    items.click()
    select(page, "Control+a")
    paste(items, "<h2>a</h2><ul><li>b <b>c</b></li><li>d</li></ul>")
    expect(items.locator("p")).to_have_text(["a", "b c", "d"])
    summary = editor_of(page, "Summary:")
    summary.click()
    select(page, "Control+a")
    paste(summary, "<p>a</p><p>b</p>")
    expect(summary.locator("p")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_editors_are_accessible(staff_page, scheme):
    for content in (GlossaryTerm.objects.get(slug="ablation"), Treatment.objects.get(slug="prp")):
        page = staff_page(content, color_scheme=scheme)
        expect(page.locator("textarea[data-look]:not([hidden])")).to_have_count(0)
        page.locator(".ProseMirror").first.click()
        assert violations_of(page) == []
        page.get_by_role("button", name="Link", exact=True).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations_of(page) == []


def violations_of(page):
    """The editors' own; those of the stock admin around them are not ours to mend."""
    # Without `preload`, by which axe makes style elements that the page refuses.
    options = {"runOnly": {"type": "tag", "values": RULES}, "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    nodes = [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]
    return [one for one in nodes if "help-tooltip" not in one and not one.startswith("link-in-text-block")]
