"""What a finding of a check is, and what all findings of one kind have in common."""
