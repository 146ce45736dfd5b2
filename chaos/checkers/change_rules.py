"""The rules of changed holds: which answers to extensions and to wishes for other seats are right at a version."""

from chaos.checkers.judged import JudgedEvent


def check_changes(judged: JudgedEvent) -> None:
    """Check the changes of holds of one event."""
    _check_extended(judged)
    _check_extensions_counted(judged)
    _check_reseated(judged)
    if judged.assumptions.complete:
        _check_all_changes_were_asked(judged)


def _check_extended(judged: JudgedEvent) -> None:
    """The hold was there, and it never ended earlier than an answer said."""
    table, lives = judged.answers.extended, judged.log.lives
    for row, (reservation, version, expires_at_us) in enumerate(
        zip(table.subjects, table.versions, table.details, strict=True)
    ):
        number = lives.numbers.get(reservation)
        if number is None or lives.made[number] > version:
            judged.complain("lost_write", table, row, f"reservation {reservation} was extended and is not in the log")
            continue
        stored = lives.rows[number]
        if stored is not None and stored.expires_at_us < expires_at_us:
            text = f"reservation {reservation} ends earlier than an extension said"
            judged.complain("lost_write", table, row, text)


def _check_extensions_counted(judged: JudgedEvent) -> None:
    """No hold was extended more often than the settings allow."""
    ids, most = list(judged.log.lives.numbers), judged.assumptions.extensions_max
    for number, versions in judged.log.lives.extended.items():
        if len(versions) > most:
            text = f"reservation {ids[number]} was extended {len(versions)} times, and {most} are allowed"
            judged.report.add("extension_limit", judged.event, versions[most], text)


def _check_reseated(judged: JudgedEvent) -> None:
    """The hold had exactly these seats at that version, or had got them before: a change sent again may be late."""
    table, lives = judged.answers.reseated, judged.log.lives
    for row, (reservation, version, wanted) in enumerate(
        zip(table.subjects, table.versions, table.details, strict=True)
    ):
        number = lives.numbers.get(reservation)
        if number is None:
            judged.complain("lost_write", table, row, f"reservation {reservation} was changed and is not in the log")
            continue
        had = [lives.first_seats[number]] if lives.made[number] <= version else []
        had += [seats for since, seats in lives.reseated.get(number, ()) if since <= version]
        if set(wanted) not in map(set, had):
            text = f"reservation {reservation} did not get the seats that an answer says it has"
            judged.complain("lost_write", table, row, text)


def _check_all_changes_were_asked(judged: JudgedEvent) -> None:
    answers, lives = judged.answers, judged.log.lives
    perhaps = {(kind, reservation) for kind, reservation in answers.settled}
    extended = set(answers.extended.subjects)
    reseated = {
        (reservation, frozenset(seats))
        for reservation, seats in zip(answers.reseated.subjects, answers.reseated.details, strict=True)
    }
    ids = list(lives.numbers)
    for number, versions in lives.extended.items():
        if ids[number] not in extended and ("extend", ids[number]) not in perhaps:
            text = f"reservation {ids[number]} was extended, and every call for that was refused"
            judged.report.add("effect_nobody_asked", judged.event, versions[0], text)
    for number, changes in lives.reseated.items():
        for version, seats in changes:
            asked = (ids[number], frozenset(seats)) in reseated or ("change_seats", ids[number]) in perhaps
            if not asked:
                text = f"reservation {ids[number]} got other seats than any call for it wanted"
                judged.report.add("effect_nobody_asked", judged.event, version, text)
