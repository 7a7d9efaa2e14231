"""The account that ships with whynot: who is in it, what AWS would say of it, and what its flow logs hold."""
