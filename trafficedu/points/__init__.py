"""Safety-management points (安全管理积分): a ledger of what areas and companies did, or left undone, for safety."""
