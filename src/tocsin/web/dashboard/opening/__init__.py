"""Opening tickets: the forms for incidents and maintenance, and what is looked up while one types.

``drafts`` has the fields of both forms and the requests that they become, ``clashes`` what a window
would be in the way of, ``suggesting`` finds names by their beginning, ``pages`` puts them together.
"""
