"""What tests share: servers, databases and the installed program. It tests nothing itself."""
