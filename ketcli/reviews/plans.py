"""Which pools of published reviews are made again, as they were made and with known errors mended."""

from __future__ import annotations

from dataclasses import dataclass

AS_SDS = ("Singh 2015", "Zhang 2018", "Zhong 2016")


@dataclass(frozen=True)
class Plan:
    """A pool to make from a review's trials; `printed` names subset and time of the estimate it should give.

    `subset` None takes the trials of all subsets together. `mend` is what is put right: "se" multiplies spreads
    that are standard errors by the root of the group size, "shared" counts a control shared by several arms once.
    `measure` and `model` hold where nothing is printed, `corrected` marks pools that should have been printed.
    """

    review_id: str
    outcome: str
    subset: str | None = ""
    printed: tuple[str, float | None] | None = ("", None)
    what: str = ""
    without: tuple[str, ...] = ()
    mend: str = ""
    measure: str = ""
    model: str = ""
    corrected: bool = False
    why: str = ""


MARCHI = ("marchi-2022", "depression-score")
POSTOP = ("postop-2025-esketamine", "postoperative-depression")
NDT = ("ndt-2022-esketamine", "depression-score")
PLANS = (
    Plan(
        *MARCHI,
        what="as the review pooled it",
        why="do not use: standard errors of Zhong 2016, Zhang 2018 and probably Singh 2015 stand as standard "
        "deviations, which makes their effects 7.8, 2.0 and 3.3 in size",
    ),
    Plan(
        *MARCHI,
        what="without Zhong 2016 and Zhang 2018",
        without=("Zhang 2018", "Zhong 2016"),
        corrected=True,
        why="the two whose spread is surely a standard error",
    ),
    Plan(*MARCHI, what="without all three", without=AS_SDS, corrected=True, why="Singh 2015 left out too"),
    Plan(
        *MARCHI,
        what="the three spreads read as standard errors",
        mend="se",
        corrected=True,
        why="their standard deviations put back: standard error times the root of the group size",
    ),
    Plan("marchi-2022", "anxiety-score", what="as the review pooled it"),
    Plan(
        "marchi-2022",
        "anxiety-score",
        printed=("without-ect-trial", None),
        what="without the trial of ketamine added to ECT",
        without=("Anderson 2017",),
    ),
    *(
        Plan("marchi-2022", outcome, printed=None, measure="or", what="from the authors' published counts", why=why)
        for outcome, why in (
            ("any-adverse-event", "counts of Domany 2020 and Zarate 2012 do not fit those trials"),
            ("discontinued-ae", "most trials had no such event in either arm and take no part"),
            ("dropout", ""),
        )
    ),
    Plan(
        "newport-2015",
        "response",
        "partial-rebuild",
        ("", 1),
        what="five of the seven trials",
        why="not the whole pool: two trials missing, placebo denominators partly assumed, crossover periods as "
        "separate people; the model is not stated",
    ),
    Plan(
        *POSTOP,
        subset=None,
        what="as the review pooled it: 13 rows",
        why="13 rows of six trials: the same patients counted at up to three times",
    ),
    *(
        Plan(*POSTOP, subset, None, words, measure="rd", model="mh", corrected=True, why="each trial once")
        for subset, words in (("1-week", "after 1 week"), ("2-weeks", "after 2 weeks"), ("long-term", "long term"))
    ),
    Plan("lim-2021", "depression-score", "week-3-4", ("", 24), what="as the review pooled it, weeks 3 to 4"),
    Plan(
        "medicine-2025-esketamine",
        "depression-score",
        printed=("", 28),
        what="as the review pooled it",
        why="the review calls it a standardised difference; the numbers are MADRS points",
    ),
    Plan(
        *NDT,
        printed=("", 28),
        what="as the review pooled it: 10 arms of 7 trials",
        why="the control arms of Fedgchin 2019 and Takahashi 2021 count two and three times",
    ),
    Plan(
        *NDT,
        printed=None,
        what="each control counted once",
        mend="shared",
        model="common",
        corrected=True,
        why="arms that share a control pooled with their covariance (Gleser & Olkin 2009)",
    ),
)
