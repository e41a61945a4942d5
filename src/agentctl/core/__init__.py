"""What agentctl does, without a word on how it is typed or shown: nothing in here prints, prompts or exits."""
