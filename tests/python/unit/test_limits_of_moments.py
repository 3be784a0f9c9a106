"""Every window of time: what happens a microsecond before it begins or ends, exactly then, and a microsecond after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from limits_project import CLOCK, compiled, warehouse

NOW = datetime.fromisoformat(CLOCK)
STEP = timedelta(microseconds=1)
DAY = datetime(2026, 2, 1)


def around_now(*expected: object) -> list[tuple[datetime, object]]:
    """The moment before the clock, its own and the one after, each with what is expected then."""
    return list(zip((NOW - STEP, NOW, NOW + STEP), expected, strict=True))


def event(number: int, version: int, valid_from: datetime, **values: object) -> dict[str, object]:
    given = {"deployment_id": f"m-{number}", "ml_model": "m", "event_number": number, "event": "deployed"}
    return given | {"version": version, "slot": "champion", "share": 1.0, "valid_from": valid_from} | values


def label(customer: int, **values: object) -> dict[str, object]:
    return {"customer_id": customer, "as_of_date": DAY, "label": 1, "matured_at": NOW} | values


@pytest.mark.parametrize(("promoted_at", "live"), around_now(2, 2, 1))
def test_a_promotion_holds_from_its_very_moment(tmp_path_factory, promoted_at, live):
    sql = compiled(tmp_path_factory)
    connection = warehouse(deployments=[event(1, 1, DAY), event(2, 2, promoted_at)])
    assert connection.execute(sql["live"]).fetchall() == [("champion", live)]
    ((version,),) = connection.execute(f"select version from ({sql['version_then']}) as v").fetchall()
    assert version == live


@pytest.mark.parametrize(("ended_at", "live"), around_now(0, 0, 1))
def test_what_ended_is_not_live_from_that_very_moment(tmp_path_factory, ended_at, live):
    sql = compiled(tmp_path_factory)
    connection = warehouse(deployments=[event(1, 1, DAY), event(2, 1, ended_at, event="ended")])
    assert len(connection.execute(sql["live"]).fetchall()) == live
    assert len(connection.execute(sql["version_then"]).fetchall()) == live


def test_of_two_deployments_at_one_moment_the_later_event_holds(tmp_path_factory):
    sql = compiled(tmp_path_factory)
    connection = warehouse(deployments=[event(2, 2, NOW), event(1, 1, NOW), event(3, 3, NOW)])
    assert connection.execute(sql["live"]).fetchall() == [("champion", 3)]
    ((version,),) = connection.execute(f"select version from ({sql['version_then']}) as v").fetchall()
    assert version == 3


def test_a_row_meets_the_version_that_was_live_at_its_very_moment(tmp_path_factory):
    intervals = [(1, DAY, NOW), (2, NOW, NOW + timedelta(hours=2)), (3, NOW + timedelta(hours=2), None)]
    moments = [at + step for _, at, _ in intervals for step in (-STEP, timedelta(0), STEP)]
    connection = warehouse(
        intervals=[
            {"ml_model": "m", "slot": "champion", "version": version, "valid_from": start, "valid_to": end}
            for version, start, end in intervals
        ],
        orders=[{"ml_model": "m", "ordered_at": moment} for moment in moments],
    )
    sql = (
        f"select ordered_at, live_version from ({compiled(tmp_path_factory)['version_of_orders']}) as o order by 1"
    )
    expected = [
        (
            moment,
            next((v for v, start, end in intervals if start <= moment and (end is None or moment < end)), None),
        )
        for moment in sorted(moments)
    ]
    assert connection.execute(sql).fetchall() == expected


@pytest.mark.parametrize(("matured_at", "known"), around_now(2, 2, 0))
def test_an_as_of_date_is_trained_on_once_its_last_label_has_matured(tmp_path_factory, matured_at, known):
    features = [{"customer_id": n, "as_of_date": DAY, "a": 0.5} for n in (1, 2)]
    connection = warehouse(features=features, labels=[label(1, matured_at=DAY), label(2, matured_at=matured_at)])
    assert len(connection.execute(compiled(tmp_path_factory)["training_set"]).fetchall()) == known


@pytest.mark.parametrize(("matured_at", "split"), around_now("train", "train", "embargo"))
def test_an_as_of_date_is_embargoed_whose_labels_mature_after_the_holdout_begins(
    tmp_path_factory, matured_at, split
):
    """The holdout begins at noon two months before the clock, so that all labels have matured by then."""
    begins = NOW - timedelta(days=59, hours=12)
    shift = matured_at - NOW
    dates = {DAY - timedelta(days=90): begins + shift, begins: begins + timedelta(days=30)}
    rows = [{"customer_id": n, "as_of_date": day, "a": 0.5} for day in dates for n in (1, 2)]
    labels = [label(n, as_of_date=day, matured_at=moment) for day, moment in dates.items() for n in (1, 2)]
    sql = f"select distinct as_of_date, _ml_split from ({compiled(tmp_path_factory)['training_set']}) as t order by 1"
    found = warehouse(features=rows, labels=labels).execute(sql).fetchall()
    assert found == [(DAY - timedelta(days=90), split), (begins, "holdout")]


@pytest.mark.parametrize(("matured_at", "known"), around_now(1, 1, 0))
def test_an_outcome_is_known_once_its_label_has_matured(tmp_path_factory, matured_at, known):
    connection = warehouse(
        predictions=[{"decision_id": "d", "ml_model": "m", "entity_id": "1", "as_of": DAY, "slot": "champion"}],
        labels=[label(1, matured_at=matured_at)],
    )
    # The columns of an outcome that the alerts do not read.
    for column in ("decided_at timestamp", "score double", "predicted varchar", "decision varchar"):
        connection.execute(f"alter table predictions add column {column}")
    for column in ("decision_source varchar", "share double"):
        connection.execute(f"alter table predictions add column {column}")
    assert len(connection.execute(compiled(tmp_path_factory)["outcomes"]).fetchall()) == known


CHANGES = {
    "nothing": ({}, None),
    "its label": ({"label": 0}, 4),
    "its label is gone": ({"label": None}, 4),
    "when it matured": ({"matured_at": NOW + STEP}, 4),
    "that it matured": ({"matured_at": None}, 4),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_label_is_logged_again_where_anything_of_it_has_changed(tmp_path_factory, change):
    values, correction = CHANGES[change]
    before = label(1, label_source="labels", known_at=NOW, correction_number=3)
    connection = warehouse(
        labels=[label(1, **values)], next_labels=[before, before | {"correction_number": 2, "label": 0}]
    )
    sql = f"select correction_number, label, matured_at from ({compiled(tmp_path_factory)['next_labels']}) as l"
    expected = [] if correction is None else [(correction, values.get("label", 1), values.get("matured_at", NOW))]
    assert connection.execute(sql).fetchall() == expected


def test_a_label_is_logged_again_where_it_comes_from_elsewhere(tmp_path_factory):
    before = label(1, label_source="by hand", known_at=NOW, correction_number=0)
    connection = warehouse(labels=[label(1)], next_labels=[before])
    sql = f"select correction_number, label_source from ({compiled(tmp_path_factory)['next_labels']}) as l"
    assert connection.execute(sql).fetchall() == [(1, "labels")]


@pytest.mark.parametrize(("last_run", "logged"), around_now(1, 1, 0))
def test_a_clock_before_the_last_run_logs_no_label(tmp_path_factory, last_run, logged):
    before = label(1, label_source="labels", known_at=last_run, correction_number=0)
    connection = warehouse(labels=[label(1), label(2)], next_labels=[before])
    assert len(connection.execute(compiled(tmp_path_factory)["next_labels"]).fetchall()) == logged


@pytest.mark.parametrize(("known_at", "known"), around_now(0, 0, 1))
def test_a_correction_is_known_from_the_moment_of_its_run(tmp_path_factory, known_at, known):
    log = label(1, label_source="labels", known_at=DAY, correction_number=0)
    corrected = log | {"known_at": known_at, "correction_number": 1, "label": 0}
    sql = f"select label from ({compiled(tmp_path_factory)['known_labels']}) as l"
    assert warehouse(next_labels=[log, corrected]).execute(sql).fetchall() == [(known,)]


@pytest.mark.parametrize(("matured_at", "kept"), around_now(0, 0, 1))
def test_a_label_that_is_null_is_taken_back_once_it_has_matured(tmp_path_factory, matured_at, kept):
    log = label(1, label=None, matured_at=matured_at, label_source="labels", known_at=DAY, correction_number=0)
    assert len(warehouse(next_labels=[log]).execute(compiled(tmp_path_factory)["known_labels"]).fetchall()) == kept
