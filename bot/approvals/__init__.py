"""Approvals: who may let a proven fix be applied, what no fix may do, how far each proposal is. Decides, never acts."""
