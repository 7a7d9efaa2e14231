"""The command line: a module for the commands of each subject, and `program` with all of them."""
