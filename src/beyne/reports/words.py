"""The fixed words of a report, and the sentences that are put together of them."""

from __future__ import annotations

from pathlib import Path

from beyne import languages
from beyne.reports.document import Column
from beyne.reports.numbers import count, interval, number, percent, probability
from beyne.reports.sections import Augmentation, Judge, Outcome, Verdict


class Words(languages.Words):
    """The words of a report, one catalogue a language in ``catalogues/``."""

    folder = Path(__file__).parent / "catalogues"

    def about(self, metric: Column) -> str:
        """What a metric means to someone who never met it; empty if the catalogue has nothing."""
        key = f"metric.{metric.key}"
        return self(key) if key in self else ""

    def duration(self, seconds: float | None) -> str:
        """``2 h 14 min``, ``3 min 20 s``, ``0.42 s``; a dash for what is missing."""
        if seconds is None:
            return number(None)
        if seconds < 10:
            return self("time.seconds", seconds=number(seconds))
        return super().duration(seconds)

    def verdict(self, verdict: Verdict) -> tuple[str, str]:
        """Who is better, and the numbers behind it: two sentences."""
        metric, difference = verdict.metric, verdict.difference
        names = {"arm": verdict.arm, "reference": verdict.reference, "metric": metric.name}
        change = " ".join(
            part
            for part in (
                number(difference.mean, metric.digits, sign=True),
                metric.unit,
                interval(difference, metric.digits, sign=True),
            )
            if part
        )
        details = self("verdict.numbers", metric=metric.name, change=change)
        if verdict.share is not None:
            share = percent(verdict.share)
            details += ", "
            if verdict.grouped:
                details += self("verdict.share_of_groups", share=share)
            else:
                details += self("verdict.share", share=share)
        if verdict.p is not None:
            details += ", " + probability(verdict.p)
        if verdict.effect is not None:
            details += ", " + self("verdict.effect", effect=number(verdict.effect))
        details += "."
        if verdict.few:
            details += " " + self("verdict.few")
        return self(f"verdict.{verdict.outcome}", **names), details

    def augmentation(self, section: Augmentation) -> list[str]:
        """The verdict, what it means, what was written, what the arms are: sentences."""
        size = number(section.change.mean, 1, sign=True)
        change = f"{size} {interval(section.change, 1, sign=True)}".rstrip()
        said = [self(f"augmentation.{section.outcome}", change=change, gan=section.gan)]
        said.append(self("augmentation.about", sources=section.sources))
        if section.few:
            said.append(self("augmentation.few"))
        if section.written is None:
            said.append(self("augmentation.unwritten"))
        else:
            kept, copies = map(count, section.written)
            share = f"{section.share:g}"
            said.append(self("augmentation.written", kept=kept, copies=copies, share=share))
        said.append(self("augmentation.arms", real="real", classical="classical", gan="GAN"))
        return said

    def judge(self, section: Judge) -> list[str]:
        """What the judge is worth: sentences."""
        if section.single is None:
            return [self("judge.none")]
        kinds = {"judge.single": section.single, "judge.sources": section.sources}
        said = []
        for key, reading in kinds.items():
            if reading:
                right, pictures = reading
                share = percent(right / pictures, 1)
                said.append(self(key, right=count(right), pictures=count(pictures), share=share))
        return said

    def outcome(self, outcome: Outcome) -> tuple[str, str]:
        """How a run ended, and its best score: two sentences."""
        seen = {"images": count(outcome.images), "total": count(outcome.total)}
        if outcome.best is None:
            return self(f"outcome.{outcome.state}", **seen), self("outcome.unmeasured")
        best = f"{number(outcome.best, outcome.metric.digits)} {outcome.metric.unit}".rstrip()
        at = {"metric": outcome.metric.name, "images": count(outcome.best_at)}
        return self(f"outcome.{outcome.state}", **seen), self("outcome.best", best=best, **at)
