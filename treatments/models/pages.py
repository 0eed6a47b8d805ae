"""The pages: treatments (families and procedures) and information pages."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from treatments import drawings
from treatments.models.base import Content
from treatments.models.fields import ItemsField, ProseField
from treatments.widgets import InlineWidget, PlainWidget


class Place(models.TextChoices):
    """Where in the body a treatment acts; the letters of the drawing follow this order."""

    MUSCLE = "muscle", "Muscles and fascia"
    CORD = "cord", "Spinal cord"
    FLUID = "fluid", "Fluid around the cord"
    ROOT = "root", "Nerve roots"
    FACET = "facet", "Facet joints"
    FUSION = "fusion", "The fused levels"
    SI = "si", "SI joints"
    LIGAMENT = "ligament", "Ligaments and tendons"
    BODY = "body", "The whole body"


NOT_TO_COME = MaxValueValidator(timezone.localdate, "This day is still to come.")


def address_is_unique(name: str) -> models.UniqueConstraint:
    """Return the rule that no two pages of a kind have the same web address."""
    return models.UniqueConstraint(
        Coalesce(NullIf("address", Value("")), "slug"),
        name=name,
        violation_error_message="Another page already has this web address. Choose a different one.",
    )


class Page(Content):
    """Content with a web address of its own. That may change; the slug, by which other content names it, never does."""

    EDITORIAL = Content.EDITORIAL | {"address"}

    address = models.SlugField(
        "new web address",
        max_length=60,
        blank=True,
        help_text="Only to move the page: small letters, digits and hyphens. The old address leads on to the new one.",
    )

    class Meta:
        abstract = True

    @property
    def segment(self) -> str:
        """The page's own part of its web address."""
        return self.address or self.slug


class Treatment(Page):
    """A kind of treatment (a family, on the ladder of eight) or one procedure of a family."""

    EDITORIAL = Page.EDITORIAL | {"family", "position", "short_name"}
    SUGGESTIONS = frozenset({"related", "tried_before"})

    class Reach(models.IntegerChoices):
        OUTSIDE = 1, "1 · nothing enters the body"
        MOUTH = 2, "2 · by mouth or breath"
        NEEDLE = 3, "3 · a needle"
        IMPLANT = 4, "4 · a small implant"
        OPERATION = 5, "5 · an operation"

    class TestFirst(models.TextChoices):
        YES = "yes", "Yes"
        PARTLY = "partly", "Partly"
        NO = "no", "No"

    class Reversible(models.TextChoices):
        YES = "yes", "Yes"
        MOSTLY = "mostly", "Mostly"
        NO = "no", "No"

    class Implant(models.TextChoices):
        NO = "no", "No"
        TEMPORARY = "temporary", "Temporary"
        YES = "yes", "Yes"

    class Cover(models.TextChoices):
        USUAL = "usual", "Usually covered"
        LIMITS = "visit limits", "Covered, often with a limit on visits"
        APPROVAL = "prior approval", "Often needs approval first"
        SELDOM = "often not paid", "Often not paid for this use"
        UNKNOWN = "not assessed", "Not assessed yet"

    class FdaLevel(models.TextChoices):
        """Whether the US agency for medicines and devices has looked at the use that the page tells of."""

        FOR_THIS = "this use", "Cleared or approved for this use"
        FOR_PART = "part of this use", "Approved for part of this use"
        FOR_OTHER = "another use", "Cleared or approved, but not for this use"
        NONE = "not approved", "Not approved"
        NEEDS_NONE = "needs no approval", "Needs no approval"
        UNKNOWN = "", "Not assessed yet"
        """Empty, so that pages signed before there was this choice stay signed."""

    class Evidence(models.TextChoices):
        STRONG = "well supported", "Well supported"
        MIXED = "mixed", "Mixed"
        LIMITED = "limited", "Limited"
        EARLY = "early", "Early"
        UNKNOWN = "not assessed", "Not assessed yet"

    name = models.CharField(max_length=80, help_text="The page's heading, for example Radiofrequency ablation (RFA).")
    short_name = models.CharField(max_length=30, help_text="For menus and lists, for example RFA.")
    plain_name = models.CharField(max_length=80, help_text="What it is in everyday words.")
    family = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"family": None},
        help_text="Empty for a family.",
    )
    position = models.PositiveSmallIntegerField(
        help_text="Place in its family, or the family's step on the ladder. 1 is the least invasive."
    )
    description = models.CharField(max_length=160, help_text="What a search engine shows under the title.")
    picture = models.ForeignKey("Picture", models.PROTECT, null=True, blank=True, related_name="+")

    reach = models.PositiveSmallIntegerField(choices=Reach, help_text="Bars on the ladder: how far it enters the body.")
    reach_words = models.CharField("how it reaches you", max_length=60, help_text="For example: A needle.")
    acts_on = ItemsField(item_choices=Place.choices)
    setting = models.CharField(max_length=120, help_text="Where it is done.")
    visit_length = models.CharField(max_length=120)
    anesthesia = models.CharField(max_length=120, help_text="Awake, numbed, sedated or asleep.")
    downtime = models.CharField(max_length=120, help_text="How soon light tasks are possible.")
    when_it_starts = models.CharField(max_length=120, help_text="How soon it may help.")
    how_long_it_lasts = models.CharField(max_length=120, help_text="How long help may last, if it works.")
    test_first = models.CharField(max_length=10, choices=TestFirst)
    test_first_note = models.CharField(max_length=120)
    reversible = models.CharField(max_length=10, choices=Reversible)
    reversible_note = models.CharField(max_length=120)
    needle = models.BooleanField()
    implant = models.CharField(max_length=10, choices=Implant)
    implant_note = models.CharField(max_length=160, blank=True)
    medicine = models.BooleanField()
    medicine_note = models.CharField(max_length=120, blank=True)
    # What we know: three levels, each with the day of the assessment, and with sources of its own below.
    evidence_level = models.CharField(
        max_length=20, choices=Evidence, help_text="What each level means stands on the page “Our sources”."
    )
    evidence_on = models.DateField(
        "evidence assessed on",
        null=True,
        blank=True,
        validators=[NOT_TO_COME],
        help_text="When somebody last looked at the studies.",
    )
    fda_level = models.CharField(
        "FDA level",
        max_length=20,
        blank=True,
        default=FdaLevel.UNKNOWN,
        choices=FdaLevel,
        help_text="For the use that this page tells of, not for other uses of the same thing.",
    )
    fda_on = models.DateField(
        "FDA assessed on",
        null=True,
        blank=True,
        validators=[NOT_TO_COME],
        help_text="When somebody last looked at what the FDA says.",
    )
    cover = models.CharField(
        "usual cover", max_length=20, choices=Cover, help_text="What plans usually do, not what one plan does."
    )
    cover_on = models.DateField(
        "cover assessed on",
        null=True,
        blank=True,
        validators=[NOT_TO_COME],
        help_text="When somebody last looked at what plans pay.",
    )

    summary = ProseField(widget=InlineWidget, help_text="Two or three short sentences under the heading.")
    also_called = ItemsField("people also search", widget=PlainWidget, help_text="Other words people type. One a line.")
    honest_note = ProseField(blank=True, help_text="Shown near the top, for example about insurance or doubt.")
    how_it_works = ProseField()
    can_do = ItemsField("what it can do", help_text="Benefits. One a line.")
    cannot_do = ItemsField("what it cannot do", help_text="Limits. One a line.")
    may_help = ItemsField("may help if", help_text="One a line.")
    not_for = ItemsField("usually not for", help_text="One a line.")
    before = ProseField(blank=True)
    during = ProseField("on the day", blank=True)
    after = ProseField("afterward", blank=True)
    later = ProseField(blank=True)
    trial = ProseField(blank=True, help_text="How it can be tried first.")
    expectations = ProseField("what to expect", blank=True)
    living_with_it = ProseField(blank=True)
    common_effects = ItemsField(help_text="One a line.")
    # Named when every serious harm passed for rare. Versions and signatures hold it by this name, so it stays.
    rare_serious = ItemsField("serious harm", help_text="One a line. Say how often, as far as a source tells.")
    evidence = ProseField()
    fda_status = ProseField("FDA status", blank=True)
    insurance = ProseField("insurance and cost")
    if_you_wait = ProseField()
    emergency = ItemsField("call 911 or go to the ER", blank=True, help_text="One sign a line.")
    same_day = ItemsField("call us the same day", blank=True, help_text="One sign a line.")
    questions = ItemsField("questions to ask", help_text="One a line.")

    related = models.ManyToManyField("self", symmetrical=False, related_name="+")
    tried_before = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="+",
        help_text="Usually tried before this one; their pages name it as coming later. None: as in its family.",
    )
    notices = models.ManyToManyField("SafetyNotice", blank=True, related_name="+")
    sources = models.ManyToManyField("Reference", blank=True, related_name="+")
    evidence_sources = models.ManyToManyField(
        "Reference", blank=True, related_name="+", help_text="The studies and guidelines behind the evidence level."
    )
    fda_sources = models.ManyToManyField(
        "Reference",
        verbose_name="FDA sources",
        blank=True,
        related_name="+",
        help_text="Notices of the FDA, and labels that it approved.",
    )
    cover_sources = models.ManyToManyField(
        "Reference", blank=True, related_name="+", help_text="Rules of Medicare or of other plans."
    )

    class Meta:
        ordering = [F("family__position").asc(nulls_first=True), "position"]
        constraints = [
            address_is_unique("treatment_address_unique"),
            models.UniqueConstraint(
                name="treatment_position_unique",
                fields=["family", "position"],
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Another one already stands at this position. Give each its own number.",
            ),
            models.CheckConstraint(
                name="treatment_position_from_1",
                condition=Q(position__gte=1),
                violation_error_message="Positions start at 1.",
            ),
            models.CheckConstraint(
                name="treatment_reach_1_to_5",
                condition=Q(reach__range=(1, 5)),
                violation_error_message="Reach is a number from 1 to 5.",
            ),
            models.CheckConstraint(
                name="treatment_not_its_own_family",
                condition=Q(family=None) | ~Q(family=F("id")),
                violation_error_message="A treatment cannot be its own family.",
            ),
            models.CheckConstraint(
                name="treatment_benefit_and_risk",
                condition=Q(can_do__len__gt=0, common_effects__len__gt=0, rare_serious__len__gt=0),
                violation_error_message=(
                    "Name at least one benefit, one common effect and one serious harm: "
                    "patients see benefit and risk side by side."
                ),
            ),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        if self.family and self.pk and Treatment.objects.filter(family=self.pk).exists():
            raise ValidationError({"family": "This is a family with procedures of its own. Move those first."})
        if self.family and self.family.family_id:
            raise ValidationError({"family": f"{self.family} is itself part of a family. Choose one of the families."})

    @property
    def icon_template(self):
        """The icon of a family, or None for a family that the design has not drawn."""
        return drawings.icon(self.slug)

    def get_absolute_url(self):
        if self.family:
            return reverse("treatment", args=[self.family.segment, self.segment])
        return reverse("family", args=[self.segment])


class InfoPage(Page):
    """A page of text, such as Our approach."""

    EDITORIAL = Page.EDITORIAL | {"also_called", "kicker", "menu", "menu_position", "short_title"}

    class Menu(models.TextChoices):
        MAIN = "main", "Main menu"
        FOOTER = "footer", "Footer"
        NONE = "none", "Not in a menu"

    NO_TREATMENT = "no-further-treatment"
    """The option that stands beside every treatment: to have none for now."""
    SPANISH = "en-espanol"
    """The one page in Spanish."""
    FIXED = frozenset(
        (
            "home", "treatments", "evaluation", "faq", "glossary", "prepare", "privacy", "sources", "urgent",
            NO_TREATMENT, SPANISH,
        )
    )  # fmt: skip
    """Pages that the site itself links to or gives a template of their own: their address stays, and so do they."""

    title = models.CharField(max_length=80, help_text="The page's heading.")
    short_title = models.CharField(max_length=30, help_text="For menus.")
    kicker = models.CharField(max_length=80, blank=True, help_text="A short line above the heading.")
    description = models.CharField(max_length=160, help_text="What a search engine shows under the title.")
    menu = models.CharField(max_length=10, choices=Menu)
    menu_position = models.PositiveSmallIntegerField()
    picture = models.ForeignKey("Picture", models.PROTECT, null=True, blank=True, related_name="+")
    summary = ProseField(widget=InlineWidget, help_text="Two or three short sentences under the heading.")
    also_called = ItemsField(
        "people also search", widget=PlainWidget, blank=True, help_text="Other words people type. One a line."
    )
    body = ProseField(help_text="Give each section a heading.")
    sources = models.ManyToManyField("Reference", blank=True, related_name="+")

    class Meta:
        ordering = ["menu", "menu_position", "slug"]
        verbose_name = "information page"
        constraints = [address_is_unique("infopage_address_unique")]

    def __str__(self):
        return self.title

    def clean(self):
        if self.slug in self.FIXED:
            return
        try:
            taken = resolve(f"/{self.segment}/").url_name != "page"
        except Resolver404:
            return  # no address at all; the field itself tells so
        if taken:  # by the site itself, such as that of the admin
            field = "address" if self.address else "slug"
            raise ValidationError({field: "The site itself uses this web address. Choose a different one."})

    def get_absolute_url(self):
        # Home and the overview of treatments have addresses of their own.
        return reverse(self.slug) if self.slug in ("home", "treatments") else reverse("page", args=[self.segment])
