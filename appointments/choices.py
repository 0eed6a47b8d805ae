"""The answers that people choose from. What is stored is the short value; staff and patients read the words."""

from django.db import models


class Concern(models.TextChoices):
    """What bothers a patient most, in patients' own kind of words."""

    LEG = "leg", "Pain that shoots down the leg"
    BURNING = "burning", "Burning or tingling"
    BUTTOCK = "buttock", "Pain on one side, in the buttock or near the beltline"
    ACHE = "ache", "An aching low back, worse with standing, arching or twisting"
    SPASM = "spasm", "Muscle spasms that will not settle"
    STIFF = "stiff", "Stiffness"
    SCAR = "scar", "A tight, pulling scar"
    WEAK = "weak", "A back that feels weak, loose or gives way"
    SLOW = "slow", "Slow healing after surgery"
    CAME_BACK = "came-back", "Pain that came back after it was better"
    HARDWARE = "hardware", "Pain where the screws or rods are"
    MEDICINES = "medicines", "A wish for fewer medicines"
    NOT_HELPED = "not-helped", "Shots and therapy have not helped"
    NOT_SURE = "not-sure", "Something else, or not sure where to start"


class WhoMayAnswer(models.TextChoices):
    """Who may learn, on the phone, that the clinic is calling."""

    ONLY_PATIENT = "only-me", "Only me. If someone else answers, do not say who is calling"
    TRUSTED = "trusted", "Me, or the person I name here"
    ANYONE = "anyone", "Anyone who answers. You may say it is the clinic"


class BestTime(models.TextChoices):
    MORNING = "morning", "Morning"
    MIDDAY = "midday", "Midday"
    AFTERNOON = "afternoon", "Afternoon"
    ANY = "any", "Any time"


class AccessNeed(models.TextChoices):
    INTERPRETER = "interpreter", "An interpreter"
    LARGE_PRINT = "large-print", "Large print"
    WHEELCHAIR = "wheelchair", "A way in without steps, or a wheelchair"
    SITTING = "sitting", "Trouble sitting for long"
    HEARING = "hearing", "Trouble hearing"
    SEEING = "seeing", "Trouble seeing"
    COMPANION = "companion", "Someone will come along"


class Fusions(models.TextChoices):
    ONE = "one", "Yes, one"
    SEVERAL = "several", "Yes, more than one"
    NONE = "none", "No"
    UNKNOWN = "unknown", "I do not know"


class FusionArea(models.TextChoices):
    LOW_BACK = "low-back", "Low back"
    MID_BACK = "mid-back", "Middle of the back"
    NECK = "neck", "Neck"
    UNKNOWN = "unknown", "I do not know"


class Tried(models.TextChoices):
    """What has been tried; the same words as the families of treatment where there is one."""

    THERAPY = "therapy", "Physical therapy or exercise"
    MANUAL = "manual", "Hands-on care, such as massage or scar work"
    MEDICINE = "medicine", "Pain medicine"
    SHOTS = "shots", "Injections and nerve blocks (shots in the spine)"
    NERVE = "nerve", "Nerve burning (radiofrequency)"
    REGENERATIVE = "regenerative", "Regenerative shots (PRP or prolotherapy)"
    OXYGEN = "oxygen", "Hyperbaric oxygen"
    STIMULATOR = "stimulator", "A spinal cord stimulator"
    PUMP = "pump", "A pump for medicine"
    SURGERY = "surgery", "More surgery after the fusion"
    OTHER = "other", "Something else"
    NOTHING = "nothing", "Nothing yet"
    UNKNOWN = "unknown", "I do not know"


class Insurance(models.TextChoices):
    INSURED = "insured", "Yes, with insurance"
    SELF_PAY = "self-pay", "No, without insurance"
    UNKNOWN = "unknown", "I do not know yet"


INTEREST_NOT_SURE = "not-sure", "I am not sure"
"""Stands among the families of treatment."""
YEAR_UNKNOWN = "unknown", "I do not know"
"""Stands among the years."""
OF_FIELD = {
    "who_may_answer": WhoMayAnswer,
    "best_times": BestTime,
    "access_needs": AccessNeed,
    "fusions": Fusions,
    "fusion_areas": FusionArea,
    "concerns": Concern,
    "tried": Tried,
    "insurance": Insurance,
}


def labels(field: str, library) -> dict[str, str]:
    """Return the words for the stored answers of a field of EvaluationRequest; none where people write their own."""
    if field == "interests":
        return dict([*((family.slug, family.name) for family in library.families), INTEREST_NOT_SURE])
    if field == "fusion_year":
        return dict([YEAR_UNKNOWN])
    return dict(OF_FIELD[field].choices) if field in OF_FIELD else {}
