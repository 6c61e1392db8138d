"""MAINTNOTE: planned work on a network as iCalendar, in and out (Integrations: MAINTNOTE).

Pure. :mod:`lines` and :mod:`zones` are the grammar and the times of iCalendar, :mod:`notices` what
a notice says, :mod:`reading` and :mod:`letters` take notices out of a calendar and out of a letter,
:mod:`settling` says what becomes of one here, :mod:`writing` makes our own calendar.
"""
