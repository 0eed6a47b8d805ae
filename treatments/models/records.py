"""The small records that pages draw on: words, questions, warning signs, notices, sources, pictures, the clinic."""

import datetime
import re
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from treatments import detector, drawings, opening, phone
from treatments.images import FOLDER, Photo, PhotographField
from treatments.models.base import Content
from treatments.models.fields import AddressesField, ItemsField, ProseField
from treatments.opening import WEEKDAYS
from treatments.widgets import InlineWidget, PlainWidget


class GlossaryTerm(Content):
    """A medical word in plain words."""

    EDITORIAL = Content.EDITORIAL | {"unexplained"}

    term = models.CharField(max_length=60)
    also_called = ItemsField(widget=PlainWidget, blank=True, help_text="One a line.")
    unexplained = ItemsField(
        "not explained on pages",
        widget=PlainWidget,
        blank=True,
        help_text="Pages explain a term where they first use one of its names. Repeat here the names that everybody "
        "knows, or that also mean something else, such as “swelling” or “lead”. One a line.",
    )
    meaning = ProseField()

    class Meta:
        ordering = ["term"]

    def __str__(self):
        return self.term


class Synonym(Content):
    """Words that mean the same to somebody who searches, such as injection, shot and needle."""

    IS_MEDICAL = False

    word = models.CharField(max_length=60, help_text="The word that our pages use, for example: injection.")
    also_called = ItemsField(
        "means the same",
        widget=PlainWidget,
        help_text="What patients type instead of it, for example: shot. One a line.",
    )

    class Meta:
        ordering = ["word"]
        verbose_name = "search word"

    def __str__(self):
        return self.word

    @property
    def words(self):
        return [self.word, *self.also_called]


class Signpost(Content):
    """What people type when they look for one certain thing, and where that is: on a page, or at the clinic."""

    IS_MEDICAL = False  # it names pages and says what the clinic does; what is medical stands on those pages
    UNREAD = Content.UNREAD | {"also_called"}

    class AnsweredBy(models.TextChoices):
        """Who answers above the results. The clinic's own facts come from its settings, and are never written twice."""

        PAGES = "pages", "The pages that it leads to, and nothing above them"
        HOURS = "hours", "Opening hours, and whether we are open now"
        PHONE = "phone", "Phone number"
        EMAIL = "email", "E-mail address"
        ADDRESS = "address", "Street address"
        REPLY = "reply", "How soon a request is answered"
        LENGTH = "length", "How long an evaluation takes"
        STAFF = "staff", "The words below; while there are none, “Please call us”"

    name = models.CharField(
        max_length=60, help_text="What it is about, for example: Parking. It is the heading of an answer."
    )
    also_called = ItemsField(
        "what people type",
        widget=PlainWidget,
        help_text="Whoever types just this is led there. One a line. Big letters, plurals, hyphens and apostrophes do "
        "not matter, nor do small words such as “the” or “do you have”.",
    )
    answered_by = models.CharField(
        max_length=10,
        choices=AnsweredBy,
        default=AnsweredBy.PAGES,
        help_text="What is not in the clinic settings is not made up: then it says “Please call us”.",
    )
    leads_to = AddressesField(
        blank=True,
        help_text="The addresses of pages, questions (/faq/#referral) or words (/glossary/#taper), the best first. "
        "One a line.",
    )
    answer = ProseField(
        blank=True,
        help_text="One or two short sentences about the clinic, shown above the results. Nothing medical: that belongs "
        "on a page, where a reviewer signs it.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="signpost_answer_is_shown",
                condition=Q(answer="") | ~Q(answered_by="pages"),
                violation_error_message="The answer would be shown to nobody. Choose who answers, or leave it out.",
            ),
            models.CheckConstraint(
                name="signpost_leads_somewhere",
                condition=Q(leads_to__len__gt=0) | ~Q(answered_by="pages"),
                violation_error_message="Name a page that it leads to, or choose who answers.",
            ),
        ]

    def __str__(self):
        return self.name


class FaqItem(Content):
    """A question patients ask, and the answer."""

    EDITORIAL = Content.EDITORIAL | {"also_called", "position"}

    question = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()
    answer = ProseField()
    also_called = ItemsField(
        "people also search", widget=PlainWidget, blank=True, help_text="Other words people type. One a line."
    )
    sources = models.ManyToManyField("Reference", blank=True, related_name="+")

    class Meta:
        ordering = ["position"]
        verbose_name = "question and answer"
        verbose_name_plural = "questions and answers"
        constraints = [
            models.UniqueConstraint(
                name="faq_position_unique",
                fields=["position"],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Another question already stands at this position.",
            )
        ]

    def __str__(self):
        return self.question


class WarningSign(Content):
    """A sign that needs help now, asked as a question and told as a statement."""

    EDITORIAL = Content.EDITORIAL | {"position"}
    UNREAD = Content.UNREAD | {"also_called", "exceptions"}

    class Group(models.TextChoices):
        """What the safety check asks about, in its order; how somebody feels is never the last."""

        NERVES = "nerves", "Nerves"
        FEELINGS = "feelings", "How you feel"
        INFECTION = "infection", "Infection"
        INJURY = "injury", "Injury, heart and blood clots"
        DEVICES = "devices", "Medicine and devices"
        OTHER = "other", "Other"

    class Clock(models.TextChoices):
        """Since when it must be there to count: the safety check asks about each apart."""

        DAYS = "", "New or getting worse in the last days"
        """Empty, so that signs from before there was this choice are as they were, and stay signed."""
        EVER = "ever", "At any time"

    class Level(models.TextChoices):
        """How soon help is needed, in the order in which pages list it; the crisis line is never the last."""

        CALL_911 = "911", "Call 911 or go to the ER now"
        CRISIS_LINE = "988", "Call or text 988"
        ER = "er", "Go to the ER now"
        SAME_DAY = "same day", "Call us today"
        THIS_WEEK = "this week", "Tell us this week"

    position = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=10, choices=Group)
    level = models.CharField(max_length=10, choices=Level)
    clock = models.CharField(
        "since when",
        max_length=10,
        blank=True,
        default=Clock.DAYS,
        choices=Clock,
        help_text="Almost always: in the last days.",
    )
    question = ProseField(widget=InlineWidget, help_text="As asked of a patient: Do you have …?")
    sign = ProseField(widget=InlineWidget, help_text="The same as a short statement, for lists.")
    advice = ProseField()
    also_called = ItemsField(
        "what people type",
        widget=PlainWidget,
        blank=True,
        item_validators=[detector.validate_phrase],
        help_text="Whoever types this, in the search or in a request, is told of the sign. One a line, in English or "
        "Spanish: can't pee. A plus joins words that stand near each other, a slash parts words of which one is "
        "enough, a star stands for any ending, and brackets name a word list: numb*/tingling + [between the legs].",
    )
    exceptions = ItemsField(
        "what does not count",
        widget=PlainWidget,
        blank=True,
        item_validators=[detector.validate_phrase],
        help_text="Written in the same way. What people type does not count as this sign where it is part of such "
        "words: hay fever.",
    )
    sources = models.ManyToManyField("Reference", blank=True, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                name="sign_position_unique",
                fields=["position"],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Another sign already stands at this position.",
            )
        ]

    def __str__(self):
        return self.sign


class WordList(Content):
    """Words that warning signs have in common, so that each is written, and signed, once."""

    UNREAD = Content.UNREAD | {"also_called"}

    class Use(models.TextChoices):
        """What the words of a list do when somebody types one."""

        NAMED = "named", "Stands for its words wherever a warning sign names the list in brackets"
        HARMLESS = "harmless", "Never part of a warning sign, such as hay fever"
        DENIED = "denied", "Right before a sign, says that it is not there, such as without"
        PAST = "past", "Near a sign, says that it is over, such as years ago"
        FILLER = "filler", "Adds little between the words of a sign, such as really"
        PRESENT = "present", "Near a sign, says that it is there now, such as since yesterday"
        ASKED = (
            "asked",
            "Before a sign, asks about it in a sentence about nobody, such as how common",
        )

    name = models.CharField(max_length=60, help_text="As warning signs name it in brackets, for example: spine shot.")
    use = models.CharField(max_length=10, choices=Use, default=Use.NAMED)
    also_called = ItemsField(
        "words",
        widget=PlainWidget,
        help_text="One word or a few a line, in English or Spanish. A star stands for any ending: inject*. A list of "
        "what asks may have phrases as warning signs have.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name = "word list"
        constraints = [
            models.UniqueConstraint(
                name="word_list_name_unique",
                fields=["name"],
                violation_error_message="Another word list already has this name.",
            )
        ]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        validate = detector.validate_phrase if self.use == self.Use.ASKED else detector.validate_words
        try:
            for line in self.also_called:
                validate(line)
        except ValidationError as error:
            raise ValidationError({"also_called": error}) from None


class FinderRule(Content):
    """An answer that the finder offers, and what it does with the options to ask about when somebody gives it."""

    EDITORIAL = Content.EDITORIAL | {"position"}
    SUGGESTIONS = frozenset({"treatments"})

    class Question(models.TextChoices):
        """What the finder asks. The values sort in the order of asking, so that lists of rules do too."""

        BOTHERS = "bothers", "What bothers you most"
        TRIED = "tried", "What you have tried"
        UNWANTED = "unwanted", "What you want to avoid"
        WANTED = "wanted", "What matters most to you"

    question = models.CharField(
        max_length=10,
        choices=Question,
        help_text="It decides what becomes of the treatments below. What bothers you and what matters to you: they are "
        "shown. What you have tried: they are marked. What you want to avoid: they are set aside.",
    )
    position = models.PositiveSmallIntegerField(help_text="Place among the answers to this question.")
    words = models.CharField(
        max_length=100, help_text="The answer in a patient’s own words, for example: Burning or tingling."
    )
    hint = models.CharField(
        max_length=120, blank=True, help_text="A few more words below it, for example: Often in a leg or foot."
    )
    treatments = models.ManyToManyField(
        "Treatment",
        blank=True,
        related_name="+",
        help_text="A family stands for all its treatments. None: the rule leads to an evaluation.",
    )
    reason = ProseField(
        widget=InlineWidget,
        help_text="One or two short sentences to the patient: why this answer leads to these treatments. For what "
        "was tried: what to ask about it now.",
    )
    sources = models.ManyToManyField("Reference", blank=True, related_name="+")

    class Meta:
        ordering = ["question", "position"]
        verbose_name = "finder rule"
        constraints = [
            models.UniqueConstraint(
                name="finder_position_unique",
                fields=["question", "position"],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Another rule of this question already stands at this position.",
            )
        ]

    def __str__(self):
        return self.words


class SafetyNotice(Content):
    """A notice that several treatments share: written once, reviewed once."""

    EDITORIAL = Content.EDITORIAL | {"position"}

    class Place(models.TextChoices):
        BEFORE = "before", "Before"
        DURING = "during", "On the day"
        AFTER = "after", "Afterward"
        LIVING = "living", "Living with it"
        COST = "cost", "Insurance and cost"
        WAIT = "wait", "If you wait"
        HELP = "help", "When to get help"

    title = models.CharField(max_length=80)
    place = models.CharField(max_length=10, choices=Place, help_text="The part of the treatment page it stands in.")
    position = models.PositiveSmallIntegerField()
    body = ProseField(blank=True)
    emergency = ItemsField("call 911 or go to the ER", blank=True, help_text="One sign a line.")
    same_day = ItemsField("call us the same day", blank=True, help_text="One sign a line.")
    sources = models.ManyToManyField("Reference", blank=True, related_name="+")

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                name="notice_says_something",
                condition=~Q(body="") | Q(emergency__len__gt=0) | Q(same_day__len__gt=0),
                violation_error_message="Write the notice, or list at least one sign.",
            )
        ]

    def __str__(self):
        return self.title


class Reference(Content):
    """A study, guideline or official notice that pages name as their source."""

    IS_MEDICAL = False

    publisher = models.CharField(max_length=120, help_text="Who wrote or published it.")
    title = models.CharField(max_length=250)
    year = models.PositiveSmallIntegerField()
    citation = models.CharField(
        max_length=250, blank=True, help_text="Journal, volume, pages, or a note on its status."
    )
    link = models.URLField(max_length=300, blank=True)
    checked_on = models.DateField(
        null=True, blank=True, help_text="The day somebody last read it. Empty: shown as not yet checked."
    )

    class Meta:
        ordering = ["slug"]
        verbose_name = "source"
        constraints = [
            models.CheckConstraint(
                name="reference_year_plausible",
                condition=Q(year__range=(1900, 2100)),
                violation_error_message="The year has four digits, for example 2021.",
            )
        ]

    def __str__(self):
        return f"{self.publisher}: {self.title}"


class Picture(Content):
    """A drawing that comes with the site, or an uploaded photograph, with the words for who cannot see it."""

    class Focus(models.TextChoices):
        """What stays in view where a photograph is cut to the shape of its place."""

        TOP_LEFT = "top left", "Top left"
        TOP = "top", "Top"
        TOP_RIGHT = "top right", "Top right"
        LEFT = "left", "Left"
        CENTER = "center", "Center"
        RIGHT = "right", "Right"
        BOTTOM_LEFT = "bottom left", "Bottom left"
        BOTTOM = "bottom", "Bottom"
        BOTTOM_RIGHT = "bottom right", "Bottom right"

    EDITORIAL = Content.EDITORIAL | {"focus"}

    drawing = models.CharField(max_length=60, blank=True, choices=drawings.choices)
    image = PhotographField(
        upload_to=f"{FOLDER}/",
        blank=True,
        help_text="JPEG, PNG or WebP, at most 10 MB. What it says about place, day and camera is removed.",
    )
    focus = models.CharField(
        "keep in view",
        max_length=12,
        choices=Focus,
        blank=True,
        help_text="The part of a photograph that must not be cut off. Empty: the center.",
    )
    alt = models.CharField(max_length=250, blank=True, help_text="What is to be seen, for people who cannot see it.")
    decorative = models.BooleanField(
        default=False, help_text="Only when the picture says nothing that the text does not."
    )
    key = ItemsField(blank=True, help_text="The meaning of the numbers 1, 2, 3 in the drawing. One a line.")

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                name="picture_alt_or_decorative",
                condition=(Q(decorative=True) & Q(alt="")) | (Q(decorative=False) & ~Q(alt="")),
                violation_error_message=(
                    "Describe the picture for people who cannot see it, or mark it as decorative; not both."
                ),
            ),
            models.CheckConstraint(
                name="picture_drawing_or_image",
                condition=(~Q(drawing="") & Q(image="")) | (Q(drawing="") & ~Q(image="")),
                violation_error_message="Choose a drawing or upload an image; one of the two.",
            ),
        ]

    def __str__(self):
        return self.alt or self.slug

    @property
    def photo(self):
        """What a page needs to show the photograph, or None for a drawing."""
        return Photo.named(self.image.name.rpartition("/")[2])

    @property
    def drawing_template(self):
        return drawings.template(self.drawing)


def validate_phone(text):
    if phone.parse(text) is None:
        raise ValidationError(f"“{text}” is not a phone number. Write, for example, (555) 010-0100.")


def validate_opening_hours(line):
    match = re.fullmatch(r"(\w+) (\d\d):(\d\d)-(\d\d):(\d\d)", line)
    try:
        weekday, *clock = match.groups()
        opens, closes = datetime.time(*map(int, clock[:2])), datetime.time(*map(int, clock[2:]))
        if weekday not in WEEKDAYS or opens >= closes:
            raise ValueError
    except (AttributeError, ValueError):
        raise ValidationError(
            f"“{line}” is not a day with its hours. Write, for example, Monday 09:00-17:00."
        ) from None


def validate_holiday(line):
    date, _, name = line.partition(" ")
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        name = ""
    if not name:
        raise ValidationError(f"“{line}” is not a date with a name. Write, for example, 2026-12-25 Christmas Day.")


def validate_time_zone(name):
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(f"“{name}” is not a time zone. Write, for example, America/New_York.") from None


class ClinicSettings(Content):
    """The one record about the clinic itself."""

    IS_MEDICAL = False

    name = models.CharField(max_length=80)
    brand_name = models.CharField(max_length=30, help_text="The large line of the logo.")
    brand_line = models.CharField(max_length=40, blank=True, help_text="The small line of the logo.")
    details_are_samples = models.BooleanField(
        default=True, help_text="Shows 'sample' beside phone, hours and address until the real ones are entered."
    )
    phone = models.CharField(max_length=30, validators=[validate_phone])
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=40, validators=[validate_time_zone])
    address = ProseField("street address", widget=PlainWidget, blank=True)
    opening_hours = ItemsField(
        item_validators=[validate_opening_hours], help_text="One day a line: Monday 09:00-17:00", blank=True
    )
    holidays = ItemsField(
        item_validators=[validate_holiday], help_text="One a line: 2026-12-25 Christmas Day", blank=True
    )
    emergency_wording = ProseField()
    safety_line = ProseField(help_text="In the footer of every page.")
    review_notice = ProseField(help_text="On pages that no named reviewer has signed yet.")
    what_happens_next = ProseField(help_text="Shown after a request was sent.")
    evaluation_length = models.CharField(max_length=60, blank=True)
    who_reads_requests = ProseField(blank=True, help_text="On the first page of a request.")
    reply_within_days = models.PositiveSmallIntegerField(
        "open days until a request is answered",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="Each patient is told a date. Promise only what the clinic can keep. Empty: 2 days.",
    )
    requests_paused = models.BooleanField(
        "take no new requests",
        default=False,
        help_text="People are asked to call instead. Somebody who has already begun can still send.",
    )
    pause_message = ProseField(blank=True, help_text="Why, and what to do meanwhile.")
    paused_until = models.DateField(
        null=True, blank=True, help_text="The first day of taking requests again. Empty: until you switch it back."
    )
    keep_requests_days = models.PositiveSmallIntegerField(
        "days to keep a closed request",
        null=True,
        blank=True,
        validators=[MinValueValidator(30), MaxValueValidator(3660)],
        help_text="Afterward it is deleted, suspected spam after 30 days. Open requests stay. Empty: 365 days.",
    )
    review_months = models.PositiveSmallIntegerField(
        "months until the next medical review",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="How long a medical review holds. Empty: 12 months.",
    )
    review_before_publishing = models.BooleanField(
        default=False, help_text="Publish a page with new medical words only after a medical reviewer has signed them."
    )
    author_may_review = models.BooleanField(
        "reviewers may sign their own words",
        default=False,
        help_text="Let a medical reviewer sign words that they wrote themselves.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "clinic settings"
        constraints = [
            models.CheckConstraint(
                name="clinic_settings_one_record",
                condition=Q(slug="clinic"),
                violation_error_message="There is only one record of clinic settings, and its address is 'clinic'.",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def phone_link(self):
        """The phone number as the address of a link."""
        return f"tel:{phone.parse(self.phone)}"

    @property
    def today(self):
        """The day it is at the clinic."""
        return timezone.localdate(timezone=ZoneInfo(self.time_zone))

    @property
    def opening(self):
        """Whether the clinic is open now and when that changes, or None where it has not said when it is open."""
        return opening.of(self, timezone.now())

    @property
    def is_paused(self):
        """Whether no new requests are taken today."""
        return self.requests_paused and (self.paused_until is None or self.today < self.paused_until)

    @property
    def named_holidays(self):
        """All holidays as (date, name)."""
        lines = (line.split(" ", 1) for line in self.holidays)
        return [(datetime.date.fromisoformat(iso), name) for iso, name in lines]

    @property
    def coming_holidays(self):
        """The holidays that are not over yet as (date, name), by the date in the clinic's time zone."""
        return [(day, name) for day, name in self.named_holidays if day >= self.today]

    @property
    def hours(self):
        """The opening hours as (weekday, opens, closes), in the clinic's time zone."""
        for line in self.opening_hours:
            weekday, times = line.split(" ")
            opens, closes = map(datetime.time.fromisoformat, times.split("-"))
            yield weekday, opens, closes
