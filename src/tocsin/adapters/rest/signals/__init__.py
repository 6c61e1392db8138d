"""Signals over the API: telling them, finding them, looking into the inbox and hearing it again,
and trying out what would become of them."""
