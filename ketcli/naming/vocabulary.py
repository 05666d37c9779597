"""The words of columns' names: what packages and people call results, arms and limits, in four languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

TREATED, CONTROL, BEFORE = "treated", "control", "before"

# Names that mean one thing in the packages people export from, letters and digits only.
EXACT: Mapping[str, str] = MappingProxyType(
    {
        **{"ai": "events", "bi": "nonevents", "ci": "control_events", "di": "control_nonevents"},
        **{"n1i": "total", "n2i": "control_total", "xi": "events", "ni": "total"},
        **{"nti": "total", "nci": "control_total", "m1i": "mean", "m2i": "control_mean"},
        **{"sd1i": "sd", "sd2i": "control_sd", "sdpre": "pre_sd", "sdpost": "sd", "sdi": "sd", "mi": "mean"},
        **{"xt": "events", "xc": "control_events", "nt": "total", "nc": "control_total"},
        **{"xti": "events", "xci": "control_events", "x1i": "events", "x2i": "control_events"},
        **{"ee": "events", "ec": "control_events", "ne": "total"},
        **{"mt": "mean", "mc": "control_mean", "sdt": "sd", "sdc": "control_sd"},
        **{"tpos": "events", "tneg": "nonevents", "cpos": "control_events", "cneg": "control_nonevents"},
        **{"metaes": "yi", "metase": "se", "metacil": "ci_low", "metaciu": "ci_high"},
        **{"yi": "yi", "te": "yi", "vi": "vi", "sei": "se", "sete": "se", "ri": "correlation"},
    }
)
# Names of packages that mean it only beside one of these others: a column called so alone may hold anything.
BESIDE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ai": frozenset(("bi", "n1i")),
        "ci": frozenset(("di", "n2i")),
        **{name: frozenset((other,)) for name, other in (("xt", "xc"), ("nt", "nc"), ("mt", "mc"), ("sdt", "sdc"))},
        **{name: frozenset((other,)) for name, other in (("xc", "xt"), ("mc", "mt"), ("sdc", "sdt"), ("ne", "nc"))},
        "nc": frozenset(("nt", "ne")),
        "ee": frozenset(("ec",)),
        "mi": frozenset(("sdi",)),
        "ec": frozenset(("ee",)),
    }
)
# Columns of time at risk, letters and digits only: events over it are no proportion.
AT_RISK = re.compile(
    r"t[12]?i|(?:person|patient|subject)s?(?:time|years?|months?|weeks?|days?)\w*|exposure(?:time|years?|days?)?|pyr?s?|fu"
)
# Names of tables of one arm that are those of both arms together beside one of tables of two.
WHOLE: Mapping[str, str] = MappingProxyType({"ni": "n1i", "xi": "x1i"})
# Words that mean one thing; a package's own name beside them goes first.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("effect", "effectsize", "es", "estimate", "smd", "hedgesg", "cohend", "cohensd"), "yi"),
        **dict.fromkeys(
            (
                "md",
                "g",
                "d",
                "effectsizeg",
                "effectsized",
                "rd",
                "meandifference",
                "meandiff",
                "riskdifference",
                "difference",
            ),
            "yi",
        ),
        **dict.fromkeys(("standardisedmeandifference", "standardizedmeandifference", "beta"), "yi"),
        **dict.fromkeys(("effectestimate", "pointestimate", "effekt", "schatzer"), "yi"),
        **dict.fromkeys(("variance", "var", "sampvar", "samplingvariance"), "vi"),
        **dict.fromkeys(("se", "stderr", "stderror", "standarderror"), "se"),
        **dict.fromkeys(("r", "corr", "correlation"), "correlation"),
    }
)
TEXT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "study": (
            *("study", "studyid", "studyname", "studlab", "slab", "trial", "trialid", "trialname", "label"),
            *(
                "studylabel",
                "studyorsubgroup",
                "metastudylabel",
                "author",
                "authors",
                "firstauthor",
                "studie",
                "etude",
                "estudio",
                "autor",
                "auteur",
            ),
            *("authorname", "publication", "reference", "paper", "name", "source", "id", "rowname"),
        ),
        "author": ("author", "authors", "firstauthor"),
        "year": ("year", "pubyear", "publicationyear", "jahr", "annee", "ano"),
        "arm": (
            *("arm", "armid", "armname", "armlabel", "group", "groupname", "treatment", "intervention", "trt"),
            *("treat", "tx", "condition", "drug", "gruppe", "groupe", "grupo", "bras", "behandlung"),
        ),
        "part": ("role", "armrole", "armtype", "grouptype", "part"),
        "crossover": ("crossover", "iscrossover", "period", "design", "studydesign", "trialdesign"),
    }
)
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("events", "event", "cases", "case", "responders", "responder", "successes"), "events"),
        **dict.fromkeys(
            ("success", "affected", "positive", "pos", "deaths", "death", "died", "dead", "x"), "events"
        ),
        **dict.fromkeys(("ev", "evt", "evts", "resp", "remitters", "remitter", "relapses"), "events"),
        **dict.fromkeys(("ereignisse", "ereignis", "falle", "evenements", "evenement", "cas"), "events"),
        **dict.fromkeys(("eventos", "evento", "casos", "repondeurs", "respondedores"), "events"),
        **dict.fromkeys(("nonevents", "nonevent", "noevents", "noevent"), "nonevents"),
        **dict.fromkeys(("negative", "neg", "nonresponders"), "nonevents"),
        **dict.fromkeys(("total", "totals", "n", "size", "samplesize", "participants", "patients"), "total"),
        **dict.fromkeys(("denominator", "randomised", "randomized", "analysed", "analyzed", "people"), "total"),
        **dict.fromkeys(("subjects", "tot", "nobs", "gesamt", "gesamtzahl", "anzahl", "patienten"), "total"),
        **dict.fromkeys(("effectif", "effectifs", "participantes", "pacientes", "teilnehmer"), "total"),
        **dict.fromkeys(("mean", "means", "m", "average", "avg", "mw", "mittelwert", "moyenne", "media"), "mean"),
        **dict.fromkeys(("sd", "std", "stdev", "stddev", "standarddeviation", "standardabweichung"), "sd"),
        **dict.fromkeys(("ecarttype",), "sd"),
        **dict.fromkeys(("se", "sem", "stderr", "standarderror"), "se"),
        **dict.fromkeys(
            ("percent", "pct", "percentage", "perc", "prozent", "pourcentage", "porcentaje"), "percent"
        ),
    }
)
# Words that count whatever stands beside them: n events, Anzahl Ereignisse.
COUNTERS = ("n", "anzahl", "total")
# Words beside a percent sign that say that it is the percent with the event.
SHARES = frozenset(
    (
        "response",
        "remission",
        "responding",
        "rate",
        "rates",
        "relapse",
        "responserate",
        "remissionrate",
        "share",
        "risk",
        "prop",
        "proportion",
    )
)
# Letters that count events only beside an arm: e1, r2.
WITH_ARM = ("e", "r")
ARMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("treatment", "treated", "treat", "trt", "tx", "t", "e", "exp", "experimental"), TREATED),
        **dict.fromkeys(("intervention", "interv", "int", "active", "drug", "verum", "1"), TREATED),
        **dict.fromkeys(("behandlung", "traitement", "tratamiento", "intervencion"), TREATED),
        **dict.fromkeys(("post", "after", "end", "endpoint"), "after"),
        **dict.fromkeys(("control", "controls", "ctrl", "ctl", "c", "con", "comparator", "comparison"), CONTROL),
        **dict.fromkeys(("placebo", "plac", "pla", "plc", "plb", "pbo", "sham", "0", "2"), CONTROL),
        **dict.fromkeys(("kontrolle", "kontroll", "kontrollgruppe", "temoin", "temoins", "controle"), CONTROL),
        **dict.fromkeys(("pre", "before", "baseline", "base"), BEFORE),
    }
)
FILLERS = frozenset(
    (
        *(
            "of",
            "in",
            "the",
            "number",
            "no",
            "num",
            "arm",
            "group",
            "grp",
            "count",
            "with",
            "i",
            "der",
            "de",
            "des",
        ),
        *("gruppe", "groupe", "grupo", "nombre", "numero", "zahl", "du"),
    )
)
BOUNDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("low", "lower", "lb", "lcl", "ll", "lo", "lci", "cilow", "cilower"), "ci_low"),
        **dict.fromkeys(("lowerci", "cilb", "lowerlimit", "lower95", "lowerbound"), "ci_low"),
        **dict.fromkeys(("high", "upper", "ub", "ucl", "ul", "hi", "uci", "cihigh", "ciupper"), "ci_high"),
        **dict.fromkeys(("upperci", "ciub", "upperlimit", "upper95", "upperbound"), "ci_high"),
    }
)
OF_LIMITS = ("ci", "95", "percent", "limit", "bound", "i")
RATIOS = frozenset(
    (
        *("or", "rr", "hr", "irr", "oddsratio", "riskratio", "relativerisk", "hazardratio", "rateratio"),
        *("aor", "ahr", "arr"),
    )
)
LOG_RATIOS = frozenset(f"{log}{ratio}" for log in ("ln", "log") for ratio in RATIOS)
# What an error is named after: se.logHR, SE g, seTE.
EFFECTS = frozenset(("te", "g", "d", "md", "smd", "es", "yi", "effect", "estimate", "hedgesg", "cohensd", "beta"))
