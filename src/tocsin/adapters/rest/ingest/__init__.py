"""Where neighbours come in: their own paths and ours, who speaks, and what they are answered.

What a payload says is read by the receiver of its kind, and what follows is decided by the writer;
here is the HTTP between the two.
"""
