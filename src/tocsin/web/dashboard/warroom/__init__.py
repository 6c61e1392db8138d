"""The war room: everything about one ticket on one page, and everything one may do about it.

:mod:`choices` says what is offered to whom, :mod:`fields` what the forms ask and send,
:mod:`entries` reads the timeline, :mod:`drawing` makes its picture, :mod:`around` finds what is
beside the ticket, and :mod:`pages` puts it together.
"""
