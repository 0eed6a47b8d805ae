"""Answers about the clinic itself, from its settings and from what staff wrote. What is in neither is never made up."""

from dataclasses import dataclass

from treatments.models import ClinicSettings, Signpost

By = Signpost.AnsweredBy


@dataclass(frozen=True)
class Answer:
    """What the clinic says to somebody who asks about it. Where it says nothing, people are asked to call."""

    signpost: Signpost
    clinic: ClinicSettings

    @property
    def by(self) -> str:
        return self.signpost.answered_by

    @property
    def fact(self) -> object:
        """What the clinic settings say to it: empty when they say nothing, or are not asked."""
        facts = {
            By.HOURS: self.clinic.opening_hours,
            By.PHONE: self.clinic.phone,
            By.EMAIL: self.clinic.email,
            By.ADDRESS: self.clinic.address,
            By.REPLY: self.clinic.reply_within_days,
            By.LENGTH: self.clinic.evaluation_length,
        }
        return facts.get(self.by)

    @property
    def is_told(self) -> bool:
        return bool(self.fact or self.signpost.answer)

    @property
    def holiday(self) -> str:
        """The name of today's holiday, or nothing."""
        return dict(self.clinic.named_holidays).get(self.clinic.today, "")
