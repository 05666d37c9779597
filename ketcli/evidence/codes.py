"""The closed lists of values for studies, arms and their results, each value with its meaning."""

from __future__ import annotations

DESIGNS = {
    "rct-parallel": "randomised, each person in one arm",
    "rct-crossover": "randomised order, each person in every arm",
    "rct-withdrawal": "people who did well, randomised to stop or to go on",
    "open-label": "prospective, one group, no blinding",
    "cohort": "routine care or chart review",
    "registry": "a register of treated people",
    "pooled": "participants of several studies analysed together",
    "review": "a review that is also cited as a study",
    "label": "prescribing information or a company document",
}
BLINDING = {
    "double-blind": "patients and raters were meant not to know the arm",
    "single-blind": "raters or patients were meant not to know the arm",
    "open": "everybody knew",
}
POPULATIONS = {
    "trd-mdd": "unipolar major depression, treatment resistant",
    "mdd": "unipolar major depression, resistance not required",
    "mdd-suicidal": "unipolar major depression with suicidal ideation, resistance not required",
    "bipolar-trd": "bipolar depression, treatment resistant",
    "bipolar": "bipolar depression, resistance not required",
    "mixed-trd": "unipolar and bipolar depression, treatment resistant",
    "mixed": "unipolar and bipolar depression, resistance not required",
    "other": "another condition, such as PTSD or suicidal ideation across diagnoses",
}
FUNDING = {
    "industry": "a company with an interest in the drug or the clinic",
    "public": "public or charitable money",
    "mixed": "both",
    "unfunded": "stated to have had no funding",
}
STUDY_DRUGS = ("ketamine", "esketamine")
DRUGS = {
    "ketamine": "racemic ketamine",
    "esketamine": "the S-enantiomer of ketamine",
    "placebo": "placebo; in nasal esketamine trials on top of a new oral antidepressant in both arms",
    "saline": "saline as an inactive control",
    "midazolam": "midazolam as a control that can be felt",
    "ect": "electroconvulsive therapy",
    "rtms": "repetitive transcranial magnetic stimulation",
    "itbs": "intermittent theta-burst stimulation",
    "quetiapine": "quetiapine, extended release, added to an antidepressant",
    "psilocybin": "psilocybin with psychological support",
    "bupropion": "bupropion",
    "aripiprazole": "aripiprazole",
    "venlafaxine": "venlafaxine",
    "lithium": "lithium",
    "nortriptyline": "nortriptyline",
    "lanicemine": "lanicemine, a low-trapping NMDA channel blocker",
    "riluzole": "riluzole, given to prolong the effect of ketamine",
    "diclofenac": "diclofenac",
    "niacin": "niacin as a control that can be felt",
    "cbt": "cognitive behavioural therapy",
    "antidepressant-sequence": "antidepressants step after step, as in STAR*D",
    "antidepressant-switch": "change to another antidepressant",
}
ROLES = {
    "active": "the treatment under study",
    "control": "what it is compared with; ECT counts as control where ketamine is the study drug",
}
ROUTES = {
    "intravenous": "infusion or injection into a vein",
    "intranasal": "nasal spray",
    "subcutaneous": "injection under the skin",
    "intramuscular": "injection into muscle",
    "oral": "swallowed",
    "sublingual": "held under the tongue",
    "mixed": "several routes in one arm",
    "not-applicable": "no drug is given (ECT, magnetic stimulation, psychotherapy)",
}
DOSE_UNITS = {"mg": "milligrams per dose", "mg/kg": "milligrams per kilogram of body weight per dose"}
REGIMENS = {
    "single-dose": "one dose",
    "repeated": "a course of doses; an early row of such an arm reflects its first dose alone",
    "maintenance": "continued treatment after a course: withdrawal trials and extensions",
    "not-applicable": "a treatment that is not ketamine or esketamine",
}
BACKGROUNDS = {
    "monotherapy": "no other antidepressant",
    "add-on": "existing drugs were kept",
    "new-oral-ad": "a new oral antidepressant was begun in every arm on the same day",
    "mixed": "some with, some without other antidepressants",
}
OUTCOMES = {
    "response": "depression score at least 50 % below baseline, unless the definition says otherwise",
    "remission": "depression score at or below a cut-off, given in the definition",
    "relapse": "return of depression after response or remission",
    "stable-remission": "remission held over the weeks named in the definition",
    "discontinued-ae": "treatment stopped because of an adverse event",
    "dropout": "treatment or study left for any reason",
    "suicidality-resolved": "suicidal ideation gone, by the scale named",
    "suicidality-response": "suicidal ideation score at least 50 % below baseline",
    "suicidality-improved": "suicidal ideation less than before",
    "sustained-response": "response held over the time named in the definition",
    "sustained-response-from-day-2": "response by day 2 and held to the end of the course",
    "sustained-response-from-day-8": "response by day 8 and held to the end of the course",
    "sustained-remission": "remission held over the time named in the definition",
    "sds-response": "functioning improved by the threshold of the Sheehan Disability Scale",
    "sds-remission": "functioning normal by the threshold of the Sheehan Disability Scale",
    "remission-any-visit": "remission at one visit or more",
    "remission-two-visits": "remission at two visits in a row",
    "no-relapse-no-discontinuation": "neither relapsed nor stopped treatment",
}
SCALES = {
    "MADRS": "Montgomery-Asberg Depression Rating Scale, 0 to 60",
    "HDRS": "Hamilton Depression Rating Scale, number of items not stated",
    "HDRS-6": "Hamilton Depression Rating Scale, 6 core items",
    "HDRS-17": "Hamilton Depression Rating Scale, 17 items",
    "HDRS-21": "Hamilton Depression Rating Scale, 21 items",
    "HDRS-24": "Hamilton Depression Rating Scale, 24 items",
    "HDRS-25": "Hamilton Depression Rating Scale, 25 items",
    "HDRS-28": "Hamilton Depression Rating Scale, 28 items",
    "BDI": "Beck Depression Inventory, self-rated",
    "BDI-II": "Beck Depression Inventory, second edition, self-rated",
    "PHQ-9": "Patient Health Questionnaire, 9 items, self-rated",
    "PHQ-9 item 9": "the item on thoughts of death or self-harm of the PHQ-9",
    "QIDS-SR": "Quick Inventory of Depressive Symptomatology, self-rated, items not stated",
    "QIDS-SR16": "Quick Inventory of Depressive Symptomatology, 16 items, self-rated",
    "QIDS-C16": "Quick Inventory of Depressive Symptomatology, 16 items, rated by clinician",
    "IDS-SR": "Inventory of Depressive Symptomatology, self-rated",
    "IDS-C": "Inventory of Depressive Symptomatology, rated by clinician",
    "HADS-D": "depression part of the Hospital Anxiety and Depression Scale, self-rated",
    "CGI": "Clinical Global Impression",
    "CGI-S": "Clinical Global Impression, severity",
    "GAD-7": "Generalised Anxiety Disorder scale, 7 items, self-rated",
    "SDS": "Sheehan Disability Scale, functioning",
    "BSS": "Beck Scale for Suicide Ideation",
    "SSI": "Scale for Suicide Ideation, rated by clinician",
    "C-SSRS-ISS": "ideation part of the Columbia Suicide Severity Rating Scale",
    "SSI+MADRS10+QIDS12": "Scale for Suicide Ideation with the suicide items of MADRS and QIDS",
    "not-stated": "the source does not name the scale",
}
TIME_ANCHORS = {
    "first-dose": "days since the first dose of the course",
    "last-dose": "days since the last dose of the course",
    "randomisation": "days since randomisation; in withdrawal trials this comes after weeks of the drug",
}
ANALYSIS_SETS = {
    "itt": "all randomised or treated",
    "mitt": "nearly all: full analysis set, last observation carried forward, treated and rated",
    "period1": "first period of a crossover",
    "observed": "those rated at that visit",
    "completers": "those who finished the course",
}
EXCLUDE_REASONS = {
    "no-denominator": "the number of people rated was not seen, or the printed group holds unrated people",
    "percent-only": "a percent without counts",
    "overlapping-participants": "another row holds these people",
    "at-any-time": "best point reached, not a fixed time",
    "cumulative": "reached by a date, not at it",
    "sustained-definition": "held over several visits",
    "responders-only": "the denominator is people who had already responded",
    "extension-selected": "people chosen for earlier benefit or for staying",
    "model-estimate": "Kaplan-Meier or model estimate, not a count",
    "not-point-prevalence": "another rule of time than one visit",
    "source-conflict": "sources disagree and the conflict is not settled",
}
CROSSOVER_DATA = {
    "first-period": "first period alone, may be read as a parallel trial",
    "pooled-periods": "both periods together: the arms are the same people",
    "not-stated": "the source does not say which periods are counted",
    "not-applicable": "an open phase of a crossover study",
}
SOURCE_KINDS = {
    "individual-data": "counted from open patient-level data",
    "registry": "results posted in a trial registry",
    "primary-fulltext": "table or text of the study's own paper",
    "primary-abstract": "abstract of the study's own paper",
    "primary-poster": "conference poster of the study's authors",
    "label": "prescribing information",
    "manufacturer": "a page of the company",
    "secondary-publication": "another paper that reports the study",
    "secondary-cochrane": "a Cochrane review that reports the study",
    "secondary-review": "another review that reports the study",
    "secondary-digest": "a site that restates abstracts",
    "secondary-news": "a news item",
}
CHECKED = {
    "second-source": "agreed with another page or document than the cited one",
    "re-read": "agreed when the cited source was read again, which tests transcription only",
}
MEASURES = {
    "baseline": "mean score before treatment",
    "endpoint": "mean score at that time",
    "change": "mean change from baseline as observed; a fall is negative",
    "ls-change": "change from baseline estimated by a model; a fall is negative",
    "percent-change": "change in per cent of the baseline score, not in points",
}
PHASES = {
    "acute-course": "the course of doses",
    "dosing-day": "the day of a dose",
    "week-1": "the first week",
    "maintenance": "continued treatment after a course",
    "open-label": "an open phase",
    "whole-study": "from first dose to last visit",
    "over-24-h": "events that lasted beyond 24 hours",
}
