"""The room of the example network: what somebody sees who only wants to look around.

:func:`furnish` fills an empty store with an org called ``demo`` and thirty days of its history, all
of it through the same commands that people and clocks give in life. Reading order: :mod:`network`
(who and what there is), :mod:`telling` (how a story is written down), the stories of incidents
(:mod:`fibre_stories`, :mod:`carrier_stories`, :mod:`routing_stories`, :mod:`site_stories`,
:mod:`service_stories`) and of planned work (:mod:`planned_work`), :mod:`agenda` (what happened
when, and where), :mod:`staging` (from both to a list of commands), :mod:`founding` (the org and its
records), :mod:`equipment` (interfaces and prefixes of its devices), :mod:`commissioning` (how these
come into service), :mod:`observing` (what is found of them later), :mod:`furnishing` (how it
is brought into a store).
"""

from tocsin.app.demo.furnishing import DemoKeys, furnish

__all__ = ["DemoKeys", "furnish"]
