"""Changes of macros, each with the test that must notice it; and mutants of Python that change nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MacroMutant:
    """One change of one macro. `macro` is the name of its file, wherever it lies; `old` occurs in it once."""

    group: str
    macro: str
    old: str
    new: str
    test: str

    def __str__(self) -> str:
        return f"{self.macro}  {' '.join(self.old.split())}  ->  {' '.join(self.new.split())}"


def _of(group: str, test: str, *changes: tuple[str, str, str]) -> list[MacroMutant]:
    return [
        MacroMutant(f"macros/{group}", macro, old, new, f"tests/python/unit/{test}") for macro, old, new in changes
    ]


MACROS = [
    *_of(
        "gate",
        "test_limits_of_the_gate.py",
        ("gate_checks", "scorers.scored_share >= asked", "scorers.scored_share > asked"),
        ("gate_checks", "savings.ci_low > asked", "savings.ci_low >= asked"),
        ("gate_checks", "where dataset = 'holdout'", "where 1 = 1"),
        ("gate_champion", "saving >= -champion_margin", "saving > -champion_margin"),
        ("gate_champion", "saving >= -champion_margin", "saving >= champion_margin"),
        ("gate_champion", "score_shift <= maximum_score_shift", "score_shift < maximum_score_shift"),
        ("gate_limits", "then value >= threshold", "then value > threshold"),
        ("gate_limits", "else value <= threshold", "else value < threshold"),
        ("gate_limits", "else abs(measured.value)", "else measured.value"),
        ("gate_signs", "then effect >= 0", "then effect > 0"),
        ("gate_signs", "else effect <= 0", "else effect < 0"),
        ("gate_signs", "value - value_before", "value_before - value"),
        ("gate_smoke_cases", "score >= coalesce(low, score)", "score > coalesce(low, score)"),
        ("gate_smoke_cases", "score <= coalesce(high, score)", "score < coalesce(high, score)"),
        ("gate_smoke_cases", "scored_share = 0", "scored_share < 1"),
        ("gate_value", "least_gains.gain >= hurdles.hurdle", "least_gains.gain > hurdles.hurdle"),
        ("gate_value", "scored_by like 'baseline:%' or scored_by", "scored_by"),
        ("gate_fairness", "then value >= threshold", "then value > threshold"),
        ("gate_fairness", "else value <= threshold", "else value < threshold"),
        ("gate_fairness", "then abs(compared.value)", "then compared.value"),
        ("gate_fairness", "then 1 / compared.value", "then compared.value"),
        ("gate_fairness", "coalesce(rates.n, 0) <", "coalesce(rates.n, 0) <="),
        (
            "gate_leaks",
            "where lead_low > 0 or excess_low > 0 or alone_low > most_alone",
            "where lead_low > 0 or excess_low > 0 or alone_low >= most_alone",
        ),
        ("gate_leaks", "where lead_low > 0 or excess_low", "where lead_low >= 0 or excess_low"),
        ("gate_leaks", "or excess_low > 0 or alone_low", "or excess_low >= 0 or alone_low"),
        ("gate_leaks", "late_values = 0 as passed", "late_values <= 1 as passed"),
        ("gate_leaks", "scores_of_versions.value <= scores", "scores_of_versions.value < scores"),
        ("gate_leaks", "cast(0.99 as", "cast(0.999 as"),
        ("deployments", "trained_at <= {{", "trained_at < {{"),
    ),
    *_of(
        "alerts",
        "test_limits_of_alerts.py",
        ("alert_version_old", "where {{ age }} > {{", "where {{ age }} >= {{"),
        ("alert_rows_rejected", "having {{ share }} > {{", "having {{ share }} >= {{"),
        ("alert_rows_rejected", "select max(latest.as_of)", "select min(latest.as_of)"),
        ("alert_awaiting_approval", "or {{ waited }} > {{", "or {{ waited }} >= {{"),
        ("alert_decisions_stopped", "having {{ since }} > {{", "having {{ since }} >= {{"),
        ("alert_performance_drop", "used.ci_high < released.ci_low", "used.ci_high <= released.ci_low"),
        ("alert_worse_than_baseline", "used.ci_high < 0", "used.ci_high <= 0"),
        ("alert_worth_less", "used.ci_high < 0", "used.ci_high <= 0"),
        ("alert_unequal_groups", "used.ci_high < limits", "used.ci_high <= limits"),
        ("alert_unequal_groups", "used.ci_low > 1 /", "used.ci_low >= 1 /"),
        ("alert_not_as_expected", "and (used.value < expected", "and (used.value <= expected"),
        ("alert_not_as_expected", "or used.value > expected", "or used.value >= expected"),
        ("latest_performance", "measured.matured >= 0.95", "measured.matured > 0.95"),
        ("latest_performance", "max(measured.period_start)", "min(measured.period_start)"),
        ("latest_drift", "max(compared.period_start)", "min(compared.period_start)"),
        ("alert_drift", "latest.contribution < 0.1", "latest.contribution <= 0.1"),
        ("alert_labels_without_decision", "<= {{ ml_ledger.clock() }}", "< {{ ml_ledger.clock() }}"),
        ("alert_training_failed", "known.attempted_at <= {{", "known.attempted_at < {{"),
        ("alert_training_failed", "versions.recorded_at > attempts", "versions.recorded_at >= attempts"),
        ("alert_gate_refused", "where trained_at <= {{", "where trained_at < {{"),
    ),
    *_of(
        "features",
        "test_features.py::test_trailing_windows",
        ("trailing", "(2, 1) if strictly_before else (1, 2)", "(1, 2) if strictly_before else (2, 1)"),
        ("running_at_ends", "{{ '>' if strictly_before", "{{ '>=' if strictly_before"),
        ("window_frame", "- (0 if strictly_before else 1)", "- (1 if strictly_before else 0)"),
        ("window_frame", "'1 preceding' if strictly_before", "'current row' if strictly_before"),
    ),
    *_of(
        "features",
        "test_features.py::test_a_join_takes_what_was_known",
        ("point_in_time_join", "latest._ml_timestamp >= {{", "latest._ml_timestamp > {{"),
        ("point_in_time_join", "latest._ml_as_of >= _ml_feature_view", "latest._ml_as_of > _ml_feature_view"),
        (
            "point_in_time_join",
            "{{ known_moment }} > {{ timestamp }} then",
            "{{ known_moment }} < {{ timestamp }} then",
        ),
    ),
    *_of(
        "scoring",
        "test_limits_of_scoring.py",
        ("predictions", "select max({{ as_of }}) as _ml_as_of", "select min({{ as_of }}) as _ml_as_of"),
        (
            "predictions",
            "where {{ as_of }} <= {{ ml_ledger.clock() }}",
            "where {{ as_of }} < {{ ml_ledger.clock() }}",
        ),
        ("predictions", "and (earlier.slot = 'shadow') = (predictions.slot = 'shadow')", ""),
        ("predictions", "and (earlier.slot <> 'shadow' or earlier.version = predictions.version)", ""),
        ("predictions", "and earlier.as_of = predictions.as_of", ""),
        ("clipped_features", "< {{ lower }}", "<= {{ lower }}"),
        ("clipped_features", "> {{ upper }}", ">= {{ upper }}"),
        ("decided_action", "_ml_score >= _ml_threshold", "_ml_score > _ml_threshold"),
        ("scored_by_version", "_ml_bucket >= {{ version.buckets[0] }}", "_ml_bucket > {{ version.buckets[0] }}"),
        ("scored_by_version", "_ml_bucket < {{ version.buckets[1] }}", "_ml_bucket <= {{ version.buckets[1] }}"),
        ("control_group", "_ml_bucket < {{ control.buckets[1] }}", "_ml_bucket <= {{ control.buckets[1] }}"),
        ("text_literal", """~ text | replace("'", "''") ~""", "~ text ~"),
        ("text_literal", """replace('\\\\', '\\\\\\\\') | """, ""),
    ),
    *_of(
        "ledger",
        "test_limits_of_moments.py",
        ("is_live_at", "valid_from <= {{ at }}", "valid_from < {{ at }}"),
        ("is_live_at", "valid_to > {{ at }}", "valid_to >= {{ at }}"),
        ("deployment_intervals", "order by valid_from, event_number", "order by valid_from, event_number desc"),
        ("version_as_of", "and valid_from <= {{ at }}", "and valid_from < {{ at }}"),
        ("version_as_of", "order by valid_from desc, event_number desc", "order by valid_from desc, event_number"),
        ("with_live_version", ">= by_hour.valid_from", "> by_hour.valid_from"),
        ("with_live_version", "< by_hour.valid_to", "<= by_hour.valid_to"),
        ("training_set", "max(_ml_matured_at) <= {{", "max(_ml_matured_at) < {{"),
        ("as_of_splits", "as_of_dates._ml_matured_at <= holdout", "as_of_dates._ml_matured_at < holdout"),
        ("outcomes", "<= {{ ml_ledger.clock() }}", "< {{ ml_ledger.clock() }}"),
        ("label_log", "or labels_now._ml_matured_at is distinct from known._ml_matured_at", ""),
        ("label_log", "or labels_now._ml_source is distinct from known._ml_source", ""),
        ("label_log", "or labels_now._ml_label is distinct from known._ml_label", ""),
        ("label_log", "last_run._ml_known_at <= {{", "last_run._ml_known_at < {{"),
        ("label_log", "order by correction_number desc", "order by correction_number"),
        ("labels_as_known", "where known_at <= {{ at }}", "where known_at < {{ at }}"),
        ("labels_as_known", "matured_at > {{ at }}", "matured_at >= {{ at }}"),
    ),
    *_of(
        "people",
        "test_feedback.py",
        ("checked_feedback", "cast(moment as date) < cast(", "cast(moment as date) <= cast("),
        (
            "checked_feedback",
            "case when moment > {{ ml_ledger.clock() }}",
            "case when moment >= {{ ml_ledger.clock() }}",
        ),
    ),
]

# Mutants of Python that no test can notice: the file's name, its line, what is there instead; and why.
EQUIVALENT = {
    ("evidence.py", "return [False]", "True"): "no scorecard asks a term how its columns are penalised",
    (
        "evidence.py",
        "return self.levels.feature",
        "return None",
    ): "nothing reads which feature a term of evidence has",
    (
        "compile.py",
        "contributions[column] = rendered(contribution_of_expression(rows[0], value, dialect), dialect)",
        "-1",
    ): "a rule has one row",
    (
        "separation_of_classes.py",
        'if at is not None and at == row[f"max{c}_{i}"] and least < most and at in (least, most):',
        "least <= most",
    ): "no row differs from the only value of a constant, and what no row tells is left out",
    ("compare.py", "return 0.0", "-1.0"): "only a difference above 0 counts",
    ("compare.py", "return 0.0 if one is other else math.inf", "-1.0"): "only a difference above 0 counts",
    (
        "binning.py",
        "codes[name] = item.code(), max(item.codes().values()) + 1",
        "2",
    ): "a bin without rows counts for nothing",
    ("learn.py", "filled=0.0,", "-1.0"): "what fills a NULL is set once it is learned",
    ("learn.py", "filled=0.0,", "1.0"): "what fills a NULL is set once it is learned",
    (
        "learn.py",
        "return {name: replace(item, filled=means.get(name, 0.0)) for name, item in empty.items()}",
        "1.0",
    ): "only a feature whose NULL is rejected has no mean",
    (
        "learn.py",
        "return {name: replace(item, filled=means.get(name, 0.0)) for name, item in empty.items()}",
        "-1.0",
    ): "only a feature whose NULL is rejected has no mean",
    (
        "label_validation.py",
        "if 2 < len(values) <= 20:",
        "2 <= len(values) <= 20",
    ): "two values have returned before",
    ("label_validation.py", "if 2 < len(values) <= 20:", "1"): "two values have returned before",
}
