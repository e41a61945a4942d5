"""Files on this machine: the one way to write them, whose they are, and where a user's own lie.

`writing` is the only module of the program that opens a file for writing. `ownership` says who else could
change what stands at a path, `user_folders` where this user's configuration, state and cache belong.
"""
