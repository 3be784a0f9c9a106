{%- set largest = ml_ledger.largest_double() -%}
{%- set actions = ml_ledger.json_path('spec', ['decision', 'actions']) -%}
with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

versions as (
    select * from {{ ref('ml_versions') }}
),

terms_of_output as (
    select
        ml_model,
        version,
        output,
        count(distinct term) as terms,
        count(*) over (partition by ml_model, version) as outputs
    from {{ ref('ml_coefficients') }}
    where output <> 'calibration'
    group by ml_model, version, output
),

calibration as (
    select *
    from {{ ref('ml_coefficients') }}
    where output = 'calibration'
),

links as (
    select
        decision_id,
        ml_model,
        version,
        output,
        count(*) as terms,
        sum(contribution) as link_score
    from {{ ref('ml_decision_terms') }}
    group by decision_id, ml_model, version, output
),

-- A term without a matching row, or one that is not a finite number, leaves the decision unscored.
usable_links as (
    select
        links.decision_id,
        links.output,
        links.link_score,
        terms_of_output.outputs,
        -- What a softmax makes probabilities of: with a temperature, link scores or logs of shares, times its factor.
        case
            when calibration.version is null then links.link_score
            when versions.link = 'shares' then calibration.slope * ln(links.link_score + 1e-4)
            else calibration.slope * links.link_score
        end as class_link
    from links
    inner join versions
        on
            links.ml_model = versions.ml_model
            and links.version = versions.version
    left join calibration
        on
            links.ml_model = calibration.ml_model
            and links.version = calibration.version
            and versions.link in ('softmax', 'shares')
    inner join terms_of_output
        on
            links.ml_model = terms_of_output.ml_model
            and links.version = terms_of_output.version
            and links.output = terms_of_output.output
            and links.terms = terms_of_output.terms
    where abs(links.link_score) <= {{ largest }}
),

highest_links as (
    select
        decision_id,
        max(class_link) as class_link
    from usable_links
    group by decision_id
    having count(*) = max(outputs)
),

-- Of several outputs, the one that was predicted stands for the row where nothing beats it but rounding.
ranked as (
    select
        usable_links.decision_id,
        usable_links.output,
        usable_links.link_score,
        versions.ml_model,
        versions.version,
        versions.link,
        predictions.status,
        row_number() over (
            partition by usable_links.decision_id
            order by
                case when versions.link = 'distance' then usable_links.link_score else -usable_links.link_score end
                - case when usable_links.output = predictions.predicted then 1e-12 else 0 end
                * greatest(1, abs(usable_links.link_score)),
                usable_links.output
        ) as place,
        sum(exp(usable_links.class_link - highest_links.class_link)) over (
            partition by usable_links.decision_id
        ) as odds,
        exp(usable_links.class_link - highest_links.class_link) as own_odds
    from usable_links
    inner join predictions
        on usable_links.decision_id = predictions.decision_id
    inner join versions
        on
            predictions.ml_model = versions.ml_model
            and predictions.version = versions.version
            and versions.estimator_sha256 is null
    inner join highest_links
        on usable_links.decision_id = highest_links.decision_id
),

calibrated as (
    select
        ranked.*,
        calibration.version is not null as is_calibrated,
        coalesce(calibration.slope * ranked.link_score, 0) + coalesce(calibration.value, 0) as calibrated_link_score
    from ranked
    left join calibration
        on
            ranked.ml_model = calibration.ml_model
            and ranked.version = calibration.version
            and (calibration.lower_bound is null or ranked.link_score >= calibration.lower_bound)
            and (calibration.upper_bound is null or ranked.link_score < calibration.upper_bound)
    where ranked.place = 1
),

-- A link score whose inverse is no finite number leaves the decision unscored. Releases that scored it all the same
-- recorded infinity: their decisions replay as they were made.
replayed as (
    select
        decision_id,
        output,
        link_score,
        case
            when link = 'softmax' or (link = 'shares' and is_calibrated) then own_odds / odds
            when is_calibrated
                then case
                    when abs(calibrated_link_score) <= {{ largest }} then 1 / (1 + exp(-calibrated_link_score))
                end
            when link = 'logit' then 1 / (1 + exp(-link_score))
            when link = 'log' and link_score <= {{ ml_ledger.largest_logarithm() }} then exp(link_score)
            when link = 'log' and status = 'scored' then cast('Infinity' as {{ ml_ledger.type_double() }})
            when link = 'log' then null
            when link = 'distance' then sqrt(greatest(link_score, 0))
            else link_score
        end as score
    from calibrated
),

scores as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.version,
        predictions.decided_at,
        predictions.status,
        predictions.link_score,
        predictions.score,
        predictions.predicted,
        predictions.threshold,
        predictions.decision,
        predictions.decision_source,
        replayed.link_score as replayed_link_score,
        replayed.score as replayed_score,
        case when versions.link in ('softmax', 'shares', 'distance') then replayed.output end as replayed_predicted,
        versions.version is not null and versions.estimator_sha256 is null and predictions.features is not null
            as replayable,
        versions.spec
    from predictions
    left join replayed
        on predictions.decision_id = replayed.decision_id
    left join versions
        on
            predictions.ml_model = versions.ml_model
            and predictions.version = versions.version
),

replay as (
    select
        decision_id,
        ml_model,
        version,
        decided_at,
        status,
        replayable,
        score,
        replayed_score,
        case
            when score = replayed_score then 0
            else abs(score - replayed_score) / greatest(1, abs(score))
        end as difference,
        link_score,
        replayed_link_score,
        predicted,
        replayed_predicted,
        decision,
        case
            when not replayable or decision_source = 'none' then null
            when decision_source = 'paused' then {{ ml_ledger.json_path('spec', ['decision', 'fallback']) }}
            when replayed_predicted is not null
                then {{ ml_ledger.json_value(actions, 'replayed_predicted') }}
            when replayed_score >= threshold then {{ ml_ledger.json_path('spec', ['decision', 'positive']) }}
            when replayed_score < threshold then {{ ml_ledger.json_path('spec', ['decision', 'negative']) }}
            else {{ ml_ledger.json_path('spec', ['decision', 'fallback']) }}
        end as replayed_decision
    from scores
)

select * from replay
