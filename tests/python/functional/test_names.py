"""Columns may be called anything: what is trained, scored, replayed and measured is what it is under plain names."""

from __future__ import annotations

import json

import pytest
from conftest import Project
from named_project import CLOCK, ENTITIES, KEYS, LEVELS, feature_names, named_project, quoted

from ml_ledger.commands.reproduce import reproduce
from ml_ledger.declaration.checks import class_columns

# Rows are added up in the order in which threads finish.
ROUNDING = 1e-12
NODES = (
    "ml_decision_replay",
    "ml_decision_terms",
    "ml_imputations",
    "ml_integrity",
    "ml_features_current",
    "ml_reference",
    "ml_deployments",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Built once. Read only."""
    project = named_project(tmp_path_factory.mktemp("names"))
    project.dbt("build", "--select", "package:user", *(f"+{node}" for node in NODES), data_tests=False)
    return project


def both(project: Project, sql: str, *, trees: bool = False) -> tuple[list[tuple], list[tuple]]:
    """The rows of a query under plain names, and under the others. {ml} is the ML model."""
    plain, named = (project.query(sql.replace("{ml}", kind + "_trees" * trees)) for kind in KEYS)
    assert plain
    return plain, named


def renamed(text: str | None, names: dict[str, str]) -> str | None:
    """The rows of JSON, with the names of features that are plain."""
    if text is None:
        return None
    found = json.loads(text)
    if isinstance(found, dict):
        return json.dumps([(names[name], value) for name, value in found.items()])
    # Of equal reasons, here those that say nothing, the alphabet decides; means are sums in the order of threads.
    said = [(names[item["feature"]], round(item["contribution"], 12), item) for item in found]
    return json.dumps([item | {"feature": name, "contribution": by} for name, by, item in said if by])


@pytest.mark.parametrize("trees", [False, True])
def test_decisions_are_the_same(project: Project, trees: bool):
    sql = (
        "select entity_id, as_of, slot, version, status, link_score, score, threshold, decision, decision_source"
        " from {ml}_predictions order by all"
    )
    plain, named = both(project, sql, trees=trees)
    assert plain == named
    assert len(plain) == ENTITIES
    assert {row[4] for row in plain} == {"scored", "rejected"}


@pytest.mark.parametrize("trees", [False, True])
def test_inputs_and_reasons_are_the_same(project: Project, trees: bool):
    plain_names, names = feature_names(trees=trees).values()
    to_plain = {name: plain for plain, name in zip(plain_names, names, strict=True)} | {p: p for p in plain_names}
    sql = "select features, reasons from {ml}_predictions order by cast(entity_id as integer)"
    plain, named = (
        [tuple(renamed(text, to_plain) for text in row) for row in rows]
        for rows in both(project, sql, trees=trees)
    )
    assert plain == named


def test_what_was_wrong_with_a_row_names_its_columns(project: Project):
    columns = "imputed_features, clipped_features, rejected_because"
    sql = f"select {columns} from {{ml}}_predictions order by cast(entity_id as integer)"
    plain, named = both(project, sql)
    words = {"f01": "select", "f02": "GROUP"}
    for before, after in zip(plain, named, strict=True):
        assert tuple(words.get(text, text) for text in before[:2]) == after[:2]
        assert (before[2] or "").replace("f03", "Upper") == (after[2] or "")
    assert {row[0] for row in named} == {"", "select"}
    assert {row[1] for row in named} == {"", "GROUP"}
    assert any(row[2] for row in named)


def test_classes_that_share_letters_have_columns_of_their_own(project: Project):
    columns = class_columns(LEVELS["named"])
    assert list(columns.values()) == ["probability_a_2b", "probability_a", "probability_a_2d"]
    chosen = {kind: ", ".join(class_columns(levels).values()) for kind, levels in LEVELS.items()}
    plain, named = (
        project.query(f"select {chosen[kind]} from {kind}_trees_predictions order by cast(entity_id as integer)")
        for kind in KEYS
    )
    assert plain == named
    assert sum(value is not None for row in named for value in row) > 3 * ENTITIES * 0.9


@pytest.mark.parametrize("trees", [False, True])
def test_outcomes_are_the_same(project: Project, trees: bool):
    columns = "entity_id, as_of, version, score, decision, label, matured_at"
    plain, named = both(project, f"select {columns} from {{ml}}_outcomes order by all", trees=trees)
    assert plain == named
    assert len(plain) == ENTITIES


def test_performance_is_the_same(project: Project):
    columns = {name for (name,) in project.query("select column_name from (describe plain_performance)")}
    left_out = columns & {"ml_model", "group_key", "fingerprint", "measured_at", "invocation_id", "recorded_at"}
    plain, named = both(
        project, f"select * exclude ({', '.join(sorted(left_out))}) from {{ml}}_performance order by all"
    )
    assert plain == named


@pytest.mark.parametrize("trees", [False, True])
def test_metrics_are_the_same(project: Project, trees: bool):
    plain, named = both(
        project, "select threshold, train_rows, holdout_rows, metrics from {ml}_versions", trees=trees
    )
    assert plain[0][:3] == named[0][:3]
    metrics, again = (json.loads(rows[0][3]) for rows in (plain, named))
    pairs = [("class", *LEVELS.values()), ("feature", *feature_names(trees=trees).values())]
    called = {f"{of} {plain}": f"{of} {name}" for of, *both in pairs for plain, name in zip(*both, strict=True)}
    for one, other in zip(metrics, again, strict=True):
        for key, value in one.items():
            if isinstance(value, float):
                assert other[key] == pytest.approx(value, rel=ROUNDING), one
            else:
                assert other[key] == called.get(value, value), one


def test_every_decision_replays(project: Project):
    rejected = {
        name: project.query(f"select count_if(status = 'rejected') from {name}_predictions")[0][0]
        for name in ("named", "named_trees", "plain", "plain_trees")
    }
    assert project.query(
        "select ml_model, count(*), max(difference) < 1e-12, count_if(difference is null) from ml_decision_replay"
        " group by 1 order by 1"
    ) == [(name, ENTITIES, True, count) for name, count in rejected.items()]


def test_terms_read_the_values_that_were_scored(project: Project):
    sql = (
        "select entity_id, output, term, feature_value, value, contribution from ml_decision_terms"
        " inner join {ml}_predictions using (decision_id) order by all"
    )
    plain, named = both(project, sql)
    assert plain == named


def test_the_record_is_intact(project: Project):
    assert project.query("select * from ml_integrity") == []


def test_a_version_is_trained_again_from_kept_rows(project: Project):
    found = reproduce("named", 1, project.warehouse)
    assert found.succeeded, found.text


@pytest.mark.parametrize("macro", ["checked", "joined", "trailing"])
def test_macros_of_features_take_any_name(project: Project, macro: str):
    rows = {}
    for kind, (entity, as_of, _) in KEYS.items():
        columns = [name for (name,) in project.query(f"select column_name from (describe {kind}_{macro})")]
        added = columns[-3 if macro == "checked" else -6 :]
        selected = ", ".join(quoted(name) for name in (entity, as_of, *added))
        rows[kind] = project.query(f"select {selected} from {kind}_{macro} order by 1, 2")
    assert any(value is not None for row in rows["named"] for value in row[2:])
    if macro != "checked":
        assert rows["plain"] == rows["named"]
        return
    # These say the names.
    nulls = {kind: [[text is None for text in row] for row in found] for kind, found in rows.items()}
    assert nulls["plain"] == nulls["named"]
    faults = " ".join(row[2] or "" for row in rows["named"])
    assert "select is missing" in faults
    assert "GROUP 0.0" in faults


def test_the_latest_features_are_the_same(project: Project):
    names = {name.lower(): plain for plain, name in zip(*feature_names(trees=False).values(), strict=True)}
    rows = {
        kind: project.query(
            f"select entity_id, valid_from, features from ml_features_current where feature_view = '{kind}_features'"
            " order by cast(entity_id as integer)"
        )
        for kind in KEYS
    }
    to_plain = names | {plain: plain for plain in names.values()}
    found = [(*row[:2], renamed(row[2], to_plain)) for row in rows["named"]]
    assert found == [(*row[:2], renamed(row[2], to_plain)) for row in rows["plain"]]
    assert len(found) == ENTITIES


def test_data_tests_take_any_name(project: Project):
    output = project.dbt("test", "--select", "package:user", "--exclude-resource-type", "unit_test")
    assert "PASS=14 WARN=0 ERROR=0" in output, output


def test_a_second_build_appends_nothing(project: Project):
    tables = [
        f"{kind}_{node}" for kind in KEYS for node in ("label_log", "training_rows", "predictions", "versions")
    ]
    counts = [project.query(f"select count(*) from {table}") for table in tables]
    project.dbt("run", "--select", *tables, clock=CLOCK)
    assert [project.query(f"select count(*) from {table}") for table in tables] == counts
