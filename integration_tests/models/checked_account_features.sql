{{
    ml_ledger.checked_rows(
        source=ref('account_features'),
        key=['account_id', 'month'],
        checks={
            'age_possible': {'within': 'age_days', 'low': 0},
            'country_known': {'one_of': 'country', 'levels': ['Peru', "Côte d'Ivoire"], 'action': 'warn'},
        },
    )
}}
