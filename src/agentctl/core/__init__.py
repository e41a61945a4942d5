"""What agentctl does, whoever asks and however it is shown: nothing in here prints, prompts or exits."""
