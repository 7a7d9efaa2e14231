"""An account as frozen values: what the describe calls answered, indexed, with what was not seen."""
