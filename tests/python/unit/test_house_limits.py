"""No macro is longer than a person holds in the head, and no line of SQL is wider than a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

from ml_ledger.declaration import for_macros

LINES_OF_A_MACRO = 80
WIDTH = 120
MACRO = re.compile(r"\{%-?\s*(macro|test)\s+(\w+).*?\{%-?\s*end\1\s*-?%\}", re.DOTALL)

# What is longer or wider so far, and by how much. These lists only get shorter: who splits one takes it out.
LONG_MACROS = {
    "point_in_time_join": 100,
    "trailing": 99,
    "deployments": 105,
    "gate_checks": 126,
    "gate_fairness": 91,
    "gate_leaks": 92,
    "alerts": 109,
    "agreement": 157,
    "checked_feedback": 102,
    "drawn_for_review": 153,
    "reviewed_performance": 154,
    "checked_rows": 84,
    "level_findings": 141,
    "predictions": 100,
    "tree_paths": 95,
    "enough_rows": 86,
    "like_its_training": 102,
    "no_default_spike": 92,
    "no_giveaway": 107,
    "past_does_not_change": 90,
    "same_format": 92,
    "splits_apart": 100,
    "within": 89,
}
# By file, how many lines.
WIDE_LINES = {
    "macros/_internal/record/create_version_as_of.sql": 1,
    "macros/adapter/date_part_text.sql": 1,
    "macros/_internal/scoring/reason_text_map.sql": 1,
    "macros/_internal/scoring/top_reasons.sql": 1,
    "macros/_internal/audit/asked_decision.sql": 1,
    "macros/_internal/audit/decisions_under_versions.sql": 3,
    "macros/_internal/audit/every_version.sql": 1,
    "macros/_internal/catalogue/feature_counts.sql": 2,
    "macros/_internal/catalogue/feature_statistics.sql": 1,
    "macros/_internal/declaration/feature_view_problems.sql": 3,
    "macros/_internal/declaration/feature_view_spec.sql": 1,
    "macros/_internal/declaration/relation_problems.sql": 1,
    "macros/_internal/features/completed_view.sql": 1,
    "macros/features/point_in_time_join.sql": 3,
    "macros/_internal/features/point_in_time_problems.sql": 2,
    "macros/features/trailing.sql": 1,
    "macros/_internal/features/trailing_distinct.sql": 1,
    "macros/_internal/features/trailing_plan.sql": 4,
    "macros/_internal/features/trailing_problems.sql": 1,
    "macros/labels/labels_as_known.sql": 1,
    "macros/_internal/record/appended.sql": 1,
    "macros/_internal/record/chain_problems.sql": 1,
    "macros/_internal/record/checked_predictions.sql": 1,
    "macros/scoring/deployments.sql": 1,
    "macros/_internal/gate/gate_checks.sql": 1,
    "macros/_internal/gate/gate_fairness.sql": 1,
    "macros/_internal/gate/gate_leaks.sql": 4,
    "macros/_internal/record/prediction_problems.sql": 2,
    "macros/_internal/alerts/alert_gate_refused.sql": 2,
    "macros/_internal/alerts/alert_interval.sql": 1,
    "macros/_internal/alerts/alert_labels_without_decision.sql": 1,
    "macros/_internal/alerts/alert_no_champion.sql": 1,
    "macros/_internal/alerts/alert_not_as_expected.sql": 1,
    "macros/_internal/alerts/alert_rows_rejected.sql": 1,
    "macros/_internal/alerts/alert_rules.sql": 1,
    "macros/monitoring/alerts.sql": 1,
    "macros/_internal/monitoring/report_alerts.sql": 3,
    "macros/_internal/monitoring/report_attempts.sql": 1,
    "macros/_internal/operations/deploy.sql": 1,
    "macros/operations/ml_acknowledge.sql": 1,
    "macros/operations/ml_record_feedback.sql": 3,
    "macros/operations/ml_remove_old_predictions.sql": 1,
    "macros/operations/ml_set_share.sql": 1,
    "macros/_internal/operations/operation_state.sql": 1,
    "macros/_internal/operations/record_events.sql": 4,
    "macros/_internal/operations/share_problems.sql": 1,
    "macros/_internal/people/checked_feedback.sql": 8,
    "macros/people/feedback.sql": 1,
    "macros/_internal/people/feedback_problems.sql": 1,
    "macros/labels/labels_with_feedback.sql": 2,
    "macros/_internal/people/reason_problems.sql": 1,
    "macros/_internal/people/resolved_verdicts.sql": 1,
    "macros/people/review_queue.sql": 8,
    "macros/_internal/people/reviewed_performance.sql": 2,
    "macros/_internal/checks/against_training.sql": 1,
    "macros/_internal/checks/check_value_problems.sql": 1,
    "macros/_internal/checks/quarantine_recorded.sql": 1,
    "macros/_internal/checks/quarantined_relations.sql": 1,
    "macros/_internal/checks/row_fault.sql": 5,
    "macros/_internal/scoring/contributions_by_feature.sql": 2,
    "macros/scoring/predictions.sql": 1,
    "macros/_internal/scoring/scored_by_version.sql": 1,
    "macros/_internal/training/declared_holdout.sql": 1,
    "macros/training/training_set.sql": 1,
    "tests/generic/enough_rows.sql": 1,
    "tests/generic/like_its_training.sql": 1,
    "tests/generic/no_default_spike.sql": 1,
    "tests/generic/no_duplicates.sql": 1,
    "tests/generic/no_giveaway.sql": 2,
    "tests/generic/same_levels.sql": 1,
    "tests/generic/splits_apart.sql": 1,
    "tests/generic/within.sql": 1,
    "analyses/audit_5_what_changed.sql": 1,
    "integration_tests/models/account_features.sql": 1,
}


def files_of_sql() -> Iterator[Path]:
    for folder in ("macros", "models", "tests", "analyses", "integration_tests"):
        for path in sorted((ROOT / folder).rglob("*.sql")):
            parts = set(path.relative_to(ROOT).parts)
            if path != ROOT / for_macros.PATH and not {"target", "dbt_packages"} & parts:
                yield path


def test_no_macro_is_over_80_lines():
    macros = [match for path in files_of_sql() for match in MACRO.finditer(path.read_text())]
    lengths = {match[2]: match[0].count("\n") + 1 for match in macros}
    assert_within({name: lines for name, lines in lengths.items() if lines > LINES_OF_A_MACRO}, LONG_MACROS)


def test_no_line_is_over_120_characters():
    counts = {
        path.relative_to(ROOT).as_posix(): sum(len(line) > WIDTH for line in path.read_text().splitlines())
        for path in files_of_sql()
    }
    assert_within({name: lines for name, lines in counts.items() if lines}, WIDE_LINES)


def assert_within(found: dict[str, int], exempt: dict[str, int]) -> None:
    assert {name: size for name, size in found.items() if size > exempt.get(name, 0)} == {}, "split these"
    assert exempt.keys() - found.keys() == set(), "take these out of the list"
