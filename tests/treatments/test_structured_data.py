"""Structured data: valid by the vocabulary of schema.org, the same as the page, and silent where the page is."""

import datetime
import json
import re

import pytest
from django.test import Client

from tests.factories import make_user
from tests.pages import read
from tests.treatments.schema_org import PROPERTIES, TYPES
from treatments import library, preview, publishing, sharing, structured_data
from treatments.models import ClinicSettings, Treatment
from treatments.publishing import publish, published_version

pytestmark = pytest.mark.django_db

PRP = "/treatments/regenerative/prp/"
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
ENUMERATIONS = {
    "DayOfWeek": r"(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
    "MedicalProcedureType": "(Noninvasive|Percutaneous)Procedure",
    "ItemListOrderType": "ItemListOrderAscending",
}
REQUIRED = {
    "MedicalWebPage": {"@id", "url", "name", "description", "image", "inLanguage", "dateModified", "publisher"},
    "WebPage": {"@id", "url", "name", "description", "image", "inLanguage", "dateModified", "publisher"},
    "MedicalTherapy": {"@id", "url", "name", "description", "adverseOutcome", "seriousAdverseOutcome"},
    "MedicalClinic": {"@id", "name", "url"},
    "ListItem": {"position", "name", "item"},
    "Question": {"name", "acceptedAnswer"},
    "Answer": {"text"},
    "DefinedTermSet": {"name", "hasDefinedTerm"},
    "DefinedTerm": {"name", "description", "url"},
    "Person": {"name"},
    "MedicalEntity": {"name"},
    "OpeningHoursSpecification": {"opens", "closes"},
}


def pages():
    words = library.published()
    return [*words.pages, *words.treatments]


def data_of(path) -> dict:
    (block,) = BLOCK.findall(Client().get(path).content.decode())
    return json.loads(block)


def kinds_of(name) -> set[str]:
    """A type and all that it is a kind of."""
    return {name}.union(*map(kinds_of, TYPES[name].split()))


def types_of(node) -> set[str]:
    named = node["@type"]
    return set().union(*map(kinds_of, named if isinstance(named, list) else [named]))


def is_web_address(value) -> bool:
    return bool(re.fullmatch(r"http://testserver/\S*", value))


def may_be(value, kind) -> bool:
    """Whether a value is what the vocabulary calls by this name."""
    if isinstance(value, dict):
        return kind in types_of(value)
    if kind == "Integer":
        return type(value) is int
    if not isinstance(value, str):
        return False
    if kind in ENUMERATIONS:
        return bool(re.fullmatch(f"https://schema.org/{ENUMERATIONS[kind]}", value))
    if kind in ("Date", "Time"):
        parse = datetime.date.fromisoformat if kind == "Date" else datetime.time.fromisoformat
        try:
            return bool(parse(value) or True)
        except ValueError:
            return False
    if kind == "Text":
        return not value.startswith(("http", "/")) and value == value.strip() != ""
    return kind in ("URL", "Thing") and is_web_address(value)


def faults_of(node, place="") -> list[str]:
    """What is not valid in a node and in those inside it."""
    found, types = [], types_of(node)
    for name in REQUIRED.keys() & types:
        found += [f"{place}: {name} without {one}" for one in REQUIRED[name] - node.keys()]
    for name, value in node.items():
        if name in ("@context", "@type"):
            continue
        if name == "@id":
            found += [] if is_web_address(value) else [f"{place}: @id {value}"]
            continue
        having, holding = (words.split() for words in PROPERTIES[name])
        if not types.intersection(having):
            found.append(f"{place}: {node['@type']} has no {name}")
        for one in value if isinstance(value, list) else [value]:
            if not any(may_be(one, kind) for kind in holding):
                found.append(f"{place}: {name} cannot be {one!r}")
            if isinstance(one, dict):
                found += faults_of(one, f"{place} {name}")
    return found


def use_real_details():
    clinic = ClinicSettings.objects.get()
    clinic.details_are_samples, clinic.phone, clinic.email = False, "(212) 555-0187", "desk@clinic.example"
    clinic.address = "1 Sample Street\nNew York, NY 10001"
    clinic.holidays = ["2099-12-25 Christmas Day"]
    clinic.save()
    publish(clinic, reason="test")


def sign_page(treatment):
    reviewer = make_user(username="reviewer", first_name="Sample", last_name="Reviewer", credentials="MD, PhD")
    for content in (treatment, treatment.picture, *treatment.notices.all()):
        publishing.sign(published_version(content), by=reviewer)


def test_every_page_is_valid():
    use_real_details()
    sign_page(Treatment.objects.get(slug="prp"))
    for page in pages():
        data = data_of(page.get_absolute_url())
        assert data["@context"] == "https://schema.org"
        assert faults_of(data, page.slug) == []


def test_what_is_wrong_would_be_found():
    """The check itself: a property of another type, a short address, a type that nobody knows."""
    data = data_of(PRP)
    for wrong in ({"telephone": "+1"}, {"url": PRP}, {"dateModified": "today"}, {"reviewedBy": "Somebody"}):
        assert faults_of(data | wrong)
    del data["mainEntity"]["seriousAdverseOutcome"]
    assert faults_of(data)


def test_it_says_what_the_page_says():
    for page in pages():
        path = page.get_absolute_url()
        data, shown = data_of(path), read(Client().get(path))
        assert data["name"] == shown.headings[0]
        assert data["url"] == f"http://testserver{path}"
        assert data["dateModified"] == library.published().changed_on(page).isoformat()
        if isinstance(page, Treatment):
            text = " ".join(shown.text.split())
            about = data["mainEntity"]
            for said in about["contraindication"]:
                assert said in text, (path, said)
            for outcome in (*about["adverseOutcome"], *about["seriousAdverseOutcome"]):
                assert outcome["name"] in text, (path, outcome)
            assert len(about["seriousAdverseOutcome"]) == len(page.rare_serious)


def test_the_trail_is_the_one_on_the_page():
    crumbs = re.compile(r'aria-label="You are here">(.*?)</nav>', re.DOTALL)
    for page in pages():
        html = Client().get(page.get_absolute_url()).content.decode()
        trail = data_of(page.get_absolute_url()).get("breadcrumb")
        if not (shown := crumbs.search(html)):
            assert trail is None
            continue
        names = [" ".join(one.split()) for one in re.findall(r">([^<>]*\w[^<>]*)<", shown[1])]
        assert [one["name"] for one in trail["itemListElement"]] == names
        links = [f"http://testserver{link}" for link in re.findall('href="([^"]+)"', shown[1])]
        assert [one["item"] for one in trail["itemListElement"]] == [
            *links,
            f"http://testserver{page.get_absolute_url()}",
        ]


@pytest.mark.parametrize(
    ("path", "type_", "procedure"),
    [
        ("/treatments/physical-therapy/", "MedicalTherapy", "NoninvasiveProcedure"),
        ("/treatments/medication/", "MedicalTherapy", "NoninvasiveProcedure"),
        (PRP, ["MedicalProcedure", "MedicalTherapy"], "PercutaneousProcedure"),
        ("/treatments/baclofen-pump/", ["MedicalProcedure", "MedicalTherapy"], None),
        ("/treatments/revision-surgery/", ["MedicalProcedure", "MedicalTherapy"], None),
    ],
)
def test_the_type_follows_how_far_a_treatment_enters_the_body(path, type_, procedure):
    about = data_of(path)["mainEntity"]
    assert about["@type"] == type_
    assert about.get("procedureType") == (procedure and f"https://schema.org/{procedure}")


def test_questions_words_and_the_ladder_are_all_there():
    words = library.published()
    faq = data_of("/faq/")
    assert "FAQPage" in faq["@type"]
    assert [one["name"] for one in faq["mainEntity"]] == [one.question for one in words.faqs]
    terms = data_of("/glossary/")["mainEntity"]["hasDefinedTerm"]
    assert [one["name"] for one in terms] == [one.term for one in words.glossary]
    ladder = data_of("/treatments/")["mainEntity"]["itemListElement"]
    assert [one["name"] for one in ladder] == [family.name for family in words.families]


@pytest.mark.parametrize("path", ["/privacy/", "/accessibility/"])
def test_a_page_without_medicine_is_not_called_medical(path):
    assert data_of(path)["@type"] == "WebPage"


def test_only_a_signature_makes_it_reviewed():
    treatment = Treatment.objects.get(slug="prp")
    assert not {"lastReviewed", "reviewedBy"} & data_of(PRP).keys()
    sign_page(treatment)
    data = data_of(PRP)
    assert data["lastReviewed"] == library.published().today.isoformat()
    assert data["reviewedBy"] == [{"@type": "Person", "name": "Sample Reviewer", "honorificSuffix": "MD, PhD"}]
    treatment.evidence = "Other medical words."
    treatment.save()
    publish(treatment, reason="test")
    assert not {"lastReviewed", "reviewedBy"} & data_of(PRP).keys()


def test_sample_details_are_told_to_nobody():
    publisher = data_of("/")["publisher"]
    assert publisher.keys() == {"@type", "@id", "name", "url"}
    use_real_details()
    publisher = data_of("/")["publisher"]
    assert publisher["telephone"] == "+12125550187"
    assert publisher["address"] == "1 Sample Street, New York, NY 10001"
    monday = publisher["openingHoursSpecification"][0]
    assert (monday["dayOfWeek"], monday["opens"]) == ("https://schema.org/Monday", "09:00:00")
    assert publisher["specialOpeningHoursSpecification"][0]["validFrom"] == "2099-12-25"


def test_no_word_ends_the_block():
    clinic = ClinicSettings.objects.get()
    clinic.name = "</script><script>alert(1)</script> & <!--"
    html = structured_data.script({"name": clinic.name})
    assert html.count("<") == 2
    assert json.loads(BLOCK.fullmatch(html)[1])["name"] == clinic.name


def test_drafts_and_requests_carry_none(client):
    treatment = Treatment.objects.get(slug="prp")
    treatment.summary = "Words that nobody may read yet."
    treatment.save()
    editor = make_user(role="editor")
    link = sharing.share(publishing.keep(treatment, by=editor), by=editor)
    paths = [sharing.address(link), "/request-evaluation/", "/request-evaluation/safety/", "/request-evaluation/find/"]
    for path in [*paths, "/no-such-page/", "/compare/hbot/prp/"]:
        html = client.get(path).content.decode()
        assert "<main" in html
        assert "ld+json" not in html, path
    assert "og:image" not in client.get(paths[0]).content.decode()
    assert preview.address(treatment, library.published()) == PRP


def test_the_data_is_the_only_block_of_its_kind_on_a_page():
    for page in pages():
        html = Client().get(page.get_absolute_url()).content.decode()
        assert html.count("<script") == len(BLOCK.findall(html)) == 1


def test_it_costs_no_query(django_assert_num_queries):
    library.published()
    with django_assert_num_queries(1):
        Client().get(PRP)
