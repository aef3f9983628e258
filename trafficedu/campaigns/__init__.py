"""Campaigns: what the police set out to do, where, when and against what. Their effect is told by evaluation."""
