"""Words to a Question, and a Question to the two parties found in a Network."""
