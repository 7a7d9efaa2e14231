"""The algebra of packet headers: address sets, port sets, and unions of boxes over them."""
