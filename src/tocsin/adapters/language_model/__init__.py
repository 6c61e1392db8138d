"""A language model that speaks the OpenAI-compatible chat completions API, asked to triage reports
in free text; off unless an operator sets one up."""
