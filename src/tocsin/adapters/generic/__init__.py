"""Generic JSON: a mapping of JMESPath expressions reads a signal from whatever a sender posts.

:mod:`expressions` evaluates one within bounds, :mod:`mapping` checks a mapping and keeps it ready,
:mod:`translation` reads payloads and previews, :mod:`shipped` holds the mappings that come with
the house, :mod:`sns` what Amazon SNS says about itself.
"""
